#include "daemon/notify/tick_watch.h"

#include <spdlog/spdlog.h>

#include "daemon/stop.h"
#include "pipeline/ledger/ledger_record.h"

namespace tocsin {

using namespace std::chrono_literals;

TickWatch::TickWatch(const Config& config) : config_(config) {
  kafka::Conf conf = kafka::make_conf(config_.kafka,
                                      {{"fetch.wait.max.ms", "500"},
                                       {"queued.max.messages.kbytes", "4096"},
                                       {"fetch.error.backoff.ms", "500"}},
                                      {{"group.id", config_.kafka.group + ".notify"},
                                       {"enable.auto.commit", "false"},
                                       {"enable.auto.offset.store", "false"},
                                       {"isolation.level", "read_uncommitted"},
                                       // A ledger that was made anew is heard from its beginning.
                                       {"auto.offset.reset", "earliest"}});
  consumer_ = kafka::make_consumer(std::move(conf));
}

TickWatch::~TickWatch() {
  stop();
  thread_.join();
  rd_kafka_consumer_close(consumer_.get());
}

void TickWatch::start() {
  const kafka::PartitionList list =
      kafka::make_list({{{config_.topics.ledger, 0}, RD_KAFKA_OFFSET_END}});
  const rd_kafka_resp_err_t error = rd_kafka_assign(consumer_.get(), list.get());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw StopError(ExitCode::failed, "notify: cannot read the ledger: " + kafka::text(error));
  }
  ticked_ms_ = steady_ms();
  heartbeat_ms_ = ticked_ms_;
  thread_ = Thread("tick_watch", [this] { run(); });
}

void TickWatch::run() {
  while (!stopping_) {
    heartbeat_ms_ = steady_ms();
    const kafka::Message message(rd_kafka_consumer_poll(consumer_.get(), 200));
    if (message && message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      // Records that cannot be read are the service's trouble, not the alarm's.
      const auto record =
          decode_ledger_record({static_cast<const char*>(message->payload), message->len});
      if (record && std::holds_alternative<Tick>(*record)) note_tick();
    }
    note_time();
  }
}

void TickWatch::note_tick() {
  const std::int64_t now_ms = steady_ms();
  const std::int64_t silent_ms = now_ms - ticked_ms_;
  ticked_ms_ = now_ms;
  ++ticks_;
  if (!is_silent_.exchange(false)) return;
  spdlog::info("notify: the ledger brings ticks again after_ms={}", silent_ms);
  if (on_change) on_change(false, std::chrono::seconds(silent_ms / 1000));
}

void TickWatch::note_time() {
  const std::int64_t silent_ms = steady_ms() - ticked_ms_;
  if (is_silent_ || silent_ms < config_.alerts.silence_max.count()) return;
  is_silent_ = true;
  spdlog::error("notify: no tick in the ledger for_ms={}", silent_ms);
  if (on_change) on_change(true, std::chrono::seconds(silent_ms / 1000));
}

}  // namespace tocsin
