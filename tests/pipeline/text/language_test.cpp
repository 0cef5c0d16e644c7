// Which language a text is said, and found, to be in.
#include <gtest/gtest.h>

#include "pipeline/text/text.h"
#include "tests/english.h"

namespace tocsin {
namespace {

std::string language(std::string_view text, std::string_view declared = "") {
  return make_text(text, "", declared).language;
}

constexpr std::string_view kEnglish =
    "The foreign ministers of both countries met in the capital on Monday to talk about the "
    "border, "
    "and said that they would meet again after the holidays. Neither side wanted to say which of "
    "the "
    "villages had been discussed, but officials were hopeful that an agreement could be found "
    "soon.";
constexpr std::string_view kGerman =
    "Die Außenminister beider Länder trafen sich am Montag in der Hauptstadt, um über die Grenze "
    "zu "
    "sprechen, und kündigten ein weiteres Treffen nach den Feiertagen an. Keine Seite wollte "
    "sagen, "
    "um welche Dörfer es ging, doch hofft man in beiden Regierungen auf eine baldige Einigung.";
constexpr std::string_view kRussian =
    "Министры иностранных дел двух стран встретились в понедельник в столице, чтобы обсудить "
    "границу, "
    "и объявили о новой встрече после праздников. О каких деревнях шла речь, никто говорить не "
    "хотел, "
    "но чиновники надеются, что соглашение скоро будет найдено и подписано обеими сторонами.";

TEST(Language, is_what_the_article_says) {
  EXPECT_EQ(language("x", "en"), "en");
  EXPECT_EQ(language("x", "en-US"), "en");
  EXPECT_EQ(language("x", "EN_gb"), "en");
  EXPECT_EQ(language("x", "eng"), "en");
  EXPECT_EQ(language("x", "English"), "en");
  EXPECT_EQ(language("x", "deu"), "de");
  EXPECT_EQ(language("x", "sw"), "sw");
  EXPECT_EQ(language(kGerman, "de"), "de");
}

TEST(Language, is_found_when_the_article_says_nothing) {
  EXPECT_EQ(language(kEnglish), "en");
  EXPECT_EQ(language(kGerman), "de");
  EXPECT_EQ(language(kRussian), "ru");
  EXPECT_EQ(language(kEnglish, "??"), "en");
  EXPECT_EQ(language(kGerman, "und"), "de");
}

TEST(Language, is_found_when_the_article_is_surely_wrong) {
  EXPECT_EQ(language(kGerman, "en"), "de");
  EXPECT_EQ(language(kEnglish, "ru"), "en");
  EXPECT_EQ(language(kRussian, "en"), "ru");
}

TEST(Language, of_short_english_is_english) {
  constexpr std::string_view kRows[] = {"Russia warns Ukraine over border drills",
                                        "Iran threatens to close the strait",
                                        "Minister resigns after talks collapse",
                                        "Troops fire on protesters in capital",
                                        "Putin and Biden to meet in Geneva",
                                        "China says it will not accept sanctions",
                                        "PRESIDENT SAYS ARMY WILL WITHDRAW FROM NORTH",
                                        "Two killed in market blast",
                                        "India accuses Pakistan of shelling border villages"};
  for (const std::string_view row : kRows) EXPECT_EQ(language(row), "en") << row;
}

TEST(Language, is_not_guessed_from_nothing) {
  EXPECT_EQ(language(""), "und");
  EXPECT_EQ(language("12 34 56"), "und");
  EXPECT_EQ(language("Zyx"), "und");
  EXPECT_EQ(language("Guten Morgen"), "und");
  EXPECT_EQ(language("Selamat pagi"), "und");
}

TEST(Language, of_english_beside_another_script_is_english) {
  EXPECT_EQ(
      language("Oman sends a ship to the Gulf \u0639\u0645\u0627\u0646 \u062A\u0631\u0633\u0644 "
               "\u0633\u0641\u064A\u0646\u0629"),
      "en");
}

TEST(Language, of_short_foreign_text_is_not_english) {
  constexpr std::string_view kRows[] = {"Россия предупредила Украину о границе",
                                        "Außenminister reist überraschend nach Kiew zu Gesprächen",
                                        "El presidente viajará mañana a la frontera con Colombia",
                                        "中国外交部发言人周一表示"};
  for (const std::string_view row : kRows) EXPECT_NE(language(row), "en") << row;
}

}  // namespace
}  // namespace tocsin
