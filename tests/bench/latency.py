#!/usr/bin/env python3
"""Time from a raw article to its record at a read-committed reader: latency.py ARTICLES [--rate N] [--seconds N].

ARTICLES is JSON lines, plain or gzip. Sends so many a second to a running daemon on a broker of its own and
prints the time until each outcome was read, p50, p90, p99 and the longest, in milliseconds; the first fifth is
not counted. Sender, broker, daemon and reader share the machine. Needs a release build.
"""

import argparse
import pathlib
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/kafka"))

import harness  # noqa: E402
from confluent_kafka import Consumer, Producer, TopicPartition  # noqa: E402

PARTITIONS = 4


class Reader(threading.Thread):
    """Notes when the outcome of each header `n` was read."""

    def __init__(self, broker, topics):
        super().__init__(daemon=True)
        self.consumer = Consumer({"bootstrap.servers": broker.address, "group.id": "latency",
                                  "isolation.level": "read_committed", "fetch.wait.max.ms": 50})
        names = (topics.enriched, topics.duplicates, topics.deadletter)
        known = self.consumer.list_topics(timeout=30).topics
        self.consumer.assign([TopicPartition(name, p, 0) for name in names for p in known[name].partitions])
        self.read_at = {}

    def run(self):
        while True:
            message = self.consumer.poll(1)
            if message is not None and not message.error():
                number = dict(message.headers() or []).get("n")
                if number is not None:
                    self.read_at[int(number)] = time.monotonic()


def send(broker, topic, lines, rate, seconds):
    producer = Producer({"bootstrap.servers": broker.address, "linger.ms": 0, "sticky.partitioning.linger.ms": 0})
    sent_at, begun = [], time.monotonic()
    while len(sent_at) < rate * seconds:
        due = begun + len(sent_at) / rate
        while (left := due - time.monotonic()) > 0:
            producer.poll(left)
        number = len(sent_at)
        producer.produce(topic, lines[number % len(lines)], partition=number % PARTITIONS,
                         headers={"n": str(number)})
        sent_at.append(time.monotonic())
    producer.flush(30)
    return sent_at


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("articles", type=pathlib.Path)
    parser.add_argument("--rate", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=30)
    arguments = parser.parse_args()
    lines = harness.article_lines(arguments.articles)
    broker = harness.Broker()
    try:
        topics = harness.Topics()
        broker.create(topics.raw, PARTITIONS)
        daemon = harness.Daemon(broker, topics).wait_ready()
        reader = Reader(broker, topics)
        reader.start()
        sent_at = send(broker, topics.raw, lines, arguments.rate, arguments.seconds)
        harness.wait_until(lambda: len(reader.read_at) == len(sent_at), "all outcomes", 60)
        took = sorted((reader.read_at[n] - sent_at[n]) * 1e3 for n in range(len(sent_at) // 5, len(sent_at)))
        at = lambda share: took[min(len(took) - 1, int(len(took) * share))]
        print("%d per second, %d articles: p50 %.1f p90 %.1f p99 %.1f longest %.1f ms"
              % (arguments.rate, len(took), at(.5), at(.9), at(.99), took[-1]))
        daemon.terminate()
    finally:
        broker.close()


if __name__ == "__main__":
    main()
