// `tocsin ledger resume`: where a group goes on that lost its committed offsets. A partition is
// published in order, so what outputs and ledger prove of one position holds for all before it.
#include <algorithm>
#include <cstdio>
#include <limits>

#include "daemon/audit/evidence.h"
#include "daemon/batch.h"
#include "daemon/commands/commands.h"
#include "daemon/kafka/reader.h"
#include "daemon/ledger_rules.h"
#include "daemon/log.h"

namespace tocsin {
namespace {

constexpr int kCommitAttempts = 9;

struct Proof {
  std::int64_t published = -1;  // newest position with an outcome
  std::int64_t sighted = -1;    // newest position in the ledger
  // First position in the ledger that provably has no outcome; -1: none.
  std::int64_t unpublished = -1;

  [[nodiscard]] std::int64_t next() const {
    return unpublished >= 0 ? unpublished : std::max(published, sighted) + 1;
  }
};
using Proofs = std::map<kafka::Partition, Proof>;

// Reads the outputs. Returns the append time up to which an outcome may have expired, so that its
// absence proves nothing; -1 when nothing has.
std::int64_t read_outputs(const Config& config, kafka::Reader& reader, Proofs& proofs) {
  std::int64_t expired_ms = -1;
  Evidence evidence(PipelineStamp{});
  const std::map<std::string, OutcomeKind> kinds = {
      {config.topics.enriched, OutcomeKind::enriched},
      {config.topics.duplicates, OutcomeKind::duplicate},
      {config.topics.deadletter, OutcomeKind::deadletter}};
  for (const auto& [topic, kind] : kinds) {
    const kafka::Extents extents = reader.extents(reader.partitions({topic}));
    for (const auto& [partition, marks] : extents) {
      if (marks.low > 0 && marks.low >= marks.high) {
        expired_ms = std::numeric_limits<std::int64_t>::max();
      }
    }
    std::map<kafka::Partition, bool> has_begun;
    reader.read(extents, [&, kind = kind](const kafka::Message& message) {
      const kafka::Partition place = message.partition();
      if (!std::exchange(has_begun[place], true) && extents.at(place).low > 0) {
        expired_ms = std::max(expired_ms, message.timestamp_ms());
      }
      const auto published = evidence.read_published(message, kind);
      if (!published) return;
      const auto proof = proofs.find(evidence.partitions[published->position.partition]);
      if (proof == proofs.end()) return;
      proof->second.published = std::max(proof->second.published, published->position.offset);
    });
  }
  return expired_ms;
}

void read_ledger(const Config& config, kafka::Reader& reader, std::int64_t expired_ms,
                 Proofs& proofs) {
  reader.read(reader.extents(reader.partitions({config.topics.ledger})),
              [&](const kafka::Message& message) {
                const auto record = decode_ledger_message(message);
                if (!record) return;
                if (const auto* header = std::get_if<LedgerHeader>(&*record)) {
                  check_owner(*header, config);
                }
                const auto* sighting = std::get_if<Sighting>(&*record);
                if (sighting == nullptr) return;
                const Position& position = sighting->position;
                const auto found = proofs.find({position.topic, position.partition});
                if (found == proofs.end()) return;
                Proof& proof = found->second;
                proof.sighted = std::max(proof.sighted, position.offset);
                const bool is_proven =
                    message.timestamp_ms() > expired_ms && position.offset > proof.published;
                if (is_proven && (proof.unpublished < 0 || position.offset < proof.unpublished)) {
                  proof.unpublished = position.offset;
                }
              });
}

// As nobody's member: the brokers accept it from outside only while the group has no members.
void commit(const Config& config, const std::map<kafka::Partition, std::int64_t>& offsets) {
  const kafka::Consumer consumer(kafka::make_conf(
      config.kafka, {}, {{"group.id", config.kafka.group}, {"enable.auto.commit", "false"}}));
  kafka::Marks marks = kafka::marks_at(offsets);
  for (auto& [partition, mark] : marks) mark.metadata = kCommitMark;
  kafka::Failure fault;
  for (int attempt = 1; attempt <= kCommitAttempts; ++attempt) {
    fault = consumer.commit(marks);
    if (!fault) return;
    if (fault.has_other_members()) break;
    kafka::wait_to_ask_again("commit of offsets", fault, attempt);
  }
  throw StopError(ExitCode::failed,
                  fault.has_other_members()
                      ? "group " + config.kafka.group + " has members: stop all instances first"
                      : "offsets cannot be committed: " + fault.text());
}

ExitCode resume(const Config& config, ResumeFrom from) {
  kafka::Reader uncommitted(config, kafka::Isolation::uncommitted);
  const kafka::Extents raw = uncommitted.extents(uncommitted.partitions(config.topics.raw));
  std::vector<kafka::Partition> partitions;
  for (const auto& [partition, marks] : raw) partitions.push_back(partition);
  Proofs proofs;  // of those without an offset
  for (const auto& [partition, offset] :
       kafka::committed_offsets(config, partitions, kafka::Isolation::committed)) {
    if (offset < 0) proofs[partition];
  }
  if (proofs.empty()) {
    std::printf("Group %s has an offset for every partition: nothing to do.\n",
                config.kafka.group.c_str());
    return ExitCode::fine;
  }
  if (from == ResumeFrom::ledger) {
    kafka::Reader committed(config, kafka::Isolation::committed);
    read_ledger(config, uncommitted, read_outputs(config, committed, proofs), proofs);
  }
  std::map<kafka::Partition, std::int64_t> offsets;
  for (const auto& [partition, proof] : proofs) {
    const kafka::Watermarks& marks = raw.at(partition);
    offsets[partition] =
        from == ResumeFrom::ledger ? std::clamp(proof.next(), marks.low, marks.high) : marks.low;
  }
  commit(config, offsets);
  for (const auto& [partition, offset] : offsets) {
    const kafka::Watermarks& marks = raw.at(partition);
    std::printf("%s-%d goes on at %lld, of %lld to %lld\n", partition.topic.c_str(),
                partition.number, static_cast<long long>(offset), static_cast<long long>(marks.low),
                static_cast<long long>(marks.high));
  }
  if (from == ResumeFrom::earliest) {
    std::printf("What was published of these records already will be published once more.\n");
  }
  return ExitCode::fine;
}

}  // namespace

ExitCode ledger_resume(const std::filesystem::path& file, ResumeFrom from) {
  const std::optional<Config> config = read_config(file);
  if (!config) return ExitCode::bad_input;
  init_log(config->log, config->instance);
  try {
    return resume(*config, from);
  } catch (const StopError& error) {
    std::fprintf(stderr, "tocsin: %s\n", error.what());
    return error.exit_code();
  }
}

}  // namespace tocsin
