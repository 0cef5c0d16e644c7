"""A broker that allows what docs/access.md says and nothing else; then less."""

import os
import re
import unittest

import articles
from harness import (ROOT, Broker, ServiceTestCase, audit, check_outputs, ended_well, kafka_tool, produce, tocsin,
                     wait_processed, wait_until)

PASSWORD = "not-a-secret"
USERS = ("tocsin", "tocsin-notify", "tocsin-audit")


class Access:
    """The commands of docs/access.md, for one test's topics and group."""

    def __init__(self, broker, topics):
        self.broker, self.topics = broker, topics
        text = (ROOT / "docs/access.md").read_text()
        self.commands = [self.rename(line.split()[1:]) for line in re.findall("^kafka-acls .*$", text, re.MULTILINE)]

    def rename(self, words):
        prefix = self.topics.prefix
        names = {"tocsin": prefix, "tocsin.alerts": prefix + ".alerts", "tocsin.tocsin.": "tocsin.%s." % prefix,
                 "tocsin.notify": prefix + ".notify"}
        return [re.sub("^news\\.", prefix + ".", names.get(word, word)) for word in words]

    def run(self, *commands):
        running = [kafka_tool(self.broker, "kafka.admin.AclCommand", *command) for command in commands]
        for tool in running:
            ended_well(tool)

    def grant(self):
        self.run(*self.commands)

    def change(self, verb, operation, *resource):
        self.run([verb, *(["--force"] if verb == "--remove" else []), "--allow-principal", "User:tocsin",
                  "--operation", operation, *resource])


class AccessTest(ServiceTestCase):
    shares_broker = False

    @classmethod
    def setUpClass(cls):
        cls.broker = Broker(users=",".join("%s:%s" % (user, PASSWORD) for user in USERS))

    def setUp(self):
        super().setUp()
        for name, partitions in (("raw", 2), ("enriched", 1), ("duplicates", 1), ("alerts", 1), ("pairs", 1),
                                 ("deadletter", 1)):
            self.broker.create(getattr(self.topics, name), partitions)
        self.broker.create(self.topics.ledger, 1, message_timestamp_type="LogAppendTime", cleanup_policy="delete",
                           retention_bytes=-1, retention_ms=14 * 24 * 3600 * 1000)
        self.access = Access(self.broker, self.topics)
        self.access.grant()

    def run_as(self, user="tocsin", ready=True, **arguments):
        extra = "limits: {publish_stall: 3s}\nalerts: {tick_interval: 1s}\n"
        return self.run_daemon(ready=ready, extra=extra, brokers=self.broker.secured, client=(
            "security.protocol: SASL_PLAINTEXT, sasl.mechanism: PLAIN, sasl.username: %s, sasl.password: %s"
            % (user, PASSWORD)), **arguments)

    def feed(self, count, seed):
        produce(self.broker, self.topics.raw, articles.stream(count, seed=seed)[0])

    def wait_reason(self, daemon, reason):
        wait_until(lambda: reason in daemon.get("/readyz")[1], reason, 90)
        self.assertEqual(daemon.get("/readyz")[0], 503)
        self.assertEqual(daemon.get("/livez")[0], 200)

    def test_what_is_documented_is_enough_and_less_is_named(self):
        self.feed(40, 1)
        self.access.change("--remove", "Read", "--topic", self.topics.pairs)
        daemon = self.run_as(ready=False)
        # Though there is no state yet that the alert engine could read.
        self.wait_reason(daemon, "not authorized: READ on topic %s for User:tocsin" % self.topics.pairs)
        self.access.change("--add", "Read", "--topic", self.topics.pairs)
        daemon.wait_ready(90)
        wait_processed(self.broker, self.topics)
        code, out, err = tocsin("check", "--connect", "--config", daemon.config)
        self.assertEqual(code, 0, out + err)
        wait_until(lambda: daemon.metrics()["tocsin_alerts_owner"] == 1, "the alert engine")
        self.access.change("--remove", "Write", "--topic", self.topics.enriched)
        self.access.change("--add", "Describe", "--topic", self.topics.enriched)  # comes with WRITE otherwise
        self.feed(40, 2)
        self.wait_reason(daemon, "not authorized: WRITE on topic %s for User:tocsin" % self.topics.enriched)
        code, out, err = tocsin("check", "--connect", "--config", daemon.config)
        self.assertEqual(code, 1, out + err)
        self.assertIn("not authorized: WRITE on topic %s for User:tocsin" % self.topics.enriched, out + err)
        self.access.change("--add", "Write", "--topic", self.topics.enriched)
        daemon.wait_ready(90)
        wait_processed(self.broker, self.topics)
        self.assertEqual(sum(check_outputs(self.broker, self.topics).values()), 80)
        self.assertLess(len(daemon.log.read_text().splitlines()), 300)
        as_auditor = daemon.folder / "audit.yaml"
        as_auditor.write_text(daemon.config.read_text().replace("sasl.username: tocsin", "sasl.username: tocsin-audit"))
        self.assertTrue(audit(as_auditor)["clean"])

    @unittest.skipUnless(os.environ.get("TOCSIN_LONG"), "long")
    def test_each_missing_one_is_named_at_start(self):
        group, prefix = self.topics.prefix, self.topics.prefix
        self.feed(20, 1)
        for operation, resource, reason in (
                ("DescribeConfigs", ["--topic", self.topics.ledger],
                 "DESCRIBE_CONFIGS on topic %s" % self.topics.ledger),
                ("Read", ["--topic", self.topics.ledger], "READ on topic %s" % self.topics.ledger),
                ("Read", ["--group", group], "READ on group %s" % group),
                # Nothing else lets it see the topic: DESCRIBE comes with READ.
                ("Read", ["--topic", self.topics.raw], "DESCRIBE on topic %s" % self.topics.raw),
                ("Write", ["--transactional-id", "tocsin.%s." % prefix, "--resource-pattern-type", "prefixed"],
                 "WRITE on transactional id tocsin.%s.one" % prefix)):
            self.access.change("--remove", operation, *resource)
            daemon = self.run_as(ready=False)
            self.assertEqual(daemon.wait_exit(120), 1, reason)
            self.assertIn("not authorized: %s for User:tocsin" % reason, daemon.tail())
            self.access.change("--add", operation, *resource)
        for operation, resource, reason in (
                ("Write", ["--topic", self.topics.ledger], "WRITE on topic %s" % self.topics.ledger),
                ("Read", ["--group", group + ".alerts"], "READ on group %s.alerts" % group),
                ("Write", ["--topic", self.topics.pairs], "WRITE on topic %s" % self.topics.pairs)):
            self.access.change("--remove", operation, *resource)
            daemon = self.run_as(ready=False)
            self.wait_reason(daemon, "not authorized: %s" % reason)
            self.access.change("--add", operation, *resource)
            daemon.wait_ready(120)
            self.assertEqual(daemon.terminate(), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
