#include "pipeline/dedupe/boilerplate.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/text/ascii.h"

namespace tocsin {
namespace {

constexpr std::size_t kDatelineTokensMax = 14;
constexpr std::size_t kBylineTokensMax = 16;
constexpr std::size_t kReleaseTokensMin = 8;
constexpr std::size_t kReleaseTokensMax = 36;
constexpr int kHeaderPartsMax = 3;
constexpr std::size_t kLooseLineTokensMax = 12;
constexpr std::size_t kNamesLineTokensMax = 40;  // of nothing but names and numbers
constexpr std::size_t kSentencesPerFigures = 6;  // tokens
constexpr std::size_t kLooseTokensMax = 40;  // of such lines in a row: more is a table, or a list
constexpr std::size_t kHeadTokensMax = 90;   // of what stands above a story
constexpr std::size_t kTailTokensMax = 220;  // and below
constexpr std::size_t kInsetTokensMax = 60;  // of a paragraph within
constexpr std::int64_t kGapMax = 18;         // what a cut may step over, by weight
constexpr std::size_t kStubTokensMax = 120;  // a body of nothing else that is longer is a story
constexpr std::size_t kStoryTokensMin = 8;   // less is what the rules left by mistake
constexpr std::size_t kOwnSentenceTokensMax = 20;  // an outlet speaks of itself in few words
constexpr std::size_t kTitleTokensMin = 4;
constexpr std::size_t kTitlePrefixMax = 3;    // "UPDATE 1-"
constexpr std::size_t kOutletLettersMin = 5;  // shorter names are words too
constexpr std::size_t kPlaceLettersMin = 3;
constexpr std::size_t kPhoneDigitsMin = 9;  // eight are two years

using before::kColon;
using before::kDash;
using before::kNewline;
using before::kParagraph;
using before::kParenClose;
using before::kParenOpen;
using before::kSemicolon;
using before::kStop;

struct Range {
  std::size_t begin = 0;
  std::size_t end = 0;
  [[nodiscard]] std::size_t size() const { return end - begin; }
};

// A line or a sentence of the body.
struct Line {
  Range tokens;
  bool opens_paragraph = false;
  bool is_sentence = false;   // ends with a stop
  bool opens_block = false;   // after a blank line
  bool is_loose = false;      // a short line that is no sentence
  bool is_figures = false;    // the same, of figures
  bool beside_alien = false;  // of a short paragraph that is mostly the outlet's
  int cues = 0;               // how much speaks for an outlet, less what speaks for news
};

// From here on a line is taken for the outlet's at the ends of a text, and anywhere.
constexpr int kAlienCues = 2;
constexpr int kInsetCues = 4;

bool is_name(const Token& token) {
  return (token.shape & (shape::kTitle | shape::kUpper | shape::kMixed)) != 0;
}
bool is_number(const Token& token) {
  return (token.shape & shape::kNumber) != 0;
}
bool is_lower_letter(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// The letters of a name run together, in small ones: "The Daily Lantern" and "dailylantern.example"
// are one outlet.
bool in_name(char c) {
  return is_lower_letter(ascii_lower(c)) || is_digit(c) || static_cast<unsigned char>(c) >= 0x80;
}
std::string squashed(std::string_view name) {
  std::string letters;
  for (const char c : name) {
    if (in_name(c)) letters += ascii_lower(c);
  }
  return letters;
}

std::string_view host_of(std::string_view address) {
  const std::size_t scheme = address.find("://");
  if (scheme != std::string_view::npos) address.remove_prefix(scheme + 3);
  return address.substr(0, address.find_first_of("/?#:"));
}

// The label that an outlet chose: "harbourpost" of "www.harbourpost.co.uk".
std::string_view label_of(std::string_view host) {
  std::string_view longest;
  while (!host.empty()) {
    const std::size_t point = std::min(host.find('.'), host.size());
    const bool is_last = point == host.size();
    const std::string_view label = host.substr(0, point);
    if (!is_last && label != "www" && label.size() > longest.size()) longest = label;
    host.remove_prefix(std::min(point + 1, host.size()));
  }
  return longest;
}

std::vector<std::string> names_of(const Masthead& masthead) {
  std::vector<std::string> names;
  const auto add = [&](std::string name) {
    if (name.starts_with("the") && name.size() > kOutletLettersMin + 3) name.erase(0, 3);
    if (name.size() >= kOutletLettersMin) names.push_back(std::move(name));
  };
  const bool is_host = masthead.source.find(' ') == std::string_view::npos &&
                       masthead.source.find('.') != std::string_view::npos;
  add(squashed(is_host ? label_of(host_of(masthead.source)) : masthead.source));
  add(squashed(label_of(host_of(masthead.url))));
  return names;
}

// Gives lines their cues.
class Judge {
 public:
  Judge(const Text& text, const Masthead& masthead) : text_(text), outlet_(names_of(masthead)) {}

  // A story's first line may have a byline and a dateline in it, with the outlet's name: they are
  // not judged.
  [[nodiscard]] int cues_of(const Line& line) {
    Range tokens = line.tokens;
    if (line.opens_paragraph) quoted_ = false;
    if (line.opens_paragraph) tokens.begin = std::min(header_end(tokens), tokens.end - 1);
    const bool is_long = line.is_sentence && tokens.size() > kOwnSentenceTokensMax;
    const int outlet = is_long ? names_outlet(tokens) / 2 : names_outlet(tokens);
    return speech(tokens) + outlet + gives_address(bytes_of(tokens)) + form(line);
  }
  // A line that a story begins with: its place and agency, or its place in capitals, before a dash.
  [[nodiscard]] bool opens_with_dateline(const Range& tokens) const {
    const std::size_t end = dateline_end(tokens.begin, tokens.end);
    if (end == tokens.begin || end == tokens.end || (text_.tokens[end].before & kDash) == 0)
      return false;
    const Token& first = text_.tokens[tokens.begin];
    if ((first.shape & shape::kUpper) != 0 && first.end - first.begin >= kPlaceLettersMin)
      return true;
    for (std::size_t i = tokens.begin + 1; i < end; ++i) {
      if ((text_.tokens[i].before & kParenOpen) != 0) return true;
    }
    return false;
  }
  // End of what stands before a story in its own line: who wrote it, when and where.
  [[nodiscard]] std::size_t header_end(const Range& tokens) const {
    std::size_t begin = tokens.begin;
    for (int part = 0; part < kHeaderPartsMax; ++part) {
      const std::size_t limit = std::min(tokens.end, begin + kBylineTokensMax);
      const std::size_t next =
          std::max({byline_end(begin, limit), stamp_end(begin, limit), dateline_end(begin, limit),
                    title_end(begin, tokens.end), release_end(begin, tokens.end)});
      if (next == begin || next >= tokens.end) break;
      begin = next;
    }
    return begin;
  }

 private:
  [[nodiscard]] std::size_t stamp_end(std::size_t begin, std::size_t limit) const;
  [[nodiscard]] std::size_t byline_end(std::size_t begin, std::size_t limit) const;
  [[nodiscard]] std::size_t dateline_end(std::size_t begin, std::size_t limit) const;
  [[nodiscard]] std::size_t title_end(std::size_t begin, std::size_t limit) const;
  [[nodiscard]] std::size_t release_end(std::size_t begin, std::size_t limit) const;
  // The bytes of a line with the marks that lean on its ends.
  [[nodiscard]] std::string_view bytes_of(const Range& tokens) const {
    const std::string_view bytes = text_.bytes;
    std::size_t begin = text_.tokens[tokens.begin].begin;
    const std::size_t floor = tokens.begin == 0 ? 0 : text_.tokens[tokens.begin - 1].end;
    while (begin > floor && bytes[begin - 1] != ' ' && bytes[begin - 1] != '\n') --begin;
    std::size_t end = text_.tokens[tokens.end - 1].end;
    while (end < bytes.size() && bytes[end] != ' ' && bytes[end] != '\n') ++end;
    return bytes.substr(begin, end - begin);
  }

  [[nodiscard]] int speech(const Range& tokens);
  [[nodiscard]] int names_outlet(const Range& tokens) const;
  [[nodiscard]] bool spells(std::string_view name, const Range& tokens) const;
  [[nodiscard]] static int gives_address(std::string_view bytes);
  [[nodiscard]] int form(const Line& line) const;

  const Text& text_;
  std::vector<std::string> outlet_;
  bool quoted_ = false;
};

// Who speaks to whom: an outlet to its readers, of itself and of what it prints. What others say
// in quotes is news.
int Judge::speech(const Range& tokens) {
  static constexpr WordClassSet kCues{WordClass::reader_word, WordClass::own_word,
                                      WordClass::call_to_reader, WordClass::trade_word,
                                      WordClass::text_itself};
  int cues = 0;
  bool ours = false;
  bool trade = false;
  bool has_quote = quoted_;
  for (std::size_t i = tokens.begin; i < tokens.end; ++i) {
    const Token& token = text_.tokens[i];
    if ((token.before & before::kQuoteClose) != 0) quoted_ = false;
    if ((token.before & before::kQuoteOpen) != 0) quoted_ = true;
    has_quote = has_quote || quoted_;
    if (quoted_ || !text_.words->is_any(token.word, kCues)) continue;
    if (is_number(token) || (token.shape & shape::kPointed) != 0) continue;
    if (text_.is(token, WordClass::reader_word)) cues += 2;
    ours = ours || text_.is(token, WordClass::own_word);
    if (i == tokens.begin && text_.is(token, WordClass::call_to_reader)) ++cues;
    trade = trade || text_.is(token, WordClass::trade_word);
    if (i > tokens.begin && text_.is(token, WordClass::text_itself) &&
        text_.is(text_.tokens[i - 1], WordClass::this_text))
      ++cues;
  }
  // "We" and the words of the trade are news as well: they only add to something else.
  return std::min(cues, 4) + (ours ? 1 : 0) + (trade ? 1 : 0) - (has_quote ? 1 : 0);
}

// An outlet's own name, but where it is whom somebody told.
int Judge::names_outlet(const Range& tokens) const {
  for (const std::string& name : outlet_) {
    for (std::size_t i = tokens.begin; i < tokens.end; ++i) {
      if (!spells(name, {i, tokens.end})) continue;
      const bool is_source = i > tokens.begin && text_.is(text_.tokens[i - 1], WordClass::told_by);
      if (!is_source) return 2;
    }
  }
  return 0;
}

// Whether the first tokens, run together, are the name.
bool Judge::spells(std::string_view name, const Range& tokens) const {
  for (std::size_t i = tokens.begin; i < tokens.end && !name.empty(); ++i) {
    for (const char c : text_.slice(text_.tokens[i])) {
      if (!in_name(c)) continue;
      if (name.empty() || name.front() != ascii_lower(c)) return false;
      name.remove_prefix(1);
    }
  }
  return name.empty();
}

// What a byte is to gives_address.
namespace byte_kind {
constexpr std::uint8_t kDigit = 1;
constexpr std::uint8_t kMark = 2;        // may open or part an address
constexpr std::uint8_t kBetween = 4;     // may stand between the digits of a telephone number
constexpr std::uint8_t kHostLetter = 8;  // small ones and digits: the label of a host
}  // namespace byte_kind

constexpr std::array<std::uint8_t, 256> make_byte_kinds() {
  std::array<std::uint8_t, 256> kinds{};
  for (const char c : std::string_view("@#:.\xC2")) {
    kinds[static_cast<unsigned char>(c)] = byte_kind::kMark;
  }
  for (const char c : std::string_view(" -/+()")) {
    kinds[static_cast<unsigned char>(c)] = byte_kind::kBetween;
  }
  for (std::size_t c = 'a'; c <= 'z'; ++c) kinds[c] = byte_kind::kHostLetter;
  for (std::size_t c = '0'; c <= '9'; ++c) kinds[c] = byte_kind::kDigit | byte_kind::kHostLetter;
  return kinds;
}
constexpr auto kByteKinds = make_byte_kinds();

std::uint8_t kind_of(char byte) {
  return kByteKinds[static_cast<unsigned char>(byte)];
}

// The mark at `at` opens an address, or parts one: "@name", "://", "post.example".
bool is_address_at(std::string_view bytes, std::size_t at) {
  constexpr std::size_t kLabelMin = 3;
  const auto byte = [&](std::size_t i) { return i < bytes.size() ? bytes[i] : ' '; };
  const char next = byte(at + 1);
  switch (bytes[at]) {
    case '@':
    case '#':
      return is_lower_letter(ascii_lower(next));
    case ':':
      return next == '/';
    case '\xC2':
      return next == '\xA9';
    default:
      break;
  }
  if (at < kLabelMin || !is_lower_letter(next) || !is_lower_letter(byte(at + 2))) return false;
  const std::string_view label = bytes.substr(at - kLabelMin, kLabelMin);
  return std::all_of(label.begin(), label.end(),
                     [](char c) { return (kind_of(c) & byte_kind::kHostLetter) != 0; });
}

// False: too few digits for a telephone number, and no mark that could open an address. Sums and
// minima of all bytes, without a branch, so that it is made of vector instructions.
bool may_give_address(std::string_view bytes) {
  std::size_t digits = 0;
  std::uint8_t least = 0xFF;           // 0: a mark is there
  constexpr std::size_t kBlock = 128;  // digits of a block are counted in eight bits
  for (std::size_t begin = 0; begin + 1 < bytes.size(); begin += kBlock) {
    const std::size_t size = std::min(kBlock, bytes.size() - begin - 1);
    const char* const block = bytes.data() + begin;
    std::uint8_t here = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const auto byte = static_cast<std::uint8_t>(block[i]);
      const auto next = static_cast<std::uint8_t>(block[i + 1] - 'a');
      const auto digit = static_cast<std::uint8_t>(byte - '0');
      const std::uint8_t one = digit < 10 ? 1 : 0;
      here = static_cast<std::uint8_t>(here + one);
      // A point counts where a small letter follows at once.
      const std::uint8_t far = next < 26 ? 0 : 0xFF;
      const auto point = static_cast<std::uint8_t>((byte ^ '.') | far);
      const auto at = static_cast<std::uint8_t>(byte ^ '@');
      const auto hash = static_cast<std::uint8_t>(byte ^ '#');
      const auto colon = static_cast<std::uint8_t>(byte ^ ':');
      const auto sign = static_cast<std::uint8_t>(byte ^ 0xC2);
      least = least < point ? least : point;
      least = least < at ? least : at;
      least = least < hash ? least : hash;
      least = least < colon ? least : colon;
      least = least < sign ? least : sign;
    }
    digits += here;
  }
  return digits + 1 >= kPhoneDigitsMin || least == 0;  // the last byte was not counted
}

// An address of the post, the net or the telephone, a handle, a tag.
int Judge::gives_address(std::string_view bytes) {
  if (!may_give_address(bytes)) return 0;
  std::size_t digits = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::uint8_t kind = kind_of(bytes[i]);
    if ((kind & byte_kind::kDigit) != 0) {
      if (++digits >= kPhoneDigitsMin) return 2;
      continue;
    }
    if ((kind & byte_kind::kMark) != 0 && is_address_at(bytes, i)) return 2;
    if ((kind & byte_kind::kBetween) == 0) digits = 0;
  }
  return 0;
}

// Lines that are no sentence, credits, whatever stands in brackets of its own.
int Judge::form(const Line& line) const {
  const Range& tokens = line.tokens;
  std::size_t names = 0;
  std::size_t parts = 0;
  for (std::size_t i = tokens.begin; i < tokens.end; ++i) {
    const Token& token = text_.tokens[i];
    if (is_name(token)) ++names;
    if (i > tokens.begin && (token.before & (kColon | kSemicolon | before::kOther)) != 0) ++parts;
  }
  const std::string_view bytes = bytes_of(tokens);
  const bool bracketed = (bytes.front() == '(' && bytes.find(')') + 3 >= bytes.size()) ||
                         (bytes.front() == '[' && bytes.find(']') + 3 >= bytes.size());
  int cues = 0;
  if (bracketed) cues += 2;
  if (parts > 0 && 2 * names >= tokens.size()) cues += 1;
  if (stamp_end(tokens.begin, tokens.end) == tokens.end) cues += 2;
  if (byline_end(tokens.begin, tokens.end) == tokens.end) cues += 2;
  return cues;
}

// End of a stamp of time ("Updated Sept 18, 2025 09:39 GMT") that starts at `begin`, or `begin`.
std::size_t Judge::stamp_end(std::size_t begin, std::size_t limit) const {
  bool month = false;
  bool number = false;
  std::size_t end = begin;
  for (std::size_t i = begin; i < limit; ++i) {
    const Token& token = text_.tokens[i];
    if (month && number && (token.before & (kNewline | kParagraph)) != 0) break;
    if (is_number(token)) {
      number = true;
    } else if (text_.is(token, WordClass::stamp_word)) {
      month = true;
    } else if (!text_.is(token, WordClass::beside_stamp)) {
      break;
    }
    end = i + 1;
  }
  return month && number ? end : begin;
}

// End of the byline that starts at `begin` ("By Ana Ruiz, Harbour Post correspondent"), or `begin`:
// names up to a line break or a stamp of time.
std::size_t Judge::byline_end(std::size_t begin, std::size_t limit) const {
  limit = std::min(limit, begin + kBylineTokensMax);
  if (begin == limit || !text_.is(text_.tokens[begin], WordClass::byline)) return begin;
  for (std::size_t i = begin + 1; i < limit; ++i) {
    const Token& token = text_.tokens[i];
    if (i > begin + 1 &&
        ((token.before & (kNewline | kParagraph)) != 0 || stamp_end(i, limit) > i)) {
      return i;
    }
    const bool name = is_name(token);
    if (i == begin + 1 ? !name : !name && !text_.is(token, WordClass::byline_role)) return begin;
  }
  return begin;
}

// End of the dateline that starts at `begin` ("KYIV, Feb 3 (Agency) - ", "[Lund] "), or `begin`
// without one: a few capitalised words and numbers up to a spaced dash, up to the close of a
// bracket, or, in capitals, up to a colon.
std::size_t Judge::dateline_end(std::size_t begin, std::size_t limit) const {
  limit = std::min(limit, begin + kDatelineTokensMax);
  bool opened = begin < limit && (text_.tokens[begin].before & kParenOpen) != 0;
  bool capitals = true;
  for (std::size_t i = begin; i < limit; ++i) {
    const Token& token = text_.tokens[i];
    if (i > begin) {
      if ((token.before & (kParagraph | kSemicolon)) != 0) return begin;
      if ((token.before & kDash) != 0) return i;
      if (capitals && (token.before & kColon) != 0) return i;
      if (opened && (token.before & kParenClose) != 0) return i;
      if ((token.before & kParenOpen) != 0) opened = true;
    }
    if ((token.shape & shape::kLower) != 0) return begin;
    if ((token.shape & (shape::kUpper | shape::kNumber)) == 0) capitals = false;
  }
  return begin;
}

// End of the title, told again where a story begins, or `begin`. What comes next must begin with a
// capital, as a story does.
std::size_t Judge::title_end(std::size_t begin, std::size_t limit) const {
  const std::span title(text_.tokens.data(), text_.body_token);
  for (std::size_t from = 0; from <= std::min(kTitlePrefixMax, title.size()); ++from) {
    std::size_t same = 0;
    while (from + same < title.size() && begin + same < limit &&
           title[from + same].hash == text_.tokens[begin + same].hash) {
      ++same;
    }
    const std::size_t end = begin + same;
    const bool whole = same >= kTitleTokensMin && 2 * same >= title.size();
    if (whole && end < limit && is_name(text_.tokens[end])) return end;
  }
  return begin;
}

// End of a press release's head ("Force Detains Two in Farah Joint Command - 2010-09-15 For Release
// KABUL (Sept. 16) - "): up to a dash or bracket, nearly all names
// and numbers.
std::size_t Judge::release_end(std::size_t begin, std::size_t limit) const {
  limit = std::min(limit, begin + kReleaseTokensMax);
  std::size_t end = begin;
  std::size_t counted = 0;
  bool number = false;
  for (std::size_t i = begin; i < limit; ++i) {
    const Token& token = text_.tokens[i];
    const bool closed = (token.before & (kDash | kParenClose)) != 0;
    if (closed && number && i - begin >= kReleaseTokensMin && 5 * counted >= 4 * (i - begin))
      end = i;
    if (i > begin && (token.before & kParagraph) != 0) break;
    counted += is_name(token) || is_number(token) ? 1U : 0U;
    number = number || is_number(token);
  }
  return end;
}

// Begin of the mark by which some feeds show how much they cut off ("[+1234 chars]"), or `end`.
std::size_t cut_mark_begin(const Text& text, std::size_t begin, std::size_t end) {
  if (end < begin + 3 || !text.is(text.tokens[end - 1], WordClass::cut_unit)) return end;
  const Token& number = text.tokens[end - 2];
  const bool marked = (number.before & (before::kOther | kParenOpen)) != 0;
  return marked && is_number(number) ? end - 2 : end;
}

// Some feeds break lines at a width: then a line break says nothing. Told by lines that go on in
// small letters.
bool is_wrapped(const Text& text, const Range& body) {
  std::size_t breaks = 0;
  std::size_t running = 0;
  for (std::size_t i = body.begin + 1; i < body.end; ++i) {
    const Token& token = text.tokens[i];
    if ((token.before & kNewline) == 0 || (token.before & kParagraph) != 0) continue;
    ++breaks;
    if ((token.before & kStop) == 0 && (token.shape & shape::kLower) != 0) ++running;
  }
  return 4 * running >= breaks && breaks > 0;
}

// True when a sentence ends before the token (or before the end of the text).
bool after_stop(const Text& text, std::size_t token) {
  if (token < text.tokens.size()) return (text.tokens[token].before & kStop) != 0;
  const std::string_view rest = std::string_view(text.bytes).substr(text.tokens.back().end);
  return rest.find_first_of(".!?") != std::string_view::npos;
}

// Rows of figures, in words as well ("six cents, five a year ago"), are news; codes ("ml/rt/213",
// "2012-06-S-026") are not.
bool has_figures(const Text& text, const Range& tokens) {
  std::size_t numbers = 0;
  std::size_t names = 0;
  std::size_t strokes = 0;
  constexpr std::uint16_t kJoined = before::kJoinedSlash | before::kJoinedHyphen;
  for (std::size_t i = tokens.begin; i < tokens.end; ++i) {
    const bool is_told = text.words->number(text.tokens[i].word) > 0;
    numbers += is_number(text.tokens[i]) || is_told ? 1U : 0U;
    names += is_name(text.tokens[i]) ? 1U : 0U;
    strokes += (text.tokens[i].before & kJoined) != 0 ? 1U : 0U;
  }
  return numbers >= 2 && strokes < 2 && 2 * names < tokens.size();
}

// A short line, or a longer one of hardly anything but names and numbers.
bool is_loose(const Text& text, const Range& tokens) {
  if (tokens.size() <= kLooseLineTokensMax) return true;
  std::size_t named = 0;
  for (std::size_t i = tokens.begin; i < tokens.end; ++i) {
    named += is_name(text.tokens[i]) || is_number(text.tokens[i]) ? 1U : 0U;
  }
  return tokens.size() <= kNamesLineTokensMax && 5 * named >= 4 * tokens.size();
}

std::vector<Line> lines_of(const Text& text, const Range& body, Judge& judge) {
  const std::uint16_t breaks =
      is_wrapped(text, body) ? kStop | kParagraph : kStop | kParagraph | kNewline;
  constexpr std::size_t kLineTokens = 16;  // about what one has
  std::vector<Line> lines;
  lines.reserve(body.size() / kLineTokens + 4);
  for (std::size_t begin = body.begin; begin < body.end;) {
    std::size_t end = begin + 1;
    while (end < body.end && (text.tokens[end].before & breaks) == 0) ++end;
    Line line{{begin, end}, false, after_stop(text, end), 0};
    line.opens_paragraph =
        begin == body.begin || (text.tokens[begin].before & (breaks & ~kStop)) != 0;
    const bool loose = !line.is_sentence && is_loose(text, line.tokens);
    line.is_figures = loose && has_figures(text, line.tokens);
    line.is_loose = loose && !line.is_figures;
    line.opens_block = begin == body.begin || (text.tokens[begin].before & kParagraph) != 0;
    line.cues = judge.cues_of(line);
    lines.push_back(line);
    begin = end;
  }
  return lines;
}

// A row of figures or two below a story told in sentences are the page's: the weather, prices.
void judge_figures(std::vector<Line>& lines) {
  std::size_t told = 0;
  std::size_t figures = 0;
  for (const Line& line : lines) {
    if (line.is_sentence) told += line.tokens.size();
    if (line.is_figures) figures += line.tokens.size();
  }
  if (kSentencesPerFigures * figures > told) return;
  for (std::size_t i = lines.size(); i-- > 0 && (!lines[i].is_sentence || lines[i].cues > 0);) {
    lines[i].is_loose = lines[i].is_loose || lines[i].is_figures;
  }
}

// Marks the lines of short paragraphs that hold two alien lines, or more of them than others: a
// sentence between them is rarely the story's.
void mark_paragraphs(std::vector<Line>& lines) {
  for (std::size_t begin = 0; begin < lines.size();) {
    std::size_t end = begin + 1;
    while (end < lines.size() && !lines[end].opens_paragraph) ++end;
    const std::size_t size = lines[end - 1].tokens.end - lines[begin].tokens.begin;
    std::size_t alien = 0;
    std::size_t alien_tokens = 0;
    for (std::size_t i = begin; i < end; ++i) {
      if (lines[i].cues < kAlienCues) continue;
      ++alien;
      alien_tokens += lines[i].tokens.size();
    }
    const bool marked = size <= kInsetTokensMax && (alien >= 2 || 2 * alien_tokens >= size);
    for (std::size_t i = begin; i < end; ++i) lines[i].beside_alien = marked;
    begin = end;
  }
}

// Lines that are no sentence are alien where all of their block are; beside sentences they may be
// pieces of one.
void judge_loose(std::vector<Line>& lines) {
  for (std::size_t begin = 0; begin < lines.size();) {
    std::size_t end = begin + 1;
    bool loose = lines[begin].is_loose;
    while (end < lines.size() && !lines[end].opens_block) loose = lines[end++].is_loose && loose;
    for (std::size_t i = begin; i < end; ++i) {
      if (!lines[i].is_loose) continue;
      lines[i].is_loose = lines[i].cues == 0;  // nothing else is wrong with it
      lines[i].cues += loose ? kAlienCues : 1;
    }
    begin = end;
  }
}

// What a line weighs for or against a cut that takes it along.
std::int64_t weight(const Line& line, bool loose_counts) {
  const auto size = static_cast<std::int64_t>(line.tokens.size());
  if (line.cues >= kAlienCues && (loose_counts || !line.is_loose)) return size + 4;
  if (line.cues == 1) return line.beside_alien ? size : 0;
  return line.beside_alien ? -size / 2 : -size;
}

// Whether the loose lines that a text begins with are few: many are a table, the story itself.
bool has_few_loose(std::span<const Line* const> lines) {
  std::size_t tokens = 0;
  for (const Line* line : lines) {
    if (line->cues < kAlienCues) break;
    if (line->is_loose) tokens += line->tokens.size();
  }
  return tokens <= kLooseTokensMax;
}

// How many lines from one end, in the given order, are the outlet's: the cut of largest weight.
std::size_t alien_lines(std::span<const Line* const> lines, std::size_t tokens_max) {
  const bool loose_counts = has_few_loose(lines);
  std::int64_t sum = 0;
  std::int64_t best = 0;
  std::size_t taken = 0;
  std::size_t tokens = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    tokens += lines[i]->tokens.size();
    if (tokens > tokens_max) break;
    sum += weight(*lines[i], loose_counts);
    if (sum < best - kGapMax) break;
    if (sum <= best) continue;
    best = sum;
    taken = i + 1;
  }
  return taken;
}

// A line that names and counts nothing, but for the word it begins with.
bool is_plain(const Text& text, const Range& tokens) {
  for (std::size_t i = tokens.begin; i < tokens.end; ++i) {
    const Token& token = text.tokens[i];
    if (is_number(token) || (is_name(token) && i > tokens.begin)) return false;
  }
  return true;
}

// The first line of a story whose dateline comes after a few lines that name nothing, a greeting;
// 0: none does. What names somebody above it is a new lead.
std::size_t dateline_line(const Text& text, const std::vector<Line>& lines, const Judge& judge) {
  std::size_t above = 0;
  std::size_t first = 0;
  std::size_t found = 0;
  bool plain = true;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].opens_block && judge.opens_with_dateline(lines[i].tokens)) {
      if (++found > 1) return 0;  // a list of briefs
      if (above <= kHeadTokensMax && plain) first = i;
    }
    above += lines[i].tokens.size();
    plain = plain && is_plain(text, lines[i].tokens);
  }
  return first;
}

// Lines [first, last) that are left when both ends are cut.
Range without_ends(const std::vector<Line>& lines) {
  std::vector<const Line*> order;
  order.reserve(lines.size());
  for (const Line& line : lines) order.push_back(&line);
  std::reverse(order.begin(), order.end());
  const std::size_t last = lines.size() - alien_lines(order, kTailTokensMax);
  std::reverse(order.begin(), order.end());
  return {alien_lines(std::span(order).first(last), kHeadTokensMax), last};
}

// Drops paragraphs within that are surely the outlet's.
void append_story(const std::vector<Line>& lines, std::size_t first, std::size_t last,
                  std::size_t begin, std::vector<std::uint32_t>& kept) {
  for (std::size_t i = first; i < last;) {
    std::size_t next = i + 1;
    while (next < last && !lines[next].opens_paragraph) ++next;
    const std::size_t size = lines[next - 1].tokens.end - lines[i].tokens.begin;
    bool alien = lines[i].opens_paragraph && size <= kInsetTokensMax;
    for (std::size_t k = i; k < next; ++k) alien = alien && lines[k].cues >= kInsetCues;
    if (!alien) {
      const std::size_t from = std::max(begin, lines[i].tokens.begin);
      const std::size_t end = std::max(from, lines[next - 1].tokens.end);
      const std::size_t before = kept.size();
      kept.resize(before + end - from);
      std::iota(kept.begin() + static_cast<std::ptrdiff_t>(before), kept.end(),
                static_cast<std::uint32_t>(from));
    }
    i = next;
  }
}

}  // namespace

std::vector<std::uint32_t> story_tokens(const Text& text, const Masthead& masthead) {
  std::vector<std::uint32_t> kept;
  const std::size_t size = text.tokens.size();
  if (text.body_token >= size) return kept;
  kept.reserve(size - text.body_token);
  const Range body{text.body_token, cut_mark_begin(text, text.body_token, size)};
  Judge judge(text, masthead);
  std::vector<Line> lines = lines_of(text, body, judge);
  judge_figures(lines);
  judge_loose(lines);
  mark_paragraphs(lines);
  auto [first, last] = without_ends(lines);
  first = std::max(first, std::min(dateline_line(text, lines, judge), last));
  std::size_t left = 0;
  for (std::size_t i = first; i < last; ++i) left += lines[i].tokens.size();
  if (left < kStoryTokensMin) {
    if (body.size() <= kStubTokensMax) return kept;
    first = 0;
    last = lines.size();
  }
  const Range story{lines[first].tokens.begin, lines[last - 1].tokens.end};
  const std::size_t begin = judge.header_end(story);
  append_story(lines, first, last, begin, kept);
  return kept;
}

}  // namespace tocsin
