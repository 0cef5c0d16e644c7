"""Raw topic and ledger that are deleted, truncated, foreign or set up wrongly; revisions in a rolling change."""

import subprocess
import time
import unittest

import articles
from confluent_kafka.admin import ConfigResource
from chaos import ChaosTest, delete_records, long_only
from harness import (DUPLICATE, ENRICHED, TOCSIN, Topics, check_audit, committed, high_watermarks, outcomes, produce,
                     wait_processed, wait_until)


class StateTest(ChaosTest):
    def produce(self, records):
        produce(self.broker, self.topics.raw, records)

    def alter(self, topic, **settings):
        resource = ConfigResource("topic", topic)
        for key, value in settings.items():
            resource.set_config(key.replace("_", "."), value)
        for future in self.broker.admin.alter_configs([resource]).values():
            future.result(30)

    def run_some(self, count=120, **arguments):
        """A group that has done some work, its daemon running."""
        self.create_raw(2)
        daemon = self.run_daemon("one", **arguments)
        self.feed(count, 0.5).finish()
        wait_processed(self.broker, self.topics)
        return daemon

    # ---- the raw topic

    def test_raw_topic_created_again_while_stopped(self):
        daemon = self.run_some(120)
        self.assertEqual(daemon.terminate(), 0)
        before = sum(len(entries) for entries in outcomes(self.broker, self.topics).values())
        self.broker.delete(self.topics.raw)
        wait_until(lambda: self.topics.raw not in self.broker.admin.list_topics(timeout=10).topics, "the deletion")
        self.create_raw(2)
        records, _ = articles.stream(200, seed=self.random.randrange(1 << 30))
        self.produce(records)
        # The brokers forget the offsets of a deleted topic: refused as lost ones, and a person decides.
        refused = self.run_daemon("one", ready=False)
        self.assertEqual(refused.wait_exit(60), 3, refused.tail())
        subprocess.run([TOCSIN, "ledger", "resume", "--from", "earliest", "--config", refused.config],
                       check=True, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
        self.healed()
        self.run_daemon("one")
        wait_processed(self.broker, self.topics)
        after = sum(len(entries) for entries in outcomes(self.broker, self.topics).values())
        self.assertEqual(after - before, 200)
        self.check("raw topic deleted and created again, stopped", exactly_once=False)

    def crash_with_sightings(self):
        """Two partitions; the records of 0 are sighted, not published, and vanish; copies are in 1."""
        self.create_raw(2)
        originals, _ = articles.stream(40, seed=self.random.randrange(1 << 30), copies=0, broken=0)
        self.produce([{**record, "partition": 0} for record in originals[:10]])
        first = self.run_daemon("one")
        wait_processed(self.broker, self.topics)
        self.assertEqual(first.terminate(), 0)  # the group exists
        self.produce([{**record, "partition": 0} for record in originals[10:]])
        crashed = self.run_daemon("one", ready=False, env={"TOCSIN_FAIL_AT": "before_begin"})
        self.assertEqual(crashed.wait_exit(40), 137)
        end = high_watermarks(self.broker, self.topics.raw)[0]
        delete_records(self.broker, self.topics.raw, 0, end)
        return originals, end

    def test_raw_records_gone_before_they_were_processed(self):
        originals, end = self.crash_with_sightings()
        self.healed()
        daemon = self.run_daemon("one")
        wait_until(lambda: daemon.metrics()["tocsin_offset_gaps_total"] >= 1, "the gap to be seen")
        self.produce([{**record, "partition": 1} for record in originals])
        wait_until(lambda: committed(self.broker, self.topics.prefix, self.topics.raw).get(1, 0) >= 40, "the copies")
        found = outcomes(self.broker, self.topics)
        kinds = [found[1, offset][0][0] for offset in range(40)]
        published = [offset for offset in range(end) if (0, offset) in found]
        lost = end - len(published)
        self.assertGreater(lost, 0)
        # A copy of what was published is a duplicate, a copy of what vanished is news.
        self.assertEqual(kinds.count(DUPLICATE), len(published))
        self.assertEqual(kinds.count(ENRICHED), lost)
        self.assertGreater(daemon.metrics()["tocsin_retracts_total"], 0)
        self.assertEqual(check_audit(daemon)["not_verifiable"]["raw_gone"], len(published))
        self.row("raw records gone (%d), input.on_gap: continue" % lost, "as decided", time.monotonic() - self.healed_at)

    @long_only
    def test_raw_records_gone_and_on_gap_is_stop(self):
        self.crash_with_sightings()
        daemon = self.run_daemon("one", ready=False, extra="input: {on_gap: stop}\n")
        self.assertEqual(daemon.wait_exit(40), 1)
        self.assertIn("on_gap is stop", daemon.tail())
        self.row("raw records gone, input.on_gap: stop", "exit 1")

    # ---- the ledger

    def expect_refusal(self, fault, text, daemon=None, seconds=60):
        daemon = daemon or self.run_daemon("one", ready=False)
        started = time.monotonic()
        self.assertEqual(daemon.wait_exit(seconds), 3, daemon.tail())
        self.assertIn(text, daemon.tail())
        self.row(fault, "exit 3", time.monotonic() - started)

    def test_ledger_truncated_while_stopped(self):
        self.assertEqual(self.run_some().terminate(), 0)
        end = high_watermarks(self.broker, self.topics.ledger)[0]
        delete_records(self.broker, self.topics.ledger, 0, end // 2)
        self.expect_refusal("ledger truncated, half of it", "lost or truncated")
        delete_records(self.broker, self.topics.ledger, 0, end)
        self.expect_refusal("ledger truncated, all of it", "lost or truncated")

    def test_ledger_of_another_group(self):
        self.assertEqual(self.run_some().terminate(), 0)
        mine, self.topics = self.topics, Topics()
        self.topics.ledger = mine.ledger
        self.expect_refusal("ledger of another group", "it belongs to group")

    @long_only
    def test_ledger_compacted_by_mistake(self):
        daemon = self.run_some()
        self.alter(self.topics.ledger, cleanup_policy="compact", message_timestamp_type="LogAppendTime",
                   retention_bytes="-1", retention_ms=str(11 * 24 * 3600 * 1000))
        self.produce(articles.stream(10, seed=5)[0])
        self.expect_refusal("ledger compacted by mistake, running", "cleanup.policy", daemon, 40)
        self.expect_refusal("ledger compacted by mistake, starting", "cleanup.policy")

    @long_only
    def test_ledger_deleted_while_running(self):
        daemon = self.run_some()
        self.broker.delete(self.topics.ledger)
        self.produce(articles.stream(10, seed=5)[0])
        self.expect_refusal("ledger deleted, running", "takes no sightings any more", daemon)
        self.expect_refusal("ledger deleted, starting", "is missing although")

    @long_only
    def test_ledger_deleted_and_created_again_while_running(self):
        daemon = self.run_some()
        self.broker.delete(self.topics.ledger)
        wait_until(lambda: self.topics.ledger not in self.broker.admin.list_topics(timeout=10).topics, "the deletion")
        self.broker.create(self.topics.ledger, 1, message_timestamp_type="LogAppendTime",
                           retention_ms=11 * 24 * 3600 * 1000)
        self.produce(articles.stream(10, seed=5)[0])
        self.expect_refusal("ledger deleted and created again, running", "created again", daemon)
        self.expect_refusal("ledger deleted and created again, starting", "ledger")

    # ---- revisions

    @long_only
    def test_another_revision_in_a_rolling_change(self):
        self.create_raw(4)
        old = "dedupe: {revision: 1, window: 48h}\nlimits: {batch_records_max: 40}\n"
        new = "dedupe: {revision: 2, window: 48h, jaccard_percent_min: 60}\nlimits: {batch_records_max: 40}\n"
        for name in ("one", "two"):
            self.run_daemon(name, extra=old)
        feed = self.feed(1500, 10)
        for daemon in list(self.daemons):
            time.sleep(2)
            self.assertEqual(daemon.terminate(), 0)
            self.restart(daemon, extra=new).wait_ready()
        feed.finish()
        self.healed()
        self.check("another dedupe revision, rolling change of 2 instances")


if __name__ == "__main__":
    unittest.main(verbosity=2)
