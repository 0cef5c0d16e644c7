#!/usr/bin/env python3
"""Writes articles.jsonl and expected.json from stories.txt; --check only compares.

Adds to the stories what a newsroom's feed has: syndicated copies with the edits agencies make, other
languages, dates in every form, and records that are broken. No chance is involved.
"""

import argparse
import datetime
import email.utils
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
START = datetime.datetime(2026, 3, 2, tzinfo=datetime.timezone.utc)
OUTLETS = ["Morning Standard", "The Harbour Post", "World in Brief", "Evening Ledger", "City Tribune",
           "Northern Star", "Daily Observer", "Radio Six Online", "The Valley Herald", "Capital Report"]

# (beginning of the original's title, edit, the copy's title; None keeps it, hours later)
COPIES = [
    ("Azerbaijan accuses Armenia of", "agency", "Baku points at Armenian guns near frontier", 0.4),
    ("Azerbaijan accuses Armenia of", "half", "Artillery seen on the move near Tovuz", 1.5),
    ("Armenia calls up", "footer", None, 0.3),
    ("Armenia calls up", "agency", "Yerevan mobilises after village is hit", 0.9),
    ("Baku gives Yerevan", "agency", "Aliyev sets deadline for Armenian withdrawal", 0.2),
    ("Baku gives Yerevan", "exact", None, 0.6),
    ("Baku gives Yerevan", "half", "Two days to withdraw", 2.2),
    ("Azerbaijani drones strike", "exact", None, 0.1),
    ("Azerbaijani drones strike", "footer", "Six die as drones hit hill positions", 0.5),
    ("Azerbaijani drones strike", "correction", None, 3.0),
    ("Armenia and Azerbaijan agree", "agency", "Guns to fall silent at midnight", 0.3),
    ("Armenia and Azerbaijan agree", "half", None, 1.1),
    ("India expels", "agency", "New Delhi shows two envoys the door", 0.7),
    ("Gunmen attack", "exact", None, 0.2),
    ("Gunmen attack", "footer", "Patrol ambushed in Poonch: five dead", 0.8),
    ("India masses", "agency", "Armies face each other in Kashmir", 0.4),
    ("India masses", "half", None, 1.9),
    ("Greece protests", "footer", None, 0.5),
    ("Ankara warns", "agency", "Turkey tells Greece to keep away from vessel", 0.6),
    ("Greek and Turkish", "exact", "Warships crash in the Mediterranean", 0.2),
    ("Greek and Turkish", "correction", None, 2.4),
    ("Survey ship leaves", "agency", "Turkish vessel turns for home", 0.3),
    ("Venezuela sends", "half", None, 0.9),
    ("North Korea fires", "exact", None, 0.1),
    ("North Korea fires", "agency", "Pyongyang tests missiles ahead of exercise", 0.5),
    ("Chinese coast guard", "footer", None, 0.6),
    ("Chinese coast guard", "agency", "Supply boat turned back from reef", 1.2),
    ("Russian missiles hit", "exact", None, 0.1),
    ("Russian missiles hit", "agency", "Four dead in night attack on Kharkiv", 0.3),
    ("Russian missiles hit", "half", "Kharkiv without light", 0.8),
    ("Russian missiles hit", "correction", None, 4.1),
    ("Kremlin warns", "agency", "Moscow: trainers would be targets", 0.4),
    ("Iran threatens", "footer", "Tehran plays its Hormuz card", 0.3),
    ("Iran threatens", "exact", None, 1.0),
    ("Congo cuts ties", "agency", "Kinshasa sends Rwandan diplomats home", 0.5),
    ("Storm Oda", "exact", None, 0.4),
    ("United crush", "footer", None, 0.7),
    ("Price war", "exact", "Cheap tickets cost airlines dear", 0.6),
    ("Film review", "exact", None, 5.0),
]

FOOTER = ("\n\nFollow our reporters for the latest from the region. Sign up for our morning letter. "
          "All rights reserved; this text may not be republished without permission.")

FOREIGN = [
    (39, "Der Abendbote", "de", "Bundestag streitet über Hilfe für die Ukraine",
     "Der Bundestag hat am Dienstag über weitere Hilfe für die Ukraine gestritten. Die Regierung will zwei "
     "Batterien zur Luftabwehr liefern, die Opposition verlangt einen genauen Plan für die Kosten. "
     "Am Abend stimmte eine Mehrheit für den Antrag, nachdem der Kanzler selbst gesprochen hatte."),
    (50, "La Gazette du Midi", "fr", "La France appelle Erevan et Bakou à cesser le feu",
     "La France a appelé mercredi l'Arménie et l'Azerbaïdjan à cesser le feu immédiatement. Le ministre des "
     "Affaires étrangères s'est entretenu avec ses deux homologues et leur a proposé de se rencontrer à "
     "Paris dès la fin de la semaine. Les combats de la nuit ont fait au moins six morts."),
    (55, "El Diario del Puerto", "es", "Venezuela y Guyana aceptan la mediación de Brasil",
     "Los gobiernos de Venezuela y Guyana aceptaron el miércoles la mediación de Brasil en la disputa por el "
     "Esequibo. Los presidentes se reunirán la próxima semana en Manaos. Hasta entonces ninguno de los dos "
     "países enviará barcos armados a la zona, según un comunicado conjunto."),
]

# What cannot be processed: (hour, key, value); bytes become "hex".
BROKEN = [
    (3.3, "feed-7", '{"title": "Cut off in the mid'),
    (8.8, "feed-7", "Traffic report: all clear on the ring road"),
    (11.9, "feed-2", b'{"title": "Caf\xe9 Europa reopens", "body": "The old letters were Latin-1."}'),
    (19.7, "feed-2", {"url": "https://feed2.example/empty", "source": "Feed Two"}),
    (26.4, "feed-9", {"title": "Numbers only", "body": 42}),
    (33.1, "feed-9", {"title": ["A list", "is no title"], "body": "The producer changed its format."}),
    (41.6, "feed-7", "[" * 40 + "]" * 40),
    (47.7, "feed-3", '[{"title": "One record, two articles"}, {"title": "The second one"}]'),
    (55.5, "feed-3", '"a string on its own"'),
    (63.9, "feed-7", ""),
    (71.2, "feed-1", '{"title": "Stray surrogate \\ud800 in a headline"}'),
    (80.8, "feed-1", '{"title": "Two values in one record"} {"title": "this is the second"}'),
]


def read_stories():
    for block in re.split(r"(?m)^@ ", (HERE / "stories.txt").read_text(encoding="utf-8"))[1:]:
        head, body = block.strip().split("\n", 1)
        hour, source, section, title = [part.strip() for part in head.split("|")]
        yield float(hour), source, section, title, body.replace("\n", "\n\n")


def slug(text):
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def timestamp_ms(hour):
    return int((START + datetime.timedelta(hours=hour)).timestamp() * 1000) + len(str(hour)) * 137


def published(hour, number):
    """The forms in which feeds write a date, in turn; the last one is missing."""
    when = START + datetime.timedelta(hours=hour, minutes=-7)
    return [when.strftime("%Y-%m-%dT%H:%M:%SZ"), email.utils.format_datetime(when),
            int(when.timestamp()), int(when.timestamp() * 1000), when.strftime("%Y-%m-%d %H:%M:%S"),
            None][number % 6]


def article(hour, number, source, section, title, body, language="en"):
    value = {"title": title, "body": body, "source": source, "section": section, "language": language,
             "url": "https://%s.example/%s/%s" % (slug(source), section, slug(title)[:60].strip("-"))}
    date = published(hour, number)
    if date is not None:
        value["published_at"] = date
    return {"timestamp": timestamp_ms(hour), "key": slug(source), "value": value}


def edit(kind, body, section):
    paragraphs = body.split("\n\n")
    if kind == "agency":
        return "(%s desk) — %s" % (section.capitalize(), body)
    if kind == "half":
        return "\n\n".join(paragraphs[:(len(paragraphs) + 1) // 2])
    if kind == "footer":
        return body + FOOTER
    if kind == "correction":
        return "%s\n\nCorrection: an earlier version of this report misspelled a place name." % body
    return body


def records():
    stories = list(read_stories())
    for number, (hour, source, section, title, body) in enumerate(stories):
        yield article(hour, number, source, section, title, body)
    for number, (begin, kind, headline, later) in enumerate(COPIES):
        (hour, _, section, title, body), = [s for s in stories if s[3].startswith(begin)]
        yield article(hour + later, number + 1, OUTLETS[number % len(OUTLETS)], section,
                      headline or title, edit(kind, body, section))
    for number, (hour, source, language, title, body) in enumerate(FOREIGN):
        yield article(hour, number, source, "world", title, body, language)
    for hour, key, value in BROKEN:
        what = {"hex": value.hex()} if isinstance(value, bytes) else {"value": value}
        yield {"timestamp": timestamp_ms(hour), "key": key, **what}
    # A null value deletes a key on a compacted topic; it is no article and no fault.
    yield {"timestamp": timestamp_ms(95), "key": "feed-1", "value": None}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare with the files instead of writing")
    check = parser.parse_args().check
    lines = [json.dumps(r, ensure_ascii=False)
             for r in sorted(records(), key=lambda r: (r["timestamp"], r["key"]))]
    expected = {"enriched": len(list(read_stories())) + len(FOREIGN), "duplicates": len(COPIES),
                "deadletter": len(BROKEN)}
    stale = 0
    for name, text in (("articles.jsonl", "\n".join(lines) + "\n"),
                       ("expected.json", json.dumps(expected) + "\n")):
        if not check:
            (HERE / name).write_text(text, encoding="utf-8")
        elif (HERE / name).read_text(encoding="utf-8") != text:
            print("%s is older than stories.txt or make.py; run make.py" % name)
            stale = 1
    return stale


if __name__ == "__main__":
    sys.exit(main())
