// Microseconds and allocations of an article in each stage, over files of articles (JSON Lines, as
// tocsin replay reads them), each file on its own: stages ARTICLES... [ROUNDS]. Of a file first all
// articles, then those that tell an act, which are parsed, and those that do not. One thread;
// processor time, the least of all rounds, so that what else the machine does counts little.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <new>
#include <string>
#include <vector>

#include "config/load_pipeline.h"
#include "pipeline/pipeline.h"
#include "pipeline/syntax/parser.h"
#include "pipeline/tension/lexicon_state.h"

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

constexpr std::int64_t kTime_ms = 1'772'000'000'000;  // of every raw record

// Articles that could be read, with what came out of each stage.
struct Corpus {
  std::vector<std::string> lines;
  std::vector<RawRecord> records;
  std::vector<Reading> readings;
  std::vector<Analysis> analyses;
};

Corpus read_corpus(const Pipeline& pipeline, const char* path) {
  Corpus corpus;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) corpus.lines.push_back(line);
  for (const std::string& line : corpus.lines) {
    const auto offset = static_cast<std::int64_t>(corpus.records.size());
    const RawRecord record{{"stages", 0, offset}, line, kTime_ms};
    Result<Reading> reading = read(pipeline, record);
    if (!reading) continue;
    corpus.records.push_back(record);
    corpus.readings.push_back(*std::move(reading));
    corpus.analyses.push_back(analyse(pipeline, corpus.readings.back()));
  }
  return corpus;
}

using Choice = std::vector<std::size_t>;  // of a corpus

// Runs stage(i) for every article of the choice, `rounds` times over. Returns microseconds an
// article.
template <class Stage>
double measure(const char* name, const Choice& choice, int rounds, const Stage& stage) {
  double least_us = 0;
  std::size_t allocated = 0;
  for (int round = 0; round < rounds; ++round) {
    const std::size_t before = allocations;
    const std::clock_t start = std::clock();
    for (const std::size_t i : choice) stage(i);
    const double us = 1e6 * static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    least_us = round == 0 ? us : std::min(least_us, us);
    allocated = allocations - before;
  }
  const auto count = static_cast<double>(choice.size());
  std::printf("%-8s %8.1f %12.1f\n", name, least_us / count,
              static_cast<double>(allocated) / count);
  return least_us / count;
}

// Prints what the articles are; returns the tokens of each that are parsed.
double describe(const char* what, const Corpus& corpus, const Choice& choice) {
  double bytes = 0;
  double tokens = 0;
  double parsed = 0;
  double for_nothing = 0;  // in sentences that gave no event
  for (const std::size_t i : choice) {
    bytes += static_cast<double>(corpus.readings[i].text.bytes.size());
    tokens += static_cast<double>(corpus.readings[i].text.tokens.size());
    const std::vector<Event>& events = corpus.analyses[i].assessment.events;
    for (const TokenSpan piece : corpus.analyses[i].assessment.read) {
      parsed += piece.size();
      const bool is_told = std::any_of(events.begin(), events.end(), [&](const Event& event) {
        return event.evidence.begin >= piece.begin && event.evidence.begin < piece.end;
      });
      if (!is_told) for_nothing += piece.size();
    }
  }
  const auto count = static_cast<double>(choice.size());
  std::printf(
      "%s: %zu articles, %.0f bytes and %.0f tokens each, %.1f of them parsed, "
      "%.1f of those without an event\n",
      what, choice.size(), bytes / count, tokens / count, parsed / count, for_nothing / count);
  std::printf("stage          us  allocations\n");
  return parsed / count;
}

void measure_stages(const char* what, const Pipeline& pipeline, const Corpus& corpus,
                    const Choice& choice, int rounds) {
  if (choice.empty()) return;
  const double parsed = describe(what, corpus, choice);
  const auto article = [&](std::size_t i) -> const Article& { return corpus.readings[i].article; };
  const auto text = [&](std::size_t i) -> const Text& { return corpus.readings[i].text; };
  measure("decode", choice, rounds, [&](std::size_t i) {
    return decode(corpus.records[i], pipeline.format, pipeline.fields, pipeline.limits).has_value();
  });
  measure("text", choice, rounds, [&](std::size_t i) {
    return make_text(article(i).title, article(i).body, article(i).language, pipeline.languages)
        .tokens.size();
  });
  measure("sign", choice, rounds, [&](std::size_t i) {
    return sign(text(i), {article(i).source, article(i).url}).shingles;
  });
  measure("tag", choice, rounds, [&](std::size_t i) {
    return tag(pipeline.gazetteer, text(i), article(i).published_at_ms).mentions.size();
  });
  const double assess_us = measure("assess", choice, rounds, [&](std::size_t i) {
    return assess(pipeline.lexicon, pipeline.gazetteer, text(i), corpus.analyses[i].tagging,
                  article(i).published_at_ms)
        .events.size();
  });
  ParserScratch scratch;
  Tree tree;
  const double parse_us = measure("(parse)", choice, rounds, [&](std::size_t i) {
    for (const TokenSpan piece : corpus.analyses[i].assessment.read) {
      parse(*pipeline.lexicon.state().syntax, text(i), piece, scratch, tree);
    }
    return tree.nodes.size();
  });
  std::printf("(rest)   %8.1f\n", assess_us - parse_us);
  measure("encode", choice, rounds, [&](std::size_t i) {
    return draft(pipeline, corpus.readings[i], corpus.analyses[i]).has_value();
  });
  measure("whole", choice, rounds, [&](std::size_t i) {
    const Result<Reading> reading = read(pipeline, corpus.records[i]);
    return draft(pipeline, *reading, analyse(pipeline, *reading)).has_value();
  });
  if (parsed > 0) std::printf("%.2f us a parsed token\n", parse_us / parsed);
}

void measure_file(const Pipeline& pipeline, const char* path, int rounds) {
  const Corpus corpus = read_corpus(pipeline, path);
  Choice all;
  Choice parsed;
  Choice plain;
  for (std::size_t i = 0; i < corpus.readings.size(); ++i) {
    all.push_back(i);
    (corpus.analyses[i].assessment.read.empty() ? plain : parsed).push_back(i);
  }
  std::printf("%s\n", path);
  measure_stages("all", pipeline, corpus, all, rounds);
  measure_stages("with an act", pipeline, corpus, parsed, rounds);
  measure_stages("without an act", pipeline, corpus, plain, rounds);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "stages ARTICLES... [ROUNDS]\n");
    return 2;
  }
  const int last = std::atoi(argv[argc - 1]);
  const int rounds = last > 0 ? last : 5;
  const Config defaults;
  const std::shared_ptr<const Pipeline> pipeline = load_pipeline(defaults).pipeline;
  if (!pipeline) return 1;
  for (int i = 1; i < (last > 0 ? argc - 1 : argc); ++i) {
    measure_file(*pipeline, argv[i], rounds);
  }
  return 0;
}
