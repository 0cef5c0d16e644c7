-- For Kafka Connect in place of deploy/sql/sink: the tables that sink.properties fills, and views of the names that
-- ../views.sql asks. psql -f connect/tables.sql -f views.sql
create schema if not exists tocsin_connect;
create schema if not exists tocsin;

create table if not exists tocsin_connect.enriched (
  __connect_topic text not null, __connect_partition int not null, __connect_offset bigint not null,
  "time" timestamptz,                   -- of the Kafka record
  record text not null,                 -- docs/records.md
  primary key (__connect_topic, __connect_partition, __connect_offset));
create table if not exists tocsin_connect.duplicates (like tocsin_connect.enriched including all);
create table if not exists tocsin_connect.alerts (like tocsin_connect.enriched including all);
create table if not exists tocsin_connect.pairs (like tocsin_connect.enriched including all);

create or replace view tocsin.enriched as
select __connect_partition as partition, __connect_offset as "offset", "time", record::jsonb as record
  from tocsin_connect.enriched;
create or replace view tocsin.duplicates as
select __connect_partition as partition, __connect_offset as "offset", "time", record::jsonb as record
  from tocsin_connect.duplicates;
create or replace view tocsin.alerts as
select __connect_partition as partition, __connect_offset as "offset", "time", record::jsonb as record
  from tocsin_connect.alerts;
create or replace view tocsin.pairs as
select __connect_partition as partition, __connect_offset as "offset", "time", record::jsonb as record
  from tocsin_connect.pairs
 where record <> '{"schema":"tocsin.alert_engine/1"}';

-- Dead letters are bytes; Connect stores none here.
create table if not exists tocsin.deadletter (
  partition int not null, "offset" bigint not null, time timestamptz not null, key bytea, value bytea,
  headers jsonb not null, primary key (partition, "offset"));
