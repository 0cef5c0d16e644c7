"""The image as it is run in earnest: nobody's root, nothing writable, no capability, little memory, a share of a
processor. tests/deploy/container builds it and says how podman is called."""

import json
import os
import pathlib
import random
import shlex
import subprocess
import tempfile
import unittest
import urllib.request
import uuid

import articles
from harness import Broker, Topics, check_outputs, config_text, consume, free_port, produce, wait_processed, wait_until

PODMAN = shlex.split(os.environ["PODMAN"])
LIMITS = shlex.split(os.environ["PODMAN_LIMITS"])
IMAGE = "localhost/tocsin"
# podman has systemd run health checks, which is not there; the tests ask the program itself.
HARDENED = ["--no-healthcheck", "--read-only", "--cap-drop", "all", "--security-opt", "no-new-privileges"]


def podman(*arguments, check=True):
    done = subprocess.run([*PODMAN, *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert not check or done.returncode == 0, "%s: %s%s" % (arguments, done.stdout, done.stderr)
    return done


class Container:
    """One container of the image with a configuration of its own."""

    def __init__(self, config, port, *options, verb=("run",)):
        self.port = port
        self.name = "tocsin-" + uuid.uuid4().hex[:8]
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-container-"))
        self.folder.chmod(0o755)
        (self.folder / "tocsin.yaml").write_text(config)
        podman("run", "--detach", "--name", self.name, *LIMITS, *HARDENED, *options,
               "--volume", "%s:/etc/tocsin:ro" % self.folder, IMAGE, *verb, "--config", "/etc/tocsin/tocsin.yaml")

    def is_ready(self):
        """Asked from outside; the containers share the host's network."""
        try:
            with urllib.request.urlopen("http://127.0.0.1:%d/readyz" % self.port, timeout=5):
                return True
        except OSError:
            return False

    def says(self, *question):
        """What the image's own health check says."""
        return podman("exec", self.name, "/usr/bin/tocsin", "health", "--config", "/etc/tocsin/tocsin.yaml", *question,
                      check=False)

    def log(self):
        done = podman("logs", self.name)
        return done.stdout + done.stderr

    def state(self):
        return json.loads(podman("inspect", self.name).stdout)[0]["State"]

    def wait_ready(self):
        def ready():
            assert self.state()["Running"], self.log()
            return self.is_ready()
        wait_until(ready, "readiness of the container", 120)
        return self

    def wait_exit(self):
        wait_until(lambda: not self.state()["Running"], "the container to end", 120)
        return self.state()

    def close(self):
        podman("rm", "--force", "--time", "1", self.name, check=False)


class ImageTest(unittest.TestCase):
    def test_it_holds_the_program_and_what_it_loads(self):
        found = json.loads(podman("inspect", "--type", "image", IMAGE).stdout)[0]
        self.assertEqual(found["Config"]["User"], "65532:65532")
        self.assertEqual(found["Config"]["StopSignal"], "SIGTERM")
        self.assertIn("org.opencontainers.image.licenses", found["Labels"])
        self.assertIn("health", str(found["Healthcheck"]))
        version = podman("run", "--rm", "--no-healthcheck", *LIMITS, IMAGE, "--version").stdout.split()[1]
        self.assertEqual(found["Labels"]["org.opencontainers.image.version"], version)
        self.assertLess(found["Size"], 80e6)
        mounted = podman("create", "--no-healthcheck", IMAGE).stdout.strip()
        listed = subprocess.run([*PODMAN, "export", mounted], capture_output=True, check=True).stdout
        names = subprocess.run(["tar", "-t"], input=listed, capture_output=True, check=True).stdout.decode().split("\n")
        podman("rm", mounted)
        programs = [n for n in names if n.startswith(("usr/bin/", "bin/", "sbin/", "usr/sbin/")) and not n.endswith("/")]
        self.assertEqual(programs, ["usr/bin/tocsin"])
        for name in ("etc/ssl/certs/ca-certificates.crt", "usr/share/doc/tocsin/NOTICE", "usr/share/doc/tocsin/tocsin.spdx.json",
                     "usr/share/tocsin/schemas/enriched.json"):
            self.assertIn(name, names)


class RunTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = Broker()

    @classmethod
    def tearDownClass(cls):
        cls.broker.close()

    def setUp(self):
        self.topics = Topics()
        self.broker.create(self.topics.raw, 4)

    def start(self, *options, extra="", verb=("run",)):
        port = free_port()
        config = config_text(self.broker, self.topics, port=port, extra=extra)
        container = Container(config, port, *options, verb=verb)
        self.addCleanup(container.close)
        return container

    def feed(self, count):
        rng = random.Random(count)
        produce(self.broker, self.topics.raw, [{"value": articles.article(rng, n)} for n in range(count)])

    def test_little_memory_and_half_a_processor(self):
        """A limit far below the defaults: the window is lowered with the arithmetic in the log, and the kernel kills nothing."""
        container = self.start("--memory", "400m", "--memory-swap", "400m", "--cpus", "0.5").wait_ready()
        self.feed(4000)
        wait_processed(self.broker, self.topics, 240)
        check_outputs(self.broker, self.topics)
        self.assertIn("entries_max", container.log())
        self.assertIn("workers=1", container.log())
        self.assertEqual(container.says().returncode, 0)
        self.assertFalse(container.state()["OOMKilled"])

    def test_what_does_not_fit_is_refused(self):
        container = self.start("--memory", "300m", "--memory-swap", "300m", extra="dedupe: {entries_max: 9000000}\n")
        state = container.wait_exit()
        self.assertEqual((state["ExitCode"], state["OOMKilled"]), (2, False))
        self.assertIn("entries_max", container.log())

    def test_hold_says_why_it_is_not_ready(self):
        container = self.start("--memory", "300m", "--memory-swap", "300m", extra="dedupe: {entries_max: 9000000}\n",
                               verb=("run", "--hold"))
        wait_until(lambda: container.says().returncode == 0, "the held container to answer", 60)
        said = container.says("--ready")
        self.assertEqual(said.returncode, 1)
        self.assertIn("entries_max", said.stderr)

    def test_sigterm_drains(self):
        container = self.start("--memory", "1g").wait_ready()
        self.feed(3000)
        wait_until(lambda: consume(self.broker, self.topics.enriched), "the first outputs", 60)
        podman("stop", "--time", "60", container.name)
        state = container.wait_exit()
        self.assertEqual(state["ExitCode"], 0, container.log())
        # Another one goes on where it ended: nothing is lost or doubled.
        self.start("--memory", "1g").wait_ready()
        wait_processed(self.broker, self.topics, 120)
        check_outputs(self.broker, self.topics)


if __name__ == "__main__":
    unittest.main()
