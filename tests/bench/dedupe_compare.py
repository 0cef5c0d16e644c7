#!/usr/bin/env python3
"""Copies found by tocsin and by what a user would pick instead, on one stream.

dedupe_compare.py TOCSIN RAW GOLD

RAW and GOLD are JSON Lines, plain or .gz, in one order: articles, and for each {"id", "group",
"kind"}: articles of one group are copies, those of kind "ambiguous" do not count. Makes a virtual environment in .cache (needs a package index) and
prints a table. An article is a decided copy when a system names an earlier one; that is right when
both are of one group. Each system gets the same words; tocsin's time is that of `tocsin replay`,
reading, tagging and scoring included.
"""

import gzip
import json
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGES = ["datasketch==2.0.0", "rensa==0.5.0", "simhash==2.1.2"]
BITS = 128
WORD = re.compile(r"\w+")


def reexec_in_environment():
    home = ROOT / ".cache" / "bench-dedupe"
    python = home / "bin" / "python"
    if pathlib.Path(sys.prefix) == home:
        return
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
    subprocess.run([python, "-m", "pip", "-q", "install", *PACKAGES], check=True)
    os.execv(python, [str(python), *sys.argv])


def lines(path):
    with (gzip.open if path.endswith(".gz") else open)(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def shingles(article):
    words = WORD.findall(article.get("body", "").lower())
    return {" ".join(words[i:i + 3]) for i in range(max(1, len(words) - 2))}


def tocsin(binary, path):
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rb") as file:
        data = file.read()
    started = time.perf_counter()
    done = subprocess.run([binary, "replay", "-"], input=data, stdout=subprocess.PIPE, check=True)
    seconds = time.perf_counter() - started
    outcomes = [json.loads(line) for line in done.stdout.splitlines()]
    return [outcome.get("duplicate_of") for outcome in outcomes], seconds


def timed(articles, decide):
    started = time.perf_counter()
    found = [decide(article["id"], shingles(article)) for article in articles]
    return found, time.perf_counter() - started


def datasketch(articles, threshold, verified):
    from datasketch import MinHash, MinHashLSH
    index = MinHashLSH(threshold=threshold, num_perm=BITS)
    held = {}

    def decide(name, words):
        signature = MinHash(num_perm=BITS)
        signature.update_batch([word.encode() for word in words])
        near = index.query(signature)
        if verified:
            near = [other for other in near if held[other].jaccard(signature) >= threshold]
        best = max(near, key=lambda other: held[other].jaccard(signature), default=None)
        index.insert(name, signature)
        held[name] = signature
        return best

    return timed(articles, decide)


def rensa(articles, threshold, bands):
    from rensa import RMinHash, RMinHashLSH
    index = RMinHashLSH(threshold=threshold, num_perm=BITS, num_bands=bands)
    held = []
    names = []

    def decide(name, words):
        signature = RMinHash(num_perm=BITS, seed=1)
        signature.update(list(words))
        near = [other for other in index.query(signature)
                if held[other].jaccard(signature) >= threshold]
        best = max(near, key=lambda other: held[other].jaccard(signature), default=None)
        index.insert(len(held), signature)
        held.append(signature)
        names.append(name)
        return None if best is None else names[best]

    return timed(articles, decide)


def simhash(articles):
    from simhash import Simhash, SimhashIndex
    index = SimhashIndex([], k=3)

    def decide(name, words):
        signature = Simhash(words)
        near = index.get_near_dups(signature)
        index.add(name, signature)
        return near[0] if near else None

    return timed(articles, decide)


def score(found, gold):
    """Precision, recall and F1 of the decisions; `ambiguous` articles are left out."""
    group = {row["id"]: row for row in gold}
    seen = set()
    right = wrong = missed = 0
    for row, other in zip(gold, found):
        if row["kind"] == "ambiguous":
            continue
        good = other is not None and group[other]["group"] == row["group"]
        if good and row["group"] in seen:
            right += 1
        elif other is not None and group[other]["kind"] != "ambiguous":
            wrong += 1
        if row["group"] in seen and not good:
            missed += 1
        seen.add(row["group"])
    precision = right / max(1, right + wrong)
    recall = right / max(1, right + missed)
    return precision, recall, 2 * precision * recall / max(1e-9, precision + recall)


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    reexec_in_environment()
    binary, raw, gold_path = sys.argv[1:]
    articles, gold = lines(raw), lines(gold_path)
    assert [article["id"] for article in articles] == [row["id"] for row in gold]
    rows = [("tocsin replay, all of it", tocsin(binary, raw))]
    rows.append(("datasketch, LSH 0.7 (its defaults)", datasketch(articles, 0.7, False)))
    rows.append(("datasketch, LSH 0.5, verified", datasketch(articles, 0.5, True)))
    rows.append(("rensa, 16 bands, 0.7", rensa(articles, 0.7, 16)))
    rows.append(("rensa, 32 bands, 0.5", rensa(articles, 0.5, 32)))
    rows.append(("simhash, k = 3", simhash(articles)))
    base = len(articles) / rows[0][1][1]
    print("| system | precision | recall | F1 | documents per second | tocsin is faster by |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, (found, seconds) in rows:
        rate = len(articles) / seconds
        print("| %s | %.3f | %.3f | %.3f | %.0f | %.1f |"
              % ((name,) + score(found, gold) + (rate, base / rate)))


if __name__ == "__main__":
    main()
