#include "pipeline/text/sentences.h"

#include <algorithm>
#include <limits>

#include "pipeline/text/fold.h"

namespace tocsin {

namespace {

// A line longer than this is a paragraph, not a piece of a hard-wrapped one.
constexpr std::size_t kWrappedLineMax = 120;

// A body of one line without a full stop reads as a headline up to so many tokens: a flash.
constexpr std::size_t kFlashMax = 25;

// What ended between two tokens.
enum class Gap : std::uint8_t { none, sentence, paragraph };

class Splitter {
 public:
  explicit Splitter(Text& text) : text_(text) {
    std::string_view rest = std::string_view(text.bytes).substr(text.body_begin);
    while (!rest.empty() && !long_lines_) {
      const std::size_t line = std::min(rest.find('\n'), rest.size());
      long_lines_ = line > kWrappedLineMax;
      rest.remove_prefix(std::min(line + 1, rest.size()));
    }
  }

  void run() {
    constexpr std::uint32_t kSentenceTokens = 16;  // about what a short one has
    const auto count = static_cast<std::uint32_t>(text_.tokens.size());
    text_.sentences.reserve(count / kSentenceTokens + 2);
    if (text_.body_token > 0) add({0, text_.body_token}, Field::title, true);
    std::uint32_t begin = text_.body_token;
    bool paragraph = true;
    for (std::uint32_t i = begin + 1; i < count; ++i) {
      const Gap gap = gap_before(i);
      if (gap == Gap::none) continue;
      add({begin, i}, Field::body, paragraph);
      begin = i;
      paragraph = gap == Gap::paragraph;
    }
    if (begin < count) add({begin, count}, Field::body, paragraph);
    if (is_flash()) text_.sentences.front().field = Field::title;
  }

 private:
  // "Chad, Niger reopen border" without a title: it is written as one.
  [[nodiscard]] bool is_flash() const {
    if (text_.sentences.size() != 1 || text_.tokens.size() > kFlashMax) return false;
    const std::string_view rest = std::string_view(text_.bytes).substr(text_.tokens.back().end);
    for (std::size_t at = 0; at < rest.size();) {
      const CodePoint point = code_point(rest, at);
      if (char_class(point.code) == CharClass::stop) return false;
      at += point.bytes;
    }
    return true;
  }

  void add(TokenSpan tokens, Field field, bool paragraph) {
    const std::uint16_t index = field == Field::title ? std::uint16_t{0} : next_index_;
    if (field == Field::body && next_index_ != std::numeric_limits<std::uint16_t>::max()) {
      ++next_index_;
    }
    text_.sentences.push_back({tokens, field, index, paragraph});
  }

  Gap gap_before(std::uint32_t i) {
    Token& token = text_.tokens[i];
    const Token& previous = text_.tokens[i - 1];
    if ((token.before & before::kParagraph) != 0) return Gap::paragraph;
    if (long_lines_ && (token.before & before::kNewline) != 0) return Gap::paragraph;
    if ((token.before & before::kStop) != 0) {
      return ends_sentence(previous, token) ? Gap::sentence : Gap::none;
    }
    if ((previous.shape & shape::kPointed) != 0 && (token.before & before::kSpace) != 0 &&
        text_.bytes[previous.end - 1] == '.' && begins_sentence(token)) {
      token.before |= before::kStop;  // the last point of "U.S." was the full stop as well
      return Gap::sentence;
    }
    return Gap::none;
  }

  static bool is_lower(const Token& token) {
    return (token.shape & (shape::kLower | shape::kNoCase)) == shape::kLower;
  }
  bool begins_sentence(const Token& token) const {
    return !is_lower(token) && text_.is(token, WordClass::sentence_starter);
  }

  // There are stops between the two: do they end a sentence?
  bool ends_sentence(const Token& previous, const Token& token) const {
    const std::string_view gap =
        std::string_view(text_.bytes).substr(previous.end, token.begin - previous.end);
    const std::size_t stop = last_stop(gap);
    const CodePoint sign = code_point(gap, stop);
    if (sign.code > 0x3000) return true;  // 。！？: no space follows, and no abbreviation has one
    if ((token.before & before::kSpace) == 0) {
      // "said.The": a space got lost, unlike in "Amazon.com" and "v2.Final".
      const bool words_only = is_lower(previous) && (token.shape & shape::kTitle) != 0 &&
                              previous.end - previous.begin > 1 && token.end - token.begin > 1;
      return gap.size() == 1 && words_only;
    }
    if (is_lower(token)) return false;
    const std::size_t after = stop + sign.bytes;
    const std::string_view tail = gap.substr(after);
    if (tail.find_first_of(",;:") != std::string_view::npos) return false;  // “Stop!”, Putin said
    if (gap != "." &&
        (gap[0] != '.' || gap.find_first_not_of(" \n\r\t", 1) != std::string_view::npos)) {
      return true;  // ! ? … or quotation marks and brackets: no mere abbreviation
    }
    return !is_abbreviation(previous, token);
  }

  static std::size_t last_stop(std::string_view gap) {
    std::size_t found = 0;
    for (std::size_t at = 0; at < gap.size();) {
      const CodePoint point = code_point(gap, at);
      if (char_class(point.code) == CharClass::stop) found = at;
      at += point.bytes;
    }
    return found;
  }

  bool is_abbreviation(const Token& previous, const Token& token) const {
    const bool before_number = (token.shape & shape::kNumber) != 0;
    if (text_.is(previous, WordClass::abbreviation_before_number)) return before_number;
    if (text_.is(previous, WordClass::abbreviation_before_name)) {
      // "sec.", "gen." and "col." as words end sentences, "Gen." does not.
      return (previous.shape & (shape::kTitle | shape::kUpper)) != 0 || !begins_sentence(token);
    }
    const bool initial =
        previous.end - previous.begin == 1 && (previous.shape & shape::kTitle) != 0;
    const bool either = text_.is(previous, WordClass::abbreviation) &&
                        (!is_lower(previous) || previous.end - previous.begin <= 3);
    if (initial || either) return !begins_sentence(token);
    return false;
  }

  Text& text_;
  std::uint16_t next_index_ = 0;
  bool long_lines_ = false;
};

}  // namespace

void split_sentences(Text& text) {
  Splitter(text).run();
}

}  // namespace tocsin
