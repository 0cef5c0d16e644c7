"""The verbs that look into a running cluster, against a real broker: tap, top and deadletter."""

import base64
import csv
import http.server
import io
import json
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.request
import uuid

from harness import (ROOT, TOCSIN, ServiceTestCase, check_audit, check_outputs, consume, free_port, high_watermarks, produce, slow,
                     wait_processed, wait_until)

sys.path.insert(0, str(ROOT / "deploy"))
import demo  # noqa: E402

WAR = {"title": "Chile attacks Bolivia near Sucre", "source": "reuters.com",
       "body": "Chile attacked Bolivia on Monday and its troops seized a border post near Sucre, "
               "the Bolivian army said. Chile declared war on Bolivia hours later."}
CALM = {"title": "Rain \x1b[31mdelays =SUM(A1) match", "source": "park.example",
        "body": "Rain delayed the final of the village cup by an hour on Monday, the club said."}


class Registry:
    """Answers as a schema registry does: {id: type}, to whoever has the password."""

    def __init__(self, types):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                number = int(self.path.rsplit("/", 1)[1]) if self.path.startswith("/schemas/ids/") else None
                if self.headers["Authorization"] != "Basic " + base64.b64encode(b"reader:not-a-secret").decode():
                    self.answer(401, {"error_code": 401, "message": "Unauthorized"})
                elif number not in types:
                    self.answer(404, {"error_code": 40403, "message": "Schema %s not found" % number})
                else:  # of Avro the type is not said
                    kind = {} if types[number] == "AVRO" else {"schemaType": types[number]}
                    self.answer(200, {"schema": "{}", **kind})

            def answer(self, status, body):
                self.send_response(status)
                self.send_header("Content-Type", "application/vnd.schemaregistry.v1+json")
                self.end_headers()
                self.wfile.write(json.dumps(body).encode())

            def log_message(self, *_):
                pass
        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d" % self.server.server_port
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def close(self):
        if self.thread.is_alive():
            self.server.shutdown()
            self.server.server_close()
            self.thread.join()


class ToolsTest(ServiceTestCase):
    def run_tool(self, *arguments, code=0):
        done = subprocess.run([TOCSIN, *arguments, "--config", self.daemons[0].config],
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
        self.assertEqual(done.returncode, code, done.stderr.decode())
        return done.stdout.decode()

    def process(self, values):
        produce(self.broker, self.topics.raw, [{"value": v, "key": b"k", "headers": [("origin", b"x")]}
                                               for v in values])
        wait_processed(self.broker, self.topics)

    def test_tap_filters_goes_on_and_writes_three_formats(self):
        self.create_raw(2)
        self.run_daemon()
        self.process([WAR, CALM])
        begin = ("--since", "2000-01-01T00:00:00Z", "--until-end")
        lines = self.run_tool("tap", *begin).splitlines()
        self.assertEqual(len(lines), 2, lines)
        self.assertNotIn("\x1b", "".join(lines))
        high = self.run_tool("tap", *begin, "--level", "high", "--pair", "CHL,BOL").splitlines()
        self.assertEqual(len(high), 1)
        self.assertIn("BOL", high[0])
        self.assertEqual(self.run_tool("tap", *begin, "--pair", "CHL,PER"), "")
        record = json.loads(self.run_tool("tap", *begin, "--level", "high", "--format", "json"))
        self.assertEqual(record["title"], WAR["title"])
        rows = list(csv.DictReader(io.StringIO(self.run_tool("tap", *begin, "--format", "csv"))))
        titles = {row["title"] for row in rows}
        self.assertEqual(titles, {WAR["title"], "Rain ·[31mdelays =SUM(A1) match"})
        # With a group the second tap shows what came after the first.
        group = (*begin, "--group", self.topics.prefix + ".watch")
        self.assertEqual(len(self.run_tool("tap", *group).splitlines()), 2)
        self.assertEqual(self.run_tool("tap", *group), "")
        self.process([dict(WAR, title="Chile bombs Bolivia", body="Chile bombed La Paz in Bolivia on Friday.")])
        self.assertEqual(len(self.run_tool("tap", *group).splitlines()), 1)

    def test_tap_says_what_is_wrong(self):
        self.create_raw(1)
        self.run_daemon()
        self.run_tool("tap", "--since", "yesterday-ish", code=2)
        self.run_tool("tap", "--level", "dire", code=2)

    @slow
    def test_without_a_broker_they_end_soon_and_say_why(self):
        daemon = self.run_daemon(ready=False, brokers="127.0.0.1:%d" % free_port())
        daemon.kill()
        running = [subprocess.Popen([TOCSIN, *verb, "--config", daemon.config], stdin=subprocess.DEVNULL,
                                    stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
                   for verb in (["tap"], ["deadletter", "list"], ["audit"], ["ledger", "show"])]
        for process in running:
            _, err = process.communicate(timeout=40)
            self.assertEqual(process.returncode, 1, err)
            self.assertRegex(err, "no broker of 127.0.0.1:[0-9]+ answers")

    def test_top_tells_of_instances_pairs_and_alerts_without_a_terminal(self):
        self.create_raw(2)
        one = self.run_daemon("one")
        two = self.run_daemon("two")
        self.process([dict(WAR, source="source%d.example" % i) for i in range(4)])
        wait_until(lambda: sum(high_watermarks(self.broker, self.topics.pairs).values()) > 0, "a state of a pair")
        instances = ["127.0.0.1:%d" % d.port for d in (one, two)]
        page = self.run_tool("top", "--once", "--interval", "1", *instances, "127.0.0.1:1")
        self.assertIn("2 of 3 ready", page)
        self.assertIn("connect: Connection refused", page)
        self.assertIn("alert engine at 127.0.0.1:", page)
        self.assertRegex(page, r"BOL-CHL|CHL-BOL")
        self.assertNotIn("\x1b", page)

    @unittest.skipUnless(shutil.which("tmux"), "no tmux here")
    def test_top_and_tap_on_a_terminal(self):
        self.create_raw(1)
        daemon = self.run_daemon()
        folder = tempfile.mkdtemp(prefix="tocsin-tmux-")
        self.addCleanup(shutil.rmtree, folder)
        def tmux(*words):
            return subprocess.run(["tmux", "-S", folder + "/socket", "-f", "/dev/null", *words], check=True, text=True,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE).stdout
        def screen():
            return tmux("capture-pane", "-p", "-J", "-t", "s")  # lines that were wrapped as one
        tmux("new-session", "-d", "-s", "s", "-x", "100", "-y", "20", "env", "TERM=screen", "PS1=prompt> ", "/bin/sh")
        self.addCleanup(tmux, "kill-server")
        tmux("send-keys", "-t", "s", "%s top --interval 1 --config %s" % (TOCSIN, daemon.config), "Enter")
        wait_until(lambda: "1 of 1 ready" in screen(), "the page: %s" % screen())
        self.assertNotIn("prompt>", screen())  # a screen of its own
        tmux("resize-window", "-t", "s", "-x", "60", "-y", "8")
        wait_until(lambda: "1 of 1 ready" in screen() and len(screen().splitlines()) <= 8, "a smaller page")
        tmux("send-keys", "-t", "s", "q")
        wait_until(lambda: "prompt>" in screen(), "the shell again")
        tmux("send-keys", "-t", "s", "%s tap --config %s" % (TOCSIN, daemon.config), "Enter")
        def shows():
            words = " ".join(uuid.uuid4().hex for _ in range(40))  # nobody's copy
            self.process([{"title": "Quiet \x1b[31m day", "body": words}])
            return "[31m day" in screen()
        wait_until(shows, "an article")
        tmux("send-keys", "-t", "s", "C-c")
        wait_until(lambda: screen().count("prompt>") >= 2, "the shell at last")

    def test_records_behind_the_ids_of_their_schemas(self):
        """Confluent's wire format on all outputs, read back by every reader of ours; the headers of Connect's dead letters."""
        registry = Registry({11: "JSON", 12: "JSON", 13: "JSON", 14: "JSON", 15: "AVRO"})
        self.addCleanup(registry.close)
        login = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-login-")) / "login"
        self.addCleanup(shutil.rmtree, login.parent)
        login.write_text("reader:not-a-secret\n")
        def extra(first=11, url=registry.url):
            return ("output: {schema_ids: {enriched: %d, duplicates: 12, alerts: 13, pairs: 14}, connect_headers: true}\n"
                    "schema_registry: {url: '%s', login_file: '%s'}\npage: {listen: '127.0.0.1:%d'}\n" % (first, url, login, port))
        port = free_port()
        self.create_raw(1)
        for wrong, reason in ((15, "schema 15 is of type AVRO"), (99, "schema 99 does not exist")):
            daemon = self.run_daemon("wrong", ready=False, extra=extra(wrong))
            self.assertEqual(daemon.wait_exit(), 2)
            self.assertIn("output.schema_ids.enriched: " + reason, daemon.tail())
        daemon = self.run_daemon(extra=extra())
        self.daemons.insert(0, self.daemons.pop())
        produce(self.broker, self.topics.raw, [{"value": value, "timestamp": at} for at, _, value in demo.sample() if value is not None])
        self.process([b"{ not json"])
        wait_until(lambda: sum(high_watermarks(self.broker, self.topics.alerts).values()) > 0, "an alert")
        for topic, number in ((self.topics.enriched, 11), (self.topics.duplicates, 12), (self.topics.alerts, 13), (self.topics.pairs, 14)):
            records = [message for message in consume(self.broker, topic) if message.value() is not None]
            self.assertTrue(records, topic)
            for message in records:
                self.assertEqual(message.value()[:5], struct.pack(">bI", 0, number), topic)
                self.assertNotIn("content-type", dict(message.headers() or []))
        check_outputs(self.broker, self.topics)
        letter = consume(self.broker, self.topics.deadletter)[-1]
        self.assertEqual(letter.value(), b"{ not json")  # as it came
        headers = {name: value.decode() for name, value in letter.headers()}
        self.assertEqual([headers["__connect.errors." + name] for name in ("topic", "partition", "offset", "connector.name", "stage")],
                         [self.topics.raw, "0", str(high_watermarks(self.broker, self.topics.raw)[0] - 1), self.topics.prefix, "VALUE_CONVERTER"])
        self.assertEqual(headers["__connect.errors.exception.class.name"], headers["tocsin.error.code"])
        shown = self.run_tool("tap", "--since", "2000-01-01T00:00:00Z", "--until-end", "--format", "json").splitlines()
        self.assertEqual(len(shown), len(consume(self.broker, self.topics.enriched)))
        self.assertRegex(self.run_tool("top", "--once", "--interval", "1", "127.0.0.1:%d" % daemon.port), "[A-Z]{3}-[A-Z]{3}")
        check_audit(daemon)
        self.assertIn("schema 14 is a JSON Schema", self.run_tool("check", "--connect"))
        def page(view):
            with urllib.request.urlopen("http://127.0.0.1:%d/api/%s" % (port, view), timeout=10) as answer:
                return json.load(answer)
        wait_until(lambda: page("feed?show=all")["rows"] and page("alerts?state=all")["alerts"] and page("pairs")["pairs"], "the page")
        self.assertIn("1 sent", self.run_tool("deadletter", "replay", "--limit", "1"))
        sent = consume(self.broker, self.topics.raw)[-1]
        self.assertEqual([name for name, _ in sent.headers()], ["tocsin.attempt"])
        registry.close()  # one that is away holds up nobody
        self.assertEqual(daemon.terminate(), 0)
        again = self.run_daemon(extra=extra())
        self.assertEqual(again.log.read_text().count("could not be looked up"), 1)  # asked once, not for each id

    def test_dead_letters_are_listed_shown_and_sent_back_with_a_cap(self):
        self.create_raw(1)
        self.run_daemon()
        self.process([b'{"title": \x1b[2J broken', b'{"url": "http://a.example/"}'])
        listed = [json.loads(line) for line in self.run_tool("deadletter", "list", "--format", "json").splitlines()]
        self.assertEqual([letter["error.code"] for letter in listed], ["invalid_json", "no_text"])
        one = self.run_tool("deadletter", "list", "--code", "no_text")
        self.assertIn("no_text", one)
        self.assertNotIn("invalid_json", one)
        shown = self.run_tool("deadletter", "show", "0/%s" % listed[0]["place"].split("/")[1])
        self.assertIn("\\x1b[2J broken", shown)
        self.assertNotIn("\x1b", shown)
        self.assertIn("origin: x", shown)
        self.assertIn("2 would be sent", self.run_tool("deadletter", "replay", "--dry-run"))
        for attempt in (1, 2):
            self.assertIn("1 sent", self.run_tool("deadletter", "replay", "--code", "no_text", "--attempts", "9",
                                                  "--limit", "1", "--since", "2000-01-01T00:00:00Z"))
            wait_processed(self.broker, self.topics)
        raw = consume(self.broker, self.topics.raw)
        self.assertEqual(len(raw), 4)
        for sent in raw[2:]:  # as it came, but for the count
            self.assertEqual((sent.key(), sent.value()), (raw[1].key(), raw[1].value()))
            self.assertEqual(dict(sent.headers()), {"origin": b"x", "tocsin.attempt": b"1"})
        self.assertIn("0 sent, 2 over 1 attempts", self.run_tool(
            "deadletter", "replay", "--code", "no_text", "--attempts", "1",
            *["0/%d" % m.offset() for m in consume(self.broker, self.topics.deadletter)
              if dict(m.headers()).get("tocsin.attempt")]))
        check_outputs(self.broker, self.topics)


if __name__ == "__main__":
    unittest.main()
