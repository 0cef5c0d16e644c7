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
constexpr int kZoneWordsMax = 3;
constexpr int kLabelWordsMax = 4;

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
constexpr std::string_view kSpaces = " \t\n\r";
bool is_space(char c) noexcept {
  return kSpaces.find(c) != std::string_view::npos;
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
    // ISO 8601 ends a day with 24:00.
    const bool is_hour = hour <= 23 || (hour == 24 && minute == 0 && second == 0);
    const bool sane = year >= kYearMin && year <= kYearMax && month >= 1 && month <= 12 &&
                      day >= 1 && day <= days_in(year, month) && is_hour && minute <= 59 &&
                      second <= 60;  // a leap second is the first of the next minute
    if (!sane) return std::nullopt;
    const std::int64_t seconds = days_from_civil(year, month, day) * kSecondsPerDay +
                                 std::int64_t{hour} * 3600 + (minute - zone_minutes) * 60 + second;
    return seconds * kMsPerSecond + millisecond;
  }
};

// The zone names that feeds use, minutes east of Greenwich. Where a name means several zones, the
// one that most feeds mean: IST of India, CST of North America, BST of Britain.
struct ZoneName {
  std::string_view name;
  int minutes = 0;
};
constexpr std::array kZoneNames = {
    ZoneName{"z", 0},       ZoneName{"ut", 0},      ZoneName{"utc", 0},    ZoneName{"gmt", 0},
    ZoneName{"wet", 0},     ZoneName{"west", 60},   ZoneName{"bst", 60},   ZoneName{"cet", 60},
    ZoneName{"mez", 60},    ZoneName{"met", 60},    ZoneName{"wat", 60},   ZoneName{"cest", 120},
    ZoneName{"mesz", 120},  ZoneName{"mest", 120},  ZoneName{"eet", 120},  ZoneName{"sast", 120},
    ZoneName{"cat", 120},   ZoneName{"eest", 180},  ZoneName{"idt", 180},  ZoneName{"msk", 180},
    ZoneName{"trt", 180},   ZoneName{"eat", 180},   ZoneName{"gst", 240},  ZoneName{"pkt", 300},
    ZoneName{"ist", 330},   ZoneName{"npt", 345},   ZoneName{"ict", 420},  ZoneName{"wib", 420},
    ZoneName{"wita", 480},  ZoneName{"sgt", 480},   ZoneName{"myt", 480},  ZoneName{"pht", 480},
    ZoneName{"hkt", 480},   ZoneName{"awst", 480},  ZoneName{"wit", 540},  ZoneName{"jst", 540},
    ZoneName{"kst", 540},   ZoneName{"acst", 570},  ZoneName{"aest", 600}, ZoneName{"acdt", 630},
    ZoneName{"aedt", 660},  ZoneName{"nzst", 720},  ZoneName{"nzdt", 780}, ZoneName{"ndt", -150},
    ZoneName{"nst", -210},  ZoneName{"brt", -180},  ZoneName{"art", -180}, ZoneName{"adt", -180},
    ZoneName{"clt", -240},  ZoneName{"ast", -240},  ZoneName{"edt", -240}, ZoneName{"est", -300},
    ZoneName{"et", -300},   ZoneName{"cdt", -300},  ZoneName{"cot", -300}, ZoneName{"pet", -300},
    ZoneName{"cst", -360},  ZoneName{"ct", -360},   ZoneName{"mdt", -360}, ZoneName{"mst", -420},
    ZoneName{"mt", -420},   ZoneName{"pdt", -420},  ZoneName{"pst", -480}, ZoneName{"pt", -480},
    ZoneName{"akdt", -480}, ZoneName{"akst", -540}, ZoneName{"hst", -600}, ZoneName{"cedt", 120},
    ZoneName{"wast", 120},  ZoneName{"irst", 210},  ZoneName{"azt", 240},  ZoneName{"get", 240},
    ZoneName{"samt", 240},  ZoneName{"aft", 270},   ZoneName{"irdt", 270}, ZoneName{"uzt", 300},
    ZoneName{"yekt", 300},  ZoneName{"omst", 360},  ZoneName{"mmt", 390},  ZoneName{"krat", 420},
    ZoneName{"irkt", 480},  ZoneName{"yakt", 540},  ZoneName{"aet", 600},  ZoneName{"vlat", 600},
    ZoneName{"fjt", 720},   ZoneName{"nzt", 720},   ZoneName{"uyt", -180}, ZoneName{"bot", -240},
    ZoneName{"vet", -240},  ZoneName{"ect", -300}};

// Reads a date from left to right; every function says whether it found its part.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool done() const { return rest_.empty(); }
  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return ahead < rest_.size() ? rest_[ahead] : '\0';
  }
  bool take(char c) {
    if (peek() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void skip(std::string_view any_of) {
    while (!done() && any_of.find(peek()) != std::string_view::npos) rest_.remove_prefix(1);
  }
  void skip_spaces() { skip(kSpaces); }
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
  // Letters, lower-cased; only the first ten count. Letters beyond ASCII are passed over.
  std::string_view word(std::array<char, 10>& room) {
    std::size_t size = 0;
    while (at_word()) {
      if (size < room.size()) room[size++] = ascii_lower(peek());
      rest_.remove_prefix(1);
    }
    return {room.data(), size};
  }
  // The word that comes next, without taking it.
  std::string_view next_word(std::array<char, 10>& room) const { return Reader(*this).word(room); }

  // HH:MM[:SS[.fraction]], also with points or "h" between, and "6 pm" and "6:30 p.m.".
  bool time_of_day(Clock& clock) {
    if (!number(1, 2, clock.hour)) return false;
    const char mark = peek();
    const bool has_minutes = (mark == ':' || mark == '.' || ascii_lower(mark) == 'h') &&
                             is_digit(peek(1)) && is_digit(peek(2));
    if (has_minutes) {
      rest_.remove_prefix(1);
      if (!number(2, 2, clock.minute)) return false;
      const bool has_seconds = mark == ':' || (mark == '.' && is_digit(peek(1)));
      if (has_seconds && peek() == mark && !seconds(clock)) return false;
    }
    return half_of_day(clock) || has_minutes;
  }

  [[nodiscard]] bool at_word() const {
    return is_letter(peek()) || static_cast<unsigned char>(peek()) >= 0x80;
  }
  [[nodiscard]] bool at_zone() const { return at_word() || peek() == '+' || peek() == '-'; }
  // A minus sign for a hyphen, as typographers want it.
  [[nodiscard]] bool at_minus() const { return rest_.starts_with("\u2212"); }

  // Z, +hh:mm, +hhmm, +hh or a name; none is UTC, and so is a name that nobody knows.
  bool zone(Clock& clock) {
    skip_spaces();
    if (peek() == '+' || (peek() == '-' && is_digit(peek(1))) || at_minus()) return offset(clock);
    std::array<char, 10> room{};
    const std::string_view name = word(room);
    if (name.empty()) return true;
    while (is_letter(peek()) || peek() == '/' || peek() == '_') rest_.remove_prefix(1);
    for (const ZoneName& known : kZoneNames) {
      if (known.name == name) clock.zone_minutes = known.minutes;
    }
    const bool is_greenwich = name == "gmt" || name == "utc" || name == "ut" || name == "z";
    if (is_greenwich && at_zone()) return offset(clock);  // GMT+02:00
    return true;
  }

  // Nothing but a comment is left: "(PST)", "[Europe/Paris]".
  bool finished() {
    skip_spaces();
    return done() || (peek() == '(' && rest_.back() == ')') ||
           (peek() == '[' && rest_.back() == ']');
  }

 private:
  bool seconds(Clock& clock) {
    rest_.remove_prefix(1);  // the mark before them
    if (!number(1, 2, clock.second)) return false;
    if ((peek() != '.' && peek() != ',') || !is_digit(peek(1))) return true;
    rest_.remove_prefix(1);
    int unit = 100;
    while (is_digit(peek())) {
      clock.millisecond += (peek() - '0') * unit;
      unit /= 10;
      rest_.remove_prefix(1);
    }
    return true;
  }

  // "am", "p.m.": true when it was there. "18:30 PM" is half past six in the evening all the same.
  bool half_of_day(Clock& clock) {
    Reader ahead(*this);
    ahead.skip_spaces();
    const char half = ascii_lower(ahead.peek());
    if (half != 'a' && half != 'p') return false;
    ahead.rest_.remove_prefix(1);
    ahead.take('.');
    if (ascii_lower(ahead.peek()) != 'm') return false;
    ahead.rest_.remove_prefix(1);
    if (is_letter(ahead.peek())) return false;
    ahead.take('.');
    if (half == 'p' && clock.hour < 12) clock.hour += 12;
    if (half == 'a' && clock.hour == 12) clock.hour = 0;
    *this = ahead;
    return true;
  }

  bool take_minus() {
    if (!at_minus()) return false;
    rest_.remove_prefix(std::string_view("\u2212").size());
    return true;
  }

  bool offset(Clock& clock) {
    const bool is_west = take('-') || take_minus();
    const int sign = is_west ? -1 : 1;
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

// What follows a date: "[T| at|,] time [zone] [year]", or nothing. `year` tells that a year must
// still come, as `date` and asctime() print it.
std::optional<std::int64_t> with_time(Reader& reader, Clock clock, bool year_is_missing) {
  std::array<char, 10> room{};
  reader.skip(" \t\r\n,|:-");  // "09/Nov/2026:08:15:00", as web servers write
  const std::string_view word = reader.next_word(room);
  if (word == "t" || word == "at" || word == "um") {
    reader.word(room);
    if (reader.done()) return std::nullopt;
  }
  reader.skip_spaces();
  if (!reader.done() && reader.peek() != '(') {
    if (!reader.time_of_day(clock)) return std::nullopt;
    reader.skip_spaces();
    // "Uhr MEZ", "Eastern Standard Time": of several words the last known one counts.
    for (int part = 0; part < kZoneWordsMax && reader.at_zone(); ++part) {
      if (!reader.zone(clock)) return std::nullopt;
      reader.skip(" \t\r\n.");
    }
  }
  if (year_is_missing && !reader.number(4, 4, clock.year)) return std::nullopt;
  return reader.finished() ? clock.unix_ms() : std::nullopt;
}

// 2021-12-31, 2021/12/31, 31.12.2021, 12/31/2021 (where only one order is possible).
std::optional<std::int64_t> parse_figures(std::string_view text) {
  Reader reader(text);
  Clock clock;
  std::array<int, 3> parts{};
  std::size_t digits = 0;
  if (!reader.number(1, 4, parts[0], &digits) || digits == 3) return std::nullopt;
  const bool year_first = digits == 4;
  const char mark = reader.peek();
  if (mark != '-' && mark != '/' && mark != '.') return std::nullopt;
  reader.take(mark);
  if (!reader.number(1, 2, parts[1]) || !reader.take(mark)) return std::nullopt;
  if (!reader.number(year_first ? 1 : 4, year_first ? 2 : 4, parts[2])) return std::nullopt;
  if (year_first) {
    clock.year = parts[0];
    clock.month = parts[1];
    clock.day = parts[2];
  } else {
    const bool day_first = mark == '.' || parts[0] > 12;
    if (!day_first && parts[1] <= 12 && parts[0] != parts[1]) return std::nullopt;
    clock.day = day_first ? parts[0] : parts[1];
    clock.month = day_first ? parts[1] : parts[0];
    clock.year = parts[2];
  }
  return with_time(reader, clock, false);
}

// 1 to 12; 0 when the word is no month's name nor begins one ("Sept", "sep").
int month_of(std::string_view word) {
  constexpr std::array<std::string_view, 12> kMonths = {
      "january", "february", "march",     "april",   "may",      "june",
      "july",    "august",   "september", "october", "november", "december"};
  if (word.size() < 3) return 0;
  for (std::size_t i = 0; i < kMonths.size(); ++i) {
    if (kMonths[i].starts_with(word)) return static_cast<int>(i) + 1;
  }
  return 0;
}

// "31", "31st", "31." to the day.
bool read_day(Reader& reader, Clock& clock) {
  if (!reader.number(1, 2, clock.day)) return false;
  std::array<char, 10> room{};
  const std::string_view ending = reader.next_word(room);
  if (ending == "st" || ending == "nd" || ending == "rd" || ending == "th") reader.word(room);
  reader.take('.');
  return true;
}

// Years of two and three digits are read as RFC 5322, 4.3, says.
bool read_year(Reader& reader, Clock& clock) {
  std::size_t digits = 0;
  if (!reader.number(2, 4, clock.year, &digits)) return false;
  if (digits == 2) clock.year += clock.year < 50 ? 2000 : 1900;
  if (digits == 3) clock.year += 1900;
  return true;
}

// "Fri, 31 Dec 2021 18:00:00 GMT", "Friday, December 31st, 2021 at 6 pm", "Fri Dec 31 18:00:00
// 2021".
std::optional<std::int64_t> parse_names(std::string_view text) {
  constexpr std::string_view kBetween = " \t\r\n,.-/";
  Reader reader(text);
  Clock clock;
  std::array<char, 10> room{};
  // The day's name says nothing that the date does not, nor does "Last updated on".
  for (int word = 0; word < kLabelWordsMax; ++word) {
    if (!reader.at_word() || month_of(reader.next_word(room)) != 0) break;
    reader.word(room);
    reader.skip(kBetween);
  }
  if (is_letter(reader.peek())) {
    clock.month = month_of(reader.word(room));
    reader.skip(kBetween);
    if (clock.month == 0 || !read_day(reader, clock)) return std::nullopt;
    reader.skip(kBetween);
    Reader ahead(reader);
    int year = 0;
    const bool has_year = ahead.number(4, 4, year);
    if (has_year) {
      clock.year = year;
      reader = ahead;
    }
    return with_time(reader, clock, !has_year);
  }
  if (!read_day(reader, clock)) return std::nullopt;
  reader.skip(kBetween);
  if (reader.next_word(room) == "of") {
    reader.word(room);
    reader.skip_spaces();
  }
  clock.month = month_of(reader.word(room));
  reader.skip(kBetween);
  if (clock.month == 0 || !read_year(reader, clock)) return std::nullopt;
  return with_time(reader, clock, false);
}

// 20211231T180000Z, ISO 8601's basic form; seconds may be absent.
std::optional<std::int64_t> parse_basic(std::string_view text) {
  Reader reader(text);
  Clock clock;
  int date = 0;
  int time = 0;
  std::size_t digits = 0;
  if (!reader.number(8, 8, date) || (!reader.take('T') && !reader.take('t'))) return std::nullopt;
  if (!reader.number(4, 6, time, &digits) || digits == 5) return std::nullopt;
  if (digits == 4) time *= 100;
  clock.year = date / 10000;
  clock.month = date / 100 % 100;
  clock.day = date % 100;
  clock.hour = time / 10000;
  clock.minute = time / 100 % 100;
  clock.second = time % 100;
  if (!reader.zone(clock) || !reader.finished()) return std::nullopt;
  return clock.unix_ms();
}

// 20211231, 202112311800 and 20211231180000: as epoch numbers they would lie in 1970 and in the far
// future.
std::optional<std::int64_t> parse_compact(std::string_view text) {
  if (text.size() != 8 && text.size() != 12 && text.size() != 14) return std::nullopt;
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
  if (text.size() >= 12) {
    clock.hour = part(8, 2);
    clock.minute = part(10, 2);
  }
  if (text.size() == 14) clock.second = part(12, 2);
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
  // "Published: ..."
  std::size_t label = 0;
  while (label < text.size() && is_letter(text[label])) ++label;
  if (label > 3 && label + 1 < text.size() && text[label] == ':' && is_space(text[label + 1])) {
    text.remove_prefix(label + 1);
    while (is_space(text.front())) text.remove_prefix(1);
  }
  if (text.empty() || text.size() > kTextMax) return std::nullopt;
  if (const auto epoch = parse_epoch(text)) return epoch;
  if (const auto basic = parse_basic(text)) return basic;
  if (const auto figures = parse_figures(text)) return figures;
  return parse_names(text);
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
