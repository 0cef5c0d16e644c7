"""Everyday faults of operators on a real broker: limits, settings and topics that somebody changes under a running
service. Each ends with every record published once and a service that is ready, or with the reason why not."""

import os
import pathlib
import subprocess
import time
import unittest

import articles
from confluent_kafka import Consumer, KafkaException
from confluent_kafka.admin import NewPartitions
from harness import (DEADLETTER, ENRICHED, ServiceTestCase, check_audit, check_outputs, ended_well, kafka_tool, outcomes,
                     produce, wait_processed, wait_until)

STALL = "limits: {publish_stall: 3s, transaction_timeout: 10s}\n"
FAKETIME = pathlib.Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")


def good(count, seed=1):
    return [{"value": r["value"]} for r in articles.stream(count, seed=seed, copies=0, broken=0)[0]]


class EverydayTest(ServiceTestCase):
    def feed(self, count, seed, **more):
        produce(self.broker, self.topics.raw, [{**r, **more} for r in good(count, seed)])

    def check_all(self, daemon, count, dead=0):
        wait_processed(self.broker, self.topics, 240)
        expected = {ENRICHED: count, DEADLETTER: dead} if dead else {ENRICHED: count}
        self.assertEqual(check_outputs(self.broker, self.topics), expected)
        check_audit(daemon)
        daemon.wait_ready()

    def wait_reason(self, daemon, reason, seconds=90):
        wait_until(lambda: reason in daemon.get("/readyz")[1], reason, seconds)
        self.assertEqual(daemon.get("/livez")[0], 200)

    def set_quota(self, verb, what):
        ended_well(kafka_tool(self.broker, "kafka.admin.ConfigCommand", "--alter", verb, what,
                              "--entity-type", "clients", "--entity-name", "tocsin"))

    def test_a_quota_that_lets_less_through_than_a_batch_in_a_transactions_time(self):
        self.use_own_broker()
        self.create_raw(1)
        daemon = self.run_daemon(extra=STALL)
        self.set_quota("--add-config", "producer_byte_rate=10000")
        try:
            self.feed(600, 1)
            wait_processed(self.broker, self.topics, 400)
        finally:
            self.set_quota("--delete-config", "producer_byte_rate")
        self.check_all(daemon, 600)

    def test_outputs_that_are_set_to_compact(self):
        self.create_raw(1)
        daemon = self.run_daemon(extra=STALL)
        for topic in (self.topics.enriched, self.topics.duplicates, self.topics.deadletter):
            self.broker.alter(topic, cleanup_policy="compact")
        self.feed(50, 1)
        produce(self.broker, self.topics.raw, [{"value": b"{", "key": "k"}, {"value": b"{"}])
        self.check_all(daemon, 50, 2)

    def test_partitions_are_added_to_every_topic_but_the_ledger(self):
        self.create_raw(1)
        daemon = self.run_daemon(extra=STALL, client="topic.metadata.refresh.interval.ms: 2000")
        self.feed(50, 1)
        for topic in (self.topics.raw, self.topics.enriched, self.topics.duplicates, self.topics.deadletter,
                      self.topics.alerts, self.topics.pairs):
            self.broker.admin.create_partitions([NewPartitions(topic, 7)])[topic].result(30)
        self.feed(100, 2)
        self.check_all(daemon, 150)

    def test_the_ledger_gets_a_second_partition(self):
        self.create_raw(2)
        daemon = self.run_daemon(extra=STALL)
        self.feed(50, 1)
        self.broker.admin.create_partitions([NewPartitions(self.topics.ledger, 3)])[self.topics.ledger].result(30)
        self.feed(50, 2)
        self.check_all(daemon, 100)
        second = self.run_daemon("two", ready=False, extra=STALL)
        self.assertEqual(second.wait_exit(), 3)
        self.assertIn("partitions", second.tail(3))

    def test_raw_is_made_again_with_fewer_partitions_under_a_running_service(self):
        self.create_raw(4)
        daemon = self.run_daemon(extra=STALL, client="topic.metadata.refresh.interval.ms: 2000")
        self.feed(80, 1)
        wait_processed(self.broker, self.topics)
        self.broker.delete(self.topics.raw)
        def made():
            try:
                self.broker.create(self.topics.raw, 1)
            except KafkaException:
                return False
            return True
        wait_until(made, "the raw topic to be made again")
        self.feed(30, 2)
        found = lambda: sum(len(v) for v in outcomes(self.broker, self.topics).values())
        wait_until(lambda: found() >= 110, "all to be read", 120)
        self.assertEqual(found(), 110)
        self.assertEqual(daemon.get("/readyz")[0], 200)

    def test_another_program_with_the_same_group(self):
        self.create_raw(4)
        daemon = self.run_daemon(extra=STALL)
        self.feed(80, 1)
        wait_processed(self.broker, self.topics)
        stranger = Consumer({"bootstrap.servers": self.broker.address, "group.id": self.topics.prefix,
                             "session.timeout.ms": 6000, "auto.offset.reset": "latest", "enable.auto.commit": True,
                             "auto.commit.interval.ms": 200, "partition.assignment.strategy": "range"})
        stranger.subscribe([self.topics.raw])
        deadline = time.monotonic() + 30
        while not stranger.assignment() and time.monotonic() < deadline:
            stranger.poll(0.2)
        self.feed(80, 2)
        taken = [m for m in stranger.consume(1000, 5) if not m.error()]
        stranger.close()  # commits
        self.assertGreater(len(taken), 0)
        self.feed(80, 3)
        wait_processed(self.broker, self.topics)
        self.assertIn("somebody else", daemon.log.read_text())

    def test_the_ledgers_times_become_the_producers(self):
        self.create_raw(1)
        daemon = self.run_daemon(extra=STALL)
        self.feed(20, 1)
        wait_processed(self.broker, self.topics)
        self.broker.alter(self.topics.ledger, message_timestamp_type="CreateTime")
        self.feed(20, 2)
        wait_processed(self.broker, self.topics)
        self.assertEqual(daemon.get("/readyz")[0], 200)
        self.assertEqual(daemon.terminate(), 0)
        refused = self.run_daemon(ready=False, extra=STALL)
        self.assertEqual(refused.wait_exit(), 3)
        self.assertIn("message.timestamp.type", refused.tail())

    def test_three_hundred_partitions(self):
        self.create_raw(300)
        begun = time.monotonic()
        daemon = self.run_daemon(extra=STALL)
        ready = time.monotonic() - begun
        self.feed(3000, 1)
        wait_processed(self.broker, self.topics, 240)
        print("ready after %.1f s, all after %.1f s, %d MB" % (
            ready, time.monotonic() - begun, daemon.metrics()["process_resident_memory_bytes"] / 1e6))
        other = self.run_daemon("two", extra=STALL)
        self.feed(300, 2)
        wait_processed(self.broker, self.topics, 240)
        self.assertEqual(sum(check_outputs(self.broker, self.topics).values()), 3300)
        check_audit(other)

    def test_a_session_timeout_that_the_broker_does_not_allow(self):
        self.use_own_broker("group.min.session.timeout.ms=20000")
        self.create_raw(1)
        daemon = self.run_daemon(ready=False, extra=STALL)
        self.wait_reason(daemon, "ession timeout")

    def test_a_week_without_news(self):
        """Ids of producers and transactions expire, connections are closed for idling."""
        self.use_own_broker("transactional.id.expiration.ms=4000",
                            "transaction.remove.expired.transaction.cleanup.interval.ms=1000",
                            "producer.id.expiration.ms=4000", "producer.id.expiration.check.interval.ms=1000",
                            "connections.max.idle.ms=3000")
        self.create_raw(2)
        daemon = self.run_daemon(extra="alerts: {tick_interval: 10m}\n")
        for seed in (1, 2, 3):
            self.feed(30, seed)
            wait_processed(self.broker, self.topics)
            time.sleep(14)  # that an id has expired shows nowhere
        self.feed(30, 4)
        self.check_all(daemon, 120)
        lines = daemon.log.read_text().splitlines()
        self.assertLess(len(lines), 100, "\n".join(lines[-25:]))

    @unittest.skipUnless(os.geteuid() == 0, "a file system of its own needs root")
    def test_a_disk_that_is_full(self):
        broker = self.use_own_broker()
        broker.kill()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=60m", "tmpfs", str(broker.folder / "data")], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", str(broker.folder / "data")])
        broker.start()
        self.create_raw(1)
        daemon = self.run_daemon(extra=STALL)
        self.feed(40, 1)
        wait_processed(broker, self.topics)
        subprocess.run("head -c 100m /dev/zero >%s/filler" % (broker.folder / "data"), shell=True)
        try:
            self.feed(200, 2)
        except (AssertionError, KafkaException):
            pass  # the disk may be full for these, too
        wait_until(lambda: daemon.get("/readyz")[0] == 503, "not ready", 120)
        self.assertEqual(daemon.get("/livez"), (200, "ok\n"))
        (broker.folder / "data/filler").unlink()
        broker.kill()
        broker.start()
        daemon.wait_ready(120)
        self.feed(30, 3)
        wait_processed(broker, self.topics, 120)
        check_outputs(broker, self.topics)
        check_audit(daemon)

    @unittest.skipUnless(FAKETIME.exists(), "faketime")
    def test_the_brokers_clock_jumps_ahead_and_back(self):
        broker = self.use_own_broker()
        self.create_raw(1)
        daemon = self.run_daemon(extra="dedupe: {window: 6h, revision: 1}\nalerts: {tick_interval: 1s}\n")
        self.feed(40, 1)
        wait_processed(broker, self.topics)
        # Without the last one every timed wait of the JVM ends at once: a minute of CPU until the broker is up.
        jump = {"LD_PRELOAD": str(FAKETIME), "FAKETIME": "+2h", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                "FAKETIME_FORCE_MONOTONIC_FIX": "0"}
        broker.kill()
        os.environ.update(jump)
        try:
            broker.start()
        finally:
            for name in jump:
                os.environ.pop(name)
        self.feed(40, 2)
        wait_processed(broker, self.topics)
        broker.kill()
        broker.start()
        daemon.wait_ready(120)
        self.feed(40, 3)
        self.feed(40, 1)  # copies of the first
        wait_processed(broker, self.topics)
        check_outputs(broker, self.topics)
        check_audit(daemon)
        other = self.run_daemon("two", extra="dedupe: {window: 6h, revision: 1}\nalerts: {tick_interval: 1s}\n")
        wait_until(lambda: other.metrics()['tocsin_ticks_total{result="equal"}'] > 2, "equal ticks")
        self.assertEqual(other.metrics()['tocsin_ticks_total{result="different"}'], 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
