// The data format: what is read, what is refused with which line and column, what is warned about.
#include "pipeline/entities/gazetteer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "pipeline/entities/gazetteer_state.h"
#include "tests/english.h"

namespace tocsin {
namespace {

const std::string kHeader =
    "id\ttype\tname\tcode\tkind\taliases\tdemonyms\tmetonyms\tacronyms\toffices\tfrom\tto\tnote\n";

std::string row(const std::string& id, const std::string& type, const std::string& name,
                const std::string& code, const std::string& kind, const std::string& aliases = "",
                const std::string& offices = "") {
  return id + '\t' + type + '\t' + name + '\t' + code + '\t' + kind + '\t' + aliases + "\t\t\t\t" +
         offices + "\t\t\t\n";
}

std::vector<DataFault> faults_of(const std::string& text) {
  GazetteerBuilder builder;
  builder.add_tsv("own.tsv", text);
  (void)builder.freeze(*shipped_languages().find("en"));
  return builder.faults();
}

TEST(Gazetteer, ResolvesWhoAnswersForAnAct) {
  GazetteerBuilder builder;
  builder.add_tsv("a.tsv", kHeader + row("Q1", "country", "Ruritania", "RUR", "state") +
                               row("t:g", "group", "Black Band", "", "armed") +
                               row("t:o", "org", "Guard of Strelsau", "RUR", "forces"));
  builder.add_tsv("b.tsv",
                  kHeader +
                      row("Q2", "person", "Rudolf Elphberg", "RUR", "government", "",
                          "king:RUR:2001-02..2004") +
                      row("Q3", "person", "Rupert Hentzau", "", "armed", "", "leader:t:g:2003..") +
                      row("Q4", "city", "Strelsau", "RUR", ""));
  const Gazetteer gazetteer = builder.freeze();
  ASSERT_TRUE(builder.faults().empty());
  const EntityIndex state = gazetteer.by_code("RUR");
  const EntityIndex group = gazetteer.by_id("t:g");
  EXPECT_EQ(gazetteer[state].acts_for, state);
  EXPECT_EQ(gazetteer[group].acts_for, group);
  EXPECT_EQ(gazetteer[gazetteer.by_id("t:o")].acts_for, state);
  EXPECT_EQ(gazetteer[gazetteer.by_id("Q2")].acts_for, state);
  EXPECT_EQ(gazetteer[gazetteer.by_id("Q3")].acts_for, group);
  EXPECT_EQ(gazetteer[gazetteer.by_id("Q4")].acts_for, kNoEntity);
  EXPECT_EQ(gazetteer.by_id("nobody"), kNoEntity);
  const Office& office = gazetteer[gazetteer.by_id("Q2")].offices.front();
  EXPECT_EQ(office.from_day, parse_day("2001-02-01", false));
  EXPECT_EQ(office.to_day, parse_day("2004-12-31", false));
}

TEST(Gazetteer, ReadsDays) {
  EXPECT_EQ(parse_day("1970-01-02", false), 1);
  EXPECT_EQ(parse_day("2024-02", true), parse_day("2024-02-29", false));
  EXPECT_FALSE(parse_day("2023-02-29", false).has_value());
  EXPECT_FALSE(parse_day("23-02", false).has_value());
  EXPECT_FALSE(parse_day("2023-2", false).has_value());
  EXPECT_FALSE(parse_day("2023-13", false).has_value());
}

struct FaultRow {
  const char* text;
  std::uint32_t line;
  std::uint32_t column;
  const char* message;
};

TEST(Gazetteer, SaysLineAndColumnOfAFault) {
  const std::string header = kHeader;
  const std::vector<std::pair<std::string, FaultRow>> rows = {
      {"id\tkind\n", {"", 1, 4, "header"}},
      {"# only a remark\n", {"", 1, 1, "no header"}},
      {header + "\n# remark\nQ1\tnation\tX\n", {"", 4, 4, "unknown type"}},
      {header + "Q1\tcountry\t\n", {"", 2, 12, "must not be empty"}},
      {header + row("Q1", "country", "Xland", "QQQ", "kingdom"), {"", 2, 22, "unknown kind"}},
      {header + row("Q1", "person", "A B", "", "", "", "king:QQQ:2001"), {"", 2, 21, "office"}},
      {header + row("Q1", "person", "A B", "", "", "", "king:QQQ:2005..2001"),
       {"", 2, 21, "ends before"}},
      {header + row("Q1", "city", "Xtown", "", "") + row("Q1", "city", "Ytown", "", ""),
       {"", 3, 1, "stands already"}},
  };
  for (const auto& [text, expected] : rows) {
    const std::vector<DataFault> faults = faults_of(text);
    ASSERT_EQ(faults.size(), 1U) << text;
    EXPECT_EQ(faults[0].file, "own.tsv");
    EXPECT_EQ(faults[0].line, expected.line) << text;
    EXPECT_EQ(faults[0].column, expected.column) << text;
    EXPECT_NE(faults[0].message.find(expected.message), std::string::npos) << faults[0].message;
    EXPECT_FALSE(faults[0].is_warning);
  }
}

TEST(Gazetteer, WarnsAboutWhatWouldTagTheWrongThing) {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {row("Q1", "org", "Xcorp", "", "", "XC"), "short alias"},
      {row("Q1", "org", "Xcorp", "", "", "Who"), "common word"},
      {row("Q1", "person", "A Person", "", "", "Prime Minister"), "bare title"},
      {row("Q1", "org", "Xcorp", "", "") + row("Q2", "org", "Ycorp", "", "", "Xcorp"),
       "also names Q1"},
      {row("Q1", "person", "A One", "", "", "", "king:RUR:2001..2005") +
           row("Q2", "person", "B Two", "", "", "", "king:RUR:2003..2008"),
       "overlaps"},
  };
  for (const auto& [text, message] : rows) {
    const std::vector<DataFault> faults = faults_of(kHeader + text);
    ASSERT_EQ(faults.size(), 1U) << text;
    EXPECT_TRUE(faults[0].is_warning);
    EXPECT_NE(faults[0].message.find(message), std::string::npos) << faults[0].message;
  }
}

TEST(Gazetteer, KeepsQuietAboutWhatIsMeant) {
  EXPECT_TRUE(faults_of(kHeader + row("Q1", "org", "Xcorp", "", "", "=XC|=WHO")).empty());
  EXPECT_TRUE(
      faults_of(kHeader + row("Q1", "city", "Same", "", "") + row("Q2", "city", "Same", "", ""))
          .empty());
  EXPECT_TRUE(faults_of(kHeader + row("Q1", "person", "A One", "", "", "", "king:RUR:2001..2005") +
                        row("Q2", "person", "B Two", "", "", "", "king:RUR:2005..2008"))
                  .empty());
}

}  // namespace
}  // namespace tocsin
