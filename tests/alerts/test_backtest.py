"""The scripted crisis opens alerts early, few, for the right reasons, and for nothing else."""

import json
import os
import subprocess
import tempfile
import unittest

import crisis

TOCSIN = os.environ["TOCSIN_BINARY"]


def backtest(articles, *arguments):
    lines = "".join(json.dumps(article) + "\n" for _, _, article in articles)
    return subprocess.run([TOCSIN, "backtest", *arguments, "-"], check=True, input=lines.encode(),
                          stdout=subprocess.PIPE).stdout.decode()


def alerts_of(articles):
    return [json.loads(line) for line in backtest(articles, "--format", "json").splitlines()]


class BacktestTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.articles = crisis.make()
        cls.alerts = alerts_of(cls.articles)
        cls.phase = {article["id"]: phase for _, phase, article in cls.articles}

    def test_the_crisis_rings_once_early_and_ends(self):
        escalation = [a for a in self.alerts if a["rule"] == "escalation"]
        self.assertEqual([a["state"] for a in escalation].count("opened"), 1)
        self.assertEqual(escalation[-1]["state"], "closed")
        self.assertEqual([a["revision"] for a in escalation], list(range(1, len(escalation) + 1)))
        self.assertLessEqual(len(escalation), 12)
        self.assertLessEqual(len({a["alert_id"] for a in self.alerts}), 3)
        # With the first threat or the article after it.
        threats = [i for i, (_, phase, _) in enumerate(a for a in self.articles if a[1] in crisis.LINES) if phase == "ultimatum"]
        opened = escalation[0]["evidence"][0]["id"]
        told = [article["id"] for _, phase, article in self.articles if phase in crisis.LINES]
        self.assertLessEqual(told.index(opened), threats[0] + 1)

    def test_it_peaks_at_the_attacks_and_closes_after_the_truce(self):
        top = max(self.alerts, key=lambda a: a["score"])
        self.assertEqual(self.phase[top["evidence"][0]["id"]], "attack")
        # However many tell of threats, only an attack is critical.
        critical = [a for a in self.alerts if a["level"] == "critical"]
        self.assertEqual(self.phase[critical[0]["evidence"][0]["id"]], "attack")
        truce = min(ms for ms, phase, _ in self.articles if phase == "truce")
        closed = [a for a in self.alerts if a["state"] == "closed" and a["rule"] != "rupture"]
        for alert in closed:
            self.assertEqual(alert["closed_reason"], "cooperation")
            self.assertGreater(alert["time"], "2026-03-08T00")  # the truce begins on the seventh day
            self.assertLess(alert["time"], "2026-03-09T00")
        self.assertEqual((truce - crisis.START_MS) // crisis.DAY_MS, 6)
        self.assertTrue(any(a["threat_realised"] for a in self.alerts))

    def test_nothing_else_rings(self):
        calm = ("everyday", "football", "anniversary", "opinion", "truce", "talks")
        for alert in self.alerts:
            for evidence in alert["evidence"]:
                self.assertNotIn(self.phase[evidence["id"]], calm)
        self.assertEqual(alerts_of([a for a in self.articles if a[1] in calm]), [])

    def test_an_article_from_the_future_mutes_nothing(self):
        articles = [(ms, phase, dict(article)) for ms, phase, article in self.articles]
        late = dict(articles[0][2], id="future", published_at="2031-01-01T00:00:00Z",
                    title="A note on tides and lanterns", body="Lanterns were lit along the quay for the tides of spring.")
        articles.insert(500, (articles[500][0], "everyday", late))
        told = [(a["rule"], a["state"], a["level"], a["time"]) for a in alerts_of(articles)]
        self.assertEqual(told, [(a["rule"], a["state"], a["level"], a["time"]) for a in self.alerts])

    def test_the_same_again_byte_for_byte(self):
        first = backtest(self.articles, "--format", "json")
        self.assertEqual(backtest(self.articles, "--format", "json"), first)

    def test_every_sentence_fits_a_phone(self):
        for alert in self.alerts:
            self.assertLessEqual(len(alert["sentence"]), 230)
            self.assertIn("Chile", alert["sentence"])

    def test_the_summary_counts(self):
        text = backtest(self.articles)
        self.assertIn("3300 articles in 10 days", text)
        self.assertRegex(text, r"escalation +1 +\d+ +1")

    def test_rules_of_ones_own_beside_the_shipped_ones(self):
        own = "version: 1\n%srules:\n  - {id: bolivia, when: {actors: [BOL], events: [ASSAULT], outlets: 3}, severity: warning}\n"
        for defaults, expected in (("", {"bolivia"}), ("defaults: true\n", {"bolivia", "escalation", "rupture", "surge"})):
            with tempfile.NamedTemporaryFile("w", suffix=".yaml") as rules:
                rules.write(own % defaults)
                rules.flush()
                lines = backtest(self.articles, "--format", "json", "--rules", rules.name).splitlines()
            alerts = [json.loads(line) for line in lines]
            self.assertEqual({a["rule"] for a in alerts}, expected)
            first = [a for a in alerts if a["rule"] == "bolivia"][0]
            self.assertEqual([first["state"], first["severity"]], ["opened", "warning"])
            self.assertGreaterEqual(first["outlets"], 3)

    def test_a_rule_file_with_faults_is_refused_with_its_place(self):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as rules:
            rules.write("version: 1\nrules:\n  - id: a\n    when: {actors: [NOWHERE], evnts: [ASSAULT]}\n    open: 300\n")
            rules.flush()
            run = subprocess.run([TOCSIN, "backtest", "--rules", rules.name, "/dev/null"], stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(run.returncode, 2)
        error = run.stderr.decode()
        self.assertIn(":4:21: error: neither a region", error)
        self.assertIn(":4:31: error: unknown key 'evnts', did you mean 'events'?", error)
        self.assertIn(":5:11: error: expected a whole number", error)


if __name__ == "__main__":
    unittest.main(verbosity=2)
