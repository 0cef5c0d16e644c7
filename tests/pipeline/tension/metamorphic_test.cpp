// What must hold between two texts, without a label for either: the suite of the mission's
// evaluation plan. Templates over event types and pairs of states.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <string>

#include "tests/pipeline/tension/shipped.h"

namespace tocsin {
namespace {

Tension tension_of(const std::string& body) {
  return *assess_text("", body).tension;
}

// How much it says either way.
double strength(const std::string& body) {
  const Tension tension = tension_of(body);
  return std::max(tension.score, tension.cooperation);
}

struct Verb {
  const char* base;
  const char* past;  // and participle
};
// A plain object each: no particle, no preposition.
constexpr std::array kHostileActs = {
    Verb{"attack", "attacked"},     Verb{"bomb", "bombed"},          Verb{"shell", "shelled"},
    Verb{"invade", "invaded"},      Verb{"bombard", "bombarded"},    Verb{"occupy", "occupied"},
    Verb{"blockade", "blockaded"},  Verb{"besiege", "besieged"},     Verb{"ambush", "ambushed"},
    Verb{"sanction", "sanctioned"}, Verb{"blacklist", "blacklisted"}};
constexpr std::array kHostileWords = {Verb{"threaten", "threatened"},  Verb{"condemn", "condemned"},
                                      Verb{"criticise", "criticised"}, Verb{"blame", "blamed"},
                                      Verb{"denounce", "denounced"},   Verb{"accuse", "accused"}};
constexpr std::array kCooperativeActs = {Verb{"support", "supported"}, Verb{"praise", "praised"},
                                         Verb{"visit", "visited"}, Verb{"help", "helped"},
                                         Verb{"recognise", "recognised"}};

struct Pair {
  const char* actor;
  const char* actor_code;
  const char* recipient;
  const char* recipient_code;
};
constexpr std::array kPairs = {
    Pair{"Russia", "RUS", "Ukraine", "UKR"},   Pair{"Iran", "IRN", "Iraq", "IRQ"},
    Pair{"China", "CHN", "Taiwan", "TWN"},     Pair{"India", "IND", "Pakistan", "PAK"},
    Pair{"Israel", "ISR", "Lebanon", "LBN"},   Pair{"Armenia", "ARM", "Azerbaijan", "AZE"},
    Pair{"Ethiopia", "ETH", "Eritrea", "ERI"}, Pair{"Venezuela", "VEN", "Guyana", "GUY"}};

std::string said(const Pair& pair, const std::string& predicate) {
  return std::string(pair.actor) + " " + predicate + " " + pair.recipient + ".";
}

template <typename Check>
void for_all(const Check& check) {
  for (const Pair& pair : kPairs) {
    for (const Verb& verb : kHostileActs) check(pair, verb);
    for (const Verb& verb : kHostileWords) check(pair, verb);
    for (const Verb& verb : kCooperativeActs) check(pair, verb);
  }
}

template <typename Check>
void for_acts(const Check& check) {
  for (const Pair& pair : kPairs) {
    for (const Verb& verb : kHostileActs) check(pair, verb);
  }
}

bool has_direction(const Assessment& assessment, const Pair& pair) {
  const Gazetteer& gazetteer = shipped().gazetteer;
  for (const Event& event : assessment.events) {
    if (event.actor == gazetteer.by_code(pair.actor_code) &&
        event.recipient == gazetteer.by_code(pair.recipient_code))
      return true;
  }
  return false;
}

TEST(Metamorphic, EveryTemplateSaysSomethingWithADirection) {
  for_all([](const Pair& pair, const Verb& verb) {
    const std::string text = said(pair, verb.past);
    EXPECT_GT(strength(text), 5) << text;
    EXPECT_TRUE(has_direction(assess_text("", text), pair)) << text;
  });
}

TEST(Metamorphic, NegationTakesItBack) {
  for_acts([](const Pair& pair, const Verb& verb) {
    const std::string text = said(pair, std::string("did not ") + verb.base);
    EXPECT_LT(tension_of(text).score, 5) << text;
    const std::string will = said(pair, std::string("will not ") + verb.base);
    EXPECT_LT(tension_of(will).act, 5) << will;
  });
}

TEST(Metamorphic, ThePassiveHasTheSameDirection) {
  for_all([](const Pair& pair, const Verb& verb) {
    const std::string text =
        std::string(pair.recipient) + " was " + verb.past + " by " + pair.actor + ".";
    EXPECT_TRUE(has_direction(assess_text("", text), pair)) << text;
    // What the words say of the topic may differ a little.
    const double active = strength(said(pair, verb.past));
    EXPECT_NEAR(strength(text), active, active * 0.12) << text;
  });
}

// Of all pairs and verbs, where `text_of` says the same as the plain sentence: the share that keeps
// who does it to whom. Now and then a model misreads a sentence; which ones are printed.
template <typename TextOf>
double share_with_direction(const TextOf& text_of, bool is_title = false) {
  std::size_t kept = 0;
  std::size_t all = 0;
  for_all([&](const Pair& pair, const Verb& verb) {
    const std::string text = text_of(pair, verb);
    const bool has = has_direction(is_title ? assess_text(text, "") : assess_text("", text), pair);
    if (!has) std::printf("  lost: %s\n", text.c_str());
    kept += has ? 1 : 0;
    ++all;
  });
  return static_cast<double>(kept) / static_cast<double>(all);
}

TEST(Metamorphic, AnAppositionLeavesWhoToWhom) {
  EXPECT_GE(share_with_direction([](const Pair& pair, const Verb& verb) {
              return std::string(pair.actor) + ", a large country, " + verb.past + " " +
                     pair.recipient + ".";
            }),
            0.95);
  EXPECT_GE(share_with_direction([](const Pair& pair, const Verb& verb) {
              return said(pair, verb.past).substr(0, said(pair, verb.past).size() - 1) +
                     ", a neighbour in the south.";
            }),
            0.95);
}

TEST(Metamorphic, CoordinationLeavesWhoToWhom) {
  EXPECT_GE(share_with_direction([](const Pair& pair, const Verb& verb) {
              return std::string(pair.actor) + " and Norway " + verb.past + " " + pair.recipient +
                     ".";
            }),
            0.95);
  EXPECT_GE(share_with_direction([](const Pair& pair, const Verb& verb) {
              return "The minister resigned and " + said(pair, verb.past);
            }),
            0.95);
}

TEST(Metamorphic, AQuantifierLeavesWhoToWhom) {
  EXPECT_GE(share_with_direction([](const Pair& pair, const Verb& verb) {
              return std::string("Several officials of ") + pair.actor + " " + verb.past + " " +
                     pair.recipient + ".";
            }),
            0.9);
}

TEST(Metamorphic, ATitleSaysWhatASentenceSays) {
  EXPECT_GE(share_with_direction(
                [](const Pair& pair, const Verb& verb) {
                  const std::string text = said(pair, verb.past);
                  return text.substr(0, text.size() - 1);
                },
                true),
            0.97);
}

TEST(Metamorphic, ADatelineLeavesWhoToWhom) {
  for (const char* dateline : {"LIMA, March 3 (Reuters) - ", "OSLO (AFP) -- ", "Lund, May 5 – ",
                               "BRATISLAVA, Slovakia - ", "ULAANBAATAR (AP) ", "GENEVA: "}) {
    EXPECT_GE(share_with_direction([&](const Pair& pair, const Verb& verb) {
                return dateline + said(pair, verb.past);
              }),
              0.97)
        << dateline;
  }
}

TEST(Metamorphic, AConditionIsNoAct) {
  for_acts([](const Pair& pair, const Verb& verb) {
    const std::string text = "If " + std::string(pair.actor) + " " + verb.past + " " +
                             pair.recipient + ", bread would be dear.";
    EXPECT_LT(tension_of(text).score, tension_of(said(pair, verb.past)).score / 2) << text;
  });
}

TEST(Metamorphic, AHedgeLowers) {
  for_acts([](const Pair& pair, const Verb& verb) {
    const std::string text = said(pair, std::string("reportedly ") + verb.past);
    EXPECT_LT(tension_of(text).score, tension_of(said(pair, verb.past)).score) << text;
  });
}

TEST(Metamorphic, HistoryHardlyCounts) {
  for_acts([](const Pair& pair, const Verb& verb) {
    const double now = tension_of(said(pair, verb.past)).score;
    for (const char* when : {"Forty years ago ", "In 1986 ", "On this day in 1986 "}) {
      const std::string text = when + said(pair, verb.past);
      EXPECT_LT(tension_of(text).score, now / 3) << text;
    }
  });
}

TEST(Metamorphic, WhatIsDemandedPlannedOrFearedIsNotDone) {
  for_acts([](const Pair& pair, const Verb& verb) {
    const double done = tension_of(said(pair, verb.past)).act;
    for (const char* how : {"plans to ", "could ", "is ready to ", "threatened to "}) {
      const std::string text = said(pair, std::string(how) + verb.base);
      EXPECT_LT(tension_of(text).act, done) << text;
    }
  });
}

TEST(Metamorphic, RepetitionChangesNothing) {
  for_all([](const Pair& pair, const Verb& verb) {
    const std::string text = said(pair, verb.past);
    // No more evidence; but the topic of a longer text is surer.
    EXPECT_NEAR(strength(text + " " + text), strength(text), strength(text) * 0.12) << text;
  });
}

TEST(Metamorphic, OrderChangesNothing) {
  for_acts([](const Pair& pair, const Verb& verb) {
    const std::string first = said(pair, verb.past);
    const std::string second = "Kenya closed its border with Somalia.";
    EXPECT_EQ(tension_of(first + " " + second).score, tension_of(second + " " + first).score)
        << first;
  });
}

TEST(Metamorphic, ATruceCalmsButUndoesNothing) {
  for_acts([](const Pair& pair, const Verb& verb) {
    const std::string war = said(pair, verb.past);
    const std::string truce =
        war + " " + pair.actor + " declared a ceasefire with " + pair.recipient + ".";
    EXPECT_LT(tension_of(truce).escalation, tension_of(war).escalation) << truce;
    EXPECT_GE(tension_of(truce).act, tension_of(war).act) << truce;
  });
}

TEST(Metamorphic, AnotherNameOfTheActorIsTheSameActor) {
  for (const Verb& verb : kHostileActs) {
    for (const char* name : {"Russia", "Moscow", "The Kremlin", "The Russian army",
                             "Russian forces", "Russian troops"}) {
      const std::string text = std::string(name) + " " + verb.past + " Ukraine.";
      EXPECT_TRUE(has_direction(assess_text("", text), kPairs[0])) << text;
    }
  }
}

TEST(Metamorphic, FootballClubsAreNoNations) {
  for (const Verb& verb : kHostileActs) {
    const std::string text = "Arsenal " + std::string(verb.past) +
                             " Chelsea. The striker scored twice before half-time and the coach "
                             "praised his midfielder after the match at the stadium.";
    EXPECT_LT(assess_text("Late goal settles cup tie", text).tension->score, 10) << text;
  }
}

TEST(Metamorphic, WhoTellsOfTheDeadHasNotKilledThem) {
  for (const Pair& pair : kPairs) {
    for (const char* told : {"said a missile had hit a market", "reported a strike on a market"}) {
      const std::string text = std::string(pair.recipient) + " " + told + ", killing four people.";
      for (const Event& event : assess_text("", text).events) {
        EXPECT_NE(event.actor, shipped().gazetteer.by_code(pair.recipient_code)) << text;
      }
    }
  }
}

TEST(Metamorphic, ANounThatSaysWhichIsNoAct) {
  for (const Pair& pair : kPairs) {
    const std::string between = std::string(" between ") + pair.actor + " and " + pair.recipient;
    for (const Event& event :
         assess_text("Ceasefire talks" + between, "They sat down at noon.").events)
      EXPECT_NE(event.type, EventType::retreat) << between;
  }
}

TEST(Metamorphic, WhoeverIsAccusedHasNotDoneIt) {
  for_acts([](const Pair& pair, const Verb& verb) {
    const std::string text = "Norway accused " + std::string(pair.actor) + " of plans to " +
                             verb.base + " " + pair.recipient + ".";
    EXPECT_LT(tension_of(text).act, tension_of(said(pair, verb.past)).act / 2) << text;
  });
}

}  // namespace
}  // namespace tocsin
