"""The check of tests/schemas.py finds what is not as config/schemas say, in each kind of record."""

import json
import pathlib
import re
import unittest

import schemas

GOLDEN = pathlib.Path(__file__).parent / "golden"
RECORDS = (pathlib.Path(__file__).parents[1] / "docs/records.md").read_text(encoding="utf-8")
STAMP = {"version": "1", "config": "c", "lexicon": "l"}
HEADERS = [("tocsin.stage", b"decode"), ("tocsin.error.code", b"no_text"), ("tocsin.error.message", b""),
           ("tocsin.original.topic", b"raw"), ("tocsin.original.partition", b"0"), ("tocsin.original.offset", b"7"),
           ("tocsin.original.timestamp", b"-1"), ("tocsin.config", b"c")]


def golden(schema):
    """The first golden record of a schema that has entities and events, if it has any."""
    found = [r for r in map(json.loads, (GOLDEN / "expected.jsonl").read_text().splitlines()) if r["schema"] == schema]
    record = next((r for r in found if r.get("events")), found[0])
    return {**record, "pipeline": STAMP} if "pipeline" in record else record


class SchemasTest(unittest.TestCase):
    def faults(self, record):
        return schemas.record_faults(json.dumps(record).encode())

    def test_every_golden_kind_is_clean_and_none_of_its_keys_may_change(self):
        for name in ("tocsin.enriched/1", "tocsin.duplicate/1", "tocsin.deadletter/1"):
            record = golden(name)
            self.assertEqual(self.faults(record), [])
            self.assertTrue(self.faults({**record, "surprise": 1}), name)
            self.assertTrue(self.faults(dict(reversed(record.items()))), name)
            for key in schemas.SCHEMAS[schemas.NAMES[name]]["required"]:
                self.assertTrue(self.faults({k: v for k, v in record.items() if k != key}), "%s without %s" % (name, key))
                self.assertTrue(self.faults({**record, key: [None]}), "%s with a list for %s" % (name, key))

    def test_faults_deep_inside_are_found(self):
        for change in (lambda r: r["entities"][0]["mentions"][0].update(via="guess"),
                       lambda r: r["entities"][0]["mentions"][0].update(surprise=1),
                       lambda r: r["events"][0]["evidence"].pop("rule"),
                       lambda r: r["events"][0]["evidence"].pop("text"),
                       lambda r: r["events"][0].update(weight=-1.2),
                       lambda r: r["position"].update(offset=-1),
                       lambda r: r["tension"].update(level="grave"),
                       lambda r: r.update(tension=None)):
            record = golden("tocsin.enriched/1")
            change(record)
            self.assertTrue(self.faults(record))

    def test_tombstones_and_the_state_of_the_alert_engine_are_no_faults_but_unknown_records_are(self):
        self.assertEqual(schemas.record_faults(None), [])
        self.assertEqual(schemas.record_faults(schemas.STATE), [])
        self.assertTrue(schemas.record_faults(b'{"schema":"tocsin.other/1"}'))

    def test_headers_of_dead_letters(self):
        self.assertEqual(schemas.header_faults([("trace", b"\xff"), *HEADERS]), [])
        self.assertTrue(schemas.header_faults(HEADERS[1:]))
        self.assertTrue(schemas.header_faults([*HEADERS, ("tocsin.surprise", b"1")]))
        self.assertTrue(schemas.header_faults([("tocsin.stage", b"lunch"), *HEADERS[1:]]))

    def test_input(self):
        for good in ('{"title":"t"}', '{"body":"b","id":7,"x":[]}', '{"title":null,"body":"b","published_at":{}}'):
            self.assertEqual(schemas.input_faults(good), [], good)
        for bad in ("{}", '{"title":" "}', '{"title":["t"]}', "[]", "{"):
            self.assertTrue(schemas.input_faults(bad), bad)

    def test_the_page_on_records_names_every_field_and_shows_valid_ones(self):
        def keys(schema):
            if isinstance(schema, dict):
                yield from schema.get("properties", ())
                for each in schema.values():
                    yield from keys(each)
        prose = re.sub(r"```.*?```", "", RECORDS, flags=re.S)
        for name, schema in schemas.SCHEMAS.items():
            for key in set(keys(schema)) - {"schema", "field"}:
                self.assertTrue(re.search(r"[`.]%s`" % re.escape(key), prose), "%s of %s" % (key, name))
        shown = re.findall(r"```json\n(.*?)```", RECORDS, flags=re.S)
        self.assertEqual(len(shown), 4)
        for record in shown:
            self.assertEqual(schemas.record_faults(record), [])


if __name__ == "__main__":
    unittest.main()
