#include "pipeline/text/tokens.h"

#include <algorithm>
#include <array>
#include <bit>

#include "pipeline/text/fold.h"

namespace tocsin {

namespace {

constexpr std::uint8_t kSeenLower = 1;
constexpr std::uint8_t kSeenUpper = 2;
constexpr std::uint8_t kSeenDigit = 4;
constexpr std::uint8_t kSeenNoCase = 8;

// What an ASCII byte contributes to a word; 0: it is no letter or digit.
constexpr std::array<std::uint8_t, 256> kAsciiWord = [] {
  std::array<std::uint8_t, 256> bits{};
  for (std::size_t c = 'a'; c <= 'z'; ++c) bits[c] = kSeenLower;
  for (std::size_t c = 'A'; c <= 'Z'; ++c) bits[c] = kSeenUpper;
  for (std::size_t c = '0'; c <= '9'; ++c) bits[c] = kSeenDigit;
  return bits;
}();

// A bit for each of 64 bytes.
struct ByteBits {
  std::uint64_t lower = 0;  // a..z
  std::uint64_t upper = 0;  // A..Z
  std::uint64_t word = 0;   // either, or a digit
};

// Eight bytes at a time, each result in the top bit of its byte.
ByteBits bits_of_block(const char* bytes) noexcept {
  constexpr std::uint64_t kEach = 0x0101010101010101;
  constexpr std::uint64_t kTop = 0x80 * kEach;
  const auto between = [](std::uint64_t value, char first, char last) {
    const auto low = static_cast<std::uint64_t>(first);
    const auto high = static_cast<std::uint64_t>(last);
    return (value + kEach * (0x80 - low)) & ~(value + kEach * (0x7F - high));
  };
  ByteBits block;
  for (unsigned at = 0; at < 64; at += 8) {
    std::uint64_t eight = 0;
    for (unsigned i = 0; i < 8; ++i) {
      eight |= std::uint64_t{static_cast<unsigned char>(bytes[at + i])} << 8 * i;
    }
    const std::uint64_t low = eight & ~kTop;
    const std::uint64_t is_ascii = ~eight & kTop;
    const std::uint64_t letter = between(low | 0x20 * kEach, 'a', 'z') & is_ascii;
    const std::uint64_t upper = letter & ~(eight << 2);  // small ones have 0x20
    const std::uint64_t digit = between(low, '0', '9') & is_ascii;
    // The product moves the bit of byte i to bit 56 + i.
    const auto bits = [at](std::uint64_t top) {
      return ((top >> 7) * 0x0102040810204080 >> 56) << at;
    };
    block.lower |= bits(letter & ~upper);
    block.upper |= bits(upper);
    block.word |= bits(letter | digit);
  }
  return block;
}

// The bits of a whole text, so that a word ends where the next zero stands, whatever its length:
// guesses at the lengths of words are mostly wrong.
class TextBits {
 public:
  void read(std::string_view bytes) {
    constexpr std::size_t kBlocksKept = 1 << 14;  // memory for longer texts is not kept
    if (blocks_.size() > kBlocksKept) blocks_ = {};
    blocks_.clear();
    blocks_.reserve(bytes.size() / 64 + 2);
    for (; bytes.size() >= 64; bytes.remove_prefix(64)) {
      blocks_.push_back(bits_of_block(bytes.data()));
    }
    std::array<char, 64> rest{};
    std::copy(bytes.begin(), bytes.end(), rest.begin());
    blocks_.push_back(bits_of_block(rest.data()));
    blocks_.emplace_back();
  }
  // Those of 64 bytes from `at` on; zeros behind the end.
  [[nodiscard]] ByteBits from(std::size_t at) const noexcept {
    const ByteBits& here = blocks_[at / 64];
    const ByteBits& next = blocks_[at / 64 + 1];
    const auto joined = [shift = at % 64](std::uint64_t low, std::uint64_t high) {
      return low >> shift | high << 1 << (63 - shift);
    };
    return {joined(here.lower, next.lower), joined(here.upper, next.upper),
            joined(here.word, next.word)};
  }

 private:
  std::vector<ByteBits> blocks_;
};

// Bytes that may go on with a word: looked at by Tokenizer::go_on.
constexpr std::array<bool, 256> kGoesOn = [] {
  std::array<bool, 256> goes_on{};
  for (std::size_t c = 0x80; c < 0x100; ++c) goes_on[c] = true;
  goes_on['.'] = goes_on[','] = goes_on['\''] = true;
  return goes_on;
}();

bool is_digit(unsigned char byte) noexcept {
  return byte >= '0' && byte <= '9';
}
bool is_ascii_letter(unsigned char byte) noexcept {
  return (kAsciiWord[byte] & (kSeenLower | kSeenUpper)) != 0;
}
char lower(unsigned char byte) noexcept {
  return static_cast<char>(byte | 0x20);
}

// Ignored signs that nobody sees: soft hyphens, zero-width spaces, marks of direction.
bool is_format_control(char32_t code) noexcept {
  return code == 0xAD || code == 0x61C || (code >= 0x200B && code < 0x2070) || code >= 0xFE00;
}

// Words whose 's is "is" or "has" far more often than a possessive.
bool is_pronoun(std::string_view word) noexcept {
  static constexpr std::array<std::string_view, 13> kPronouns = {
      "he",    "here", "how",  "it",    "let", "she", "that",
      "there", "what", "when", "where", "who", "why"};
  if (word.size() < 2 || word.size() > 5) return false;
  return std::any_of(kPronouns.begin(), kPronouns.end(), [&](std::string_view pronoun) {
    return std::equal(word.begin(), word.end(), pronoun.begin(), pronoun.end(),
                      [](char a, char b) { return lower(static_cast<unsigned char>(a)) == b; });
  });
}

// The rest of a word after an apostrophe that stays in one token with it: don't, we'll.
bool is_contraction(std::string_view ending) noexcept {
  if (ending.empty() || ending.size() > 2) return false;
  const char first = lower(static_cast<unsigned char>(ending[0]));
  if (ending.size() == 1) return first == 't' || first == 'd' || first == 'm';
  const char second = lower(static_cast<unsigned char>(ending[1]));
  return (first == 'l' && second == 'l') || (second == 'e' && (first == 'r' || first == 'v'));
}

// Cuts one stretch; `at_` is where it reads, `marks_` what it saw since the last token.
class Tokenizer {
 public:
  Tokenizer(std::string_view text, std::uint32_t begin, std::uint32_t end, TextBits& bits,
            std::vector<Token>& tokens)
      : text_(text.substr(0, end)),
        begin_(begin),
        end_(end),
        bits_(bits),
        tokens_(tokens),
        at_(begin) {
    bits.read(text_.substr(begin));
  }

  void run() {
    while (at_ < end_) {
      const unsigned char byte = at(at_);
      if (kAsciiWord[byte] != 0) {
        word();
        continue;
      }
      if (byte == ' ') {  // what most gaps are
        marks_ |= before::kSpace;
        ++at_;
        continue;
      }
      const CodePoint point = code_point(text_, at_);
      const CharClass c = char_class(point.code);
      if (c == CharClass::single) {
        single(point.bytes);
      } else if (is_word(c) && c != CharClass::extend) {
        word();
      } else {
        mark(point, c);
        at_ += point.bytes;
      }
    }
  }

 private:
  [[nodiscard]] unsigned char at(std::uint32_t i) const noexcept {
    return static_cast<unsigned char>(text_[i]);
  }
  [[nodiscard]] CharClass class_at(std::uint32_t i) const noexcept {
    return i < end_ ? char_class(code_point(text_, i).code) : CharClass::space;
  }
  [[nodiscard]] bool word_at(std::uint32_t i) const noexcept {
    if (i >= end_) return false;
    return at(i) < 0x80 ? kAsciiWord[at(i)] != 0 : is_word(class_at(i));
  }
  // A token ends exactly where the gap that `i` stands in begins.
  [[nodiscard]] bool after_word(std::uint32_t i) const noexcept {
    return i == gap_begin_ && i > begin_ && !tokens_.empty();
  }
  [[nodiscard]] bool space_before(std::uint32_t i) const noexcept {
    if (i == begin_) return true;
    std::uint32_t start = i - 1;
    while (start > begin_ && (at(start) & 0xC0) == 0x80) --start;
    return is_space(class_at(start));
  }

  // One word or number, while it lasts; the parts that need looking ahead are their own functions.
  struct Word {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;      // after its last letter or digit
    std::uint32_t letters = 0;  // letters and digits since `begin` or the last inner point
    std::uint32_t uppers = 0;
    std::uint32_t cased = 0;
    bool starts_upper = false;
    bool starts_digit = false;
    std::uint8_t seen = 0;
    std::uint16_t shape = 0;
    bool plain = true;  // its hash is that of its ASCII bytes
  };

  void word() {
    Word w;
    w.begin = w.end = at_;
    const std::uint8_t first = kAsciiWord[at(at_)];
    w.starts_upper = first == kSeenUpper;
    w.starts_digit = first == kSeenDigit;
    take_ascii(w);
    if (at_ < end_ && kGoesOn[at(at_)]) go_on(w);
    emit(w);
  }

  // The letters and digits of ASCII from here on.
  void take_ascii(Word& w) {
    for (std::uint32_t size = 64; size == 64;) {
      const ByteBits here = bits_.from(at_ - begin_);
      size = static_cast<std::uint32_t>(std::countr_one(here.word));
      if (size == 0) return;
      const std::uint64_t taken = ~std::uint64_t{0} >> (64 - size);
      w.uppers += static_cast<std::uint32_t>(std::popcount(here.upper & taken));
      w.seen |= (here.upper & taken) != 0 ? kSeenUpper : std::uint8_t{0};
      w.seen |= (here.lower & taken) != 0 ? kSeenLower : std::uint8_t{0};
      w.letters += size;
      w.end = at_ += size;
    }
  }

  void go_on(Word& w) {
    for (bool more = true; more && at_ < end_;) {
      switch (at(at_)) {
        case '.':
          more = point(w);
          break;
        case ',':
          more = comma(w);
          break;
        case '\'':
          more = apostrophe(w, 1);
          break;
        default:
          more = at(at_) >= 0x80 && wide(w);
      }
      if (more) take_ascii(w);
    }
  }

  // A code point beyond ASCII inside a word; false: the word ends before it.
  bool wide(Word& w) {
    const CodePoint point = code_point(text_, at_);
    const CharClass c = char_class(point.code);
    if (c == CharClass::apostrophe) return apostrophe(w, point.bytes);
    if (c == CharClass::ignored) {
      w.plain = false;
      at_ += point.bytes;
      if (!is_format_control(point.code)) w.end = at_;  // a diacritic belongs to its letter
      return true;
    }
    if (!is_word(c) || c == CharClass::single) return false;
    if (at_ == w.begin) {
      w.starts_upper = c == CharClass::upper;
      w.starts_digit = c == CharClass::digit;
    }
    w.plain = false;
    w.shape |= shape::kNonAscii;
    switch (c) {
      case CharClass::lower:
        w.seen |= kSeenLower;
        break;
      case CharClass::upper:
        w.seen |= kSeenUpper, ++w.uppers;
        break;
      case CharClass::digit:
        w.seen |= kSeenDigit;
        break;
      default:
        w.seen |= kSeenNoCase;
    }
    if (c != CharClass::extend) ++w.letters;
    at_ += point.bytes;
    w.end = at_;
    return true;
  }

  // "3.5" and "U.S." go on; the point after the last letter of "U.S." is part of it.
  bool point(Word& w) {
    if (w.end != at_) return false;  // something that folds to nothing stands between
    const std::uint32_t next = at_ + 1;
    if (w.starts_digit && is_digit(at(at_ - 1)) && next < end_ && is_digit(at(next))) {
      w.plain = false;
      w.letters = 0;
      at_ = next;
      return true;
    }
    if (w.starts_digit || w.letters != 1) return false;
    const bool pointed = (w.shape & shape::kPointed) != 0;
    if (next < end_ && is_letter(class_at(next)) && class_at(next) != CharClass::single) {
      const std::uint32_t after = next + code_point(text_, next).bytes;
      if (!word_at(after)) {
        w.shape |= shape::kPointed;
        w.plain = false;
        w.letters = 0;
        at_ = next;
        return true;
      }
    }
    if (pointed) w.end = at_ = next;
    return pointed && class_at(next) == CharClass::apostrophe;  // the U.S.'s
  }

  // "1,000": a comma between digits with exactly three behind it.
  bool comma(Word& w) {
    if (!w.starts_digit || w.end != at_ || !is_digit(at(at_ - 1)) || end_ - at_ < 4) return false;
    for (std::uint32_t i = 1; i <= 3; ++i) {
      if (!is_digit(at(at_ + i))) return false;
    }
    if (end_ - at_ > 4 && is_digit(at(at_ + 4))) return false;
    w.plain = false;
    ++at_;
    return true;
  }

  // Possessives end the word (and are eaten), contractions stay, anything else starts a new token.
  bool apostrophe(Word& w, std::uint32_t bytes) {
    if (w.end != at_) return false;
    const std::uint32_t next = at_ + bytes;
    if (!word_at(next)) {
      const bool plural = lower(at(at_ - 1)) == 's' && w.letters > 1;
      if (plural && !single_open_) {
        w.shape |= shape::kPossessive;
        at_ = next;
      }
      return false;
    }
    std::uint32_t after = next;
    while (after < end_ && is_ascii_letter(at(after))) ++after;
    const std::string_view ending = text_.substr(next, after - next);
    if (!word_at(after)) {
      if (ending == "s" || ending == "S") {
        w.shape |= shape::kPossessive;
        if (is_pronoun(text_.substr(w.begin, w.end - w.begin))) w.shape |= shape::kContraction;
        at_ = after;
        return false;
      }
      if (is_contraction(ending)) {
        w.plain = w.plain && bytes == 1;
        for (const char c : ending) {
          const std::uint8_t bits = kAsciiWord[static_cast<unsigned char>(c)];
          w.seen |= bits;
          w.uppers += (bits >> 1) & 1U;
        }
        w.letters += static_cast<std::uint32_t>(ending.size());
        w.end = at_ = after;
        return false;
      }
    }
    joined_ = before::kApostrophe;
    at_ = next;
    return false;
  }

  void emit(const Word& w) {
    std::uint16_t bits = w.shape;
    if (w.starts_digit) {
      bits |= shape::kNumber;
    } else if ((w.seen & (kSeenLower | kSeenUpper)) == 0) {
      bits |= shape::kLower | shape::kNoCase;
    } else if ((w.seen & kSeenUpper) == 0) {
      bits |= shape::kLower;
    } else if ((w.seen & kSeenLower) == 0) {
      const bool alone = w.letters <= 1 && (w.shape & shape::kPointed) == 0;
      bits |= alone ? shape::kTitle : shape::kUpper;
    } else {
      bits |= w.starts_upper && w.uppers == 1 ? shape::kTitle : shape::kMixed;
    }
    const std::uint32_t size = w.end - w.begin;
    const std::uint64_t hash =
        w.plain ? hash_ascii(text_, w.begin, size) : fold_hash(text_.substr(w.begin, size));
    tokens_.push_back({w.begin, w.end, hash, marks_, bits});
    start_gap();
  }

  void start_gap() {
    gap_begin_ = at_;
    marks_ = joined_;
    joined_ = 0;
    lines_ = 0;
  }

  // A character of a script without spaces is a token, with the marks that sit on it.
  void single(std::uint32_t bytes) {
    Token token;
    token.begin = at_;
    at_ += bytes;
    token.end = at_;
    for (CharClass c = class_at(at_); c == CharClass::extend || c == CharClass::ignored;
         c = class_at(at_)) {
      at_ += code_point(text_, at_).bytes;
      token.end = at_;
    }
    token.before = marks_;
    token.shape = shape::kLower | shape::kNoCase | shape::kNonAscii;
    token.hash = fold_hash(text_.substr(token.begin, token.end - token.begin));
    tokens_.push_back(token);
    start_gap();
  }

  // One sign between tokens becomes a mark.
  void mark(const CodePoint& point, CharClass c) {
    const std::uint32_t next = at_ + point.bytes;
    switch (c) {
      case CharClass::space:
        marks_ |= before::kSpace;
        return;
      case CharClass::line_break:
        return line_break(point.code);
      case CharClass::comma:
        marks_ |= before::kComma;
        return;
      case CharClass::stop:
        marks_ |= before::kStop;
        return;
      case CharClass::colon:
        marks_ |= before::kColon;
        return;
      case CharClass::semicolon:
        marks_ |= before::kSemicolon;
        return;
      case CharClass::em_dash:
        marks_ |= before::kDash;
        return;
      case CharClass::hyphen:
      case CharClass::en_dash:
        return hyphen(c, next);
      case CharClass::slash:
        marks_ |= after_word(at_) && word_at(next) ? before::kJoinedSlash : before::kOther;
        return;
      case CharClass::paren_open:
        marks_ |= before::kParenOpen;
        return;
      case CharClass::paren_close:
        marks_ |= before::kParenClose;
        return;
      case CharClass::quote_open:
        marks_ |= before::kQuoteOpen;
        return;
      case CharClass::quote_close:
        marks_ |= before::kQuoteClose;
        return;
      case CharClass::single_open:
        marks_ |= before::kQuoteOpen;
        single_open_ = true;
        return;
      case CharClass::quote_both:
        marks_ |= opens(next) ? before::kQuoteOpen : before::kQuoteClose;
        return;
      case CharClass::apostrophe:
        return single_quote(point, next);
      case CharClass::ignored:
      case CharClass::extend:
        return;
      default:
        marks_ |= before::kOther;
    }
  }

  void line_break(char32_t code) {
    marks_ |= before::kSpace;
    if (code == '\r' && at_ + 1 < end_ && at(at_ + 1) == '\n') return;  // one break with the next
    lines_ += code == 0x2029 ? 2 : 1;
    marks_ |= before::kNewline;
    if (lines_ < 2) return;
    marks_ |= before::kParagraph;
    single_open_ = false;
  }

  void hyphen(CharClass c, std::uint32_t next) {
    if (after_word(at_) && word_at(next)) {
      marks_ |= before::kJoinedHyphen;
      return;
    }
    const bool doubled = class_at(next) == CharClass::hyphen ||
                         (at_ > begin_ && at(at_ - 1) == '-' && c == CharClass::hyphen);
    const bool spaced = space_before(at_) && is_space(class_at(next));
    marks_ |= doubled || spaced || c == CharClass::en_dash ? before::kDash : before::kOther;
  }

  // A straight quotation mark opens when it stands after a space (or another opening) and before
  // something to quote.
  [[nodiscard]] bool opens(std::uint32_t next) const noexcept {
    if (is_space(class_at(next))) return false;
    if (space_before(at_)) return true;
    const unsigned char previous = at(at_ - 1);
    return previous == '(' || previous == '[' || previous == '-' ||
           (previous >= 0x80 && (marks_ & (before::kDash | before::kQuoteOpen)) != 0);
  }

  void single_quote(const CodePoint& point, std::uint32_t next) {
    const bool pair = next < end_ && at(next) == at(at_) && point.bytes == 1;
    const bool second = at_ > gap_begin_ && at(at_ - 1) == at(at_) && point.bytes == 1;
    if (second) return;  // '' and `` were judged at their first half
    const std::uint32_t inside = pair ? next + 1 : next;
    if (point.code == '`' || opens(inside)) {
      const bool decade = inside < end_ && is_digit(at(inside));  // '90s
      marks_ |= decade ? before::kOther : before::kQuoteOpen;
      if (!pair && !decade) single_open_ = true;
      return;
    }
    marks_ |= before::kQuoteClose;
    if (!pair) single_open_ = false;
  }

  const std::string_view text_;
  const std::uint32_t begin_;
  const std::uint32_t end_;
  const TextBits& bits_;  // of text_ from begin_ on
  std::vector<Token>& tokens_;
  std::uint32_t at_;
  std::uint32_t gap_begin_ = 0;  // where the last token (with its possessive) ended
  std::uint32_t lines_ = 0;      // line breaks in this gap
  std::uint16_t marks_ = 0;
  std::uint16_t joined_ = 0;  // marks of a join that the word itself has eaten
  bool single_open_ = false;  // a single quotation mark is open: s' closes it
};

}  // namespace

void append_tokens(std::string_view text, std::uint32_t begin, std::uint32_t end,
                   std::vector<Token>& tokens) {
  static thread_local TextBits bits;  // of the worker
  Tokenizer(text, begin, end, bits, tokens).run();
}

std::vector<Token> tokenize(std::string_view phrase) {
  std::vector<Token> tokens;
  append_tokens(phrase, 0, static_cast<std::uint32_t>(phrase.size()), tokens);
  return tokens;
}

}  // namespace tocsin
