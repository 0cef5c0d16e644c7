// Dates as feeds, archives and databases write them, and what is no date.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <sstream>
#include <string>

#include "pipeline/decode/decode.h"

namespace tocsin {
namespace {

// The time as format_time shows it; "" when unreadable.
std::string read(std::string_view text) {
  const auto ms = parse_time_ms(text);
  return ms ? format_time(*ms) : "";
}

struct Row {
  std::string_view text;
  std::string_view time;
};

TEST(Time, reads_every_form_of_the_contract) {
  constexpr Row kRows[] = {
      {"2021-12-31T18:00:00Z", "2021-12-31T18:00:00Z"},
      {"2021-12-31t18:00:00z", "2021-12-31T18:00:00Z"},
      {"2021-12-31 18:00:00", "2021-12-31T18:00:00Z"},
      {"2021-12-31T18:00", "2021-12-31T18:00:00Z"},
      {"2021-12-31", "2021-12-31T00:00:00Z"},
      {"2021-12-31T18:00:00.987654+01:00", "2021-12-31T17:00:00Z"},
      {"2021-12-31T18:00:00-0530", "2021-12-31T23:30:00Z"},
      {"2022-01-01T00:30:00+01", "2021-12-31T23:30:00Z"},
      {"2021-12-31 18:00:00 UTC", "2021-12-31T18:00:00Z"},
      {"Fri, 31 Dec 2021 18:00:00 GMT", "2021-12-31T18:00:00Z"},
      {"31 Dec 2021 18:00:00 +0200", "2021-12-31T16:00:00Z"},
      {"Fri, 31 Dec 21 13:00 EST", "2021-12-31T18:00:00Z"},
      {"fri, 1 jan 99 00:00:00 pdt", "1999-01-01T07:00:00Z"},
      {"Fri, 31 Dec 2021 18:00:00 +0000 (UTC)", "2021-12-31T18:00:00Z"},
      {"31 December 2021", "2021-12-31T00:00:00Z"},
      {"1640973600", "2021-12-31T18:00:00Z"},
      {"1640973600000", "2021-12-31T18:00:00Z"},
      {"1640973600.25", "2021-12-31T18:00:00Z"},
      {"20211231", "2021-12-31T00:00:00Z"},
      {"20211231180000", "2021-12-31T18:00:00Z"},
      {"2020-02-29", "2020-02-29T00:00:00Z"},
      {"2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"},
      {"1969-12-31T23:59:59Z", "1969-12-31T23:59:59Z"},
      {"  2021-12-31T18:00:00Z\n", "2021-12-31T18:00:00Z"},
  };
  for (const Row& row : kRows) EXPECT_EQ(read(row.text), row.time) << row.text;
}

TEST(Time, reads_what_feeds_write_by_hand) {
  constexpr Row kRows[] = {
      {"2025-3-4", "2025-03-04T00:00:00Z"},
      {"20250304T183000Z", "2025-03-04T18:30:00Z"},
      {"20250304T1830+0100", "2025-03-04T17:30:00Z"},
      {"Updated: 4 March 2025 18:30 GMT", "2025-03-04T18:30:00Z"},
      {"2025/03/04 18:30", "2025-03-04T18:30:00Z"},
      {"2025-03-04T24:00:00Z", "2025-03-05T00:00:00Z"},
      {"2025-03-04T18:30:00+01:00[Europe/Paris]", "2025-03-04T17:30:00Z"},
      {"04.03.2025, 18.30 Uhr MEZ", "2025-03-04T17:30:00Z"},
      {"25/12/2024 6:05 am", "2024-12-25T06:05:00Z"},
      {"12/25/2024", "2024-12-25T00:00:00Z"},
      {"Tues, 4 Mar 2025 18:30:00 CEST", "2025-03-04T16:30:00Z"},
      {"Tu 4 Mar 2025 18:30 +0100", "2025-03-04T17:30:00Z"},
      {"Donnerstag, 6 March 2025 18h30", "2025-03-06T18:30:00Z"},
      {"mi\u00e9., 5 Mar 2025 08:00 GMT", "2025-03-05T08:00:00Z"},
      {"4-Mar-2025 18:30", "2025-03-04T18:30:00Z"},
      {"4th of March, 2025 at 6 p.m.", "2025-03-04T18:00:00Z"},
      {"March 4, 2025 6:30 PM EDT", "2025-03-04T22:30:00Z"},
      {"Sept. 14, 2025", "2025-09-14T00:00:00Z"},
      {"Tuesday, March 4th, 2025, 12:05am", "2025-03-04T00:05:00Z"},
      {"Mar 04, 2025 | 12:05 PM IST", "2025-03-04T06:35:00Z"},
      {"Tue Mar  4 18:30:00 2025", "2025-03-04T18:30:00Z"},
      {"Tue Mar  4 18:30:00 AEST 2025", "2025-03-04T08:30:00Z"},
      {"Tue Mar 04 2025 18:30:00 GMT+0100 (Central European Time)", "2025-03-04T17:30:00Z"},
      {"2025-03-04 18:30 PM", "2025-03-04T18:30:00Z"},
      // A zone that nobody knows is UTC: better an hour off than undated.
      {"Tue, 04 Mar 2025 18:30:00 LMT", "2025-03-04T18:30:00Z"},
      {"Tue, 04 Mar 2025 18:30:00 Europe/Lisbon", "2025-03-04T18:30:00Z"},
  };
  for (const Row& row : kRows) EXPECT_EQ(read(row.text), row.time) << row.text;
}

// The table of docs/input.md, "Dates", form by form.
TEST(Time, reads_what_the_manual_says) {
  constexpr Row kRows[] = {
      {"1741113000", "2025-03-04T18:30:00Z"},
      {"1741113000000", "2025-03-04T18:30:00Z"},
      {"1741113000.5", "2025-03-04T18:30:00Z"},
      {"2025-03-04T18:30:00Z", "2025-03-04T18:30:00Z"},
      {"2025-03-04 18:30", "2025-03-04T18:30:00Z"},
      {"2025/3/4", "2025-03-04T00:00:00Z"},
      {"20250304", "2025-03-04T00:00:00Z"},
      {"202503041830", "2025-03-04T18:30:00Z"},
      {"20250304183000", "2025-03-04T18:30:00Z"},
      {"Tue, 04 Mar 2025 18:30:00 +0100", "2025-03-04T17:30:00Z"},
      {"Tues 4 March 2025", "2025-03-04T00:00:00Z"},
      {"4-Mar-25", "2025-03-04T00:00:00Z"},
      {"04/Mar/2025:18:30:00 +0100", "2025-03-04T17:30:00Z"},
      {"Last updated on 4 March 2025", "2025-03-04T00:00:00Z"},
      {"Tue, 4 Mar 2025 6:30:0 GMT", "2025-03-04T06:30:00Z"},
      {"March 4, 2025 6:30 PM EST", "2025-03-04T23:30:00Z"},
      {"Tuesday, Sept. 14th, 2025 at 6pm", "2025-09-14T18:00:00Z"},
      {"Tue Mar  4 18:30:00 CET 2025", "2025-03-04T17:30:00Z"},
      {"04.03.2025", "2025-03-04T00:00:00Z"},
      {"25/12/2024", "2024-12-25T00:00:00Z"},
      {"12/25/2024", "2024-12-25T00:00:00Z"},
      {"03/04/2025", ""},
      // Clocks.
      {"4 Mar 2025 6 p.m.", "2025-03-04T18:00:00Z"},
      {"4 Mar 2025 18.30", "2025-03-04T18:30:00Z"},
      {"4 Mar 2025 18h30", "2025-03-04T18:30:00Z"},
      {"4 Mar 2025 18:30 PM", "2025-03-04T18:30:00Z"},
      {"4 Mar 2025 12:30 AM", "2025-03-04T00:30:00Z"},
      {"4 Mar 2025 12:30 PM", "2025-03-04T12:30:00Z"},
      // Zones.
      {"2025-03-04 18:30 +01:00", "2025-03-04T17:30:00Z"},
      {"2025-03-04 18:30 GMT+1", "2025-03-04T17:30:00Z"},
      {"2025-03-04T18:30:00\u221205:00", "2025-03-04T23:30:00Z"},
      {"2025-03-04 18:30 XYZ", "2025-03-04T18:30:00Z"},
  };
  for (const Row& row : kRows) EXPECT_EQ(read(row.text), row.time) << row.text;
  for (const std::string_view month :
       {"january", "february", "march", "april", "may", "june", "july", "august", "september",
        "october", "november", "december"}) {
    const std::string whole = read("4 " + std::string(month) + " 2025");
    ASSERT_FALSE(whole.empty()) << month;
    for (std::size_t letters = 3; letters <= month.size(); ++letters) {
      EXPECT_EQ(read("4 " + std::string(month.substr(0, letters)) + " 2025"), whole) << month;
    }
  }
}

// Its zone names, by hours east of Greenwich.
TEST(Time, knows_the_zones_of_the_manual) {
  struct Zones {
    std::string_view noon;  // there, in UTC
    std::string_view names;
  };
  constexpr Zones kZones[] = {
      {"2025-03-04T12:00:00Z", "GMT UTC Z WET"},
      {"2025-03-04T11:00:00Z", "WEST BST CET MEZ MET WAT"},
      {"2025-03-04T10:00:00Z", "CEST CEDT MESZ MEST EET CAT SAST WAST"},
      {"2025-03-04T09:00:00Z", "EEST MSK TRT EAT IDT"},
      {"2025-03-04T08:30:00Z", "IRST"},
      {"2025-03-04T08:00:00Z", "GST AZT GET SAMT"},
      {"2025-03-04T07:30:00Z", "IRDT AFT"},
      {"2025-03-04T07:00:00Z", "PKT UZT YEKT"},
      {"2025-03-04T06:30:00Z", "IST"},
      {"2025-03-04T06:15:00Z", "NPT"},
      {"2025-03-04T06:00:00Z", "OMST"},
      {"2025-03-04T05:30:00Z", "MMT"},
      {"2025-03-04T05:00:00Z", "ICT WIB KRAT"},
      {"2025-03-04T04:00:00Z", "WITA SGT MYT PHT HKT AWST IRKT"},
      {"2025-03-04T03:00:00Z", "WIT JST KST YAKT"},
      {"2025-03-04T02:30:00Z", "ACST"},
      {"2025-03-04T02:00:00Z", "AEST AET VLAT"},
      {"2025-03-04T01:30:00Z", "ACDT"},
      {"2025-03-04T01:00:00Z", "AEDT"},
      {"2025-03-04T00:00:00Z", "NZST NZT FJT"},
      {"2025-03-03T23:00:00Z", "NZDT"},
      {"2025-03-04T14:30:00Z", "NDT"},
      {"2025-03-04T15:00:00Z", "ADT BRT ART UYT"},
      {"2025-03-04T15:30:00Z", "NST"},
      {"2025-03-04T16:00:00Z", "EDT AST CLT BOT VET"},
      {"2025-03-04T17:00:00Z", "EST ET CDT COT PET ECT"},
      {"2025-03-04T18:00:00Z", "CST CT MDT"},
      {"2025-03-04T19:00:00Z", "MST MT PDT"},
      {"2025-03-04T20:00:00Z", "PST PT AKDT"},
      {"2025-03-04T21:00:00Z", "AKST"},
      {"2025-03-04T22:00:00Z", "HST"},
  };
  for (const Zones& zones : kZones) {
    std::istringstream names{std::string(zones.names)};
    for (std::string name; names >> name;) {
      EXPECT_EQ(read("Tue, 4 Mar 2025 12:00 " + name), zones.noon) << name;
    }
  }
}

TEST(Time, refuses_nonsense) {
  constexpr std::string_view kRows[] = {"",
                                        "soon",
                                        "2021-13-01",
                                        "2021-02-29",
                                        "2021-00-10",
                                        "0001-01-01T00:00:00Z",
                                        "2021-12-31T25:00:00Z",
                                        "2021-12-31T18:61:00Z",
                                        "Fri, 32 Dec 2021 18:00:00 GMT",
                                        "31 Foo 2021",
                                        "2021-12-31T",
                                        "2021-12-31x",
                                        "99999999999999999999",
                                        "1e9",
                                        "--1",
                                        "2021-12-31T18:00:00+99:00",
                                        "12:30",
                                        "03/04/2025",
                                        "March 2025",
                                        "5 March at noon",
                                        "Tue Mar 4 18:30:00",
                                        "4 March 2025 and later"};
  for (const std::string_view text : kRows) EXPECT_EQ(read(text), "") << text;
}

TEST(Time, tells_seconds_from_milliseconds) {
  EXPECT_EQ(epoch_to_ms(1640973600), 1640973600000);
  EXPECT_EQ(epoch_to_ms(1640973600.5), 1640973600500);
  EXPECT_EQ(epoch_to_ms(1e11), 100000000000);
  EXPECT_EQ(epoch_to_ms(99999999999.0), 99999999999000);
  EXPECT_EQ(epoch_to_ms(1e18), std::nullopt);
  EXPECT_EQ(epoch_to_ms(std::numeric_limits<double>::quiet_NaN()), std::nullopt);
}

TEST(Time, reads_what_it_writes) {
  EXPECT_TRUE(rc::check("round trip", [] {
    const auto seconds = *rc::gen::inRange<std::int64_t>(-30'000'000'000, 250'000'000'000);
    RC_ASSERT(parse_time_ms(format_time(seconds * 1000)) == seconds * 1000);
  }));
}

TEST(Time, never_fails_on_noise) {
  EXPECT_TRUE(rc::check("noise", [](const std::string& noise) {
    const auto ms = parse_time_ms(noise);
    if (ms) RC_ASSERT(format_time(*ms).size() == 20U);
  }));
}

}  // namespace
}  // namespace tocsin
