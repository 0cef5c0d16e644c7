"""A real broker, real daemons and the oracle of every test with Kafka.

Broker, Daemon and Topics own what they start and stop it; check_outputs() is the oracle: every raw
position ends in exactly one outcome, and every chain of duplicates in exactly one enriched record.
"""

import collections
import gzip
import json
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request
import uuid

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

import schemas  # noqa: E402 (stands in tests/)

TOCSIN = pathlib.Path(os.environ.get("TOCSIN_BINARY", ROOT / "build/release/tocsin"))
BROKER_FOLDER = "TOCSIN_TEST_BROKER"  # where side_by_side.py has started a broker for several processes
# Arguments of a Daemon that is to be killed: what it leaves open ends early.
QUICK = {"session_timeout_ms": 2000, "extra": "limits: {transaction_timeout: 10s}\n"}
ENRICHED, DUPLICATE, DEADLETTER = "enriched", "duplicates", "deadletter"


def wait_until(condition, what, seconds=60.0):
    """Polls a condition until it is true; fails with `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError("gave up after %.0f s waiting for %s" % (seconds, what))
        time.sleep(0.05)


class Broker:
    """One KRaft broker on loopback, started by deploy/broker; `proxy_port`: where a proxy stands for it;
    `users`: "name:password,..." for a listener with ACLs beside the open one, its address in `secured`;
    `tls`: "keys.pem,ca.pem": that listener speaks TLS, and one in `mutual` takes certificates for a login;
    `settings`: lines for its properties."""

    # How daemons reach it where not by the open listener: its address, and what stands in kafka.client.
    own_address, own_client = None, ""

    def __init__(self, proxy_port=None, users=None, settings=(), tls=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-broker-"))
        self.start(*(["--proxy", str(proxy_port)] if proxy_port else []), *(["--users", users] if users else []),
                   *(["--tls", tls] if tls else []),
                   *(word for line in settings for word in ("--set", line)))

    @classmethod
    def shared(cls):
        """The one that side_by_side.py started, which outlives the caller; else one of the caller's own."""
        folder = os.environ.get(BROKER_FOLDER)
        if not folder:
            return cls()
        broker = cls.__new__(cls)
        broker.folder = pathlib.Path(folder)
        broker.connect()
        broker.close = lambda: None
        return broker

    def _run(self, verb, *options):
        subprocess.run([ROOT / "deploy/broker", verb, self.folder, *options], check=True,
                       stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)

    def start(self, *options):
        self._run("start", *options)
        self.connect()

    def connect(self):
        self.address = (self.folder / "bootstrap").read_text().strip()
        self.admin = AdminClient({"bootstrap.servers": self.address})
        self.secured, self.mutual = self.listener("secured"), self.listener("mutual")

    def listener(self, name):
        """Address of one of the other listeners; None: there is none."""
        path = self.folder / name
        return path.read_text().strip() if path.exists() else None

    def kill(self):
        self._run("kill")

    def pid(self):
        return int((self.folder / "pid").read_text())

    def close(self):
        self._run("kill")
        shutil.rmtree(self.folder, ignore_errors=True)

    def create(self, topic, partitions=1, **settings):
        settings = {k.replace("_", "."): str(v) for k, v in settings.items()}
        done = self.admin.create_topics([NewTopic(topic, partitions, 1, config=settings)])
        done[topic].result(30)

    def alter(self, topic, **settings):
        """Sets these settings of a topic; all others go back to their defaults."""
        settings = {k.replace("_", "."): str(v) for k, v in settings.items()}
        resource = ConfigResource(ConfigResource.Type.TOPIC, topic, settings)
        self.admin.alter_configs([resource])[resource].result(30)

    def forget_offsets(self, group, topic, partitions):
        """Deletes committed offsets, as their expiry does (OffsetDelete, which this client does not know)."""
        def text(value):
            return struct.pack(">h", len(value)) + value.encode()
        numbers = struct.pack(">i", len(partitions)) + b"".join(struct.pack(">i", p) for p in partitions)
        body = (struct.pack(">hhi", 47, 0, 1) + text("test") + text(group) + struct.pack(">i", 1) + text(topic)
                + numbers)
        def ask():
            host, port = self.address.split(":")
            with socket.create_connection((host, int(port)), 30) as connection:
                connection.sendall(struct.pack(">i", len(body)) + body)
                answer = connection.recv(4096)
            return struct.unpack(">h", answer[8:10])[0]
        wait_until(lambda: ask() == 0, "the group's offsets to be deleted")  # it may not be empty yet

    def delete(self, topic):
        self.admin.delete_topics([topic])[topic].result(30)


class Topics:
    """Names of one test's topics, so that tests share a broker without meeting."""

    def __init__(self, prefix=None):
        self.prefix = prefix or "t" + uuid.uuid4().hex[:8]
        for name in ("raw", "enriched", "duplicates", "alerts", "pairs", "deadletter", "ledger"):
            setattr(self, name, "%s.%s" % (self.prefix, name))

    def yaml(self):
        return "{%s}" % ", ".join("%s: %s" % (k, v) for k, v in vars(self).items() if k != "prefix")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def config_text(broker, topics, instance="one", port=0, extra="", brokers=None, session_timeout_ms=6000,
                client="", client_files="", listens=True):
    """`client`, `client_files`: more of these mappings. `listens`: False when `extra` has admin: and log: of its own, with
    %d for the port."""
    own = "" if listens else extra % port
    client = ", ".join(part for part in (client, broker.own_client) if part)
    return ("version: 1\ninstance: %s\n"
            "kafka: {brokers: '%s', group: %s, client: {session.timeout.ms: %d, heartbeat.interval.ms: %d%s}%s}\n"
            "topics: %s\n%s"
            % (instance, brokers or broker.own_address or broker.address, topics.prefix, session_timeout_ms, session_timeout_ms // 6,
               client and ", " + client, client_files and ", client_files: {%s}" % client_files,
               topics.yaml(), own or "admin: {listen: '127.0.0.1:%d'}\nlog: {format: text}\n%s" % (port, extra)))


class Daemon:
    """One `tocsin run`; its log goes to a file that is printed when something fails."""

    def __init__(self, broker, topics, instance="one", extra="", env=None, verb=("run",), **config):
        self.instance = instance
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-run-"))
        self.port = free_port()
        self.config = self.folder / "tocsin.yaml"
        self.log = self.folder / "log"
        self.config.write_text(config_text(broker, topics, instance, self.port, extra, **config))
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [TOCSIN, *verb, "--config", self.config], stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=log, env={**os.environ, **(env or {})})

    def get(self, path):
        """(status, body); status 0 when nobody listens."""
        try:
            with urllib.request.urlopen("http://127.0.0.1:%d%s" % (self.port, path), timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def metrics(self):
        """{series: value}, the series with its labels as in the exposition."""
        values = {}
        for line in self.get("/metrics")[1].splitlines():
            if line and not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                values[name] = float(value)
        return values

    def wait_ready(self, seconds=60):
        def ready():
            if self.process.poll() is not None:
                raise AssertionError("tocsin ended with %s:\n%s" % (self.process.returncode, self.tail()))
            return self.get("/readyz")[0] == 200
        wait_until(ready, "readiness", seconds)
        return self

    def wait_exit(self, seconds=60):
        return self.process.wait(seconds)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)

    def terminate(self, seconds=60):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def tail(self, lines=40):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def close(self):
        if self.process.poll() is None:
            self.kill()
        log = self.log.read_text(errors="replace")
        shutil.rmtree(self.folder, ignore_errors=True)
        report = log.find("Sanitizer: ")
        assert report < 0, log[report:report + 6000]


def slow(method):
    """A test that side_by_side.py begins first."""
    method.slow = True
    return method


def failed(test):
    """For tearDown(), where test._outcome.success speaks of tearDown itself."""
    result = test._outcome.result
    return any(test is broken for broken, _ in result.failures + result.errors)


class ServiceTestCase(unittest.TestCase):
    """A test class with a broker, and for each test topics and daemons that are stopped at its end."""

    @classmethod
    def setUpClass(cls):
        cls.broker = Broker.shared()

    @classmethod
    def tearDownClass(cls):
        cls.broker.close()

    def setUp(self):
        self.topics = Topics()
        self.daemons = []

    def tearDown(self):
        for daemon in self.daemons:
            if failed(self):
                print("---- log of %s\n%s" % (daemon.config, daemon.tail(25)), flush=True)
            daemon.close()

    def run_daemon(self, instance="one", ready=True, **arguments):
        daemon = Daemon(self.broker, self.topics, instance, **arguments)
        self.daemons.append(daemon)
        return daemon.wait_ready() if ready else daemon

    def create_raw(self, partitions=4):
        self.broker.create(self.topics.raw, partitions)

    def use_own_broker(self, *settings):
        """For a test that harms its broker: one of its own until it ends."""
        broker, shared = Broker(settings=settings), self.broker
        self.addCleanup(broker.close)
        self.addCleanup(setattr, self, "broker", shared)
        self.broker = broker
        return broker


def kafka_tool(broker, name, *arguments):
    """Starts one of Kafka's own tools, by its class; ended_well() waits for it."""
    jars = next((ROOT / ".cache/kafka").glob("*/kafka-clients-*.jar")).parent
    return subprocess.Popen(["java", "-Xmx128m", "-XX:TieredStopAtLevel=1", "-cp", "%s/*" % jars, name,
                             "--bootstrap-server", broker.address, *arguments],
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def ended_well(tool):
    output = tool.communicate(timeout=120)[0]
    assert tool.returncode == 0, output


def produce(broker, topic, records):
    """records: dicts with value (bytes, str, dict or None), and optional key, timestamp, headers, partition."""
    # Not sticky: a few thousand records without a key would all go to one partition.
    producer = Producer({"bootstrap.servers": broker.address, "linger.ms": 20,
                         "sticky.partitioning.linger.ms": 0, "queue.buffering.max.messages": 1000000})
    failed = []
    for record in records:
        value = record["value"]
        if isinstance(value, dict):
            value = json.dumps(value, ensure_ascii=False)
        arguments = {k: record[k] for k in ("key", "timestamp", "headers", "partition") if k in record}
        while True:
            try:
                producer.produce(topic, value, on_delivery=lambda e, m: e and failed.append(e), **arguments)
                break
            except BufferError:
                producer.poll(0.1)
    assert producer.flush(120) == 0 and not failed, "could not produce: %s" % failed[:3]


def article_lines(path):
    """The lines of a file of articles, plain or gzip."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rb") as file:
        return [line.rstrip(b"\n") for line in file]


def high_watermarks(broker, topic):
    consumer = Consumer({"bootstrap.servers": broker.address, "group.id": "probe"})
    deadline = time.monotonic() + 30
    try:
        while True:
            try:
                partitions = consumer.list_topics(topic, 30).topics[topic].partitions
                return {p: consumer.get_watermark_offsets(TopicPartition(topic, p), 30)[1] for p in partitions}
            except KafkaException:  # no leader yet, after a start of the broker
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
    finally:
        consumer.close()


def consume(broker, topic, isolation="read_committed"):
    """All records that are there now, as confluent_kafka messages."""
    consumer = Consumer({"bootstrap.servers": broker.address, "group.id": "reader-" + uuid.uuid4().hex,
                         "isolation.level": isolation, "enable.partition.eof": True,
                         "enable.auto.commit": False, "auto.offset.reset": "earliest"})
    try:
        if topic not in consumer.list_topics(timeout=30).topics:
            return []
        partitions = consumer.list_topics(topic, 30).topics[topic].partitions
        consumer.assign([TopicPartition(topic, p, 0) for p in partitions])
        messages, ended = [], set()
        deadline = time.monotonic() + 120
        while len(ended) < len(partitions):
            assert time.monotonic() < deadline, "topic %s cannot be read to its end" % topic
            message = consumer.poll(1.0)
            if message is None:
                continue
            if message.error():
                if message.error().code() == KafkaError._PARTITION_EOF:
                    ended.add(message.partition())
                continue
            messages.append(message)
        return messages
    finally:
        consumer.close()


# What a broker answers, or does not, that has just started: retriable() is said of few of them.
COMING_BACK = (KafkaError.NOT_COORDINATOR, KafkaError.COORDINATOR_NOT_AVAILABLE,
               KafkaError.COORDINATOR_LOAD_IN_PROGRESS, KafkaError._TRANSPORT, KafkaError._TIMED_OUT,
               KafkaError._WAIT_COORD, KafkaError._ALL_BROKERS_DOWN)


def committed(broker, group, topic):
    consumer = Consumer({"bootstrap.servers": broker.address, "group.id": group})
    def ask():
        partitions = consumer.list_topics(topic, 30).topics[topic].partitions
        return consumer.committed([TopicPartition(topic, p) for p in partitions], 30)
    def answer():
        try:
            return ask()
        except KafkaException as error:  # a broker that has just come back
            if not error.args[0].retriable() and error.args[0].code() not in COMING_BACK:
                raise
    try:
        return {p.partition: p.offset for p in wait_until(answer, "the offsets of %s" % group)}
    finally:
        consumer.close()


def wait_processed(broker, topics, seconds=120):
    """Waits until the group has committed everything that is in the raw topic now."""
    ends = high_watermarks(broker, topics.raw)
    def done():
        offsets = committed(broker, topics.prefix, topics.raw)
        return all(offsets.get(p, -1) >= end for p, end in ends.items() if end > 0)
    wait_until(done, "the group to commit %s" % ends, seconds)
    wait_until(lambda: is_settled(broker, topics), "the end of transactions on the outputs", seconds)


def is_settled(broker, topics):
    """No transaction is open on the outputs: offsets can be committed before the markers of the outputs are there."""
    ends = []
    for isolation in ("read_uncommitted", "read_committed"):
        consumer = Consumer({"bootstrap.servers": broker.address, "group.id": "probe", "isolation.level": isolation})
        try:
            known = consumer.list_topics(timeout=30).topics
            ends.append({(topic, p): consumer.get_watermark_offsets(TopicPartition(topic, p), 30)[1]
                         for topic in (topics.enriched, topics.duplicates, topics.deadletter) if topic in known
                         for p in known[topic].partitions})
        except KafkaException:  # a leader moves, or a topic was deleted
            return False
        finally:
            consumer.close()
    return ends[0] == ends[1]


def outcomes(broker, topics):
    """{(partition, offset): [(kind, record)]} over the three outputs, read committed."""
    found = collections.defaultdict(list)
    for kind, topic in ((ENRICHED, topics.enriched), (DUPLICATE, topics.duplicates)):
        for message in consume(broker, topic):
            record = json.loads(schemas.without_schema_id(message.value()))
            position = record["position"]
            found[position["partition"], position["offset"]].append((kind, record))
    for message in consume(broker, topics.deadletter):
        headers = {k: (v or b"").decode(errors="replace") for k, v in message.headers()}
        key = int(headers["tocsin.original.partition"]), int(headers["tocsin.original.offset"])
        found[key].append((DEADLETTER, headers))
    return found


def check_outputs(broker, topics, null_values=0, chains=True):
    """The oracle. Returns counts by kind. Without chains: a dedup state that a test made wrong judged some of them."""
    found = outcomes(broker, topics)
    check_schemas(broker, topics)
    raw = consume(broker, topics.raw)
    missing, counts = [], collections.Counter()
    for message in raw:
        here = found.pop((message.partition(), message.offset()), [])
        if message.value() is None:
            assert not here, "a null value got an outcome"
            null_values -= 1
        elif len(here) != 1:
            missing.append(((message.partition(), message.offset()), [kind for kind, _ in here]))
        else:
            counts[here[0][0]] += 1
    assert null_values == 0, "null values: %d unexpected" % -null_values
    assert not missing, "%d raw positions without exactly one outcome: %s" % (len(missing), missing[:5])
    assert not found, "outcomes of positions that do not exist: %s" % list(found)[:5]
    if chains:
        check_chains(outcomes(broker, topics))
    return counts


def check_schemas(broker, topics):
    """Every record that was published is as config/schemas say."""
    for topic in (topics.enriched, topics.duplicates, topics.alerts, topics.pairs, topics.deadletter):
        for message in consume(broker, topic):
            faults = (schemas.header_faults(message.headers()) if topic == topics.deadletter
                      else schemas.record_faults(message.value()))
            assert not faults, "%s %d/%d: %s" % (topic, message.partition(), message.offset(), faults)


def tocsin(*arguments):
    """Runs a verb to its end: (exit code, standard output, standard error)."""
    done = subprocess.run([TOCSIN, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout, done.stderr


def audit(config):
    """The report of `tocsin audit` on a configuration file, or of a Daemon's; it may be running."""
    code, out, err = tocsin("audit", "--format", "json", "--config", getattr(config, "config", config))
    assert code in (0, 1), "tocsin audit ended with %d:\n%s" % (code, err)
    report = json.loads(out)
    assert report["clean"] == (code == 0), out
    return report


def check_audit(config):
    """The second oracle: raw topic and ledger folded again give what was published, byte for byte."""
    report = audit(config)
    assert report["clean"], "audit is not clean:\n%s" % json.dumps(report, indent=1)
    return report


def check_chains(found):
    """Every duplicate leads to an enriched record of the same story."""
    by_position = {key: entries[0] for key, entries in found.items()}
    for key, (kind, record) in by_position.items():
        hops = 0
        while kind == DUPLICATE:
            original = record["duplicate_of_position"]
            story = record["story"]["id"]
            target = by_position.get((original["partition"], original["offset"]))
            assert target, "duplicate %s leads nowhere: %s" % (key, original)
            kind, record = target
            assert kind != DEADLETTER, "duplicate %s leads to a dead letter" % (key,)
            assert record["story"]["id"] == story, "duplicate %s leads to another story" % (key,)
            hops += 1
            assert hops < 100, "duplicates go round in a circle at %s" % (key,)
