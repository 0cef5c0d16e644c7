#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/pipeline/tension/shipped.h"

namespace tocsin {
namespace {

double hostile(const std::string& sentence) {
  return assess_text("", sentence).tension->score;
}

bool has(const Assessment& assessment, EventType type, Modality modality, Polarity polarity) {
  for (const Event& event : assessment.events) {
    if (event.type == type && event.modality == modality && event.polarity == polarity) return true;
  }
  return false;
}

std::string code(EntityIndex entity) {
  return entity == kNoEntity ? "" : shipped().gazetteer[entity].code;
}

TEST(Tension, AnAttackIsHostileAndHasDirection) {
  const Assessment assessment = assess_text("", "Estavia was calm, but Russia attacked Ukraine.");
  ASSERT_FALSE(assessment.events.empty());
  const Event& event = assessment.events.back();
  EXPECT_EQ(event.type, EventType::assault);
  EXPECT_EQ(code(event.actor), "RUS");
  EXPECT_EQ(code(event.recipient), "UKR");
  EXPECT_GE(assessment.tension->score, 40);
}

// Too short for a language to be told: names and acts tell it, or nothing does.
TEST(Tension, ReadsHeadlinesThatNamesAndActsMakeEnglish) {
  const auto is_read = [](std::string_view title) {
    const Text text = make_text(title, "", "", shipped().languages);
    const Tagging tagging = tag(shipped().gazetteer, text, kPublished_ms);
    return assess(shipped().lexicon, shipped().gazetteer, text, tagging, kPublished_ms)
        .tension.has_value();
  };
  for (const std::string_view title :
       {"Peru shells Chile", "Serbia threatens Kosovo", "Chad expels diplomats",
        "Farc ambush kills nine", "Peru arrests Ecuador envoy"}) {
    EXPECT_TRUE(is_read(title)) << title;
  }
  for (const std::string_view title : {"Guten Morgen", "Buenos dias", "Iran bombarde Israel"}) {
    EXPECT_FALSE(is_read(title)) << title;
  }
}

TEST(Tension, ThePassiveSwapsRoles) {
  const Assessment assessment = assess_text("", "Ukraine was attacked by Russia.");
  ASSERT_FALSE(assessment.events.empty());
  EXPECT_EQ(code(assessment.events.front().actor), "RUS");
  EXPECT_EQ(code(assessment.events.front().recipient), "UKR");
}

// A pattern's slots are read from the tree: behind a list, and in the passive.
TEST(Tension, ASlotIsFilledHoweverFarItStands) {
  const auto who_to_whom = [](const char* sentence) {
    const Assessment assessment = assess_text("", sentence);
    if (assessment.events.empty()) return std::string("nobody");
    const Event& event = assessment.events.front();
    return std::string(name(event.type)) + ' ' + code(event.actor) + ' ' + code(event.recipient);
  };
  EXPECT_EQ(who_to_whom("Peru took twelve Cuban firms, among them a bank and two hotels, off its "
                        "blacklist."),
            "CONCEDE PER CUB");
  EXPECT_EQ(who_to_whom("Duties on Bolivian quinoa were scrapped by Peru."), "CONCEDE PER BOL");
  EXPECT_EQ(who_to_whom("Masked men flung two grenades at the Chilean consulate."), "ASSAULT  CHL");
}

TEST(Tension, ANegatedSubjectDidNothing) {
  EXPECT_EQ(assess_text("", "No Russian drone entered Finnish airspace.").tension->threat, 0);
}

TEST(Tension, ANegatedAttackIsNoAttack) {
  const Assessment assessment = assess_text("", "Russia will not attack Ukraine.");
  EXPECT_TRUE(has(assessment, EventType::assault, Modality::actual, Polarity::negated));
  EXPECT_EQ(assessment.tension->act, 0);
}

TEST(Tension, AConditionIsNotYetAnAct) {
  const double actual = hostile("Iran bombed Iraq.");
  EXPECT_LT(hostile("If Iran bombed Iraq, oil would be scarce."), actual / 2);
}

TEST(Tension, HistoryHardlyCounts) {
  EXPECT_LT(hostile("Forty years ago Iraq invaded Iran."), hostile("Iraq invaded Iran.") / 2);
  EXPECT_LT(hostile("In 1980 Iraq invaded Iran."), hostile("Iraq invaded Iran.") / 2);
}

TEST(Tension, HedgesLower) {
  EXPECT_LT(hostile("Iraq reportedly shelled Iran."), hostile("Iraq shelled Iran."));
}

TEST(Tension, RepetitionDoesNotInflate) {
  const std::string sentence = "Iraq shelled Iran on Monday. ";
  EXPECT_EQ(hostile(sentence + sentence), hostile(sentence));
}

TEST(Tension, FootballIsNotWar) {
  const Assessment assessment = assess_text(
      "Late goal sinks Brazil in cup thriller",
      "The striker fired a shot past the goalkeeper as Argentina beat Brazil in the cup final. The "
      "midfielder led the attack and the coach praised his defenders after the match.");
  EXPECT_LT(assessment.tension->score, 20);
}

TEST(Tension, ATruceCalms) {
  const double war = assess_text("", "Israel bombed Lebanon.").tension->escalation;
  const double truce =
      assess_text("", "Israel bombed Lebanon. Israel and Lebanon agreed a ceasefire.")
          .tension->escalation;
  EXPECT_LT(truce, war);
}

TEST(Tension, ADealIsCooperative) {
  EXPECT_LT(assess_text("", "China signed a trade agreement with Chile.").tension->escalation, -5);
}

TEST(Tension, OtherLanguagesGetNoScore) {
  const Text text = make_text("", "Rusland viel Oekraïne aan en bombardeerde de hoofdstad.", "nl");
  const Tagging tagging = tag(shipped().gazetteer, text, kPublished_ms);
  const Assessment assessment =
      assess(shipped().lexicon, shipped().gazetteer, text, tagging, kPublished_ms);
  EXPECT_FALSE(assessment.tension.has_value());
  EXPECT_TRUE(assessment.events.empty());
}

TEST(Tension, TheScoreIsBounded) {
  std::string body;
  for (int i = 0; i < 50; ++i) {
    body += "Russia attacked Ukraine. Iran bombed Iraq. China invaded Taiwan. ";
  }
  EXPECT_LE(hostile(body), 100);
}

std::size_t tokens_read(const Assessment& assessment) {
  std::size_t tokens = 0;
  for (const TokenSpan piece : assessment.read) tokens += piece.size();
  return tokens;
}

// A tree is made only of what could count: who or what an act needs stands in the sentence.
TEST(Tension, WhatCannotBeToldIsNotParsed) {
  EXPECT_EQ(tokens_read(assess_text("", "The ball hit the post twice.")), 0U);
  EXPECT_GT(tokens_read(assess_text("", "The missile hit the port of Odesa twice.")), 0U);
}

TEST(Tension, TheStrongestOfManySentencesIsRead) {
  std::string body;
  for (int i = 0; i < 60; ++i) {
    body += "Envoys of Chad, who had come to Peru by way of Chile in spring, met ministers. ";
  }
  const Assessment assessment = assess_text("", body + "Russia bombed Ukraine.");
  const bool is_told =
      std::any_of(assessment.events.begin(), assessment.events.end(), [](const Event& event) {
        return event.type == EventType::assault && code(event.actor) == "RUS" && event.counts;
      });
  EXPECT_TRUE(is_told);
  EXPECT_LT(tokens_read(assessment), 300U);
}

}  // namespace
}  // namespace tocsin
