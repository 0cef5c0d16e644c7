"""Invented stories that must alert, in time, between the right two, or must not (scenarios.yaml)."""

import datetime
import json
import os
import pathlib
import subprocess
import unittest

import yaml

TOCSIN = os.environ["TOCSIN_BINARY"]
START = datetime.datetime(2026, 3, 2, tzinfo=datetime.timezone.utc)
LEVELS = ["none", "low", "medium", "high", "critical"]
SETTLED_H = 24  # after the last article, when what ends has ended


def stamp(hours):
    return (START + datetime.timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def alerts_of(articles):
    lines = [{"id": str(i), "title": a["title"], "body": a["body"], "source": a["source"], "published_at": stamp(a["at"])}
             for i, a in enumerate(articles)]
    # Nothing happens, but time goes by.
    lines.append({"id": "calm", "title": "Library opens longer", "body": "The town library will open until eight from next week.",
                  "source": "town.example", "published_at": stamp(articles[-1]["at"] + SETTLED_H)})
    run = subprocess.run([TOCSIN, "backtest", "--format", "json", "-"], check=True, stdout=subprocess.PIPE,
                         input="".join(json.dumps(line) + "\n" for line in lines).encode())
    return [json.loads(line) for line in run.stdout.splitlines()]


def between(alert):
    """Codes of the two, or of the one that it is about."""
    return alert["dyad"].get("codes", [])


class ScenariosTest(unittest.TestCase):
    def play(self, scenario):
        articles, alerts = scenario["articles"], alerts_of(scenario["articles"])
        wanted = [set(ring["between"]) for ring in scenario["rings"]]
        allowed = wanted + [set(pair) for pair in scenario.get("besides", [])]
        for alert in alerts:
            self.assertIn(set(between(alert)), allowed, alert["sentence"])
        for ring in scenario["rings"]:
            its = [a for a in alerts if set(between(a)) == set(ring["between"])]
            self.assertTrue(its, f"nothing rang between {ring['between']}")
            self.assertLessEqual(its[0]["time"], stamp(articles[ring["by"]]["at"]))
            self.assertGreaterEqual(max(LEVELS.index(a["level"]) for a in its), LEVELS.index(ring["level"]))
            last = its[-1]
            if scenario.get("ends") == "open":
                self.assertNotEqual(last["state"], "closed")
            if scenario.get("ends") == "cooperation":
                self.assertEqual((last["state"], last.get("closed_reason")), ("closed", "cooperation"))

    def test_scenarios(self):
        path = pathlib.Path(__file__).with_name("scenarios.yaml")
        for scenario in yaml.safe_load(path.read_text(encoding="utf-8")):
            with self.subTest(scenario["id"]):
                self.play(scenario)


if __name__ == "__main__":
    unittest.main()
