"""The one check of published records against config/schemas: the tests with Kafka, the golden outcomes and
the demo use it. Stricter than the schemas, which let readers meet new fields: a key that no schema
names, or keys in another order, are faults, so nothing is published that docs/records.md does not know.
"""

import json
import pathlib

from jsonschema import Draft202012Validator, RefResolver

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "config/schemas"
SCHEMAS = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in FOLDER.glob("*.json")}
# What `schema` of a record says; the alert engine's state has no schema but its name.
NAMES = {"tocsin.enriched/1": "enriched.json", "tocsin.duplicate/1": "duplicate.json",
         "tocsin.deadletter/1": "deadletter.json", "tocsin.alert/1": "alert.json", "tocsin.pair/1": "pair.json"}
STATE = b'{"schema":"tocsin.alert_engine/1"}'
FAULTS_MAX = 3


def resolve(schema, base):
    """(schema, file name) that a $ref leads to."""
    name, _, pointer = schema["$ref"].partition("#")
    base = name or base
    found = SCHEMAS[base]
    for key in pointer.strip("/").split("/"):
        found = found[key]
    return found, base


class Validator:
    def __init__(self, name):
        self.name = name
        schema = SCHEMAS[name]
        Draft202012Validator.check_schema(schema)
        self.validator = Draft202012Validator(schema, resolver=RefResolver(name, schema, store=SCHEMAS))

    def faults(self, record):
        found = ["%s: %s" % ("/".join(map(str, e.absolute_path)), e.message[:200])
                 for e in self.validator.iter_errors(record)]
        return (found + list(self.unnamed(SCHEMAS[self.name], self.name, record, "")))[:FAULTS_MAX]

    def unnamed(self, schema, base, value, path):
        """Keys that the schema does not name, and keys out of its order."""
        properties, items, is_open = {}, None, False
        queue = [(schema, base)]
        while queue:
            schema, base = queue.pop()
            if "$ref" in schema:
                queue.append(resolve(schema, base))
            queue += [(each, base) for each in schema.get("oneOf", ())]
            properties = {**{k: (v, base) for k, v in schema.get("properties", {}).items()}, **properties}
            is_open |= "additionalProperties" in schema
            if "items" in schema:
                items = schema["items"], base
        if isinstance(value, dict) and not is_open:
            places = [list(properties).index(key) for key in value if key in properties]
            if places != sorted(places):
                yield "%s: keys in another order than the schema's: %s" % (path, list(value))
            for key, inner in value.items():
                if key in properties:
                    yield from self.unnamed(*properties[key], inner, path + "/" + key)
                else:
                    yield "%s/%s: no such key in config/schemas" % (path, key)
        elif isinstance(value, list) and items:
            for index, inner in enumerate(value):
                yield from self.unnamed(*items, inner, "%s/%d" % (path, index))


VALIDATORS = {name: Validator(name) for name in SCHEMAS if name != "common.json"}


def input_faults(payload):
    """What is wrong with a raw article (bytes), if its fields have the default names."""
    try:
        article = json.loads(payload)
        return VALIDATORS["raw.json"].faults({k: article[k] for k in SCHEMAS["raw.json"]["properties"] if k in article})
    except (ValueError, TypeError):
        return ["no JSON object"]


def without_schema_id(value):
    """The record behind the five bytes of Confluent's wire format (output.schema_ids)."""
    return value[5:] if value and value[:1] == b"\0" else value


def record_faults(value):
    """What is wrong with the value (bytes, or None: a tombstone) of any output but a dead letter."""
    value = without_schema_id(value)
    if value is None or value == STATE:
        return []
    record = json.loads(value)
    name = NAMES.get(str(record.get("schema")))
    return VALIDATORS[name].faults(record) if name else ["schema: unknown: %s" % record.get("schema")]


def header_faults(headers):
    """What is wrong with the headers of a dead letter, [(name, bytes)]."""
    own = {k: v.decode() for k, v in headers or [] if k.startswith("tocsin.")}
    return VALIDATORS["deadletter-headers.json"].faults(own)
