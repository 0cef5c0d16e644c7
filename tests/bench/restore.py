#!/usr/bin/env python3
"""Restore of the dedup state from a real broker: restore.py [RECORDS]. Needs a release build.

Lets a daemon create its ledger, appends that many made-up sightings (every fourth a copy) and
starts a daemon again: prints sightings per second from its own log, the processor time of all its threads
until it was ready (what counts on a machine with other work), and bytes an article.
"""

import os
import pathlib
import re
import struct
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/kafka"))

import harness  # noqa: E402
from confluent_kafka import Producer  # noqa: E402

BENCH = ROOT / "build/release/tests/bench/ledger_bench"
RESTORED = re.compile(r"ledger: restored records=(\d+) .*seconds=([\d.]+)")


def append(broker, topic, count):
    producer = Producer({"bootstrap.servers": broker.address, "compression.codec": "lz4", "linger.ms": 20,
                         "queue.buffering.max.messages": 200000})
    made = subprocess.Popen([BENCH, "--records", str(count)], stdout=subprocess.PIPE)
    while size := made.stdout.read(4):
        record = made.stdout.read(struct.unpack("<I", size)[0])
        while True:
            try:
                producer.produce(topic, record, partition=0)
                break
            except BufferError:
                producer.poll(0.05)
    producer.flush()
    if made.wait() != 0:
        sys.exit("ledger_bench failed")


def processor_seconds(pid):
    fields = pathlib.Path("/proc/%d/stat" % pid).read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    broker = harness.Broker()
    try:
        topics = harness.Topics()
        broker.create(topics.raw)
        first = harness.Daemon(broker, topics)
        first.wait_ready()
        first.terminate()
        append(broker, topics.ledger, count)
        second = harness.Daemon(broker, topics)
        second.wait_ready(600)
        busy = processor_seconds(second.process.pid)
        records, seconds = RESTORED.search(second.log.read_text()).groups()
        metrics = second.metrics()
        second.terminate()
        print("restored %s records in %s s: %.0f per second (%.2f s of processors: %.0f); %.0f bytes an article of %.0f"
              % (records, seconds, int(records) / float(seconds), busy, int(records) / busy,
                 metrics["tocsin_dedup_bytes"] / metrics["tocsin_dedup_entries"],
                 metrics["tocsin_dedup_entries"]))
    finally:
        broker.close()


if __name__ == "__main__":
    main()
