"""The live page for a quarter of an hour at 200 articles per second: the newest is seen within two seconds, and the memory of
daemon and browser stays flat once its limits are reached. TOCSIN_SOAK_SECONDS makes it shorter."""

import os
import pathlib
import random
import statistics
import sys
import threading
import time
import unittest
import urllib.request

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
TENSE_EACH = 10  # of so many one that the feed shows
GROWTH_MAX = 1.15  # of the median of the last third against that of the second
STATES = ["Norway", "Iceland", "Chile", "Bolivia", "Portugal", "Morocco", "Japan", "Mongolia"]


def tense(rng, number):
    a, b = rng.sample(STATES, 2)
    article = articles.article(rng, number)
    article["title"] = "%s attacks %s, report %d" % (a, b, number)
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
        self.page = browser.Browser(is_logged=False)
        self.addCleanup(self.page.close)

    def feed(self):
        producer = Producer({"bootstrap.servers": self.broker.address, "linger.ms": 5, "sticky.partitioning.linger.ms": 0})
        rng, begin = random.Random(5), time.monotonic()
        for number in range(SECONDS * PER_SECOND):
            while number > (time.monotonic() - begin) * PER_SECOND:
                producer.poll(0.002)
            article = tense(rng, number) if number % TENSE_EACH == 0 else articles.article(rng, number)
            article["published_at"] = int(time.time())
            self.sent = number
            producer.produce(self.topics.raw, json.dumps(article))
        producer.flush(60)

    def resident(self):
        for line in pathlib.Path("/proc/%d/status" % self.daemon.process.pid).read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024

    def heap(self):
        for _ in range(2):  # what the first frees of the document's frees what scripts held
            self.page.command("HeapProfiler.collectGarbage")
        metrics = {m["name"]: m["value"] for m in self.page.command("Performance.getMetrics")["metrics"]}
        return metrics["JSHeapUsedSize"] / 1048576, metrics["Nodes"]

    def seconds_behind(self):
        """How long ago the newest article that the feed shows was sent. A number is all that is asked for: chromedriver
        keeps each answer in the page's heap, and texts of the feed would make it grow."""
        newest = self.page.run("return Math.max(0, ...[...document.querySelectorAll('#feed-list li')].slice(0, 40)"
                               ".flatMap((li) => (li.textContent.match(/report \\d+/g) || []).map((w) => Number(w.slice(7)))))")
        return (self.sent - newest) / PER_SECOND

    def test_the_newest_is_seen_and_memory_is_flat(self):
        self.page.command("Performance.enable")
        self.page.open("http://127.0.0.1:%d/" % self.port)
        self.sent = 0
        feeder = threading.Thread(target=self.feed)
        feeder.start()
        delays, samples = [], []
        begin = time.monotonic()
        while feeder.is_alive():
            feeder.join(1)
            now = time.monotonic() - begin
            if now < WARM_S or not feeder.is_alive():
                continue
            delays.append(self.seconds_behind())
            if len(delays) % 10 == 0:
                samples.append((now, self.resident(), *self.heap()))
                print("%5.0f s  seen after %.2f s  daemon %.0f MB  page %.1f MB, %d nodes" % (now, delays[-1], *samples[-1][1:]), flush=True)
        delays.sort()
        print("seen after: median %.2f s, 95 %% %.2f s, most %.2f s" % (delays[len(delays) // 2], delays[len(delays) * 95 // 100], delays[-1]))
        with urllib.request.urlopen("http://127.0.0.1:%d/api/status" % self.port, timeout=10) as answer:
            status = json.load(answer)
        print("held: %d articles and copies in %.0f MB" % (status["held"], status["bytes"] / 1048576))
        third = len(samples) // 3
        grown = {}
        for column, what in ((1, "daemon MB"), (2, "page MB"), (3, "nodes")):
            middle, last = ([sample[column] for sample in part] for part in (samples[third:2 * third], samples[2 * third:]))
            grown[what] = statistics.median(last) / statistics.median(middle)
            print("%s: %.1f in the second third (at most %.1f), %.1f in the last (at most %.1f)"
                  % (what, statistics.median(middle), max(middle), statistics.median(last), max(last)))
        self.assertLess(delays[len(delays) * 95 // 100], SEEN_WITHIN_S)
        self.assertLess(max(grown.values()), GROWTH_MAX, grown)
        self.assertEqual(self.page.errors(), [])


if __name__ == "__main__":
    unittest.main()
