#include "pipeline/text/clean.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "pipeline/text/ascii.h"
#include "pipeline/text/code_points.h"
#include "pipeline/text/fold.h"

namespace tocsin {

namespace {

// What a tag leaves in the text.
enum class Break : std::uint8_t { none, line, paragraph };

struct Tag {
  std::string_view name;
  Break leaves = Break::none;
};

// Only these are tags; sorted by name. The words between "<" and ">" of any other stay text.
constexpr Break kLine = Break::line;
constexpr Break kBlock = Break::paragraph;
constexpr std::array kTags = {Tag{"a"},
                              Tag{"abbr"},
                              Tag{"address", kBlock},
                              Tag{"article", kBlock},
                              Tag{"aside", kBlock},
                              Tag{"audio"},
                              Tag{"b"},
                              Tag{"big"},
                              Tag{"blockquote", kBlock},
                              Tag{"body", kBlock},
                              Tag{"br", kLine},
                              Tag{"button"},
                              Tag{"caption", kBlock},
                              Tag{"center", kBlock},
                              Tag{"cite"},
                              Tag{"code"},
                              Tag{"dd", kBlock},
                              Tag{"del"},
                              Tag{"details", kBlock},
                              Tag{"div", kBlock},
                              Tag{"dl", kBlock},
                              Tag{"dt", kBlock},
                              Tag{"em"},
                              Tag{"embed"},
                              Tag{"figcaption", kBlock},
                              Tag{"figure", kBlock},
                              Tag{"font"},
                              Tag{"footer", kBlock},
                              Tag{"form", kBlock},
                              Tag{"h1", kBlock},
                              Tag{"h2", kBlock},
                              Tag{"h3", kBlock},
                              Tag{"h4", kBlock},
                              Tag{"h5", kBlock},
                              Tag{"h6", kBlock},
                              Tag{"head", kBlock},
                              Tag{"header", kBlock},
                              Tag{"hr", kBlock},
                              Tag{"html", kBlock},
                              Tag{"i"},
                              Tag{"iframe"},
                              Tag{"img"},
                              Tag{"input"},
                              Tag{"ins"},
                              Tag{"label"},
                              Tag{"li", kBlock},
                              Tag{"link"},
                              Tag{"main", kBlock},
                              Tag{"mark"},
                              Tag{"meta"},
                              Tag{"nav", kBlock},
                              Tag{"noscript"},
                              Tag{"object"},
                              Tag{"ol", kBlock},
                              Tag{"p", kBlock},
                              Tag{"param"},
                              Tag{"picture"},
                              Tag{"pre", kBlock},
                              Tag{"q"},
                              Tag{"s"},
                              Tag{"script"},
                              Tag{"section", kBlock},
                              Tag{"small"},
                              Tag{"source"},
                              Tag{"span"},
                              Tag{"strike"},
                              Tag{"strong"},
                              Tag{"style"},
                              Tag{"sub"},
                              Tag{"summary", kBlock},
                              Tag{"sup"},
                              Tag{"svg"},
                              Tag{"table", kBlock},
                              Tag{"tbody"},
                              Tag{"td", kLine},
                              Tag{"tfoot"},
                              Tag{"th", kLine},
                              Tag{"thead"},
                              Tag{"time"},
                              Tag{"title", kBlock},
                              Tag{"tr", kBlock},
                              Tag{"tt"},
                              Tag{"u"},
                              Tag{"ul", kBlock},
                              Tag{"video"},
                              Tag{"wbr"}};
constexpr std::size_t kTagNameMax = 10;
constexpr std::size_t kEntityNameMax = 8;  // of HTML 4
constexpr std::size_t kNumericDigitsMax = 8;
// Markup that never ends may be looked at this often for each byte of the field, then it is text.
constexpr std::size_t kScansPerByteMax = 8;

bool is_ascii_space(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}
bool is_ascii_letter(char c) noexcept {
  return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z';
}
bool is_name_char(char c) noexcept {
  return is_ascii_letter(c) || (c >= '0' && c <= '9');
}

const Tag* find_tag(std::string_view name) noexcept {
  const auto* found =
      std::lower_bound(kTags.begin(), kTags.end(), name,
                       [](const Tag& tag, std::string_view value) { return tag.name < value; });
  return found != kTags.end() && found->name == name ? found : nullptr;
}

// The characters that browsers read for &#128; to &#159; (Windows-1252); 0: none.
constexpr std::array<char16_t, 32> kWindows1252 = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

// Bytes at which there may be something to replace; others are copied.
constexpr std::array<bool, 256> kSigns = [] {
  std::array<bool, 256> signs{};
  for (const char sign : {'<', '&', '-', ']', '\xC2', '\xC3', '\xE2', '\xEF'}) {
    signs[static_cast<unsigned char>(sign)] = true;
  }
  return signs;
}();
constexpr std::size_t kEscapedTagMax = 1024;
constexpr std::size_t kNoscriptBytesMax = 2048;  // a longer one is the text
constexpr std::size_t kFootnoteBytesMax = 16;
constexpr std::size_t kPieceBytesMax = 16;  // longer pieces of a word are no function word
constexpr std::string_view kSoftHyphen = "\u00AD";
constexpr std::string_view kHyphen = "\u2010";
constexpr std::string_view kZeroWidthSpace = "\u200B";

class Cleaner {
 public:
  Cleaner(std::string_view raw, const Languages& languages, std::string& out,
          std::vector<Text::Run>& runs)
      : raw_(raw),
        languages_(languages),
        out_(out),
        runs_(runs),
        scans_left_(raw.size() * kScansPerByteMax) {}

  void run() {
    start_run();
    while (at_ < raw_.size()) {
      const std::size_t sign = next_sign();
      out_.append(raw_.substr(at_, sign - at_));
      original_ += count_code_points(raw_.substr(at_, sign - at_));
      at_ = sign;
      if (at_ == raw_.size()) return;
      if (take()) continue;
      const std::size_t bytes = code_point(raw_, at_).bytes;  // an ordinary character after all
      out_ += raw_.substr(at_, bytes);
      at_ += bytes;
      ++original_;
    }
  }

  [[nodiscard]] std::uint32_t repaired() const noexcept { return repaired_; }

 private:
  [[nodiscard]] std::size_t next_sign() const noexcept {
    std::size_t sign = at_;
    while (sign < raw_.size() && !kSigns[static_cast<unsigned char>(raw_[sign])]) ++sign;
    return sign;
  }

  // Replaces what begins at the sign `at_`; false when it is nothing but a character.
  bool take() {
    switch (raw_[at_]) {
      case '&':
        return escaped_markup() || entity();
      case '<':
        return markup();
      case '-':
        return line_end_hyphen(1);
      case '\xC2':
        return raw_.substr(at_).starts_with(kSoftHyphen) && soft_hyphen(kSoftHyphen.size());
      case ']':
        return in_cdata_ && raw_.substr(at_).starts_with("]]>") && (in_cdata_ = false, drop(3));
      case '\xC3':
        return mojibake();
      case '\xEF':
        return full_width();
      default:
        if (raw_.substr(at_).starts_with(kHyphen)) return line_end_hyphen(kHyphen.size());
        return raw_.substr(at_).starts_with(kZeroWidthSpace) &&
               zero_width_space(kZeroWidthSpace.size());
    }
  }
  bool drop(std::size_t bytes) { return replace(at_ + bytes, ""), true; }

  // A letter of a script with capitals ends before, or begins at, `at`.
  enum class Letter : std::uint8_t { none, small, capital };
  static Letter letter_of(char32_t code) {
    const CharClass c = char_class(code);
    return c == CharClass::lower   ? Letter::small
           : c == CharClass::upper ? Letter::capital
                                   : Letter::none;
  }
  [[nodiscard]] Letter letter_at(std::size_t at) const {
    return at < raw_.size() ? letter_of(code_point(raw_, at).code) : Letter::none;
  }
  [[nodiscard]] Letter letter_before(std::size_t at) const {
    if (at == 0) return Letter::none;
    std::size_t begin = at - 1;
    while (begin > 0 && (static_cast<unsigned char>(raw_[begin]) & 0xC0) == 0x80) --begin;
    return letter_of(code_point(raw_, begin).code);
  }

  // Sites put it into words, where a line may break ("mis|siles"), and some in place of a space
  // ("United|States", "Iran|on|Monday"): UAX 29 lets it part. Scripts without capitals part by it.
  bool zero_width_space(std::size_t bytes) {
    const std::size_t next = at_ + bytes;
    const Letter left = letter_before(at_);
    const Letter right = letter_at(next);
    const bool within = left != Letter::none && right != Letter::none &&
                        !(left == Letter::small && right == Letter::capital) &&
                        !begins_function_word(next);
    replace(next, within ? "" : " ");
    return true;
  }

  // Whether the letters from `next` on are a function word of their own, not the rest of one that
  // stands before `at_`.
  [[nodiscard]] bool begins_function_word(std::size_t next) const {
    std::size_t begin = at_;
    while (begin > 0 && at_ - begin < kPieceBytesMax && is_ascii_letter(raw_[begin - 1])) --begin;
    std::size_t end = next;
    while (end < raw_.size() && end - next < kPieceBytesMax && is_ascii_letter(raw_[end])) ++end;
    const std::string part(raw_.substr(next, end - next));
    const std::uint64_t alone = fold_hash(part);
    const std::uint64_t joined = fold_hash(std::string(raw_.substr(begin, at_ - begin)) + part);
    const auto languages = languages_.all();
    return std::any_of(languages.begin(), languages.end(), [&](const LanguageWords& reader) {
      const Language& language = *reader.language;
      return language.is(language.find(alone), WordClass::function_word) &&
             !language.is(language.find(joined), WordClass::function_word);
    });
  }

  // Behind the hyphen of `bytes` at `at_`: where the next line begins; nullopt: it ends no line.
  [[nodiscard]] std::optional<std::size_t> next_line(std::size_t bytes) const {
    std::size_t next = at_ + bytes;
    while (next < raw_.size() && (raw_[next] == ' ' || raw_[next] == '\r')) ++next;
    if (next == raw_.size() || raw_[next] != '\n') return std::nullopt;
    ++next;
    while (next < raw_.size() && raw_[next] == ' ') ++next;
    return next;
  }

  // A word broken at the end of a line is one word: "mis-\nsiles", but not "pre- \nand post-war".
  bool line_end_hyphen(std::size_t bytes) {
    constexpr std::array<std::string_view, 5> kJoining = {"and ", "or ", "to ", "und ", "y "};
    const std::optional<std::size_t> next = next_line(bytes);
    if (!next || at_ < 2) return false;
    if (letter_before(at_) != Letter::small || letter_at(*next) != Letter::small) return false;
    const std::string_view rest = raw_.substr(*next);
    const bool joins = std::any_of(kJoining.begin(), kJoining.end(),
                                   [&](std::string_view word) { return rest.starts_with(word); });
    if (joins) return false;
    replace(*next, "");
    return true;
  }
  // Where a line ends with it, the hyphen is seen. Elsewhere tokens ignore it.
  bool soft_hyphen(std::size_t bytes) {
    const std::optional<std::size_t> next = next_line(bytes);
    if (next) replace(*next, "");
    return next.has_value();
  }

  // Letters, digits and apostrophes as wide as ideographs are those of ASCII.
  bool full_width() {
    constexpr char32_t kFirst = 0xFF01;  // "!" of ASCII, and so on in order
    const CodePoint point = code_point(raw_, at_);
    if (point.code < kFirst || point.code > kFirst + ('~' - '!')) return false;
    const char narrow = static_cast<char>('!' + (point.code - kFirst));
    if (!is_name_char(narrow) && narrow != '\'') return false;
    replace(at_ + point.bytes, {&narrow, 1});
    return true;
  }

  // A character as `level` wrong readings of UTF-8 as Windows-1252 (or Latin-1) left it.
  struct Reading1252 {
    char32_t code = 0;
    std::size_t bytes = 0;
    bool repaired = false;
  };
  // The byte that a misreader took for the character; nullopt: none.
  static std::optional<unsigned> byte_1252(char32_t code) {
    if (code < 0x100) return static_cast<unsigned>(code);
    const auto* found = std::find(kWindows1252.begin(), kWindows1252.end(), code);
    if (found == kWindows1252.end()) return std::nullopt;
    return 0x80 + static_cast<unsigned>(found - kWindows1252.begin());
  }
  [[nodiscard]] Reading1252 read_1252(std::size_t at, int level) const {
    if (level == 0) {
      const CodePoint point = code_point(raw_, at);
      return {point.code, point.bytes, false};
    }
    const Reading1252 first = read_1252(at, level - 1);
    if (first.code < 0xC2 || first.code > 0xF4) return first;
    const std::size_t more = first.code < 0xE0 ? 1 : first.code < 0xF0 ? 2 : 3;
    Reading1252 read{first.code & (0x3FU >> more), first.bytes, true};
    char32_t last = 0;
    for (std::size_t i = 0; i < more; ++i) {
      if (at + read.bytes >= raw_.size()) return first;
      const Reading1252 next = read_1252(at + read.bytes, level - 1);
      const std::optional<unsigned> byte = byte_1252(next.code);
      // The last byte of a closing quote is no character of Windows-1252: many lose it.
      const bool is_quote = i == 1 && first.code == 0xE2 && last == 0x20AC;
      if ((!byte || *byte < 0x80 || *byte > 0xBF) && is_quote) return {0x201D, read.bytes, true};
      if (!byte || *byte < 0x80 || *byte > 0xBF) return first;
      read.code = read.code << 6 | (*byte & 0x3FU);
      read.bytes += next.bytes;
      last = next.code;
    }
    // Two characters may be a capital and a quote ("AMANHÃ\u201D"): then only a sign is certain, or
    // that all of the field reads so.
    const bool certain = more > 1 || whole_field_ || (last > 0xA0 && last <= 0xBF);
    const bool is_shortest = more == 1 || read.code >= (more == 2 ? 0x800U : 0x10000U);
    const bool is_scalar = read.code < 0xD800 || (read.code > 0xDFFF && read.code < 0x110000);
    return certain && is_shortest && is_scalar ? read : first;
  }

  bool mojibake() {
    if (!field_read_) whole_field_ = reads_whole();
    const Reading1252 read = read_1252(at_, 2);
    if (!read.repaired) return false;
    std::string character;
    append_utf8(character, read.code);
    replace(at_ + read.bytes, character);
    ++repaired_;
    return true;
  }

  // Whether every character beyond ASCII belongs to UTF-8 that was read wrongly.
  bool reads_whole() {
    field_read_ = true;
    whole_field_ = true;
    for (std::size_t at = 0; at < raw_.size();) {
      if (static_cast<unsigned char>(raw_[at]) < 0x80) {
        ++at;
        continue;
      }
      const Reading1252 read = read_1252(at, 1);
      if (!read.repaired) return false;
      at += read.bytes;
    }
    return true;
  }

  // Markup whose brackets were escaped: "&lt;p&gt;", "&amp;lt;br /&amp;gt;".
  bool escaped_markup() {
    std::string_view rest = raw_.substr(at_);
    std::size_t read = 0;
    const auto escaped = [&](std::string_view name) {
      std::string_view ahead = rest.substr(read);
      std::size_t bytes = 1;
      if (!ahead.starts_with('&')) return false;
      while (ahead.substr(bytes).starts_with("amp;")) bytes += 4;
      if (!ahead.substr(bytes).starts_with(name)) return false;
      read += bytes + name.size();
      return true;
    };
    if (!escaped("lt;")) return false;
    if (read < rest.size() && rest[read] == '/') ++read;
    std::array<char, kTagNameMax> name{};
    std::size_t size = 0;
    while (read < rest.size() && is_name_char(rest[read]) && size < kTagNameMax) {
      name[size++] = ascii_lower(rest[read++]);
    }
    const Tag* tag = find_tag({name.data(), size});
    if (tag == nullptr || read == rest.size()) return false;
    const bool ends = rest[read] == '&' || rest[read] == '>' || rest[read] == '/';
    if (!ends && !is_ascii_space(rest[read])) return false;
    const std::size_t limit = std::min(rest.size(), read + kEscapedTagMax);
    for (; read < limit; ++read) {
      if (!spend(1) || rest[read] == '<') return false;
      const bool closes = rest[read] == '>' ? (++read, true) : escaped("gt;");
      if (!closes) continue;
      replace(at_ + read, left_by(*tag));
      return true;
    }
    return false;
  }

  void start_run() {
    const auto clean = static_cast<std::uint32_t>(out_.size());
    const auto original = static_cast<std::uint32_t>(original_);
    if (!runs_.empty() && runs_.back().clean == clean) runs_.pop_back();  // it came to nothing
    runs_.push_back({clean, original, 0});
  }

  // Replaces raw bytes [at_, end) by `text`.
  void replace(std::size_t end, std::string_view text) {
    const std::size_t after = original_ + count_code_points(raw_.substr(at_, end - at_));
    if (!text.empty()) {
      start_run();
      runs_.back().original_end = static_cast<std::uint32_t>(after);
      out_ += text;
    }
    original_ = after;
    at_ = end;
    start_run();
  }

  bool entity() {
    const std::string_view rest = raw_.substr(at_ + 1);
    std::optional<std::pair<char32_t, std::size_t>> found = any_entity(rest);
    if (!found) return false;
    std::size_t bytes = found->second;
    // Encoded twice: "&amp;nbsp;".
    while (found->first == '&' && at_ + bytes < raw_.size()) {
      const auto inner = any_entity(raw_.substr(at_ + bytes));
      if (!inner) break;
      bytes += inner->second - 1;
      found = inner;
    }
    if (found->first == 0xAD && soft_hyphen(bytes)) return true;
    if (found->first == 0x200B) return zero_width_space(bytes);
    std::string character;
    append_utf8(character, found->first);
    replace(at_ + bytes, character);
    return true;
  }

  static std::optional<std::pair<char32_t, std::size_t>> any_entity(std::string_view rest) {
    return rest.starts_with('#') ? numeric_entity(rest.substr(1)) : named_entity(rest);
  }

  // Both give the character and the bytes of the whole entity, "&" and ";" included.
  static std::optional<std::pair<char32_t, std::size_t>> named_entity(std::string_view rest) {
    const std::size_t semicolon = rest.substr(0, kEntityNameMax + 1).find(';');
    if (semicolon == std::string_view::npos) return std::nullopt;
    const std::string_view name = rest.substr(0, semicolon);
    const auto* found = std::lower_bound(
        kNamedEntities.begin(), kNamedEntities.end(), name,
        [](const NamedEntity& entity, std::string_view value) { return entity.name < value; });
    if (found == kNamedEntities.end() || found->name != name) return std::nullopt;
    return std::pair{found->code, semicolon + 2};
  }

  static std::optional<std::pair<char32_t, std::size_t>> numeric_entity(std::string_view digits) {
    const bool hex = digits.starts_with('x') || digits.starts_with('X');
    std::size_t i = hex ? 1 : 0;
    const std::size_t first = i;
    char32_t code = 0;
    for (; i < digits.size() && i - first < kNumericDigitsMax; ++i) {
      const char c = ascii_lower(digits[i]);
      if (c >= '0' && c <= '9') {
        code = code * (hex ? 16 : 10) + static_cast<char32_t>(c - '0');
      } else if (hex && c >= 'a' && c <= 'f') {
        code = code * 16 + static_cast<char32_t>(c - 'a' + 10);
      } else {
        break;
      }
    }
    if (i == first || i == digits.size() || digits[i] != ';') return std::nullopt;
    if (code == 0) code = 0xFFFD;
    if (code >= 0x80 && code < 0xA0 && kWindows1252[code - 0x80] != 0) {
      code = kWindows1252[code - 0x80];
    }
    return std::pair{code, i + 3};
  }

  bool markup() {
    const std::string_view rest = raw_.substr(at_);
    if (rest.starts_with("<!--")) return drop_through("-->", 4, "");
    if (rest.starts_with("<![CDATA[")) return in_cdata_ = true, drop(9);
    if (rest.starts_with("<?xml")) return drop_through("?>", 5, "");
    std::size_t i = 1;
    const bool closing = rest.size() > 1 && rest[1] == '/';
    if (closing || rest.starts_with("<!")) ++i;
    std::array<char, kTagNameMax> name{};
    std::size_t size = 0;
    for (; i < rest.size() && is_name_char(rest[i]); ++i) {
      if (size == kTagNameMax) return false;
      name[size++] = ascii_lower(rest[i]);
    }
    const std::string_view tag_name(name.data(), size);
    if (i == rest.size() || (rest[i] != '>' && rest[i] != '/' && !is_ascii_space(rest[i]))) {
      return false;
    }
    if (rest.starts_with("<!")) return tag_name == "doctype" && drop_through(">", i, "");
    const Tag* tag = find_tag(tag_name);
    if (tag == nullptr) return false;
    const std::size_t end = tag_end(at_ + i);
    if (end == std::string_view::npos) return false;
    if (!closing && drop_hidden(tag_name, end)) return true;
    replace(end, left_by(*tag));
    return true;
  }
  // What an element holds that no reader sees, and marks of footnotes. `end`: of its opening tag.
  bool drop_hidden(std::string_view tag_name, std::size_t end) {
    if (tag_name == "script") return drop_through("</script>", end - at_, "");
    if (tag_name == "style") return drop_through("</style>", end - at_, "");
    if (tag_name == "noscript") {
      const std::size_t close = raw_.substr(end, kNoscriptBytesMax).find("</noscript>");
      return close != std::string_view::npos && drop_through("</noscript>", end - at_, "");
    }
    if (tag_name != "sup") return false;
    const std::string_view held = raw_.substr(end, kFootnoteBytesMax);
    const std::size_t mark = std::min(held.find_first_not_of("0123456789[]*,"), held.size());
    return mark > 0 && held.substr(mark).starts_with("</sup>") &&
           drop_through("</sup>", end - at_, "");
  }
  static std::string_view left_by(const Tag& tag) {
    return tag.leaves == Break::none ? "" : tag.leaves == Break::line ? "\n" : "\n\n";
  }

  // Spends what a search may cost altogether, so that hostile markup stays linear.
  bool spend(std::size_t bytes) {
    if (bytes > scans_left_) {
      scans_left_ = 0;
      return false;
    }
    scans_left_ -= bytes;
    return true;
  }

  // Drops everything from `at_` through `close`, which is sought from `skip` bytes on.
  bool drop_through(std::string_view close, std::size_t skip, std::string_view left) {
    const auto same = [](char a, char b) { return ascii_lower(a) == b; };
    if (scans_left_ == 0 || at_ + skip > raw_.size()) return false;
    const auto begin = raw_.begin() + static_cast<std::ptrdiff_t>(at_ + skip);
    const auto found = std::search(begin, raw_.end(), close.begin(), close.end(), same);
    spend(static_cast<std::size_t>(found - begin));
    if (found == raw_.end()) return false;
    replace(static_cast<std::size_t>(found - raw_.begin()) + close.size(), left);
    return true;
  }

  // After the ">" of a tag whose attributes start at `i`; npos when it has none.
  std::size_t tag_end(std::size_t i) {
    const std::size_t start = i;
    char quote = 0;
    for (; i < raw_.size() && scans_left_ != 0; ++i) {
      const char c = raw_[i];
      if (quote != 0) {
        if (c == quote) quote = 0;
      } else if ((c == '"' || c == '\'') && raw_[i - 1] == '=') {
        quote = c;
      } else if (c == '>') {
        return i + 1;
      } else if (c == '<') {
        break;
      }
    }
    spend(i - start);
    return std::string_view::npos;
  }

  const std::string_view raw_;
  const Languages& languages_;
  std::string& out_;
  std::vector<Text::Run>& runs_;
  std::size_t at_ = 0;
  std::size_t original_ = 0;  // code points of raw_ before at_
  std::size_t scans_left_;
  std::uint32_t repaired_ = 0;  // characters
  bool in_cdata_ = false;
  bool field_read_ = false;
  bool whole_field_ = false;
};

// What bytes of a field may ask for.
struct Signs {
  bool is_any = false;       // a mark, or a hyphen at the end of a line
  bool may_be_wide = false;  // a letter or sign of two bytes or three that may be one
};

// Of so many bytes, behind which two more stand. Minima without a branch, which GCC makes vectors
// of, but not within another loop.
constexpr std::size_t kSignBlock = 64;
[[gnu::noinline]] Signs signs_of_block(const char* bytes) noexcept {
  std::uint8_t least = 0xFF;  // 0: one is there
  std::uint8_t wide = 0xFF;
  for (std::size_t i = 0; i < kSignBlock; ++i) {
    const auto byte = static_cast<std::uint8_t>(bytes[i]);
    const auto next = static_cast<std::uint8_t>(bytes[i + 1]);
    const auto third = static_cast<std::uint8_t>(bytes[i + 2]);
    const auto less = static_cast<std::uint8_t>(byte ^ '<');
    const auto ampersand = static_cast<std::uint8_t>(byte ^ '&');
    const auto latin = static_cast<std::uint8_t>(byte ^ 0xC3);
    const auto order = static_cast<std::uint8_t>(byte ^ 0xEF);
    const auto latin_sign = static_cast<std::uint8_t>(byte ^ 0xC2);
    const auto point = static_cast<std::uint8_t>(byte ^ 0xE2);
    // A hyphen, perhaps a blank, a line's end.
    const auto hyphen = static_cast<std::uint8_t>(byte ^ '-');
    const auto next_feed = static_cast<std::uint8_t>(next ^ '\n');
    const auto next_return = static_cast<std::uint8_t>(next ^ '\r');
    const auto blank = static_cast<std::uint8_t>(next ^ ' ');
    const auto third_feed = static_cast<std::uint8_t>(third ^ '\n');
    const auto third_return = static_cast<std::uint8_t>(third ^ '\r');
    const auto ends = std::min(third_feed, third_return);
    const auto behind_blank = static_cast<std::uint8_t>(blank | ends);
    const auto end = std::min({next_feed, next_return, behind_blank});
    const auto broken = static_cast<std::uint8_t>(hyphen | end);
    least = std::min({least, less, ampersand, latin, order, broken});
    wide = std::min({wide, latin_sign, point});
  }
  return {least == 0, wide == 0};
}

// Whether anything in the field may ask for a cleaner.
bool has_signs(std::string_view text) noexcept {
  bool may_be_wide = false;
  std::size_t at = 0;
  const auto is_asked = [&](const char* block) {
    const Signs signs = signs_of_block(block);
    may_be_wide = may_be_wide || signs.may_be_wide;
    return signs.is_any;
  };
  for (; at + kSignBlock + 2 <= text.size(); at += kSignBlock) {
    if (is_asked(text.data() + at)) return true;
  }
  while (at < text.size()) {  // the end, with blanks behind it
    std::array<char, kSignBlock + 2> rest;
    rest.fill(' ');
    std::copy_n(text.data() + at, std::min(rest.size(), text.size() - at), rest.data());
    if (is_asked(rest.data())) return true;
    at += kSignBlock;
  }
  if (!may_be_wide) return false;
  const auto has = [&](std::string_view sign) { return text.find(sign) != std::string_view::npos; };
  return has(kZeroWidthSpace) || has(kSoftHyphen) || has("\u2010\n") || has("\u2010\r");
}

}  // namespace

void append_clean(std::string_view raw, const Languages& languages, std::string& out,
                  std::vector<Text::Run>& runs) {
  if (has_signs(raw)) {
    Cleaner(raw, languages, out, runs).run();
    return;
  }
  runs.push_back({static_cast<std::uint32_t>(out.size()), 0, 0});
  out += raw;
}

std::uint32_t count_repaired(std::string_view raw) {
  if (raw.find('\xC3') == std::string_view::npos) return 0;
  const Languages none;
  std::string out;
  std::vector<Text::Run> runs;
  Cleaner cleaner(raw, none, out, runs);
  cleaner.run();
  return cleaner.repaired();
}

}  // namespace tocsin
