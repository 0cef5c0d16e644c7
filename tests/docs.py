#!/usr/bin/env python3
"""Runs what the documentation tells its readers to type, in the order in which they would.

A fence of ```sh run is run; a fence with a file name, as in ```yaml tocsin.yaml, is that file. All pages
share one shell and one folder, in which the tree's files stand where a reader has them. Other fences
are for the eye (deploy/demo has a test of its own).
"""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
PAGES = ("README.md", "docs/input.md", "docs/records.md", "docs/configure.md", "docs/alerts.md", "docs/page.md",
         "docs/operate.md", "docs/access.md", "docs/judgement.md")
TOCSIN = pathlib.Path(os.environ.get("TOCSIN_BINARY", ROOT / "build/release/tocsin"))
LIMIT_S = 240  # of a machine with other work; about 25 s without


def fences(page):
    """(line, info string, text) of each fence of a page."""
    text = (ROOT / page).read_text(encoding="utf-8")
    for match in re.finditer(r"(?ms)^```([^\n]*)\n(.*?)^```$", text):
        yield text.count("\n", 0, match.start()) + 1, match[1].split(), match[2]


def script(folder):
    """One bash script of all pages; files are written to the folder at once."""
    lines = ["set -euo pipefail", "trap 'jobs -p | xargs -r kill; deploy/broker kill kafka' EXIT"]
    for page in PAGES:
        for number, info, text in fences(page):
            if info[1:] == ["run"]:
                lines += ["echo '== %s:%d'" % (page, number), text]
            elif len(info) > 1:
                assert not (folder / info[1]).exists(), "%s:%d: %s is shown twice" % (page, number, info[1])
                (folder / info[1]).write_text(text, encoding="utf-8")
    return "\n".join(lines)


def furnish(folder):
    (ROOT / ".cache").mkdir(exist_ok=True)  # a link to nothing cannot be filled
    for path in ROOT.iterdir():
        if path.name not in {"build", ".git"} and not (folder / path.name).exists():
            (folder / path.name).symlink_to(path)
    (folder / "build/release").mkdir(parents=True)
    (folder / "build/release/tocsin").symlink_to(TOCSIN)


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-docs-"))
    try:
        furnish(folder)
        # Debian's own interpreter is the one that Debian's confluent_kafka belongs to.
        environment = {**os.environ, "PATH": "/usr/bin:" + os.environ["PATH"]}
        shell = subprocess.Popen(["bash", "-c", script(folder)], cwd=folder, env=environment, start_new_session=True,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            said, _ = shell.communicate(timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            os.killpg(shell.pid, signal.SIGTERM)
            said, _ = shell.communicate()
            said += "\ngave up after %d s" % LIMIT_S
        if "--show" in sys.argv[1:] or shell.returncode:
            print(said if "--show" in sys.argv[1:] else "\n".join(said.splitlines()[-40:]))
            log = folder / "tocsin.log"
            if shell.returncode and log.exists():
                print("-- tocsin.log\n" + "\n".join(log.read_text().splitlines()[-10:]))
        return 1 if shell.returncode else 0
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
