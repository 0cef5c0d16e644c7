// Reads the TSV of config/gazetteer/README.md.
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <limits>

#include "pipeline/entities/gazetteer_state.h"

namespace tocsin {
namespace {

constexpr std::size_t kLineBytesMax = std::size_t{1} << 16;
constexpr std::array<std::string_view, 13> kColumns = {
    "id",       "type",     "name",    "code", "kind", "aliases", "demonyms",
    "metonyms", "acronyms", "offices", "from", "to",   "note"};
enum Column : std::size_t {
  kId,
  kType,
  kName,
  kCode,
  kKind,
  kAliases,
  kDemonyms,
  kMetonyms,
  kAcronyms,
  kOffices,
  kFrom,
  kTo,
  kNote,
};
// Acronyms up to this length must be written exactly: "WHO" is not "Who".
constexpr std::size_t kExactAcronymMax = 3;
constexpr std::string_view kPopulationNote = "population ";
constexpr std::string_view kFollowUpNote = "follow-up=";

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  for (;;) {
    const std::size_t end = text.find(separator, begin);
    parts.push_back(text.substr(begin, end - begin));
    if (end == std::string_view::npos) {
      return parts;
    }
    begin = end + 1;
  }
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\r')) {
    text.remove_prefix(1);
  }
  while (!text.empty() && (text.back() == ' ' || text.back() == '\r')) {
    text.remove_suffix(1);
  }
  return text;
}

std::optional<EntityType> type_of(std::string_view text) {
  for (const EntityType type :
       {EntityType::country, EntityType::city, EntityType::place, EntityType::person,
        EntityType::org, EntityType::group, EntityType::weapon}) {
    if (name(type) == text) {
      return type;
    }
  }
  return std::nullopt;
}

std::optional<Part> part_of(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, Part>, 8> kParts = {
      {{"", Part::none},
       {"none", Part::none},
       {"state", Part::state},
       {"government", Part::government},
       {"forces", Part::forces},
       {"armed", Part::armed},
       {"alliance", Part::alliance},
       {"society", Part::society}}};
  for (const auto& [text_of_part, part] : kParts) {
    if (text_of_part == text) {
      return part;
    }
  }
  return std::nullopt;
}

// One file's reading position and what it has found so far.
class Reader {
 public:
  Reader(std::string_view file, std::vector<GazetteerRow>& rows, std::vector<DataFault>& faults)
      : file_(file), rows_(rows), faults_(faults) {}

  void read(std::string_view text) {
    if (text.starts_with("\xEF\xBB\xBF")) {
      text.remove_prefix(3);
    }
    bool has_header = false;
    while (!text.empty()) {
      ++line_;
      const std::size_t end = std::min(text.find('\n'), text.size());
      const std::string_view line = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      if (line.empty() || line.front() == '#' || line == "\r") {
        continue;
      }
      if (line.size() > kLineBytesMax) {
        fault(0, "line longer than 65536 bytes");
        continue;
      }
      line_begin_ = line.data();
      if (!has_header) {
        has_header = header(line);
        if (!has_header) {
          return;
        }
        continue;
      }
      row(line);
    }
    if (!has_header) {
      line_ = 1;
      fault(0, "no header line");
    }
  }

 private:
  void fault(std::size_t column, std::string message) {
    faults_.push_back({std::string(file_), line_, static_cast<std::uint32_t>(column + 1),
                       std::move(message), false});
  }
  void fault_at(std::string_view cell, std::string message) {
    fault(static_cast<std::size_t>(cell.data() - line_begin_), std::move(message));
  }

  bool header(std::string_view line) {
    const std::vector<std::string_view> cells = split(line, '\t');
    for (std::size_t i = 0; i < kColumns.size(); ++i) {
      if (i >= cells.size() || trim(cells[i]) != kColumns[i]) {
        const std::string found = i < cells.size() ? std::string(trim(cells[i])) : "nothing";
        if (i < cells.size()) {
          fault_at(cells[i],
                   "header: expected column \"" + std::string(kColumns[i]) + "\", found " + found);
        } else {
          fault(line.size(), "header: column \"" + std::string(kColumns[i]) + "\" is missing");
        }
        return false;
      }
    }
    return true;
  }

  void row(std::string_view line) {
    std::vector<std::string_view> cells = split(line, '\t');
    if (cells.size() > kColumns.size()) {
      fault_at(cells[kColumns.size()], "more than 13 columns");
      return;
    }
    cells.resize(kColumns.size(), line.substr(line.size()));
    std::transform(cells.begin(), cells.end(), cells.begin(), trim);
    GazetteerRow row;
    row.line = line_;
    const std::optional<EntityType> type = type_of(cells[kType]);
    const std::optional<Part> part = part_of(cells[kKind]);
    if (cells[kId].empty() || cells[kName].empty()) {
      fault_at(cells[cells[kId].empty() ? kId : kName], "id and name must not be empty");
      return;
    }
    if (!type) {
      fault_at(cells[kType], "unknown type \"" + std::string(cells[kType]) +
                                 "\": country, city, place, person, org, group or weapon");
      return;
    }
    if (!part) {
      fault_at(cells[kKind], "unknown kind \"" + std::string(cells[kKind]) +
                                 "\": state, government, forces, armed, alliance, society or none");
      return;
    }
    row.entity.id = cells[kId];
    row.entity.type = *type;
    row.entity.name = cells[kName];
    row.entity.code = cells[kCode];
    row.entity.part = *part;
    row.aliases.push_back({row.entity.name, Via::name, CaseRule::title_or_upper});
    aliases(cells[kAliases], Via::alias, row);
    aliases(cells[kDemonyms], Via::demonym, row);
    aliases(cells[kMetonyms], Via::metonym, row);
    aliases(cells[kAcronyms], Via::acronym, row);
    offices(cells[kOffices], row);
    check_date(cells[kFrom], false);
    check_date(cells[kTo], true);
    if (cells[kNote].starts_with(kPopulationNote)) {
      const std::string_view digits = cells[kNote].substr(kPopulationNote.size());
      std::from_chars(digits.data(), digits.data() + digits.size(), row.population);
    }
    if (const std::size_t at = cells[kNote].find(kFollowUpNote); at != std::string_view::npos) {
      const std::string_view rest = cells[kNote].substr(at + kFollowUpNote.size());
      row.follow_up = rest.substr(0, rest.find_first_of(" ;,"));
    }
    rows_.push_back(std::move(row));
  }

  static void aliases(std::string_view cell, Via via, GazetteerRow& row) {
    if (cell.empty()) {
      return;
    }
    for (std::string_view text : split(cell, '|')) {
      text = trim(text);
      CaseRule rule = CaseRule::title_or_upper;
      if (text.starts_with('=') || text.starts_with('~')) {
        rule = text.front() == '=' ? CaseRule::exact : CaseRule::any;
        text = trim(text.substr(1));
      } else if (via == Via::acronym && fold(text).size() <= kExactAcronymMax) {
        rule = CaseRule::exact;
      }
      if (!text.empty()) {
        row.aliases.push_back({std::string(text), via, rule});
      }
    }
  }

  void offices(std::string_view cell, GazetteerRow& row) {
    if (cell.empty()) {
      return;
    }
    for (std::string_view text : split(cell, ';')) {
      text = trim(text);
      if (text.empty()) {
        continue;
      }
      // title:CODE:from..to; an id may itself hold a colon (tocsin:wagner-group).
      const std::size_t title_end = text.find(':');
      const std::size_t dots = text.find("..");
      const std::size_t code_end =
          dots == std::string_view::npos ? dots : text.substr(0, dots).rfind(':');
      if (title_end == std::string_view::npos || code_end == std::string_view::npos ||
          code_end <= title_end) {
        fault_at(text, "office is not title:CODE:from..to");
        continue;
      }
      const std::optional<std::int32_t> from =
          parse_day(text.substr(code_end + 1, dots - code_end - 1), false);
      const std::optional<std::int32_t> to = parse_day(text.substr(dots + 2), true);
      if (!from || !to) {
        fault_at(text, "date of an office is not YYYY, YYYY-MM or YYYY-MM-DD");
        continue;
      }
      if (*from > *to) {
        fault_at(text, "office ends before it begins");
        continue;
      }
      row.entity.offices.push_back(
          {std::string(text.substr(0, title_end)),
           std::string(text.substr(title_end + 1, code_end - title_end - 1)), *from, *to});
    }
  }

  void check_date(std::string_view cell, bool is_end) {
    if (!parse_day(cell, is_end)) {
      fault_at(cell, "date is not YYYY, YYYY-MM or YYYY-MM-DD");
    }
  }

  std::string_view file_;
  std::vector<GazetteerRow>& rows_;
  std::vector<DataFault>& faults_;
  std::uint32_t line_ = 0;
  const char* line_begin_ = nullptr;
};

}  // namespace

std::optional<std::int32_t> parse_day(std::string_view date, bool is_end) {
  date = trim(date);
  if (date.empty()) {
    return is_end ? std::numeric_limits<std::int32_t>::max()
                  : std::numeric_limits<std::int32_t>::min();
  }
  std::array<int, 3> parts = {0, is_end ? 12 : 1, 0};
  const std::vector<std::string_view> fields = split(date, '-');
  if (fields.size() > parts.size() || fields[0].size() != 4) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const char* end = fields[i].data() + fields[i].size();
    const auto [stop, error] = std::from_chars(fields[i].data(), end, parts[i]);
    if (error != std::errc() || stop != end || (i > 0 && fields[i].size() != 2)) {
      return std::nullopt;
    }
  }
  using std::chrono::year_month_day;
  const std::chrono::year year{parts[0]};
  const std::chrono::month month{static_cast<unsigned>(parts[1])};
  if (!month.ok()) {
    return std::nullopt;
  }
  if (fields.size() < 3) {
    parts[2] =
        is_end
            ? static_cast<int>(static_cast<unsigned>(
                  std::chrono::year_month_day_last{year, std::chrono::month_day_last{month}}.day()))
            : 1;
  }
  const year_month_day day{year, month, std::chrono::day{static_cast<unsigned>(parts[2])}};
  if (!day.ok()) {
    return std::nullopt;
  }
  return static_cast<std::int32_t>(std::chrono::sys_days(day).time_since_epoch().count());
}

void parse_gazetteer_tsv(std::string_view file, std::string_view text,
                         std::vector<GazetteerRow>& rows, std::vector<DataFault>& faults) {
  Reader(file, rows, faults).read(text);
}

}  // namespace tocsin
