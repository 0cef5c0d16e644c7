#include "tests/simulation/world.h"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "tests/simulation/articles.h"
#include "tests/simulation/claims.h"

namespace tocsin::simulation {

namespace {

constexpr std::int64_t kWallStartMs = 1'790'000'000'000;
constexpr std::int64_t kSettleLimitMs = 400'000;  // from the last fault to quiet
constexpr std::int64_t kStopLimitMs = 90'000;

// The daemon's log lines become lines of the trace; the last error is kept for a report.
class TraceSink : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  std::string last_error;

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    const std::string text(message.payload.data(), message.payload.size());
    if (message.level >= spdlog::level::err) last_error = text;
    if (scheduler != nullptr) scheduler->trace("log: " + text);
  }
  void flush_() override {}
};

std::shared_ptr<TraceSink> trace_sink() {
  static const auto sink = [] {
    auto made = std::make_shared<TraceSink>();
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("simulation", made));
    return made;
  }();
  return sink;
}

// Nothing to tag or to score with: what is simulated does not depend on it, and a seed stays cheap.
std::shared_ptr<const Pipeline> make_pipeline() {
  auto pipeline = std::make_shared<Pipeline>();
  pipeline->gazetteer = GazetteerBuilder().freeze();
  pipeline->lexicon = LexiconBuilder(std::make_shared<const Language>()).freeze();
  pipeline->stamp = {"simulated", "config", "lexicon"};
  return pipeline;
}

struct Instance {
  Config config;
  std::shared_ptr<Life> life;
  Service* service = nullptr;
  bool has_begun = false;   // a line of it ran: from then on its death is noted
  bool is_stopped = false;  // it ended by itself, as asked
};

class World {
 public:
  World(std::uint64_t seed, bool trace) : scheduler_(seed), broker_(options()), writer_(random()) {
    scheduler_.trace_on = trace;
    spdlog::set_level(trace ? spdlog::level::info : spdlog::level::err);
    broker = &broker_;
    broker_.on_change = [](const Partition& partition) { tell_readers(partition); };
    is_refused = [](const std::string& topic, const std::string& value) {
      if (topic == "ledger") return false;
      if (value.find(Writer::kTooLong) != value.npos) return true;
      return topic != "dead" && value.find(Writer::kRefused) != value.npos;
    };
    active_ms_ = random().between(5'000, 60'000);
    make_topics();
    make_instances();
    faults = draw_faults(random());
    network = faults.network;
    scheduler_.death_per_mille_of_mille = faults.death_per_million;
  }

  Outcome run() {
    for (Instance& instance : instances_) start_after(instance, random().between(0, 5000));
    plan_articles();
    if (random().chance(150)) plan_growth();
    every(500, [this] { broker_.expire_members(); });
    plan_blow();
    scheduler_.run(active_ms_, [] { return false; });
    heal();
    if (!scheduler_.run(active_ms_ + kSettleLimitMs, [this] { return is_settled(); })) {
      fail("does not settle: " + unsettled());
    } else {
      compare_states();
      stop_all();
    }
    if (outcome_.violations.empty()) check_claims();
    for (Instance& instance : instances_) scheduler_.kill(instance.life);
    outcome_.steps = scheduler_.steps();
    outcome_.virtual_ms = scheduler_.now_ms();
    return std::move(outcome_);
  }

 private:
  Random& random() { return scheduler_.random; }
  void fail(const std::string& what) {
    scheduler_.trace("VIOLATION " + what);
    outcome_.violations.push_back(what);
  }

  Broker::Options options() {
    Broker::Options drawn;
    if (random().chance(300)) drawn.marker_delay_max_ms = 400;
    if (random().chance(300)) drawn.clock_skew_max_ms = random().between(1, 200);
    return drawn;
  }

  void make_topics() {
    for (std::int32_t i = 0; i < random().between(1, 3); ++i) raw_.push_back({"raw", i});
    for (const Partition& partition : raw_) broker_.create(partition, false);
    for (const char* topic : {"enriched", "duplicates", "dead"}) broker_.create({topic, 0}, false);
    broker_.create({"ledger", 0}, true);
  }

  void make_instances() {
    Config config;
    config.kafka.group = "g";
    config.topics = {{"raw"}, "enriched", "duplicates", "alerts", "pairs", "dead", "ledger"};
    config.workers = 1;
    config.admin.listen = {};
    if (random().chance(100)) config.delivery = Delivery::at_least_once;
    if (random().chance(150)) config.input.start = StartAt::latest;
    config.dedupe.window = std::chrono::milliseconds(random().chance(300)   ? 60'000
                                                     : random().chance(500) ? 150'000
                                                                            : 3'600'000);
    config.limits.batch_records_max = static_cast<std::size_t>(random().between(1, 8));
    config.limits.inflight_bytes_max = static_cast<std::size_t>(random().between(500, 20'000));
    config.limits.transaction_timeout = std::chrono::milliseconds(random().between(5000, 15'000));
    config.limits.poll_interval_max =
        std::chrono::milliseconds(random().chance(200) ? 15'000 : 300'000);
    instances_.resize(static_cast<std::size_t>(random().between(1, 3)));
    for (std::size_t i = 0; i < instances_.size(); ++i) {
      instances_[i].config = config;
      instances_[i].config.instance = std::string(1, static_cast<char>('a' + i));
    }
  }

  // ---- instances

  void start_after(Instance& instance, std::int64_t delay_ms) {
    scheduler_.after(delay_ms, nullptr, [this, &instance] { start(instance); });
  }

  void start(Instance& instance) {
    if (instance.life && !instance.life->is_dead) return;
    instance.life = std::make_shared<Life>();
    instance.life->name = instance.config.instance;
    instance.is_stopped = false;
    instance.has_begun = false;
    scheduler_.spawn(instance.life, "intake", [this, &instance, life = instance.life] {
      scheduler_.trace("started");
      instance.has_begun = true;
      struct Gone {
        World& world;
        Instance& instance;
        ~Gone() {
          instance.service = nullptr;
          if (!instance.is_stopped) world.note_death(instance);
        }
      } gone{*this, instance};
      auto service = std::make_unique<Service>(instance.config, pipeline());
      instance.service = service.get();
      const ExitCode code = service->run();
      life->is_ending = true;
      life->frozen_until_ms = 0;
      instance.service = nullptr;
      service.reset();
      instance.is_stopped = true;
      life->is_dead = true;
      note_exit(instance, code);
    });
  }

  static std::shared_ptr<const Pipeline> pipeline() {
    static const std::shared_ptr<const Pipeline> made = make_pipeline();
    return made;
  }

  void note_death(Instance& instance) {
    ++outcome_.deaths;
    if (!is_stopping_) start_after(instance, random().between(200, 8000));
  }

  void note_exit(Instance& instance, ExitCode code) {
    scheduler_.trace("exit code " + std::to_string(static_cast<int>(code)));
    if (code == ExitCode::state_refused || code == ExitCode::bad_input) {
      fail("instance " + instance.config.instance + " ends for good: " + trace_sink()->last_error);
    }
    if (is_stopping_ && code != ExitCode::fine) {
      fail("instance " + instance.config.instance +
           " fails at its stop: " + trace_sink()->last_error);
    }
    if (!is_stopping_) start_after(instance, random().between(200, 3000));
  }

  // ---- what comes in

  void plan_articles() {
    for (std::int64_t count = random().between(5, 60); count > 0; --count) {
      scheduler_.at(random().below(active_ms_), nullptr, [this] { write_article(); });
    }
  }

  // The topic gets a partition; who reads it hears of that when the group is joined again.
  void plan_growth() {
    scheduler_.at(random().below(active_ms_), nullptr, [this] {
      raw_.push_back({"raw", static_cast<std::int32_t>(raw_.size())});
      broker_.create(raw_.back(), false);
      scheduler_.trace("broker raw has " + std::to_string(raw_.size()) + " partitions");
      for (int i = 0; i < 3; ++i) write_article();
      scheduler_.after(random().between(100, 5000), nullptr, [this] { broker_.evict("g"); });
    });
  }

  void write_article() {
    const Partition& partition =
        raw_[static_cast<std::size_t>(random().below(static_cast<std::int64_t>(raw_.size())))];
    if (random().chance(80)) {  // a marker or an aborted record: a gap in the offsets
      broker_.log(partition).entries.push_back(Entry{
          writer_.write(now(), 60'000), -1, random().chance(500) ? Fate::marker : Fate::aborted});
    }
    broker_.append(partition, writer_.write(now(), instances_[0].config.dedupe.window.count()));
    ++outcome_.articles;
  }

  [[nodiscard]] std::int64_t now() const { return kWallStartMs + scheduler_.now_ms(); }

  void every(std::int64_t interval_ms, std::function<void()> action) {
    scheduler_.after(interval_ms, nullptr, [this, interval_ms, action] {
      action();
      every(interval_ms, action);
    });
  }

  // ---- what goes wrong

  void plan_blow() {
    if (faults.blows.empty()) return;
    scheduler_.after(random().between(1, 2 * faults.blow_interval_ms), nullptr, [this] {
      if (is_healed_) return;
      strike(faults.blows[static_cast<std::size_t>(
          random().below(static_cast<std::int64_t>(faults.blows.size())))]);
      plan_blow();
    });
  }

  void strike(Blow blow) {
    Instance& instance = instances_[static_cast<std::size_t>(
        random().below(static_cast<std::int64_t>(instances_.size())))];
    const std::int64_t until_ms = scheduler_.now_ms() + random().between(100, 40'000);
    const bool lives =
        instance.life && instance.has_begun && !instance.life->is_dead && !instance.life->is_ending;
    switch (blow) {
      case Blow::kill:
        if (lives) scheduler_.kill(instance.life);
        break;
      case Blow::restart:
        if (instance.service != nullptr) instance.service->stop();
        scheduler_.trace(instance.config.instance + " told to stop");
        break;
      case Blow::freeze:
        scheduler_.trace(instance.config.instance + " frozen");
        if (lives) instance.life->frozen_until_ms = until_ms;
        break;
      case Blow::stick:
        if (lives) stick(*instance.life, until_ms);
        break;
      case Blow::cut:
        scheduler_.trace(instance.config.instance + " cut off");
        if (lives) instance.life->cut_off_until_ms = until_ms;
        break;
      case Blow::outage:
        scheduler_.trace("broker away");
        broker_.down_until_ms = scheduler_.now_ms() + random().between(100, 12'000);
        break;
      case Blow::evict:
        broker_.evict("g");
        break;
      case Blow::lose_raw:
        lose_raw();
        break;
      case Blow::hang:
        hang_ledger();
        break;
    }
  }

  void stick(Life& life, std::int64_t until_ms) {
    Fiber& fiber = *life.fibers[static_cast<std::size_t>(
        random().below(static_cast<std::int64_t>(life.fibers.size())))];
    scheduler_.trace(life.name + "/" + fiber.role + " stuck");
    fiber.stuck_until_ms = until_ms;
  }

  // Retention takes what is there, up to a little before the end.
  void lose_raw() {
    const Partition& partition =
        raw_[static_cast<std::size_t>(random().below(static_cast<std::int64_t>(raw_.size())))];
    Log& log = broker_.log(partition);
    log.start = random().between(log.start, log.end());
    scheduler_.trace("broker raw " + std::to_string(partition.number) + " now starts at " +
                     std::to_string(log.start));
  }

  // A transaction of somebody else stays open on the ledger: its last stable offset stands still.
  void hang_ledger() {
    Entry tick{Record{}, 1, Fate::open};
    tick.value = encode(LedgerRecord(Tick{0, 0}));
    tick.timestamp_ms = now();
    broker_.log({"ledger", 0}).entries.push_back(std::move(tick));
    tell_readers({"ledger", 0});
    scheduler_.trace("broker a transaction hangs on the ledger");
  }

  void heal() {
    scheduler_.trace("healed");
    is_healed_ = true;
    network = Network{};
    faults = Faults{};
    scheduler_.death_per_mille_of_mille = 0;
    broker_.down_until_ms = 0;
    for (Entry& entry : broker_.log({"ledger", 0}).entries) {
      if (entry.fate == Fate::open) entry.fate = Fate::aborted;
    }
    tell_readers({"ledger", 0});
    for (Instance& instance : instances_) {
      if (!instance.life) continue;
      instance.life->cut_off_until_ms = 0;
      instance.life->frozen_until_ms = 0;
    }
  }

  // ---- the end

  [[nodiscard]] std::string unsettled() const {
    for (const Partition& partition : raw_) {
      const Log& log = broker_.logs().at(partition);
      std::int64_t end = log.end();
      const auto is_hidden = [&](std::int64_t offset) {
        const Fate fate = log.entries[static_cast<std::size_t>(offset)].fate;
        return fate == Fate::marker || fate == Fate::aborted;
      };
      while (end > log.start && is_hidden(end - 1)) --end;
      if (end == log.start) continue;
      const auto committed = broker_.committed("g", {partition}, true);
      if (committed.error != RD_KAFKA_RESP_ERR_NO_ERROR) return "offsets pending";
      std::int64_t offset = committed.offsets.at(partition);
      // At least once commits outside transactions: a late request may take the offsets back, which
      // repeats outputs after the next restart and loses nothing.
      if (instances_.front().config.delivery == Delivery::at_least_once) {
        offset = std::max(offset, broker_.committed_max("g", partition));
      }
      if (offset < end) {
        return "partition " + std::to_string(partition.number) + " committed " +
               std::to_string(offset) + " of " + std::to_string(end);
      }
    }
    if (broker_.has_open_transactions()) return "a transaction is open";
    const std::int64_t end = broker_.logs().at({"ledger", 0}).last_data() + 1;
    for (const Instance& instance : instances_) {
      if (instance.service == nullptr || !instance.service->health().assigned) {
        return "instance " + instance.config.instance + " is not up";
      }
      const std::int64_t next = instance.service->state().read(
          [](const DedupState& state) { return state.next_offset(); });
      if (next < end) return "instance " + instance.config.instance + " does not follow";
    }
    return "";
  }

  bool is_settled() {
    if (scheduler_.now_ms() < next_look_ms_) return false;
    next_look_ms_ = scheduler_.now_ms() + 200;
    if (!outcome_.violations.empty()) return true;
    return unsettled().empty();
  }

  void compare_states() {
    std::int64_t next = -1;
    std::uint64_t digest = 0;
    for (const Instance& instance : instances_) {
      if (instance.service == nullptr) continue;
      const auto [its_next, its_digest] = instance.service->state().read(
          [](const DedupState& state) { return std::pair(state.next_offset(), state.digest()); });
      states_.push_back({instance.config.instance, its_next, its_digest});
      if (next >= 0 && (next != its_next || digest != its_digest)) {
        fail("the dedup states of the instances differ");
      }
      next = its_next;
      digest = its_digest;
    }
  }

  void stop_all() {
    is_stopping_ = true;
    for (Instance& instance : instances_) {
      if (instance.service != nullptr) instance.service->stop();
    }
    const bool all = scheduler_.run(scheduler_.now_ms() + kStopLimitMs, [this] {
      return std::all_of(instances_.begin(), instances_.end(),
                         [](const Instance& instance) { return instance.life->is_dead; });
    });
    if (!all) fail("an instance does not stop");
  }

  void check_claims() {
    DedupState state;
    const Claims claims{broker_, instances_[0].config, *pipeline(), state};
    for (std::string& broken : broken_claims(claims)) fail(broken);
    for (const auto& [name, next, digest] : states_) {
      if (next == state.next_offset() && digest != state.digest()) {
        fail("the dedup state of " + name + " is not the fold of the ledger");
      }
    }
  }

  struct Seen {
    std::string name;
    std::int64_t next;
    std::uint64_t digest;
  };

  Scheduler scheduler_;
  Broker broker_;
  Writer writer_;
  std::vector<Partition> raw_;
  std::vector<Instance> instances_;
  std::vector<Seen> states_;
  Outcome outcome_;
  std::int64_t active_ms_ = 0;
  std::int64_t next_look_ms_ = 0;
  bool is_healed_ = false;
  bool is_stopping_ = false;
};

}  // namespace

Outcome run_seed(std::uint64_t seed, bool trace) {
  trace_sink();
  return World(seed, trace).run();
}

}  // namespace tocsin::simulation
