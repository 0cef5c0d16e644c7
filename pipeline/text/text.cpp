#include "pipeline/text/text.h"

#include <algorithm>

#include "pipeline/text/clean.h"
#include "pipeline/text/language.h"
#include "pipeline/text/sentences.h"
#include "pipeline/text/tokens.h"

namespace tocsin {

namespace {

std::uint32_t size32(const std::string& bytes) {
  return static_cast<std::uint32_t>(bytes.size());
}

// English news has about six bytes a token.
constexpr std::size_t kBytesPerToken = 5;

// An article wholly in small letters says nothing by them: names are found all the same.
bool has_capitals(const Text& text) {
  constexpr std::uint16_t kCapital = shape::kTitle | shape::kUpper | shape::kMixed;
  return std::any_of(text.tokens.begin(), text.tokens.end(),
                     [](const Token& token) { return (token.shape & kCapital) != 0; });
}

// Far enough ahead for a line of the table to come.
constexpr std::size_t kTokensAhead = 16;

void look_words_up(const LanguageWords& reader, Text& text) {
  text.words = reader.language;
  text.vocabulary = reader.words;
  const Vocabulary& words = *reader.words;
  const std::size_t size = text.tokens.size();
  for (std::size_t i = 0; i < size; ++i) {
    if (i + kTokensAhead < size) words.prefetch(text.tokens[i + kTokensAhead].hash);
    text.tokens[i].word = words.find(text.tokens[i].hash);
  }
}

}  // namespace

Text make_text(std::string_view title, std::string_view body, std::string_view declared_language,
               const Languages& languages) {
  Text text;
  text.bytes.reserve(title.size() + body.size() + 1);
  append_clean(title, languages, text.bytes, text.runs);
  const std::uint32_t title_end = size32(text.bytes);
  text.bytes += '\n';
  text.body_begin = size32(text.bytes);
  append_clean(body, languages, text.bytes, text.runs);
  text.points = CodePoints(text.bytes);

  text.tokens.reserve(text.bytes.size() / kBytesPerToken + 8);
  append_tokens(text.bytes, 0, title_end, text.tokens);
  text.body_token = static_cast<std::uint32_t>(text.tokens.size());
  append_tokens(text.bytes, text.body_begin, size32(text.bytes), text.tokens);
  text.told_end = static_cast<std::uint32_t>(text.tokens.size());
  // Most texts are in the first language; which one a text is in, its words tell.
  look_words_up(languages.all().empty() ? languages.reader_of("") : languages.all().front(), text);
  text.language = language_of(text, declared_language, languages);
  const LanguageWords& reader = languages.reader_of(text.language);
  if (reader.words != text.vocabulary) look_words_up(reader, text);
  split_sentences(text);
  if (!has_capitals(text)) {
    for (Token& token : text.tokens) {
      if ((token.shape & shape::kLower) != 0) token.shape |= shape::kNoCase;
    }
  }
  return text;
}

std::size_t Text::sentence_of(std::uint32_t token) const {
  const auto after = std::upper_bound(
      sentences.begin(), sentences.end(), token,
      [](std::uint32_t value, const Sentence& sentence) { return value < sentence.tokens.begin; });
  return static_cast<std::size_t>(after - sentences.begin()) - 1;
}

std::uint32_t Text::original_offset(std::uint32_t byte, bool is_end) const {
  if (is_end && (byte == 0 || byte == body_begin)) return 0;  // the end of nothing
  const std::uint32_t probe = is_end ? byte - 1 : byte;
  const auto after =
      std::upper_bound(runs.begin(), runs.end(), probe,
                       [](std::uint32_t value, const Run& run) { return value < run.clean; });
  if (after == runs.begin()) return 0;
  const Run& run = *(after - 1);
  if (run.original_end != 0) return is_end ? run.original_end : run.original;
  return run.original + points.before(bytes, byte) - points.before(bytes, run.clean);
}

}  // namespace tocsin
