#include "pipeline/outlets/sources.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <optional>

#include "pipeline/text/ascii.h"

namespace tocsin {
namespace {

constexpr std::size_t kColumns = 5;  // domain, owner, tier, name, note
constexpr std::size_t kHostBytesMax = 253;

bool is_host_name(std::string_view text) {
  if (text.size() > kHostBytesMax || text.find('.') == std::string_view::npos) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-';
  });
}

// Host of a URL, lower case, without user, port and "www."; empty when there is none.
std::string host_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return "";
  url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find_first_of("/?#"));
  const std::size_t user = url.rfind('@');
  if (user != std::string_view::npos) url.remove_prefix(user + 1);
  url = url.substr(0, url.find(':'));
  std::string host = ascii_lower(url);
  if (!is_host_name(host)) return "";
  if (host.starts_with("www.")) host.erase(0, 4);
  return host;
}

// "0.9", "1.0", "0.75" as hundredths; nullopt for anything else. No locale, no strtod.
std::optional<int> parse_hundredths(std::string_view text) {
  if (text.size() < 3 || text.size() > 4 || text[1] != '.') return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i == 1) continue;
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  if (text.size() == 3) value *= 10;
  if (value > 100) return std::nullopt;
  return value;
}

}  // namespace

void Sources::add_tsv(std::string_view file, std::string_view text,
                      std::vector<DataFault>& faults) {
  std::uint32_t line_number = 0;
  while (!text.empty()) {
    ++line_number;
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.starts_with('#') || line.starts_with("domain\t")) continue;
    const auto fault = [&](std::string_view cell, std::string message) {
      const auto column = static_cast<std::uint32_t>(cell.data() - line.data()) + 1;
      faults.push_back({std::string(file), line_number, column, std::move(message), false});
    };
    std::array<std::string_view, kColumns> cells;
    std::size_t count = 0;
    for (std::string_view rest = line; count < kColumns; ++count) {
      const std::size_t tab = rest.find('\t');
      cells[count] = rest.substr(0, tab);
      if (tab == std::string_view::npos) {
        ++count;
        break;
      }
      rest.remove_prefix(tab + 1);
    }
    if (count < 4) {
      fault(line, "expected domain, owner, tier, name, note separated by tabs");
      continue;
    }
    const std::optional<int> tier = parse_hundredths(cells[2]);
    if (!is_host_name(cells[0])) fault(cells[0], "not a domain: '" + std::string(cells[0]) + "'");
    if (!tier)
      fault(cells[2], "tier must be a number from 0.0 to 1.0: '" + std::string(cells[2]) + "'");
    if (!is_host_name(cells[0]) || !tier) continue;
    const bool is_new =
        rows_
            .emplace(ascii_lower(cells[0]),
                     Row{std::string(cells[1]), std::string(cells[3]), *tier / 100.0})
            .second;
    if (!is_new) fault(cells[0], "domain given twice: '" + std::string(cells[0]) + "'");
  }
}

Source Sources::resolve(const Article& article) const {
  Source source;
  source.domain = host_of(article.url);
  if (source.domain.empty() && is_host_name(article.source)) {
    source.domain = ascii_lower(article.source);
    if (source.domain.starts_with("www.")) source.domain.erase(0, 4);
  }
  source.name = article.source;
  std::string owner = source.domain.empty() ? ascii_lower(article.source) : source.domain;
  for (std::string_view suffix = source.domain; !suffix.empty();) {
    const auto row = rows_.find(std::string(suffix));
    if (row != rows_.end()) {
      source.tier = row->second.tier;
      if (!row->second.owner.empty()) owner = row->second.owner;
      if (source.name.empty()) source.name = row->second.name;
      break;
    }
    const std::size_t dot = suffix.find('.');
    suffix = dot == std::string_view::npos ? std::string_view() : suffix.substr(dot + 1);
  }
  if (source.name.empty()) source.name = source.domain;
  if (!owner.empty()) source.owner = XXH3_64bits(owner.data(), owner.size());
  return source;
}

}  // namespace tocsin
