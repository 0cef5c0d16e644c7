-- Views on the tables of tables.sql, for dashboards and people. tests/kafka/test_postgres.py asks each of them.
-- Times are timestamptz; a day is one in UTC.

-- Every revision of every alert.
create or replace view tocsin.alert_history as
select record ->> 'alert_id' as alert_id,
       (record ->> 'revision')::int as revision,
       record ->> 'state' as state,
       (record ->> 'time')::timestamptz as time,
       record ->> 'rule' as rule,
       record ->> 'severity' as severity,
       record ->> 'level' as level,
       array(select jsonb_array_elements_text(record #> '{dyad,codes}')) as codes,
       array_to_string(array(select jsonb_array_elements_text(record #> '{dyad,codes}')), '-') as pair,
       (record ->> 'score')::numeric as score,
       (record ->> 'z')::numeric as z,
       (record ->> 'articles')::int as articles,
       (record ->> 'outlets')::int as outlets,
       record ->> 'sentence' as sentence,
       record #>> '{evidence,0,title}' as title,
       record #>> '{evidence,0,url}' as url,
       (record ->> 'first_seen')::timestamptz as first_seen,
       (record ->> 'last_seen')::timestamptz as last_seen,
       coalesce(record ->> 'update_reason', record ->> 'closed_reason') as reason
  from tocsin.alerts;

-- Alerts that are not closed, as of their last revision, with the way there ("opened low, updated high (level)").
create or replace view tocsin.open_alerts as
select last.*,
       (select min(h.time) from tocsin.alert_history h where h.alert_id = last.alert_id) as opened,
       (select string_agg(h.state || ' ' || h.level || coalesce(' (' || h.reason || ')', ''), ', ' order by h.revision)
          from tocsin.alert_history h where h.alert_id = last.alert_id) as history
  from (select distinct on (alert_id) * from tocsin.alert_history order by alert_id, revision desc) last
 where last.state <> 'closed';

-- How tense each pair is, by the hour.
create or replace view tocsin.pair_hours as
select (record ->> 'hour')::timestamptz as hour,
       array_to_string(array(select jsonb_array_elements_text(record -> 'codes')), '-') as pair,
       array(select jsonb_array_elements_text(record -> 'codes')) as codes,
       (record ->> 'level')::numeric as level,
       (record ->> 'baseline')::numeric as baseline,
       (record ->> 'z')::numeric as z,
       (record ->> 'threat')::numeric as threat,
       (record ->> 'act')::numeric as act,
       (record ->> 'cooperation')::numeric as cooperation,
       (record ->> 'articles')::int as articles,
       (record ->> 'outlets')::int as outlets,
       (record ->> 'burst')::boolean as burst
  from tocsin.pairs;

-- One row for each pair and day: the highest level, what the pair is used to, how much was written.
create or replace view tocsin.pairs_by_day as
select (hour at time zone 'UTC')::date as day, pair, codes,
       max(level) as level, max(baseline) as baseline, max(z) as z,
       max(threat) as threat, max(act) as act, max(cooperation) as cooperation,
       max(articles) as articles, max(outlets) as outlets, bool_or(burst) as burst
  from tocsin.pair_hours
 group by day, pair, codes;

-- Articles that are news, one row each.
create or replace view tocsin.articles as
select record ->> 'id' as id,
       record #>> '{position,topic}' as raw_topic,
       (record #>> '{position,partition}')::int as raw_partition,
       (record #>> '{position,offset}')::bigint as raw_offset,
       (record ->> 'published_at')::timestamptz as published_at,
       record ->> 'published_at_source' as published_at_source,
       time as stored_at,
       record ->> 'title' as title,
       record ->> 'url' as url,
       coalesce(record #>> '{source,domain}', record #>> '{source,name}') as source,
       record ->> 'language' as language,
       record #>> '{story,id}' as story,
       (record #>> '{tension,score}')::numeric as score,
       record #>> '{tension,level}' as level,
       (record #>> '{tension,escalation}')::numeric as escalation
  from tocsin.enriched;

create or replace view tocsin.copies as
select record ->> 'id' as id,
       (record ->> 'published_at')::timestamptz as published_at,
       time as stored_at,
       record ->> 'title' as title,
       coalesce(record #>> '{source,domain}', record #>> '{source,name}') as source,
       record #>> '{story,id}' as story,
       record ->> 'duplicate_of' as duplicate_of,
       record ->> 'method' as method,
       (record ->> 'similarity')::numeric as similarity
  from tocsin.duplicates;

-- Stories: what they are about, how often they were printed, by how many.
create or replace view tocsin.stories as
select story,
       (array_agg(title order by published_at, id))[1] as title,
       min(published_at) as first_published, max(published_at) as last_published,
       count(*) as articles, count(*) filter (where is_copy) as copies,
       count(distinct source) as outlets, max(score) as score
  from (select story, title, published_at, id, source, score, false as is_copy from tocsin.articles
        union all
        select story, title, published_at, id, source, null, true from tocsin.copies) printed
 group by story;

-- Outlets: how much they print, how much of it is a copy, undated, or was there first; when they were last heard of.
create or replace view tocsin.sources as
select p.source,
       count(*) as articles,
       round(avg(p.is_copy::int), 3) as share_of_copies,
       round(avg((p.published_at_source in ('kafka', 'none'))::int) filter (where not p.is_copy), 3) as share_undated,
       count(*) filter (where not p.is_copy and s.outlets > 1 and p.published_at = s.first_published) as first_reports,
       max(p.stored_at) as last_heard
  from (select source, story, published_at, published_at_source, stored_at, false as is_copy from tocsin.articles
        union all
        select source, story, published_at, null, stored_at, true from tocsin.copies) p
  join tocsin.stories s using (story)
 group by p.source;

-- Who is in the news: articles that name them, by day.
create or replace view tocsin.names_by_day as
select ((e.record ->> 'published_at')::timestamptz at time zone 'UTC')::date as day,
       entity ->> 'id' as entity, entity ->> 'name' as name, entity ->> 'type' as type, entity ->> 'code' as code,
       count(*) as articles,
       round(avg((entity ->> 'salience')::numeric), 2) as salience,
       round(avg((e.record #>> '{tension,score}')::numeric), 1) as score
  from tocsin.enriched e
 cross join lateral jsonb_array_elements(e.record -> 'entities') as entity
 group by day, entity ->> 'id', entity ->> 'name', entity ->> 'type', entity ->> 'code';

-- How old articles are when they are published, by the hour they were published in: seconds from published_at (only
-- where the article itself says it) to the output's record.
create or replace view tocsin.latency_by_hour as
select date_trunc('hour', stored_at) as hour,
       count(*) as articles,
       percentile_cont(0.5) within group (order by seconds) as median_seconds,
       percentile_cont(0.95) within group (order by seconds) as p95_seconds
  from (select stored_at, greatest(0, extract(epoch from stored_at - published_at)) as seconds
          from tocsin.articles where published_at_source = 'record') dated
 group by hour;

create or replace view tocsin.dead_letters_by_day as
select (time at time zone 'UTC')::date as day,
       headers ->> 'tocsin.stage' as stage, headers ->> 'tocsin.error.code' as code, count(*) as records
  from tocsin.deadletter
 group by day, stage, code;
