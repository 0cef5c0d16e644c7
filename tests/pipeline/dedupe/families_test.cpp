// Which invented texts are copies, updates or neither: families of edits, on
// frames, templates and outlets that no list knows. Rates, because a sketch is an estimate.
#include <gtest/gtest.h>

#include <functional>

#include "pipeline/dedupe/likeness.h"
#include "pipeline/dedupe/signature.h"
#include "pipeline/dedupe/window.h"
#include "tests/english.h"
#include "tests/pipeline/dedupe/newsroom.h"
#include "tests/pipeline/dedupe/outlets.h"

namespace tocsin::test {
namespace {

constexpr std::size_t kTrials = 400;

Signature signed_text(const std::string& body) {
  return sign(make_text("", body, "en"), {});
}

Likeness likeness_of(const std::string& earlier, const std::string& later) {
  return judge(agreement_of(signed_text(earlier), signed_text(later)), {});
}

struct Rates {
  double copy = 0;
  double update = 0;
  std::string example;  // the last pair that was called a copy
  std::string other;    // the last that was not
};

struct Pair {
  std::string earlier;
  std::string later;
};

Rates rates_of(const std::function<Pair(Newsroom&)>& make) {
  Rates rates;
  for (std::size_t trial = 0; trial < kTrials; ++trial) {
    Newsroom newsroom(trial + 1);
    const Pair pair = make(newsroom);
    const Likeness likeness = likeness_of(pair.earlier, pair.later);
    const std::string both = pair.earlier + "\n---\n" + pair.later;
    const bool copy = likeness.method != Method::none;
    rates.copy += copy ? 1.0 / kTrials : 0.0;
    rates.update += likeness.relation == Relation::update ? 1.0 / kTrials : 0.0;
    (copy ? rates.example : rates.other) = both;
  }
  return rates;
}

// Macros, so that a failure is reported at the line of its test.
#define EXPECT_COPIES(min, ...)                         \
  do {                                                  \
    const Rates rates = rates_of(__VA_ARGS__);          \
    EXPECT_GE(rates.copy, min) << rates.other;          \
    RecordProperty("copy", std::to_string(rates.copy)); \
  } while (false)

#define EXPECT_NO_COPIES(max, ...)                      \
  do {                                                  \
    const Rates rates = rates_of(__VA_ARGS__);          \
    EXPECT_LE(rates.copy, max) << rates.example;        \
    EXPECT_LE(rates.update, max);                       \
    RecordProperty("copy", std::to_string(rates.copy)); \
  } while (false)

TEST(Copies, WithAnotherHeaderDatelineAndFooter) {
  EXPECT_COPIES(0.99, [](Newsroom& n) {
    const Paragraphs story = n.story(3 + n.below(10));
    return Pair{join(story), n.loose_line() + "\n\n" + n.dateline() + join(story) + "\n\n" +
                                 n.loose_line() + "\n\n" + n.loose_line()};
  });
}

// A copy as its outlet sends it: dressed, and with the outlet's name beside it.
struct Sent {
  std::string title;
  std::string body;
  std::string source;
};

Signature signed_text(const Sent& sent) {
  return sign(make_text(sent.title, sent.body, "en"), {sent.source, ""});
}

Likeness likeness_of(const Sent& earlier, const Sent& later) {
  return judge(agreement_of(signed_text(earlier), signed_text(later)), {});
}

// Share of stories found again where both outlets dress them, in kinds of one half.
double found_in_dress(bool held) {
  std::size_t found = 0;
  for (std::size_t trial = 0; trial < kTrials; ++trial) {
    Newsroom n(trial + 1);
    const std::string story = join(n.story(3 + n.below(8)));
    const auto dressed = [&] {
      Outlet outlet(n);
      const std::size_t head = 2 * n.below(Outlet::kHeads / 2) + (held ? 1 : 0);
      const std::size_t tail = 2 * n.below(Outlet::kTails / 2) + (held ? 1 : 0);
      return Sent{"", outlet.head(head) + "\n\n" + story + "\n\n" + outlet.tail(tail),
                  outlet.name()};
    };
    const Sent first = dressed();
    if (likeness_of(first, dressed()).method != Method::none) ++found;
  }
  return static_cast<double>(found) / static_cast<double>(kTrials);
}

TEST(Copies, InTheDressOfTwoOutlets) {
  EXPECT_GE(found_in_dress(false), 0.97);
}

TEST(Copies, InADressThatNoRuleWasMadeFor) {
  EXPECT_GE(found_in_dress(true), 0.9);
}

TEST(Copies, WithNumbersWrittenOtherwise) {
  const auto report = [](std::string_view dead, std::string_view people, std::string_view share) {
    return "A ferry sank off Osmar on Monday, killing " + std::string(dead) +
           " people, the coast guard said.\n\nMore than " + std::string(people) +
           " had crossed that day, about " + std::string(share) +
           " of those who live on the island, the mayor of Osmar, Ilse Brandt, told reporters. "
           "Divers were still in the water.";
  };
  EXPECT_EQ(
      likeness_of(report("seven", "1,200", "20 percent"), report("7", "1200", "twenty per cent"))
          .method,
      Method::exact);
  EXPECT_EQ(likeness_of(report("twenty-three", "two thousand", "3.5 million"),
                        report("23", "2,000", "3,500,000"))
                .method,
            Method::exact);
}

// Some outlets tell the title again, in a line of its own or run together with what follows.
TEST(Copies, UnderTheirTitleToldAgain) {
  std::size_t found = 0;
  for (std::size_t trial = 0; trial < kTrials; ++trial) {
    Newsroom n(trial + 1);
    const std::string title = n.place() + " Council Meets Ministers of " + n.place() + " Again";
    const std::string story = n.dateline() + join(n.story(3 + n.below(8)));
    const Likeness likeness =
        likeness_of(Sent{title, title + "\n\n" + story, "one.example"},
                    Sent{"UPDATE 1-" + title, title + ' ' + story, "two.example"});
    if (likeness.method != Method::none) ++found;
  }
  EXPECT_GE(found, kTrials * 98 / 100);
}

// What an outlet reports of itself is news like any other.
TEST(Copies, OfAStoryAboutTheOutletItself) {
  const std::string lead =
      "Osmar Globe said its board had called a meeting of its shareholders for May 21 to vote on "
      "the plan to merge it with a printer of Altbruck.\n\n";
  const std::string rest =
      "Those who held shares on April 10 may vote, it said. The date may change, as the cartel "
      "office of Kesora has yet to read what was filed in March.\n\nEach holder will get 8 crowns "
      "and a share in the new firm, which Ilse Brandt will lead from Dormouth.";
  EXPECT_NE(likeness_of(Sent{"", lead + rest, "Osmar Globe"}, Sent{"", lead + rest, "Kesora Post"})
                .method,
            Method::none);
}

TEST(Copies, FlowedOtherwise) {
  EXPECT_COPIES(0.99, [](Newsroom& n) {
    const Paragraphs story = n.story(3 + n.below(10));
    return Pair{join(story), "<p>" + join(story, "</p>\n<p>") + "</p>"};
  });
}

TEST(Copies, UnderAFrameOfTheirOwn) {
  EXPECT_COPIES(0.97, [](Newsroom& n) {
    const Paragraphs story = n.story(4 + n.below(8));
    return Pair{join(story), join(story) + "\n\n" + n.frame(20 + n.below(60))};
  });
}

// A name or number of the lead that an edit replaces is another event, or an update.
TEST(Copies, Edited) {
  EXPECT_COPIES(0.97, [](Newsroom& n) {
    const Paragraphs story = n.story(4 + n.below(10));
    return Pair{join(story), join(n.edited(story, 3 + n.below(6)))};
  });
}

TEST(Copies, Dropped) {
  EXPECT_COPIES(0.97, [](Newsroom& n) {
    const Paragraphs story = n.story(5 + n.below(10));
    return Pair{join(story), join(n.dropped(story, 10 + n.below(20)))};
  });
}

TEST(Copies, CutToThirtyFivePercent) {
  EXPECT_COPIES(0.97, [](Newsroom& n) {
    const Paragraphs story = n.story(4 + n.below(10));
    return Pair{join(story), n.dateline() + Newsroom::cut(story, 35)};
  });
}

TEST(Copies, CutToTheLead) {
  EXPECT_COPIES(0.90, [](Newsroom& n) {
    const Paragraphs story = n.story(5 + n.below(8));
    return Pair{join(story), n.dateline() + Newsroom::cut(story, 20) + "... [+1234 chars]"};
  });
}

TEST(Copies, CutEditedAndFramed) {
  EXPECT_COPIES(0.5, [](Newsroom& n) {
    const Paragraphs story = n.story(5 + n.below(8));
    return Pair{join(story), n.loose_line() + "\n\n" +
                                 join(n.edited({Newsroom::cut(story, 50)}, 8)) + "\n\n" +
                                 n.loose_line()};
  });
}

class Templates : public ::testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(All, Templates, ::testing::Range<std::size_t>(0, Newsroom::kTemplates));

TEST_P(Templates, AreNotCopies) {
  EXPECT_NO_COPIES(0.01, [](Newsroom& n) { return Pair{n.item(GetParam()), n.item(GetParam())}; });
}

// Hardest: most of the page is a frame, and the item has two or three numbers of its own.
TEST_P(Templates, AreNotCopiesUnderOneFrame) {
  EXPECT_NO_COPIES(0.06, [](Newsroom& n) {
    const std::string frame = "\n\n" + n.frame(40 + n.below(80));
    return Pair{n.item(GetParam()) + frame, n.item(GetParam()) + frame};
  });
}

TEST_P(Templates, AreFoundAgain) {
  EXPECT_COPIES(0.98, [](Newsroom& n) {
    const std::string item = n.item(GetParam());
    return Pair{item, n.dateline() + item + "\n\n" + n.loose_line()};
  });
}

// A market table: the same names in the same order every day, other figures.
std::string table_of(Newsroom& n, const std::vector<std::string>& rows) {
  std::string table = "Closing prices in crowns, with the change on the day and the volume";
  for (const std::string& row : rows) {
    table += '\n' + row + "  " + n.number(10, 900) + '.' + n.number(10, 99) + "  -" +
             n.number(0, 9) + '.' + n.number(10, 99) + "  " + n.number(1000, 99999);
  }
  return table;
}

// Results of a firm, as agencies print them: figures in words are figures.
TEST(Tables, CutShortAreFoundAgain) {
  const std::string title = "Harrow Mills Inc third quarter";
  const std::string cut =
      "Shr 41 cts vs 29 cts\n\nQtly div four cts vs four cts prior\n\nNet 2,317,000 vs "
      "1,204,000\n\nRevs 8,440,000 vs 6,115,000\n\nNine mths\n\nShr 1.15 dlrs vs one dlr\n\nNet "
      "5,902,000 vs 4,377,000\n\nRevs 24.1 mln vs 17.8 mln\n\nNOTE: Net excludes gains from a sale";
  const std::string rest =
      " of 204,000 dlrs vs 51,000 dlrs in quarter.\n\nDividend is paid on May Six. Share adjusted "
      "for a split.";
  EXPECT_NE(likeness_of({title, cut + rest, "Osmar Globe"}, {title, cut, "Dormouth Post"}).method,
            Method::none);
}

TEST(Copies, BelowAGreetingAndAboveTheWeather) {
  for (std::size_t trial = 0; trial < kTrials; ++trial) {
    Newsroom n(trial + 1);
    const std::string story = join(n.story(4));
    const std::string dressed = "Good morning. Here is what we read with our first coffee.\n\n" +
                                n.dateline() + story +
                                "\n\nDormouth now: 12 degrees, wind 30 km/h\n\nTides 3:40, 16:02";
    EXPECT_NE(likeness_of({"A title", story, "Osmar Globe"}, {"A title", dressed, "Post"}).method,
              Method::none)
        << dressed;
  }
}

TEST(Tables, OfTwoDaysAreNotCopies) {
  EXPECT_NO_COPIES(0.0, [](Newsroom& n) {
    std::vector<std::string> rows(5 + n.below(30));
    for (std::string& row : rows) row = n.place() + " Holdings";
    return Pair{table_of(n, rows), table_of(n, rows)};
  });
}

// Warnings of two days: the same towns, other hours and heights. Figures that come from a few
// values (hours of a night) stand in both, and a sample of eight cannot tell all of them apart.
TEST(Tables, OfTidesAreRarelyCopies) {
  EXPECT_NO_COPIES(0.1, [](Newsroom& n) {
    std::vector<std::string> towns(4 + n.below(8));
    for (std::string& town : towns) town = n.place();
    const auto warning = [&] {
      std::string text = "The weather office expects high water along the coast tonight.";
      for (const std::string& town : towns) {
        text += " At " + town + " the water reaches " + n.number(2, 9) + "." + n.number(10, 99) +
                " metres at " + n.number(10, 23) + ":" + n.number(10, 59) +
                ", and cellars may be flooded.";
      }
      return text;
    };
    return Pair{warning(), warning()};
  });
}

class Frames : public ::testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(Words, Frames, ::testing::Values(20, 60, 120, 250));

// Share of the stories under one frame that a window calls copies or updates of another.
double merged_in_a_window(std::size_t trials,
                          const std::function<std::string(Newsroom&, const std::string&)>& page) {
  constexpr std::size_t kStories = 40;
  std::size_t merged = 0;
  for (std::size_t trial = 0; trial < trials; ++trial) {
    Newsroom newsroom(trial + 1);
    const std::string frame = newsroom.frame(Frames::GetParam());
    DedupeWindow window;
    for (std::size_t i = 0; i < kStories; ++i) {
      const Signature signature = signed_text(page(newsroom, frame));
      const WindowItem item{&signature, trial * kStories + i + 1, 0, true};
      WindowLimits limits;
      if (window.find(item, limits, nullptr)) ++merged;
      window.insert(&item);
    }
  }
  return static_cast<double>(merged) / static_cast<double>(trials * kStories);
}

TEST_P(Frames, BelowAWindowOfStoriesDoNotMakeCopies) {
  EXPECT_LE(merged_in_a_window(20,
                               [](Newsroom& n, const std::string& frame) {
                                 return join(n.story(1 + n.below(3))) + "\n\n" + frame;
                               }),
            0.005);
}

// The second of a window has nothing to learn from: below a frame many times its length a sentence
// may be lost.
TEST_P(Frames, BelowAWindowOfSentencesDoNotMakeCopies) {
  EXPECT_LE(
      merged_in_a_window(
          20, [](Newsroom& n, const std::string& frame) { return n.sentence() + "\n\n" + frame; }),
      GetParam() > 120 ? 0.25 : 0.05);
}

TEST_P(Frames, BelowAWindowOfPlainWordsDoNotMakeCopies) {
  EXPECT_LE(merged_in_a_window(20,
                               [](Newsroom& n, const std::string& frame) {
                                 return n.plain_sentence() + ' ' + n.plain_sentence() + "\n\n" +
                                        frame;
                               }),
            0.05);
}

TEST_P(Frames, AmidAWindowOfStoriesDoNotMakeCopies) {
  EXPECT_LE(merged_in_a_window(20,
                               [](Newsroom& n, const std::string& frame) {
                                 return join(n.story(1)) + "\n\n" + frame + "\n\n" +
                                        join(n.story(1));
                               }),
            0.005);
}

// Two alone give a window nothing to learn from.
TEST_P(Frames, BelowTwoStoriesDoNotMakeCopies) {
  EXPECT_NO_COPIES(GetParam() > 120 ? 0.08 : 0.02, [](Newsroom& n) {
    const std::string frame = "\n\n" + n.frame(GetParam());
    return Pair{join(n.story(1 + n.below(3))) + frame, join(n.story(1 + n.below(3))) + frame};
  });
}

TEST(FramesAbove, OfOneSentenceAboveDoNotMakeCopies) {
  EXPECT_NO_COPIES(0.01, [](Newsroom& n) {
    const std::string frame = n.frame(10) + "\n\n";
    return Pair{frame + join(n.story(1 + n.below(3))), frame + join(n.story(1 + n.below(3)))};
  });
}

// Sites that send a wall or a promise where the story should stand.
TEST(Stubs, NeverMakeCopies) {
  for (const char* stub :
       {"We and our partners store cookies on your device. Choose what you allow; you can change "
        "it at any time.",
        "This report is being updated. Come back in a few minutes for the full story.",
        "Your browser does not run scripts, so this page cannot be shown. Please turn them on.",
        "Become a member to go on reading. Members read as much as they like, on every device.",
        "More follows.", "Something went wrong. Please try again later."}) {
    const Sent first{"Storm shuts the schools of Dormouth", stub, "Osmar Globe"};
    const Sent second{"Ulavia fires missiles at Kesora", stub, "Osmar Globe"};
    EXPECT_EQ(likeness_of(first, second).method, Method::none) << stub;
    EXPECT_EQ(likeness_of(first, first).method, Method::exact) << stub;
  }
}

// What is known stands below; a new lead says what happened since.
TEST(Updates, WithANewLeadAreNews) {
  const Rates rates = rates_of([](Newsroom& n) {
    const Paragraphs story = n.story(4 + n.below(8));
    return Pair{join(story), n.sentence() + "\n\n" + join(story)};
  });
  EXPECT_LE(rates.copy, 0.1) << rates.example;
}

TEST(Updates, WhoseTollRoseAreNews) {
  const Rates rates = rates_of([](Newsroom& n) {
    const std::string place = n.place();
    const std::string rest = "\n\n" + join(n.story(2 + n.below(6)));
    const auto report = [&](std::uint64_t dead) {
      return "A ferry sank off " + place + " on Monday and at least " + std::to_string(dead) +
             " people died, the coast guard said." + rest;
    };
    return Pair{report(3 + n.below(10)), report(20 + n.below(70))};
  });
  EXPECT_LE(rates.copy, 0.05) << rates.example;
}

TEST(Templates, WithOnePlaceChangedAreAnotherEvent) {
  const Rates rates = rates_of([](Newsroom& n) {
    const std::string rest =
        " at dawn, the home command said. People were told to go to their shelters and to stay "
        "there until they hear otherwise. Nobody was hurt, as far as it knew, and no house was "
        "hit. It was looking into what had set the sirens off.";
    return Pair{"Sirens were heard in " + n.place() + rest,
                "Sirens were heard in " + n.place() + rest};
  });
  EXPECT_LE(rates.copy, 0.1) << rates.example;
}

TEST(Updates, ThatAddNewsAreNotDropped) {
  const Rates rates = rates_of([](Newsroom& n) {
    const Paragraphs story = n.story(3 + n.below(4));
    Paragraphs update = n.story(story.size());
    update.insert(update.begin() + 1, story.begin(), story.end());
    return Pair{join(story), join(update)};
  });
  EXPECT_LE(rates.copy, 0.02) << rates.example;
}

// "UPDATE 2": what was known first stands below, the toll and who gave it are new above.
std::string update_of(Newsroom& n, const Paragraphs& background, std::size_t fresh) {
  const std::string toll = n.number(13, 400);
  return "UPDATE " + n.number(2, 6) + "-Ferry disaster kills " + toll + "\n\nAt least " + toll +
         " people died when a ferry sank off " + n.place() + ", " + n.name() +
         " of the coast guard said, and " + n.number(13, 400) + " were missing.\n\n" +
         join(n.story(fresh)) + "\n\n" + join(background);
}

TEST(Updates, OfASeriesAreNotDropped) {
  const Rates rates = rates_of([](Newsroom& n) {
    const Paragraphs background = n.story(1 + n.below(3));
    return Pair{update_of(n, background, 2 + n.below(3)), update_of(n, background, 2 + n.below(3))};
  });
  EXPECT_LE(rates.copy, 0.02) << rates.example;
}

TEST(Updates, ThatGoOnAfterTheStoryAreOfIt) {
  const Rates rates = rates_of([](Newsroom& n) {
    const Paragraphs story = n.story(3 + n.below(4));
    Paragraphs update = story;
    for (const std::string& paragraph : n.story(story.size() + 1)) update.push_back(paragraph);
    return Pair{join(story), join(update)};
  });
  EXPECT_LE(rates.copy, 0.01) << rates.example;
  EXPECT_GE(rates.update, 0.95) << rates.other;
}

TEST(Short, UnrelatedItemsNeverMerge) {
  EXPECT_NO_COPIES(0.0, [](Newsroom& n) { return Pair{n.sentence(), n.sentence()}; });
}

TEST(Short, TemplatedItemsNeverMerge) {
  EXPECT_NO_COPIES(0.0, [](Newsroom& n) {
    const auto item = [&] {
      return "The central bank left its key rate at " + n.number(1, 20) + "." + n.number(0, 99) +
             " percent at its meeting in " + n.place() + ", it said in a short statement.";
    };
    return Pair{item(), item()};
  });
}

TEST(Short, OneOtherWordIsAnotherFact) {
  const std::string frame =
      " its key interest rate at the first meeting of the year, as most of "
      "the economists who were asked had expected it to do.";
  EXPECT_EQ(
      likeness_of("The central bank raised" + frame, "The central bank lowered" + frame).method,
      Method::none);
}

TEST(Short, TheSameItemIsFoundAgain) {
  EXPECT_COPIES(0.99, [](Newsroom& n) {
    const std::string item = n.sentence();
    return Pair{item, n.dateline() + item};
  });
}

}  // namespace
}  // namespace tocsin::test
