"""`tocsin audit` and `tocsin ledger`: clean after honest work, and each planted fault found at its place."""

import json
import pathlib
import shutil
import tempfile
import unittest

import articles
from harness import (Broker, Daemon, DEADLETTER, DUPLICATE, ENRICHED, Topics, audit, check_audit, check_outputs,
                     config_text, consume, outcomes, produce, tocsin, wait_processed)

KINDS = ("lost", "doubled", "differing", "unexplained", "broken_chains")


class Plant:
    """The outputs of a finished run once more, in topics of their own, with what a test does to them."""

    def __init__(self, broker, topics):
        self.broker, self.source = broker, topics
        self.records = {}
        for kind in (ENRICHED, DUPLICATE, DEADLETTER):
            self.records[kind] = [{"key": m.key(), "value": m.value(), "headers": m.headers() or []}
                                  for m in consume(broker, getattr(topics, kind))]

    def first(self, kind):
        return self.records[kind][0]

    def publish(self):
        topics = Topics()
        topics.raw, topics.ledger = self.source.raw, self.source.ledger
        for kind, records in self.records.items():
            self.broker.create(getattr(topics, kind), 2)
            produce(self.broker, getattr(topics, kind), records)
        topics.prefix = self.source.prefix  # the group
        return topics


def change(record, **fields):
    """The record with other values of some fields, bytes otherwise as tocsin writes them."""
    value = {**json.loads(record["value"]), **fields}
    return {**record, "value": json.dumps(value, ensure_ascii=False, separators=(",", ":"))}


def position_of(record):
    position = json.loads(record["value"])["position"]
    return "%s-%d-%d" % (position["topic"], position["partition"], position["offset"])


class AuditTest(unittest.TestCase):
    together = True  # they look at the records of one run

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-audit-"))
        cls.broker = Broker.shared()
        cls.topics = Topics()
        cls.broker.create(cls.topics.raw, 3)
        records, cls.bad = articles.stream(400, seed=23)
        records.insert(7, {"value": None})
        produce(cls.broker, cls.topics.raw, records)
        crashed = Daemon(cls.broker, cls.topics, env={"TOCSIN_FAIL_AT": "before_begin"},
                         extra="limits: {batch_records_max: 60}\n")
        assert crashed.wait_exit() == 137, crashed.tail()
        crashed.close()
        cls.daemon = Daemon(cls.broker, cls.topics).wait_ready()
        wait_processed(cls.broker, cls.topics)
        cls.running = audit(cls.daemon)  # while it runs
        assert cls.daemon.terminate() == 0

    @classmethod
    def tearDownClass(cls):
        cls.daemon.close()
        cls.broker.close()
        shutil.rmtree(cls.folder)

    def config(self, topics=None, extra=""):
        path = self.folder / ("%s.yaml" % self.id())
        path.write_text(config_text(self.broker, topics or self.topics, extra=extra))
        return path

    def expect(self, report, **counts):
        self.assertEqual({kind: report[kind]["count"] for kind in KINDS},
                         {kind: counts.get(kind, 0) for kind in KINDS}, json.dumps(report, indent=1))

    def listed(self, report, kind):
        return [finding["position"] for finding in report[kind]["listed"]]

    def test_an_honest_run_is_clean(self):
        counts = check_outputs(self.broker, self.topics, null_values=1)
        for report in (self.running, check_audit(self.daemon)):
            self.expect(report)
            self.assertEqual([report["raw_records"], report["null_values"], report["pending"]], [401, 1, 0])
            self.assertEqual([report["enriched"], report["duplicates"], report["deadletters"]],
                             [counts[ENRICHED], counts[DUPLICATE], self.bad])
            self.assertEqual([report["verdict_only"], report["repeated"]], [0, 0])
            self.assertEqual(report["not_verifiable"], {"raw_gone": 0, "before_ledger": 0, "expired": 0})
        code, out, _ = tocsin("audit", "--config", self.daemon.config)
        self.assertEqual(code, 0)
        self.assertTrue(out.endswith("clean\n"), out)

    def test_a_copy_of_the_outputs_is_clean(self):
        check_audit(self.config(Plant(self.broker, self.topics).publish()))

    def test_lost(self):
        plant = Plant(self.broker, self.topics)
        copied = {json.loads(r["value"])["duplicate_of"] for r in plant.records[DUPLICATE]}
        index = next(i for i, r in enumerate(plant.records[ENRICHED]) if json.loads(r["value"])["id"] not in copied)
        gone = plant.records[ENRICHED].pop(index)
        letter = dict(plant.records[DEADLETTER].pop(0)["headers"])
        report = audit(self.config(plant.publish()))
        self.expect(report, lost=2)
        self.assertEqual(set(self.listed(report, "lost")), {
            position_of(gone), "%s-%s-%s" % tuple(letter["tocsin.original." + part].decode()
                                                  for part in ("topic", "partition", "offset"))})

    def test_doubled(self):
        plant = Plant(self.broker, self.topics)
        again = plant.first(ENRICHED)
        plant.records[ENRICHED].append(again)
        topics = plant.publish()
        report = audit(self.config(topics))
        self.expect(report, doubled=1)
        finding, = report["doubled"]["listed"]
        self.assertEqual(finding["position"], position_of(again))
        self.assertEqual(len(finding["outputs"]), 2)
        report = check_audit(self.config(topics, "delivery: at_least_once\n"))
        self.assertEqual(report["repeated"], 1)

    def test_a_second_outcome_of_another_kind_is_never_a_repetition(self):
        plant = Plant(self.broker, self.topics)
        forged = change(plant.first(DUPLICATE), schema="tocsin.enriched/1")
        plant.records[ENRICHED].append(forged)
        report = audit(self.config(plant.publish(), "delivery: at_least_once\n"))
        self.expect(report, doubled=1, differing=1)
        self.assertEqual(self.listed(report, "differing"), [position_of(forged)])

    def test_differing(self):
        plant = Plant(self.broker, self.topics)
        changes = {0: ("value", lambda r: change(r, title="Nothing happened")),
                   1: ("key", lambda r: {**r, "key": b"0123456789abcdef"}),
                   2: ("verdict", lambda r: change(r, story={**json.loads(r["value"])["story"], "size": 77}))}
        expected = {}
        for index, (word, make) in changes.items():
            expected[position_of(plant.records[ENRICHED][index])] = "%s of the enriched" % word
            plant.records[ENRICHED][index] = make(plant.records[ENRICHED][index])
        expected[position_of(plant.first(DUPLICATE))] = "verdict of the duplicate"
        plant.records[DUPLICATE][0] = change(plant.first(DUPLICATE), similarity=0.01)
        letter = plant.first(DEADLETTER)
        headers = dict(letter["headers"])
        expected["%s-%s-%s" % tuple(headers["tocsin.original." + part].decode()
                                    for part in ("topic", "partition", "offset"))] = "value of the dead letter"
        plant.records[DEADLETTER][0] = {**letter, "value": b"tampered"}
        report = audit(self.config(plant.publish()))
        self.expect(report, differing=len(expected))
        self.assertEqual({f["position"]: f["what"] for f in report["differing"]["listed"]}, expected)

    def test_unexplained(self):
        plant = Plant(self.broker, self.topics)
        nowhere = {"topic": self.topics.raw, "partition": 0, "offset": 999999}
        plant.records[ENRICHED].append(change(plant.first(ENRICHED), position=nowhere))
        plant.records[ENRICHED].append(change(plant.first(ENRICHED), position={**nowhere, "topic": "other"}))
        plant.records[ENRICHED].append({"key": None, "value": b"{}", "headers": []})
        null, = [m for m in consume(self.broker, self.topics.raw) if m.value() is None]
        of_null = {"topic": self.topics.raw, "partition": null.partition(), "offset": null.offset()}
        plant.records[ENRICHED].append(change(plant.first(ENRICHED), position=of_null))
        report = audit(self.config(plant.publish()))
        self.expect(report, unexplained=4)
        self.assertEqual(set(self.listed(report, "unexplained")), {
            "unknown", "%s-0-999999" % self.topics.raw, "other-0-999999",
            "%s-%d-%d" % (self.topics.raw, null.partition(), null.offset())})

    def test_broken_chains(self):
        plant = Plant(self.broker, self.topics)
        copies = [r for r in plant.records[DUPLICATE]]
        original = json.loads(copies[0]["value"])["duplicate_of"]
        plant.records[ENRICHED] = [r for r in plant.records[ENRICHED] if json.loads(r["value"])["id"] != original]
        led_there = {position_of(r) for r in copies if json.loads(r["value"])["duplicate_of"] == original}
        report = audit(self.config(plant.publish()))
        self.expect(report, lost=1, broken_chains=len(led_there))
        self.assertEqual(set(self.listed(report, "broken_chains")), led_there)

    def test_another_configuration_is_compared_by_verdict(self):
        report = check_audit(self.config(extra="output: {include_body: true}\n"))
        self.assertEqual(report["verdict_only"], report["enriched"])
        plant = Plant(self.broker, self.topics)
        victim = plant.first(ENRICHED)
        plant.records[ENRICHED][0] = change(victim, story={**json.loads(victim["value"])["story"], "size": 77})
        report = audit(self.config(plant.publish(), "output: {include_body: true}\n"))
        self.expect(report, differing=1)
        self.assertEqual(self.listed(report, "differing"), [position_of(victim)])

    def test_listings_are_limited_counts_are_not(self):
        plant = Plant(self.broker, self.topics)
        plant.records[ENRICHED] += plant.records[ENRICHED][:5]
        code, out, _ = tocsin("audit", "--limit", "2", "--config", self.config(plant.publish()))
        self.assertEqual(code, 1)
        self.assertIn("  and 3 more\n", out)
        self.assertTrue(out.endswith("not clean\n"), out)

    def test_wrong_use(self):
        other = Topics()
        other.ledger = self.topics.ledger
        for topics, code, word in ((other, 2, "does not exist"), (Topics(), 3, "is missing")):
            ended, out, err = tocsin("audit", "--config", self.config(topics))
            self.assertEqual([ended, out], [code, ""], err)
            self.assertIn(word, err)

    def test_ledger_show_and_verify(self):
        code, out, _ = tocsin("ledger", "show", "--format", "json", "--config", self.daemon.config)
        self.assertEqual(code, 0)
        lines = [json.loads(line) for line in out.splitlines()]
        self.assertEqual([line["type"] for line in lines[:2]], ["header", "epoch"])
        self.assertEqual([line["offset"] for line in lines], list(range(len(lines))))
        published = {}
        for (partition, offset), entries in outcomes(self.broker, self.topics).items():
            published[partition, offset] = entries[0]
        firsts = [line for line in lines if line["type"] == "sighting" and not line["redelivery"]]
        self.assertEqual(len(firsts), 400 - self.bad)
        self.assertGreater(len(lines) - 2, len(firsts), "the crashed run left redeliveries")
        for line in firsts:
            kind, record = published[line["position"]["partition"], line["position"]["offset"]]
            self.assertEqual(line["verdict"]["kind"] == "duplicate", kind == DUPLICATE)
            self.assertEqual(line["verdict"]["story"], record["story"]["id"])
        code, out, _ = tocsin("ledger", "show", "--from", "5", "--limit", "3", "--config", self.daemon.config)
        self.assertEqual([line.split()[0] for line in out.splitlines()], ["5", "6", "7"])
        code, out, err = tocsin("ledger", "verify", "--config", self.daemon.config)
        self.assertEqual(code, 0, out + err)
        self.assertIn("faults       0\n", out)
        self.assertIn(self.running["ledger"]["digest"], out)


class LedgerTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = Broker.shared()
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-ledger-"))

    @classmethod
    def tearDownClass(cls):
        cls.broker.close()
        shutil.rmtree(cls.folder)

    def config(self, topics, extra=""):
        path = self.folder / ("%s.yaml" % self.id())
        path.write_text(config_text(self.broker, topics, extra=extra))
        return path

    def test_init_begins_a_ledger_once(self):
        topics = Topics()
        config = self.config(topics)
        code, out, err = tocsin("ledger", "init", "--config", config)
        self.assertEqual(code, 0, err)
        self.assertIn("created", out)
        self.assertNotIn("committed offsets", out)
        self.assertEqual(tocsin("ledger", "verify", "--config", config)[0], 0)
        self.assertEqual(tocsin("ledger", "init", "--config", config)[0], 3)

    def test_a_service_that_lost_its_ledger_begins_a_new_one(self):
        topics = Topics()
        daemon = Daemon(self.broker, topics).wait_ready()
        self.addCleanup(daemon.close)
        produce(self.broker, topics.raw, articles.stream(20, seed=3)[0])
        wait_processed(self.broker, topics)
        self.assertEqual(daemon.terminate(), 0)
        self.broker.delete(topics.ledger)
        self.assertEqual(tocsin("ledger", "verify", "--config", daemon.config)[0], 3)
        code, out, err = tocsin("ledger", "init", "--config", daemon.config)
        self.assertEqual(code, 0, err)
        self.assertIn("has committed offsets", out)
        heir = Daemon(self.broker, topics).wait_ready()
        self.addCleanup(heir.close)

    def test_verify_finds_what_is_wrong(self):
        topics = Topics()
        config = self.config(topics)
        self.assertEqual(tocsin("ledger", "init", "--config", config)[0], 0)
        produce(self.broker, topics.ledger, [{"value": b"not a record at all"}])
        code, out, _ = tocsin("ledger", "verify", "--config", config)
        self.assertEqual(code, 1)
        self.assertIn("offset 2: bad checksum\n", out)
        other = Topics()
        other.ledger = topics.ledger
        code, _, err = tocsin("ledger", "verify", "--config", self.config(other))
        self.assertEqual(code, 3)
        self.assertIn("belongs to group", err)
        self.broker.create(other.raw, 1)
        plain = Topics()
        self.broker.create(plain.ledger, 1)
        code, _, err = tocsin("ledger", "verify", "--config", self.config(plain))
        self.assertEqual(code, 3)
        self.assertIn("message.timestamp.type", err)


if __name__ == "__main__":
    unittest.main(verbosity=2)
