// The dedup state under load: `ledger_bench RESIDENT [ID_BYTES]` folds a made-up ledger until
// RESIDENT articles are in the window and as many more have left it, then prints rates and memory.
// `ledger_bench --records COUNT` writes such a ledger instead: u32 length, record, and so on.
#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/ledger/dedup_state.h"

namespace tocsin {
namespace {

constexpr std::size_t kBatch = 100'000;
constexpr std::size_t kRecent = 1 << 16;
constexpr std::int64_t kStartMs = 1'700'000'000'000;

// CPU time of this thread, in seconds: the machine may have other work.
double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// Sightings of articles of which every fourth is a copy: some bytes of an earlier sketch changed.
class Ledger {
 public:
  explicit Ledger(std::size_t id_bytes) : id_bytes_(id_bytes), recent_(kRecent) {}

  Sighting next() {
    Sighting sighting;
    const bool copy = sequence_ > kRecent && random_() % 4 == 0;
    Signature& signature = sighting.signature;
    if (copy) {
      signature = recent_[random_() % kRecent];
      for (int i = 0; i < 20; ++i) signature.sketch[random_() % kSketchSize] ^= 1U;
      signature.exact.low = random_();
    } else {
      signature.exact = {random_(), random_()};
      signature.tokens = 200 + static_cast<std::uint32_t>(random_() % 600);
      signature.shingles = signature.tokens - 2;
      for (auto& byte : signature.sketch) byte = static_cast<std::uint8_t>(random_());
      for (auto& half : signature.lead) half = static_cast<std::uint16_t>(random_());
      for (auto& places : signature.names)
        places = static_cast<std::uint8_t>(random_() & random_());
      for (auto& places : signature.numbers) {
        places = static_cast<std::uint8_t>(random_() & random_());
      }
    }
    recent_[sequence_ % kRecent] = signature;
    sighting.position = {"news.raw", static_cast<std::int32_t>(sequence_ % 12),
                         static_cast<std::int64_t>(sequence_ / 12)};
    sighting.raw_hash = {random_(), random_()};
    sighting.time_ms = time_ms(sequence_);
    sighting.outlet = random_() % 5000;
    if (id_bytes_ > 0) {
      sighting.article_id = uuid();
      sighting.article_id.resize(id_bytes_, 'x');
    }
    ++sequence_;
    return sighting;
  }
  static std::int64_t time_ms(std::uint64_t sequence) {
    return kStartMs + static_cast<std::int64_t>(sequence);  // one a millisecond
  }
  [[nodiscard]] std::uint64_t made() const { return sequence_; }

 private:
  std::string uuid() {
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), "%08x-%04x-%04x-%04x-%012llx",
                  static_cast<unsigned>(random_() >> 32), static_cast<unsigned>(random_() >> 48),
                  static_cast<unsigned>(random_() >> 48), static_cast<unsigned>(random_() >> 48),
                  static_cast<unsigned long long>(random_() >> 16));
    return text.data();
  }

  std::mt19937_64 random_{1};
  std::size_t id_bytes_;
  std::uint64_t sequence_ = 0;
  std::vector<Signature> recent_;
};

struct Rates {
  double decode = 0;
  double apply = 0;
  double both = 0;
};

// Folds `count` more; only decoding and applying are timed.
Rates fold(DedupState& state, Ledger& ledger, std::size_t count) {
  double decoding = 0;
  double applying = 0;
  for (std::size_t done = 0; done < count; done += kBatch) {
    std::vector<std::string> records;
    const std::uint64_t first = ledger.made();
    for (std::size_t i = 0; i < std::min(kBatch, count - done); ++i) {
      records.push_back(encode(LedgerRecord(ledger.next())));
    }
    std::vector<LedgerRecord> decoded;
    decoded.reserve(records.size());
    const double started = cpu_seconds();
    for (const std::string& record : records) decoded.push_back(*decode_ledger_record(record));
    const double between = cpu_seconds();
    for (std::size_t i = 0; i < decoded.size(); ++i) {
      const std::uint64_t sequence = first + i;
      if (i + DedupState::kFarAhead < decoded.size())
        state.prefetch_far(decoded[i + DedupState::kFarAhead]);
      if (i + DedupState::kNearAhead < decoded.size()) {
        state.prefetch_near(decoded[i + DedupState::kNearAhead]);
      }
      state.apply(static_cast<std::int64_t>(sequence + 1), Ledger::time_ms(sequence), decoded[i]);
    }
    applying += cpu_seconds() - between;
    decoding += between - started;
  }
  const auto rate = [&](double seconds) { return static_cast<double>(count) / seconds; };
  return {rate(decoding), rate(applying), rate(decoding + applying)};
}

double lookups(const DedupState& state, Ledger ledger, std::size_t count) {
  std::vector<Sighting> probes;
  for (std::size_t i = 0; i < count; ++i) probes.push_back(ledger.next());
  const double started = cpu_seconds();
  std::size_t found = 0;
  for (const Sighting& probe : probes) {
    found += state.find_copy(probe.signature, probe.time_ms) ? 1U : 0U;
  }
  const double seconds = cpu_seconds() - started;
  std::printf("copies found %.3f\n", static_cast<double>(found) / static_cast<double>(count));
  return static_cast<double>(count) / seconds;
}

void print(const char* what, const DedupState& state, const Rates& rates) {
  const DedupStateSize size = state.size();
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  std::printf(
      "%-22s resident %9llu positions %9llu  bytes an article %6.1f  peak RSS %5.2f GB  "
      "decode %.2f apply %.2f both %.2f M/s\n",
      what, static_cast<unsigned long long>(size.window_entries),
      static_cast<unsigned long long>(size.position_entries),
      static_cast<double>(size.bytes) / static_cast<double>(size.window_entries),
      static_cast<double>(usage.ru_maxrss) / 1e6, rates.decode / 1e6, rates.apply / 1e6,
      rates.both / 1e6);
}

int write_records(std::size_t count) {
  Ledger ledger(0);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string record = encode(LedgerRecord(ledger.next()));
    const auto size = static_cast<std::uint32_t>(record.size());
    if (std::fwrite(&size, sizeof size, 1, stdout) != 1) return 1;
    if (std::fwrite(record.data(), record.size(), 1, stdout) != 1) return 1;
  }
  return 0;
}

}  // namespace
}  // namespace tocsin

int main(int argc, char** argv) {
  using namespace tocsin;
  if (argc == 3 && std::string_view(argv[1]) == "--records") {
    return write_records(std::strtoull(argv[2], nullptr, 10));
  }
  const std::size_t resident = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  Ledger ledger(argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 0);
  Epoch epoch;
  epoch.window_ms = static_cast<std::int64_t>(resident);
  epoch.entries_max = 2 * resident;
  {
    DedupState growing;
    growing.apply(0, kStartMs, LedgerRecord(epoch));
    Ledger same = ledger;
    print("filling, growing", growing, fold(growing, same, resident));
  }
  DedupState state(resident);  // as a restore does
  state.apply(0, kStartMs, LedgerRecord(epoch));
  print("filling", state, fold(state, ledger, resident));
  print("two windows", state, fold(state, ledger, resident));
  print("steady", state, fold(state, ledger, std::min<std::size_t>(resident, 1'000'000)));
  std::printf("digest %016llx\n", static_cast<unsigned long long>(state.digest()));
  std::printf("look-ups alone %.2f M/s\n",
              lookups(state, ledger, std::min<std::size_t>(resident / 4, 200'000)) / 1e6);
  return 0;
}
