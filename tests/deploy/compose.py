"""The form of deploy/compose/compose.yaml, as far as it shows without an engine: what is named exists, tocsin's configuration
passes `tocsin check`, nothing listens off loopback, Prometheus understands its configuration."""

import pathlib
import shutil
import subprocess
import sys
import tempfile

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
FILE = ROOT / "deploy/compose/compose.yaml"
KNOWN = {"image", "environment", "ports", "depends_on", "restart", "read_only", "cap_drop", "security_opt", "mem_limit",
         "stop_grace_period", "configs"}


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, "%s: %s%s" % (command, done.stdout, done.stderr)


def main(tocsin):
    text = FILE.read_text()
    assert text.startswith("# CHECKED ONLY")
    document = yaml.safe_load(text)
    services, configs = document["services"], document["configs"]
    used = set()
    for name, service in services.items():
        assert set(service) <= KNOWN, (name, set(service) - KNOWN)
        assert set(service.get("depends_on", [])) <= set(services)
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name
        used |= {config["source"] for config in service.get("configs", [])}
    assert used == set(configs), used ^ set(configs)
    with tempfile.TemporaryDirectory() as folder:
        config = pathlib.Path(folder) / "tocsin.yaml"
        config.write_text(configs["tocsin"]["content"])
        run(tocsin, "check", "--config", config)
        rules = FILE.parent / configs["rules"]["file"]
        assert rules.exists()
        if shutil.which("promtool"):
            prometheus = pathlib.Path(folder) / "prometheus.yml"
            prometheus.write_text(configs["prometheus"]["content"].replace("/etc/prometheus/tocsin.yaml", str(rules)))
            run("promtool", "check", "config", prometheus)


if __name__ == "__main__":
    main(sys.argv[1])
