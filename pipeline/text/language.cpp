#include "pipeline/text/language.h"

#include <cld2/public/compact_lang_det.h>

#include <algorithm>
#include <array>

#include "pipeline/text/ascii.h"
#include "pipeline/text/fold.h"
#include "pipeline/text/word_set.h"

namespace tocsin {

namespace {

constexpr std::size_t kProbeTokens = 200;  // of the text that are looked at
constexpr std::size_t kLongLetters = 200;  // from here on a sure finding beats what was declared
constexpr std::size_t kShortWords = 4;     // a headline
constexpr std::size_t kDetectBytesMax = 4096;  // cld2 needs no more

// Function words of English that are rare in, or absent from, its neighbours.
const WordSet kStopWords{"the",  "of",    "and",   "to",   "that", "is",    "was",   "with",
                         "for",  "his",   "by",    "it",   "from", "have",  "has",   "been",
                         "were", "will",  "would", "said", "not",  "their", "they",  "he",
                         "she",  "which", "who",   "at",   "but",  "are",   "over",  "after",
                         "as",   "its",   "this",  "into", "on",   "than",  "about", "could"};

struct Count {
  std::size_t words = 0;
  std::size_t stop_words = 0;
  std::size_t ascii_words = 0;
  std::size_t letters = 0;
};

Count count_words(const Text& text) {
  Count count;
  for (std::size_t i = 0; i < std::min(text.tokens.size(), kProbeTokens); ++i) {
    const Token& token = text.tokens[i];
    if ((token.shape & shape::kNumber) != 0) continue;
    ++count.words;
    count.letters += token.end - token.begin;
    if ((token.shape & shape::kNonAscii) == 0) ++count.ascii_words;
    if (token.end - token.begin <= 5 && kStopWords.has(token)) ++count.stop_words;
  }
  return count;
}

// "en-US", "EN", "eng" to "en"; "" when it is no language code.
std::string primary_code(std::string_view declared) {
  struct Alias {
    std::string_view from;
    std::string_view to;
  };
  static constexpr std::array kAliases = {
      Alias{"ara", "ar"},     Alias{"chi", "zh"}, Alias{"deu", "de"}, Alias{"eng", "en"},
      Alias{"english", "en"}, Alias{"fas", "fa"}, Alias{"fra", "fr"}, Alias{"fre", "fr"},
      Alias{"ger", "de"},     Alias{"heb", "he"}, Alias{"ita", "it"}, Alias{"iw", "he"},
      Alias{"jpn", "ja"},     Alias{"kor", "ko"}, Alias{"per", "fa"}, Alias{"pol", "pl"},
      Alias{"por", "pt"},     Alias{"rus", "ru"}, Alias{"spa", "es"}, Alias{"tur", "tr"},
      Alias{"ukr", "uk"},     Alias{"zho", "zh"}};
  std::string code;
  for (const char c : declared.substr(0, declared.find_first_of("-_"))) {
    if (c == ' ') continue;
    const char low = ascii_lower(c);
    if (low < 'a' || low > 'z') return "";
    code += low;
  }
  for (const Alias& alias : kAliases) {
    if (code == alias.from) return std::string(alias.to);
  }
  const bool is_code = code.size() == 2 || code.size() == 3;
  return is_code && code != "und" && code != "mul" && code != "zxx" ? code : "";
}

// The bytes that cld2 may see: it reads past what is not UTF-8, also past a character that was cut.
std::size_t detectable(std::string_view bytes) {
  std::size_t at = 0;
  while (at < std::min(bytes.size(), kDetectBytesMax)) {
    const CodePoint point = code_point(bytes, at);
    if (point.code == 0xFFFD && point.bytes == 1) break;
    at += point.bytes;
  }
  return at;
}

// What cld2 is sure of; "" otherwise.
std::string detect(std::string_view bytes) {
  bool reliable = false;
  const CLD2::Language found =
      CLD2::DetectLanguage(bytes.data(), static_cast<int>(detectable(bytes)),
                           /*is_plain_text=*/true, &reliable);
  if (!reliable || found == CLD2::UNKNOWN_LANGUAGE) return "";
  return primary_code(CLD2::LanguageCode(found));
}

bool mostly_ascii(const Count& count) {
  return count.ascii_words * 10 >= count.words * 9;
}

}  // namespace

std::string language_of(const Text& text, std::string_view declared) {
  const Count count = count_words(text);
  const std::string said = primary_code(declared);
  const bool is_long = count.letters >= kLongLetters;
  // A fifth of running English is these words, of headlines a tenth; no other language comes near.
  const bool surely_english = mostly_ascii(count) && count.stop_words * 5 >= count.words;
  if (is_long && surely_english) return "en";
  if (!said.empty()) {
    const bool doubtful = is_long && (said != "en" || count.stop_words * 20 < count.words);
    if (!doubtful) return said;
    const std::string found = detect(text.bytes);
    return found.empty() ? said : found;
  }
  if (count.words == 0) return "und";
  if (surely_english && count.words >= kShortWords && count.stop_words >= 2) return "en";
  const std::string found = detect(text.bytes);
  if (!found.empty() && is_long) return found;
  // Short: cld2 errs on headlines full of names, so English needs little and others need its word.
  if (mostly_ascii(count) && count.words >= kShortWords &&
      (found == "en" || count.stop_words > 0)) {
    return "en";
  }
  return found.empty() ? "und" : found;
}

}  // namespace tocsin
