#!/usr/bin/env python3
"""Writes the Grafana dashboards beside this file: operation.json (Prometheus) and news.json (PostgreSQL, the views of
deploy/sql). --check: fails where a file is not what this program writes. Every query is run by tests/deploy/dashboards.py and
tests/kafka/test_postgres.py against a real Prometheus and a real database."""

import argparse
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
WIDTH, HEIGHT = 8, 7  # of a panel; Grafana's grid has 24 columns

# Rows of panels: (title, unit, what it tells, [(expression, legend)]).
OPERATION = {
    "Is it well?": [
        ("Ready", "none", "1 for each instance that can work; /readyz says what the others wait for",
         [('tocsin_ready{job=~"$job"}', "{{instance}}")]),
        ("Waiting, oldest article", "s", "Age of the oldest raw record that is not committed",
         [('max by (job) (tocsin_consumer_lag_seconds{job=~"$job"})', "{{job}}")]),
        ("Waiting, articles", "short", "High watermark minus committed offset, transaction markers apart",
         [('sum by (topic) (max by (topic, partition) (tocsin_consumer_lag_records{job=~"$job"}))', "{{topic}}")]),
        ("Since the last commit", "s", "Grows while nothing comes, too",
         [('time() - max by (job) (tocsin_last_commit_timestamp_seconds{job=~"$job"} > 0)', "{{job}}")]),
        ("Owner of the alert engine", "none", "Exactly one instance has 1",
         [('tocsin_alerts_owner{job=~"$job"}', "{{instance}}")]),
        ("Refused and reloaded", "none", "tocsin_held: stays though its state or configuration is refused",
         [('sum by (result) (tocsin_config_reloads_total{job=~"$job"})', "reload {{result}}")]),
    ],
    "What comes and goes": [
        ("Articles per second", "short", "Raw records taken in, redeliveries included",
         [('sum by (job) (rate(tocsin_articles_received_total{job=~"$job"}[$__rate_interval]))', "received"),
          ('sum by (outcome) (rate(tocsin_articles_published_total{job=~"$job"}[$__rate_interval]))', "{{outcome}}")]),
        ("Share of copies", "percentunit", "Of all that is published",
         [('sum by (job) (rate(tocsin_articles_published_total{job=~"$job",outcome="duplicate"}[$__rate_interval])) / '
           'sum by (job) (rate(tocsin_articles_published_total{job=~"$job"}[$__rate_interval]))', "{{job}}")]),
        ("Copies by how they were found", "short", "exact: equal text; near: most words; lead: cut short",
         [('sum by (method) (rate(tocsin_duplicates_total{job=~"$job"}[$__rate_interval]))', "{{method}}")]),
        ("Dead letters by cause", "short", "`tocsin deadletter list` shows them",
         [('sum by (stage, code) (rate(tocsin_deadletter_total{job=~"$job"}[$__rate_interval]))', "{{stage}} {{code}}")]),
        ("Not read", "short", "Dates and fields in unknown forms, texts in no known language",
         [('sum(rate(tocsin_dates_unread_total{job=~"$job"}[$__rate_interval]))', "dates"),
          ('sum(rate(tocsin_fields_unread_total{job=~"$job"}[$__rate_interval]))', "fields"),
          ('sum(rate(tocsin_articles_language_total{job=~"$job",language="und"}[$__rate_interval]))', "languages")]),
        ("Alerts", "none", "Opened, updated, closed within the hour; and open now",
         [('sum by (state) (increase(tocsin_alerts_total{job=~"$job"}[1h]))', "{{state}}"),
          ('sum(tocsin_alerts_open{job=~"$job"})', "open now")]),
    ],
    "Where the time goes": [
        ("Analysis of a batch, 95 %", "s", "Decode, clean, tag, score",
         [('histogram_quantile(0.95, sum by (le) (rate(tocsin_analyse_seconds_bucket{job=~"$job"}[$__rate_interval])))', "analyse")]),
        ("Sighting to verdict, 95 %", "s", "The way through the ledger",
         [('histogram_quantile(0.95, sum by (le) (rate(tocsin_resolve_seconds_bucket{job=~"$job"}[$__rate_interval])))', "resolve")]),
        ("Verdict to commit, 95 %", "s", "One transaction",
         [('histogram_quantile(0.95, sum by (le) (rate(tocsin_publish_seconds_bucket{job=~"$job"}[$__rate_interval])))', "publish")]),
        ("Transactions per second", "short", "Aborted ones are tried again",
         [('sum by (result) (rate(tocsin_transactions_total{job=~"$job"}[$__rate_interval]))', "{{result}}")]),
        ("Processor", "none", "Cores in use",
         [('rate(process_cpu_seconds_total{job=~"$job"}[$__rate_interval])', "{{instance}}")]),
        ("Memory", "bytes", "Resident, and the dedup state in it",
         [('process_resident_memory_bytes{job=~"$job"}', "{{instance}}"),
          ('tocsin_dedup_bytes{job=~"$job"}', "dedup {{instance}}")]),
    ],
    "The ledger and what it folds into": [
        ("Behind the first, records", "short", "Of the ledger",
         [('max by (job) (tocsin_dedup_next_offset{job=~"$job"}) - on (job) group_right () tocsin_dedup_next_offset{job=~"$job"}',
           "{{instance}}")]),
        ("Articles in the window", "short", "The oldest leave when dedupe.entries_max is reached",
         [('tocsin_dedup_entries{job=~"$job"}', "{{instance}}")]),
        ("The window as it is", "s", "Shorter than configured: full",
         [('tocsin_dedup_effective_window_seconds{job=~"$job"}', "{{instance}}")]),
        ("Ticks by digest", "none", "different: a dedup state is rebuilt",
         [('sum by (result) (increase(tocsin_ticks_total{job=~"$job"}[1h]))', "{{result}}")]),
        ("Restore at the start", "s", "Reading the ledger",
         [('tocsin_ledger_restore_seconds{job=~"$job"}', "{{instance}}")]),
        ("Rebalances and retracts", "none", "Within the hour",
         [('sum(increase(tocsin_rebalances_total{job=~"$job"}[1h]))', "rebalances"),
          ('sum(increase(tocsin_retracts_total{job=~"$job"}[1h]))', "retracts")]),
    ],
    "Alerts to people (tocsin notify)": [
        ("Alerts by target", "none", "Within the hour",
         [('sum by (target, result) (increase(tocsin_notify_alerts_total[1h]))', "{{target}} {{result}}")]),
        ("Silence", "none", "1: no tick was read for alerts.silence_max",
         [('tocsin_notify_silent', "{{instance}}")]),
        ("Tried again", "none", "Alerts that a target did not take yet",
         [('tocsin_notify_retrying', "{{target}}")]),
    ],
}


# (title, kind of panel, width, unit, what it tells, query). Grafana's $__timeFilter takes no brackets.
NEWS = [
    ("Tension of the pair", "timeseries", 12, "none",
     "level: hostility, halved every 6 hours; baseline: what the pair is used to",
     "select hour as time, pair || name as metric, value from tocsin.pair_hours, "
     "lateral (values (' level', level), (' baseline', baseline)) x(name, value) "
     "where pair like $pair and $__timeFilter(hour) order by 1"),
    ("Highest by day", "timeseries", 12, "none", "The highest level of each pair and day",
     "select day::timestamptz as time, pair as metric, level as value from tocsin.pairs_by_day "
     "where pair like $pair and $__timeFilter(day::timestamptz) order by time"),
    ("Open alerts", "table", 24, "none", "As of their last revision, with the way there",
     "select level, pair, sentence, score, articles, outlets, opened, time as last_revision, history, url "
     "from tocsin.open_alerts where pair like $pair order by time desc limit 200"),
    ("Alerts opened and closed", "timeseries", 12, "none", "By day",
     "select date_trunc('day', time) as time, state as metric, count(*) as value from tocsin.alert_history "
     "where state in ('opened', 'closed') and $__timeFilter(time) group by 1, 2 order by 1"),
    ("Tense articles", "timeseries", 12, "none", "Articles by day and level, from medium up",
     "select date_trunc('day', published_at) as time, level as metric, count(*) as value from tocsin.articles "
     "where level in ('medium', 'high', 'critical') and $__timeFilter(published_at) group by 1, 2 order by 1"),
    ("Names in the news", "table", 12, "none", "Who was named most",
     "select name, type, code, sum(articles) as articles, round(avg(score), 1) as score from tocsin.names_by_day "
     "where $__timeFilter(day::timestamptz) group by 1, 2, 3 order by 4 desc limit 50"),
    ("Stories", "table", 12, "none", "Printed most",
     "select title, articles, copies, outlets, score, first_published from tocsin.stories "
     "where $__timeFilter(last_published) order by articles desc limit 50"),
    ("Sources", "table", 12, "none", "Share of copies and of undated articles, first reports, when last heard of",
     "select source, articles, share_of_copies, share_undated, first_reports, last_heard from tocsin.sources "
     "order by last_heard desc limit 200"),
    ("From published to stored", "timeseries", 12, "s", "Only articles that say themselves when they were published",
     "select hour as time, 'median' as metric, median_seconds as value from tocsin.latency_by_hour where $__timeFilter(hour) "
     "union all select hour, '95 %', p95_seconds from tocsin.latency_by_hour where $__timeFilter(hour) order by 1"),
    ("Dead letters", "timeseries", 12, "none", "By day and cause",
     "select day::timestamptz as time, stage || ' ' || code as metric, records as value from tocsin.dead_letters_by_day "
     "where $__timeFilter(day::timestamptz) order by 1"),
]


def variable(name, label, kind, **more):
    return {"name": name, "label": label, "type": kind, "hide": 0, **more}


def source(kind):
    return {"type": kind, "uid": "${datasource}"}


def prometheus_target(index, expression, legend):
    return {"refId": chr(ord("A") + index), "datasource": source("prometheus"), "expr": expression, "legendFormat": legend}


def panel(number, position, kind, title, unit, description, targets, datasource):
    return {"id": number, "type": kind, "title": title, "description": description, "datasource": source(datasource),
            "gridPos": {"x": position[0], "y": position[1], "w": position[2], "h": HEIGHT},
            "fieldConfig": {"defaults": {"unit": unit, "min": 0} if kind == "timeseries" else {"unit": unit}, "overrides": []},
            "options": {}, "targets": targets}


def row(number, y, title):
    return {"id": number, "type": "row", "title": title, "collapsed": False, "panels": [],
            "gridPos": {"x": 0, "y": y, "w": 24, "h": 1}}


def dashboard(uid, title, variables, panels, since):
    return {"uid": uid, "title": title, "tags": ["tocsin"], "timezone": "utc", "schemaVersion": 39, "version": 1,
            "editable": True, "refresh": "1m", "time": {"from": since, "to": "now"},
            "templating": {"list": variables}, "annotations": {"list": []}, "panels": panels}


def operation():
    panels, y = [], 0
    for title, specifications in OPERATION.items():
        panels.append(row(len(panels) + 1, y, title))
        y += 1
        for index, (name, unit, description, queries) in enumerate(specifications):
            at = (index % 3 * WIDTH, y + index // 3 * HEIGHT, WIDTH)
            targets = [prometheus_target(i, *query) for i, query in enumerate(queries)]
            panels.append(panel(len(panels) + 1, at, "timeseries", name, unit, description, targets, "prometheus"))
        y += (len(specifications) + 2) // 3 * HEIGHT
    variables = [variable("datasource", "Prometheus", "datasource", query="prometheus"),
                 variable("job", "job", "query", query="label_values(tocsin_ready, job)", datasource=source("prometheus"),
                          includeAll=True, allValue=".*", multi=True, refresh=2)]
    return dashboard("tocsin-operation", "tocsin: operation", variables, panels, "now-6h")


def news():
    panels, x, y = [], 0, 0
    for name, kind, width, unit, description, query in NEWS:
        if x + width > 24:
            x, y = 0, y + HEIGHT
        target = {"refId": "A", "datasource": source("postgres"), "rawQuery": True, "rawSql": query,
                  "format": "time_series" if kind == "timeseries" else "table"}
        panels.append(panel(len(panels) + 1, (x, y, width), kind, name, unit, description, [target], "postgres"))
        x += width
    # The value of "all" is a pattern, so that one query serves one pair and all of them.
    variables = [variable("datasource", "PostgreSQL", "datasource", query="postgres"),
                 variable("pair", "pair", "query", datasource=source("postgres"), includeAll=True, allValue="'%'", refresh=2,
                          query="select distinct pair from tocsin.pairs_by_day order by 1")]
    return dashboard("tocsin-news", "tocsin: news", variables, panels, "now-30d")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    stale = []
    for name, content in (("operation", operation()), ("news", news())):
        path = HERE / (name + ".json")
        text = json.dumps(content, indent=1) + "\n"
        if not check:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            stale.append(path.name)
    if stale:
        sys.exit("not what deploy/grafana/make_dashboards.py writes: %s" % ", ".join(stale))


if __name__ == "__main__":
    main()
