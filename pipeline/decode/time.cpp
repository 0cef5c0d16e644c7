#include <array>
#include <cmath>

#include "pipeline/decode/decode.h"

#include "pipeline/text/ascii.h"

namespace tocsin {

namespace {

constexpr std::int64_t kMsPerSecond = 1000;
constexpr std::int64_t kSecondsPerDay = 86400;
constexpr double kEpochMsFrom = 1e11;  // smaller numbers are seconds (until the year 5138)
constexpr int kYearMin = 1000;         // "0001-01-01" is how some systems write "no date"
constexpr int kYearMax = 9999;

// Days since 1970-01-01 of a proleptic Gregorian date (Hinnant, "chrono-Compatible Low-Level Date
// Algorithms", days_from_civil).
constexpr std::int64_t days_from_civil(int year, int month, int day) noexcept {
  const int y = month <= 2 ? year - 1 : year;
  const int era = (y >= 0 ? y : y - 399) / 400;
  const int year_of_era = y - era * 400;
  const int day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return std::int64_t{era} * 146097 + day_of_era - 719468;
}
constexpr std::int64_t kMsMin = days_from_civil(kYearMin, 1, 1) * kSecondsPerDay * kMsPerSecond;
constexpr std::int64_t kMsMax =
    days_from_civil(kYearMax + 1, 1, 1) * kSecondsPerDay * kMsPerSecond - 1;

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) noexcept {
  return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z';
}
bool is_space(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

int days_in(int year, int month) noexcept {
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && leap ? 29 : kDays[static_cast<std::size_t>(month - 1)];
}

struct Clock {
  int year = 0;
  int month = 0;
  int day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  int millisecond = 0;
  int zone_minutes = 0;  // east of Greenwich

  [[nodiscard]] std::optional<std::int64_t> unix_ms() const {
    const bool sane = year >= kYearMin && year <= kYearMax && month >= 1 && month <= 12 &&
                      day >= 1 && day <= days_in(year, month) && hour <= 23 && minute <= 59 &&
                      second <= 60;  // a leap second is the first of the next minute
    if (!sane) return std::nullopt;
    const std::int64_t seconds = days_from_civil(year, month, day) * kSecondsPerDay +
                                 std::int64_t{hour} * 3600 + (minute - zone_minutes) * 60 + second;
    return seconds * kMsPerSecond + millisecond;
  }
};

// Reads a date from left to right; every function says whether it found its part.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool done() const { return rest_.empty(); }
  [[nodiscard]] char peek() const { return rest_.empty() ? '\0' : rest_.front(); }
  bool take(char c) {
    if (peek() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void skip_spaces() {
    while (!done() && is_space(peek())) rest_.remove_prefix(1);
  }
  // A number of `min` to `max` digits.
  bool number(std::size_t min, std::size_t max, int& value, std::size_t* digits = nullptr) {
    std::size_t count = 0;
    int read = 0;
    while (count < rest_.size() && count <= max && is_digit(rest_[count])) {
      if (count < max) read = read * 10 + (rest_[count] - '0');
      ++count;
    }
    if (count < min || count > max) return false;
    rest_.remove_prefix(count);
    value = read;
    if (digits != nullptr) *digits = count;
    return true;
  }
  // Letters, lower-cased; only the first eight count.
  std::string_view word(std::array<char, 8>& room) {
    std::size_t size = 0;
    while (!done() && is_letter(peek())) {
      if (size < room.size()) room[size++] = ascii_lower(peek());
      rest_.remove_prefix(1);
    }
    return {room.data(), size};
  }

  // HH:MM[:SS[.fraction]]
  bool time_of_day(Clock& clock) {
    if (!number(1, 2, clock.hour) || !take(':') || !number(2, 2, clock.minute)) return false;
    if (!take(':')) return true;
    if (!number(2, 2, clock.second)) return false;
    if (!take('.') && !take(',')) return true;
    if (!is_digit(peek())) return false;
    int unit = 100;
    while (is_digit(peek())) {
      clock.millisecond += (peek() - '0') * unit;
      unit /= 10;
      rest_.remove_prefix(1);
    }
    return true;
  }

  // Z, +hh:mm, +hhmm, +hh or a name of RFC 822; none is UTC.
  bool zone(Clock& clock) {
    skip_spaces();
    if (done() || peek() == '(') return true;
    if (peek() == '+' || peek() == '-') return offset(clock);
    struct Zone {
      std::string_view name;
      int hours;
    };
    static constexpr std::array kZones = {Zone{"z", 0},    Zone{"ut", 0},   Zone{"utc", 0},
                                          Zone{"gmt", 0},  Zone{"est", -5}, Zone{"edt", -4},
                                          Zone{"cst", -6}, Zone{"cdt", -5}, Zone{"mst", -7},
                                          Zone{"mdt", -6}, Zone{"pst", -8}, Zone{"pdt", -7}};
    std::array<char, 8> room{};
    const std::string_view name = word(room);
    for (const Zone& known : kZones) {
      if (known.name != name) continue;
      clock.zone_minutes = known.hours * 60;
      if (known.hours == 0 && (peek() == '+' || peek() == '-')) return offset(clock);  // GMT+02:00
      return true;
    }
    return false;
  }

  // Nothing but a comment is left: "(PST)".
  bool finished() {
    skip_spaces();
    return done() || (peek() == '(' && rest_.back() == ')');
  }

 private:
  bool offset(Clock& clock) {
    const int sign = take('-') ? -1 : 1;
    if (sign == 1) take('+');
    int hours = 0;
    int minutes = 0;
    if (!number(1, 4, hours)) return false;
    if (hours > 99) {
      minutes = hours % 100;
      hours /= 100;
    } else if (take(':') && !number(2, 2, minutes)) {
      return false;
    }
    if (hours > 23 || minutes > 59) return false;
    clock.zone_minutes = sign * (hours * 60 + minutes);
    return true;
  }

  std::string_view rest_;
};

// 2021-12-31, 2021-12-31T18:00:00.5+01:00, 2021-12-31 18:00
std::optional<std::int64_t> parse_iso(std::string_view text) {
  Reader reader(text);
  Clock clock;
  if (!reader.number(4, 4, clock.year) || !reader.take('-') || !reader.number(2, 2, clock.month) ||
      !reader.take('-') || !reader.number(2, 2, clock.day)) {
    return std::nullopt;
  }
  if (!reader.done()) {
    if (!reader.take('T') && !reader.take('t') && !is_space(reader.peek())) return std::nullopt;
    reader.skip_spaces();
    if (!reader.time_of_day(clock) || !reader.zone(clock) || !reader.finished()) {
      return std::nullopt;
    }
  }
  return clock.unix_ms();
}

// 1 to 12; 0 when the word is no month's name.
int month_of(std::string_view word) {
  constexpr std::string_view kMonths = "janfebmaraprmayjunjulaugsepoctnovdec";
  if (word.size() < 3) return 0;
  const std::size_t at = kMonths.find(word.substr(0, 3));
  return at == std::string_view::npos || at % 3 != 0 ? 0 : static_cast<int>(at / 3) + 1;
}

// Fri, 31 Dec 2021 18:00:00 GMT
std::optional<std::int64_t> parse_rfc822(std::string_view text) {
  Reader reader(text);
  Clock clock;
  std::array<char, 8> room{};
  if (is_letter(reader.peek())) {  // the day's name says nothing that the date does not
    if (reader.word(room).size() < 3) return std::nullopt;
    reader.take(',');
    reader.skip_spaces();
  }
  if (!reader.number(1, 2, clock.day)) return std::nullopt;
  if (!reader.take('-')) reader.skip_spaces();
  clock.month = month_of(reader.word(room));
  if (!reader.take('-')) reader.skip_spaces();
  std::size_t digits = 0;
  if (clock.month == 0 || !reader.number(2, 4, clock.year, &digits)) return std::nullopt;
  if (digits == 2) clock.year += clock.year < 50 ? 2000 : 1900;  // RFC 2822, 4.3
  if (digits == 3) clock.year += 1900;
  reader.skip_spaces();
  if (!reader.done() && (!reader.time_of_day(clock) || !reader.zone(clock) || !reader.finished())) {
    return std::nullopt;
  }
  return clock.unix_ms();
}

// 20211231 and 20211231180000: as epoch numbers they would lie in 1970 and in the far future.
std::optional<std::int64_t> parse_compact(std::string_view text) {
  if (text.size() != 8 && text.size() != 14) return std::nullopt;
  if (!text.starts_with("19") && !text.starts_with("20")) return std::nullopt;
  const auto part = [&](std::size_t at, std::size_t size) {
    int value = 0;
    for (const char c : text.substr(at, size)) value = value * 10 + (c - '0');
    return value;
  };
  Clock clock;
  clock.year = part(0, 4);
  clock.month = part(4, 2);
  clock.day = part(6, 2);
  if (text.size() == 14) {
    clock.hour = part(8, 2);
    clock.minute = part(10, 2);
    clock.second = part(12, 2);
  }
  return clock.unix_ms();
}

std::optional<std::int64_t> parse_epoch(std::string_view text) {
  constexpr std::size_t kDigitsMax = 20;
  double whole = 0;
  double fraction = 0;
  double unit = 0.1;
  bool in_fraction = false;
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (text.empty() || text.size() > kDigitsMax || !is_digit(text[0])) return std::nullopt;
  if (!negative && text.find('.') == std::string_view::npos) {
    bool digits_only = true;
    for (const char c : text) digits_only = digits_only && is_digit(c);
    if (digits_only) {
      if (const auto date = parse_compact(text)) return date;
    }
  }
  for (const char c : text) {
    if (c == '.' && !in_fraction) {
      in_fraction = true;
    } else if (!is_digit(c)) {
      return std::nullopt;
    } else if (in_fraction) {
      fraction += (c - '0') * unit;
      unit /= 10;
    } else {
      whole = whole * 10 + (c - '0');
    }
  }
  return epoch_to_ms(negative ? -(whole + fraction) : whole + fraction);
}

}  // namespace

std::optional<std::int64_t> epoch_to_ms(double number) {
  if (!std::isfinite(number)) return std::nullopt;
  const double ms = std::fabs(number) < kEpochMsFrom ? number * 1000 : number;
  if (ms < static_cast<double>(kMsMin) || ms > static_cast<double>(kMsMax)) return std::nullopt;
  return std::llround(ms);
}

std::optional<std::int64_t> parse_time_ms(std::string_view text) {
  constexpr std::size_t kTextMax = 64;  // no date is longer
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  if (text.empty() || text.size() > kTextMax) return std::nullopt;
  if (const auto epoch = parse_epoch(text)) return epoch;
  if (const auto iso = parse_iso(text)) return iso;
  return parse_rfc822(text);
}

std::string format_time(std::int64_t unix_ms) {
  const std::int64_t ms = unix_ms < kMsMin ? kMsMin : unix_ms > kMsMax ? kMsMax : unix_ms;
  std::int64_t seconds = ms / kMsPerSecond;
  if (ms % kMsPerSecond < 0) --seconds;
  std::int64_t days = seconds / kSecondsPerDay;
  if (seconds % kSecondsPerDay < 0) --days;
  const std::int64_t second_of_day = seconds - days * kSecondsPerDay;
  // civil_from_days of the same paper.
  const std::int64_t z = days + 719468;
  const std::int64_t era = (z >= 0 ? z : z - 146096) / 146097;
  const std::int64_t day_of_era = z - era * 146097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t shifted_month = (5 * day_of_year + 2) / 153;  // 0 is March
  const std::int64_t day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
  const std::int64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  const std::int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);

  std::string out = "0000-00-00T00:00:00Z";
  const auto put = [&](std::size_t at, std::size_t digits, std::int64_t value) {
    for (std::size_t i = at + digits; i-- > at; value /= 10) {
      out[i] = static_cast<char>('0' + value % 10);
    }
  };
  put(0, 4, year);
  put(5, 2, month);
  put(8, 2, day);
  put(11, 2, second_of_day / 3600);
  put(14, 2, second_of_day / 60 % 60);
  put(17, 2, second_of_day % 60);
  return out;
}

}  // namespace tocsin
