#include "daemon/page/query.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace tocsin::page {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// Calls `visit` with each part that is not empty.
template <class F>
void each_part(std::string_view text, std::string_view ends, F&& visit) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(ends), text.size());
    if (end > 0) visit(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

Show show_of(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, Show>, 4> kNames = {
      {{"escalations", Show::escalations},
       {"easings", Show::easings},
       {"all", Show::all},
       {"copies", Show::copies}}};
  const auto found = std::find_if(kNames.begin(), kNames.end(),
                                  [&](const auto& one) { return one.first == name; });
  return found == kNames.end() ? Show::moves : found->second;
}

}  // namespace

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool has_digits = text[i] == '%' && i + 2 < text.size();
    const int high = has_digits ? hex_digit(text[i + 1]) : -1;
    const int low = has_digits ? hex_digit(text[i + 2]) : -1;
    if (high >= 0 && low >= 0) {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

Query::Query(std::string_view text) {
  each_part(text, "&", [this](std::string_view part) {
    const std::size_t equals = std::min(part.find('='), part.size());
    std::string name = percent_decoded(part.substr(0, equals));
    if (values_.size() >= kNamesMax && !values_.contains(name)) return;
    const std::string_view value = part.substr(std::min(equals + 1, part.size()));
    values_[std::move(name)] = percent_decoded(value).substr(0, kValueBytesMax);
  });
}

std::string Query::text(const std::string& name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::string() : found->second;
}

std::int64_t Query::number(const std::string& name, std::int64_t fallback, std::int64_t min,
                           std::int64_t max) const {
  const std::string value = text(name);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (value.empty() || error != std::errc() || end != value.data() + value.size()) return fallback;
  return std::clamp(number, min, max);
}

FeedQuery feed_query(const Query& query) {
  constexpr std::array<std::pair<const char*, char>, 5> kFacets = {
      {{"country", 'c'}, {"event", 'e'}, {"mode", 'm'}, {"topic", 't'}, {"name", 'n'}}};
  FeedQuery wanted;
  wanted.show = show_of(query.text("show"));
  wanted.level_min = rank_of_level(query.text("level"));
  for (const auto& [name, kind] : kFacets) {
    each_part(query.text(name), ",", [&, kind = kind](std::string_view value) {
      wanted.facets.push_back(std::string("\n") + kind + ':' + std::string(value) + '\n');
    });
  }
  wanted.source = folded_text(query.text("source"));
  each_part(folded_text(query.text("q")), " ",
            [&](std::string_view word) { wanted.words.emplace_back(word); });
  wanted.pair = query.text("pair");
  constexpr std::int64_t kAny = std::int64_t{1} << 53;  // what JavaScript counts exactly
  wanted.after = static_cast<std::uint64_t>(query.number("after", 0, 0, kAny));
  wanted.before = static_cast<std::uint64_t>(query.number("before", 0, 0, kAny));
  wanted.rows_max =
      static_cast<std::size_t>(query.number("limit", FeedQuery::kRowsMax, 1, FeedQuery::kRowsMax));
  return wanted;
}

}  // namespace tocsin::page
