// `tocsin ledger show|init|verify`: the ledger topic for a person.
#include "daemon/ledger.h"

#include <fmt/format.h>

#include <cstdio>
#include <iterator>

#include "daemon/commands/commands.h"
#include "daemon/kafka/reader.h"
#include "daemon/kafka/topics.h"
#include "daemon/ledger_rules.h"
#include "daemon/log.h"
#include "pipeline/encode/encode.h"
#include "pipeline/encode/json_writer.h"

namespace tocsin {
namespace {

using namespace std::chrono_literals;

// One record with what the fold made of it.
struct Folded {
  std::int64_t offset = 0;
  std::int64_t append_ms = 0;
  std::optional<LedgerRecord> record;  // none: bad checksum
  std::optional<Applied> applied;      // none: before the first epoch
};

std::string_view name(const Folded& folded) {
  if (!folded.record) return "damaged";
  constexpr std::array<std::string_view, 5> kNames = {"header", "epoch", "sighting", "retract",
                                                      "tick"};
  return kNames[folded.record->index()];
}

std::string hex(const Hash128& hash) {
  return story_id(hash.high) + story_id(hash.low);
}

// Milliseconds, so that the order of appends shows.
std::string time_text(std::int64_t unix_ms) {
  return fmt::format("{}.{:03}Z", format_time(unix_ms).substr(0, 19), unix_ms % 1000);
}

std::string_view kind_of(const Verdict& verdict) {
  if (verdict.is_copy) return "duplicate";
  return verdict.relation == Relation::update ? "update" : "news";
}

// Folds each record of the ledger, as it is now, and hands it over.
template <class Each>
std::int64_t fold_ledger(const Config& config, kafka::Reader& reader, DedupState& state,
                         const Each& each) {
  const kafka::Extents extents = reader.extents(reader.partitions({config.topics.ledger}));
  if (extents.empty()) {
    throw StopError(ExitCode::state_refused, "ledger " + config.topics.ledger + " is missing");
  }
  reader.read(extents, [&](const kafka::Message& message) {
    Folded folded{message.offset(), message.timestamp_ms(), decode_ledger_message(message),
                  std::nullopt};
    if (folded.record && !is_before_epoch(*folded.record, state)) {
      folded.applied = state.apply(folded.offset, folded.append_ms, *folded.record);
    }
    each(folded);
  });
  return extents.begin()->second.high;
}

std::string verdict_text(const Sighting& sighting, const Folded& folded, const DedupState& state) {
  const auto verdict = state.verdict(sighting.position, sighting.raw_hash);
  if (!folded.applied || !verdict) return "verdict=unknown";
  std::string text =
      fmt::format("verdict={} story={} size={} outlets={}", kind_of(*verdict),
                  story_id(verdict->story), verdict->story_size, verdict->story_outlets);
  if (verdict->is_copy) {
    text += fmt::format(" of={} method={} similarity={}.{:02}",
                        default_article_id(verdict->original_position), name(verdict->method),
                        verdict->similarity_percent / 100, verdict->similarity_percent % 100);
  }
  if (*folded.applied == Applied::redelivery) text += " redelivery";
  if (*folded.applied == Applied::recreated) text += " recreated";
  return text;
}

std::string text_line(const Folded& folded, const DedupState& state) {
  std::string line =
      fmt::format("{:>10}  {}  {:<8}", folded.offset, time_text(folded.append_ms), name(folded));
  const auto out = std::back_inserter(line);
  if (!folded.record) return line + '\n';
  if (const auto* sighting = std::get_if<Sighting>(&*folded.record)) {
    fmt::format_to(out, "  {} hash={}", default_article_id(sighting->position),
                   hex(sighting->raw_hash));
    if (sighting->copy_of) fmt::format_to(out, " copy_of={}", *sighting->copy_of);
    fmt::format_to(out, " {}", verdict_text(*sighting, folded, state));
  } else if (const auto* retract = std::get_if<Retract>(&*folded.record)) {
    fmt::format_to(out, "  {} hash={}", default_article_id(retract->position),
                   hex(retract->raw_hash));
  } else if (const auto* header = std::get_if<LedgerHeader>(&*folded.record)) {
    fmt::format_to(out, "  cluster={} group={} raw={}", header->cluster_id, header->group,
                   fmt::join(header->raw_topics, ","));
  } else if (const auto* epoch = std::get_if<Epoch>(&*folded.record)) {
    fmt::format_to(out,
                   "  revision={} window_ms={} jaccard={} containment={} candidates={} "
                   "entries={} signature={}",
                   epoch->revision, epoch->window_ms, epoch->jaccard_percent_min,
                   epoch->containment_percent_min, epoch->band_candidates_max, epoch->entries_max,
                   epoch->signature_version);
  } else if (const auto* tick = std::get_if<Tick>(&*folded.record)) {
    fmt::format_to(out, "  through={} digest={}", tick->through, story_id(tick->digest));
  }
  return line + '\n';
}

void write_verdict(JsonWriter& json, const Sighting& sighting, const Folded& folded,
                   const DedupState& state) {
  const auto verdict = state.verdict(sighting.position, sighting.raw_hash);
  if (!folded.applied || !verdict) return;
  json.key("redelivery").boolean(*folded.applied == Applied::redelivery);
  json.key("verdict").open_object();
  json.key("kind").string(kind_of(*verdict));
  json.key("story").string(story_id(verdict->story));
  json.key("size").integer(verdict->story_size);
  json.key("outlets").integer(verdict->story_outlets);
  if (verdict->is_copy) {
    write_position(json, "duplicate_of_position", verdict->original_position);
    json.key("method").string(name(verdict->method));
    json.key("similarity").fixed(verdict->similarity_percent / 100.0, 2);
  }
  json.close_object();
}

std::string json_line(const Folded& folded, const DedupState& state) {
  std::string line;
  JsonWriter json(line);
  json.open_object();
  json.key("offset").integer(folded.offset);
  json.key("append_time").string(time_text(folded.append_ms));
  json.key("type").string(name(folded));
  const LedgerRecord* record = folded.record ? &*folded.record : nullptr;
  if (const auto* sighting = std::get_if<Sighting>(record)) {
    write_position(json, "position", sighting->position);
    json.key("raw_hash").string(hex(sighting->raw_hash));
    if (sighting->copy_of) json.key("copy_of").integer(*sighting->copy_of);
    write_verdict(json, *sighting, folded, state);
  } else if (const auto* retract = std::get_if<Retract>(record)) {
    write_position(json, "position", retract->position);
    json.key("raw_hash").string(hex(retract->raw_hash));
  } else if (const auto* header = std::get_if<LedgerHeader>(record)) {
    json.key("cluster_id").string(header->cluster_id);
    json.key("group").string(header->group);
    json.key("raw_topics").open_array();
    for (const std::string& topic : header->raw_topics) json.string(topic);
    json.close_array();
  } else if (const auto* epoch = std::get_if<Epoch>(record)) {
    json.key("revision").integer(epoch->revision);
    json.key("window_ms").integer(epoch->window_ms);
    json.key("jaccard_percent_min").integer(epoch->jaccard_percent_min);
    json.key("containment_percent_min").integer(epoch->containment_percent_min);
    json.key("band_candidates_max").integer(epoch->band_candidates_max);
    json.key("entries_max").integer(static_cast<std::int64_t>(epoch->entries_max));
    json.key("signature_version").integer(epoch->signature_version);
  } else if (const auto* tick = std::get_if<Tick>(record)) {
    json.key("through").integer(tick->through);
    json.key("digest").string(story_id(tick->digest));
  }
  json.close_object();
  return line + '\n';
}

// What the service would not start with is thrown (exit 3); what it lives with is counted here.
class Verification {
 public:
  Verification(const Config& config, std::string cluster_id)
      : config_(config), cluster_id_(std::move(cluster_id)) {}

  void add(const Folded& folded) {
    if (records_++ == 0) {
      next_offset_ = folded.offset;
      if (folded.offset == 0 && name(folded) != "header")
        fault(folded, "does not begin with a header");
    }
    if (folded.offset != next_offset_) {
      fault(folded, fmt::format("{} offsets before it are missing", folded.offset - next_offset_));
    }
    if (folded.append_ms < append_ms_) fault(folded, "its append time is before its predecessor's");
    next_offset_ = folded.offset + 1;
    append_ms_ = std::max(append_ms_, folded.append_ms);
    if (!folded.record) {
      fault(folded, "bad checksum");
    } else if (const auto* header = std::get_if<LedgerHeader>(&*folded.record)) {
      check_owner(*header, config_);
      check_cluster(*header, cluster_id_, config_);
    } else if (const auto* epoch = std::get_if<Epoch>(&*folded.record)) {
      add(*epoch, folded);
    } else if (!folded.applied) {
      ++before_epoch_;
    }
    if (folded.applied == Applied::recreated) ++recreated_;
  }

  [[nodiscard]] ExitCode finish(const DedupState& state) const {
    if (!state.header()) {
      throw StopError(ExitCode::state_refused, "ledger " + config_.topics.ledger +
                                                   " has no header; `tocsin ledger init` writes "
                                                   "one to an empty topic");
    }
    std::printf("records      %llu, the last at offset %lld\n",
                static_cast<unsigned long long>(records_),
                static_cast<long long>(next_offset_ - 1));
    if (before_epoch_ > 0) {
      std::printf("before epoch %llu sightings that are not folded\n",
                  static_cast<unsigned long long>(before_epoch_));
    }
    if (recreated_ > 0) {
      std::printf("recreated    %llu positions came back with other content\n",
                  static_cast<unsigned long long>(recreated_));
    }
    std::printf("faults       %llu\n", static_cast<unsigned long long>(faults_));
    std::printf("digest       %s at next offset %lld\n", story_id(state.digest()).c_str(),
                static_cast<long long>(state.next_offset()));
    return faults_ == 0 ? ExitCode::fine : ExitCode::failed;
  }

 private:
  void add(const Epoch& epoch, const Folded& folded) {
    const auto [known, is_new] = epochs_.try_emplace(epoch.revision, epoch);
    if (!is_new && known->second != epoch) {
      fault(folded, fmt::format("epoch of revision {} with other parameters", epoch.revision));
    }
  }
  void fault(const Folded& folded, const std::string& what) {
    constexpr std::uint64_t kListedMax = 100;
    if (++faults_ > kListedMax) return;
    std::printf("offset %lld: %s\n", static_cast<long long>(folded.offset), what.c_str());
  }

  const Config& config_;
  const std::string cluster_id_;
  std::map<std::uint32_t, Epoch> epochs_;  // by revision
  std::uint64_t records_ = 0;
  std::uint64_t faults_ = 0;
  std::uint64_t before_epoch_ = 0;
  std::uint64_t recreated_ = 0;
  std::int64_t next_offset_ = 0;
  std::int64_t append_ms_ = 0;
};

ExitCode show(const Config& config, const LedgerShowOptions& options) {
  kafka::Reader reader(config, kafka::Isolation::uncommitted);
  DedupState state;
  std::uint64_t shown = 0;
  bool is_written = true;
  fold_ledger(config, reader, state, [&](const Folded& folded) {
    if (!is_written || folded.offset < options.from || shown == options.records_max) return;
    ++shown;
    const std::string line = options.as_json ? json_line(folded, state) : text_line(folded, state);
    is_written = std::fputs(line.c_str(), stdout) >= 0;
  });
  return is_written ? ExitCode::fine : ExitCode::failed;
}

ExitCode init(const Config& config) {
  const kafka::TopicsState topics = kafka::prepare_ledger(config);
  LedgerHeader header{topics.cluster_id, config.kafka.group, config.topics.raw, {}};
  {
    kafka::Reader reader(config, kafka::Isolation::uncommitted);
    const kafka::Extents extents = reader.extents(reader.partitions({config.topics.ledger}));
    if (extents.begin()->second.high > extents.begin()->second.low) {
      throw StopError(ExitCode::state_refused,
                      "ledger " + config.topics.ledger + " is not empty: nothing was changed");
    }
  }
  if (config.input.start == StartAt::latest && !topics.group_has_offsets()) {
    kafka::Reader reader(config, kafka::Isolation::committed);
    for (const auto& [partition, marks] : reader.extents(reader.partitions(config.topics.raw))) {
      header.starts.push_back({partition.topic, partition.number, marks.high});
    }
  }
  Metrics metrics;
  LedgerWriter writer(config, metrics);
  const std::atomic<bool> stop{false};
  const auto ticket = writer.append(
      {encode(LedgerRecord(header)), encode(LedgerRecord(config.dedupe.epoch()))}, stop);
  const std::int64_t deadline_ms = steady_ms() + std::chrono::milliseconds(60s).count();
  while (!ticket->delivered() && !ticket->failed() && steady_ms() < deadline_ms) writer.serve(20ms);
  if (!ticket->delivered()) throw StopError(ExitCode::failed, "ledger: cannot be written");
  std::printf("%s: %s, header and epoch of revision %u written\n", config.topics.ledger.c_str(),
              topics.ledger_created ? "created" : "was empty", config.dedupe.revision);
  if (topics.group_has_offsets()) {
    std::printf(
        "Group %s has committed offsets: what it published so far is unknown to this ledger.\n"
        "Copies of it that arrive from now on will be published as news, and stories begin anew.\n",
        config.kafka.group.c_str());
  }
  return ExitCode::fine;
}

ExitCode verify(const Config& config) {
  kafka::check_ledger(config);
  kafka::Reader reader(config, kafka::Isolation::uncommitted);
  DedupState state;
  Verification verification(config, reader.cluster_id());
  fold_ledger(config, reader, state, [&](const Folded& folded) { verification.add(folded); });
  return verification.finish(state);
}

// Runs with the configuration; what is refused goes to standard error with its exit code.
template <class Verb>
ExitCode with_config(const std::filesystem::path& file, const Verb& verb) {
  const std::optional<Config> config = read_config(file);
  if (!config) return ExitCode::bad_input;
  init_log(config->log, config->instance);
  try {
    return verb(*config);
  } catch (const StopError& error) {
    std::fprintf(stderr, "tocsin: %s\n", error.what());
    return error.exit_code();
  }
}

}  // namespace

ExitCode ledger_show(const LedgerShowOptions& options) {
  return with_config(options.config, [&](const Config& config) { return show(config, options); });
}

ExitCode ledger_init(const std::filesystem::path& file) {
  return with_config(file, init);
}

ExitCode ledger_verify(const std::filesystem::path& file) {
  return with_config(file, verify);
}

}  // namespace tocsin
