#include "pipeline/text/language.h"

#include <cld2/public/compact_lang_det.h>

#include <algorithm>
#include <array>
#include <memory>
#include <span>

#include "pipeline/text/ascii.h"
#include "pipeline/text/fold.h"

namespace tocsin {

namespace {

constexpr std::size_t kProbeTokens = 200;  // of the text that are looked at
constexpr std::size_t kLongLetters = 200;  // from here on a sure finding beats what was declared
constexpr std::size_t kShortWords = 4;     // a headline
constexpr std::size_t kDetectBytesMax = 4096;  // cld2 needs no more

struct Count {
  std::size_t words = 0;
  const Language* likely = nullptr;  // whose telltale words are the most frequent; nullptr: none
  std::size_t telltale = 0;
  std::size_t function_words = 0;  // of that language
  std::size_t ascii_words = 0;
  std::size_t other_scripts = 0;  // words that are not Latin
  std::size_t letters = 0;
};

Count count_words(const Text& text, const Languages& languages) {
  constexpr char32_t kLatinEnd = 0x370;
  Count count;
  const std::span probe(text.tokens.data(), std::min(text.tokens.size(), kProbeTokens));
  for (const Token& token : probe) {
    if ((token.shape & shape::kNumber) != 0) continue;
    ++count.words;
    count.letters += token.end - token.begin;
    if ((token.shape & shape::kNonAscii) == 0) ++count.ascii_words;
    if (code_point(text.bytes, token.begin).code >= kLatinEnd) ++count.other_scripts;
  }
  for (const LanguageWords& reader : languages.all()) {
    const Language* const language = reader.language.get();
    const bool is_looked_up = reader.words == text.vocabulary;
    std::size_t telltale = 0;
    std::size_t function_words = 0;
    for (const Token& token : probe) {
      if ((token.shape & shape::kNumber) != 0) continue;
      const WordId word = is_looked_up ? token.word : language->find(token.hash);
      telltale += language->is(word, WordClass::telltale) ? 1U : 0U;
      function_words += language->is(word, WordClass::function_word) ? 1U : 0U;
    }
    if (telltale + function_words <= count.telltale + count.function_words) continue;
    count.likely = language;
    count.telltale = telltale;
    count.function_words = function_words;
  }
  return count;
}

// "Jakarta scuttles 40 seized Malaysian, Thai boats": every word in small letters is one of the
// vocabulary that the text was looked up in, and some are no particles that others have, too. A
// headline without a telltale word, full of names of another language.
bool is_of_looked_up(const Text& text) {
  constexpr std::uint32_t kLongWord = 4;  // letters
  constexpr std::size_t kLongWordsMin = 2;
  std::size_t long_words = 0;
  for (const Token& token : text.tokens) {
    if ((token.shape & shape::kNumber) != 0 || (token.shape & shape::kLower) == 0) continue;
    if (token.word == kUnknownWord) return false;
    if (token.end - token.begin >= kLongWord) ++long_words;
  }
  return long_words >= kLongWordsMin;
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

// Its Latin letters are those that the likely language is written with.
bool is_plausible(const Count& count) {
  const std::size_t latin = count.words - count.other_scripts;
  return count.likely != nullptr && 2 * latin >= count.words &&
         (!count.likely->is_ascii() || count.ascii_words * 10 >= latin * 9);
}

}  // namespace

std::string language_of(const Text& text, std::string_view declared, const Languages& languages) {
  const Count count = count_words(text, languages);
  const std::string said = primary_code(declared);
  const bool is_long = count.letters >= kLongLetters;
  const std::string likely = is_plausible(count) ? count.likely->code() : "";
  // A fifth of running English is its telltale words, of headlines a tenth; of another language
  // they are next to nothing. Beside it the same may stand in another script.
  const std::size_t latin = count.words - count.other_scripts;
  const bool is_sure = !likely.empty() && count.telltale * 5 >= latin;
  if (is_long && is_sure) return likely;
  if (!said.empty()) {
    const bool doubtful = is_long && (count.likely == nullptr || count.likely->code() != said ||
                                      count.telltale * 20 < count.words);
    if (!doubtful) return said;
    const std::string found = detect(text.bytes);
    return found.empty() ? said : found;
  }
  if (count.words == 0) return "und";
  const bool both = count.other_scripts > 0 && count.telltale >= 1;
  if (is_sure && latin >= kShortWords && (count.telltale >= 2 || both)) return likely;
  if (!is_long && is_of_looked_up(text)) return std::string(text.words->code());
  const std::string found = detect(text.bytes);
  if (!found.empty() && is_long) return found;
  // Short: cld2 errs on headlines full of names, so a language with data needs little and others
  // need its word. Of a few words it knows the names at best.
  if (!likely.empty() && count.telltale > 0 && count.words >= kShortWords) return likely;
  if (count.ascii_words < count.words || count.words >= kShortWords) {
    if (!found.empty()) return found;
  }
  return !likely.empty() && found.empty() ? likely : "und";
}

}  // namespace tocsin
