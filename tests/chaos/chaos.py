"""What the fault tests share: a broker, a steady feed, waiting for recovery, the oracles, a row for each.

TOCSIN_CHAOS_SEED sets the seed (default 1; each row shows it); TOCSIN_CHAOS=long runs all tests, without it
the long ones are skipped; TOCSIN_CHAOS_TLS=1: daemons speak TLS. README.md says what must hold after each.
"""

import atexit
import functools
import json
import os
import pathlib
import random
import shutil
import socket
import struct
import threading
import time
import unittest

import articles
from harness import (Broker, ServiceTestCase, check_audit, check_outputs, committed, high_watermarks, produce,
                     wait_processed, wait_until)
from proxy import Proxy
from test_access import PASSWORD
from test_secured import Authority

SEED = int(os.environ.get("TOCSIN_CHAOS_SEED", "1"))
IS_LONG = os.environ.get("TOCSIN_CHAOS") == "long"
IS_TLS = bool(os.environ.get("TOCSIN_CHAOS_TLS"))
RSS_MIB_MAX = 700
DESCRIPTORS_MAX = 120
THREADS_MAX = 80
RECOVERY_S_MAX = 90
SESSION_TIMEOUT_MS = 3000

long_only = unittest.skipUnless(IS_LONG, "TOCSIN_CHAOS=long")


def over_tls(proxy):
    """One that daemons reach by TLS and SCRAM only, through the proxy, too."""
    authority = Authority()
    atexit.register(shutil.rmtree, authority.folder, ignore_errors=True)
    keys = authority.issue("broker", "broker")
    broker = Broker(proxy.port, users="tocsin:%s" % PASSWORD, tls="%s,%s" % (keys, authority.path("ca.pem")),
                    settings=["allow.everyone.if.no.acl.found=true"])
    broker.own_address = broker.secured
    broker.own_client = ("security.protocol: SASL_SSL, sasl.mechanism: SCRAM-SHA-512, sasl.username: tocsin, "
                         "sasl.password: %s, ssl.ca.location: %s" % (PASSWORD, authority.path("ca.pem")))
    return broker


@functools.cache
def shared_broker():
    """One broker for all tests of the run, and the proxy before it; both end with the run."""
    proxy = Proxy(is_sealed=IS_TLS)
    broker = over_tls(proxy) if IS_TLS else Broker(proxy.port)
    atexit.register(broker.close)
    proxy.connect_to((broker.folder / "proxied").read_text().strip())
    return broker, proxy


class Feed(threading.Thread):
    """Produces records evenly over some seconds, so that a fault meets work."""

    def __init__(self, broker, topic, records, seconds):
        super().__init__(daemon=True)
        self.broker, self.topic, self.records, self.seconds = broker, topic, records, seconds
        self.failed = None
        self.start()

    def run(self):
        step = max(1, len(self.records) // max(1, int(self.seconds * 5)))
        started = time.monotonic()
        try:
            for first in range(0, len(self.records), step):
                produce(self.broker, self.topic, self.records[first:first + step])
                due = started + self.seconds * (first + step) / len(self.records)
                time.sleep(max(0, due - time.monotonic()))
        except AssertionError as error:
            self.failed = error

    def finish(self):
        self.join(self.seconds + 180)
        assert not self.is_alive() and self.failed is None, "the feed failed: %s" % self.failed


def use_of(process):
    """Resident MiB, open descriptors and threads of a process."""
    folder = pathlib.Path("/proc/%d" % process.pid)
    status = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines())
    return (int(status["VmRSS"].split()[0]) // 1024, len(list((folder / "fd").iterdir())),
            int(status["Threads"]))


def delete_records(broker, topic, partition, before):
    """DeleteRecords, api 21 version 0: what retention does, at once; the old Python client lacks it."""
    def text(value):
        return struct.pack(">h", len(value)) + value.encode()
    body = struct.pack(">hhi", 21, 0, 1) + text("chaos") + struct.pack(">i", 1) + text(topic)
    body += struct.pack(">iiqi", 1, partition, before, 30000)
    host, port = broker.address.split(":")
    with socket.create_connection((host, int(port)), 30) as connection:
        connection.sendall(struct.pack(">i", len(body)) + body)
        size, = struct.unpack(">i", connection.recv(4, socket.MSG_WAITALL))
        answer = connection.recv(size, socket.MSG_WAITALL)
    error, = struct.unpack(">h", answer[-2:])
    assert error == 0, "DeleteRecords of %s: error %d" % (topic, error)


class ChaosTest(ServiceTestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker, cls.proxy = shared_broker()

    @classmethod
    def tearDownClass(cls):
        pass  # the broker is for all classes

    def setUp(self):
        super().setUp()
        self.random = random.Random("%d %s" % (SEED, self.id()))
        self.expected = 0
        self.feeds = []
        self.healed_at = None

    def run_daemon(self, instance="one", ready=True, extra="", **arguments):
        """With a short session, and an alert engine that compares the dedup states every second."""
        arguments.setdefault("session_timeout_ms", SESSION_TIMEOUT_MS)
        return super().run_daemon(instance, ready, extra="alerts: {tick_interval: 1s}\n" + extra, **arguments)

    def feed(self, count, seconds, **arguments):
        records, _ = articles.stream(count, seed=self.random.randrange(1 << 30), **arguments)
        self.expected += count
        feed = Feed(self.broker, self.topics.raw, records, seconds)
        self.feeds.append(feed)
        return feed

    def live(self):
        return [daemon for daemon in self.daemons if daemon.process.poll() is None]

    def restart(self, daemon, **arguments):
        """The same instance again, after it has ended."""
        self.daemons.remove(daemon)
        daemon.close()
        return self.run_daemon(daemon.instance, ready=False, **arguments)

    def healed(self):
        """From now on nothing is in the way: recovered is who has committed what is in the raw topic now."""
        self.healed_at = time.monotonic()
        self.healed_ends = high_watermarks(self.broker, self.topics.raw)

    def is_recovered(self):
        offsets = committed(self.broker, self.topics.prefix, self.topics.raw)
        return all(offsets[partition] >= end for partition, end in self.healed_ends.items() if end > 0)

    def check(self, fault, exactly_once=True):
        """Waits for recovery, asks the oracles, prints the row."""
        if self.healed_at is None:
            self.healed()
        wait_until(self.is_recovered, "recovery after %s" % fault, RECOVERY_S_MAX)
        recovery_s = time.monotonic() - self.healed_at
        for feed in self.feeds:
            feed.finish()
        wait_processed(self.broker, self.topics, RECOVERY_S_MAX)
        counts = check_outputs(self.broker, self.topics) if exactly_once else {}
        if exactly_once:
            # A broker that died before it answered the feed has some records twice.
            self.assertGreaterEqual(sum(counts.values()), self.expected)
        check_audit(self.daemons[0])
        self.check_states()
        used = [use_of(daemon.process) for daemon in self.live()]
        worst = [max(values) for values in zip(*used)] or [0, 0, 0]
        self.row(fault, "exactly once" if exactly_once else "as decided", recovery_s, counts, worst)
        for value, limit in zip(worst, (RSS_MIB_MAX, DESCRIPTORS_MAX, THREADS_MAX)):
            self.assertLessEqual(value, limit, "memory, descriptors or threads out of bounds: %s" % worst)

    def check_states(self):
        def digests():
            values = [daemon.metrics() for daemon in self.live()]
            return [(m.get("tocsin_dedup_next_offset"), m.get("tocsin_dedup_digest")) for m in values]
        wait_until(lambda: len(set(digests())) <= 1, "equal dedup states: %s" % digests(), 30)
        for daemon in self.live():
            self.assertEqual(daemon.metrics()["tocsin_dedup_divergences_total"], 0)

    def row(self, fault, result, recovery_s=None, counts=None, used=None):
        print("| %-58s | seed %d | %-12s | %s | %s | %s |" % (
            fault, SEED, result, "     -" if recovery_s is None else "%4.1f s" % recovery_s,
            json.dumps(counts) if counts else "-",
            "%d MiB, %d descriptors, %d threads" % tuple(used) if used else "-"), flush=True)
