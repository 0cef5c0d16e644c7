#!/usr/bin/env python3
"""side_by_side.py MODULE [-j N] [-k WORD]: the tests of a module beside each other, each in a process of its own.

They mostly wait, for time-outs and for each other's brokers, so the module's broker is shared: each test has topics
of its own. A class with `together = True` is one process. Exit 1 unless all pass.
"""

import argparse
import concurrent.futures
import os
import subprocess
import sys
import time
import unittest

from harness import BROKER_FOLDER, Broker

TOGETHER = "together"  # attribute of a class: its tests share what setUpClass makes
SLOW = "slow"          # attribute of a test: begun first


def units(suite):
    """{name: (is slow, has to have the shared broker)} of what runs in one process."""
    found = {}
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            found.update(units(test))
            continue
        is_together = getattr(test, TOGETHER, False)
        method = getattr(test, test._testMethodName, None)
        found[test.id().rsplit(".", 1)[0] if is_together else test.id()] = (
            is_together or getattr(method, SLOW, False), getattr(test, "shares_broker", True))
    return found


def run(name, environment):
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-m", "unittest", name], env=environment, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    is_fine = done.returncode == 0 and "NO TESTS RAN" not in done.stdout
    print("%-4s %6.1f s  %s" % ("ok" if is_fine else "FAIL", time.monotonic() - started, name), flush=True)
    if not is_fine:
        print(done.stdout, flush=True)
    return is_fine


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("module")
    parser.add_argument("-j", type=int, default=3, metavar="N")
    parser.add_argument("-k", default="", metavar="WORD")
    arguments = parser.parse_args()
    chosen = {name: unit for name, unit in units(unittest.defaultTestLoader.loadTestsFromName(arguments.module)).items()
              if arguments.k in name}
    environment = dict(os.environ)
    broker = Broker() if any(shares for _, shares in chosen.values()) else None
    try:
        if broker:
            environment[BROKER_FOLDER] = str(broker.folder)
        with concurrent.futures.ThreadPoolExecutor(arguments.j) as pool:
            slow_first = sorted(chosen, key=lambda name: not chosen[name][0])
            results = list(pool.map(lambda name: run(name, environment), slow_first))
    finally:
        if broker:
            broker.close()
    print("%d of %d passed" % (sum(results), len(results)))
    return 0 if results and all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
