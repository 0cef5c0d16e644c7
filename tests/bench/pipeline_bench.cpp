// One article of 4.1 kB stage by stage and whole, and hostile texts of 1
// MiB. Times are CPU time of one thread; the articles are those of the demo, joined to that length.
#include <benchmark/benchmark.h>
#include <simdjson.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "config/load_pipeline.h"
#include "pipeline/encode/json_writer.h"
#include "pipeline/pipeline.h"
#include "tests/english.h"
#include "tests/pipeline/hostile.h"

namespace {

using namespace tocsin;

constexpr std::size_t kArticleBytes = 4100;
constexpr std::size_t kHostileBytes = 900'000;  // with escapes still below article_bytes_max

const Pipeline& pipeline() {
  static const std::shared_ptr<const Pipeline> kLoaded = load_pipeline(default_config()).pipeline;
  return *kLoaded;
}

RawRecord record_of(const std::string& payload) {
  return {{"bench", 0, 0}, payload, 1'772'000'000'000};
}

std::string payload_of(std::string_view title, std::string_view body) {
  std::string payload = R"({"title":")";
  append_escaped(title, payload);
  payload += R"(","source":"Caspian Wire","url":"https://caspian-wire.example/a","body":")";
  append_escaped(body, payload);
  payload += R"(","published_at":"2026-03-02T00:05:00Z"})";
  return payload;
}

// Bodies of the demo's articles in their order, joined until each has kArticleBytes.
std::vector<std::string> make_payloads() {
  std::vector<std::string> payloads;
  std::ifstream lines(TOCSIN_SOURCE_DIR "/deploy/demo-data/articles.jsonl");
  simdjson::dom::parser parser;
  std::string title;
  std::string body;
  for (std::string line; std::getline(lines, line);) {
    simdjson::dom::element value;
    std::string_view text;
    std::string_view headline;
    if (parser.parse(line)["value"].get(value) != simdjson::SUCCESS ||
        value["body"].get(text) != simdjson::SUCCESS ||
        value["title"].get(headline) != simdjson::SUCCESS || text.size() < 400) {
      continue;
    }
    if (title.empty()) title = headline;
    body.append(body.empty() ? "" : "\n\n").append(text);
    if (body.size() < kArticleBytes) continue;
    payloads.push_back(payload_of(title, body));
    title.clear();
    body.clear();
  }
  return payloads;
}

const std::vector<std::string>& payloads() {
  static const std::vector<std::string> kPayloads = make_payloads();
  return kPayloads;
}

// Every stage's input, made once.
struct Prepared {
  std::vector<Reading> readings;
  std::vector<Analysis> analyses;
};

const Prepared& prepared() {
  static const Prepared kPrepared = [] {
    Prepared all;
    for (const std::string& payload : payloads()) {
      all.readings.push_back(*read(pipeline(), record_of(payload)));
      all.analyses.push_back(analyse(pipeline(), all.readings.back()));
    }
    return all;
  }();
  return kPrepared;
}

// Runs `stage(i)` over the articles in turn and reports bytes and tokens an article.
template <class Stage>
void each_article(benchmark::State& state, const Stage& stage) {
  const Prepared& all = prepared();
  std::size_t next = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(stage(next));
    next = next + 1 < all.readings.size() ? next + 1 : 0;
  }
  double tokens = 0;
  double bytes = 0;
  for (std::size_t i = 0; i < all.readings.size(); ++i) {
    tokens += static_cast<double>(all.readings[i].text.tokens.size());
    bytes += static_cast<double>(payloads()[i].size());
  }
  const auto count = static_cast<double>(all.readings.size());
  state.counters["tokens"] = tokens / count;
  state.counters["bytes"] = bytes / count;
}

void simdjson_alone(benchmark::State& state) {
  simdjson::dom::parser parser;
  each_article(state, [&](std::size_t i) { return parser.parse(payloads()[i]).error(); });
}
void stage_decode(benchmark::State& state) {
  each_article(state, [](std::size_t i) {
    return decode(record_of(payloads()[i]), pipeline().format, pipeline().fields,
                  pipeline().limits);
  });
}
void stage_text(benchmark::State& state) {
  each_article(state, [](std::size_t i) {
    const Article& article = prepared().readings[i].article;
    return make_text(article.title, article.body, article.language);
  });
}
void stage_sign(benchmark::State& state) {
  each_article(state, [](std::size_t i) { return sign(prepared().readings[i].text, {}); });
}
void stage_tag(benchmark::State& state) {
  each_article(state, [](std::size_t i) {
    const Reading& reading = prepared().readings[i];
    return tag(pipeline().gazetteer, reading.text, reading.article.published_at_ms);
  });
}
void stage_assess(benchmark::State& state) {
  each_article(state, [](std::size_t i) {
    const Reading& reading = prepared().readings[i];
    return assess(pipeline().lexicon, pipeline().gazetteer, reading.text,
                  prepared().analyses[i].tagging, reading.article.published_at_ms);
  });
}
void stage_encode(benchmark::State& state) {
  each_article(state, [](std::size_t i) {
    return draft(pipeline(), prepared().readings[i], prepared().analyses[i]);
  });
}
void whole_article(benchmark::State& state) {
  each_article(state, [](std::size_t i) {
    const Result<Reading> reading = read(pipeline(), record_of(payloads()[i]));
    return draft(pipeline(), *reading, analyse(pipeline(), *reading));
  });
}

BENCHMARK(simdjson_alone)->Unit(benchmark::kMicrosecond);
BENCHMARK(stage_decode)->Unit(benchmark::kMicrosecond);
BENCHMARK(stage_text)->Unit(benchmark::kMicrosecond);
BENCHMARK(stage_sign)->Unit(benchmark::kMicrosecond);
BENCHMARK(stage_tag)->Unit(benchmark::kMicrosecond);
BENCHMARK(stage_assess)->Unit(benchmark::kMicrosecond);
BENCHMARK(stage_encode)->Unit(benchmark::kMicrosecond);
BENCHMARK(whole_article)->Unit(benchmark::kMicrosecond);

void hostile(benchmark::State& state, const std::string& body) {
  const std::string payload = payload_of("A title", body);
  for (auto _ : state) {
    const Result<Reading> reading = read(pipeline(), record_of(payload));
    if (!reading) {
      state.SetLabel(reading.error().message.substr(0, 40));
      continue;
    }
    benchmark::DoNotOptimize(draft(pipeline(), *reading, analyse(pipeline(), *reading)));
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * payload.size()));
}

const bool kRegistered = [] {
  for (std::size_t i = 0; i < kHostilePieces.size(); ++i) {
    const std::string_view piece = kHostilePieces[i];
    std::string name = "hostile/" + std::string(piece.substr(0, 30));
    for (char& c : name) c = c < 32 ? '_' : c;
    benchmark::RegisterBenchmark(name.c_str(), [piece](benchmark::State& state) {
      // Escaped signs take two bytes.
      const bool is_escaped = piece.find_first_of("\"\n") != std::string_view::npos;
      hostile(state, repeated(piece, is_escaped ? kHostileBytes / 2 : kHostileBytes));
    })->Unit(benchmark::kMillisecond);
  }
  benchmark::RegisterBenchmark("hostile/different names", [](benchmark::State& state) {
    hostile(state, distinct_names(kHostileBytes, " said. "));
  })->Unit(benchmark::kMillisecond);
  return true;
}();

}  // namespace

BENCHMARK_MAIN();
