#include "pipeline/dedupe/boilerplate.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "pipeline/text/word_set.h"

namespace tocsin {
namespace {

constexpr std::size_t kDatelineTokensMax = 12;
constexpr int kHeaderPartsMax = 3;
constexpr std::size_t kHeaderTokensMax = 16;
constexpr std::size_t kLineTokensMax = 60;  // longer ones hold news too
constexpr std::size_t kStartedLineTokensMax = 25;
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

enum class Where : std::uint8_t { anywhere, at_start };

struct Phrase {
  Where where = Where::anywhere;
  std::string_view words;
};

constexpr Phrase kPhrases[] = {
#include "pipeline/dedupe/boilerplate_phrases.inc"
};

// Phrases by the hash of their first token.
using Phrases = std::unordered_map<std::uint64_t, std::vector<std::vector<std::uint64_t>>>;

Phrases make_phrases(Where where) {
  Phrases phrases;
  for (const Phrase& phrase : kPhrases) {
    if (phrase.where != where) continue;
    std::vector<std::uint64_t> hashes;
    for (const Token& token : tokenize(phrase.words)) hashes.push_back(token.hash);
    phrases[hashes.front()].push_back(std::move(hashes));
  }
  return phrases;
}

bool begins_phrase(const Phrases& phrases, const Text& text, std::size_t token, std::size_t end) {
  const auto known = phrases.find(text.tokens[token].hash);
  if (known == phrases.end()) return false;
  return std::any_of(known->second.begin(), known->second.end(), [&](const auto& phrase) {
    if (token + phrase.size() > end) return false;
    for (std::size_t i = 0; i < phrase.size(); ++i) {
      if (text.tokens[token + i].hash != phrase[i]) return false;
    }
    return true;
  });
}

// Whether the tokens [begin, end), a line or sentence, are an agency's or a site's and not news.
bool is_boilerplate(const Text& text, std::size_t begin, std::size_t end) {
  static const Phrases kAnywhere = make_phrases(Where::anywhere);
  static const Phrases kAtStart = make_phrases(Where::at_start);
  if (end - begin > kLineTokensMax) return false;
  for (std::size_t i = begin; i < end; ++i) {
    if (begins_phrase(kAnywhere, text, i, end)) return true;
  }
  return end - begin <= kStartedLineTokensMax && begins_phrase(kAtStart, text, begin, end);
}

// End of a stamp of time ("Updated Sept 18, 2025 09:39 GMT") that starts at `begin`, or `begin`.
std::size_t stamp_end(const Text& text, std::size_t begin, std::size_t limit) {
  static const WordSet kMonths = {
      "january", "february",  "march",   "april",    "may",       "june",  "july",
      "august",  "september", "october", "november", "december",  "jan",   "feb",
      "mar",     "apr",       "jun",     "jul",      "aug",       "sep",   "sept",
      "oct",     "nov",       "dec",     "updated",  "published", "posted"};
  static const WordSet kAround = {
      "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
      "mon",    "tue",     "wed",       "thu",      "fri",    "sat",      "sun",
      "last",   "on",      "at",        "am",       "pm",     "gmt",      "utc",
      "est",    "edt",     "bst",       "cet",      "cest",   "ist",      "et"};
  bool month = false;
  bool number = false;
  std::size_t end = begin;
  for (std::size_t i = begin; i < limit; ++i) {
    const Token& token = text.tokens[i];
    if ((token.shape & shape::kNumber) != 0) {
      number = true;
    } else if (kMonths.has(token)) {
      month = true;
    } else if (!kAround.has(token)) {
      break;
    }
    end = i + 1;
  }
  return month && number ? end : begin;
}

// Begin of the mark by which some feeds show how much they cut off ("[+1234 chars]"), or `end`.
std::size_t cut_mark_begin(const Text& text, std::size_t begin, std::size_t end) {
  static const WordSet kUnits{"char", "chars", "characters"};
  if (end < begin + 3 || !kUnits.has(text.tokens[end - 1])) return end;
  const Token& number = text.tokens[end - 2];
  const bool marked = (number.before & (before::kOther | before::kParenOpen)) != 0;
  return marked && (number.shape & shape::kNumber) != 0 ? end - 2 : end;
}

// End of the byline that starts at `begin` ("By Ana Ruiz, Harbour Post correspondent"), or `begin`:
// names up to a line break or a stamp of time.
std::size_t byline_end(const Text& text, std::size_t begin, std::size_t limit) {
  static const WordSet kBy{"by"};
  static const WordSet kRoles = {
      "and",    "in",    "for",     "of", "the",   "correspondent", "reporter", "writer",
      "editor", "staff", "special", "to", "chief", "senior",        "news",     "agencies"};
  if (begin == limit || !kBy.has(text.tokens[begin])) return begin;
  for (std::size_t i = begin + 1; i < limit; ++i) {
    const Token& token = text.tokens[i];
    if (i > begin + 1 &&
        ((token.before & (kNewline | kParagraph)) != 0 || stamp_end(text, i, limit) > i)) {
      return i;
    }
    const bool name = (token.shape & (shape::kLower | shape::kNumber)) == 0;
    if (i == begin + 1 ? !name : !name && !kRoles.has(token)) return begin;
  }
  return begin;
}

// End of the lines above a story: who wrote it and when.
std::size_t header_end(const Text& text, std::size_t begin, std::size_t end) {
  for (int part = 0; part < kHeaderPartsMax; ++part) {
    const std::size_t limit = std::min(end, begin + kHeaderTokensMax);
    const std::size_t next =
        std::max(byline_end(text, begin, limit), stamp_end(text, begin, limit));
    if (next == begin) break;
    begin = next;
  }
  return begin;
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
  const Range story = trim_loose_lines(text, {body, cut_mark_begin(text, body, size)});
  std::size_t line = dateline_end(text, header_end(text, story.begin, story.end));
  while (line < story.end) {
    // A line ends at a sentence's end or a line break; hard-wrapped text only makes it shorter.
    std::size_t end = line + 1;
    while (end < story.end && (text.tokens[end].before & (kStop | kParagraph)) == 0) ++end;
    if (!is_boilerplate(text, line, end)) {
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
