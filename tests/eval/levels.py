#!/usr/bin/env python3
"""levels.py TOCSIN PARAGRAPHS [--from YEAR] [--to YEAR]: whether a level means the same in a headline, a sentence, a paragraph and a page.

PARAGRAPHS: lines of date, topic and text, by tabs (plain or .xz), as of Wikipedia's "Portal:Current events". Each labelled
paragraph is replayed in four forms: its first twelve words as a title, its first sentence, the whole, and a page of four
paragraphs of its topic and month. Printed: the share of each topic at each level, by form, and what is asked:

  calm topics (disaster, business, sport, arts, health, scitech) at medium: at most 0.015 in every form
  sport at low: at most 0.01 in every form
  conflict at medium: no form more than 0.2 below the whole paragraph (a title that is cut after twelve words lost its end)

Exit 1 where one of these does not hold.
"""

import argparse
import collections
import json
import lzma
import re
import subprocess
import sys

CALM = ("disaster", "business", "sport", "arts", "health", "scitech")
LEVELS = ("low", "medium", "high", "critical")
RANK = {"none": 0, "low": 1, "medium": 2, "high": 3, "critical": 4}
TITLE_WORDS = 12
PAGE_PARAGRAPHS = 4
CALM_AT_MEDIUM_MAX = 0.015
SPORT_AT_LOW_MAX = 0.01
CONFLICT_SPREAD_MAX = 0.2


def read(path, first, last):
    opened = lzma.open(path, "rt", encoding="utf-8") if path.endswith(".xz") else open(path, encoding="utf-8")
    with opened as lines:
        rows = [line.rstrip("\n").split("\t", 2) for line in lines]
    return [row for row in rows if len(row) == 3 and row[1] != "-" and first <= row[0][:4] <= last]


def forms(rows):
    """(form, topic, article) of every row."""
    months = collections.defaultdict(list)
    for day, topic, text in rows:
        yield "headline", topic, {"title": " ".join(text.split()[:TITLE_WORDS])}
        yield "sentence", topic, {"body": re.split(r"(?<=[.!?]) (?=[A-Z])", text)[0]}
        yield "paragraph", topic, {"body": text}
        month = months[topic, day[:7]]
        month.append(text)
        if len(month) == PAGE_PARAGRAPHS:
            yield "page", topic, {"body": "\n\n".join(month)}
            month.clear()


def replay(tocsin, articles):
    lines = "".join(json.dumps({**article, "id": str(i), "source": "levels.example", "published_at": "2015-01-01T00:00:00Z",
                                "language": "en"}) + "\n" for i, article in enumerate(articles))
    out = subprocess.run([tocsin, "replay", "-"], input=lines.encode(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    return {int(o["id"]): o["tension"]["level"] for o in map(json.loads, out.stdout.splitlines()) if o.get("tension")}


def shares(kinds, levels):
    """{(form, topic): share at or above each of LEVELS}; copies are left out."""
    counts = collections.defaultdict(lambda: [0] * (len(LEVELS) + 1))
    for i, level in levels.items():
        count = counts[kinds[i]]
        count[0] += 1
        for rank in range(1, RANK[level] + 1):
            count[rank] += 1
    return {kind: [c / count[0] for c in count[1:]] for kind, count in counts.items()}, {k: c[0] for k, c in counts.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tocsin")
    parser.add_argument("paragraphs")
    parser.add_argument("--from", dest="first", default="0000")
    parser.add_argument("--to", dest="last", default="9999")
    arguments = parser.parse_args()
    shown = list(forms(read(arguments.paragraphs, arguments.first, arguments.last)))
    table, numbers = shares([(form, topic) for form, topic, _ in shown], replay(arguments.tocsin, [a for _, _, a in shown]))
    faults = []
    print("%-10s %-10s %6s  %s" % ("form", "topic", "n", "  ".join("%8s" % level for level in LEVELS)))
    for (form, topic), row in sorted(table.items()):
        print("%-10s %-10s %6d  %s" % (form, topic, numbers[form, topic], "  ".join("%8.3f" % share for share in row)))
    for form in ("headline", "sentence", "paragraph", "page"):
        calm = [(table[form, t][1], numbers[form, t]) for t in CALM if (form, t) in table]
        at_medium = sum(share * n for share, n in calm) / max(1, sum(n for _, n in calm))
        if at_medium > CALM_AT_MEDIUM_MAX:
            faults.append("%s: calm topics at medium %.3f, at most %.3f asked" % (form, at_medium, CALM_AT_MEDIUM_MAX))
        if table.get((form, "sport"), [0])[0] > SPORT_AT_LOW_MAX:
            faults.append("%s: sport at low %.3f, at most %.3f asked" % (form, table[form, "sport"][0], SPORT_AT_LOW_MAX))
        if ("paragraph", "conflict") in table and (form, "conflict") in table:
            below = table["paragraph", "conflict"][1] - table[form, "conflict"][1]
            if below > CONFLICT_SPREAD_MAX:
                faults.append("%s: conflict at medium %.3f below the paragraph's" % (form, below))
    print("\n".join(faults) if faults else "levels mean the same in every form")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
