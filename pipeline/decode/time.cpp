#include <array>
#include <cmath>
#include <optional>

#include "pipeline/decode/decode.h"

// Dates without libc: no time zone of the machine, no locale. Days are counted by Howard Hinnant's
// days_from_civil (chrono-compatible low-level date algorithms).

namespace tocsin {
namespace {

constexpr double kMillisecondsFrom = 1e11;       // epoch numbers from here on are milliseconds
constexpr double kEpochMax = 253402300799999.0;  // end of the year 9999

std::int64_t days_from_civil(std::int64_t year, int month, int day) {
  year -= month <= 2 ? 1 : 0;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const std::int64_t day_of_era =
      year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

int days_in(std::int64_t year, int month) {
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && is_leap ? 29 : kDays[static_cast<std::size_t>(month - 1)];
}

struct Moment {
  std::int64_t year = 1970;
  int month = 1;
  int day = 1;
  int hour = 0;
  int minute = 0;
  int second = 0;
  int millisecond = 0;
  int zone_minutes = 0;  // east of UTC

  [[nodiscard]] std::optional<std::int64_t> unix_ms() const {
    const bool is_valid = year >= 1 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 &&
                          day <= days_in(year, month) && hour <= 23 && minute <= 59 && second <= 60;
    if (!is_valid) return std::nullopt;
    const std::int64_t seconds = days_from_civil(year, month, day) * 86400 + hour * 3600 +
                                 minute * 60 + second - zone_minutes * 60;
    return seconds * 1000 + millisecond;
  }
};

// Reads a text from the left; every step says whether it found what it wanted.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] char peek() const { return rest_.empty() ? '\0' : rest_.front(); }

  // From `least` to `most` digits.
  bool number(int least, int most, int& out) {
    int digits = 0;
    out = 0;
    while (digits < most && is_digit(peek())) {
      out = out * 10 + (peek() - '0');
      rest_.remove_prefix(1);
      ++digits;
    }
    return digits >= least;
  }
  bool sign(char wanted) {
    if (lower(peek()) != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool spaces() {
    const std::size_t before = rest_.size();
    while (peek() == ' ' || peek() == '\t') rest_.remove_prefix(1);
    return rest_.size() < before;
  }
  // Lower-case letters up to the next other sign.
  std::string word() {
    std::string letters;
    while (lower(peek()) >= 'a' && lower(peek()) <= 'z') {
      letters.push_back(lower(peek()));
      rest_.remove_prefix(1);
    }
    return letters;
  }

 private:
  std::string_view rest_;
};

// ":ss" and ".fff" (any number of digits, cut at milliseconds; a comma is a point, ISO 8601).
bool seconds_and_fraction(Scanner& scanner, Moment& moment) {
  if (!scanner.sign(':')) return true;
  if (!scanner.number(2, 2, moment.second)) return false;
  if (!scanner.sign('.') && !scanner.sign(',')) return true;
  int digit = 0;
  if (!is_digit(scanner.peek())) return false;
  for (int place = 100; is_digit(scanner.peek()); place /= 10) {
    static_cast<void>(scanner.number(1, 1, digit));
    moment.millisecond += digit * place;
  }
  return true;
}

// "+hh:mm", "-hhmm", "+hh".
bool numeric_zone(Scanner& scanner, Moment& moment) {
  const bool is_west = scanner.peek() == '-';
  if (!scanner.sign('+') && !scanner.sign('-')) return false;
  int hours = 0;
  int minutes = 0;
  if (!scanner.number(2, 2, hours)) return false;
  scanner.sign(':');
  if (is_digit(scanner.peek()) && !scanner.number(2, 2, minutes)) return false;
  if (hours > 23 || minutes > 59) return false;
  moment.zone_minutes = (hours * 60 + minutes) * (is_west ? -1 : 1);
  return true;
}

// Names of RFC 822; an unknown name is as unreadable as the date.
bool named_zone(const std::string& name, Moment& moment) {
  struct Zone {
    std::string_view name;
    int hours;
  };
  constexpr std::array<Zone, 12> kZones = {{{"z", 0},
                                            {"ut", 0},
                                            {"utc", 0},
                                            {"gmt", 0},
                                            {"est", -5},
                                            {"edt", -4},
                                            {"cst", -6},
                                            {"cdt", -5},
                                            {"mst", -7},
                                            {"mdt", -6},
                                            {"pst", -8},
                                            {"pdt", -7}}};
  for (const Zone& zone : kZones) {
    if (zone.name == name) {
      moment.zone_minutes = zone.hours * 60;
      return true;
    }
  }
  return false;
}

bool zone(Scanner& scanner, Moment& moment) {
  if (scanner.peek() == '+' || scanner.peek() == '-') return numeric_zone(scanner, moment);
  return named_zone(scanner.word(), moment);
}

// RFC 3339 and ISO 8601: date, optional time, optional zone (none: UTC).
std::optional<std::int64_t> parse_iso(std::string_view text) {
  Scanner scanner(text);
  Moment moment;
  int year = 0;
  if (!scanner.number(4, 4, year) || !scanner.sign('-') || !scanner.number(2, 2, moment.month) ||
      !scanner.sign('-') || !scanner.number(2, 2, moment.day)) {
    return std::nullopt;
  }
  moment.year = year;
  if (scanner.at_end()) return moment.unix_ms();
  if (!scanner.sign('t') && !scanner.spaces()) return std::nullopt;
  if (!scanner.number(2, 2, moment.hour) || !scanner.sign(':') ||
      !scanner.number(2, 2, moment.minute) || !seconds_and_fraction(scanner, moment)) {
    return std::nullopt;
  }
  scanner.spaces();
  if (!scanner.at_end() && !zone(scanner, moment)) return std::nullopt;
  return scanner.at_end() ? moment.unix_ms() : std::nullopt;
}

int month_of(const std::string& word) {
  constexpr std::array<std::string_view, 12> kMonths = {"jan", "feb", "mar", "apr", "may", "jun",
                                                        "jul", "aug", "sep", "oct", "nov", "dec"};
  for (std::size_t i = 0; i < kMonths.size(); ++i) {
    if (word.size() >= 3 && word.substr(0, 3) == kMonths[i]) return static_cast<int>(i) + 1;
  }
  return 0;
}

// RFC 822 and 2822, as feeds send it: "Fri, 31 Dec 2021 18:00:00 GMT".
std::optional<std::int64_t> parse_rfc822(std::string_view text) {
  Scanner scanner(text);
  Moment moment;
  if (!is_digit(scanner.peek())) {
    if (scanner.word().size() < 3) return std::nullopt;
    scanner.sign(',');
    scanner.spaces();
  }
  int year = 0;
  if (!scanner.number(1, 2, moment.day)) return std::nullopt;
  scanner.spaces();
  scanner.sign('-');
  moment.month = month_of(scanner.word());
  scanner.sign('-');
  scanner.spaces();
  if (!scanner.number(2, 4, year)) return std::nullopt;
  moment.year = year < 50 ? year + 2000 : year < 1000 ? year + 1900 : year;
  if (!scanner.spaces() || !scanner.number(1, 2, moment.hour) || !scanner.sign(':') ||
      !scanner.number(2, 2, moment.minute) || !seconds_and_fraction(scanner, moment)) {
    return std::nullopt;
  }
  scanner.spaces();
  if (!scanner.at_end() && !zone(scanner, moment)) return std::nullopt;
  scanner.spaces();
  return scanner.at_end() ? moment.unix_ms() : std::nullopt;
}

// Seconds or milliseconds as digits, with an optional sign and fraction.
std::optional<std::int64_t> parse_epoch(std::string_view text) {
  std::size_t i = text.starts_with('-') ? 1 : 0;
  double number = 0;
  double place = 1;
  bool in_fraction = false;
  if (i == text.size()) return std::nullopt;
  for (; i < text.size(); ++i) {
    if (text[i] == '.' && !in_fraction) {
      in_fraction = true;
    } else if (is_digit(text[i])) {
      if (in_fraction) place /= 10;
      number = in_fraction ? number + place * (text[i] - '0') : number * 10 + (text[i] - '0');
    } else {
      return std::nullopt;
    }
  }
  return epoch_to_ms(text.starts_with('-') ? -number : number);
}

constexpr std::size_t kTimeBytesMax = 64;

}  // namespace

std::optional<std::int64_t> epoch_to_ms(double number) {
  const double magnitude = number < 0 ? -number : number;
  if (!(magnitude <= kEpochMax)) return std::nullopt;  // NaN too
  const double ms = magnitude >= kMillisecondsFrom ? number : number * 1000.0;
  return static_cast<std::int64_t>(ms < 0 ? ms - 0.5 : ms + 0.5);
}

std::optional<std::int64_t> parse_time_ms(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\n')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\n')) text.remove_suffix(1);
  if (text.empty() || text.size() > kTimeBytesMax) return std::nullopt;
  if (text.size() > 4 && text[4] == '-' && is_digit(text[0])) return parse_iso(text);
  if (const std::optional<std::int64_t> epoch = parse_epoch(text)) return epoch;
  return parse_rfc822(text);
}

std::string format_time(std::int64_t unix_ms) {
  std::int64_t seconds = unix_ms >= 0 ? unix_ms / 1000 : (unix_ms - 999) / 1000;
  std::int64_t days = seconds >= 0 ? seconds / 86400 : (seconds - 86399) / 86400;
  seconds -= days * 86400;
  days += 719468;  // civil_from_days
  const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const std::int64_t day_of_era = days - era * 146097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t shifted_month = (5 * day_of_year + 2) / 153;
  const std::int64_t day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
  const std::int64_t month = shifted_month + (shifted_month < 10 ? 3 : -9);
  const std::int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  std::string out;
  const auto append = [&](std::int64_t number, int digits) {
    std::string text = std::to_string(number);
    out.append(static_cast<std::size_t>(std::max(0, digits - static_cast<int>(text.size()))), '0');
    out += text;
  };
  append(year, 4);
  out += '-';
  append(month, 2);
  out += '-';
  append(day, 2);
  out += 'T';
  append(seconds / 3600, 2);
  out += ':';
  append(seconds / 60 % 60, 2);
  out += ':';
  append(seconds % 60, 2);
  out += 'Z';
  return out;
}

}  // namespace tocsin
