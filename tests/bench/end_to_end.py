#!/usr/bin/env python3
"""Articles per second from Kafka to Kafka, checked: end_to_end.py ARTICLES [--instances N] [--kill].

ARTICLES is JSON lines, plain or gzip; it is produced to a raw topic before the daemons start. With
--kill, one instance gets SIGKILL at half of the way; a single one is started again. Prints articles and
megabytes per second from the first to the last commit, the peak memory of each instance and the counts by
outcome; exit 1 unless every position has exactly one outcome, every chain of duplicates one enriched
record, and `tocsin audit` finds the outputs byte for byte. Needs a release build.
"""

import argparse
import pathlib
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/kafka"))

import harness  # noqa: E402


def peak_memory_mb(pid):
    for line in pathlib.Path("/proc/%d/status" % pid).read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no VmHWM of %d" % pid)


def run(broker, lines, partitions, instances, kill):
    topics = harness.Topics()
    broker.create(topics.raw, partitions)
    # By line, not by key: the copies of a story meet in different partitions.
    harness.produce(broker, topics.raw, [{"value": line, "partition": i % partitions} for i, line in enumerate(lines)])
    end = sum(harness.high_watermarks(broker, topics.raw).values())
    daemons = [harness.Daemon(broker, topics, "i%d" % i) for i in range(instances)]
    try:
        for daemon in daemons:
            daemon.wait_ready()

        def committed():
            return sum(max(0, o) for o in harness.committed(broker, topics.prefix, topics.raw).values())

        harness.wait_until(lambda: committed() > 0, "the first commit")
        begun, first = time.monotonic(), committed()
        peaks = {}
        if kill:
            harness.wait_until(lambda: committed() >= end // 2, "half of the way", 600)
            victim = daemons[instances // 2]
            peaks[victim] = peak_memory_mb(victim.process.pid)
            print("killed one of %d instances at %d of %d" % (instances, committed(), end), flush=True)
            victim.kill()
            if instances == 1:
                daemons.append(harness.Daemon(broker, topics, "i0").wait_ready())
        harness.wait_until(lambda: committed() >= end, "the last commit", 600)
        seconds = time.monotonic() - begun
        for daemon in daemons:
            if daemon.process.poll() is None:
                peaks[daemon] = peak_memory_mb(daemon.process.pid)
        counts = harness.check_outputs(broker, topics)
        report = harness.check_audit(daemons[-1])
        size = sum(map(len, lines)) * (end - first) / end
        print("%d instances, %d partitions: %.0f articles/s, %.1f MB/s, peak memory %s MB"
              % (instances, partitions, (end - first) / seconds, size / seconds / 1e6,
                 ", ".join("%.0f" % mb for mb in peaks.values())))
        print("outcomes %s; audit of %d positions clean" % (dict(counts), report["raw_records"]))
    finally:
        for daemon in daemons:
            daemon.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("articles", type=pathlib.Path)
    parser.add_argument("--instances", type=int, default=1)
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--kill", action="store_true")
    arguments = parser.parse_args()
    lines = harness.article_lines(arguments.articles)
    broker = harness.Broker()
    try:
        run(broker, lines, arguments.partitions, arguments.instances, arguments.kill)
    finally:
        broker.close()


if __name__ == "__main__":
    main()
