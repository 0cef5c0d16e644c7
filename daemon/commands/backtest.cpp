#include <algorithm>
#include <cstdio>
#include <map>

#include "daemon/commands/archive.h"
#include "daemon/commands/backtest.h"
#include "pipeline/decode/decode.h"

namespace tocsin {
namespace {

constexpr std::int64_t kDayMs = 24 * kHourMs;
constexpr std::int64_t kMinuteMs = 60'000;

struct RuleCounts {
  std::uint64_t opened = 0;
  std::uint64_t updated = 0;
  std::uint64_t closed = 0;
  std::vector<std::int64_t> detect_ms;  // from the first article's time to the opening
};

// What a backtest counts.
class Summary {
 public:
  void add_article(std::int64_t time_ms) {
    first_ms_ = articles_ == 0 ? time_ms : std::min(first_ms_, time_ms);
    last_ms_ = std::max(last_ms_, time_ms);
    ++articles_;
  }

  void add(const AlertRecord& record) {
    RuleCounts& counts = rules_[record.rule];
    switch (record.change) {
      case AlertChange::opened:
        ++counts.opened;
        ++opened_;
        counts.detect_ms.push_back(record.time_ms - record.first_seen_ms);
        break;
      case AlertChange::updated:
        ++counts.updated;
        break;
      case AlertChange::closed:
        ++counts.closed;
        break;
    }
  }

  void print(const AlertRules& rules, std::uint64_t unreadable) {
    const std::int64_t days =
        std::max<std::int64_t>(1, (last_ms_ - first_ms_ + kDayMs - 1) / kDayMs);
    std::printf("%llu articles in %lld days, %llu lines not read, %llu alerts opened, %.2f a day\n",
                static_cast<unsigned long long>(articles_), static_cast<long long>(days),
                static_cast<unsigned long long>(unreadable),
                static_cast<unsigned long long>(opened_),
                static_cast<double>(opened_) / static_cast<double>(days));
    std::printf("%-32s %7s %7s %7s  %s\n", "rule", "opened", "updated", "closed",
                "median time to detect");
    for (const AlertRule& rule : rules.all()) {
      RuleCounts& counts = rules_[rule.id];
      std::printf("%-32s %7llu %7llu %7llu", rule.id.c_str(),
                  static_cast<unsigned long long>(counts.opened),
                  static_cast<unsigned long long>(counts.updated),
                  static_cast<unsigned long long>(counts.closed));
      if (!counts.detect_ms.empty()) {
        const auto middle =
            counts.detect_ms.begin() + static_cast<std::ptrdiff_t>(counts.detect_ms.size() / 2);
        std::nth_element(counts.detect_ms.begin(), middle, counts.detect_ms.end());
        std::printf("  %lld min", static_cast<long long>(*middle / kMinuteMs));
      }
      std::printf("\n");
    }
  }

 private:
  std::map<std::string, RuleCounts> rules_;
  std::uint64_t articles_ = 0;
  std::uint64_t opened_ = 0;
  std::int64_t first_ms_ = 0;
  std::int64_t last_ms_ = 0;
};

}  // namespace

void fold_alerts(Archive& archive, AlertEngine& engine,
                 std::function<void(const AlertRecord& record)> on_alert) {
  archive.on_record = [&engine, on_alert = std::move(on_alert)](
                          std::int64_t offset, std::int64_t append_time_ms,
                          const LedgerRecord& record, const DedupState& state) {
    for (const AlertRecord& alert :
         engine.apply(offset, append_time_ms, record, state.first_verdict_at(offset))) {
      on_alert(alert);
    }
    static_cast<void>(engine.take_changes());
  };
}

ExitCode backtest(const BacktestOptions& options) {
  Setup setup = load_setup(options.config, std::nullopt, options.rules);
  if (!setup.pipeline) return ExitCode::bad_input;
  Archive archive(setup.config, setup.pipeline, options.workers);
  AlertEngine engine(setup.pipeline->alert_rules);
  Summary summary;
  bool is_written = true;
  fold_alerts(archive, engine, [&](const AlertRecord& record) {
    summary.add(record);
    const int printed = options.is_json
                            ? std::printf("%s\n", record.value.c_str())
                            : std::printf("%s %-8s %-16s %s\n", format_time(record.time_ms).c_str(),
                                          std::string(name(record.change)).c_str(),
                                          record.rule.c_str(), record.sentence.c_str());
    is_written = is_written && printed > 0;
  });
  const auto publish = std::exchange(archive.on_record, nullptr);
  archive.on_record = [&](std::int64_t offset, std::int64_t append_time_ms,
                          const LedgerRecord& record, const DedupState& state) {
    if (const auto* sighting = std::get_if<Sighting>(&record)) {
      summary.add_article(sighting->time_ms);
    }
    publish(offset, append_time_ms, record, state);
  };
  archive.on_outcomes = [&](const std::string&) { return is_written; };
  const ExitCode exit_code = replay_files(setup, options.files, archive);
  if (exit_code == ExitCode::fine && !options.is_json) {
    summary.print(setup.pipeline->alert_rules, archive.unreadable());
  }
  return exit_code;
}

}  // namespace tocsin
