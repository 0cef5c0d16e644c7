#!/usr/bin/env python3
"""Stages of the pipeline beside what people use instead, on the same articles in the same run.

Needs a release build; installs the peers (PyPI, pinned) into .cache/bench. Times are CPU time of one
thread, the least of several rounds; what is worth quoting is the ratio. Never part of tests/run.
"""

import json
import pathlib
import subprocess
import sys
import time
import venv

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEERS = ["orjson==3.10.12", "spacy==3.8.2", "click==8.1.7", "vaderSentiment==3.3.2"]  # click: spaCy forgets it
HOME = ROOT / ".cache/bench"
ROUNDS = 5


def payloads():
    """The articles of pipeline_bench.cpp: bodies of the demo joined to 4.1 kB."""
    found, title, body = [], "", ""
    for line in (ROOT / "deploy/demo-data/articles.jsonl").read_text(encoding="utf-8").splitlines():
        try:
            value = json.loads(line)["value"]
            text, headline = value["body"], value["title"]
        except (ValueError, KeyError, TypeError):
            continue
        if not isinstance(text, str) or len(text.encode()) < 400:
            continue
        title, body = title or headline, body + ("\n\n" if body else "") + text
        if len(body.encode()) >= 4100:
            found.append(json.dumps({"title": title, "body": body}, ensure_ascii=False).encode())
            title = body = ""
    return found


def least_us(work, items):
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.process_time()
        for item in items:
            work(item)
        best = min(best, (time.process_time() - start) / len(items))
    return best * 1e6


def ours():
    out = subprocess.run([ROOT / "build/release/tests/bench/pipeline_bench", "--benchmark_format=json",
                          "--benchmark_filter=^(simdjson|stage|whole)", "--benchmark_min_time=0.2",
                          "--benchmark_repetitions=%d" % ROUNDS], stdout=subprocess.PIPE, check=True).stdout
    best = {}
    for run in json.loads(out)["benchmarks"]:
        if run["run_type"] == "iteration":
            best[run["name"]] = min(best.get(run["name"], float("inf")), run["cpu_time"])
    return best


def peers():
    """Run by the interpreter of .cache/bench."""
    import orjson
    import spacy
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
    articles = payloads()
    texts = [orjson.loads(a)["body"] for a in articles]
    blank = spacy.blank("en")
    sentences = spacy.blank("en")
    sentences.add_pipe("sentencizer")
    vader = SentimentIntensityAnalyzer()
    print(json.dumps({
        "orjson.loads": least_us(orjson.loads, articles * 50),
        "spaCy tokenizer": least_us(blank.tokenizer, texts * 3),
        "spaCy tokenizer + sentencizer": least_us(sentences, texts * 3),
        "VADER (a lexicon score)": least_us(vader.polarity_scores, texts),
    }))


def main():
    python = HOME / "bin/python"
    if not python.exists():
        venv.create(HOME, with_pip=True)
    subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *PEERS], check=True)
    theirs = json.loads(subprocess.run([python, __file__, "--peers"], stdout=subprocess.PIPE, check=True).stdout)
    mine = ours()
    for name, us in mine.items():
        print("%-32s %9.1f us" % (name, us))
    print()
    for peer, stage in (("orjson.loads", "stage_decode"), ("spaCy tokenizer", "stage_text"),
                        ("spaCy tokenizer + sentencizer", "stage_text"),
                        ("VADER (a lexicon score)", "stage_assess"),
                        ("spaCy tokenizer + sentencizer", "whole_article")):
        print("%-32s %9.1f us = %6.1f x %s" % (peer, theirs[peer], theirs[peer] / mine[stage], stage))


if __name__ == "__main__":
    peers() if "--peers" in sys.argv else main()
