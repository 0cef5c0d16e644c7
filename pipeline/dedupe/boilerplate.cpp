#include "pipeline/dedupe/boilerplate.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_map>

namespace tocsin {
namespace {

// Raise kSignatureVersion with every change of this list. Each phrase marks the sentence or line
// that holds it; all are folded, words parted by one space.
constexpr std::array kPhrases = {
    std::string_view{"reporting by"},
    std::string_view{"additional reporting"},
    std::string_view{"editing by"},
    std::string_view{"edited by"},
    std::string_view{"writing by"},
    std::string_view{"compiled by"},
    std::string_view{"contributed to this report"},
    std::string_view{"contributed reporting"},
    std::string_view{"all rights reserved"},
    std::string_view{"rights reserved"},
    std::string_view{"copyright"},
    std::string_view{"subscribe to"},
    std::string_view{"subscribe now"},
    std::string_view{"subscribe here"},
    std::string_view{"subscribe today"},
    std::string_view{"subscribers only"},
    std::string_view{"sign up for"},
    std::string_view{"sign up to"},
    std::string_view{"newsletter"},
    std::string_view{"newsletters"},
    std::string_view{"read more"},
    std::string_view{"read also"},
    std::string_view{"also read"},
    std::string_view{"continue reading"},
    std::string_view{"click here"},
    std::string_view{"share this"},
    std::string_view{"share on"},
    std::string_view{"follow us"},
    std::string_view{"follow our"},
    std::string_view{"like us on"},
    std::string_view{"find us on"},
    std::string_view{"join us on"},
    std::string_view{"join our"},
    std::string_view{"download our"},
    std::string_view{"download the app"},
    std::string_view{"terms of use"},
    std::string_view{"terms of service"},
    std::string_view{"terms and conditions"},
    std::string_view{"privacy policy"},
    std::string_view{"cookie policy"},
    std::string_view{"photo by"},
    std::string_view{"photo credit"},
    std::string_view{"photograph by"},
    std::string_view{"image credit"},
    std::string_view{"file photo"},
    std::string_view{"getty images"},
    std::string_view{"our standards"},
    std::string_view{"trust principles"},
    std::string_view{"support our journalism"},
    std::string_view{"become a member"},
    std::string_view{"advertisement"},
    std::string_view{"sponsored content"},
    std::string_view{"related stories"},
    std::string_view{"related articles"},
    std::string_view{"view comments"},
    std::string_view{"leave a comment"},
    std::string_view{"first appeared"},
    std::string_view{"originally appeared"},
    std::string_view{"originally published"},
    std::string_view{"first published"},
    std::string_view{"may not be reproduced"},
    std::string_view{"may not be published"},
    std::string_view{"not be republished"},
    std::string_view{"without permission"},
    std::string_view{"without prior permission"},
    std::string_view{"without prior written"},
    std::string_view{"for more information visit"},
    std::string_view{"for more stories"},
    std::string_view{"staff writer"},
    std::string_view{"staff reporter"},
};

constexpr std::size_t kDatelineTokensMax = 12;
constexpr std::size_t kLineTokensMax = 60;  // longer ones hold news too
constexpr std::size_t kLooseLineTokensMax = 12;
constexpr std::size_t kLooseHeadTokensMax = 20;  // more is a table or a list, and the story itself
constexpr std::size_t kLooseTailTokensMax = 40;

using before::kColon;
using before::kDash;
using before::kNewline;
using before::kParagraph;
using before::kParenOpen;
using before::kSemicolon;
using before::kStop;

struct Phrases {
  // Phrases by the hash of their first token.
  std::unordered_map<std::uint64_t, std::vector<std::vector<std::uint64_t>>> by_first;
  Phrases() {
    for (const std::string_view phrase : kPhrases) {
      std::vector<std::uint64_t> hashes;
      for (const Token& token : tokenize(phrase)) hashes.push_back(token.hash);
      by_first[hashes.front()].push_back(std::move(hashes));
    }
  }
};

const Phrases& phrases() {
  static const Phrases kTable;
  return kTable;
}

bool begins_phrase(const Text& text, std::size_t token, std::size_t end) {
  const auto known = phrases().by_first.find(text.tokens[token].hash);
  if (known == phrases().by_first.end()) return false;
  return std::any_of(known->second.begin(), known->second.end(), [&](const auto& phrase) {
    if (token + phrase.size() > end) return false;
    for (std::size_t i = 0; i < phrase.size(); ++i) {
      if (text.tokens[token + i].hash != phrase[i]) return false;
    }
    return true;
  });
}

// End of the dateline that starts at `begin` ("KYIV, Feb 3 (Agency) - "), or `begin` without one: a
// few capitalised words and numbers up to a spaced dash, or up to the close of a parenthesis.
std::size_t dateline_end(const Text& text, std::size_t begin) {
  const std::size_t limit = std::min(text.tokens.size(), begin + kDatelineTokensMax);
  bool opened = false;
  for (std::size_t i = begin; i < limit; ++i) {
    const Token& token = text.tokens[i];
    if (i > begin) {
      if ((token.before & (kParagraph | kSemicolon)) != 0) return begin;
      if ((token.before & kDash) != 0) return i;
      if (opened && (token.before & before::kParenClose) != 0 && i - begin >= 2) return i;
      if ((token.before & kParenOpen) != 0) opened = true;
    }
    if ((token.shape & shape::kLower) != 0) return begin;
  }
  return begin;
}

// True when a sentence ends before the token (or before the end of the text).
bool after_stop(const Text& text, std::size_t token) {
  if (token < text.tokens.size()) return (text.tokens[token].before & kStop) != 0;
  const std::string_view rest = std::string_view(text.bytes).substr(text.tokens.back().end);
  return rest.find_first_of(".!?") != std::string_view::npos;
}

struct Range {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// Takes bylines, section names, share lines and the like off both ends, by their form alone: short
// paragraphs that are no sentence.
Range trim_loose_lines(const Text& text, Range range) {
  const auto opens_paragraph = [&](std::size_t token) {
    return token == range.begin || (text.tokens[token].before & kParagraph) != 0;
  };
  Range trimmed = range;
  for (std::size_t i = range.begin; i < range.end && i - trimmed.begin <= kLooseLineTokensMax;) {
    ++i;
    if (i == range.end || (text.tokens[i].before & kStop) != 0) break;
    if (opens_paragraph(i)) trimmed.begin = i;
  }
  while (trimmed.end > trimmed.begin && !after_stop(text, trimmed.end)) {
    std::size_t line = trimmed.end - 1;
    const std::size_t reach = std::min(trimmed.end - trimmed.begin, kLooseLineTokensMax);
    while (line > trimmed.end - reach && !opens_paragraph(line) &&
           (text.tokens[line].before & kStop) == 0) {
      --line;
    }
    if (!opens_paragraph(line) || line == trimmed.begin) break;
    trimmed.end = line;
  }
  if (trimmed.begin - range.begin > kLooseHeadTokensMax) trimmed.begin = range.begin;
  if (range.end - trimmed.end > kLooseTailTokensMax) trimmed.end = range.end;
  const bool most_is_left = 2 * (trimmed.end - trimmed.begin) >= range.end - range.begin;
  return most_is_left ? trimmed : range;
}

}  // namespace

std::vector<std::uint32_t> story_tokens(const Text& text) {
  std::vector<std::uint32_t> kept;
  const std::size_t size = text.tokens.size();
  kept.reserve(size);
  const std::size_t body = text.body_token < size ? text.body_token : 0;
  const Range story = trim_loose_lines(text, {body, size});
  std::size_t line = dateline_end(text, story.begin);
  while (line < story.end) {
    // A line ends at a sentence's end or a line break; hard-wrapped text only makes it shorter.
    std::size_t end = line + 1;
    while (end < story.end && (text.tokens[end].before & (kStop | kParagraph)) == 0) ++end;
    bool boilerplate = false;
    if (end - line <= kLineTokensMax) {
      for (std::size_t i = line; i < end && !boilerplate; ++i) {
        boilerplate = begins_phrase(text, i, end);
      }
    }
    if (!boilerplate) {
      for (std::size_t i = line; i < end; ++i) kept.push_back(static_cast<std::uint32_t>(i));
    }
    line = end;
  }
  if (kept.empty()) {
    for (std::size_t i = body; i < size; ++i) kept.push_back(static_cast<std::uint32_t>(i));
  }
  return kept;
}

}  // namespace tocsin
