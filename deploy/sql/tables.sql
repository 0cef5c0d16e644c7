-- Tables that deploy/sql/sink fills: one for each topic, the record's place in Kafka its key, the record as it came.
-- psql -f tables.sql -f views.sql; may be run again over what is there.
create schema if not exists tocsin;

-- How far each partition is stored. Written in the transaction that stores the records, so that nothing is lost or
-- stored twice, whatever ends in between.
create table if not exists tocsin.stored (
  topic text not null,
  partition int not null,
  next_offset bigint not null,
  primary key (topic, partition));

create table if not exists tocsin.enriched (
  partition int not null, "offset" bigint not null,
  time timestamptz not null,            -- of the Kafka record
  record jsonb not null,                -- docs/records.md
  primary key (partition, "offset"));
create table if not exists tocsin.duplicates (like tocsin.enriched including all);
create table if not exists tocsin.alerts (like tocsin.enriched including all);
create table if not exists tocsin.pairs (like tocsin.enriched including all);

-- Inputs that could not be processed, byte for byte; why stands in the headers (docs/records.md).
create table if not exists tocsin.deadletter (
  partition int not null, "offset" bigint not null,
  time timestamptz not null,
  key bytea, value bytea,
  headers jsonb not null,
  primary key (partition, "offset"));

-- Records that are no jsonb for PostgreSQL (a text with U+0000, say), so that one of them holds nothing up.
create table if not exists tocsin.refused (
  topic text not null, partition int not null, "offset" bigint not null,
  time timestamptz not null,
  value bytea not null,
  reason text not null,
  primary key (topic, partition, "offset"));

create index if not exists enriched_published on tocsin.enriched ((record ->> 'published_at'));
create index if not exists enriched_story on tocsin.enriched ((record #>> '{story,id}'));
create index if not exists duplicates_story on tocsin.duplicates ((record #>> '{story,id}'));
create index if not exists alerts_id on tocsin.alerts ((record ->> 'alert_id'));
create index if not exists pairs_hour on tocsin.pairs ((record ->> 'hour'));
