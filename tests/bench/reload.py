#!/usr/bin/env python3
"""Reloads under load: reload.py ARTICLES [--names N] [--reloads N].

ARTICLES is JSON lines, plain or gzip. A daemon works through them with the shipped gazetteer and N made-up
organisations beside it; once a second commits are seen it gets SIGHUP, again and again. Prints how long a
reload took, the longest time without a commit while reloading and while not, and the peak memory; exit 1
unless every position has exactly one outcome and `tocsin audit` finds the outputs byte for byte. Needs a
release build.
"""

import argparse
import pathlib
import signal
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/kafka"))

import harness  # noqa: E402

from end_to_end import peak_memory_mb  # noqa: E402

APPLIED = 'tocsin_config_reloads_total{result="applied"}'
COMMITTED = 'tocsin_transactions_total{result="committed"}'
SYLLABLES = ["ba", "den", "fo", "gar", "hil", "jun", "kor", "lam", "mes", "nor", "pel", "ruk", "sov", "tar", "vin", "zed"]


def made_up_names(folder, count):
    """A gazetteer of organisations that no article names."""
    def word(number):
        return "".join(SYLLABLES[number >> shift & 15] for shift in (0, 4, 8)).capitalize()

    path = pathlib.Path(folder) / "names.tsv"
    with path.open("w") as file:
        file.write("id\ttype\tname\tcode\tkind\taliases\tdemonyms\tmetonyms\tacronyms\toffices\tfrom\tto\tnote\n")
        for i in range(count):
            file.write("made:%d\torg\t%s %s Works\n" % (i, word(i & 4095), word(i >> 12)))
    return path


def watch(daemon, end, committed, reloads):
    """Sends the signals; returns seconds of each reload and the longest pauses (reloading, not)."""
    took, pauses, begun = [], {True: 0.0, False: 0.0}, None
    count, changed = 0.0, time.monotonic()
    rest_until = asked = changed + 1.0
    while True:
        metrics, now = daemon.metrics(), time.monotonic()
        if now - asked > 1.0:
            asked = now
            if committed() >= end:
                return took, pauses
            continue  # asking took time that is no pause
        pauses[begun is not None] = max(pauses[begun is not None], now - changed)
        if metrics[COMMITTED] != count:
            count, changed = metrics[COMMITTED], now
        if begun is not None and metrics[APPLIED] > len(took):
            took.append(now - begun)
            begun, rest_until = None, now + 1.0
        elif begun is None and len(took) < reloads and now > rest_until:
            daemon.process.send_signal(signal.SIGHUP)
            begun = now
        time.sleep(0.005)


def run(broker, lines, names, reloads):
    topics = harness.Topics()
    broker.create(topics.raw, 4)
    harness.produce(broker, topics.raw, [{"value": line, "partition": i % 4} for i, line in enumerate(lines)])
    end = sum(harness.high_watermarks(broker, topics.raw).values())
    with tempfile.TemporaryDirectory() as folder:
        extra = "gazetteer: ['%s', '%s']\n" % (ROOT / "config/gazetteer", made_up_names(folder, names))
        daemon = harness.Daemon(broker, topics, extra=extra)
        try:
            daemon.wait_ready(300)

            def committed():
                return sum(max(0, o) for o in harness.committed(broker, topics.prefix, topics.raw).values())

            harness.wait_until(lambda: committed() > 0, "the first commit")
            took, pauses = watch(daemon, end, committed, reloads)
            peak = peak_memory_mb(daemon.process.pid)
            counts = harness.check_outputs(broker, topics)
            harness.check_audit(daemon)
        finally:
            daemon.close()
    print("%d reloads of the shipped gazetteer and %d names: %s s" % (len(took), names, ", ".join("%.2f" % s for s in took)))
    print("longest time without a commit: %.2f s reloading, %.2f s not; peak memory %.0f MB"
          % (pauses[True], pauses[False], peak))
    print("outcomes %s of %d; audit clean" % (dict(counts), end))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("articles", type=pathlib.Path)
    parser.add_argument("--names", type=int, default=0)
    parser.add_argument("--reloads", type=int, default=5)
    arguments = parser.parse_args()
    lines = harness.article_lines(arguments.articles)
    broker = harness.Broker()
    try:
        run(broker, lines, arguments.names, arguments.reloads)
    finally:
        broker.close()


if __name__ == "__main__":
    main()
