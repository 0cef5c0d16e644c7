#include "daemon/page/tree_reader.h"

#include <algorithm>
#include <charconv>
#include <chrono>

#include "daemon/page/trees.h"
#include "daemon/stop.h"
#include "pipeline/encode/json_writer.h"

namespace tocsin::page {

using namespace std::chrono_literals;

namespace {

constexpr auto kAskedWait = 10s;

std::string fault(std::string_view words) {
  std::string out;
  JsonWriter json(out);
  json.open_object();
  json.key("fault").string(words);
  json.close_object();
  return out;
}

// The part behind the last slash as a number, taken off `text`; nullopt: there is none.
std::optional<std::int64_t> last_number(std::string& text) {
  const std::size_t slash = text.rfind('/');
  if (slash == std::string::npos) return std::nullopt;
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + slash + 1, end, number);
  if (error != std::errc() || stop != end || number < 0) return std::nullopt;
  text.resize(slash);
  return number;
}

}  // namespace

TreeReader::TreeReader(const Config& config, PipelineSource pipeline)
    : config_(config),
      pipeline_(std::move(pipeline)),
      reader_(config, kafka::Isolation::uncommitted) {}

TreeReader::~TreeReader() {
  stopping_ = true;
  changed_.notify_all();
  thread_.join();
}

void TreeReader::start() {
  thread_ = Thread("page_trees", [this] { run(); });
}

void TreeReader::ask(std::string place, std::function<void(std::string)> answer) {
  {
    const std::lock_guard lock(mutex_);
    if (asked_.size() < kAskedMax) {
      asked_.push_back({std::move(place), std::move(answer)});
      changed_.notify_all();
      return;
    }
  }
  answer(fault("too many ask at once; try again"));
}

void TreeReader::run() {
  while (true) {
    Asked next;
    {
      std::unique_lock lock(mutex_);
      const bool is_asked =
          changed_.wait_for(lock, kAskedWait, [this] { return stopping_ || !asked_.empty(); });
      if (stopping_) return;
      if (!is_asked) continue;
      next = std::move(asked_.front());
      asked_.pop_front();
    }
    next.answer(trees_of(next.place));
  }
}

std::string TreeReader::trees_of(const std::string& place) {
  std::string topic = place;
  const std::optional<std::int64_t> offset = last_number(topic);
  const std::optional<std::int64_t> number = offset ? last_number(topic) : std::nullopt;
  const std::vector<std::string>& raw = config_.topics.raw;
  if (!number || std::find(raw.begin(), raw.end(), topic) == raw.end()) {
    return fault("no such record");
  }
  const std::shared_ptr<const Pipeline> pipeline = pipeline_();
  if (!pipeline) return fault("names and acts cannot be loaded here; see the log");
  const kafka::Partition partition{topic, static_cast<std::int32_t>(*number)};
  std::optional<std::string> bytes;
  try {
    bytes = read_again(partition, *offset);
  } catch (const StopError& error) {
    return fault(error.what());
  }
  if (!bytes) return fault("the raw record cannot be read any more");
  const RawRecord record{{topic, partition.number, *offset}, *bytes, 0, PublishedAtSource::kafka};
  const Result<Reading> reading = read(*pipeline, record);
  return reading ? trees_json(*pipeline, *reading) : fault(reading.error().message);
}

std::optional<std::string> TreeReader::read_again(const kafka::Partition& partition,
                                                  std::int64_t offset) {
  const kafka::Watermarks held = reader_.extents({partition})[partition];
  std::optional<std::string> bytes;
  if (offset < held.low || offset >= held.high) return bytes;
  reader_.read({{partition, {offset, offset + 1}}},
               [&bytes](const kafka::Message& message) { bytes.emplace(message.value()); });
  return bytes;
}

}  // namespace tocsin::page
