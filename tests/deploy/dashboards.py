"""Each expression of the dashboards and of the alert rules, asked of a real Prometheus that scrapes two running
services and a notify. A dashboard's expression must find something, a rule's must be understood and name series that
exist: those that are there only while something is wrong are listed. 77 where there is no Prometheus."""

import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/kafka"))

import articles  # noqa: E402 (stands in tests/kafka)
from harness import ServiceTestCase, free_port, produce, wait_processed, wait_until  # noqa: E402

METRIC = re.compile(r"\b((?:tocsin|process)_[a-z_]+)")


class Prometheus:
    """One on loopback that scrapes `targets` ({job: [port]}) each second."""

    def __init__(self, targets):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-prometheus-"))
        self.port = free_port()
        shutil.copy(ROOT / "deploy/prometheus/tocsin.yaml", self.folder / "rules.yaml")
        config = {"global": {"scrape_interval": "1s", "evaluation_interval": "1s"}, "rule_files": ["rules.yaml"],
                  "scrape_configs": [{"job_name": job, "static_configs": [{"targets": ["127.0.0.1:%d" % p for p in ports]}]}
                                     for job, ports in targets.items()]}
        (self.folder / "prometheus.yml").write_text(json.dumps(config))
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                ["prometheus", "--config.file", self.folder / "prometheus.yml", "--storage.tsdb.path", self.folder / "data",
                 "--web.listen-address", "127.0.0.1:%d" % self.port], stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def ask(self, path, **query):
        url = "http://127.0.0.1:%d/api/v1/%s?%s" % (self.port, path, urllib.parse.urlencode(query, doseq=True))
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            if error.code == 503:  # starting
                return None
            raise AssertionError("%s: %s" % (query, error.read().decode())) from error
        except OSError:
            return None  # not up yet

    def value(self, expression):
        """The result of an instant query: a list of series, empty where nothing matches."""
        return self.ask("query", query=expression)["result"]

    def close(self):
        self.process.kill()
        self.process.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)


def expressions():
    """(panel, expression) of every dashboard on Prometheus, its variables replaced as Grafana does."""
    for path in sorted((ROOT / "deploy/grafana").glob("*.json")):
        for panel in json.loads(path.read_text())["panels"]:
            for target in panel.get("targets", []):
                if "expr" in target:
                    yield panel["title"], target["expr"].replace("$__rate_interval", "1m").replace("$job", ".*")


class DashboardTest(ServiceTestCase):
    def setUp(self):
        super().setUp()
        self.create_raw()
        port = free_port()
        services = [self.run_daemon(name, extra="alerts: {tick_interval: 1s}\n") for name in ("one", "two")]
        self.run_daemon("notify", ready=False, verb=("notify",), extra=(
            "alerts: {listen: '127.0.0.1:%d', webhooks: [{name: desk, kind: json, url: 'http://127.0.0.1:%d/'}]}\n"
            % (port, free_port())))
        self.prometheus = Prometheus({"tocsin": [d.port for d in services], "tocsin-notify": [port]})
        self.addCleanup(self.prometheus.close)

    def feed(self, number):
        rng = random.Random(number)
        originals = [articles.article(rng, number * 1000 + n) for n in range(60)]
        records = originals + [articles.copy_of(rng, original, 900 + n) for n, original in enumerate(originals[:20])]
        produce(self.broker, self.topics.raw, [{"value": record} for record in records] + [{"value": "no JSON"}])
        wait_processed(self.broker, self.topics)

    def test_every_expression_and_rule(self):
        wait_until(lambda: self.prometheus.ask("targets"), "Prometheus", 60)
        wait_until(lambda: len(self.prometheus.value('up{job=~"tocsin.*"} == 1')) == 3, "three targets", 60)
        # Rates need two scrapes around what happens.
        self.feed(1)
        wait_until(lambda: self.prometheus.value("sum(tocsin_deadletter_total) >= 1"), "the first dead letter", 60)
        self.feed(2)
        missing = dict(expressions())
        self.assertGreater(len(missing), 25)

        def all_found():
            for title, expression in list(expressions()):
                result = self.prometheus.value(expression)
                numbers = [float(series["value"][1]) for series in result]
                if numbers and all(n == n for n in numbers):  # NaN: nothing happened within the range
                    missing.pop(title, None)
            return not missing
        try:
            wait_until(all_found, "every panel", 60)
        except AssertionError:
            self.fail("nothing found for %s" % missing)
        self.check_rules()

    def check_rules(self):
        rules = [rule for group in self.prometheus.ask("rules")["groups"] for rule in group["rules"]]
        wait_until(lambda: all(rule["health"] == "ok" for group in self.prometheus.ask("rules")["groups"]
                               for rule in group["rules"]), "all rules to be evaluated", 30)
        known = set(self.prometheus.ask("label/__name__/values"))
        named = {name for rule in rules for name in METRIC.findall(rule["query"])}
        self.assertEqual(named - known, set())


if __name__ == "__main__":
    if not shutil.which("prometheus"):
        sys.exit(77)
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    unittest.main(verbosity=2)
