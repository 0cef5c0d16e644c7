#include "daemon/audit/audit.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "daemon/kafka/topics.h"
#include "daemon/ledger_rules.h"
#include "daemon/stop.h"
#include "daemon/unix_time.h"

namespace tocsin {
namespace {

constexpr std::size_t kBatchRecords = 1024;
constexpr std::size_t kBatchBytes = 8 << 20;

constexpr std::array kOutcomeKinds = {OutcomeKind::enriched, OutcomeKind::duplicate,
                                      OutcomeKind::deadletter};

const std::string& topic_of(const TopicsConfig& topics, OutcomeKind kind) {
  switch (kind) {
    case OutcomeKind::enriched:
      return topics.enriched;
    case OutcomeKind::duplicate:
      return topics.duplicates;
    case OutcomeKind::deadletter:
      break;
  }
  return topics.deadletter;
}

// A setting that is a number; -1, "no limit", when it is none.
std::int64_t number_of(const kafka::Settings& settings, const char* key) {
  const auto found = settings.find(key);
  std::int64_t number = -1;
  if (found != settings.end()) {
    std::from_chars(found->second.data(), found->second.data() + found->second.size(), number);
  }
  return number;
}

std::uint64_t size_of(const kafka::Extents& extents) {
  std::uint64_t size = 0;
  for (const auto& [partition, marks] : extents) {
    size += static_cast<std::uint64_t>(marks.high - marks.low);
  }
  return size;
}

}  // namespace

Audit::Audit(const Config& config, std::shared_ptr<const Pipeline> pipeline, std::size_t listed_max,
             DeadlyBatches deadly)
    : config_(config),
      pipeline_(std::move(pipeline)),
      listed_max_(listed_max),
      deadly_(std::move(deadly)),
      fork_join_(config.worker_count()),
      uncommitted_(config, kafka::Isolation::uncommitted),
      committed_(config, kafka::Isolation::committed),
      evidence_(pipeline_->stamp) {}

AuditReport Audit::run() {
  survey();
  read_outputs();
  fold_ledger();
  read_raw();
  return std::move(report_);
}

// The order matters while the service runs. First the committed offsets: outputs of their
// transactions are below the high watermarks asked for next (not below the last stable offset: a
// marker may still be on its way, KAFKA-10084); sightings and raw records of those outputs are
// below the ends asked for last.
void Audit::survey() {
  const std::vector<kafka::Partition> raw = uncommitted_.partitions(config_.topics.raw);
  const auto committed = kafka::committed_offsets(config_, raw, kafka::Isolation::committed);
  survey_outputs();
  ledger_ = uncommitted_.extents(uncommitted_.partitions({config_.topics.ledger}));
  raw_ = committed_.extents(raw);
  std::set<std::string> topics;
  for (const kafka::Extents* extents : {&outputs_, &ledger_, &raw_}) {
    for (const auto& [partition, marks] : *extents) topics.insert(partition.topic);
  }
  if (!topics.contains(config_.topics.ledger)) {
    throw StopError(ExitCode::state_refused, "ledger " + config_.topics.ledger + " is missing");
  }
  std::vector<std::string> wanted = config_.topics.raw;
  for (const OutcomeKind kind : kOutcomeKinds) wanted.push_back(topic_of(config_.topics, kind));
  for (const std::string& topic : wanted) {
    if (!topics.contains(topic)) {
      throw StopError(ExitCode::bad_input, "topic " + topic + " does not exist");
    }
  }
  std::map<std::string, bool> compacted;
  for (const std::string& topic : config_.topics.raw) {
    compacted[topic] = kafka::topic_settings(config_, topic)["cleanup.policy"].find("compact") !=
                       std::string::npos;
  }
  for (const auto& [partition, marks] : raw_) {
    Horizon::RawPartition& seen = horizon_.raw[evidence_.partitions.number_of(partition)];
    seen.committed = committed.at(partition);
    seen.high = marks.high;
    seen.is_compacted = compacted[partition.topic];
    seen.is_created_again = seen.committed > marks.high;
  }
  evidence_.reserve(size_of(outputs_), size_of(ledger_));
  total_ = size_of(outputs_) + size_of(ledger_) + size_of(raw_);
}

void Audit::survey_outputs() {
  for (const OutcomeKind kind : kOutcomeKinds) {
    const std::string& topic = topic_of(config_.topics, kind);
    const kafka::Extents extents = uncommitted_.extents(uncommitted_.partitions({topic}));
    if (extents.empty()) continue;
    kafka::Settings settings = kafka::topic_settings(config_, topic);
    OutputHorizon& output = horizon_.outputs[static_cast<std::size_t>(kind)];
    const std::int64_t retention_ms = number_of(settings, "retention.ms");
    if (retention_ms >= 0) output.expired_ms = unix_ms() - retention_ms;
    output.is_limited_in_bytes = number_of(settings, "retention.bytes") >= 0;
    for (const auto& [partition, marks] : extents) output.is_trimmed |= marks.low > 0;
    outputs_.insert(extents.begin(), extents.end());
  }
}

void Audit::step() {
  ++done_;
  if (on_progress) on_progress(done_, total_);
}

void Audit::read_outputs() {
  std::map<std::string, OutcomeKind> kinds;
  for (const OutcomeKind kind : kOutcomeKinds) kinds[topic_of(config_.topics, kind)] = kind;
  std::set<kafka::Partition> begun;
  committed_.read(outputs_, [&](const kafka::Message& message) {
    step();
    const kafka::Partition partition = message.partition();
    const OutcomeKind kind = kinds.at(partition.topic);
    if (begun.insert(partition).second) {
      std::int64_t& first_ms = horizon_.outputs[static_cast<std::size_t>(kind)].first_record_ms;
      first_ms = std::max(first_ms, message.timestamp_ms());
    }
    report_.enriched += kind == OutcomeKind::enriched ? 1 : 0;
    report_.duplicates += kind == OutcomeKind::duplicate ? 1 : 0;
    report_.deadletters += kind == OutcomeKind::deadletter ? 1 : 0;
    if (const auto published = evidence_.read_published(message, kind)) {
      evidence_.add_published(*published);
    } else {
      const std::string place =
          default_article_id({partition.topic, partition.number, message.offset()});
      report_.add(FindingKind::unexplained, {"unknown", "not a record of tocsin:", {place}},
                  listed_max_);
    }
  });
  const std::span<const Published> published = evidence_.published();
  horizon_.has_other_stamps = std::any_of(published.begin(), published.end(),
                                          [](const Published& each) { return !each.is_current; });
}

void Audit::fold_ledger() {
  report_.ledger_first = ledger_.begin()->second.low;
  report_.ledger_end = ledger_.begin()->second.high;
  // A ledger keeps three windows; a dedup state that is sized for one grows little.
  DedupState state(static_cast<std::uint64_t>(report_.ledger_end - report_.ledger_first) / 3);
  horizon_.ledger_is_whole = report_.ledger_first == 0;
  uncommitted_.read(ledger_, [&](const kafka::Message& message) {
    step();
    fold(message, state);
  });
  if (!state.header()) {
    throw StopError(ExitCode::state_refused,
                    "ledger " + config_.topics.ledger + " has no header: it is empty or damaged");
  }
  check_cluster(*state.header(), uncommitted_.cluster_id(), config_);
  report_.ledger_digest = state.digest();
  evidence_.sort();
}

void Audit::fold(const kafka::Record& message, DedupState& state) {
  const std::int64_t append_ms = message.timestamp_ms();
  if (report_.ledger_records++ == 0) {
    horizon_.ledger_first_ms = append_ms;
    horizon_.ledger_is_whole = message.offset() == 0;
  }
  const std::optional<LedgerRecord> record = decode_ledger_message(message);
  if (!record) {
    ++report_.ledger_bad_records;
    return;
  }
  if (is_before_epoch(*record, state)) return;
  if (const auto* header = std::get_if<LedgerHeader>(&*record)) check_owner(*header, config_);
  const Applied applied = state.apply(message.offset(), append_ms, *record);
  if (const auto* retract = std::get_if<Retract>(&*record)) evidence_.add_retract(*retract);
  if (const auto* epoch = std::get_if<Epoch>(&*record)) {
    horizon_.window_ms = std::max(horizon_.window_ms, epoch->window_ms);
  }
  if (applied != Applied::sighting && applied != Applied::recreated) return;
  const auto& sighting = std::get<Sighting>(*record);
  evidence_.add_sighted(sighting, append_ms, *state.verdict(sighting.position, sighting.raw_hash));
  if (applied != Applied::recreated) return;
  for (auto& [number, raw] : horizon_.raw) {
    raw.is_created_again |= evidence_.partitions[number].topic == sighting.position.topic;
  }
}

void Audit::read_raw() {
  Judge judge(config_, *pipeline_, evidence_, horizon_, listed_max_, report_);
  kafka::Extents whole = raw_;
  for (const auto& [partition, batches] : deadly_) whole.erase(partition);
  read_whole(whole, judge);
  for (const auto& [partition, batches] : deadly_) read_around(partition, batches, judge);
  judge_batch(judge);
  // What retention took while we read cannot be judged either.
  std::vector<kafka::Partition> partitions;
  for (const auto& [partition, marks] : raw_) partitions.push_back(partition);
  for (const auto& [partition, marks] : committed_.extents(partitions)) {
    horizon_.raw[evidence_.partitions.number_of(partition)].low = marks.low;
  }
  judge.judge_rest();
  judge.judge_chains();
}

void Audit::take(kafka::Message message, Judge& judge) {
  step();
  const kafka::Partition partition = message.partition();
  if (on_raw) on_raw(partition, {message.offset() + 1, raw_.at(partition).high});
  batch_bytes_ += message.value().size();
  batch_.push_back(std::move(message));
  if (batch_.size() >= kBatchRecords || batch_bytes_ >= kBatchBytes) judge_batch(judge);
}

void Audit::read_whole(const kafka::Extents& extents, Judge& judge) {
  if (on_raw) {
    for (const auto& [partition, left] : extents) on_raw(partition, left);
  }
  committed_.read(extents, [&](kafka::Message message) { take(std::move(message), judge); });
  for (const auto& [partition, run] : committed_.unreadable()) {
    judge_unreadable(judge, partition, run);
  }
}

void Audit::read_around(const kafka::Partition& partition,
                        const std::vector<kafka::Watermarks>& deadly, Judge& judge) {
  if (!careful_) careful_.emplace(config_);
  kafka::Watermarks left = raw_.at(partition);
  for (const kafka::Watermarks& batch : deadly) {
    kafka::read_before(*careful_, partition, {left.low, batch.low},
                       [&](kafka::Message message) { take(std::move(message), judge); });
    judge_unreadable(judge, partition, batch);
    left.low = batch.high;
  }
  read_whole({{partition, left}}, judge);
}

// A record that nobody can read ends as a dead letter of its position.
void Audit::judge_unreadable(Judge& judge, const kafka::Partition& partition,
                             const kafka::Watermarks& run) {
  for (std::int64_t offset = run.low; offset < run.high; ++offset) {
    Expectation expected;
    expected.position = {evidence_.partitions.number_of(partition), offset};
    expected.payload = raw_hash("");
    expected.error = Errc::poison;
    judge.judge(expected);
    ++report_.raw_records;
  }
}

void Audit::judge_batch(Judge& judge) {
  std::vector<Expectation> expected(batch_.size());
  for (std::size_t i = 0; i < batch_.size(); ++i) {
    const kafka::Record& message = batch_[i];
    expected[i].position = {evidence_.partitions.number_of(message.partition()), message.offset()};
    expected[i].key = key_hash(message.key().data(), message.key().size());
    expected[i].is_null = !message.has_value();
  }
  fork_join_.for_each(batch_.size(), [&](std::size_t i) {
    const kafka::Record& message = batch_[i];
    if (expected[i].is_null) return;
    judge.expect({{std::string(message.topic()), message.number(), message.offset()},
                  message.value(),
                  message.timestamp_ms(),
                  PublishedAtSource::kafka},
                 expected[i]);
  });
  for (const Expectation& each : expected) judge.judge(each);
  report_.raw_records += batch_.size();
  batch_.clear();
  batch_bytes_ = 0;
}

}  // namespace tocsin
