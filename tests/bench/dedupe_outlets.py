#!/usr/bin/env python3
"""Copies in the dress of outlets that no rule was written for, and updates, on articles of yours.

dedupe_outlets.py TOCSIN ARTICLES [--held] [--show FAMILY] [--count N]

ARTICLES are JSON Lines (plain or .gz) with a title and a body. Each is told again under a head
and a tail of some family (a newsletter's greeting, who pays for the outlet, an author's life),
whole, cut or edited, half of them with another outlet's dress on the first telling as well; and
as an update, with the first sentences of another article above it. Prints, for each family, how
many copies were found, and how many updates and articles under one dress were taken for copies.
Rules were made while looking at one half of the families; --held measures the other half only.
"""

import argparse
import collections
import gzip
import json
import random
import re
import subprocess
import sys

FIRST = "Marta Jonas Pim Soraya Cormac Ilse Hugo Nadia Tomas Wren Bashir Yuki Elena Piotr".split()
LAST = "Oduya Weil Jansen Haddad Byrne Koch Aranda Rao Novak Hale Diallo Mori Vance Lis".split()
TOWNS = "Bristol Altona Gavle Cardiff Leeds Malmo Porto Ghent Tampere Galway Graz Bergen".split()
TITLES = "Lantern Chronicle Observer Gazette Monitor Standard Echo Argus Beacon Examiner".split()
TAILS = {}
HEADS = {}


def tail(make):
    TAILS[make.__name__] = make
    return make


def head(make):
    HEADS[make.__name__] = make
    return make


class Outlet:
    def __init__(self, rng):
        self.rng = rng
        self.town = rng.choice(TOWNS)
        self.name = f"{rng.choice(['The ', ''])}{self.town} {rng.choice(TITLES)}"
        self.domain = re.sub("[^a-z]", "", self.name.lower()) + ".example"

    def person(self):
        return f"{self.rng.choice(FIRST)} {self.rng.choice(LAST)}"

    def pick(self, *options):
        return self.rng.choice(options)

    def number(self, low, high):
        return self.rng.randint(low, high)


@tail
def reader_funded(o):
    return [f"Since {o.number(1821, 2011)} {o.name} has been {o.pick('owned', 'paid for')} by those who "
            f"read it. {o.number(2, 90)},000 people now give us a few pounds each month, and that is why "
            f"nobody tells our reporters what to write. {o.pick('Will you join them?', 'Could you be next?')}",
            f"Give to {o.name} today"]


@tail
def author_life(o):
    who = o.person()
    return [f"{who} is {o.pick('senior', 'chief', 'deputy')} {o.pick('diplomatic', 'science', 'business')} "
            f"editor at {o.name}. Before moving to {o.town} {o.pick('she', 'he')} spent "
            f"{o.number(3, 19)} years in {o.pick(*TOWNS)} for {o.pick('Radio Nord', 'Agence Sud')} and is "
            f"the author of two books. Mail: {who.split()[1].lower()}@{o.domain}"]


@tail
def tip_line(o):
    return [f"Do you know more? Our desk in {o.town} would like to hear from you, in confidence, on "
            f"Signal (+44 {o.number(1000, 9999)} {o.number(100000, 999999)}) or at tips@{o.domain}."]


@tail
def imprint(o):
    return [f"{o.name} Media {o.pick('Ltd', 'GmbH', 'AB')}, {o.number(1, 400)} "
            f"{o.pick('Harbour', 'Mill', 'Kings')} {o.pick('Street', 'Road', 'Row')}, {o.town} "
            f"{o.number(1000, 99999)}. Registered in {o.pick(*TOWNS)}, no. {o.number(100000, 999999)}. "
            f"Managing editor: {o.person()}. ISSN {o.number(1000, 9999)}-{o.number(1000, 9999)}"]


@tail
def press_council(o):
    return [f"{o.name} abides by the code of the {o.town} Press Council. If you are unhappy with a piece, "
            f"write to our readers' editor, {o.person()}, within {o.number(2, 6)} weeks; should that not "
            f"settle it, the council decides."]


@tail
def related_list(o):
    return [o.pick("See also:", "On the same subject", "Elsewhere on the site", "Don't miss"),
            f"{o.pick(*TOWNS)} {o.pick('votes on new bridge', 'braces for storm', 'mourns poet')}",
            f"{o.person()} {o.pick('quits board of ferry firm', 'wins seat by a whisker')}",
            f"In pictures: {o.pick('carnival', 'floods', 'market day')} in {o.pick(*TOWNS)}"]


@tail
def podcast(o):
    return [f"Hear more on {o.pick('The Long Look', 'Sidebar', 'Nine Minutes')}, the {o.name} podcast, with "
            f"{o.person()} and {o.person()}: new episodes every {o.pick('Tuesday', 'Friday')} wherever you "
            f"listen."]


@tail
def app_store(o):
    return [f"{o.name} on your phone: quicker, with alerts you choose and no ads. Free in all stores. "
            f"Rated {o.number(3, 4)}.{o.number(1, 9)} by {o.number(10, 90)},000 users."]


@tail
def syndicated(o):
    return [f"This piece was produced by {o.person()} for {o.name} and is used here under a licence; "
            f"the {o.pick('original', 'full version')} can be found at https://www.{o.domain}/"
            f"{o.number(2019, 2026)}/{o.number(1, 12)}/{o.number(10000, 99999)}"]


@tail
def hashtags(o):
    tag = o.town.lower()
    return [f"#{tag} #{o.pick('news', 'world', 'politics')} #{o.pick('today', 'live')}",
            f"@{tag}{o.pick('news', 'live', 'now')} | fb.example/{tag} | t.example/{tag}"]


@tail
def credits(o):
    return [f"({o.pick('Desk', 'Copy')}: {o.person()} in {o.town}, {o.person()}; "
            f"{o.pick('graphics', 'data')}: {o.person()}; {o.pick('night editor', 'producer')} {o.person()})"]


@tail
def correction_note(o):
    return [f"Note to readers: an earlier version of this text misspelt the name of {o.person()}. It was "
            f"put right at {o.number(1, 12)}.{o.number(10, 59)} on {o.number(1, 28)} "
            f"{o.pick('March', 'June', 'October')}. {o.name} regrets the slip."]


@tail
def comments_rules(o):
    return [f"{o.number(2, 400)} comments", "Log in to have your say. Please be kind: posts are read by our "
            f"team before they appear, and {o.name} does not print abuse."]


@tail
def events_advert(o):
    return [f"Meet {o.person()} and other writers of {o.name} at our evening in {o.town} on "
            f"{o.number(1, 28)} {o.pick('May', 'September')}. Tickets from {o.number(8, 40)} euros; "
            f"subscribers come in free."]


@tail
def funding_note(o):
    return [f"{o.name}'s reporting on {o.pick('climate', 'migration', 'health')} is supported by a grant "
            f"from the {o.person().split()[1]} Foundation. {o.name} alone is responsible for what it prints."]


@tail
def weather_strip(o):
    return [f"{o.town} now: {o.number(-5, 33)}°, wind {o.number(1, 60)} km/h", "Traffic | Horoscope | TV tonight"]


@tail
def agency_tag(o):
    return [f"{o.pick('ENDS', '-30-', '***')} {o.name.split()[-1].upper()}/{o.person().split()[0][:2].lower()}/"
            f"{o.person().split()[0][:2].lower()}/{o.number(100, 999)}"]


@tail
def licence(o):
    return [f"Want to reprint this? {o.name} lets other sites use its texts free of charge under Creative "
            f"Commons {o.number(3, 4)}.0 as long as they name {o.person()} and link back here."]


@tail
def whatsapp_channel(o):
    return [f"Never miss a story: {o.name} is now on WhatsApp, tap {o.pick('the bell', 'follow')} and get "
            f"the {o.number(3, 9)} things that matter at {o.number(6, 9)} every morning."]


@tail
def german_tail(o):
    return [f"Mehr zum Thema lesen Sie in der Wochenendausgabe von {o.name}.",
            f"Redaktion {o.town}, Telefon {o.number(100, 999)}/{o.number(10000, 99999)}"]


@head
def newsletter_greeting(o):
    return [f"{o.pick('Good morning', 'Hello', 'Happy ' + o.pick('Friday', 'Monday'))}, {o.person().split()[0]} "
            f"here with {o.pick('First Cup', 'The Brief', 'Sunrise')} from {o.name}. Did a friend pass this "
            f"on? {o.pick('Get your own copy', 'You can have it too')}, it costs nothing."]


@head
def slug_block(o):
    return [f"{o.town.upper()}-{o.pick('TALKS', 'STORM', 'VOTE')}/{o.pick('2ND LD', 'WRAPUP 3', 'URGENT')}",
            f"[{o.town.upper()}, {o.name}, {o.pick('Thu', 'Mon')} {o.number(1, 28)} {o.pick('Mar', 'Sep')}]",
            f"Eds: {o.pick('ADDS quotes', 'RECASTS lead', 'FIXES typo')}. Photos {o.number(100, 999)}-"
            f"{o.number(100, 999)}."]


@head
def byline_line(o):
    return [f"{o.pick('By', 'Words:', 'From our man', 'Text by', 'Written by')} {o.person()}, {o.town}",
            f"{o.pick('Posted', 'Last modified')}: {o.number(1, 28)}/{o.number(1, 12)}/{o.number(2020, 2026)} "
            f"{o.number(0, 23)}:{o.number(10, 59)} | {o.number(2, 9)} min read"]


@head
def photo_caption(o):
    return [f"{o.person()} outside the town hall of {o.pick(*TOWNS)}, file picture. "
            f"{o.pick('Photo', 'Image')}: {o.person()}/{o.pick('Nordpix', 'Eyewire')}"]


@head
def bracket_dateline(o):
    return [f"[{o.town}] ({o.name}/{o.pick('own report', 'agencies')}), {o.number(1, 28)}."
            f"{o.number(1, 12)}.{o.number(2020, 2026)}"]


@head
def breadcrumbs(o):
    return [f"Home > {o.pick('World', 'Business')} > {o.pick('Europe', 'Markets')}",
            f"{o.name}  Menu  Search  Log in  {o.pick('Basket', 'E-paper')}"]


@head
def audio_bar(o):
    return [f"Listen to this article ({o.number(2, 9)} min) | Save | Text size A A A",
            f"Read by a synthetic voice. Tell us what you think at voice@{o.domain}"]


@head
def paywall_notice(o):
    return [f"You are reading one of your {o.number(3, 9)} free texts this month. For all of {o.name}, "
            f"{o.pick('take out a trial', 'see our offers')} from {o.number(1, 9)} euros."]


def held(families):
    names = sorted(families)
    random.Random(18).shuffle(names)
    return set(names[len(names) // 2:])


def sentences(text):
    return re.split(r"(?<=[.!?])\s+", text)


def paragraphs(body):
    parts = [part for part in re.split(r"\n\s*\n|\n(?=    )", body) if part.strip()]
    return [" ".join(part.split()) for part in parts]


SMALL = "two three four five six seven eight nine ten eleven twelve".split()


def restyled(text):
    words = dict((word, str(number)) for number, word in enumerate(SMALL, 2))
    swapped = {number: word for word, number in words.items()}
    text = re.sub(r"\b(" + "|".join(SMALL) + r")\b", lambda match: words[match.group()], text)
    text = re.sub(r"(?<![\d.,:/$-])\b([2-9]|1[0-2])\b(?![\d.,:/%-])", lambda m: swapped[m.group()], text) \
        if "seven" not in text and random.random() < .3 else text
    return re.sub(r"\b(\d),(\d{3})\b", r"\1\2", text)


def edited(rng, parts, how):
    text = [part for part in parts]
    if how == "words":
        vocabulary = " ".join(parts).lower().split()
        text = [" ".join(rng.choice(vocabulary) if rng.random() < .04 else word
                         for word in part.split() if rng.random() > .03) for part in parts]
    elif how == "drop" and len(parts) > 3:
        text = [parts[0]] + [part for part in parts[1:] if rng.random() > .2]
    elif how.startswith("cut"):
        words = " ".join(parts).split()
        text = [" ".join(words[:max(40, len(words) * int(how[3:]) // 100)])]
    elif how == "numbers":
        text = [restyled(part) for part in parts]
    return text


EDITS = ["whole", "whole", "words", "drop", "cut60", "cut35", "numbers"]


def dress(o, parts, top, bottom):
    return "\n\n".join(("\n".join(HEADS[top](o)) if top else "",) + tuple(parts) +
                       (("\n\n".join(TAILS[bottom](o)),) if bottom else ())).strip()


def lines(path):
    with (gzip.open if path.endswith(".gz") else open)(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def make(articles, only_held, count, seed=7):
    rng = random.Random(seed)
    tails = [name for name in sorted(TAILS) if (name in held(TAILS)) == only_held]
    heads = [name for name in sorted(HEADS) if (name in held(HEADS)) == only_held]
    usable = [a for a in articles if a.get("title") and 100 <= len(a["body"].split()) <= 1500]
    rng.shuffle(usable)
    out, want = [], []

    def add(article_id, title, body, o, kind, of):
        out.append({"id": article_id, "title": title, "body": body, "source": o.name,
                    "url": f"https://{o.domain}/{article_id}", "published_at": "2026-03-05T10:00:00Z"})
        want.append((kind, of))

    for number, article in enumerate(usable[:count]):
        parts = paragraphs(article["body"])
        o, p = Outlet(rng), Outlet(rng)
        first = (rng.choice([None] + heads), rng.choice(tails)) if rng.random() < .5 else (None, None)
        add(f"o{number}", article["title"], dress(o, parts, *first), o, "first", None)
        how = rng.choice(EDITS)
        top = rng.choice([None, rng.choice(heads)])
        bottom = rng.choice(tails)
        kind = f"copy/{how}/{top}/{bottom}/{'both' if first[1] else 'one'}"
        if number % 3 == 0:
            other = usable[(number * 7 + count) % len(usable)]
            lead = " ".join(sentences(paragraphs(other["body"])[0])[:2])
            if other is article or len(lead.split()) < 15:
                continue
            add(f"c{number}", other["title"], dress(p, [lead] + parts, None, rng.choice([None, bottom])), p,
                "update", None)
        else:
            add(f"c{number}", article["title"], dress(p, edited(rng, parts, how), top, bottom), p, kind,
                f"o{number}")
    # Short items of one outlet on one day: they share the dress and nothing else.
    for number, article in enumerate(usable[count:count + count // 4]):
        o = Outlet(random.Random(number // 6))
        lead = " ".join(sentences(" ".join(article["body"].split()))[:2])
        both = rng.Random if False else random.Random(number // 6)
        add(f"s{number}", article["title"],
            dress(o, [lead], both.choice([None] + heads), both.choice(tails)), o, "short", None)
    return out, want


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("tocsin")
    parser.add_argument("articles")
    parser.add_argument("--held", action="store_true")
    parser.add_argument("--show", default=None)
    parser.add_argument("--count", type=int, default=2000)
    args = parser.parse_args()
    articles, want = make(lines(args.articles), args.held, args.count)
    data = "\n".join(json.dumps(article, ensure_ascii=False) for article in articles) + "\n"
    done = subprocess.run([args.tocsin, "replay", "-"], input=data.encode(), stdout=subprocess.PIPE, check=True)
    outcomes = [json.loads(line) for line in done.stdout.splitlines()]
    hit = missed = false = 0
    rates = collections.defaultdict(lambda: [0, 0])
    for article, (kind, of), outcome in zip(articles, want, outcomes):
        copy = outcome.get("duplicate_of")
        good = copy == of
        if of:
            hit += good
            missed += not good
            _, how, top, bottom, both = kind.split("/")
            for key in ("edit " + how, "head " + top, "tail " + bottom, "dressed " + both):
                rates[key][0] += good
                rates[key][1] += 1
        else:
            false += copy is not None
            rates["false " + kind][0] += copy is not None
            rates["false " + kind][1] += 1
        if args.show and not good and args.show in kind:
            print(kind, "| got", copy, "want", of, "\n", article["body"][:700], "\n ...", article["body"][-700:], "\n")
    for key in sorted(rates):
        print(f"{key:32} {rates[key][0] / rates[key][1]:6.3f} of {rates[key][1]}")
    precision, recall = hit / max(1, hit + false), hit / max(1, hit + missed)
    print(f"precision {precision:.4f} recall {recall:.4f} F1 {2 * precision * recall / (precision + recall):.4f}")


if __name__ == "__main__":
    sys.exit(main())
