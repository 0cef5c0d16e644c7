// Matching 4 kB of text against 10 k, 100 k and 1 M made-up aliases: time an article, bytes an
// alias, build time.
#include <benchmark/benchmark.h>

#include <random>
#include <string>
#include <vector>

#include "pipeline/text/phrase_table.h"
#include "tests/english.h"

namespace {

using tocsin::PhraseTable;

// Pronounceable words, the same in every run.
std::string word(std::mt19937_64& random) {
  static constexpr std::string_view kConsonants = "bcdfghjklmnprstvz";
  static constexpr std::string_view kVowels = "aeiou";
  std::string result;
  for (std::uint64_t syllable = 0, count = 2 + random() % 3; syllable < count; ++syllable) {
    result += kConsonants[random() % kConsonants.size()];
    result += kVowels[random() % kVowels.size()];
  }
  result[0] = static_cast<char>(result[0] - 'a' + 'A');
  return result;
}

std::vector<std::string> aliases(std::size_t count) {
  std::mt19937_64 random(7);
  std::vector<std::string> result;
  while (result.size() < count) {
    std::string alias = word(random);
    for (std::uint64_t i = 0, more = random() % 3; i < more; ++i) {
      alias += ' ';
      alias += word(random);
    }
    result.push_back(std::move(alias));
  }
  return result;
}

PhraseTable table_of(const std::vector<std::string>& phrases) {
  PhraseTable::Builder builder;
  for (std::size_t i = 0; i < phrases.size(); ++i) {
    builder.add(phrases[i], static_cast<std::uint32_t>(i), tocsin::CaseRule::title_or_upper);
  }
  return builder.freeze();
}

// About 690 words, eight of them names from the list, as news has.
tocsin::Text article(const std::vector<std::string>& phrases, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string body;
  for (int i = 0; i < 690; ++i) {
    std::string next = word(random);
    next[0] = static_cast<char>(next[0] - 'A' + 'a');
    body += i % 85 == 0 ? phrases[random() % phrases.size()] : next;
    body += i % 20 == 19 ? ". " : " ";
  }
  return tocsin::make_text("", body, "en");
}

void match(benchmark::State& state) {
  const std::vector<std::string> phrases = aliases(static_cast<std::size_t>(state.range(0)));
  const PhraseTable table = table_of(phrases);
  std::vector<tocsin::Text> texts;
  for (std::uint64_t i = 0; i < 200; ++i) {
    texts.push_back(article(phrases, i));
  }
  std::vector<tocsin::PhraseMatch> matches;
  std::size_t next = 0;
  std::size_t found = 0;
  for (auto _ : state) {
    matches.clear();
    table.match(texts[next++ % texts.size()], tocsin::MatchDepth::all, matches);
    found += matches.size();
  }
  state.counters["bytes/alias"] =
      static_cast<double>(table.bytes()) / static_cast<double>(table.size());
  state.counters["hits"] = static_cast<double>(found) / static_cast<double>(state.iterations());
}
BENCHMARK(match)->Arg(10'000)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMicrosecond);

void build(benchmark::State& state) {
  const std::vector<std::string> phrases = aliases(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    benchmark::DoNotOptimize(table_of(phrases));
  }
}
BENCHMARK(build)->Arg(10'000)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
