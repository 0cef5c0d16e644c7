#include "daemon/audit/audit.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

#include "daemon/commands/commands.h"
#include "daemon/commands/output.h"
#include "daemon/commands/progress.h"
#include "daemon/kafka/unreadable.h"
#include "daemon/log.h"
#include "daemon/sandbox.h"
#include "daemon/shared_memory.h"
#include "daemon/stop.h"

namespace tocsin {
namespace {

// How far a child came with the raw partitions.
class Trail {
 public:
  // Partitions beyond the first kPlacesMax are not kept.
  void note(const kafka::Partition& partition, const kafka::Watermarks& left) {
    const auto [at, is_new] = numbers_.try_emplace(partition, numbers_.size());
    if (at->second >= kPlacesMax || partition.topic.size() >= sizeof(Place::topic)) return;
    Place& place = places_.get()[at->second];
    if (is_new) {
      std::memcpy(place.topic.data(), partition.topic.data(), partition.topic.size());
      place.number = partition.number;
    }
    place.left = left;
  }
  [[nodiscard]] kafka::Extents left() const {
    kafka::Extents found;
    for (const Place& place : places_.get()) {
      if (place.topic.front() == 0) break;
      found[{place.topic.data(), place.number}] = place.left;
    }
    return found;
  }

 private:
  static constexpr std::size_t kPlacesMax = 4'096;
  struct Place {
    std::array<char, 256> topic;  // a name has 249 at most; zeros follow
    std::int32_t number;
    kafka::Watermarks left;
  };
  SharedMemory<std::array<Place, kPlacesMax>> places_;
  std::map<kafka::Partition, std::size_t> numbers_;
};

ExitCode audit_once(const AuditOptions& options, const DeadlyBatches& deadly, Trail& trail) {
  Setup setup = load_setup(options.config);
  if (!setup.pipeline) return ExitCode::bad_input;
  init_log(setup.config.log, setup.config.instance);
  AuditReport report;
  try {
    Progress progress("records", 0);
    Audit audit(setup.config, std::move(setup.pipeline), options.listed_max, deadly);
    audit.on_progress = [&](std::uint64_t done, std::uint64_t total) {
      progress.set_total(total);
      progress.show(done, done);
    };
    audit.on_raw = [&](const kafka::Partition& partition, const kafka::Watermarks& left) {
      trail.note(partition, left);
    };
    report = audit.run();
  } catch (const StopError& error) {
    std::fprintf(stderr, "tocsin: %s\n", error.what());
    return error.exit_code();
  } catch (const std::bad_alloc&) {
    std::abort();  // as librdkafka does
  }
  const std::string text = options.as_json ? json_of(report) : text_of(report);
  if (!write_output(text)) return ExitCode::failed;
  return report.is_clean() ? ExitCode::fine : ExitCode::failed;
}

// What the dead child was about to fetch, of each partition the first. False: nothing new.
bool find_deadly(const std::filesystem::path& file, const Trail& trail, DeadlyBatches& deadly) {
  const ConfigResult read = load_config(file);
  bool is_found = false;
  for (const auto& [partition, left] : trail.left()) {
    const auto batch = kafka::deadly_batch(read.config, partition, left.low, left.high);
    if (!batch) continue;
    std::vector<kafka::Watermarks>& known = deadly[partition];
    const bool is_known = std::any_of(known.begin(), known.end(),
                                      [&](const auto& each) { return each.low == batch->low; });
    if (is_known) continue;
    std::fprintf(stderr,
                 "tocsin: %s-%d, offsets %lld to %lld: the batch decompresses to more memory than "
                 "there is; it is passed over\n",
                 partition.topic.c_str(), partition.number, static_cast<long long>(batch->low),
                 static_cast<long long>(batch->high - 1));
    known.push_back(*batch);
    is_found = true;
  }
  return is_found;
}

}  // namespace

// Nothing bounds what a batch decompresses to (daemon/kafka/unreadable.h): a child reads, and
// whoever is left finds the batch that it died of and begins again around it.
ExitCode audit(const AuditOptions& options) {
  DeadlyBatches deadly;
  while (true) {
    Trail trail;
    const pid_t child = ::fork();
    if (child < 0) throw StopError(ExitCode::failed, "audit: no process can be made");
    if (child == 0) {
      be_expendable();
      return audit_once(options, deadly, trail);
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFEXITED(status)) return static_cast<ExitCode>(WEXITSTATUS(status));
    const int signal = WTERMSIG(status);
    const bool may_be_memory = signal == SIGKILL || signal == SIGABRT || signal == SIGSEGV;
    if (may_be_memory && find_deadly(options.config, trail, deadly)) continue;
    std::fprintf(stderr, "tocsin: the audit was ended by signal %d (%s)\n", signal,
                 may_be_memory ? "no memory was left?" : ::sigdescr_np(signal));
    return ExitCode::failed;
  }
}

}  // namespace tocsin
