#include "daemon/page/page.h"

#include <spdlog/spdlog.h>

#include "config/embedded.h"
#include "daemon/stop.h"
#include "pipeline/entities/gazetteer.h"

namespace tocsin::page {
namespace {

Access access_of(const Config& config) {
  if (config.admin.token_file.empty()) return Access("");
  SecretResult token = read_secret(config.admin.token_file);
  if (!token.error.empty()) {
    throw StopError(ExitCode::bad_input, "admin.token_file: " + token.error);
  }
  return Access(std::move(token.secret));
}

// Countries that no record has named yet are known by name all the same.
void add_countries(Model& model) {
  GazetteerBuilder builder;
  for (const EmbeddedFile& file : embedded_files()) {
    if (file.name == "gazetteer/countries.tsv") builder.add_tsv(file.name, file.content);
  }
  const Gazetteer countries = builder.freeze();
  for (const Entity& entity : countries.entities()) {
    model.add_name(entity.id, entity.name, name(entity.type));
  }
}

}  // namespace

LivePage::LivePage(const Config& config, PipelineSource pipeline, std::function<bool()> may_read)
    : shared_(config.page),
      server_(io_, config.page.listen, access_of(config), shared_),
      lag_(config,
           {[this](const kafka::Partition& partition, std::int64_t records,
                   std::optional<double> seconds) {
              lags_[partition] = {true, records, seconds};
              tell_lag();
            },
            [this](const kafka::Partition& partition) { lags_.erase(partition); }},
           std::move(may_read)),
      reader_(config, shared_),
      trees_(config, std::move(pipeline)) {
  add_countries(shared_.model);
  reader_.on_raw_partitions = [this](std::vector<kafka::Partition> partitions) {
    lag_.watch(std::move(partitions));
  };
  server_.on_trees_wanted = [this](const std::string& place,
                                   std::function<void(std::string)> told) {
    trees_.ask(place, std::move(told));
  };
  spdlog::info("page: listening host={} port={}", config.page.listen.host, port());
}

LivePage::~LivePage() {
  io_.stop();
  thread_.join();
}

void LivePage::start() {
  lag_.start();
  reader_.start();
  trees_.start();
  thread_ = Thread("page", [this] { io_.run(); });
}

void LivePage::tell_lag() {
  Lag sum{true, 0, 0};
  for (const auto& [partition, lag] : lags_) {
    sum.records += lag.records;
    // One of unknown age may be older than all others.
    const bool is_known = sum.seconds && lag.seconds;
    sum.seconds = is_known ? std::optional(std::max(*sum.seconds, *lag.seconds)) : std::nullopt;
  }
  const std::lock_guard lock(shared_.mutex);
  shared_.model.set_lag(sum);
}

}  // namespace tocsin::page
