// What a name means: one trap a row, over the gazetteer that ships and a few rows of our own.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "pipeline/entities/gazetteer.h"
#include "tests/english.h"

namespace tocsin {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::int64_t kJanuary2022 = 18'993 * kDayMs;
constexpr std::int64_t kJune2005 = 12'935 * kDayMs;

const std::string kOwnRows =
    "id\ttype\tname\tcode\tkind\taliases\tdemonyms\tmetonyms\tacronyms\toffices\tfrom\tto\tnote\n"
    "p:moss\tperson\tAnatol Mossberg\tFIN\tgovernment\t\t\t\t\tpresident:FIN:2020..2030\t\t\t\n"
    "p:ilves\tperson\tKaarina Ilvesaho\tFIN\tgovernment\t\t\t\t\tpresident:FIN:2000..2010\t\t\t\n"
    "p:zhu\tperson\tZhu Weilan\tCHN\tgovernment\t\t\t\t\tforeign_minister:CHN:2020..2030\t\t\t\n"
    "o:chamber\torg\tDemocratic Party\tUSA\tsociety\t\t\t\t\t\t\t\t\n"
    "o:pact\torg\tNorthern Pact\t\talliance\t\t\t\t=NP\t\t\t\t\n"
    "p:sec\tperson\tOle Brandvik\t\tgovernment\t\t\t\t\tsecretary_general:o:pact:2015..2025\t\t\t\n"
    "g:band\tgroup\tRed Sash Brigade\t\tarmed\tRed Sash\t\t\t\t\t\t\t\n"
    "tocsin:latgov\torg\tLatvian government\tLVA\tgovernment\t\t\t\t\t\t\t\t\n";

const Gazetteer& gazetteer() {
  static const Gazetteer kGazetteer = [] {
    GazetteerBuilder builder;
    const char* root = std::getenv("TOCSIN_SOURCE_DIR");
    for (const char* file : {"countries.tsv", "cities.tsv"}) {
      std::ifstream in(std::string(root == nullptr ? "." : root) + "/config/gazetteer/" + file);
      std::ostringstream text;
      text << in.rdbuf();
      builder.add_tsv(file, text.str());
    }
    builder.add_tsv("own.tsv", kOwnRows);
    return builder.freeze();
  }();
  return kGazetteer;
}

// "Moscow=Q649/name ..." in text order; "?" an unknown name, "team" a team.
std::string tags(const std::string& title, const std::string& body,
                 std::int64_t ms = kJanuary2022) {
  const Text text = make_text(title, body, "en");
  const Tagging tagging = tag(gazetteer(), text, ms);
  std::string result;
  for (const Mention& mention : tagging.mentions) {
    const TaggedEntity& entity = tagging.entities[mention.entity];
    result += result.empty() ? "" : "; ";
    result += text.slice(text.bytes_of(mention.tokens));
    result += '=';
    result += entity.is_team                  ? "team"
              : entity.gazetteer == kNoEntity ? "?"
                                              : gazetteer()[entity.gazetteer].id;
    result += '/';
    result += name(mention.via);
  }
  return result;
}

struct Row {
  const char* trap;
  const char* body;
  const char* expected;
};

class Resolution : public testing::TestWithParam<Row> {};

TEST_P(Resolution, Holds) {
  EXPECT_EQ(tags("", GetParam().body), GetParam().expected) << GetParam().trap;
}

INSTANTIATE_TEST_SUITE_P(
    Traps, Resolution,
    testing::Values(
        Row{"common noun", "They carved the turkey on fine china.", ""},
        Row{"country by name and demonym", "Turkey met a Chadian envoy.",
            "Turkey=Q43/name; Chadian=Q657/demonym"},
        Row{"pointed acronym", "The U.S. told us nothing.", "U.S.=Q30/acronym"},
        Row{"official name", "Envoys of the Democratic People's Republic of Korea left.",
            "Democratic People's Republic of Korea=Q423/alias"},
        Row{"longest name", "South Sudan borders Sudan.",
            "South Sudan=Q958/name; Sudan=Q1049/name"},
        Row{"bank of", "Staff at the Bank of Canada worked late.", "Bank of Canada=?/name"},
        Row{"airline", "Shares in Iran Airways fell.", "Iran Airways=?/name"},
        Row{"university", "He taught at the University of Georgia for years.",
            "University of Georgia=?/name"},
        Row{"ocean", "A ship sank in the Indian Ocean.", "Indian Ocean=Q1239/name"},
        Row{"journal", "It appeared in the New England Journal of Botany.",
            "New England Journal of Botany=?/name"},
        Row{"state organ stays", "The Iranian Navy sailed.", "Iranian=Q794/demonym"},
        Row{"state and common noun", "The Latvian government fell.", "Latvian=Q211/demonym"},
        Row{"state organ by its name", "The Latvian Government fell.",
            "Latvian Government=tocsin:latgov/name"},
        Row{"given name before a place", "Reporters met Kathy Ireland there.",
            "Kathy Ireland=?/name"},
        Row{"place as given name", "Later Chad Willoughby wrote a book.", "Chad Willoughby=?/name"},
        Row{"surname of a person is not the country",
            "Michael Jordan smiled. Then Jordan left the hall.",
            "Michael Jordan=?/name; Jordan=?/surname"},
        Row{"but in a place it is", "Michael Jordan smiled when he was in Jordan last year.",
            "Michael Jordan=?/name; Jordan=Q810/name"},
        Row{"full name, then surname",
            "Anatol Mossberg spoke. Mr Mossberg was calm. Mossberg's aide too.",
            "Anatol Mossberg=p:moss/name; Mossberg=p:moss/surname; Mossberg=p:moss/surname"},
        Row{"family name first", "Zhu Weilan arrived. Later Zhu left.",
            "Zhu Weilan=p:zhu/name; Zhu=p:zhu/surname"},
        Row{"namesake", "Anatol Mossberg spoke. Igor Mossberg runs a bank.",
            "Anatol Mossberg=p:moss/name; Igor Mossberg=?/name"},
        Row{"title with a state", "The Finnish president resigned.",
            "Finnish=Q33/demonym; president=p:moss/title"},
        Row{"title of a state", "The president of Finland resigned.",
            "president=p:moss/title; Finland=Q33/name"},
        Row{"name follows the title", "Finnish President Anatol Mossberg resigned.",
            "Finnish=Q33/demonym; Anatol Mossberg=p:moss/name"},
        Row{"former", "The former Finnish president resigned.", "Finnish=Q33/demonym"},
        Row{"deputy", "The Finnish vice president resigned.", "Finnish=Q33/demonym"},
        Row{"office of a body", "The Northern Pact secretary-general agreed.",
            "Northern Pact=o:pact/name; secretary-general=p:sec/title"},
        Row{"capital acts", "Tehran has warned its neighbours.", "Tehran=Q794/metonym"},
        Row{"capital is a place", "People in Tehran voted.", "Tehran=Q3616/name"},
        Row{"city, country", "He was born in Athens, Greece.",
            "Athens=Q1524/name; Greece=Q41/name"},
        Row{"city, US state", "She moved to Paris, Texas.",
            "Paris=geonames:4717560/name; Texas=Q1439/name"},
        Row{"capital's namesake", "Rain fell on Moscow, Idaho, again.",
            "Moscow=geonames:5601538/name; Idaho=Q1221/name"},
        Row{"the state Georgia", "Alabama and Georgia counted votes.",
            "Alabama=Q173/name; Georgia=Q1428/name"},
        Row{"the country Georgia", "Georgia and Abkhazia exchanged fire.",
            "Georgia=Q230/name; Abkhazia=Q31354462/name"},
        Row{"city with a common name", "Reading is fun. He lives in Nice now.",
            "Nice=geonames:2990440/name"},
        Row{"language", "He answered in Russian, then left.", ""},
        Row{"where, not who", "The London-based firm moved.", ""},
        Row{"backed is who", "The Russian-backed militia moved.", "Russian=Q159/demonym"},
        Row{"another state's body", "The Indonesian Democratic Party lost in the United States.",
            "Indonesian Democratic Party=?/name; United States=Q30/name"},
        Row{"a title introduces", "President Mossberg spoke. Later Mossberg left.",
            "Mossberg=p:moss/surname; Mossberg=p:moss/surname"},
        Row{"another first name", "Anatol Mossberg slept. Naina Mossberg had left.",
            "Anatol Mossberg=p:moss/name"},
        Row{"treaty named after a city", "They left the Paris Agreement in anger.",
            "Paris Agreement=?/name"},
        Row{"place before, and so a place", "The people of East Nairobi voted.", ""},
        Row{"possession of a state", "Finland's president resigned.",
            "Finland=Q33/name; president=p:moss/title"},
        Row{"armed group", "Fighters of the Red Sash fled.", "Red Sash=g:band/alias"},
        Row{"unknown person by title", "A spokesman, Gen. Zamir Kabuloff Ostrin, agreed.",
            "Zamir Kabuloff Ostrin=?/name"}));

TEST(Tagger, ShoutingDoesNotMakeNames) {
  EXPECT_EQ(tags("LET US PRAY FOR PEACE NOW", ""), "");
  EXPECT_EQ(tags("TURKEY WARNS IRAQ OVER WATER", ""), "TURKEY=Q43/name; IRAQ=Q796/name");
}

TEST(Tagger, ATitleIsWhoHeldItThatDay) {
  EXPECT_EQ(tags("", "The Finnish president spoke.", kJune2005),
            "Finnish=Q33/demonym; president=p:ilves/title");
}

TEST(Tagger, WithoutADateATitleIsTheOneHolderTheArticleNames) {
  constexpr std::int64_t kUnknown = 0;
  EXPECT_EQ(tags("", "The Finnish president spoke.", kUnknown), "Finnish=Q33/demonym");
  EXPECT_EQ(tags("", "Anatol Mossberg left. The Finnish president spoke.", kUnknown),
            "Anatol Mossberg=p:moss/name; Finnish=Q33/demonym; president=p:moss/title");
  EXPECT_EQ(
      tags("", "Anatol Mossberg met Kaarina Ilvesaho. The Finnish president spoke.", kUnknown),
      "Anatol Mossberg=p:moss/name; Kaarina Ilvesaho=p:ilves/name; Finnish=Q33/demonym");
}

TEST(Tagger, OnASportsPageCountriesAreTeams) {
  const std::string body =
      "MILAN, Italy - Ireland beat Norway 2-0 in a World Cup qualifier, the striker scored both "
      "goals."
      " The league coach praised his midfielder. The match was played in Italy. Referee: Urs Meier"
      " (Switzerland).";
  EXPECT_EQ(tags("Ireland win", body),
            "Ireland=team/alias; MILAN=Q490/name; Italy=Q38/name; Ireland=team/alias; "
            "Norway=team/name; World Cup=?/name; Italy=Q38/name; Switzerland=Q39/name");
  EXPECT_TRUE(tag(gazetteer(), make_text("Ireland win", body, "en"), 0).is_sport);
}

TEST(Tagger, MissilesAreNoSport) {
  const Text text =
      make_text("", "Troops killed rebels as the final round of talks lost its goal.", "en");
  EXPECT_FALSE(tag(gazetteer(), text, 0).is_sport);
}

TEST(Tagger, SalienceFavoursTitleAndLeadAndSumsToOne) {
  const Text text =
      make_text("Latvia waits", "Estonia spoke. Estonia left. Then it rained. Estonia.", "en");
  const Tagging tagging = tag(gazetteer(), text, kJanuary2022);
  ASSERT_EQ(tagging.entities.size(), 2U);
  EXPECT_EQ(gazetteer()[tagging.entities[0].gazetteer].id, "Q191");
  double sum = 0;
  for (const TaggedEntity& entity : tagging.entities) {
    sum += entity.salience;
  }
  EXPECT_DOUBLE_EQ(sum, 1.0);
}

TEST(Tagger, MentionsAreSortedAndDoNotOverlap) {
  const Text text =
      make_text("US President warns",
                "The Bank of Canada, Iran and the Finnish president of Finland met in "
                "Paris, Texas. Michael Jordan and Jordan Michael came too.",
                "en");
  const Tagging tagging = tag(gazetteer(), text, kJanuary2022);
  ASSERT_FALSE(tagging.mentions.empty());
  for (std::size_t i = 1; i < tagging.mentions.size(); ++i) {
    EXPECT_LE(tagging.mentions[i - 1].tokens.end, tagging.mentions[i].tokens.begin);
  }
}

TEST(Tagger, NothingToTag) {
  EXPECT_EQ(tags("", ""), "");
  EXPECT_EQ(tags("", "... -- !"), "");
}

TEST(Tagger, ManyThreadsShareOneGazetteer) {
  const std::string body = "The Finnish president met Zhu Weilan in Athens, Greece.";
  const std::string expected = tags("", body);
  std::vector<std::string> found(4);
  {
    std::vector<std::jthread> threads;
    for (std::string& result : found) {
      threads.emplace_back([&result, &body] { result = tags("", body); });
    }
  }
  for (const std::string& result : found) {
    EXPECT_EQ(result, expected);
  }
}

}  // namespace
}  // namespace tocsin
