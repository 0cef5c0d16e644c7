// Reads an article's raw record once more and says how its sentences were read: the output topics
// hold what came of them only. On a thread of its own, one article after the other; brokers that go
// away while it reads hold its end up for kafka::Reader::kPatience.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "config/config.h"
#include "daemon/kafka/reader.h"
#include "daemon/wait.h"
#include "pipeline/pipeline.h"

namespace tocsin::page {

// What reads the articles now. Called on the thread of the reader.
using PipelineSource = std::function<std::shared_ptr<const Pipeline>()>;

class TreeReader {
 public:
  static constexpr std::size_t kAskedMax = 16;  // that wait

  TreeReader(const Config& config, PipelineSource pipeline);
  ~TreeReader();
  TreeReader(const TreeReader&) = delete;
  TreeReader& operator=(const TreeReader&) = delete;
  void start();

  // `place` is topic/partition/offset of the raw record; `answer` gets the JSON of trees_json(), or
  // {"fault":"..."} in words for a person. Called from any thread, answers on any.
  void ask(std::string place, std::function<void(std::string)> answer);

 private:
  struct Asked {
    std::string place;
    std::function<void(std::string)> answer;
  };

  void run();
  [[nodiscard]] std::string trees_of(const std::string& place);
  [[nodiscard]] std::optional<std::string> read_again(const kafka::Partition& partition,
                                                      std::int64_t offset);

  const Config& config_;
  const PipelineSource pipeline_;
  kafka::Reader reader_;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::deque<Asked> asked_;
  Condition changed_;
  Thread thread_;
};

}  // namespace tocsin::page
