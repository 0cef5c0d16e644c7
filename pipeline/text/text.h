// The text of an article as every later stage sees it: cleaned, cut into tokens and sentences.
// Promises: one pass, linear time, offsets that lead back to the article's own fields.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/language/language.h"
#include "pipeline/text/code_points.h"

namespace tocsin {

enum class Field : std::uint8_t { title, body };

// Bytes [begin, end) of Text::bytes.
struct ByteSpan {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  friend bool operator==(const ByteSpan&, const ByteSpan&) = default;
};

// Tokens [begin, end) of Text::tokens.
struct TokenSpan {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  [[nodiscard]] std::uint32_t size() const noexcept { return end - begin; }
  friend bool operator==(const TokenSpan&, const TokenSpan&) = default;
};

// A word or a number; punctuation is not a token but a mark on what follows it (`before`).
// "U.S." is one token whose folded form is "us"; "Russia's" is the token "Russia" with kPossessive;
// "build-up" is two tokens, the second with kJoinedHyphen; "don't" is one token, apostrophe folded
// to '.
struct Token {
  std::uint32_t begin = 0;  // bytes of Text::bytes, without a possessive ending
  std::uint32_t end = 0;
  std::uint64_t hash = 0;      // fold_hash of the token
  std::uint16_t before = 0;    // Before bits: what stood between the previous token and this one
  std::uint16_t shape = 0;     // Shape bits
  WordId word = kUnknownWord;  // of an article: in Text::vocabulary
};

// Token::shape. Exactly one of kLower..kNumber is set.
namespace shape {
inline constexpr std::uint16_t kLower = 1 << 0;       // russia
inline constexpr std::uint16_t kTitle = 1 << 1;       // Russia, also a single capital letter
inline constexpr std::uint16_t kUpper = 1 << 2;       // RUSSIA, US, G7, U.S.
inline constexpr std::uint16_t kMixed = 1 << 3;       // iPhone, McDonald
inline constexpr std::uint16_t kNumber = 1 << 4;      // 1986, 3.5, 1,000, 24th
inline constexpr std::uint16_t kPossessive = 1 << 5;  // followed by 's or s'
inline constexpr std::uint16_t kPointed = 1 << 6;     // points inside were folded away: U.S.
inline constexpr std::uint16_t kNoCase = 1 << 7;      // script without case (with kLower)
inline constexpr std::uint16_t kNonAscii = 1 << 8;
inline constexpr std::uint16_t kContraction =
    1 << 9;  // kPossessive that may be "is"/"has": he's, it's
}  // namespace shape

// Token::before.
namespace before {
inline constexpr std::uint16_t kSpace = 1 << 0;         // any white space, line breaks included
inline constexpr std::uint16_t kJoinedHyphen = 1 << 1;  // hyphen without spaces: build-up
inline constexpr std::uint16_t kJoinedSlash = 1 << 2;   // and/or; also & without spaces
inline constexpr std::uint16_t kComma = 1 << 3;
inline constexpr std::uint16_t kStop = 1 << 4;  // . ! ? …
inline constexpr std::uint16_t kColon = 1 << 5;
inline constexpr std::uint16_t kSemicolon = 1 << 6;
inline constexpr std::uint16_t kDash = 1 << 7;  // spaced hyphen or en dash; em dash
inline constexpr std::uint16_t kQuoteOpen = 1 << 8;
inline constexpr std::uint16_t kQuoteClose = 1 << 9;
inline constexpr std::uint16_t kParenOpen = 1 << 10;
inline constexpr std::uint16_t kParenClose = 1 << 11;
inline constexpr std::uint16_t kNewline = 1 << 12;    // one line break
inline constexpr std::uint16_t kParagraph = 1 << 13;  // blank line, <p>, <br><br>
inline constexpr std::uint16_t kOther = 1 << 14;      // any other sign
inline constexpr std::uint16_t kApostrophe =
    1 << 15;  // joined by an apostrophe: O'Neill's second token
}  // namespace before

struct Sentence {
  TokenSpan tokens;
  Field field = Field::body;  // how it is written: a body of one headline reads as a title
  std::uint16_t index = 0;    // 0 for the title; in the body 0, 1, 2, ... (saturates)
  bool paragraph_start = false;
};

// The marks (Before bits) after the last token, that no token carries.
struct Text {
  std::string bytes;             // cleaned title, '\n', cleaned body
  std::uint32_t body_begin = 0;  // byte where the body starts
  std::uint32_t body_token = 0;  // first token of the body
  // End of the tokens that tell something: of the title where the body carries no story.
  std::uint32_t told_end = 0;
  std::vector<Token> tokens;
  std::vector<Sentence>
      sentences;         // in order, covering all tokens; the title is the first when present
  std::string language;  // ISO 639-1 where known ("en"), "und" when too short or unsure
  std::shared_ptr<const Language> words;  // it is read with
  std::shared_ptr<const Vocabulary> vocabulary;

  [[nodiscard]] bool is(const Token& token, WordClass wanted) const noexcept {
    return words->is(token.word, wanted);
  }

  [[nodiscard]] std::string_view slice(ByteSpan span) const {
    return std::string_view(bytes).substr(span.begin, span.end - span.begin);
  }
  [[nodiscard]] std::string_view slice(const Token& token) const {
    return std::string_view(bytes).substr(token.begin, token.end - token.begin);
  }
  [[nodiscard]] ByteSpan bytes_of(TokenSpan span) const {
    return {tokens[span.begin].begin, tokens[span.end - 1].end};
  }
  [[nodiscard]] Field field_of(std::uint32_t byte) const {
    return byte < body_begin ? Field::title : Field::body;
  }
  // Sentence that holds the token: index into `sentences`. O(log n).
  [[nodiscard]] std::size_t sentence_of(std::uint32_t token) const;

  // Code-point offset into the article's own field (as it stood after JSON decoding, before
  // clean-up) of a byte of `bytes`; `is_end` asks for the end of the code point or entity before
  // it. O(log runs), whatever the length.
  [[nodiscard]] std::uint32_t original_offset(std::uint32_t byte, bool is_end) const;

  // Ascending runs of the clean-up: from `clean` on, code point `original` of the field.
  struct Run {
    std::uint32_t clean = 0;
    std::uint32_t original = 0;
    std::uint32_t original_end = 0;  // an entity: where its source ends; 0 for plain runs
  };
  std::vector<Run> runs;

  CodePoints points;  // of `bytes`
};

// Cleans (HTML tags and entities that feeds leave in), tokenises, looks each word up in the
// vocabulary of its language, splits sentences. `declared_language` is the article's own; empty:
// detected (cld2).
[[nodiscard]] Text make_text(std::string_view title, std::string_view body,
                             std::string_view declared_language, const Languages& languages);

// 64-bit hash of the folded form of one token: case, diacritics, apostrophes and inner points are
// folded by the pinned table of fold.h, so the value never depends on an installed library.
[[nodiscard]] std::uint64_t fold_hash(std::string_view token);
// The folded form itself, as UTF-8.
[[nodiscard]] std::string fold(std::string_view token);

// Tokens of a phrase (an alias, a lexicon entry) by the same rules as an article's.
[[nodiscard]] std::vector<Token> tokenize(std::string_view phrase);

}  // namespace tocsin
