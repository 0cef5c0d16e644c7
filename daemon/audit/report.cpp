#include "daemon/audit/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "pipeline/encode/json_writer.h"
#include "pipeline/ledger/dedup_state.h"

namespace tocsin {
namespace {

void add_findings(const FindingList& list, std::string& out) {
  for (const Finding& finding : list.listed) {
    fmt::format_to(std::back_inserter(out), "  {}: {}", finding.position, finding.what);
    for (const std::string& output : finding.outputs) out += " " + output;
    out += '\n';
  }
  if (list.count > list.listed.size()) {
    fmt::format_to(std::back_inserter(out), "  and {} more\n", list.count - list.listed.size());
  }
}

void integer(JsonWriter& json, std::string_view key, std::uint64_t value) {
  json.key(key).integer(static_cast<std::int64_t>(value));
}

void write_findings(JsonWriter& json, const FindingList& list) {
  json.open_object();
  integer(json, "count", list.count);
  json.key("listed").open_array();
  for (const Finding& finding : list.listed) {
    json.open_object();
    json.key("position").string(finding.position);
    json.key("what").string(finding.what);
    json.key("outputs").open_array();
    for (const std::string& output : finding.outputs) json.string(output);
    json.close_array();
    json.close_object();
  }
  json.close_array();
  json.close_object();
}

}  // namespace

std::string_view name(FindingKind kind) noexcept {
  switch (kind) {
    case FindingKind::lost:
      return "lost";
    case FindingKind::doubled:
      return "doubled";
    case FindingKind::differing:
      return "differing";
    case FindingKind::unexplained:
      return "unexplained";
    case FindingKind::broken_chain:
      break;
  }
  return "broken_chains";
}

void AuditReport::add(FindingKind kind, Finding finding, std::size_t listed_max) {
  FindingList& list = findings[static_cast<std::size_t>(kind)];
  ++list.count;
  if (list.listed.size() < listed_max) list.listed.push_back(std::move(finding));
}

bool AuditReport::is_clean() const {
  return std::all_of(findings.begin(), findings.end(),
                     [](const FindingList& list) { return list.count == 0; });
}

std::string text_of(const AuditReport& report) {
  std::string out;
  const auto line = [&](std::string_view label, std::uint64_t count, std::string_view note) {
    fmt::format_to(std::back_inserter(out), "{:<15}{:>10}  {}\n", label, count, note);
  };
  line("raw records", report.raw_records, "");
  line("null values", report.null_values, "skipped");
  line("pending", report.pending, "not committed yet");
  line("enriched", report.enriched, "");
  line("duplicates", report.duplicates, "");
  line("dead letters", report.deadletters, "");
  line("ledger records", report.ledger_records,
       fmt::format("offsets {} to {}, {} with a bad checksum, digest {}", report.ledger_first,
                   report.ledger_end, report.ledger_bad_records, story_id(report.ledger_digest)));
  line("verdict only", report.by_verdict_only, "made by another configuration: bytes not compared");
  line("not verifiable", report.raw_gone + report.before_ledger + report.expired,
       fmt::format("{} left the raw topic, {} older than the ledger reaches, {} outcomes expired",
                   report.raw_gone, report.before_ledger, report.expired));
  line("repeated", report.repeated, "as at_least_once may");
  for (std::size_t kind = 0; kind < kFindingKinds; ++kind) {
    line(name(static_cast<FindingKind>(kind)), report.findings[kind].count, "");
    add_findings(report.findings[kind], out);
  }
  out += report.is_clean() ? "clean\n" : "not clean\n";
  return out;
}

std::string json_of(const AuditReport& report) {
  std::string out;
  JsonWriter json(out);
  json.open_object();
  json.key("clean").boolean(report.is_clean());
  integer(json, "raw_records", report.raw_records);
  integer(json, "null_values", report.null_values);
  integer(json, "pending", report.pending);
  integer(json, "enriched", report.enriched);
  integer(json, "duplicates", report.duplicates);
  integer(json, "deadletters", report.deadletters);
  json.key("ledger").open_object();
  integer(json, "records", report.ledger_records);
  integer(json, "bad_records", report.ledger_bad_records);
  json.key("first").integer(report.ledger_first);
  json.key("end").integer(report.ledger_end);
  json.key("digest").string(story_id(report.ledger_digest));
  json.close_object();
  integer(json, "verdict_only", report.by_verdict_only);
  json.key("not_verifiable").open_object();
  integer(json, "raw_gone", report.raw_gone);
  integer(json, "before_ledger", report.before_ledger);
  integer(json, "expired", report.expired);
  json.close_object();
  integer(json, "repeated", report.repeated);
  for (std::size_t kind = 0; kind < kFindingKinds; ++kind) {
    json.key(name(static_cast<FindingKind>(kind)));
    write_findings(json, report.findings[kind]);
  }
  json.close_object();
  out += '\n';
  return out;
}

}  // namespace tocsin
