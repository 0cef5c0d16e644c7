"""The live page for a quarter of an hour at 200 articles per second: the newest is seen within two seconds, and the memory of
daemon and browser stays flat once its limits are reached. TOCSIN_SOAK_SECONDS makes it shorter."""

import os
import pathlib
import random
import sys
import threading
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "kafka"), str(HERE.parent / "alerts")]

import articles  # noqa: E402
import browser  # noqa: E402
from confluent_kafka import Producer  # noqa: E402
from harness import Broker, Daemon, Topics, free_port, json  # noqa: E402

SECONDS = int(os.environ.get("TOCSIN_SOAK_SECONDS", "900"))
PER_SECOND = 200
SEEN_WITHIN_S = 2.0
WARM_S = 20  # the page finds the topics
GROWTH_MAX = 1.15  # of the last third against the second
STATES = ["Norway", "Iceland", "Chile", "Bolivia", "Portugal", "Morocco", "Japan", "Mongolia"]


def tense(rng, number):
    a, b = rng.sample(STATES, 2)
    article = articles.article(rng, number)
    article["title"] = "%s attacks %s, %d killed" % (a, b, rng.randrange(2, 900))
    article["body"] = "%s attacked %s with missiles near %s. " % (a, b, rng.choice(articles.PLACES)) + article["body"]
    return article


class SoakTest(unittest.TestCase):
    def setUp(self):
        browser.fetch()
        self.broker = Broker()
        self.addCleanup(self.broker.close)
        self.topics = Topics()
        self.broker.create(self.topics.raw, 2)
        self.port = free_port()
        # Whatever grows is full long before the last third: the page's memory, the duplicate window.
        extra = "page: {listen: '127.0.0.1:%d', memory_bytes_max: 64MiB}\ndedupe: {entries_max: 20000}\n" % self.port
        self.daemon = Daemon(self.broker, self.topics, extra=extra).wait_ready()
        self.addCleanup(self.daemon.close)
        self.page = browser.Browser()
        self.addCleanup(self.page.close)

    def feed(self):
        producer = Producer({"bootstrap.servers": self.broker.address, "linger.ms": 5, "sticky.partitioning.linger.ms": 0})
        rng, begin = random.Random(5), time.monotonic()
        for number in range(SECONDS * PER_SECOND):
            while number > (time.monotonic() - begin) * PER_SECOND:
                producer.poll(0.002)
            now = int(time.time())
            article = tense(rng, number) if number % 10 == 0 else articles.article(rng, number)
            article["published_at"] = now
            if number % (10 * PER_SECOND) == 0 and number >= WARM_S * PER_SECOND:
                article["title"] = "Norway attacks Iceland, marker %d" % number
                self.marker = article["title"], time.monotonic()
            producer.produce(self.topics.raw, json.dumps(article))
        producer.flush(60)

    def resident(self):
        for line in pathlib.Path("/proc/%d/status" % self.daemon.process.pid).read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024

    def heap(self):
        self.page.command("HeapProfiler.collectGarbage")
        metrics = {m["name"]: m["value"] for m in self.page.command("Performance.getMetrics")["metrics"]}
        return metrics["JSHeapUsedSize"] / 1048576, metrics["Nodes"]

    def test_the_newest_is_seen_and_memory_is_flat(self):
        self.page.command("Performance.enable")
        self.page.open("http://127.0.0.1:%d/" % self.port)
        self.marker = None
        feeder = threading.Thread(target=self.feed)
        feeder.start()
        delays, samples, seen = [], [], None
        begin = time.monotonic()
        while feeder.is_alive():
            marker = self.marker
            if marker and marker != seen:
                self.page.wait(lambda: self.page.run("return document.getElementById('feed-list').textContent.includes(arguments[0])", marker[0]),
                               marker[0], 60)
                delays.append(time.monotonic() - marker[1])
                seen = marker
                samples.append((time.monotonic() - begin, self.resident(), *self.heap()))
                print("%5.0f s  seen after %.2f s  daemon %.0f MB  page %.1f MB, %d nodes" % (samples[-1][0], delays[-1], *samples[-1][1:]), flush=True)
            time.sleep(0.05)
        feeder.join()
        delays.sort()
        print("seen after: median %.2f s, most %.2f s" % (delays[len(delays) // 2], delays[-1]))
        self.assertLess(delays[len(delays) * 95 // 100], SEEN_WITHIN_S)
        third = len(samples) // 3
        for column, what in ((1, "daemon"), (2, "page"), (3, "nodes")):
            middle = max(sample[column] for sample in samples[third:2 * third])
            last = max(sample[column] for sample in samples[2 * third:])
            self.assertLess(last, middle * GROWTH_MAX, what)
        self.assertEqual(self.page.errors(), [])


if __name__ == "__main__":
    unittest.main()
