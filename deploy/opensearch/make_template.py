#!/usr/bin/env python3
"""NOT RUN against OpenSearch or Elasticsearch. Writes index-template.json from config/schemas/enriched.json: text fields that
people search, keywords to group by, dates, numbers; spans and factors are kept and not indexed. --check: fails where
the file is not what this program writes, or where a field of the schema has no mapping."""

import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
SCHEMA = HERE.parents[1] / "config/schemas/enriched.json"
KEYWORD, TEXT, DATE, NUMBER = {"type": "keyword"}, {"type": "text"}, {"type": "date"}, {"type": "float"}
KEPT = {"type": "object", "enabled": False}


def group(**fields):
    return {"properties": fields}


MAPPINGS = {
    "schema": KEYWORD, "id": KEYWORD, "position": group(topic=KEYWORD, partition={"type": "integer"}, offset={"type": "long"}),
    "title": TEXT, "body": TEXT, "url": KEYWORD, "author": KEYWORD, "section": KEYWORD,
    "source": group(name=KEYWORD, domain=KEYWORD, tier=NUMBER),
    "published_at": DATE, "published_at_source": KEYWORD, "language": KEYWORD, "topics": {"type": "object", "dynamic": True},
    "story": group(id=KEYWORD, size={"type": "integer"}, outlets={"type": "integer"}), "relation": KEYWORD,
    "entities": {"type": "nested", "properties": {"id": KEYWORD, "name": KEYWORD, "type": KEYWORD, "code": KEYWORD,
                                                  "salience": NUMBER, "mentions": KEPT}},
    "events": {"type": "nested", "properties": {
        "event": KEYWORD, "mode": KEYWORD, "cameo": KEYWORD, "scale": NUMBER, "actor": KEYWORD, "recipient": KEYWORD,
        "polarity": KEYWORD, "modality": KEYWORD, "weight": NUMBER, "factors": KEPT, "evidence": KEPT}},
    "tension": group(score=NUMBER, level=KEYWORD, threat=NUMBER, act=NUMBER, cooperation=NUMBER, escalation=NUMBER,
                     confidence=NUMBER),
    "dyads": {"type": "nested", "properties": {"pair": KEYWORD, "codes": KEYWORD, "score": NUMBER}},
    "pipeline": KEPT,
}


def main():
    template = {"index_patterns": ["news.enriched*"], "priority": 100,
                "_meta": {"note": "not run; made by deploy/opensearch/make_template.py"},
                "template": {"settings": {"number_of_shards": 1},
                             "mappings": {"dynamic": False, "properties": MAPPINGS}}}
    text = json.dumps(template, indent=1) + "\n"
    target = HERE / "index-template.json"
    if "--check" not in sys.argv[1:]:
        target.write_text(text)
        return 0
    missing = set(json.loads(SCHEMA.read_text())["properties"]) - set(MAPPINGS)
    if missing:
        print("deploy/opensearch/make_template.py maps no %s" % ", ".join(sorted(missing)))
    if target.read_text() != text:
        print("deploy/opensearch/index-template.json is not what make_template.py writes")
    return 1 if missing or target.read_text() != text else 0


if __name__ == "__main__":
    sys.exit(main())
