"""Invented articles for tests: deterministic, varied enough that no two originals are near-duplicates."""

import json
import random

PLACES = ["Norland", "Estavia", "Port Almen", "the Karsh valley", "Lower Tarn", "Brisk Bay", "Odrava",
          "the Selin plateau", "Mirev", "the northern corridor", "Hallen", "Tuvask", "Great Pell"]
ACTORS = ["the foreign minister", "a border guard", "officials", "residents", "engineers", "the mayor",
          "a spokesman for the army", "farmers", "the central bank", "a trade delegation", "doctors"]
VERBS = ["inspected", "described", "opened", "rejected", "welcomed", "repaired", "questioned", "postponed",
         "examined", "criticised", "restored", "abandoned", "measured", "supported", "delayed"]
THINGS = ["a railway bridge", "the water treaty", "a convoy of lorries", "the harvest figures", "a new hospital wing",
          "the ceasefire line", "an old power station", "the shipping lane", "a school programme", "the border post",
          "a joint statement", "the grain silo", "a radio mast", "the pipeline survey", "a customs office"]
TAILS = ["on %s morning", "after %d days of talks", "despite %d complaints", "for the %dth time this year",
         "with a budget of %d million crowns", "%d kilometres from the coast", "in front of %d visitors"]
WORDS = ["amber", "basalt", "cobalt", "delta", "ember", "fjord", "garnet", "harbour", "island", "juniper", "kelp", "lantern",
         "meadow", "nickel", "orchard", "pebble", "quarry", "ridge", "saddle", "timber", "upland", "valley", "willow", "zephyr"]


def sentence(rng):
    tail = rng.choice(TAILS)
    tail = tail % ("Monday" if "%s" in tail else rng.randrange(2, 9000))
    return "%s in %s %s %s near the %s %s %s." % (
        rng.choice(ACTORS).capitalize(), rng.choice(PLACES), rng.choice(VERBS), rng.choice(THINGS),
        rng.choice(WORDS), rng.choice(WORDS), tail)


def article(rng, number):
    return {"id": "a%06d" % number, "title": "Report %d: %s" % (number, sentence(rng)),
            "body": " ".join(sentence(rng) for _ in range(rng.randrange(8, 16))),
            "source": "outlet%d.example" % rng.randrange(20),
            "url": "https://outlet%d.example/%d" % (rng.randrange(20), number),
            "published_at": "2026-03-%02dT%02d:00:00Z" % (rng.randrange(1, 28), rng.randrange(24))}


def copy_of(rng, original, number):
    """The edits agencies make: another headline, a byline, a footer, a sentence less."""
    sentences = original["body"].split(". ")
    if rng.random() < 0.5:
        del sentences[rng.randrange(1, len(sentences))]
    body = ". ".join(sentences)
    if rng.random() < 0.5:
        body = "PORT ALMEN (Wire) - " + body
    if rng.random() < 0.5:
        body += " Reporting by the news desk; editing by the night desk."
    return {**original, "id": "c%06d" % number, "title": "Update on report %d" % number, "body": body,
            "source": "other%d.example" % rng.randrange(20)}


def stream(count, seed=1, copies=0.3, broken=0.02):
    """Records for harness.produce(): originals, copies of recent originals, broken ones. Returns the
    records and how many are broken."""
    rng = random.Random(seed)
    originals, records, bad = [], [], 0
    for number in range(count):
        draw = rng.random()
        if draw < broken:
            bad += 1
            records.append({"value": rng.choice([b"{", b"[1]", b'{"title":1}', b'{"url":"https://x.example"}'])})
        elif draw < broken + copies and originals:
            records.append({"value": json.dumps(copy_of(rng, rng.choice(originals[-200:]), number))})
        else:
            originals.append(article(rng, number))
            records.append({"value": json.dumps(originals[-1])})
    return records, bad
