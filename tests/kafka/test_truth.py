"""One record never stops the service, offsets that are lost are noticed, lag and readiness tell the truth."""

import json
import os
import random
import resource
import subprocess
import time
import unittest
import urllib.request

import articles
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import ConfigResource, NewPartitions
from harness import (DEADLETTER, ENRICHED, QUICK, TOCSIN, ServiceTestCase, check_audit, check_outputs, check_schemas, committed,
                     consume, free_port, outcomes, produce, slow, tocsin, wait_processed, wait_until)


def good(count, seed=1):
    return [{"value": r["value"]} for r in articles.stream(count, seed=seed, copies=0, broken=0)[0]]


def noise(size, seed=1):
    """Bytes that no codec makes smaller."""
    return random.Random(seed).randbytes(size)


def send(broker, topic, records, **settings):
    """Like produce(), also what is larger than usual."""
    producer = Producer({"bootstrap.servers": broker.address, "message.max.bytes": 100000000, **settings})
    for record in records:
        producer.produce(topic, **record)
    assert producer.flush(60) == 0


def headers_of(message):
    return {k: v.decode(errors="replace") for k, v in message.headers()}


class RefusedTest(ServiceTestCase):
    """Records that an output does not take end as dead letters, whole or cut, and work goes on."""

    def check_small_topics(self, extra):
        self.broker.create(self.topics.raw, 1, max_message_bytes=3000000)
        self.broker.create(self.topics.enriched, 1, max_message_bytes=6000)
        self.broker.create(self.topics.deadletter, 1, max_message_bytes=900)
        long_article = json.loads(good(1, 77)[0]["value"])
        long_article["title"] = noise(7000).hex()
        bad = [{"value": noise(2000000), "key": "large value", "headers": {"feed": "7"}},
               {"value": b"{", "key": noise(1500000)},
               {"value": b"{", "headers": {"large": noise(1500000)}},
               {"value": json.dumps(long_article)}]
        daemon = self.run_daemon(extra=extra)
        send(self.broker, self.topics.raw, bad + good(100))
        wait_processed(self.broker, self.topics)
        self.assertEqual(check_outputs(self.broker, self.topics), {ENRICHED: 100, DEADLETTER: 4})
        self.assertEqual(daemon.get("/readyz")[0], 200)
        check_audit(daemon)
        self.assertIn("max.message.bytes of %s is 900" % self.topics.deadletter, daemon.log.read_text())
        letters = {headers_of(m)["tocsin.original.offset"]: m for m in consume(self.broker, self.topics.deadletter)}
        large = headers_of(letters["0"])
        self.assertEqual(letters["0"].key(), b"large value")
        self.assertEqual(large["feed"], "7")
        self.assertEqual(large["tocsin.original.size"], "2000000")
        self.assertRegex(large["tocsin.original.hash"], "^[0-9a-f]{32}$")
        self.assertEqual(large["tocsin.original.omitted"], "value")
        self.assertEqual(letters["1"].value(), b"{")
        self.assertEqual(headers_of(letters["1"])["tocsin.original.omitted"], "key")
        self.assertEqual(letters["2"].value(), b"{")
        self.assertEqual(headers_of(letters["2"])["tocsin.original.omitted"], "headers")
        self.assertEqual(headers_of(letters["3"])["tocsin.error.code"], "poison")

    @slow
    def test_exactly_once(self):
        self.check_small_topics("")

    def test_at_least_once(self):
        self.check_small_topics("delivery: at_least_once\n")

    @slow
    def test_default_topics_a_record_as_large_as_they_allow_and_a_restart(self):
        self.broker.create(self.topics.raw, 1)
        send(self.broker, self.topics.raw, [{"value": noise(1048400)}] + good(2))
        long_article = json.dumps({"title": "t", "body": "word " * 600000})
        send(self.broker, self.topics.raw, [{"value": long_article}] + good(2, 5),
             **{"compression.codec": "zstd"})
        dying = self.run_daemon(ready=False, env={"TOCSIN_FAIL_AT": "before_commit"}, **QUICK)
        self.assertEqual(dying.wait_exit(), 137)
        daemon = self.run_daemon("two")
        wait_processed(self.broker, self.topics)
        self.assertEqual(check_outputs(self.broker, self.topics), {ENRICHED: 4, DEADLETTER: 2})
        check_audit(daemon)

    @unittest.skipUnless(os.environ.get("TOCSIN_LONG"), "long")
    def test_a_limit_lowered_while_running_and_a_compacted_dead_letter_topic(self):
        self.broker.create(self.topics.raw, 1, max_message_bytes=2000000)
        self.broker.create(self.topics.deadletter, 1, cleanup_policy="compact")
        daemon = self.run_daemon()
        produce(self.broker, self.topics.raw, good(3))
        wait_processed(self.broker, self.topics)
        self.broker.alter(self.topics.enriched, max_message_bytes=600)
        produce(self.broker, self.topics.raw, good(3, 9) + [{"value": b"{"}])
        wait_processed(self.broker, self.topics)
        self.assertEqual(check_outputs(self.broker, self.topics), {ENRICHED: 3, DEADLETTER: 4})
        check_audit(daemon)

    @slow
    def test_a_batch_that_cannot_be_read_is_passed_over(self):
        self.broker.create(self.topics.raw, 1)
        limit = "receive.message.max.bytes: 20000000, fetch.max.bytes: 8000000"
        bomb = {"value": b" " * 30000000, "key": "bomb"}
        send(self.broker, self.topics.raw, good(3))
        send(self.broker, self.topics.raw, [*good(2, 5), bomb, *good(2, 7)],  # one batch
             **{"compression.codec": "zstd", "linger.ms": 60000, "batch.size": 99000000})
        send(self.broker, self.topics.raw, good(3, 9))
        send(self.broker, self.topics.raw, [{"value": b" " * 31000000}], **{"compression.codec": "zstd"})
        daemon = self.run_daemon(client=limit)
        wait_processed(self.broker, self.topics)
        found = outcomes(self.broker, self.topics)
        self.assertEqual({p[1]: [kind for kind, _ in entries] for p, entries in found.items()},
                         {i: [ENRICHED if i < 3 or 8 <= i < 11 else DEADLETTER] for i in range(12)})
        letters = {headers_of(m)["tocsin.original.offset"]: m for m in consume(self.broker, self.topics.deadletter)}
        first = headers_of(letters["3"])
        self.assertEqual((first["tocsin.stage"], first["tocsin.error.code"]), ("decode", "poison"))
        self.assertIn("cannot be read from its topic", first["tocsin.error.message"])
        self.assertEqual(first["tocsin.original.omitted"], "value,headers,key")
        self.assertEqual(letters["3"].key().decode(), "%s-0-3" % self.topics.raw)
        check_schemas(self.broker, self.topics)
        check_audit(daemon)
        self.assertEqual(daemon.get("/readyz")[0], 200)

    @slow
    def test_a_batch_that_decompresses_to_more_than_there_is_memory_for(self):
        """librdkafka has no limit for gzip, snappy and lz4: whoever fetches it dies, again and again."""
        self.broker.create(self.topics.raw, 1, max_message_bytes=99000000)
        send(self.broker, self.topics.raw, good(3))
        send(self.broker, self.topics.raw, [*good(2, 5), {"value": b" " * 700000000, "key": "bomb"}, *good(2, 7)],
             **{"compression.codec": os.environ.get("TOCSIN_BOMB_CODEC", "gzip"), "linger.ms": 60000,
                "batch.size": 999000000, "message.max.bytes": 1000000000, "queue.buffering.max.kbytes": 2000000})
        send(self.broker, self.topics.raw, good(3, 9))
        page = self.look_at_page()
        deaths = 0
        while True:
            daemon = self.run_daemon("life%d" % deaths, ready=False, session_timeout_ms=2000)
            resource.prlimit(daemon.process.pid, resource.RLIMIT_DATA, (700 << 20, 700 << 20))
            def decided():
                return daemon.process.poll() is not None or committed(
                    self.broker, self.topics.prefix, self.topics.raw)[0] >= 11
            wait_until(decided, "death, or all to be processed", 180)
            if daemon.process.poll() is None:
                break
            self.assertLess(daemon.process.returncode, 0)  # by a signal
            deaths += 1
            self.assertLess(deaths, 8)
        wait_processed(self.broker, self.topics)
        found = outcomes(self.broker, self.topics)
        self.assertEqual({p[1]: [kind for kind, _ in entries] for p, entries in found.items()},
                         {i: [ENRICHED if i < 3 or i >= 8 else DEADLETTER] for i in range(11)})
        self.assertIn("more than there is memory for", found[0, 5][0][1]["tocsin.error.message"])
        check_schemas(self.broker, self.topics)
        audit = subprocess.run(["prlimit", "--data=%d" % (700 << 20), TOCSIN, "audit", "--config", daemon.config, "--format", "json"],
                               stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
        self.assertEqual(audit.returncode, 0, audit.stdout + audit.stderr)
        self.assertIn("%s-0, offsets 3 to 7: the batch decompresses" % self.topics.raw, audit.stderr)
        self.assertEqual(json.loads(audit.stdout)["raw_records"], 11)
        # Whoever passes the batch may die of it once more: the age of the lag is read from the topic, too.
        produce(self.broker, self.topics.raw, good(2, 11))
        daemon = self.run_daemon("after", session_timeout_ms=2000)
        wait_processed(self.broker, self.topics)
        self.assertEqual(daemon.get("/readyz")[0], 200)
        for each in self.daemons[1:]:
            each.kill()
        produce(self.broker, self.topics.raw, good(2, 13))
        self.assertGreater(wait_until(lambda: page()["lag"] == 2 and page().get("lag_seconds"), "an age"), 0)

    def look_at_page(self):
        """`tocsin page` alone, which reads no raw record: what it says of the lag, with the batch unread."""
        port = free_port()
        alone = self.run_daemon("page", ready=False, verb=("page",), extra="page: {listen: '127.0.0.1:%d'}\n" % port)
        resource.prlimit(alone.process.pid, resource.RLIMIT_DATA, (700 << 20, 700 << 20))

        def status():
            self.assertIsNone(alone.process.poll(), alone.tail())
            try:
                with urllib.request.urlopen("http://127.0.0.1:%d/api/status" % port, timeout=5) as answer:
                    return json.load(answer)
            except OSError:
                return {}
        wait_until(lambda: status().get("lag") == 11, "the lag")
        self.assertNotIn("lag_seconds", status())  # it was there before
        return status

    def test_odd_headers_keys_and_times(self):
        self.broker.create(self.topics.raw, 1)
        daemon = self.run_daemon()
        article = [r["value"] for r in good(9)]
        many = [("h%d" % i, b"v") for i in range(20000)]
        send(self.broker, self.topics.raw, [
            {"value": article[0], "headers": many}, {"value": b"{", "headers": many},
            {"value": article[1], "headers": [("same", b"1"), ("same", b"2"), ("same", None), ("", b"no name")]},
            {"value": article[2], "key": b""}, {"value": b"", "key": b""}, {"value": b"\xff\xfe", "key": None},
            {"value": article[3], "timestamp": 1}, {"value": article[4], "timestamp": 4102444800000},
            {"value": article[5], "headers": [("large", noise(700000))]},
            {"value": article[6], "headers": [("tocsin.stage", b"forged"), ("content-type", b"x")]},
            {"value": article[7], "headers": [("binary", bytes(range(256)))]}, {"value": article[8]}])
        wait_processed(self.broker, self.topics)
        self.assertEqual(check_outputs(self.broker, self.topics), {ENRICHED: 9, DEADLETTER: 3})
        check_audit(daemon)

    def test_the_dead_letter_topic_is_made_for_what_raw_takes(self):
        self.broker.create(self.topics.raw, 1, max_message_bytes=3000000)
        self.run_daemon()
        resource = ConfigResource(ConfigResource.Type.TOPIC, self.topics.deadletter)
        settings = self.broker.admin.describe_configs([resource])[resource].result(30)
        self.assertEqual(settings["max.message.bytes"].value, "3000000")

    @slow
    def test_a_record_that_kills_the_process_is_found(self):
        self.create_raw(2)
        produce(self.broker, self.topics.raw, good(300))
        deadly = {"title": "tocsin.test.deadly", "body": " ".join("word%d" % i for i in range(60))}
        produce(self.broker, self.topics.raw, [{"value": deadly, "key": "deadly"}] + good(300, 5))
        deaths = 0
        while True:  # each time another instance: what was found out is kept by the group
            daemon = self.run_daemon("life%d" % deaths, ready=False, env={"TOCSIN_FAIL_AT": "analyse"},
                                     session_timeout_ms=2000)
            def decided():
                offsets = committed(self.broker, self.topics.prefix, self.topics.raw)
                return daemon.process.poll() is not None or sum(max(o, 0) for o in offsets.values()) >= 601
            wait_until(decided, "death, or all to be processed", 120)
            if daemon.process.poll() is None:
                break
            self.assertEqual(daemon.process.returncode, 137)
            deaths += 1
            self.assertLess(deaths, 10)
        self.assertEqual(check_outputs(self.broker, self.topics), {ENRICHED: 600, DEADLETTER: 1})
        letter, = consume(self.broker, self.topics.deadletter)
        self.assertEqual((letter.key(), headers_of(letter)["tocsin.stage"]), (b"deadly", "analyse"))
        check_audit(daemon)


class OffsetsTest(ServiceTestCase):
    """Where a group begins and goes on."""

    LATEST = {"extra": "input: {start: latest}\n"}

    def stop(self):
        for daemon in self.daemons:
            if daemon.process.poll() is None:
                self.assertEqual(daemon.terminate(), 0)

    def test_latest_skips_nothing_that_came_later(self):
        self.create_raw(2)
        produce(self.broker, self.topics.raw, [{**r, "partition": 0} for r in good(5, 2)])  # before: skipped
        for name in ("a", "b"):
            self.run_daemon(name, **self.LATEST)
        self.stop()
        produce(self.broker, self.topics.raw, [{**r, "partition": p} for p in (0, 1) for r in good(4, 10 + p)])
        self.broker.admin.create_partitions([NewPartitions(self.topics.raw, 3)])[self.topics.raw].result(30)
        produce(self.broker, self.topics.raw, [{**r, "partition": 2} for r in good(4, 20)])
        for name in ("a", "b"):
            self.run_daemon(name, **self.LATEST)
        wait_processed(self.broker, self.topics)
        found = outcomes(self.broker, self.topics)
        self.assertEqual(len(found), 12)
        self.assertFalse([p for p in found if p[0] == 0 and p[1] < 5])

    @slow
    def test_latest_killed_before_it_read_anything(self):
        self.create_raw(1)
        self.run_daemon("a", session_timeout_ms=2000, **self.LATEST).kill()
        produce(self.broker, self.topics.raw, good(6))
        self.run_daemon("b", **self.LATEST)
        wait_processed(self.broker, self.topics)
        self.assertEqual(check_outputs(self.broker, self.topics), {ENRICHED: 6})

    def make_raw_again(self, partitions):
        """Deletes the raw topic and creates it; the broker takes a moment to forget the old one."""
        self.broker.delete(self.topics.raw)
        def made():
            try:
                self.broker.create(self.topics.raw, partitions)
            except KafkaException:
                return False
            return True
        wait_until(made, "the raw topic to be made again")

    def commit_by_hand(self, offset):
        consumer = Consumer({"bootstrap.servers": self.broker.address, "group.id": self.topics.prefix})
        consumer.commit(offsets=[TopicPartition(self.topics.raw, 0, offset)], asynchronous=False)
        consumer.close()

    def test_a_partition_that_lost_its_end_goes_on_behind_what_is_left(self):
        """As after an unclean election: the same records but for the newest; their offsets get others."""
        self.create_raw(1)
        records = good(20)
        self.run_daemon()
        produce(self.broker, self.topics.raw, records)
        wait_processed(self.broker, self.topics)
        self.stop()
        self.make_raw_again(1)
        produce(self.broker, self.topics.raw, records[:15])
        self.commit_by_hand(20)
        daemon = self.run_daemon()
        self.assertIn("the partition lost its end", daemon.log.read_text())
        produce(self.broker, self.topics.raw, good(10, 9))
        wait_processed(self.broker, self.topics)
        offsets = [json.loads(m.value())["position"]["offset"] for m in consume(self.broker, self.topics.enriched)]
        self.assertEqual(sorted(offsets), sorted([*range(20), *range(15, 25)]))

    def test_another_topic_of_the_same_name_is_read_from_its_beginning(self):
        self.create_raw(4)
        self.run_daemon()
        produce(self.broker, self.topics.raw, good(40))
        wait_processed(self.broker, self.topics)
        self.stop()
        self.make_raw_again(1)
        produce(self.broker, self.topics.raw, good(5, 9))
        self.commit_by_hand(20)  # a group that kept its offset
        self.run_daemon()
        wait_processed(self.broker, self.topics)
        self.assertEqual(len(consume(self.broker, self.topics.enriched)), 45)

    def test_lost_offsets_are_refused_and_resumed(self):
        self.create_raw(2)
        produce(self.broker, self.topics.raw, [{**r, "partition": i % 2} for i, r in enumerate(good(20))])
        self.run_daemon()
        wait_processed(self.broker, self.topics)
        self.stop()
        produce(self.broker, self.topics.raw, [{**r, "partition": 1} for r in good(3, 9)])
        for partitions in ([0, 1], [1]):
            self.broker.forget_offsets(self.topics.prefix, self.topics.raw, partitions)
            refused = self.run_daemon(ready=False)
            self.assertEqual(refused.wait_exit(), 3)
            self.assertIn("tocsin ledger resume --from ledger", refused.tail())
            code, out, err = tocsin("ledger", "resume", "--from", "ledger", "--config", str(refused.config))
            self.assertEqual(code, 0, err)
            self.assertIn("%s-1 goes on at 10, of 0 to 13" % self.topics.raw, out)
        daemon = self.run_daemon()
        wait_processed(self.broker, self.topics)
        self.assertEqual(check_outputs(self.broker, self.topics), {ENRICHED: 23})
        check_audit(daemon)
        code, _, err = tocsin("ledger", "resume", "--from", "earliest", "--config", str(daemon.config))
        self.assertEqual(code, 0, err)  # nothing to do


class TruthTest(ServiceTestCase):
    """What metrics and probes say while nothing moves."""

    def lag(self, daemon, partition=0, unit="records"):
        return daemon.metrics().get('tocsin_consumer_lag_%s{partition="%d",topic="%s"}'
                                    % (unit, partition, self.topics.raw))

    @slow
    def test_a_deleted_output_is_seen_and_heals(self):
        self.create_raw(1)
        daemon = self.run_daemon(extra="limits: {publish_stall: 3s, batch_records_max: 50, article_bytes_max: 64KiB, "
                                       "batch_bytes_max: 256KiB, inflight_bytes_max: 1MiB}\n")
        produce(self.broker, self.topics.raw, good(3))
        wait_processed(self.broker, self.topics)
        wait_until(lambda: self.lag(daemon) == 0, "lag 0")
        self.assertGreater(daemon.metrics()["tocsin_last_commit_timestamp_seconds"], time.time() - 60)
        self.broker.delete(self.topics.enriched)
        padding = "x" * 3000
        produce(self.broker, self.topics.raw, [{"value": json.dumps({**json.loads(r["value"]), "padding": padding})}
                                               for r in good(1000, 8)])
        wait_until(lambda: daemon.get("/readyz")[0] == 503, "not ready", 90)
        self.assertIn("nothing could be published for", daemon.get("/readyz")[1])
        self.assertEqual(daemon.get("/livez")[0], 200)
        wait_until(lambda: self.lag(daemon) == 1000, "the whole lag, more than is in memory")
        wait_until(lambda: self.lag(daemon, unit="seconds") > 1, "age")
        self.broker.create(self.topics.enriched, 1)
        daemon.wait_ready(120)
        wait_processed(self.broker, self.topics)
        wait_until(lambda: self.lag(daemon) == 0 and self.lag(daemon, unit="seconds") == 0, "lag 0 again")

    def test_headers_count_as_much_as_values(self):
        """What a batch may hold in memory is no more when the records are all header."""
        self.create_raw(1)
        daemon = self.run_daemon(extra="limits: {article_bytes_max: 64KiB, batch_bytes_max: 256KiB, inflight_bytes_max: 1MiB}\n")
        produce(self.broker, self.topics.raw, [{**r, "headers": {"large": noise(100000)}} for r in good(40)])
        wait_processed(self.broker, self.topics)
        metrics = daemon.metrics()
        self.assertEqual(metrics["tocsin_batch_records_sum"], 40)
        self.assertGreaterEqual(metrics["tocsin_batch_records_count"], 40 / 3)
        self.assertGreater(metrics["tocsin_received_bytes_total"], 40 * 100000)
        self.assertEqual(check_outputs(self.broker, self.topics), {ENRICHED: 40})

    def test_lag_behind_transaction_markers_and_open_transactions(self):
        self.create_raw(1)
        daemon = self.run_daemon()
        producer = Producer({"bootstrap.servers": self.broker.address, "transactional.id": "x" + self.topics.prefix})
        producer.init_transactions(30)
        for end in (producer.commit_transaction, producer.abort_transaction):
            producer.begin_transaction()
            for record in good(3):
                producer.produce(self.topics.raw, record["value"])
            producer.flush(30)  # an end that overtakes the partition's entry is refused
            end(30)
        wait_until(lambda: self.lag(daemon) == 0, "lag 0 behind markers")
        producer.begin_transaction()
        for record in good(4, 6):
            producer.produce(self.topics.raw, record["value"])
        producer.flush(30)
        wait_until(lambda: self.lag(daemon) == 4, "lag of an open transaction")
        producer.commit_transaction(30)
        wait_until(lambda: self.lag(daemon) == 0, "lag 0 at the end")

    def test_a_transaction_timeout_above_the_brokers_is_bad_input(self):
        self.use_own_broker("transaction.max.timeout.ms=30000")
        daemon = self.run_daemon(ready=False, extra="limits: {transaction_timeout: 60s}\n")
        self.assertEqual(daemon.wait_exit(), 2)
        self.assertIn("transaction.max.timeout.ms", daemon.tail())
        self.assertLess(len(daemon.log.read_text().splitlines()), 40)


if __name__ == "__main__":
    unittest.main(verbosity=2)
