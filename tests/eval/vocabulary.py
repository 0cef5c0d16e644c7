#!/usr/bin/env python3
"""What the lexicon misses: words that stand out in hostile or cooperative texts without such an event.

    tocsin replay texts.jsonl > outcomes.jsonl
    tests/eval/vocabulary.py texts.jsonl outcomes.jsonl gold.jsonl [--top 40]

texts: raw articles; gold: JSON Lines with `id` and `class` (hostile, cooperative, neutral), in the
same order. Texts and labels are yours: none are kept here. A text of a class counts as missed when
`escalation` stays within 5 of zero. Words are ranked by the log-odds of a missed text against all
others with an informative Dirichlet prior (Monroe, Colaresi and Quinn 2008), so a word needs to be
frequent and typical. Verbs are told from nouns by their endings alone: read the list, do not feed it.
"""
import argparse
import collections
import json
import math
import re

CUT = 5.0  # escalation; the same cut as three classes are told apart with
WORD = re.compile(r"[a-z]{3,}(?:-[a-z]+)?")
VERBAL = re.compile(r"(ed|ing|ise|ize|ises|izes)$")


def words_of(article):
    return set(WORD.findall((article.get("title", "") + " " + article.get("body", "")).lower()))


def read(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def is_missed(label, outcome):
    tension = outcome.get("tension") or {}
    escalation = tension.get("escalation", 0.0)
    return escalation <= CUT if label == "hostile" else escalation >= -CUT


def ranked(missed, others):
    """(z, word, texts), the most typical of `missed` first."""
    prior = missed + others
    total, total_missed, total_others = (sum(c.values()) for c in (prior, missed, others))
    scores = []
    for word, count in missed.items():
        a, b, p = count, others[word], prior[word]
        if a < 2:
            continue
        odds_missed = math.log((a + p) / (total_missed + total - a - p))
        odds_others = math.log((b + p) / (total_others + total - b - p))
        scores.append(((odds_missed - odds_others) / math.sqrt(1 / (a + p) + 1 / (b + p)), word, a))
    return sorted(scores, reverse=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("texts")
    parser.add_argument("outcomes")
    parser.add_argument("gold")
    parser.add_argument("--top", type=int, default=40, help="words a list")
    options = parser.parse_args()
    rows = list(zip(read(options.texts), read(options.outcomes), read(options.gold), strict=True))
    for label in ("hostile", "cooperative"):
        missed, others = collections.Counter(), collections.Counter()
        count = 0
        for text, outcome, gold in rows:
            is_hit = gold["class"] == label and is_missed(label, outcome)
            count += is_hit
            (missed if is_hit else others).update(words_of(text))
        print(f"{label}: {count} of {sum(r[2]['class'] == label for r in rows)} texts missed")
        scores = ranked(missed, others)
        for name, is_verb in (("verbs", True), ("other words", False)):
            listed = [s for s in scores if bool(VERBAL.search(s[1])) == is_verb][: options.top]
            print(f"  {name}: " + ", ".join(f"{word} {texts}" for _, word, texts in listed))


if __name__ == "__main__":
    main()
