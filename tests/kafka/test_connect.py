"""Kafka Connect with Debezium's JDBC sink, as deploy/sql/connect sets it: worker and broker are killed in between, and every
record is in PostgreSQL once, under the views that dashboards ask."""

import pathlib
import shutil
import subprocess
import tempfile
import unittest

from harness import ROOT, ServiceTestCase, consume, free_port, produce, wait_processed, wait_until
from test_postgres import SQL, TABLES, Postgres, demo_records

CONNECT = SQL / "connect"
JARS = ROOT / ".cache/connect"


def fetch():
    """The jars of pom.xml, once."""
    if JARS.exists():
        return
    partial = JARS.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    done = subprocess.run(["mvn", "-B", "-q", "-ntp", "-f", CONNECT / "pom.xml", "dependency:copy-dependencies",
                           "-DoutputDirectory=%s" % partial, "-DincludeScope=runtime"], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
    partial.rename(JARS)


class Worker:
    """Connect, standalone, with the shipped properties; only addresses and topics are the test's."""

    def __init__(self, broker, topics, postgres):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-connect-"))
        replaced = {"127.0.0.1:9092": broker.address, "news.": topics.prefix + ".", "/var/lib/connect": str(self.folder),
                    "/etc/tocsin/connect-secrets": str(self.folder / "secrets"),
                    "127.0.0.1:5432/news": "127.0.0.1:%d/postgres" % postgres.port}
        (self.folder / "secrets").write_text("postgres=not-a-secret\n")
        for name in ("worker", "sink"):
            text = (CONNECT / (name + ".properties")).read_text()
            for old, new in replaced.items():
                text = text.replace(old, new)
            more = "listeners=http://127.0.0.1:%d\n" % free_port() if name == "worker" else ""
            (self.folder / name).write_text(text + more)
        self.start()

    def start(self):
        self.log = open(self.folder / "log", "ab")
        self.process = subprocess.Popen(
            ["java", "-Xmx400m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", "%s/*" % JARS,
             "org.apache.kafka.connect.cli.ConnectStandalone", self.folder / "worker", self.folder / "sink"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT)

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.log.close()

    def close(self):
        self.kill()
        shutil.rmtree(self.folder)


@unittest.skipUnless(shutil.which("mvn"), "no Maven here")
class ConnectTest(ServiceTestCase):
    @classmethod
    def setUpClass(cls):
        fetch()
        super().setUpClass()
        cls.postgres = Postgres()
        cls.addClassCleanup(cls.postgres.close)

    def stored(self, table):
        rows = self.postgres.rows("select __connect_partition as number, __connect_offset as place, record from tocsin_connect." + table)
        return {(row["number"], row["place"]): row["record"] for row in rows}

    def published(self, table):
        return {(m.partition(), m.offset()): m.value().decode() for m in consume(self.broker, getattr(self.topics, table))
                if m.value() is not None}

    def wait_stored(self):
        wait_until(lambda: all(self.stored(table) == self.published(table) for table in TABLES), "every record to be stored", 240)

    def test_every_record_is_there_once(self):
        self.use_own_broker()
        for path in (CONNECT / "tables.sql", SQL / "views.sql"):
            self.postgres.psql(path)
        self.create_raw()
        self.run_daemon(extra="alerts: {tick_interval: 1s}\n")
        articles = list(demo_records())
        produce(self.broker, self.topics.raw, articles[:len(articles) // 2])
        worker = Worker(self.broker, self.topics, self.postgres)
        self.addCleanup(worker.close)
        wait_until(lambda: self.stored("enriched"), "a first record", 240)
        worker.kill()  # some are stored whose offsets are not committed
        produce(self.broker, self.topics.raw, articles[len(articles) // 2:])
        worker.start()
        self.broker.kill()
        self.broker.start()
        wait_processed(self.broker, self.topics)
        self.wait_stored()
        for view, table in (("articles", "enriched"), ("copies", "duplicates"), ("alert_history", "alerts")):
            self.assertEqual(self.postgres.rows("select count(*) from tocsin." + view)[0]["count"], len(self.published(table)), view)
        for view in ("open_alerts", "pair_hours", "pairs_by_day", "stories", "sources", "names_by_day", "latency_by_hour"):
            self.assertTrue(self.postgres.rows("select * from tocsin." + view), view)


if __name__ == "__main__":
    unittest.main()
