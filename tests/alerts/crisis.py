"""An invented crisis of ten days between two real countries, among everyday news: 300 + 3,000 articles.

The same articles in the same order every time. Each is (milliseconds, phase, article); phases: everyday,
football, anniversary, opinion, build-up, ultimatum, attack, truce, talks.
"""

import json
import random
import sys

START_MS = 1_772_409_600_000  # 2026-03-02
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS

OUTLETS = ["outlet%02d.example" % i for i in range(30)] + ["reuters.com", "apnews.com", "afp.com"]
PLACES = ["Antofagasta", "La Paz", "Santiago", "Sucre", "Iquique", "Oruro"]
REPORTERS = ["A resident", "The mayor", "A shopkeeper", "A teacher", "A driver", "An engineer", "A farmer", "A nurse"]
SAID = ["described", "recalled", "explained", "noted", "mentioned", "wrote", "remarked"]
THINGS = ["the road to the salt flats", "the price of bread", "a school bus", "the evening market", "a new bridge",
          "the water supply", "the copper harbour", "the bus station", "the mountain railway", "a radio programme",
          "the grain store", "the football ground", "an old library", "the city archive", "a bakery"]
WORDS = ["amber", "basalt", "cobalt", "ember", "fjord", "garnet", "island", "juniper", "kelp", "lantern", "meadow", "nickel",
         "orchard", "pebble", "quarry", "ridge", "saddle", "timber", "upland", "willow", "zephyr", "harbour", "delta"]

LINES = {
    "build-up": ["{a} accused {b} of moving the border stones near {place}.",
                 "{a} recalled its ambassador from {b} on {day}.",
                 "{b} rejected the complaint of {a} about the border near {place}.",
                 "{a} said it would close the border to {b} if the talks about {place} fail."],
    "ultimatum": ["{a} threatened to attack {b} if its troops do not leave {place} within three days.",
                  "{a} warned {b} of military action unless it withdraws from {place}.",
                  "{a} sent tanks and thousands of troops to the border with {b} near {place}."],
    "attack": ["{a} attacked {b} with missiles near {place} on {day}.",
               "{a} bombed military bases of {b} near {place} and killed {n} soldiers.",
               "Troops of {a} invaded {b} and seized {place}, killing {n} people."],
    "truce": ["{a} and {b} agreed to a ceasefire near {place} on {day}.",
              "{a} and {b} signed a truce after mediation.",
              "{a} withdrew its troops from {place} under the ceasefire with {b}."],
    "talks": ["{a} and {b} held peace talks in {place} on {day}.",
              "The foreign ministers of {a} and {b} met in {place} and agreed to reopen the border.",
              "{a} released prisoners to {b} as part of the peace agreement."],
}
TITLES = {
    "build-up": ["{a} accuses {b} over border near {place}", "{a} recalls ambassador from {b}"],
    "ultimatum": ["{a} threatens to attack {b} over {place}", "{a} sends troops to border with {b}"],
    "attack": ["{a} attacks {b} near {place}", "{a} bombs {b}, {n} soldiers killed"],
    "truce": ["{a} and {b} agree to ceasefire", "{a} and {b} sign truce"],
    "talks": ["{a} and {b} hold peace talks in {place}", "{a} and {b} reopen border"],
}
# phase, first hour, last hour, articles: 300 in all
PLAN = [("build-up", 24, 72, 40), ("ultimatum", 72, 96, 60), ("attack", 96, 144, 120), ("truce", 144, 168, 40),
        ("talks", 168, 236, 40)]


def filler(rng):
    return "%s in %s %s %s beside the %s %s and the %s %s." % (
        rng.choice(REPORTERS), rng.choice(PLACES), rng.choice(SAID), rng.choice(THINGS), rng.choice(WORDS),
        rng.choice(WORDS), rng.choice(WORDS), rng.choice(WORDS))


def fill(line, rng):
    a, b = rng.choice([("Chile", "Bolivia"), ("Bolivia", "Chile")])
    return line.format(a=a, b=b, place=rng.choice(PLACES), n=rng.randrange(3, 90),
                       day=rng.choice(["Monday", "Tuesday", "Wednesday", "Thursday"]))


def body_of(rng, lines):
    sentences = lines + [filler(rng) for _ in range(rng.randrange(5, 9))]
    return " ".join(sentences)


def make(seed=1):
    rng = random.Random(seed)
    items = []

    def add(at_ms, phase, title, lines):
        outlet = rng.choice(OUTLETS)
        items.append((at_ms, phase, {"title": title, "body": body_of(rng, lines), "source": outlet,
                                     "url": "https://%s/%d" % (outlet, len(items))}))

    for phase, first, last, count in PLAN:
        for i in range(count):
            at = first * HOUR_MS + (last - first) * HOUR_MS * i // count + rng.randrange(HOUR_MS // 2)
            add(at, phase, fill(rng.choice(TITLES[phase]), rng), [fill(rng.choice(LINES[phase]), rng) for _ in range(2)])
    for i in range(2970):
        at = rng.randrange(10 * DAY_MS)
        add(at, "everyday", "%s: %s" % (rng.choice(PLACES), filler(rng)), [])
    for i in range(10):
        at = (5 + i * 2) * HOUR_MS
        add(at, "football", "Chile beat Bolivia 2-1 in battle of the Andes",
            ["Chile attacked Bolivia from the first minute of the World Cup qualifier and the striker shot twice.",
             "The Bolivia goalkeeper was beaten again in the second half of the football match, %d minutes in." % (50 + i)])
        add(at + 1, "anniversary", "On this day: Chile declared war on Bolivia in 1879",
            ["In 1879 Chile invaded Bolivia and seized Antofagasta, killing many soldiers.",
             "Veterans' families marked the anniversary of the war with a mass in hall %d." % i])
        add(at + 2, "opinion", "Opinion: what if Chile attacked Bolivia again?",
            ["Chile attacked Bolivia once and could do so again, argues columnist number %d." % i])
    items.sort(key=lambda item: item[0])
    articles = []
    for number, (at, phase, article) in enumerate(items):
        seconds = (START_MS + at) // 1000
        articles.append((START_MS + at, phase, {"id": "n%05d" % number, **article, "published_at": seconds}))
    return articles


if __name__ == "__main__":
    for _, _, article in make():
        json.dump(article, sys.stdout)
        sys.stdout.write("\n")
