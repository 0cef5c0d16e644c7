"""The alert engine against a real broker: ticks, what a dedup state that differs from the others does, and alerts exactly
once, the same from one instance, from three, and from `tocsin backtest`."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import articles
from harness import (TOCSIN, ServiceTestCase, check_outputs, check_schemas, committed, consume, high_watermarks,
                     produce, slow, tocsin, wait_processed, wait_until)

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "alerts"))
import crisis  # noqa: E402

TICKS = "alerts: {tick_interval: 300ms}\n"
DIVERGENCES = "tocsin_dedup_divergences_total"


class TicksTest(ServiceTestCase):
    """What the dedup states of several instances are compared by."""

    def setUp(self):
        super().setUp()
        self.broker.create(self.topics.raw, 4)

    def run_daemon(self, instance, **arguments):
        return super().run_daemon(instance, extra=TICKS, **arguments)

    def divergences(self):
        return [d.metrics().get(DIVERGENCES) for d in self.daemons]

    def feed(self, count, seed):
        produce(self.broker, self.topics.raw, articles.stream(count, seed=seed)[0])

    def wait_equal_states(self):
        def digests():
            values = [d.metrics() for d in self.daemons]
            return len({(m["tocsin_dedup_next_offset"], m["tocsin_dedup_digest"]) for m in values}) == 1
        wait_until(digests, "equal dedup states")

    def owner_and_other(self, sick, failpoint):
        """Two daemons, the alert engine with the first in the order of names. The sick one will not apply its 100th
        sighting."""
        def env(instance):
            return {"TOCSIN_FAIL_AT": failpoint + ":100"} if instance == sick else None
        owner = self.run_daemon("a-owner", env=env("a-owner"))
        self.feed(60, seed=3)
        wait_processed(self.broker, self.topics)
        other = self.run_daemon("b-other", env=env("b-other"))
        wait_until(lambda: other.metrics()['tocsin_ticks_total{result="equal"}'] > 1, "equal ticks")
        self.assertEqual([d.metrics()["tocsin_alerts_owner"] for d in self.daemons], [1, 0])
        self.assertEqual(self.divergences(), [0, 0])
        return owner, other

    def test_a_dedup_state_that_missed_a_record_is_found_and_healed(self):
        owner, other = self.owner_and_other("b-other", "skip_sighting")
        self.feed(200, seed=4)
        wait_until(lambda: self.divergences() == [0, 1], "the divergence", 30)
        other.wait_ready()
        self.feed(100, seed=5)
        wait_processed(self.broker, self.topics)
        self.wait_equal_states()
        self.assertEqual(self.divergences(), [0, 1])
        self.assertEqual(sum(check_outputs(self.broker, self.topics, chains=False).values()), 360)
        self.assertEqual([d.terminate() for d in (owner, other)], [0, 0])

    def test_the_alerts_owner_hears_that_it_is_the_one_that_differs(self):
        owner, other = self.owner_and_other("a-owner", "skip_sighting")
        self.feed(200, seed=4)
        wait_until(lambda: self.divergences() == [1, 1], "both to rebuild", 30)
        self.feed(100, seed=5)
        wait_processed(self.broker, self.topics)
        self.wait_equal_states()
        self.assertEqual(self.divergences(), [1, 1])
        self.assertEqual([d.terminate() for d in (owner, other)], [0, 0])

    def test_a_dedup_state_that_rebuilding_does_not_heal_ends_its_instance(self):
        owner, other = self.owner_and_other("b-other", "skip_sighting_always")
        self.feed(200, seed=4)
        self.assertEqual(other.wait_exit(60), 3)
        self.assertIn("second time", other.tail())
        owner.wait_ready()
        self.feed(100, seed=5)
        wait_processed(self.broker, self.topics)
        self.assertEqual(sum(check_outputs(self.broker, self.topics, chains=False).values()), 360)

    def test_the_alert_engine_moves_to_another_instance(self):
        owner = self.run_daemon("a-owner")
        other = self.run_daemon("b-other")
        wait_until(lambda: owner.metrics()["tocsin_alerts_owner"] == 1, "an owner of the alert engine")
        owner.kill()
        wait_until(lambda: other.metrics()["tocsin_alerts_owner"] == 1, "an heir", 30)
        ticks = other.metrics()['tocsin_ticks_total{result="equal"}']
        wait_until(lambda: other.metrics()['tocsin_ticks_total{result="equal"}'] > ticks, "its ticks", 10)


    def test_ticks_repeat_the_epoch_of_a_ledger_that_nothing_else_is_written_to(self):
        daemon = super().run_daemon("one", extra=TICKS + "dedupe: {revision: 1, window: 1m}\n")

        def epochs():
            code, out, _ = tocsin("ledger", "show", "--format", "json", "--config", daemon.config)
            self.assertEqual(code, 0)
            return [r for r in map(json.loads, out.splitlines()) if r["type"] in ("header", "epoch")]
        found = wait_until(lambda: epochs() if len(epochs()) == 4 else None, "header and epoch once more", 20)
        self.assertEqual([r["type"] for r in found], ["header", "epoch"] * 2)
        for first, again in zip(found[:2], found[2:]):
            self.assertEqual({**first, "offset": 0, "append_time": 0}, {**again, "offset": 0, "append_time": 0})


class MissingTopicsTest(ServiceTestCase):
    """What an operator deletes under a running alert engine."""

    @slow
    def test_topics_of_alerts_and_pairs_are_missed(self):
        self.create_raw(1)
        daemon = self.run_daemon(extra="alerts: {tick_interval: 500ms}\nlimits: {publish_stall: 2s}\n")
        wait_until(lambda: daemon.metrics()["tocsin_alerts_owner"] == 1, "the alert engine")
        for seed, topic in enumerate((self.topics.alerts, self.topics.pairs)):
            self.broker.delete(topic)
            wait_until(lambda: "topic %s is missing" % topic in daemon.get("/readyz")[1], "that it is missed", 90)
            self.assertEqual([daemon.get(path)[0] for path in ("/readyz", "/livez")], [503, 200])
            produce(self.broker, self.topics.raw, articles.stream(20, seed=seed)[0])
            wait_processed(self.broker, self.topics)  # news go on
            self.broker.create(topic, 1)
            daemon.wait_ready(90)
        end = high_watermarks(self.broker, self.topics.ledger)[0]
        wait_until(lambda: committed(self.broker, self.topics.prefix + ".alerts", self.topics.ledger)[0] >= end,
                   "the alert engine to go on")


def told(alerts):
    """Alerts without what depends on how many other records the ledger holds: offsets, and the ids that hash them."""
    ids = {}
    for alert in alerts:
        alert["alert_id"] = ids.setdefault(alert["alert_id"], len(ids))
        del alert["ledger_offset"]
    return [json.dumps(alert, ensure_ascii=False) for alert in alerts]


class AlertsTest(ServiceTestCase):
    """The scripted crisis through the service and through `tocsin backtest`."""

    def setUp(self):
        super().setUp()
        self.broker.create(self.topics.raw, 1)
        self.broker.create(self.topics.alerts, 1)
        self.articles = crisis.make()

    def run_daemon(self, instance, **arguments):
        # No tick comes while it runs: it would take an offset of the ledger.
        return super().run_daemon(instance, extra="alerts: {tick_interval: 10m}\n", **arguments)

    def backtest(self):
        """What `backtest` prints of the same articles in a file by the name of the topic."""
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, self.topics.raw)
            path.write_text("".join(json.dumps(a, ensure_ascii=False) + "\n" for _, _, a in self.articles))
            run = subprocess.run([TOCSIN, "backtest", "--format", "json", path.name], check=True, cwd=folder,
                                 stdout=subprocess.PIPE)
        return run.stdout.decode().splitlines()

    def feed(self):
        produce(self.broker, self.topics.raw, [{"value": a, "timestamp": ms} for ms, _, a in self.articles])

    def alerts(self):
        """What is published once the alert engine is at the ledger's end."""
        def at_end():
            end = high_watermarks(self.broker, self.topics.ledger)[0]
            return committed(self.broker, self.topics.prefix + ".alerts", self.topics.ledger)[0] >= end
        wait_processed(self.broker, self.topics)
        wait_until(at_end, "the alert engine to commit the ledger's end")
        return [m.value().decode() for m in consume(self.broker, self.topics.alerts)]

    def test_one_instance_publishes_what_backtest_prints_byte_for_byte(self):
        daemon = self.run_daemon("one")
        self.feed()
        expected = self.backtest()
        self.assertEqual(self.alerts(), expected)
        pairs = {m.key().decode(): m.value() for m in consume(self.broker, self.topics.pairs)}
        pair = json.loads(pairs["Q298|Q750"])
        self.assertEqual(pair["schema"], "tocsin.pair/1")
        self.assertEqual(pair["codes"], ["CHL", "BOL"])
        self.assertEqual(daemon.metrics()['tocsin_alerts_total{state="opened"}'],
                         sum(json.loads(line)["state"] == "opened" for line in expected))

    @slow
    def test_an_alert_that_its_topic_does_not_take_goes_out_without_evidence(self):
        limit = 850  # of a request with one record: some alerts fit whole, all of them without evidence
        self.broker.alter(self.topics.alerts, max_message_bytes=limit)
        daemon = self.run_daemon("one")
        self.feed()
        expected = [json.loads(line) for line in self.backtest()]
        found = [json.loads(line) for line in self.alerts()]
        self.assertEqual([(a["alert_id"], a["revision"]) for a in found],
                         [(a["alert_id"], a["revision"]) for a in expected])
        cut = [a for a in found if not a["evidence"]]
        self.assertTrue(0 < len(cut) < len(found), "%d of %d cut" % (len(cut), len(found)))
        for alert, whole in zip(found, expected):
            self.assertIn(alert, (whole, {**whole, "evidence": [], "stories": []}))
        check_schemas(self.broker, self.topics)
        wait_until(lambda: daemon.get("/readyz")[0] == 200, "readiness")
        self.assertEqual(daemon.metrics()["tocsin_alerts_left_out_total"], 0)

    @slow
    def test_three_instances_two_owners_die_before_and_after_a_commit(self):
        """Each owner dies as by SIGKILL at a commit that holds alerts; the next takes over in the middle of it all."""
        steps = {"a": "alerts_before_commit:1", "b": "alerts_after_commit:1"}
        first, second, _ = [self.run_daemon(name, env={"TOCSIN_FAIL_AT": steps.get(name, "")}) for name in "abc"]
        self.feed()
        self.assertEqual([daemon.wait_exit(60) for daemon in (first, second)], [137, 137])
        found = self.alerts()
        self.assertEqual(len(found), len(set(found)), "an alert came twice")
        self.assertEqual(told([json.loads(f) for f in found]), told([json.loads(e) for e in self.backtest()]))


if __name__ == "__main__":
    unittest.main(verbosity=2)
