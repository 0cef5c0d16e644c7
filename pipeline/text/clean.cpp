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
bool is_name_char(char c) noexcept {
  return (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || (c >= '0' && c <= '9');
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

class Cleaner {
 public:
  Cleaner(std::string_view raw, std::string& out, std::vector<Text::Run>& runs)
      : raw_(raw), out_(out), runs_(runs), scans_left_(raw.size() * kScansPerByteMax) {}

  void run() {
    start_run();
    while (at_ < raw_.size()) {
      const std::size_t sign = next_sign();
      out_.append(raw_.substr(at_, sign - at_));
      original_ += count_code_points(raw_.substr(at_, sign - at_));
      at_ = sign;
      if (at_ == raw_.size()) return;
      const bool taken = raw_[at_] == '&' ? entity() : markup();
      if (!taken) {  // an ordinary character after all
        out_ += raw_[at_++];
        ++original_;
      }
    }
  }

 private:
  [[nodiscard]] std::size_t next_sign() const noexcept {
    std::size_t sign = at_;
    while (sign < raw_.size() && raw_[sign] != '<' && raw_[sign] != '&') ++sign;
    return sign;
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
    const std::optional<std::pair<char32_t, std::size_t>> found =
        rest.starts_with('#') ? numeric_entity(rest.substr(1)) : named_entity(rest);
    if (!found) return false;
    std::string character;
    append_utf8(character, found->first);
    replace(at_ + found->second, character);
    return true;
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
    if (rest.starts_with("<![CDATA[")) return replace(at_ + 9, ""), true;
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
    if (!closing && (tag_name == "script" || tag_name == "style")) {
      const std::string_view close = tag_name == "script" ? "</script>" : "</style>";
      if (drop_through(close, end - at_, "")) return true;
    }
    const std::string_view left = tag->leaves == Break::none   ? ""
                                  : tag->leaves == Break::line ? "\n"
                                                               : "\n\n";
    replace(end, left);
    return true;
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
  std::string& out_;
  std::vector<Text::Run>& runs_;
  std::size_t at_ = 0;
  std::size_t original_ = 0;  // code points of raw_ before at_
  std::size_t scans_left_;
};

bool contains(std::string_view text, char c) noexcept {
  return !text.empty() && std::memchr(text.data(), c, text.size()) != nullptr;
}

}  // namespace

void append_clean(std::string_view raw, std::string& out, std::vector<Text::Run>& runs) {
  if (contains(raw, '<') || contains(raw, '&')) {
    Cleaner(raw, out, runs).run();
    return;
  }
  runs.push_back({static_cast<std::uint32_t>(out.size()), 0, 0});
  out += raw;
}

}  // namespace tocsin
