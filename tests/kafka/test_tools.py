"""The verbs that look into a running cluster, against a real broker: tap, top and deadletter."""

import csv
import io
import json
import shutil
import subprocess
import tempfile
import time
import unittest
import uuid

from harness import (TOCSIN, ServiceTestCase, check_outputs, consume, free_port, high_watermarks, produce, slow,
                     wait_processed, wait_until)

WAR = {"title": "Chile attacks Bolivia near Sucre", "source": "reuters.com",
       "body": "Chile attacked Bolivia on Monday and its troops seized a border post near Sucre, "
               "the Bolivian army said. Chile declared war on Bolivia hours later."}
CALM = {"title": "Rain \x1b[31mdelays =SUM(A1) match", "source": "park.example",
        "body": "Rain delayed the final of the village cup by an hour on Monday, the club said."}


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
