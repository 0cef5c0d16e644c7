"""Slow and hostile HTTP clients: articles and probes take as long as without them."""

import os
import select
import socket
import subprocess
import sys
import time
import unittest

import articles
from harness import ServiceTestCase, consume, produce, wait_processed

MALFORMED = int(os.environ.get("TOCSIN_HOSTILE_REQUESTS", "100000"))  # requests that are none, all answered
AT_ONCE = 50         # of them, each on a connection of its own: the server ends it with its answer
SECONDS = 30         # of the quiet phase
SECONDS_MAX = 600    # of the hostile one
RATE = 100           # articles per second
SLOW = 200           # connections that send a byte now and then


class Request:
    """One that is none, on its way."""

    def __init__(self, address):
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.connect_ex(address)
        self.is_sent = False

    def fileno(self):
        return self.socket.fileno()

    def step(self):
        """None while it goes on; then whether there was an answer."""
        try:
            if not self.is_sent:
                self.socket.send(b"\x00\xff GET / HTTP/7\r\n\r\n")
                self.is_sent = True
                return None
            return self.socket.recv(64).startswith(b"HTTP/1.1 4")
        except BlockingIOError:
            return None
        except OSError:
            return False


def torment(port):
    """Connections that dribble, and requests that are no HTTP until all had their answer; prints how many, and how many
    connections ended without one."""
    address, slow, flying, answered, cut = ("127.0.0.1", port), [], [], 0, 0
    while answered < MALFORMED:
        while len(slow) < SLOW:
            slow.append(socket.create_connection(address))
        for client in list(slow):
            try:
                client.send(b"G", socket.MSG_DONTWAIT)
            except BlockingIOError:
                pass
            except OSError:
                slow.remove(client)
                client.close()
        deadline = time.monotonic() + 0.05  # until the slow ones' next byte
        while time.monotonic() < deadline:
            while len(flying) < AT_ONCE:
                flying.append(Request(address))
            readable, writable, _ = select.select([r for r in flying if r.is_sent], [r for r in flying if not r.is_sent],
                                                  [], 0.01)
            for request in readable + writable:
                end = request.step()
                if end is None:
                    continue
                answered, cut = answered + end, cut + (not end)
                request.socket.close()
                flying.remove(request)
    print(answered, cut)


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

    def feed(self, seed, first, goes_on=None):
        """At a steady rate, each with its number in a header; probes meanwhile. Seconds that the probes took. `goes_on`:
        until it says no, instead of SECONDS."""
        records, _ = articles.stream(RATE * (SECONDS_MAX if goes_on else SECONDS), seed=seed, broken=0)
        probes = []
        begun = time.monotonic()
        for i in range(0, len(records), RATE // 10):
            if goes_on and not goes_on():
                break
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
        return subprocess.Popen([sys.executable, __file__, "torment", str(self.daemons[0].port)],
                                stdout=subprocess.PIPE, text=True, preexec_fn=lambda: os.nice(19))

    def test_they_move_no_percentile(self):
        self.create_raw(1)
        self.run_daemon()
        self.feed(1, 0)  # warm
        first = RATE * SECONDS
        quiet_probes = self.feed(2, first)
        with self.crowd() as crowd:
            hostile_probes = self.feed(3, 2 * first, lambda: crowd.poll() is None)
            crowd.poll() is None and crowd.kill()
            answered, cut = map(int, crowd.communicate()[0].split())
        hostile, quiet = self.latencies(2 * first, sys.maxsize), self.latencies(first, 2 * first)
        p99 = lambda values: values[len(values) * 99 // 100]
        print("articles p99 %d -> %d ms, probes p99 %.1f -> %.1f ms, %d malformed (%d connections cut), %d slow" % (
            p99(quiet), p99(hostile), p99(quiet_probes) * 1e3, p99(hostile_probes) * 1e3, answered, cut, SLOW))
        self.assertGreaterEqual(answered, MALFORMED)
        self.assertLessEqual(p99(hostile), p99(quiet) * 1.1 + 5)
        self.assertLess(p99(hostile_probes), 1)


if __name__ == "__main__":
    if sys.argv[1:2] == ["torment"]:
        sys.exit(torment(int(sys.argv[2])))
    unittest.main(verbosity=2)
