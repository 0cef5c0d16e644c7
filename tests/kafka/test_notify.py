"""`tocsin notify` against real HTTP receivers: nothing is lost, nothing overtakes, silence rings."""

import hashlib
import hmac
import http.server
import json
import pathlib
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.request

from harness import (TOCSIN, Broker, Daemon, Topics, committed, config_text, consume, free_port, produce, slow,
                     tocsin, wait_until)


def alert(alert_id, revision, state="opened", severity="high"):
    return {"key": alert_id, "value": {
        "schema": "tocsin.alert/1", "alert_id": alert_id, "revision": revision, "state": state, "rule": "threat",
        "severity": severity, "dyad": {"pair": ["Q1", "Q2"], "codes": ["NOR", "EST"]},
        "sentence": "Norland threatens Estavia", "evidence": [{"title": "Norland warns", "url": "https://n.example/1"}],
        "last_seen": "2026-03-01T10:00:00Z"}}


class Receiver:
    """An HTTP server that answers as its plan says, then 200 for ever. Each step of the plan is a status,
    a (status, headers) pair, "slow" (no answer in time) or "reset" (closes without an answer)."""

    def __init__(self, plan=(), certificate=None):
        self.plan, self.requests, self.lock = list(plan), [], threading.Lock()
        self.answer = None  # a function of the body, instead of the plan
        receiver = self

        class Answer(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with receiver.lock:
                    step = receiver.answer(body) if receiver.answer else receiver.plan.pop(0) if receiver.plan else 200
                    receiver.requests.append((time.monotonic(), self.path, dict(self.headers), body, step))
                if step == "slow":
                    receiver.closing.wait(20)
                if step in ("slow", "reset"):
                    self.close_connection = True
                    return
                status, headers = step if isinstance(step, tuple) else (step, {})
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments):
                pass

        self.closing = threading.Event()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
            self.scheme = "https"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, host="127.0.0.1"):
        return "%s://%s:%d/hook?team=1" % (self.scheme, host, self.server.server_address[1])

    def accepted(self):
        """Bodies that were answered with 200, in order."""
        with self.lock:
            return [json.loads(body) for _, _, _, body, step in self.requests if step == 200]

    def close(self):
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()


class Notify:
    """One `tocsin notify`."""

    def __init__(self, broker, topics, folder, webhooks, extra=""):
        self.port = free_port()
        self.config, self.log = folder / "notify.yaml", folder / "notify.log"
        self.config.write_text(config_text(
            broker, topics, extra="alerts:\n  listen: '127.0.0.1:%d'\n  webhooks: %s\n%s"
            % (self.port, json.dumps(webhooks), extra)))
        with self.log.open("wb") as log:
            self.process = subprocess.Popen([TOCSIN, "notify", "--config", self.config], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log)

    def get(self, path):
        try:
            with urllib.request.urlopen("http://127.0.0.1:%d%s" % (self.port, path), timeout=5) as answer:
                return answer.read().decode()
        except OSError:
            return ""

    def metric(self, series):
        for line in self.get("/metrics").splitlines():
            if line.startswith(series + " "):
                return float(line.rsplit(" ", 1)[1])
        return None

    def wait_ready(self):
        def ready():
            assert self.process.poll() is None, self.log.read_text()
            return self.get("/readyz") == "ok\n"
        wait_until(ready, "notify to be ready")
        return self

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class NotifyTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = Broker.shared()

    @classmethod
    def tearDownClass(cls):
        cls.broker.close()

    def setUp(self):
        self.topics = Topics()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-notify-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.broker.create(self.topics.alerts, 1)
        self.broker.create(self.topics.ledger, 1, message_timestamp_type="LogAppendTime")
        (self.folder / "secret").write_text("s3cret\n")

    def receiver(self, *plan, **arguments):
        receiver = Receiver(plan, **arguments)
        self.addCleanup(receiver.close)
        return receiver

    def webhook(self, kind, receiver, **keys):
        webhook = {"name": kind, "kind": kind, "url": receiver.url(), "timeout": "1s", **keys}
        if kind == "pagerduty":
            webhook["secret_file"] = str(self.folder / "secret")
        return webhook

    def notify(self, *webhooks, extra="  silence_max: 1h\n", ready=True):
        notify = Notify(self.broker, self.topics, self.folder, list(webhooks), extra)
        self.addCleanup(notify.close)
        return notify.wait_ready() if ready else notify

    def wait_committed(self, name, count):
        group = "%s.notify.%s" % (self.topics.prefix, name)
        wait_until(lambda: sum(max(o, 0) for o in committed(self.broker, group, self.topics.alerts).values()) == count,
                   "target %s to commit %d" % (name, count))

    def test_each_kind_gets_its_form(self):
        receivers = {kind: self.receiver() for kind in ("json", "slack", "pagerduty")}
        hooks = [self.webhook(kind, receiver) for kind, receiver in receivers.items()]
        hooks[0]["secret_file"] = str(self.folder / "secret")
        notify = self.notify(*hooks)
        closed = alert("a1", 2, "closed")  # as it stands with output.schema_ids
        closed["value"] = struct.pack(">bI", 0, 13) + json.dumps(closed["value"]).encode()
        produce(self.broker, self.topics.alerts, [alert("a1", 1), closed])
        for kind, receiver in receivers.items():
            self.wait_committed(kind, 2)
            self.assertEqual(len(receiver.requests), 2, kind)
        _, path, headers, body, _ = receivers["json"].requests[0]
        self.assertEqual(path, "/hook?team=1")
        self.assertEqual(json.loads(body), alert("a1", 1)["value"])
        self.assertEqual(headers["Tocsin-Delivery"], "a1.1")
        stamp, signature = headers["Tocsin-Signature"].split(",")
        self.assertLess(abs(time.time() - int(stamp[2:])), 60)
        expected = hmac.new(b"s3cret", stamp[2:].encode() + b"." + body, hashlib.sha256).hexdigest()
        self.assertEqual(signature, "v1=" + expected)
        self.assertIn("Norland threatens Estavia", receivers["slack"].accepted()[0]["text"])
        trigger, resolve = receivers["pagerduty"].accepted()
        self.assertEqual([trigger["event_action"], resolve["event_action"]], ["trigger", "resolve"])
        self.assertEqual({trigger["dedup_key"], resolve["dedup_key"]}, {"a1"})
        self.assertEqual(trigger["routing_key"], "s3cret")
        self.assertEqual(notify.metric('tocsin_notify_alerts_total{result="delivered",target="json"}'), 2)
        self.assertEqual(notify.terminate(), 0)

    def check_trouble(self, kind):
        """Nothing is lost, nothing overtakes, whatever the receiver does."""
        receiver = self.receiver(500, "slow", (302, {"Location": "http://127.0.0.1:1/"}), "reset", 408)
        notify = self.notify(self.webhook(kind, receiver))
        produce(self.broker, self.topics.alerts, [alert("a1", i) for i in range(12)])
        self.wait_committed(kind, 12)
        self.assertEqual(len(receiver.accepted()), 12)
        self.assertEqual(len(receiver.requests), 17)
        bodies = [json.loads(r[3]) for r in receiver.requests]
        self.assertEqual(len({json.dumps(b) for b in bodies[:6]}), 1, "the same alert until it is taken")
        if kind == "json":
            self.assertEqual([(b["alert_id"], b["revision"]) for b in receiver.accepted()],
                             [("a1", i) for i in range(12)])
        self.assertEqual(notify.metric('tocsin_notify_alerts_total{result="failed_attempt",target="%s"}' % kind),
                         5)
        log = notify.log.read_text()
        for word in ("status=500", "time-out", "status=302", "end of stream", "status=408"):
            self.assertIn(word, log)
        self.assertNotIn("s3cret", log)

    @slow
    def test_trouble_with_json(self):
        self.check_trouble("json")

    @slow
    def test_trouble_with_slack(self):
        self.check_trouble("slack")

    @slow
    def test_trouble_with_pagerduty(self):
        self.check_trouble("pagerduty")

    def test_a_refused_connection_is_tried_until_somebody_listens(self):
        port = free_port()
        notify = self.notify({"name": "late", "kind": "json", "url": "http://127.0.0.1:%d/" % port})
        produce(self.broker, self.topics.alerts, [alert("a1", 1)])
        wait_until(lambda: "Connection refused" in notify.log.read_text(), "a refused attempt")
        receiver = Receiver()
        self.addCleanup(receiver.close)
        relay = socket.create_server(("127.0.0.1", port))  # the late listener is a relay to a receiver
        self.addCleanup(relay.close)

        def forward():
            client, _ = relay.accept()
            with client, socket.create_connection(receiver.server.server_address) as upstream:
                threading.Thread(target=self.pump, args=(client, upstream), daemon=True).start()
                self.pump(upstream, client)
        threading.Thread(target=forward, daemon=True).start()
        self.wait_committed("late", 1)
        self.assertEqual(len(receiver.accepted()), 1)

    @staticmethod
    def pump(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def test_retry_after_is_honoured(self):
        receiver = self.receiver((429, {"Retry-After": "3"}))
        self.notify(self.webhook("json", receiver))
        produce(self.broker, self.topics.alerts, [alert("a1", 1)])
        self.wait_committed("json", 1)
        first, second = (r[0] for r in receiver.requests)
        self.assertGreaterEqual(second - first, 2.9)

    def test_a_hopeless_alert_is_given_up_and_the_next_goes_out(self):
        receiver = self.receiver()
        receiver.answer = lambda body: 500 if b'"a1"' in body else 200
        notify = self.notify(self.webhook("json", receiver, attempts_max=2))
        produce(self.broker, self.topics.alerts, [alert("a1", 1), {"value": b"no alert"}, {"value": None}, alert("a2", 1)])
        self.wait_committed("json", 4)
        self.assertEqual([b["alert_id"] for b in receiver.accepted()], ["a2"])
        self.assertEqual(notify.metric('tocsin_notify_alerts_total{result="given_up",target="json"}'), 1)
        self.assertEqual(notify.metric('tocsin_notify_alerts_total{result="unreadable",target="json"}'), 1)

    def test_what_a_receiver_refuses_is_given_up_at_once_and_told_to_the_others(self):
        refusing, other = self.receiver(400, 410), self.receiver()
        notify = self.notify(self.webhook("json", refusing), self.webhook("slack", other))
        produce(self.broker, self.topics.alerts, [alert("a1", 1), alert("a2", 1), alert("a3", 1)])
        self.wait_committed("json", 3)
        self.assertEqual([b["alert_id"] for b in refusing.accepted()], ["a3"])
        self.assertEqual(len(refusing.requests), 3)
        self.assertEqual(notify.metric('tocsin_notify_alerts_total{result="refused",target="json"}'), 2)
        def told():
            texts = [b["text"] for b in other.accepted()]
            return [t for t in texts if "target json" in t] if len(texts) == 5 else None
        texts = wait_until(told, "the other target to be told, once, and of the end")
        self.assertIn("was not told of an alert: it answers 400", texts[0])
        self.assertIn("takes alerts again", texts[1])

    def test_one_bad_alert_holds_up_no_other_and_a_restart_repeats_none(self):
        receiver = self.receiver()
        receiver.answer = lambda body: 500 if b'"bad"' in body else 200
        hook = self.webhook("json", receiver, attempts_max=1000)
        notify = self.notify(hook)
        produce(self.broker, self.topics.alerts, [alert("bad", 1), alert("bad", 2)] + [alert("a%d" % i, 1) for i in range(20)])
        wait_until(lambda: len(receiver.accepted()) == 20, "the other alerts")
        self.assertEqual(notify.terminate(), 0)
        notify = self.notify(hook)
        produce(self.broker, self.topics.alerts, [alert("last", 1)])
        wait_until(lambda: [b["alert_id"] for b in receiver.accepted()][20:] == ["last"], "the new alert alone")
        self.assertNotIn(("bad", 2), [(b["alert_id"], b["revision"]) for b in map(lambda r: json.loads(r[3]), receiver.requests)])
        receiver.answer = None
        self.wait_committed("json", 23)
        self.assertEqual([(b["alert_id"], b["revision"]) for b in receiver.accepted()][21:], [("bad", 1), ("bad", 2)])

    def test_the_dead_mans_alert_queues_behind_nothing(self):
        receiver = self.receiver()
        receiver.answer = lambda body: 200 if b"notify.silence" in body else (429, {"Retry-After": "86400"})
        self.notify(self.webhook("json", receiver), extra="  silence_max: 3s\n")
        produce(self.broker, self.topics.alerts, [alert("a%d" % i, 1) for i in range(5)])
        wait_until(lambda: receiver.accepted(), "the alarm of silence", 20)

    def test_people_on_call_mute(self):
        silences = self.folder / "silences.yaml"
        def mute(*items):
            silences.write_text("version: 1\nsilences: [%s]\n" % ", ".join(items))
        entry = "{pair: [NOR, EST], level: high, until: %s, by: mk, why: an exercise level=info}"
        mute(entry % "2099-01-01T00:00:00Z")
        receiver = self.receiver()
        notify = self.notify(self.webhook("json", receiver), extra="  silences: silences.yaml\n  silence_max: 1h\n")
        def with_level(alert_id, revision, level, state="opened"):
            record = alert(alert_id, revision, state)
            record["value"]["level"] = level
            return record
        produce(self.broker, self.topics.alerts, [
            with_level("quiet", 1, "high"), with_level("rising", 1, "medium"), with_level("quiet", 2, "high", "closed"),
            with_level("rising", 2, "critical", "updated"), with_level("rising", 3, "critical", "closed")])
        self.wait_committed("json", 5)
        self.assertEqual([(b["alert_id"], b["revision"]) for b in receiver.accepted()], [("rising", 2), ("rising", 3)])
        self.assertEqual(notify.metric('tocsin_notify_alerts_total{result="muted",target="json"}'), 3)
        self.assertEqual(notify.metric("tocsin_notify_silences"), 1)
        mute(entry % "2020-01-01T00:00:00Z")
        notify.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "a silence is over line=" in notify.log.read_text(), "the expired silence to be dropped")
        produce(self.broker, self.topics.alerts, [with_level("loud", 1, "low")])
        self.wait_committed("json", 6)
        self.assertEqual(receiver.accepted()[-1]["alert_id"], "loud")
        mute("{pair: [NOR], until: soon}")
        notify.process.send_signal(signal.SIGHUP)
        wait_until(lambda: notify.metric('tocsin_config_reloads_total{result="refused"}') == 1, "the refusal")
        self.assertIn("two actors", notify.log.read_text())

    def test_a_reload_changes_webhooks(self):
        first, second = self.receiver(), self.receiver()
        notify = self.notify(self.webhook("json", first))
        notify.process.send_signal(signal.SIGHUP)
        wait_until(lambda: notify.metric('tocsin_config_reloads_total{result="applied"}') == 1, "a reload")
        text = notify.config.read_text()
        notify.config.write_text(text.replace(first.url(), second.url()))
        notify.process.send_signal(signal.SIGHUP)
        wait_until(lambda: notify.metric('tocsin_config_reloads_total{result="applied"}') == 2, "another address")
        notify.wait_ready()
        produce(self.broker, self.topics.alerts, [alert("a1", 1)])
        self.wait_committed("json", 1)
        self.assertEqual((len(first.accepted()), len(second.accepted())), (0, 1))
        notify.config.write_text("version: 1\n")
        notify.process.send_signal(signal.SIGHUP)
        wait_until(lambda: notify.metric('tocsin_config_reloads_total{result="refused"}') == 1, "nobody to notify")
        self.assertEqual(notify.terminate(), 0)

    def test_a_test_alert(self):
        receiver, refusing = self.receiver(), self.receiver(401)
        notify = self.notify(self.webhook("json", receiver), self.webhook("slack", refusing), ready=False)
        notify.close()
        code, out, err = tocsin("notify", "--config", notify.config, "--test", "json")
        self.assertEqual((code, out), (0, "json: test alert delivered, status 200\n"), err)
        self.assertIs(receiver.accepted()[0]["test"], True)
        self.assertEqual(receiver.accepted()[0]["rule"], "notify.test")
        code, _, err = tocsin("notify", "--config", notify.config, "--test", "slack")
        self.assertEqual(code, 1)
        self.assertIn("status 401", err)
        code, _, err = tocsin("notify", "--config", notify.config, "--test", "nobody")
        self.assertEqual(code, 2)
        self.assertIn("there are: json, slack", err)

    def test_by_way_of_a_proxy(self):
        receiver = self.receiver()
        seen = []

        class Relay(http.server.BaseHTTPRequestHandler):
            def do_POST(self):  # an absolute address: a request that is relayed
                body = self.rfile.read(int(self.headers["Content-Length"]))
                seen.append((self.path, self.headers.get("Proxy-Authorization")))
                urllib.request.urlopen(urllib.request.Request(receiver.url(), body, method="POST"), timeout=10)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def do_CONNECT(self):
                seen.append((self.path, self.headers.get("Proxy-Authorization")))
                host, port = self.path.rsplit(":", 1)
                with socket.create_connection((host, int(port))) as upstream:
                    self.send_response(200)
                    self.end_headers()
                    threading.Thread(target=NotifyTest.pump, args=(self.connection, upstream), daemon=True).start()
                    NotifyTest.pump(upstream, self.connection)
                self.close_connection = True

            def log_message(self, *arguments):
                pass
        relay = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Relay)
        threading.Thread(target=relay.serve_forever, daemon=True).start()
        self.addCleanup(relay.server_close)
        self.addCleanup(relay.shutdown)
        pem, ca = self.certificate()
        secure = self.receiver(certificate=pem)
        place = "127.0.0.1:%d" % relay.server_address[1]
        (self.folder / "proxy").write_text("http://user:pass@%s\n" % place)
        self.notify(self.webhook("json", receiver, proxy="http://" + place),
                    {"name": "secure", "kind": "json", "url": secure.url("localhost"), "ca_file": ca,
                     "proxy_file": str(self.folder / "proxy")})
        produce(self.broker, self.topics.alerts, [alert("a1", 1)])
        for name in ("json", "secure"):
            self.wait_committed(name, 1)
        self.assertEqual((len(receiver.accepted()), len(secure.accepted())), (1, 1))
        self.assertEqual(sorted(seen, key=str), sorted([
            (receiver.url(), None), ("localhost:%d" % secure.server.server_address[1], "Basic dXNlcjpwYXNz")], key=str))

    def test_one_targets_trouble_does_not_hold_up_another(self):
        stuck, good = self.receiver(*[500] * 100), self.receiver()
        self.notify(self.webhook("json", stuck), self.webhook("slack", good))
        produce(self.broker, self.topics.alerts, [alert("a%d" % i, 1) for i in range(5)])
        self.wait_committed("slack", 5)
        self.assertEqual(len(good.accepted()), 5)
        self.assertEqual(stuck.accepted(), [])

    def test_a_rate_limit_makes_the_next_wait(self):
        receiver = self.receiver()
        notify = self.notify(self.webhook("json", receiver, requests_per_minute=2))
        produce(self.broker, self.topics.alerts, [alert("a%d" % i, 1) for i in range(3)])
        self.wait_committed("json", 2)
        time.sleep(2)  # a rate is seen by what does not come
        self.assertEqual(len(receiver.requests), 2)
        self.assertEqual(notify.terminate(), 0)

    def test_a_killed_notify_goes_on_where_it_was(self):
        receiver = self.receiver()
        hook = self.webhook("json", receiver)
        first = self.notify(hook)
        produce(self.broker, self.topics.alerts, [alert("a1", 1)])
        self.wait_committed("json", 1)
        first.close()
        produce(self.broker, self.topics.alerts, [alert("a1", 2)])  # while nobody listens
        self.notify(hook)
        self.wait_committed("json", 2)
        self.assertEqual([b["revision"] for b in receiver.accepted()], [1, 2])

    def test_a_new_target_is_not_told_of_the_past(self):
        produce(self.broker, self.topics.alerts, [alert("old", 1)])
        receiver = self.receiver()
        self.notify(self.webhook("json", receiver))
        produce(self.broker, self.topics.alerts, [alert("new", 1)])
        self.wait_committed("json", 2)
        self.assertEqual([b["alert_id"] for b in receiver.accepted()], ["new"])

    def certificate(self):
        """A key with its certificate for localhost, and the certificate alone."""
        pem = self.folder / "server.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                        "-keyout", pem, "-out", self.folder / "cert.pem"], check=True, capture_output=True)
        with pem.open("a") as both:
            both.write((self.folder / "cert.pem").read_text())
        return pem, str(self.folder / "cert.pem")

    def test_certificates_are_verified(self):
        pem, ca = self.certificate()
        receiver = self.receiver(certificate=pem)
        notify = self.notify(
            {"name": "trusted", "kind": "json", "url": receiver.url("localhost"), "ca_file": ca},
            {"name": "unknown", "kind": "json", "url": receiver.url("localhost"), "attempts_max": 1},
            {"name": "othername", "kind": "json", "url": receiver.url("127.0.0.1"), "ca_file": ca, "attempts_max": 1})
        produce(self.broker, self.topics.alerts, [alert("a1", 1)])
        for name in ("trusted", "unknown", "othername"):
            self.wait_committed(name, 1)
        self.assertEqual(len([b for b in receiver.accepted() if b["alert_id"] == "a1"]), 1)
        self.assertGreaterEqual(notify.log.read_text().count("certificate verify failed"), 2, notify.log.read_text())

    def test_silence_rings_once_and_ends(self):
        receiver = self.receiver()
        ticks = self.tick_bytes()
        notify = self.notify(self.webhook("pagerduty", receiver), extra="  silence_max: 3s\n")
        wait_until(lambda: len(receiver.accepted()) == 1, "the alarm of silence")
        time.sleep(4)  # it must not ring again
        self.assertEqual(len(receiver.accepted()), 1)
        self.assertEqual(notify.metric("tocsin_notify_silent"), 1)
        produce(self.broker, self.topics.ledger, [{"value": ticks}])
        wait_until(lambda: len(receiver.accepted()) == 2, "the end of the alarm")
        opened, closed = receiver.accepted()
        self.assertEqual([opened["event_action"], closed["event_action"]], ["trigger", "resolve"])
        self.assertEqual(opened["dedup_key"], closed["dedup_key"])
        self.assertEqual(opened["payload"]["severity"], "critical")
        self.assertEqual(notify.metric("tocsin_notify_silent"), 0)

    def test_a_silence_survives_restarts_and_is_ended(self):
        receiver = self.receiver()
        ticks = self.tick_bytes()
        hook = self.webhook("pagerduty", receiver)
        first = self.notify(hook, extra="  silence_max: 3s\n")
        wait_until(lambda: len(receiver.accepted()) == 1, "the alarm of silence")
        self.assertEqual(first.terminate(), 0)
        second = self.notify(hook, extra="  silence_max: 1h\n")  # it rings no more by itself
        wait_until(lambda: second.metric("tocsin_notify_silent") == 1, "the silence to be remembered")
        produce(self.broker, self.topics.ledger, [{"value": ticks}])
        wait_until(lambda: len(receiver.accepted()) == 2, "the end of the alarm")
        self.assertEqual([b["event_action"] for b in receiver.accepted()], ["trigger", "resolve"])
        self.assertEqual(second.terminate(), 0)
        third = self.notify(hook, extra="  silence_max: 1h\n")
        self.assertEqual(third.metric("tocsin_notify_silent"), 0)
        self.assertEqual(len(receiver.accepted()), 2)

    def tick_bytes(self):
        """A tick as the alert engine appends it: taken from the ledger of a service that ticks fast."""
        topics = Topics()
        with_ticks = Daemon(self.broker, topics, extra="alerts: {tick_interval: 100ms}\n").wait_ready()
        self.addCleanup(with_ticks.close)
        def find():
            code, out, _ = tocsin("ledger", "show", "--format", "json", "--config", with_ticks.config)
            return [json.loads(line)["offset"] for line in out.splitlines() if json.loads(line)["type"] == "tick"]
        offset = wait_until(find, "a tick")[0]
        with_ticks.terminate()  # a ledger that grows ten times a second has no end to read to
        return next(m.value() for m in consume(self.broker, topics.ledger, "read_uncommitted") if m.offset() == offset)

    def test_wrong_use(self):
        for hooks, word in (([], "alerts.webhooks is empty"),
                            ([{"name": "p", "kind": "pagerduty", "secret_file": str(self.folder / "none")}], "none")):
            notify = self.notify(*hooks, ready=False)
            self.assertEqual(notify.process.wait(30), 2)
            self.assertIn(word, notify.log.read_text())


if __name__ == "__main__":
    unittest.main(verbosity=2)
