#!/usr/bin/env python3
"""Makes docs/asyncapi.json (AsyncAPI 3.0) of config/schemas; with --check it only says whether it is up to date."""

import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
TARGET = ROOT / "docs/asyncapi.json"
SCHEMAS = ROOT / "config/schemas"
CONFIG = (ROOT / "config/tocsin.yaml").read_text(encoding="utf-8")
# key of `topics:`, schema, what the Kafka key is, whether tocsin receives or sends
CHANNELS = (("raw", "raw.json", "anything", "receive"),
            ("enriched", "enriched.json", "story id", "send"),
            ("duplicates", "duplicate.json", "story id", "send"),
            ("alerts", "alert.json", "alert id", "send"),
            ("pairs", "pair.json", "ids of the pair, joined by |", "send"),
            ("deadletter", None, "that of the input", "send"))


def name(file):
    return file.removesuffix(".json")


def inlined(value, file):
    """The schema with each reference as one into this document."""
    if isinstance(value, list):
        return [inlined(each, file) for each in value]
    if not isinstance(value, dict):
        return value
    result = {k: inlined(v, file) for k, v in value.items() if k not in ("$schema", "$id")}
    if "$ref" in value:
        target, _, pointer = value["$ref"].partition("#")
        result["$ref"] = "#/components/schemas/" + name(target or file) + pointer
    return result


def document():
    schemas = {name(path.name): inlined(json.loads(path.read_text(encoding="utf-8")), path.name)
               for path in sorted(SCHEMAS.glob("*.json"))}
    channels, operations = {}, {}
    for topic, schema, key, action in CHANNELS:
        address = re.search(r"(?m)^  %s: (\S+)" % topic, CONFIG)[1]
        message = {"contentType": "application/json", "bindings": {"kafka": {
            "key": {"type": "string", "description": key}, "bindingVersion": "0.5.0"}}}
        if schema:
            message["payload"] = {"$ref": "#/components/schemas/" + name(schema)}
        else:
            message["headers"] = {"$ref": "#/components/schemas/deadletter-headers"}
            message["payload"] = {"description": "The input, byte for byte."}
            del message["contentType"]
        channels[topic] = {"address": address, "messages": {topic: message}}
        operations[topic] = {"action": action, "channel": {"$ref": "#/channels/" + topic}}
    return {"asyncapi": "3.0.0",
            "info": {"title": "tocsin", "version": "1", "description":
                     "Topics and records; docs/records.md says more. Topic names are those of the shipped "
                     "configuration. Made by docs/make_asyncapi.py."},
            "defaultContentType": "application/json",
            "channels": channels, "operations": operations, "components": {"schemas": schemas}}


def main():
    text = json.dumps(document(), indent=1, ensure_ascii=False) + "\n"
    if "--check" in sys.argv[1:]:
        if TARGET.read_text(encoding="utf-8") == text:
            return 0
        print("docs/asyncapi.json is not what config/schemas say: run docs/make_asyncapi.py")
        return 1
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
