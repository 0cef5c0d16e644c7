"""`tocsin run` against a real broker: one outcome for each record, whatever happens meanwhile."""

import json
import os
import signal
import time
import unittest

import articles
from harness import (DEADLETTER, DUPLICATE, ENRICHED, QUICK, ServiceTestCase, check_audit, check_outputs, consume,
                     outcomes, produce, slow, wait_processed, wait_until)


class ServiceTest(ServiceTestCase):
    def test_each_record_becomes_what_the_contract_says(self):
        original = {"title": "Norland threatens to close the strait", "source": "norland.example",
                    "body": " ".join(articles.stream(1, seed=7, broken=0)[0][0]["value"].split()[5:])}
        copy = {**original, "title": "Strait may be closed, says Norland", "source": "estavia.example"}
        daemon = self.run_daemon()
        produce(self.broker, self.topics.raw, [
            {"value": original, "key": "k1", "timestamp": 1772000000000,
             "headers": {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}},
            {"value": copy, "timestamp": 1772000060000},
            {"value": b"{\"title\": \xff}", "key": "broken", "timestamp": 1772000070000,
             # Null, no text, twice, and what only a dead letter has: another tool may have sent it back.
             "headers": [("x-feed", "seven"), ("x-null", None), ("x-bytes", bytes(range(256))), ("x-twice", "1"), ("x-twice", "2"),
                         ("tocsin.stage", "publish"), ("tocsin.original.size", "7"), ("tocsin.attempt", "2")]},
            {"value": None, "key": "tombstone"},
            {"value": "[" * 40 + "]" * 40}])
        wait_processed(self.broker, self.topics)
        self.assertEqual(check_outputs(self.broker, self.topics, null_values=1),
                         {ENRICHED: 1, DUPLICATE: 1, DEADLETTER: 2})
        check_audit(daemon)
        enriched, = consume(self.broker, self.topics.enriched)
        record = json.loads(enriched.value())
        self.assertEqual(record["schema"], "tocsin.enriched/1")
        self.assertEqual(record["published_at"], "2026-02-25T06:13:20Z")
        self.assertEqual(record["published_at_source"], "kafka")
        self.assertEqual(enriched.key().decode(), record["story"]["id"])
        headers = dict(enriched.headers())
        self.assertEqual(headers["traceparent"], b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        self.assertEqual(headers["content-type"], b"application/json")
        duplicate, = consume(self.broker, self.topics.duplicates)
        self.assertEqual(json.loads(duplicate.value())["duplicate_of"], record["id"])
        self.assertEqual(duplicate.key(), enriched.key())
        letters = {m.key(): m for m in consume(self.broker, self.topics.deadletter)}
        broken = letters[b"broken"]
        self.assertEqual(broken.value(), b"{\"title\": \xff}")
        headers = dict(broken.headers())
        self.assertEqual(headers["x-feed"], b"seven")
        self.assertEqual((headers["x-null"], headers["x-bytes"], headers["tocsin.attempt"]), (None, bytes(range(256)), b"2"))
        self.assertEqual([v for k, v in broken.headers() if k in ("tocsin.stage", "x-twice")], [b"1", b"2", b"decode"])
        self.assertNotIn("tocsin.original.size", headers)
        self.assertEqual(headers["tocsin.error.code"], b"invalid_utf8")
        self.assertEqual(headers["tocsin.original.timestamp"], b"1772000070000")
        self.assertEqual(dict(letters[None].headers())["tocsin.error.code"], b"too_deep")
        metrics = daemon.metrics()
        self.assertEqual(metrics["tocsin_articles_received_total"], 5)
        self.assertEqual(metrics['tocsin_articles_published_total{outcome="deadletter"}'], 2)
        self.assertEqual(daemon.terminate(), 0)

    def test_a_broker_that_creates_topics_by_itself(self):
        """With its own settings, which are none for a ledger: nobody asks for a topic before it is there."""
        self.use_own_broker("auto.create.topics.enable=true", "num.partitions=3")
        self.create_raw(1)
        daemon = self.run_daemon()
        produce(self.broker, self.topics.raw, articles.stream(20, seed=5, copies=0, broken=0)[0])
        wait_processed(self.broker, self.topics)
        self.assertEqual(check_outputs(self.broker, self.topics), {ENRICHED: 20})
        check_audit(daemon)

    def test_a_copy_is_found_in_another_partition_by_another_instance_after_a_restart(self):
        self.create_raw(2)
        records, _ = articles.stream(40, seed=3, copies=0, broken=0)
        first = self.run_daemon()
        produce(self.broker, self.topics.raw, [{**r, "partition": 0} for r in records])
        wait_processed(self.broker, self.topics)
        self.assertEqual(first.terminate(), 0)
        self.run_daemon("two")
        produce(self.broker, self.topics.raw, [{**r, "partition": 1} for r in records])
        wait_processed(self.broker, self.topics)
        self.assertEqual(check_outputs(self.broker, self.topics), {ENRICHED: 40, DUPLICATE: 40})

    @slow
    def test_three_instances_and_one_is_killed(self):
        self.create_raw(4)
        records, bad = articles.stream(6000, seed=5)
        produce(self.broker, self.topics.raw, records[:3000])
        daemons = [self.run_daemon(name, ready=False, **QUICK) for name in ("one", "two", "three")]
        for daemon in daemons:
            daemon.wait_ready()
        assigned = lambda: sorted(d.metrics()["tocsin_partitions_assigned"] for d in daemons)
        wait_until(lambda: assigned() == [1, 1, 2], "each instance to have partitions")
        produce(self.broker, self.topics.raw, records[3000:])
        wait_until(lambda: daemons[1].metrics()["tocsin_articles_received_total"] > 50,
                   "the second instance to be at work")
        daemons[1].kill()
        wait_processed(self.broker, self.topics, 180)
        counts = check_outputs(self.broker, self.topics)
        self.assertEqual(sum(counts.values()), 6000)
        self.assertEqual(counts[DEADLETTER], bad)
        self.assertGreater(counts[DUPLICATE], 1000)
        self.assertEqual(check_audit(daemons[0])["raw_records"], 6000)
        left = [daemons[0], daemons[2]]
        def digests():
            values = [d.metrics() for d in left]
            return [(m["tocsin_dedup_next_offset"], m["tocsin_dedup_digest"]) for m in values]
        wait_until(lambda: len(set(digests())) == 1, "equal dedup states: %s" % digests())
        for daemon in left:
            self.assertEqual(daemon.terminate(), 0)

    @slow
    def test_a_crash_at_every_step_loses_and_doubles_nothing(self):
        self.create_raw(2)
        records, _ = articles.stream(300, seed=9)
        produce(self.broker, self.topics.raw, records)
        for step in ("before_sight", "after_sight", "before_begin", "before_send_offsets", "before_commit",
                     "after_commit"):
            daemon = self.run_daemon(ready=False, env={"TOCSIN_FAIL_AT": step}, session_timeout_ms=2000,
                                     extra="limits: {batch_records_max: 40, transaction_timeout: 10s}\n")
            self.assertEqual(daemon.wait_exit(), 137, step)
        daemon = self.run_daemon(extra="limits: {batch_records_max: 40}\n")
        wait_processed(self.broker, self.topics)
        self.assertEqual(sum(check_outputs(self.broker, self.topics).values()), 300)
        check_audit(daemon)

    def test_at_least_once_publishes_everything(self):
        self.create_raw(2)
        records, _ = articles.stream(300, seed=11)
        produce(self.broker, self.topics.raw, records)
        daemon = self.run_daemon(ready=False, env={"TOCSIN_FAIL_AT": "before_commit"},
                                 extra="delivery: at_least_once\n")
        self.assertEqual(daemon.wait_exit(), 137)
        daemon = self.run_daemon(extra="delivery: at_least_once\n")
        wait_processed(self.broker, self.topics)
        found = outcomes(self.broker, self.topics)
        self.assertEqual(len(found), 300)
        for position, entries in found.items():
            self.assertEqual(len({kind for kind, _ in entries}), 1, "two verdicts on %s" % (position,))
        self.assertGreater(check_audit(daemon)["repeated"], 0)

    @slow
    def test_the_broker_dies_and_comes_back(self):
        broker = self.use_own_broker()
        self.create_raw(2)
        daemon = self.run_daemon()
        records, _ = articles.stream(400, seed=13)
        produce(broker, self.topics.raw, records[:200])
        broker.kill()
        wait_until(lambda: daemon.get("/livez")[0] == 200, "still alive")
        broker.start()
        produce(broker, self.topics.raw, records[200:])
        wait_processed(broker, self.topics, 120)
        self.assertEqual(sum(check_outputs(broker, self.topics).values()), 400)
        self.assertEqual(daemon.terminate(), 0)

    @slow
    def test_a_frozen_instance_wakes_up_as_a_zombie_and_does_no_harm(self):
        self.create_raw(2)
        records, _ = articles.stream(1200, seed=17)
        produce(self.broker, self.topics.raw, records[:600])
        zombie = self.run_daemon("zombie", session_timeout_ms=3000,
                                 extra="limits: {batch_records_max: 20, transaction_timeout: 10s}\n")
        wait_until(lambda: zombie.metrics().get("tocsin_articles_received_total", 0) > 20, "work")
        zombie.process.send_signal(signal.SIGSTOP)
        self.run_daemon("heir")
        produce(self.broker, self.topics.raw, records[600:])
        wait_processed(self.broker, self.topics, 120)
        zombie.process.send_signal(signal.SIGCONT)
        zombie.wait_ready()
        self.assertEqual(sum(check_outputs(self.broker, self.topics).values()), 1200)
        check_audit(zombie)

    def test_a_twin_with_the_same_name_is_refused(self):
        self.create_raw(2)
        daemons = [self.run_daemon("same", ready=False) for _ in range(2)]
        def feed():
            produce(self.broker, self.topics.raw, articles.stream(20, seed=int(time.time() * 1000))[0])
            return any(d.process.poll() is not None for d in daemons)
        wait_until(feed, "one of the twins to leave", 90)
        self.assertIn(3, [d.process.poll() for d in daemons])

    def test_a_ledger_that_is_not_ours_is_refused(self):
        self.broker.create(self.topics.ledger, 1)  # CreateTime, 7 days: not a ledger
        daemon = self.run_daemon(ready=False)
        self.assertEqual(daemon.wait_exit(), 3)
        self.assertIn("message.timestamp.type", daemon.tail())

    def test_a_lost_ledger_is_refused(self):
        daemon = self.run_daemon()
        produce(self.broker, self.topics.raw, articles.stream(5, seed=2)[0])
        wait_processed(self.broker, self.topics)
        self.assertEqual(daemon.terminate(), 0)
        self.broker.delete(self.topics.ledger)
        daemon = self.run_daemon(ready=False)
        self.assertEqual(daemon.wait_exit(), 3)
        self.assertIn("is missing although", daemon.tail())

    def test_another_revision_is_refused_or_adopted(self):
        first = self.run_daemon(extra="dedupe: {revision: 2, window: 48h}\n")
        self.assertEqual(first.terminate(), 0)
        other = self.run_daemon(ready=False, extra="dedupe: {revision: 2, window: 24h}\n")
        self.assertEqual(other.wait_exit(), 3)
        older = self.run_daemon(extra="dedupe: {revision: 1, window: 24h}\n")
        self.assertIn("adopting", older.tail())

    def test_two_first_instances_that_disagree_do_not_both_run(self):
        daemons = [self.run_daemon(name, ready=False, extra="dedupe: {window: %s}\n" % window)
                   for name, window in (("one", "24h"), ("two", "48h"))]
        wait_until(lambda: any(d.process.poll() is not None for d in daemons), "one of the two to leave")
        self.assertEqual([d.process.poll() for d in daemons if d.process.poll() is not None], [3])

    @slow
    def test_a_dead_letter_that_was_sighted_as_news_has_no_copies(self):
        self.create_raw(1)
        article = json.loads(articles.stream(1, seed=23, copies=0, broken=0)[0][0]["value"])
        produce(self.broker, self.topics.raw, [{"value": {**article, "padding": "x" * 20000}}])
        first = self.run_daemon(ready=False, env={"TOCSIN_FAIL_AT": "after_sight"}, **QUICK)
        self.assertEqual(first.wait_exit(), 137)
        self.run_daemon("two", extra="limits: {article_bytes_max: 16KiB}\n")
        wait_processed(self.broker, self.topics)
        produce(self.broker, self.topics.raw, [{"value": article}])
        wait_processed(self.broker, self.topics)
        self.assertEqual(check_outputs(self.broker, self.topics), {ENRICHED: 1, DEADLETTER: 1})

    def test_a_reload_swaps_or_keeps(self):
        daemon = self.run_daemon()
        daemon.process.send_signal(signal.SIGHUP)
        wait_until(lambda: daemon.metrics()['tocsin_config_reloads_total{result="applied"}'] == 1, "reload")
        good = daemon.config.read_text()
        daemon.config.write_text(good + "nonsense: true\n")
        daemon.process.send_signal(signal.SIGHUP)
        wait_until(lambda: daemon.metrics()['tocsin_config_reloads_total{result="refused"}'] == 1, "refusal")
        self.assertEqual(daemon.get("/readyz")[0], 200)

    def test_the_second_signal_stops_at_once(self):
        broker = self.use_own_broker()
        daemon = self.run_daemon()
        os.kill(broker.pid(), signal.SIGSTOP)  # what is in flight cannot be published: it would drain for long
        self.addCleanup(os.kill, broker.pid(), signal.SIGCONT)
        daemon.process.send_signal(signal.SIGTERM)
        wait_until(lambda: daemon.get("/readyz")[1].strip() == "draining", "draining")
        daemon.process.send_signal(signal.SIGINT)
        self.assertEqual(daemon.wait_exit(5), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
