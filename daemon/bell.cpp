#include "daemon/bell.h"

#include <spdlog/spdlog.h>

namespace tocsin {

using namespace std::chrono_literals;

Bell::Bell(const Config& config, const SharedBoard& board, const Follower& follower,
           LedgerWriter& ledger, Metrics& metrics)
    : config_(config), board_(board), follower_(follower), ledger_(ledger), metrics_(metrics) {}

Bell::~Bell() {
  stop();
  thread_.join();
}

void Bell::start() {
  kafka::Conf conf =
      kafka::make_conf(config_.kafka,
                       {{"session.timeout.ms", "10000"},
                        {"heartbeat.interval.ms", "3000"},
                        // Members are ordered by it: the bell stays where the first name is.
                        {"client.id", "tocsin-bell-" + config_.instance}},
                       {{"group.id", config_.kafka.group + ".bell"},
                        {"partition.assignment.strategy", "range"},
                        {"enable.auto.commit", "false"},
                        {"enable.auto.offset.store", "false"},
                        {"isolation.level", "read_uncommitted"},
                        {"auto.offset.reset", "error"}});
  rd_kafka_conf_set_opaque(conf.get(), this);
  rd_kafka_conf_set_rebalance_cb(conf.get(), &Bell::on_rebalance);
  consumer_ = kafka::make_consumer(std::move(conf));
  heartbeat_ms_ = steady_ms();
  thread_ = Thread("bell", [this] {
    try {
      run();
    } catch (const StopError& error) {
      if (on_stop) on_stop(error);
    }
  });
}

void Bell::run() {
  const kafka::PartitionList topics(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(topics.get(), config_.topics.ledger.c_str(),
                                    RD_KAFKA_PARTITION_UA);
  const rd_kafka_resp_err_t error = rd_kafka_subscribe(consumer_.get(), topics.get());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw StopError(ExitCode::failed, "bell: cannot subscribe: " + kafka::text(error));
  }
  while (!stopping_) {
    heartbeat_ms_ = steady_ms();
    const kafka::Message message(rd_kafka_consumer_poll(consumer_.get(), 100));
    if (message && message->err != RD_KAFKA_RESP_ERR_NO_ERROR &&
        rd_kafka_fatal_error(consumer_.get(), nullptr, 0) != RD_KAFKA_RESP_ERR_NO_ERROR) {
      throw StopError(ExitCode::failed, "bell: the consumer is lost: " + kafka::text(message->err));
    }
    if (is_owner_ && steady_ms() >= tick_due_ms_) tick();
  }
  rd_kafka_consumer_close(consumer_.get());
}

// Not waited for: a tick that is lost is followed by the next.
void Bell::tick() {
  tick_due_ms_ = steady_ms() + config_.bell.tick_interval.count();
  const std::optional<Tick> tick = board_.read([&](const Board& board) -> std::optional<Tick> {
    if (follower_.is_in_doubt()) return std::nullopt;
    return Tick{board.next_offset(), board.digest()};
  });
  if (tick) static_cast<void>(ledger_.append({encode(LedgerRecord(*tick))}, stopping_));
}

void Bell::on_rebalance(rd_kafka_t*, rd_kafka_resp_err_t event,
                        rd_kafka_topic_partition_list_t* partitions, void* self) {
  auto& bell = *static_cast<Bell*>(self);
  bell.assign(event == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS ? partitions : nullptr);
}

// Nothing is read yet: the partition is held, paused, for the ownership alone.
void Bell::assign(rd_kafka_topic_partition_list_t* partitions) {
  is_owner_ = partitions != nullptr && partitions->cnt > 0;
  if (is_owner_) partitions->elems[0].offset = RD_KAFKA_OFFSET_END;
  const rd_kafka_resp_err_t error = rd_kafka_assign(consumer_.get(), partitions);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    spdlog::warn("bell: cannot assign: {}", kafka::text(error));
  }
  if (is_owner_) rd_kafka_pause_partitions(consumer_.get(), partitions);
  tick_due_ms_ = steady_ms();
  metrics_.bell_owner.Set(is_owner_ ? 1 : 0);
  spdlog::info("bell: {}", is_owner_ ? "here" : "elsewhere");
}

}  // namespace tocsin
