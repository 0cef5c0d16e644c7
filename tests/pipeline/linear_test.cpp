// Linear time, by counting: the sanitizer build is compiled with -fsanitize-coverage=trace-pc,
// which calls in here at every basic block, so a "step" is a block and the same in every run.
#include <gtest/gtest.h>

#include "config/load_pipeline.h"
#include "pipeline/encode/json_writer.h"
#include "pipeline/pipeline.h"
#include "pipeline/syntax/parser.h"
#include "pipeline/tension/lexicon_state.h"
#include "tests/english.h"
#include "tests/pipeline/hostile.h"
#include "tests/steps.h"

namespace tocsin {
namespace {

constexpr std::size_t kShortBytes = 24'000;
constexpr std::size_t kFactor = 4;

const Pipeline& pipeline() {
  static const std::shared_ptr<const Pipeline> kLoaded = load_pipeline(default_config()).pipeline;
  return *kLoaded;
}

std::uint64_t steps_of(const std::string& body) {
  std::string payload = R"({"language":"en","body":")";
  append_escaped(body, payload);
  payload += "\"}";
  const std::uint64_t before = steps_so_far();
  const Result<Reading> reading = read(pipeline(), {{"stdin", 0, 0}, payload, 0});
  if (reading) static_cast<void>(draft(pipeline(), *reading, analyse(pipeline(), *reading)));
  return steps_so_far() - before;
}

// Four times the text may take a little more than four times the steps (a table that grew once
// more, a word that was cut) but nowhere near the sixteen of a quadratic stage; and no text may
// take many times what news takes, which a limit on something quadratic would hide.
void expect_linear(const std::string& what, const std::string& small, const std::string& large) {
  constexpr double kStepsPerByteMax = 1500;
  static const std::uint64_t kWarmUp = steps_of("Tables that are built at the first use.");
  ASSERT_GT(kWarmUp, 0U) << "built without -fsanitize-coverage=trace-pc";
  const auto few = static_cast<double>(steps_of(small));
  const auto many = static_cast<double>(steps_of(large));
  EXPECT_LT(many / few, 1.5 * kFactor) << what << ": " << few << ", then " << many << " steps";
  EXPECT_LT(many / static_cast<double>(large.size()), kStepsPerByteMax) << what;
}

TEST(Linear, on_hostile_pieces) {
  for (const std::string_view piece : kHostilePieces) {
    expect_linear(std::string(piece), repeated(piece, kShortBytes),
                  repeated(piece, kFactor * kShortBytes));
  }
}

TEST(Linear, on_names_that_are_all_different) {
  for (const std::string_view then : {" ", ". ", " said. ", " attacked Ukraine and "}) {
    expect_linear("names" + std::string(then), distinct_names(kShortBytes, then),
                  distinct_names(kFactor * kShortBytes, then));
  }
}

TEST(Linear, on_a_name_of_half_the_text) {
  expect_linear("endless name", endless_name(kShortBytes), endless_name(kFactor * kShortBytes));
}

TEST(Linear, on_one_word) {
  for (const std::string_view piece : {"a", "A", "é", "京", "\u0301", "a\u00AD", "1"}) {
    expect_linear(std::string(piece), repeated(piece, kShortBytes),
                  repeated(piece, kFactor * kShortBytes));
  }
}

std::uint64_t steps_of_trees(const std::string& body) {
  const Text text = make_text("", body, "en", pipeline().languages);
  ParserScratch scratch;
  Tree tree;
  parse(*pipeline().lexicon.state().syntax, text, {0, 4}, scratch, tree);
  const std::uint64_t before = steps_so_far();
  parse(*pipeline().lexicon.state().syntax, text,
        {0, static_cast<std::uint32_t>(text.tokens.size())}, scratch, tree);
  return steps_so_far() - before;
}

TEST(Linear, trees_of_one_sentence) {
  for (const std::string_view piece : {"the ", "of ", "and Norway ", "he said that ", "a, (b) "}) {
    const auto few = static_cast<double>(steps_of_trees(repeated(piece, 3'000)));
    const auto many = static_cast<double>(steps_of_trees(repeated(piece, kFactor * 3'000)));
    EXPECT_LT(many / few, 1.5 * kFactor) << piece;
  }
}

}  // namespace
}  // namespace tocsin
