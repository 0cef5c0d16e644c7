"""Slow and hostile HTTP clients: articles and probes take as long as without them."""

import os
import socket
import subprocess
import sys
import time
import unittest

import articles
from harness import ServiceTestCase, consume, produce, wait_processed

SECONDS = int(os.environ.get("TOCSIN_HOSTILE_SECONDS", "20"))  # of each of the two phases
RATE = 100           # articles per second
SLOW = 200           # connections that send a byte now and then
MALFORMED = 100_000  # requests that are none


def torment(port, seconds):
    """Connections that dribble, and requests that are no HTTP, at a steady rate; prints how many of them."""
    address, slow, sent = ("127.0.0.1", port), [], 0
    begun = time.monotonic()
    while (passed := time.monotonic() - begun) < seconds:
        while len(slow) < SLOW:
            slow.append(socket.create_connection(address))
        for client in list(slow):
            try:
                client.send(b"G")
            except OSError:
                slow.remove(client)
        for _ in range(min(200, int(MALFORMED * passed / seconds) - sent)):
            with socket.create_connection(address) as client:
                client.sendall(b"\x00\xff GET / HTTP/7\r\n\r\n")
                client.shutdown(socket.SHUT_WR)
            sent += 1
        time.sleep(0.01)
    print(sent)


class HostileTest(ServiceTestCase):
    def latencies(self, first, end):
        """Milliseconds from the timestamp of an article to that of its outcome, of articles [first, end)."""
        sent = {m.offset(): m.timestamp()[1] for m in consume(self.broker, self.topics.raw)}
        found = []
        for topic in (self.topics.enriched, self.topics.duplicates):
            for message in consume(self.broker, topic):
                offset = int(dict(message.headers())["offset"])
                if first <= offset < end:
                    found.append(message.timestamp()[1] - sent[offset])
        return sorted(found)

    def feed(self, seed, first):
        """At a steady rate, each with its number in a header; probes meanwhile. Seconds that the probes took."""
        records, _ = articles.stream(RATE * SECONDS, seed=seed, broken=0)
        probes = []
        begun = time.monotonic()
        for i in range(0, len(records), RATE // 10):
            time.sleep(max(0, begun + i / RATE - time.monotonic()))  # the rate is what is fed
            produce(self.broker, self.topics.raw, [
                {"value": r["value"], "headers": {"offset": str(first + i + k).encode()}}
                for k, r in enumerate(records[i:i + RATE // 10])])
            asked = time.monotonic()
            self.assertEqual(self.daemons[0].get("/readyz")[0], 200)
            probes.append(time.monotonic() - asked)
        wait_processed(self.broker, self.topics)
        return sorted(probes)

    def crowd(self):
        """The tormentors, in a process of their own that takes no more than what is left of the machine."""
        return subprocess.Popen([sys.executable, __file__, "torment", str(self.daemons[0].port), str(SECONDS)],
                                stdout=subprocess.PIPE, text=True, preexec_fn=lambda: os.nice(19))

    def test_they_move_no_percentile(self):
        self.create_raw(1)
        self.run_daemon()
        self.feed(1, 0)  # warm
        first = RATE * SECONDS
        quiet_probes = self.feed(2, first)
        with self.crowd() as crowd:
            hostile_probes = self.feed(3, 2 * first)
            sent = int(crowd.communicate(timeout=120)[0])
        hostile, quiet = self.latencies(2 * first, 3 * first), self.latencies(first, 2 * first)
        p99 = lambda values: values[len(values) * 99 // 100]
        print("articles p99 %d -> %d ms, probes p99 %.1f -> %.1f ms, %d malformed, %d slow" % (
            p99(quiet), p99(hostile), p99(quiet_probes) * 1e3, p99(hostile_probes) * 1e3, sent, SLOW))
        self.assertLessEqual(p99(hostile), p99(quiet) * 1.1 + 5)
        self.assertLess(p99(hostile_probes), 1)


if __name__ == "__main__":
    if sys.argv[1:2] == ["torment"]:
        sys.exit(torment(int(sys.argv[2]), float(sys.argv[3])))
    unittest.main(verbosity=2)
