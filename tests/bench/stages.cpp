// Microseconds and allocations of an article in each stage, over a file of articles (JSON Lines,
// as tocsin replay reads them): stages ARTICLES [ROUNDS]. One thread; the least of all rounds, so
// that what else the machine does counts little.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <new>
#include <string>
#include <vector>

#include "config/load_pipeline.h"
#include "pipeline/pipeline.h"

namespace {

std::size_t allocations = 0;  // of this program; it has one thread

void* counted(std::size_t bytes) {
  ++allocations;
  void* const memory = std::malloc(bytes == 0 ? 1 : bytes);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(std::size_t bytes) {
  return counted(bytes);
}
void* operator new[](std::size_t bytes) {
  return counted(bytes);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace {

using namespace tocsin;
using Clock = std::chrono::steady_clock;

constexpr std::int64_t kTime_ms = 1'772'000'000'000;  // of every raw record

std::vector<RawRecord> read_records(const char* path, std::vector<std::string>& lines) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  std::vector<RawRecord> records;
  for (const std::string& line : lines) {
    records.push_back({{"stages", 0, static_cast<std::int64_t>(records.size())}, line, kTime_ms});
  }
  return records;
}

// Runs stage(i) for every article, `rounds` times over.
template <class Stage>
void measure(const char* name, std::size_t articles, int rounds, const Stage& stage) {
  double least_us = 0;
  std::size_t allocated = 0;
  for (int round = 0; round < rounds; ++round) {
    const std::size_t before = allocations;
    const Clock::time_point start = Clock::now();
    for (std::size_t i = 0; i < articles; ++i) stage(i);
    const double us = std::chrono::duration<double, std::micro>(Clock::now() - start).count();
    least_us = round == 0 ? us : std::min(least_us, us);
    allocated = allocations - before;
  }
  const auto count = static_cast<double>(articles);
  std::printf("%-8s %8.1f %12.1f\n", name, least_us / count,
              static_cast<double>(allocated) / count);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "stages ARTICLES [ROUNDS]\n");
    return 2;
  }
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 5;
  const Config defaults;
  const std::shared_ptr<const Pipeline> loaded = load_pipeline(defaults).pipeline;
  const Pipeline& pipeline = *loaded;
  std::vector<std::string> lines;
  std::vector<Reading> readings;
  std::vector<Analysis> analyses;
  std::vector<RawRecord> records;
  double bytes = 0;
  double tokens = 0;
  double parsed = 0;
  for (const RawRecord& record : read_records(argv[1], lines)) {
    Result<Reading> reading = read(pipeline, record);
    if (!reading) continue;
    records.push_back(record);
    bytes += static_cast<double>(reading->text.bytes.size());
    tokens += static_cast<double>(reading->text.tokens.size());
    readings.push_back(*std::move(reading));
    analyses.push_back(analyse(pipeline, readings.back()));
    for (const TokenSpan piece : analyses.back().assessment.read) parsed += piece.size();
  }
  const std::size_t count = readings.size();
  if (count == 0) return 1;
  std::printf("%zu articles, %.0f bytes and %.0f tokens each, %.1f of them parsed\n", count,
              bytes / static_cast<double>(count), tokens / static_cast<double>(count),
              parsed / static_cast<double>(count));
  std::printf("stage          us  allocations\n");
  measure("decode", count, rounds, [&](std::size_t i) {
    return decode(records[i], pipeline.format, pipeline.fields, pipeline.limits).has_value();
  });
  measure("text", count, rounds, [&](std::size_t i) {
    const Article& article = readings[i].article;
    return make_text(article.title, article.body, article.language, pipeline.languages)
        .tokens.size();
  });
  measure("sign", count, rounds, [&](std::size_t i) {
    const Article& article = readings[i].article;
    return sign(readings[i].text, {article.source, article.url}).shingles;
  });
  measure("tag", count, rounds, [&](std::size_t i) {
    return tag(pipeline.gazetteer, readings[i].text, readings[i].article.published_at_ms)
        .mentions.size();
  });
  measure("assess", count, rounds, [&](std::size_t i) {
    return assess(pipeline.lexicon, pipeline.gazetteer, readings[i].text, analyses[i].tagging,
                  readings[i].article.published_at_ms)
        .events.size();
  });
  measure("encode", count, rounds,
          [&](std::size_t i) { return draft(pipeline, readings[i], analyses[i]).has_value(); });
  measure("whole", count, rounds, [&](std::size_t i) {
    const Result<Reading> reading = read(pipeline, records[i]);
    return draft(pipeline, *reading, analyse(pipeline, *reading)).has_value();
  });
  return 0;
}
