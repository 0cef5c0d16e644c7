"""deploy/sql against Debian's PostgreSQL: what tocsin publishes is stored exactly once although sink, broker and
database are killed in between; each view says what its records say; each query of the dashboard runs."""

import collections
import datetime
import glob
import json
import os
import pathlib
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import psycopg2

from harness import ROOT, ServiceTestCase, consume, free_port, produce, wait_processed, wait_until
from schemas import without_schema_id

# Of now, so that its alert is still open at the end; the demo's have come to terms or gone quiet long ago.
WAR = {"title": "Chile attacks Bolivia near Sucre", "source": "north.example",
       "body": "Chile attacked Bolivia on Monday and its troops seized a border post near Sucre, the Bolivian army said. "
               "Chile declared war on Bolivia hours later."}
SQL = ROOT / "deploy/sql"
TABLES = ("enriched", "duplicates", "alerts", "pairs")


class Postgres:
    """A cluster of its own on loopback; as the user postgres where the test is root."""

    def __init__(self):
        self.bin = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-postgres-"))
        self.port = free_port()
        self.user = []
        if os.geteuid() == 0:
            account = pwd.getpwnam("postgres")
            os.chown(self.folder, account.pw_uid, account.pw_gid)
            self.user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        self.run("initdb", "-D", self.folder / "data", "-U", "tocsin", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C")
        self.control("start")
        self.dsn = "host=127.0.0.1 port=%d user=tocsin dbname=postgres" % self.port

    def run(self, program, *arguments):
        done = subprocess.run([*self.user, "%s/%s" % (self.bin, program), *map(str, arguments)], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=self.folder)
        assert done.returncode == 0, done.stdout.decode()

    def control(self, verb, *options):
        self.run("pg_ctl", verb, "-w", "-D", self.folder / "data", "-l", self.folder / "log", *options,
                 "-o", "-p %d -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off" % self.port)

    def psql(self, path):
        done = subprocess.run(["psql", self.dsn, "-q", "-v", "ON_ERROR_STOP=1", "-f", path], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    def rows(self, query):
        """Rows of a query as dicts."""
        connection = psycopg2.connect(self.dsn)
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(query)
                names = [column.name for column in cursor.description]
                return [dict(zip(names, row)) for row in cursor]
        finally:
            connection.close()

    def close(self):
        self.control("stop", "-m", "immediate")
        shutil.rmtree(self.folder, ignore_errors=True)


class Sink:
    def __init__(self, config, postgres, *options):
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(["/usr/bin/python3", SQL / "sink", "--config", config, *options], stdin=subprocess.DEVNULL,
                                        stderr=self.log, env={**os.environ, "TOCSIN_DATABASE": postgres.dsn})

    def said(self):
        self.log.seek(0)
        return self.log.read().decode()

    def end(self, number):
        self.process.send_signal(number)
        return self.process.wait(60)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(30)
        self.log.close()


def offsets_of(messages):
    return {(m.partition(), m.offset()) for m in messages}


def demo_records():
    """The demo's articles as it sends them."""
    for line in (ROOT / "deploy/demo-data/articles.jsonl").read_text().splitlines():
        record = json.loads(line)
        value = bytes.fromhex(record["hex"]) if "hex" in record else record["value"]
        yield {"value": value, "timestamp": record["timestamp"]}


class PostgresTest(ServiceTestCase):
    together = True  # one server of PostgreSQL

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.postgres = Postgres()

    @classmethod
    def tearDownClass(cls):
        cls.postgres.close()
        super().tearDownClass()

    def run_sink(self, config, *options):
        sink = Sink(config, self.postgres, *options)
        self.addCleanup(sink.close)
        return sink

    def records(self, topic):
        return [json.loads(without_schema_id(m.value())) for m in consume(self.broker, topic)
                if m.value() is not None and not (m.key() or b"").startswith(b"!")]

    def test_stored_once_and_every_view(self):
        self.create_raw()
        daemon = self.run_daemon(extra="alerts: {tick_interval: 1s}\noutput: {schema_ids: {duplicates: 12, pairs: 14}}\n")
        sink = self.run_sink(daemon.config)
        self.assertEqual(sink.process.wait(60), 2)
        self.assertIn("tables.sql", sink.said())
        for name in ("tables.sql", "views.sql", "tables.sql", "views.sql"):  # again over what is there
            self.postgres.psql(SQL / name)
        self.feed_with_interruptions(daemon)
        self.check_tables()
        self.check_views()
        self.check_dashboard()
        self.check_queries_of_the_docs()
        self.check_recreated(daemon)

    def feed_with_interruptions(self, daemon):
        articles = list(demo_records())
        sink = self.run_sink(daemon.config, "--batch", "7")
        produce(self.broker, self.topics.raw, articles[:50])
        wait_until(lambda: self.postgres.rows("select 1 from tocsin.enriched limit 1"), "the first rows", 60)
        sink.end(signal.SIGKILL)
        sink = self.run_sink(daemon.config, "--batch", "7")
        produce(self.broker, self.topics.raw, articles[50:100])
        self.postgres.control("restart", "-m", "immediate")
        self.broker.kill()
        self.broker.start()
        # A text that is no jsonb, an input that is no article.
        odd = [json.dumps({"title": "Norway\0 warns Iceland", "body": "Norway will attack Iceland, Oslo said."}), "no JSON \0",
               json.dumps(dict(WAR, published_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())))]
        produce(self.broker, self.topics.raw, articles[100:] + [{"value": text} for text in odd])
        wait_processed(self.broker, self.topics)
        wait_until(lambda: any("BOL" in r["dyad"]["codes"] for r in self.records(self.topics.alerts)), "the alert of now", 60)
        daemon.terminate()  # nothing comes from here on
        self.assertEqual(sink.end(signal.SIGTERM), 0, sink.said())
        sink = self.run_sink(daemon.config, "--until-end")
        self.assertEqual(sink.process.wait(120), 0, sink.said())

    def check_tables(self):
        for table in TABLES:
            messages = [m for m in consume(self.broker, getattr(self.topics, table))
                        if m.value() is not None and not (m.key() or b"").startswith(b"!")]
            rows = self.postgres.rows('select partition, "offset", record from tocsin.%s' % table)
            refused = self.postgres.rows("select partition, \"offset\" from tocsin.refused where topic = '%s'"
                                         % getattr(self.topics, table))
            found = {(r["partition"], r["offset"]): r["record"] for r in rows}
            self.assertEqual(len(found), len(rows))
            self.assertEqual(set(found) | {(r["partition"], r["offset"]) for r in refused}, offsets_of(messages), table)
            for message in messages:
                place = message.partition(), message.offset()
                if place in found:
                    self.assertEqual(found[place], json.loads(without_schema_id(message.value())))
        letters = consume(self.broker, self.topics.deadletter)
        rows = self.postgres.rows("select * from tocsin.deadletter")
        self.assertEqual({(r["partition"], r["offset"], bytes(r["value"])) for r in rows},
                         {(m.partition(), m.offset(), m.value()) for m in letters})
        codes = collections.Counter(dict(m.headers())["tocsin.error.code"].decode() for m in letters)
        self.assertEqual(collections.Counter(r["headers"]["tocsin.error.code"] for r in rows), codes)
        self.assertGreater(codes["invalid_json"], 0)

    def check_views(self):
        enriched = [r["record"] for r in self.postgres.rows("select record from tocsin.enriched")]
        copies = [r["record"] for r in self.postgres.rows("select record from tocsin.duplicates")]
        self.assertGreater(len(enriched), 80)
        self.assertGreater(len(copies), 10)
        self.check_alert_views()
        self.check_stories_and_sources(enriched, copies)
        days = collections.Counter()
        for record in enriched:
            for entity in record["entities"]:
                days[record["published_at"][:10], entity["id"]] += 1
        found = self.postgres.rows("select * from tocsin.names_by_day")
        self.assertEqual({(str(r["day"]), r["entity"]): r["articles"] for r in found}, dict(days))
        highest = collections.defaultdict(float)
        for record in self.records(self.topics.pairs):
            key = record["hour"][:10], "-".join(record["codes"])
            highest[key] = max(highest[key], record["level"])
        found = self.postgres.rows("select * from tocsin.pairs_by_day")
        self.assertEqual({(str(r["day"]), r["pair"]): float(r["level"]) for r in found}, dict(highest))
        dated = [r for r in enriched if r["published_at_source"] == "record"]
        found = self.postgres.rows("select * from tocsin.latency_by_hour")
        self.assertEqual(sum(r["articles"] for r in found), len(dated))
        self.assertTrue(all(0 <= r["median_seconds"] <= r["p95_seconds"] for r in found))
        found = self.postgres.rows("select * from tocsin.dead_letters_by_day")
        letters = self.postgres.rows("select count(*) as n from tocsin.deadletter")
        self.assertEqual(sum(r["records"] for r in found), letters[0]["n"])

    def check_alert_views(self):
        revisions = collections.defaultdict(list)
        for record in self.records(self.topics.alerts):
            revisions[record["alert_id"]].append(record)
        for records in revisions.values():
            records.sort(key=lambda r: r["revision"])
        history = self.postgres.rows("select alert_id, revision, state from tocsin.alert_history")
        self.assertEqual({(r["alert_id"], r["revision"], r["state"]) for r in history},
                         {(r["alert_id"], r["revision"], r["state"]) for rs in revisions.values() for r in rs})
        opened = {alert_id: rs for alert_id, rs in revisions.items() if rs[-1]["state"] != "closed"}
        found = {r["alert_id"]: r for r in self.postgres.rows("select * from tocsin.open_alerts")}
        self.assertEqual(set(found), set(opened))
        self.assertTrue(found)
        for alert_id, rs in opened.items():
            row = found[alert_id]
            self.assertEqual((row["revision"], row["sentence"]), (rs[-1]["revision"], rs[-1]["sentence"]))
            self.assertEqual(row["history"].count(","), len(rs) - 1)
            self.assertEqual(row["opened"], min(time_of(r["time"]) for r in rs))

    def check_stories_and_sources(self, enriched, copies):
        stories = collections.defaultdict(list)
        for record in enriched + copies:
            stories[record["story"]["id"]].append(record)
        found = {r["story"]: r for r in self.postgres.rows("select * from tocsin.stories")}
        self.assertEqual({s: r["articles"] for s, r in found.items()}, {s: len(rs) for s, rs in stories.items()})
        for story, records in stories.items():
            row = found[story]
            self.assertEqual(row["copies"], sum("duplicate_of" in r for r in records))
            self.assertEqual(row["outlets"], len({source_of(r) for r in records} - {None}))
            self.assertEqual(row["first_published"], min(time_of(r["published_at"]) for r in records))
        printed = collections.Counter(source_of(r) for r in enriched + copies)
        copied = collections.Counter(source_of(r) for r in copies)
        rows = {r["source"]: r for r in self.postgres.rows("select * from tocsin.sources")}
        self.assertEqual({s: r["articles"] for s, r in rows.items()}, dict(printed))
        for source, row in rows.items():
            self.assertAlmostEqual(float(row["share_of_copies"]), copied[source] / printed[source], 2)

    def check_dashboard(self):
        """Each query of the dashboard on PostgreSQL, its variables and macros replaced as Grafana does."""
        dashboard = json.loads((ROOT / "deploy/grafana/news.json").read_text())
        queries = [(p["title"], t["rawSql"]) for p in dashboard["panels"] for t in p.get("targets", [])]
        queries += [(v["name"], v["query"]) for v in dashboard["templating"]["list"] if v["type"] == "query"]
        self.assertGreater(len(queries), 8)
        for title, query in queries:
            query = re.sub(r"\$__timeFilter\(([^)]*)\)", r"\1 between '2000-01-01' and '2100-01-01'", query)
            query = query.replace("$pair", "'%'").replace("%", "%%")
            self.assertNotIn("$", query)
            self.assertTrue(self.postgres.rows(query.replace("%%", "%")), "%s: %s finds nothing" % (title, query))

    def check_queries_of_the_docs(self):
        queries = re.findall(r"```sql\n(.*?)```", (ROOT / "docs/dashboards.md").read_text(), re.DOTALL)
        self.assertGreater(len(queries), 4)
        for query in queries:
            self.postgres.rows(query)

    def check_recreated(self, daemon):
        """A topic that was made anew would be stored from the middle: refused."""
        self.broker.delete(self.topics.duplicates)
        wait_until(lambda: self.topics.duplicates not in self.broker.admin.list_topics(timeout=30).topics, "the topic to go", 30)
        self.broker.create(self.topics.duplicates, 1)
        sink = self.run_sink(daemon.config, "--until-end")
        self.assertEqual(sink.process.wait(60), 3, sink.said())
        self.assertIn("made anew", sink.said())


def time_of(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def source_of(record):
    source = record.get("source", {})
    return source.get("domain", source.get("name"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
