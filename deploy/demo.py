"""The part of deploy/demo that talks to Kafka: starts tocsin, feeds it, shows and checks what it writes.

usage: demo.py [--once] FOLDER BROKER
"""

import argparse
import collections
import json
import os
import pathlib
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Producer, TopicPartition

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests/alerts")]

import crisis  # noqa: E402 (an invented one, of ten days)
import schemas  # noqa: E402 (the check that the tests use)

DATA = ROOT / "deploy/demo-data"
RAW = "news.raw"
OUTPUTS = {"news.enriched": "enriched", "news.duplicates": "duplicates", "news.deadletter": "deadletter"}
ALERTS = "news.alerts"
PAIRS = "news.pairs"
READY_LIMIT_S = 60
LEDGER = "news.ledger"
ALERT_LIMIT_S = 60  # after the last outcome, for the alert engine to have read everything
OUTCOME_LIMIT_S = 90
SHOWN_PER_SECOND = 6  # for a person; --once feeds as fast as it can
ESCALATION_SHOWN = 25.0
DAY_MS = 24 * 3_600_000


class Failure(Exception):
    pass


def sample():
    """(timestamp, key, value bytes or None) of each record; "hex" holds values that are no UTF-8."""
    with open(DATA / "articles.jsonl", encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            if "hex" in record:
                value = bytes.fromhex(record["hex"])
            elif isinstance(record["value"], dict):
                value = json.dumps(record["value"], ensure_ascii=False).encode()
            else:
                value = record["value"].encode() if record["value"] is not None else None
            yield record["timestamp"], record["key"], value


class Daemon:
    """`tocsin run` on a free admin port; ends with the with-block."""

    def __init__(self, folder, broker):
        self.log = folder / "tocsin.log"
        config = folder / "tocsin.yaml"
        # Port 0 would hide the probes, so a port is looked for first.
        self.port = free_port()
        self.page = "http://127.0.0.1:%d/" % free_port()
        config.write_text(
            "version: 1\ninstance: demo\nkafka: {brokers: '%s', group: tocsin, create_topics: true}\n"
            "admin: {listen: '127.0.0.1:%d'}\npage: {listen: '%s'}\nlog: {format: text}\n"
            % (broker, self.port, self.page.split("/")[2]))
        self.process = subprocess.Popen(
            [ROOT / "build/release/tocsin", "run", "--config", config],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=open(self.log, "wb"),
            start_new_session=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def fail(self, what):
        tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])
        raise Failure("%s; the end of tocsin's log:\n%s" % (what, tail))

    def check_alive(self):
        if self.process.poll() is not None:
            self.fail("tocsin ended with exit code %d" % self.process.returncode)

    def wait_ready(self):
        deadline = time.monotonic() + READY_LIMIT_S
        while True:
            self.check_alive()
            try:
                urllib.request.urlopen("http://127.0.0.1:%d/readyz" % self.port, timeout=5).close()
                return
            except OSError:
                pass
            if time.monotonic() > deadline:
                self.fail("tocsin was not ready within %d s" % READY_LIMIT_S)
            time.sleep(0.05)

    def stop(self):
        self.process.terminate()
        if self.process.wait(60) != 0:
            self.fail("tocsin ended with exit code %d" % self.process.returncode)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Feeder:
    """Produces the sample with its own timestamps and counts what the broker has taken."""

    def __init__(self, broker):
        self.producer = Producer({"bootstrap.servers": broker, "partitioner": "murmur2_random",
                                  "enable.idempotence": True, "linger.ms": 5})
        self.failed = []

    def feed(self, record):
        timestamp, key, value = record
        self.producer.produce(RAW, value, key, timestamp=timestamp, on_delivery=self.delivered)
        self.producer.poll(0)

    def delivered(self, error, _):
        if error:
            self.failed.append(error)

    def finish(self):
        if self.producer.flush(60) or self.failed:
            raise Failure("could not produce the sample: %s" % self.failed[:1])


def reader(broker, topics, group=None):
    consumer = Consumer({"bootstrap.servers": broker, "group.id": group or uuid.uuid4().hex,
                         "isolation.level": "read_committed", "enable.auto.commit": False,
                         "enable.partition.eof": True, "auto.offset.reset": "earliest",
                         "topic.metadata.refresh.interval.ms": 1000})
    known = consumer.list_topics(timeout=30).topics
    missing = [t for t in topics if t not in known]
    if missing:
        raise Failure("topics that tocsin should have created are missing: %s" % ", ".join(missing))
    places = [(t, p) for t in topics for p in known[t].partitions]
    consumer.assign([TopicPartition(t, p, OFFSET_BEGINNING) for t, p in places])
    return consumer, len(places)


def read_all(broker, topics):
    """Every record that is there now, read committed."""
    consumer, open_partitions = reader(broker, topics)
    messages, deadline = [], time.monotonic() + 60
    while open_partitions:
        if time.monotonic() > deadline:
            raise Failure("could not read %s to the end" % ", ".join(topics))
        message = consumer.poll(1.0)
        if message is None:
            continue
        if not message.error():
            messages.append(message)
        elif message.error().code() == KafkaError._PARTITION_EOF:
            open_partitions -= 1
    consumer.close()
    return messages


def outcome(message):
    """(kind, input position, record) of an output record."""
    kind = OUTPUTS[message.topic()]
    if kind == "deadletter":
        headers = {k: (v or b"").decode(errors="replace") for k, v in message.headers() or []}
        place = int(headers["tocsin.original.partition"]), int(headers["tocsin.original.offset"])
        return kind, place, headers
    record = json.loads(message.value())
    return kind, (record["position"]["partition"], record["position"]["offset"]), record


class Screen:
    """What a person sees: one block an event, and a line of counts at the bottom on a terminal."""

    def __init__(self):
        self.terminal = sys.stdout.isatty()
        self.colour = self.terminal and "NO_COLOR" not in os.environ
        self.titles = {}
        self.counts = collections.Counter()
        self.shown_alerts = set()

    def paint(self, code, text):
        return "\033[%sm%s\033[0m" % (code, text) if self.colour else text

    def show(self, kind, place, record):
        self.counts[kind] += 1
        if kind == "enriched":
            self.titles[place] = record.get("title", record["id"])
            self.show_tension(record)
        elif kind == "duplicates":
            self.show_copy(record)
        else:
            self.line("%s  %s/%s  %s" % (self.paint("35", "dead letter"), *place, " ".join(
                record.get(h, "") for h in ("tocsin.error.code", "tocsin.error.message"))))
        self.show_counts()

    def show_alert(self, record):
        if (record["alert_id"], record["revision"]) in self.shown_alerts:
            return
        self.shown_alerts.add((record["alert_id"], record["revision"]))
        self.counts["alerts"] += record["state"] == "opened"
        calm = record["state"] == "closed"
        self.line("%s  %s" % (self.paint("32" if calm else "1;37;41", "\N{BELL} alert %-7s" % record["state"]),
                              self.paint("1", record["sentence"])))
        self.show_counts()

    def show_tension(self, record):
        tension = record.get("tension")
        if not tension or abs(tension["escalation"]) < ESCALATION_SHOWN:
            return
        rising = tension["escalation"] > 0
        self.counts["escalations" if rising else "eased"] += 1
        colour = "1;31" if rising else "32"
        self.line("%s  %s" % (self.paint(colour, "%s %5.1f %-8s" % (
            "▲" if rising else "▼", tension["score"] if rising else tension["cooperation"],
            tension["level"] if rising else "easing")), self.paint("1", record.get("title", ""))))
        names = {e["id"]: e["name"] for e in record["entities"]}
        own = [e for e in record["events"] if (e["scale"] < 0) == rising]
        for event in sorted(own, key=lambda e: -abs(e["weight"]))[:2]:
            self.line("                  %s → %s  %s, %s  “%s”" % (
                self.actor(event, "actor", names), self.actor(event, "recipient", names),
                event["event"], self.manner(event), self.paint("33", event["evidence"]["text"])))

    @staticmethod
    def manner(event):
        return event["modality"] if event["polarity"] == "asserted" else "negated"

    @staticmethod
    def actor(event, role, names):
        known = event.get(role)
        return names.get(known, known) or event.get(role + "_text") or "?"

    def show_copy(self, record):
        original = record["duplicate_of_position"]
        title = self.titles.get((original["partition"], original["offset"]), record["duplicate_of"])
        self.line("%s  %s\n                  of %s" % (
            self.paint("36", "= copy, %s %.2f" % (record["method"], record["similarity"])),
            record.get("title", ""), title))

    def line(self, text):
        print("\r\033[K" + text if self.terminal else text, flush=True)

    def show_counts(self):
        if self.terminal:
            print("\r\033[K" + self.paint("7", " %s " % self.summary()), end="", flush=True)

    def summary(self):
        return ("%(enriched)d articles (%(escalations)d escalating, %(eased)d easing), "
                "%(duplicates)d copies, %(deadletter)d dead letters, %(alerts)d alerts" % self.counts)


def watch(broker, daemon, records, screen, per_second):
    """Feeds and shows until each record that is due an outcome has one, and all alerts are there."""
    due = sum(1 for _, _, value in records if value is not None)
    feeder = Feeder(broker)
    consumer, _ = reader(broker, [*OUTPUTS, ALERTS])
    waiting, begin, seen, deadline = list(reversed(records)), time.monotonic(), 0, None
    while seen < due:
        daemon.check_alive()
        fed = len(records) - len(waiting)
        while waiting and (not per_second or fed <= (time.monotonic() - begin) * per_second):
            feeder.feed(waiting.pop())
            fed += 1
        if not waiting and deadline is None:
            feeder.finish()
            deadline = time.monotonic() + OUTCOME_LIMIT_S
        if deadline and seen < due and time.monotonic() > deadline:
            daemon.fail("only %d of %d records have an outcome after %d s" % (seen, due, OUTCOME_LIMIT_S))
        message = consumer.poll(0.05)
        if message is None or message.error():
            continue
        if message.topic() == ALERTS:
            screen.show_alert(json.loads(message.value()))
            continue
        seen += 1
        screen.show(*outcome(message))
    consumer.close()
    wait_for_alerts(broker, daemon)
    show_rest(broker, screen)


def go_on(broker, daemon):
    """For whoever looks at the page: an invented crisis, a day in a minute; then the daemon alone."""
    feeder, begin = Feeder(broker), time.monotonic()
    for at, _, article in crisis.make():
        while at - crisis.START_MS > (time.monotonic() - begin) * DAY_MS / 60:
            daemon.check_alive()
            time.sleep(0.05)
        feeder.feed((at, article["id"], json.dumps(article).encode()))
    feeder.finish()
    daemon.process.wait()
    daemon.check_alive()


def wait_for_alerts(broker, daemon):
    """Until the alert engine has committed what the ledger holds now: it reads it behind the outcomes."""
    asker = Consumer({"bootstrap.servers": broker, "group.id": "tocsin.alerts"})
    place = TopicPartition(LEDGER, 0)
    end = asker.get_watermark_offsets(place, timeout=30)[1]
    deadline = time.monotonic() + ALERT_LIMIT_S
    while asker.committed([place], timeout=30)[0].offset < end:
        daemon.check_alive()
        if time.monotonic() > deadline:
            daemon.fail("the alert engine has not read the ledger within %d s" % ALERT_LIMIT_S)
        time.sleep(0.1)
    asker.close()


def show_rest(broker, screen):
    """Alerts that came after the last outcome."""
    for message in read_all(broker, [ALERTS]):
        screen.show_alert(json.loads(message.value()))


def told(records):
    """What there is to compare of alert records: which rule opened, closed or revised for whom, how high."""
    return collections.Counter((r["state"], r["rule"], "|".join(r["dyad"]["pair"]), r["level"]) for r in records)


def check_alerts(broker, records, folder):
    """The alerts are those that `tocsin backtest` finds in the same articles."""
    archive = folder / "articles.jsonl"
    with open(archive, "wb") as lines:
        for _, _, value in records:
            if value is not None:
                lines.write(value.replace(b"\n", b" ") + b"\n")
    out = subprocess.run([ROOT / "build/release/tocsin", "backtest", "--format", "json", archive],
                         check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    wanted = told(map(json.loads, out.splitlines()))
    found = told(json.loads(m.value()) for m in read_all(broker, [ALERTS]))
    if not wanted:
        return ["the backtest finds no alert"]
    return (["an alert of the backtest is missing: %s" % " ".join(a) for a in (wanted - found).elements()]
            + ["an alert that the backtest does not find: %s" % " ".join(a) for a in (found - wanted).elements()])


def check(broker, expected):
    """Each input in exactly one output, records as their schemas say, each copy's chain ends in news, the
    counts are as expected."""
    found, copies, counts = collections.defaultdict(list), {}, collections.Counter()
    faults = []
    for message in read_all(broker, [*OUTPUTS, ALERTS, PAIRS]):
        faults += (schemas.header_faults(message.headers()) if OUTPUTS.get(message.topic()) == "deadletter"
                   else schemas.record_faults(message.value()))
        if message.topic() not in OUTPUTS:
            continue
        kind, place, record = outcome(message)
        found[place].append(kind)
        counts[kind] += 1
        if kind == "duplicates":
            original = record["duplicate_of_position"]
            copies[place] = original["partition"], original["offset"]
    for message in read_all(broker, [RAW]):
        place = message.partition(), message.offset()
        kinds = found.pop(place, [])
        if len(kinds) != (0 if message.value() is None else 1):
            faults.append("input %d/%d has the outcomes %s" % (*place, kinds))
    faults += ["an outcome of no input: %d/%d" % place for place in found]
    for place in copies:
        end, steps = place, 0
        while end in copies and steps <= len(copies):
            end, steps = copies[end], steps + 1
        if end in copies:
            faults.append("the chain of copy %d/%d never ends" % place)
    for kind, number in expected.items():
        if counts[kind] != number:
            faults.append("%d %s, expected %d" % (counts[kind], kind, number))
    return faults


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--once", action="store_true")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("broker")
    arguments = parser.parse_args()
    records = list(sample())
    screen = Screen()
    try:
        with Daemon(arguments.folder, arguments.broker) as daemon:
            daemon.wait_ready()
            print("the live page: %s" % daemon.page)
            watch(arguments.broker, daemon, records, screen, None if arguments.once else SHOWN_PER_SECOND)
            print("\n%d records in: %s" % (len(records), screen.summary()))
            if not arguments.once:
                print("All fed. tocsin goes on with an invented crisis, a day in a minute; look at %s\n"
                      "probes and metrics: http://127.0.0.1:%d/metrics, broker: %s. Ctrl-C ends everything."
                      % (daemon.page, daemon.port, arguments.broker))
                go_on(arguments.broker, daemon)
            daemon.stop()
        faults = check(arguments.broker, json.loads((DATA / "expected.json").read_text()))
        faults += check_alerts(arguments.broker, records, arguments.folder)
        print("\n".join(faults) if faults else
              "every record has exactly one outcome; counts as expected; alerts as `tocsin backtest` finds them")
        return 1 if faults else 0
    except KeyboardInterrupt:
        print()
        return 0
    except Failure as failure:
        print("deploy/demo: %s" % failure, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
