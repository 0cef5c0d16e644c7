#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "daemon/commands/explanation.h"

namespace tocsin {

namespace {

constexpr std::string_view kReset = "\033[0m";
constexpr std::size_t kIndent = 2;

// What a byte of the text is part of.
struct ByteMark {
  bool is_title = false;
  bool is_entity = false;
  bool is_hostile = false;
  bool is_cooperative = false;
  friend bool operator==(const ByteMark&, const ByteMark&) = default;
};

std::string ansi(const ByteMark& mark) {
  std::string codes;
  const auto add = [&codes](std::string_view code) {
    codes += codes.empty() ? "" : ";";
    codes += code;
  };
  if (mark.is_title || mark.is_entity) add("1");
  if (mark.is_hostile || mark.is_cooperative) add("4");
  if (mark.is_hostile) {
    add("31");
  } else if (mark.is_cooperative) {
    add("32");
  } else if (mark.is_entity) {
    add("36");
  }
  return codes.empty() ? "" : "\033[" + codes + "m";
}

std::size_t code_point_bytes(std::string_view text, std::size_t at) {
  std::size_t end = at + 1;
  while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) ++end;
  return end - at;
}

// The text as marks a byte, and what is put before and after bytes: brackets, numbers of events.
class Marking {
 public:
  Marking(const Reading& reading, const Analysis& analysis, const ExplanationStyle& style)
      : text_(reading.text), style_(style), marks_(text_.bytes.size()) {
    for (std::size_t i = 0; i < std::min<std::size_t>(text_.body_begin, marks_.size()); ++i) {
      marks_[i].is_title = true;
    }
    // Evidence first, so that its braces stand outside the brackets of an entity at the same place.
    std::size_t number = 0;
    for (const Event& event : analysis.assessment.events) add_event(event, ++number);
    for (const Mention& mention : analysis.tagging.mentions) add_mention(mention);
  }

  // Wraps one paragraph, bytes [begin, end).
  void write(std::size_t begin, std::size_t end, std::string& out) const {
    std::size_t column = 0;
    std::size_t at = begin;
    while (at < end) {
      while (at < end && text_.bytes[at] == ' ') ++at;
      const std::size_t word_end = std::min(end, text_.bytes.find(' ', at));
      if (at >= word_end) break;
      std::string word;
      const std::size_t width = write_word(at, word_end, word);
      if (column == 0) {
        out.append(kIndent, ' ');
        column = kIndent;
      } else if (column + 1 + width > style_.width) {
        out += '\n';
        out.append(kIndent, ' ');
        column = kIndent;
      } else {
        out += joined(at, word_end);
        ++column;
      }
      out += word;
      column += width;
      at = word_end;
    }
    if (column > 0) out += '\n';
  }

 private:
  void add_event(const Event& event, std::size_t number) {
    if (event.evidence.size() == 0) return;
    const ByteSpan span = text_.bytes_of(event.evidence);
    for (std::size_t i = span.begin; i < span.end; ++i) {
      (event.scale < 0 ? marks_[i].is_hostile : marks_[i].is_cooperative) = true;
    }
    const std::string label = std::to_string(number);
    if (style_.has_colour) {
      after_[span.end] += "\033[2m" + std::string("⟨") + label + "⟩" + std::string(kReset);
      after_width_[span.end] += label.size() + 2;
    } else {
      before_[span.begin] += "{" + label + ": ";
      after_[span.end] += "}";
      after_width_[span.end] += 1;
    }
  }

  void add_mention(const Mention& mention) {
    if (mention.tokens.size() == 0) return;
    const ByteSpan span = text_.bytes_of(mention.tokens);
    for (std::size_t i = span.begin; i < span.end; ++i) marks_[i].is_entity = true;
    if (style_.has_colour) return;
    before_[span.begin] += "[";
    // An entity closes before the evidence that ends with it.
    after_[span.end].insert(0, "]");
    after_width_[span.end] += 1;
  }

  // A blank inside evidence is underlined like its words.
  [[nodiscard]] std::string joined(std::size_t at, std::size_t word_end) const {
    const bool is_inside = at > 0 && at < word_end && marks_[at - 1] == marks_[at];
    const std::string code = style_.has_colour && is_inside ? ansi(marks_[at]) : "";
    return code.empty() ? " " : code + " " + std::string(kReset);
  }

  // Bytes [begin, end) with their marks; the columns they take.
  std::size_t write_word(std::size_t begin, std::size_t end, std::string& out) const {
    std::size_t width = 0;
    std::string open;
    const auto close = [&] {
      if (!open.empty()) out += kReset;
      open.clear();
    };
    const auto put_after = [&](std::size_t at) {
      if (const auto found = after_.find(at); found != after_.end()) {
        close();
        out += found->second;
        width += after_width_.at(at);
      }
    };
    for (std::size_t at = begin; at < end;) {
      // What ends where the word begins was put after the word before.
      if (at > begin) put_after(at);
      if (const auto found = before_.find(at); found != before_.end()) {
        close();
        out += found->second;
        width += found->second.size();
      }
      const std::string code = style_.has_colour ? ansi(marks_[at]) : "";
      if (code != open) {
        close();
        out += code;
        open = code;
      }
      const std::size_t bytes = code_point_bytes(text_.bytes, at);
      out += printable(std::string_view(text_.bytes).substr(at, bytes));
      ++width;
      at += bytes;
    }
    put_after(end);
    close();
    return width;
  }

  const Text& text_;
  const ExplanationStyle& style_;
  std::vector<ByteMark> marks_;
  std::map<std::size_t, std::string> before_;
  std::map<std::size_t, std::string> after_;
  std::map<std::size_t, std::size_t> after_width_;
};

}  // namespace

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

std::string paint(Paint paint, std::string_view text, const ExplanationStyle& style) {
  constexpr std::array<std::string_view, 6> kCodes = {"", "1", "2", "1;36", "31", "32"};
  const std::string_view code = kCodes[static_cast<std::size_t>(paint)];
  if (!style.has_colour || code.empty()) return std::string(text);
  return "\033[" + std::string(code) + "m" + std::string(text) + std::string(kReset);
}

std::string marked_text(const Reading& reading, const Analysis& analysis,
                        const ExplanationStyle& style) {
  const Marking marking(reading, analysis, style);
  const std::string& bytes = reading.text.bytes;
  std::string out;
  for (std::size_t begin = 0; begin < bytes.size();) {
    const std::size_t end = std::min(bytes.size(), bytes.find('\n', begin));
    const std::size_t before = out.size();
    marking.write(begin, end, out);
    // One blank line between the title and the text, and between paragraphs.
    if (out.size() > before) out += '\n';
    begin = end + 1;
  }
  if (out.ends_with("\n\n")) out.pop_back();
  return out;
}

}  // namespace tocsin
