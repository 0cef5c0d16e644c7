#!/usr/bin/env python3
"""The articles of RSS or Atom feeds as JSON Lines: rss.py ADDRESS... Prints each article once a run.

Standard library only. The example of docs/input.md: run it each few minutes and pipe it into send.py;
what was sent before is the same record at another position, so tocsin finds it to be a copy.
"""

import json
import sys
import urllib.request
import xml.etree.ElementTree as ET

ATOM = "{http://www.w3.org/2005/Atom}"


def text(item, *names):
    found = (item.findtext(name) for name in names)
    return next((t.strip() for t in found if t and t.strip()), None)


def articles(feed):
    for item in feed.iter("item"):
        yield {"id": text(item, "guid", "link"), "title": text(item, "title"), "url": text(item, "link"),
               "body": text(item, "{http://purl.org/rss/1.0/modules/content/}encoded", "description"),
               "published_at": text(item, "pubDate", "{http://purl.org/dc/elements/1.1/}date")}
    for entry in feed.iter(ATOM + "entry"):
        link = entry.find(ATOM + "link")
        yield {"id": text(entry, ATOM + "id"), "title": text(entry, ATOM + "title"),
               "url": link.get("href") if link is not None else None,
               "body": text(entry, ATOM + "content", ATOM + "summary"),
               "published_at": text(entry, ATOM + "published", ATOM + "updated")}


for address in sys.argv[1:]:
    with urllib.request.urlopen(address, timeout=30) as answer:
        for article in articles(ET.parse(answer)):
            print(json.dumps(article, ensure_ascii=False))
