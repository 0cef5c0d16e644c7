#include "config/fault.h"

#include <algorithm>
#include <tuple>

namespace tocsin {

namespace {

auto order(const Fault& fault) {
  return std::tie(fault.file, fault.line, fault.column, fault.message);
}

// Lines longer than this are not shown: a caret under a minified file helps nobody.
constexpr std::size_t kShownBytesMax = 200;

// A value that a message quotes may be a file that was pasted.
constexpr std::size_t kMessageBytesMax = 1'000;

std::string shortened(const std::string& message) {
  if (message.size() <= kMessageBytesMax) return message;
  std::size_t end = kMessageBytesMax;
  while ((static_cast<unsigned char>(message[end]) & 0xC0U) == 0x80U) --end;  // not within a letter
  return message.substr(0, end) + "... (" + std::to_string(message.size()) + " bytes)";
}

// Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours.
std::size_t distance(std::string_view left, std::string_view right) {
  const std::size_t width = right.size() + 1;
  std::vector<std::size_t> cells((left.size() + 1) * width);
  const auto cell = [&](std::size_t i, std::size_t j) -> std::size_t& {
    return cells[i * width + j];
  };
  for (std::size_t i = 0; i <= left.size(); ++i) cell(i, 0) = i;
  for (std::size_t j = 0; j <= right.size(); ++j) cell(0, j) = j;
  for (std::size_t i = 1; i <= left.size(); ++i) {
    for (std::size_t j = 1; j <= right.size(); ++j) {
      const std::size_t change = left[i - 1] == right[j - 1] ? 0 : 1;
      std::size_t best =
          std::min({cell(i - 1, j) + 1, cell(i, j - 1) + 1, cell(i - 1, j - 1) + change});
      if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1]) {
        best = std::min(best, cell(i - 2, j - 2) + 1);
      }
      cell(i, j) = best;
    }
  }
  return cells.back();
}

}  // namespace

bool has_errors(std::span<const Fault> faults) noexcept {
  return std::any_of(faults.begin(), faults.end(), [](const Fault& f) { return !f.is_warning; });
}

void sort_faults(std::vector<Fault>& faults) {
  std::stable_sort(faults.begin(), faults.end(),
                   [](const Fault& a, const Fault& b) { return order(a) < order(b); });
  const auto doubled = [](const Fault& a, const Fault& b) { return order(a) == order(b); };
  faults.erase(std::unique(faults.begin(), faults.end(), doubled), faults.end());
}

std::string render(const Fault& fault) {
  std::string out = fault.file;
  if (fault.line > 0) {
    out += ':' + std::to_string(fault.line);
    if (fault.column > 0) out += ':' + std::to_string(fault.column);
  }
  out += fault.is_warning ? ": warning: " : ": error: ";
  out += shortened(fault.message);
  out += '\n';
  if (fault.source_line.empty() || fault.source_line.size() > kShownBytesMax) return out;
  out += "  " + fault.source_line + '\n';
  if (fault.column == 0) return out;
  // The caret stands under the column; tabs are repeated so that it does on every terminal.
  out += "  ";
  std::uint32_t column = 1;
  for (const char c : fault.source_line) {
    if (column >= fault.column) break;
    if ((static_cast<unsigned char>(c) & 0xC0U) == 0x80U) continue;
    out += c == '\t' ? '\t' : ' ';
    ++column;
  }
  for (; column < fault.column; ++column) out += ' ';
  out += "^\n";
  return out;
}

std::string render(std::span<const Fault> faults) {
  std::string out;
  for (const Fault& fault : faults) out += render(fault);
  return out;
}

std::string_view line_of(std::string_view text, std::uint32_t number) {
  for (std::uint32_t line = 1; line < number; ++line) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  text = text.substr(0, text.find('\n'));
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

std::string nearest(std::string_view word, std::span<const std::string> known) {
  constexpr std::size_t kWordBytesMax = 100;
  if (word.size() > kWordBytesMax) return {};
  std::size_t best = (word.size() <= 4 ? 1 : 2) + 1;
  std::string found;
  for (const std::string& candidate : known) {
    const std::size_t edits = distance(word, candidate);
    if (edits < best) {
      best = edits;
      found = candidate;
    }
  }
  return found;
}

}  // namespace tocsin
