"""`tocsin run` as its supervisors treat it: signals at any moment, reloads, probes, a log that nobody reads, memory."""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

from harness import (TOCSIN, ServiceTestCase, config_text, free_port, produce, slow, tocsin, wait_processed,
                     wait_until)


class Supervisor:
    """The receiving end of sd_notify(3): what the service says, in order."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="tocsin-notify-")
        self.path = self.folder + "/socket"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.said, self.all = [], []
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            try:
                words = self.socket.recv(4096).decode().split("\n")
            except OSError:
                return
            self.said += [w for w in words if w.split("=")[0] in ("READY", "RELOADING", "STOPPING")]
            self.all += words

    def close(self):
        self.socket.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class OperateTest(ServiceTestCase):
    def supervisor(self):
        supervisor = Supervisor()
        self.addCleanup(supervisor.close)
        return supervisor

    def wait_main(self, daemon):
        """Until the program itself runs, not the loader of its libraries: then SIGHUP waits (its bit is blocked)."""
        def blocked():
            status = pathlib.Path("/proc/%d/status" % daemon.process.pid).read_text()
            return int(status.split("SigBlk:")[1].split()[0], 16) & 1
        wait_until(blocked, "the first line of main")

    def rewrite(self, daemon, extra):
        daemon.config.write_text(config_text(self.broker, self.topics, daemon.instance, daemon.port, extra))

    def reloads(self, daemon, result):
        return daemon.metrics()['tocsin_config_reloads_total{result="%s"}' % result]

    def config_hash(self, daemon):
        out = tocsin("check", "--config", daemon.config)[1]
        return out.split("config ")[-1].split()[0]

    def test_no_sighup_ends_it_and_sigterm_before_the_start_is_fine(self):
        self.create_raw(1)
        daemons = []
        for delay in (0, 0.02, 0.05, 0.1, 0.3):
            daemon = self.run_daemon("i%d" % len(daemons), ready=False)
            daemons.append(daemon)
            self.wait_main(daemon)
            time.sleep(delay)  # the moment is what is tested
            daemon.process.send_signal(signal.SIGHUP)
        for daemon in daemons[:4]:
            wait_until(lambda: "service: starting" in daemon.log.read_text(), "a start")
            self.assertIsNone(daemon.process.poll(), daemon.tail())
            daemon.kill()
        daemons[-1].wait_ready()
        early = self.run_daemon("early", ready=False)
        self.wait_main(early)
        self.assertEqual(early.terminate(), 0)

    def test_whoever_ignores_sighup_may_send_it_while_libraries_are_loaded(self):
        self.create_raw(1)
        before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as `trap '' HUP` in a shell
        try:
            daemon = self.run_daemon(ready=False)
        finally:
            signal.signal(signal.SIGHUP, before)
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait_ready()
        daemon.process.send_signal(signal.SIGHUP)
        wait_until(lambda: self.reloads(daemon, "applied") == 1, "a reload")
        self.assertEqual(daemon.terminate(), 0)

    def test_the_last_of_several_reloads_wins_and_ready_is_said_when_it_is_true(self):
        self.create_raw(1)
        supervisor = self.supervisor()
        daemon = self.run_daemon(env={"NOTIFY_SOCKET": supervisor.path})
        wait_until(lambda: supervisor.said == ["READY=1"], "readiness to be announced")
        for number in range(1, 6):
            self.rewrite(daemon, "limits: {tokens_max: %d}\n" % (1000 + number))
            daemon.process.send_signal(signal.SIGHUP)
            time.sleep(0.03)
        last = self.config_hash(daemon)
        wait_until(lambda: "reloaded config=%s" % last in daemon.log.read_text(), "the last file in force")
        wait_until(lambda: supervisor.said[-1] == "READY=1" and len(supervisor.said) > 1, "the reload to end")
        self.assertEqual(supervisor.said[1], "RELOADING=1")
        self.assertEqual(daemon.terminate(), 0)
        self.assertEqual(supervisor.said[-1], "STOPPING=1")
        status = [word for word in supervisor.all if word.startswith("STATUS=")]
        self.assertTrue(status[0].startswith("STATUS=restoring the dedup state"), status)
        self.assertIn("STATUS=at work", status)
        self.assertIn("EXTEND_TIMEOUT_USEC=30000000", supervisor.all)
        self.assertTrue(any(word.startswith("MONOTONIC_USEC=") for word in supervisor.all))

    @slow
    def test_the_watchdog_hears_nothing_while_a_thread_stands_still(self):
        self.create_raw(1)
        supervisor = self.supervisor()
        # The publisher's thread is held in the middle of a batch, not in a call to the brokers.
        daemon = self.run_daemon(env={"NOTIFY_SOCKET": supervisor.path, "TOCSIN_FAIL_AT": "before_begin:1:60000"})
        produce(self.broker, self.topics.raw, [{"value": {"title": "Iran bombed Iraq"}}])
        wait_until(lambda: daemon.get("/livez")[0] == 503, "not live", 60)
        said = supervisor.all.count("WATCHDOG=1")
        self.assertGreater(said, 10)
        time.sleep(1.5)  # three looks of the watch: what must not come
        self.assertLessEqual(supervisor.all.count("WATCHDOG=1") - said, 1)

    def test_a_reload_before_it_is_ready_announces_nothing(self):
        supervisor = self.supervisor()
        daemon = self.run_daemon(ready=False, env={"NOTIFY_SOCKET": supervisor.path}, brokers="127.0.0.1:%d" % free_port())
        wait_until(lambda: daemon.get("/livez")[0] == 200, "the listener")
        daemon.process.send_signal(signal.SIGHUP)
        wait_until(lambda: self.reloads(daemon, "applied") == 1, "the reload")
        self.assertEqual(daemon.get("/readyz")[0], 503)
        self.assertEqual(supervisor.said, [])

    def test_keys_that_need_a_restart_are_named_and_stay(self):
        self.create_raw(1)
        daemon = self.run_daemon()
        before = self.config_hash(daemon)
        self.rewrite(daemon, "workers: 3\ndelivery: at_least_once\n")
        daemon.process.send_signal(signal.SIGHUP)
        wait_until(lambda: self.reloads(daemon, "applied") == 1, "the reload")
        self.assertIn("need a restart, the old values stay keys=delivery,workers", daemon.log.read_text())
        needed = [s for s in daemon.metrics() if s.startswith("tocsin_config_restart_needed")]
        self.assertEqual(sorted(needed), ['tocsin_config_restart_needed{key="delivery"}',
                                          'tocsin_config_restart_needed{key="workers"}'])
        self.assertIn("reloaded config=%s" % before, daemon.log.read_text())
        self.rewrite(daemon, "dedupe: {window: 24h}\n")
        daemon.process.send_signal(signal.SIGHUP)
        wait_until(lambda: self.reloads(daemon, "refused") == 1, "the refusal")
        self.assertIn("set dedupe.revision to 2", daemon.log.read_text())
        self.rewrite(daemon, "")
        daemon.process.send_signal(signal.SIGHUP)
        wait_until(lambda: self.reloads(daemon, "applied") == 2, "the old file again")
        self.assertFalse([s for s in daemon.metrics() if s.startswith("tocsin_config_restart_needed")])
        produce(self.broker, self.topics.raw, [{"value": {"title": "Iran bombed Iraq"}}])
        wait_processed(self.broker, self.topics)

    def test_held_instead_of_leaving(self):
        self.create_raw(1)
        first = self.run_daemon()
        first.terminate()
        self.assertEqual(self.run_daemon(ready=False, extra="dedupe: {window: 24h}\n").wait_exit(), 3)
        held = self.run_daemon(ready=False, extra="dedupe: {window: 24h}\n", verb=["run", "--hold"])
        wait_until(lambda: "dedupe.revision" in held.get("/readyz")[1], "the reason")
        self.assertEqual((held.get("/livez")[0], held.get("/readyz")[0]), (200, 503))
        self.assertEqual(held.metrics()['tocsin_held{exit_code="3"}'], 1)
        self.assertEqual(tocsin("health", "--config", held.config)[0], 0)
        code, _, said = tocsin("health", "--ready", "--config", held.config)
        self.assertEqual((code, "dedupe.revision" in said), (1, True), said)
        self.rewrite(held, "")
        held.process.send_signal(signal.SIGHUP)
        held.wait_ready()
        self.assertEqual(held.terminate(), 0)
        bad = self.run_daemon(ready=False, extra="workerz: 1\n", verb=["run", "--hold"])
        wait_until(lambda: "configuration is wrong" in bad.get("/readyz")[1], "the reason")
        self.assertEqual(bad.terminate(), 2)
        code, _, said = tocsin("health", "--config", held.config)
        self.assertEqual((code, "127.0.0.1:%d: " % held.port in said), (1, True), said)

    def test_what_may_heal_is_exit_one(self):
        taken = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(taken.close)
        listens = ["127.0.0.1:%d" % taken.getsockname()[1], "192.0.2.1:0", "no-such-host.invalid:0"]
        for listen in listens:
            daemon = self.run_daemon(ready=False)
            daemon.kill()
            text = daemon.config.read_text().replace("127.0.0.1:%d" % daemon.port, listen)
            daemon.config.write_text(text)
            done = subprocess.run([TOCSIN, "run", "--config", daemon.config], capture_output=True, timeout=60)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn(b"listen: ", done.stderr)

    def test_a_log_that_nobody_reads_holds_nothing_up(self):
        self.create_raw(1)
        port = free_port()
        folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-run-"))
        self.addCleanup(shutil.rmtree, folder)
        config = folder / "tocsin.yaml"
        config.write_text(config_text(self.broker, self.topics, "one", port).replace("format: text", "format: json, level: debug")
                          .replace("client: {", "client: {debug: all, "))
        process = subprocess.Popen([TOCSIN, "run", "--config", config], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.kill)

        def ready():
            try:
                return urllib.request.urlopen("http://127.0.0.1:%d/readyz" % port, timeout=5).status == 200
            except OSError:
                return False
        wait_until(ready, "readiness with a full pipe")
        produce(self.broker, self.topics.raw, [{"value": {"title": "Iran bombed Iraq"}}])
        wait_processed(self.broker, self.topics)
        os.set_blocking(process.stderr.fileno(), False)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(45), 0)
        read = b""
        while True:
            part = process.stderr.read(1 << 16)
            if not part:
                break
            read += part
        for line in read.split(b"\n")[:-1]:
            json.loads(line.decode())

    def test_files_that_change_are_read_again_where_that_is_wanted(self):
        """As Kubernetes swaps a ConfigMap: the file is a link into a folder that is a link that is replaced."""
        self.create_raw(1)
        daemon = self.run_daemon(extra="admin: {listen: '127.0.0.1:%d', watch_files: 200ms}\nlog: {format: text}\n",
                                 listens=False)
        folder, text = daemon.folder, daemon.config.read_text()
        def swap(number, more):
            (folder / str(number)).mkdir()
            (folder / str(number) / "tocsin.yaml").write_text(text + more)
            (folder / "data.new").symlink_to(str(number))
            os.replace(folder / "data.new", folder / "data")
        swap(0, "")
        (folder / "link").symlink_to("data/tocsin.yaml")
        os.replace(folder / "link", daemon.config)  # the same content: nothing to do
        for number in range(1, 21):
            swap(number, "limits: {tokens_max: %d}\n" % (1000 + number))
        last = self.config_hash(daemon)
        wait_until(lambda: "reloaded config=%s" % last in daemon.log.read_text(), "the last file in force")
        applied = self.reloads(daemon, "applied")
        swap(21, "nonsense: true\n")
        wait_until(lambda: self.reloads(daemon, "refused") == 1, "the refusal")
        status, conditions = daemon.get("/readyz?verbose")
        self.assertEqual(status, 200)
        self.assertIn("[+]ledger ok\n", conditions)
        self.assertIn("[-]reload the last one was refused: ", conditions)
        self.assertIn("nonsense", conditions)
        metrics = daemon.metrics()
        self.assertEqual(metrics["tocsin_config_last_reload_successful"], 0)
        self.assertGreater(metrics["tocsin_config_last_reload_success_timestamp_seconds"], time.time() - 60)
        swap(22, "")
        wait_until(lambda: self.reloads(daemon, "applied") == applied + 1, "the repair")
        self.assertIn("[+]reload ok\n", daemon.get("/readyz?verbose")[1])
        self.assertEqual(self.reloads(daemon, "refused"), 1)

    def test_no_text_and_no_secret_is_logged(self):
        self.create_raw(1)
        folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-secret-"))
        self.addCleanup(shutil.rmtree, folder)
        (folder / "token").write_text("s3cr3t-token\n")
        daemon = self.run_daemon(listens=False, client="sasl.password: s3cr3t-password", extra=(
            "admin: {listen: '127.0.0.1:%%d', token_file: %s}\nlog: {format: json, level: trace}\n" % (folder / "token")))
        title, body = "Quuxland bombs Zyxia", "Frobnicators of Quuxland crossed into Zyxia at dawn. " * 20
        produce(self.broker, self.topics.raw, [
            {"value": {"title": title, "body": body, "id": "a"}, "key": "k-quux", "headers": {"h": b"quux-header"}},
            {"value": {"title": title, "body": body, "id": "b"}}, {"value": b'{"title": "Quuxland", "body": 7}'},
            {"value": b"Quuxland, no JSON at all"}, {"value": {"title": title, "published_at": "Quuxday"}}])
        wait_processed(self.broker, self.topics)
        request = urllib.request.Request("http://127.0.0.1:%d/-/reload" % daemon.port, b"", {"Authorization": "Bearer s3cr3t-token"})
        self.assertEqual(urllib.request.urlopen(request, timeout=5).status, 202)
        request.headers["Authorization"] = "Bearer s3cr3t-wrong"
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=5)
        self.assertEqual(refused.exception.code, 401)
        wait_until(lambda: self.reloads(daemon, "applied") == 1, "the reload")
        self.assertEqual(daemon.terminate(), 0)
        log = daemon.log.read_text().lower()
        self.assertIn('"message":"ready"', log)
        for word in ("quux", "zyxia", "frobnic", "s3cr3t"):
            self.assertNotIn(word, log)

    @unittest.skipUnless(shutil.which("prometheus") and shutil.which("promtool"), "no prometheus here")
    def test_prometheus_scrapes_three_instances(self):
        self.create_raw(3)
        daemons = [self.run_daemon(name, extra="alerts: {tick_interval: 1s}\n") for name in ("one", "two", "three")]
        done = subprocess.run(["promtool", "check", "metrics"], input=daemons[0].get("/metrics")[1], text=True,
                              capture_output=True, timeout=30)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))
        folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-prometheus-"))
        self.addCleanup(shutil.rmtree, folder)
        targets = ", ".join("'127.0.0.1:%d'" % d.port for d in daemons)
        (folder / "prometheus.yml").write_text(
            "global: {scrape_interval: 500ms}\nscrape_configs: [{job_name: tocsin, static_configs: [{targets: [%s]}]}]\n" % targets)
        port = free_port()
        process = subprocess.Popen(
            ["prometheus", "--config.file=%s" % (folder / "prometheus.yml"), "--storage.tsdb.path=%s" % (folder / "data"),
             "--web.listen-address=127.0.0.1:%d" % port], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        def value(query):
            try:
                with urllib.request.urlopen("http://127.0.0.1:%d/api/v1/query?%s" % (
                        port, urllib.parse.urlencode({"query": query})), timeout=5) as answer:
                    found = json.load(answer)["data"]["result"]
                    return float(found[0]["value"][1]) if found else None
            except OSError:
                return None
        produce(self.broker, self.topics.raw, [{"value": {"title": "Iran bombed Iraq"}, "partition": p} for p in range(3)])
        wait_processed(self.broker, self.topics)
        for query, wanted in (("sum(up)", 3), ("sum(tocsin_ready)", 3), ("sum(tocsin_alerts_owner)", 1),
                              ("count(tocsin_alerts_open)", 1), ("sum(tocsin_articles_received_total)", 3),
                              ("sum(tocsin_end_to_end_seconds_count)", 3), ("count(tocsin_build_info)", 3),
                              ("sum(tocsin_consumer_lag_records)", 0)):
            wait_until(lambda: value(query) == wanted, "%s to be %s" % (query, wanted), 30)

    def test_slow_connections_keep_no_probe_out(self):
        self.create_raw(1)
        daemon = self.run_daemon()
        slow = [socket.create_connection(("127.0.0.1", daemon.port)) for _ in range(150)]
        for client in slow:
            self.addCleanup(client.close)
        for turn in range(30):
            for client in slow:
                try:
                    client.send(b"G" if turn == 0 else b"x")
                except OSError:
                    pass  # it had to make room
            self.assertEqual(daemon.get("/livez")[0], 200)

    def test_heads_are_answers_without_a_body_and_the_process_is_measured(self):
        self.create_raw(1)
        daemon = self.run_daemon()
        for path, status in (("/livez", 200), ("/metrics", 200), ("/nothing", 404)):
            with socket.create_connection(("127.0.0.1", daemon.port)) as client:
                client.sendall(b"HEAD %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" % path.encode())
                answer = b""
                while part := client.recv(65536):
                    answer += part
            head, body = answer.split(b"\r\n\r\n", 1)
            self.assertIn(b" %d " % status, head.split(b"\r\n")[0])
            self.assertEqual(body, b"")
            self.assertNotIn(b"Content-Length: 0", head)
        metrics = daemon.metrics()
        for name in ("process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds", "process_max_fds",
                     "process_start_time_seconds", "process_threads", "process_virtual_memory_bytes"):
            self.assertGreater(metrics[name], 0, name)
        self.assertLess(abs(metrics["process_start_time_seconds"] - time.time()), 120)
        self.assertIn("tocsin_dedup_cap_evictions_total", metrics)


if __name__ == "__main__":
    unittest.main(verbosity=2)
