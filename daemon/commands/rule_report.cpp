#include <algorithm>
#include <cstdio>
#include <memory>

#include "daemon/commands/archive.h"
#include "daemon/commands/output.h"
#include "pipeline/tension/coverage.h"

namespace tocsin {
namespace {

constexpr std::uint64_t kOverlapsMin = 3;  // words; fewer say nothing about a pair
constexpr double kOverlapShareMin = 0.5;   // of the rarer rule's words

struct Overlap {
  std::uint32_t rarer = 0;
  std::uint32_t other = 0;
  std::uint64_t words = 0;
  double share = 0;  // of the rarer rule's words
};

std::vector<Overlap> overlaps_of(const Coverage& coverage) {
  std::vector<Overlap> overlaps;
  for (const auto& [pair, words] : coverage.overlaps) {
    Overlap overlap{pair.first, pair.second, words, 0};
    if (coverage.matches[pair.second] < coverage.matches[pair.first])
      std::swap(overlap.rarer, overlap.other);
    overlap.share =
        static_cast<double>(words) / static_cast<double>(coverage.matches[overlap.rarer]);
    if (words >= kOverlapsMin && overlap.share >= kOverlapShareMin) overlaps.push_back(overlap);
  }
  std::stable_sort(overlaps.begin(), overlaps.end(), [](const Overlap& a, const Overlap& b) {
    return a.share != b.share ? a.share > b.share : a.words > b.words;
  });
  return overlaps;
}

std::string print(const Lexicon& lexicon, const Coverage& coverage, std::uint64_t texts) {
  std::string unreached;
  std::size_t count = 0;
  for (std::uint32_t rule = 0; rule < lexicon.rule_count(); ++rule) {
    if (coverage.events[rule] > 0) continue;
    ++count;
    const bool is_matched = coverage.matches[rule] > 0;
    unreached += "  " + std::string(lexicon.rule_id(rule)) +
                 (is_matched ? "  (its words occur, another rule takes them)\n" : "\n");
  }
  std::string out = std::to_string(texts) + " texts, " + std::to_string(lexicon.rule_count()) +
                    " rules, " + std::to_string(count) + " of them without an event\n" + unreached;
  out += "\nRules that read the same words: share of the first rule's words, words, the two\n";
  for (const Overlap& overlap : overlaps_of(coverage)) {
    char line[32];
    std::snprintf(line, sizeof line, "%4.0f %% %6llu  ", 100 * overlap.share,
                  static_cast<unsigned long long>(overlap.words));
    out += line + std::string(lexicon.rule_id(overlap.rarer)) + "  " +
           std::string(lexicon.rule_id(overlap.other)) + "\n";
  }
  return out;
}

}  // namespace

ExitCode report_rules(const TestOptions& options) {
  const Setup setup = load_setup(options.config);
  if (!setup.pipeline) return ExitCode::bad_input;
  const Pipeline& pipeline = *setup.pipeline;
  Coverage coverage;
  coverage.events.resize(pipeline.lexicon.rule_count());
  coverage.matches.resize(pipeline.lexicon.rule_count());
  std::uint64_t texts = 0;
  const auto add = [&](const Text& text, std::int64_t time_ms) {
    const Tagging tagging = tag(pipeline.gazetteer, text, time_ms);
    const Assessment assessment =
        assess(pipeline.lexicon, pipeline.gazetteer, text, tagging, time_ms);
    add_coverage(pipeline.lexicon, pipeline.gazetteer, text, tagging, assessment, coverage);
    ++texts;
  };
  if (options.files.empty()) {
    for (const LexiconExample& example : load_lexicon(setup.config, pipeline.languages).examples)
      add(make_text("", example.text, "en", pipeline.languages), kExampleTime_ms);
  } else {
    Archive archive(setup.config, setup.pipeline, 1);
    archive.on_reading = [&](const Reading& reading) { add(reading.text, reading.time_ms); };
    const ExitCode code = replay_files(setup, options.files, archive);
    if (code != ExitCode::fine) return code;
  }
  const std::string out = print(pipeline.lexicon, coverage, texts);
  return write_output(out) ? ExitCode::fine : ExitCode::failed;
}

}  // namespace tocsin
