#include "tests/pipeline/dedupe/newsroom.h"

#include <algorithm>
#include <array>
#include <sstream>

namespace tocsin::test {
namespace {

constexpr std::array kFirstSyllables = {
    std::string_view{"Bar"}, std::string_view{"Cal"}, std::string_view{"Dor"},
    std::string_view{"El"},  std::string_view{"Fen"}, std::string_view{"Gar"},
    std::string_view{"Hol"}, std::string_view{"Ir"},  std::string_view{"Jo"},
    std::string_view{"Kes"}, std::string_view{"Lor"}, std::string_view{"Mar"},
    std::string_view{"Nor"}, std::string_view{"Os"},  std::string_view{"Pel"},
    std::string_view{"Ros"}, std::string_view{"San"}, std::string_view{"Tam"},
    std::string_view{"Ul"},  std::string_view{"Ver"}};
constexpr std::array kMiddleSyllables = {std::string_view{"a"},   std::string_view{"en"},
                                         std::string_view{"i"},   std::string_view{"or"},
                                         std::string_view{"el"},  std::string_view{"um"},
                                         std::string_view{"ist"}, std::string_view{"av"},
                                         std::string_view{"ord"}, std::string_view{"ul"}};
constexpr std::array kPersonEndings = {std::string_view{"in"},  std::string_view{"ov"},
                                       std::string_view{"sen"}, std::string_view{"ez"},
                                       std::string_view{"ard"}, std::string_view{"ian"},
                                       std::string_view{"one"}, std::string_view{"ak"}};
constexpr std::array kPlaceEndings = {std::string_view{"ton"},   std::string_view{"burg"},
                                      std::string_view{"ia"},    std::string_view{"stad"},
                                      std::string_view{"mouth"}, std::string_view{"grad"},
                                      std::string_view{"ville"}, std::string_view{"ara"}};

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

std::string joined(const std::vector<std::string>& words, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < std::min(count, words.size()); ++i) {
    if (i > 0) text += ' ';
    text += words[i];
  }
  return text;
}

std::string capital(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 32);
  return text;
}

// Puts the parts one behind the other.
template <class... Parts>
std::string say(const Parts&... parts) {
  std::string text;
  (text.append(parts), ...);
  return text;
}

}  // namespace

std::string join(const Paragraphs& paragraphs, std::string_view by) {
  std::string text;
  for (const std::string& paragraph : paragraphs) {
    if (!text.empty()) text += by;
    text += paragraph;
  }
  return text;
}

std::string_view Newsroom::one_of(std::initializer_list<std::string_view> words) {
  return words.begin()[below(words.size())];
}

std::string_view Newsroom::noun() {
  return one_of({"bridge",     "harvest", "budget",    "strike",   "convoy",   "school",
                 "ministry",   "harbour", "railway",   "election", "hospital", "border",
                 "ceasefire",  "factory", "pipeline",  "treaty",   "garrison", "market",
                 "festival",   "inquiry", "reservoir", "tunnel",   "village",  "court",
                 "parliament", "airport", "refinery",  "orchard",  "curfew",   "embassy",
                 "militia",    "museum",  "loan",      "tariff",   "vaccine",  "ferry",
                 "glacier",    "protest", "satellite", "mine"});
}

std::string_view Newsroom::verb() {
  return one_of({"closed",    "rebuilt",  "questioned", "delayed",    "inspected", "shelled",
                 "funded",    "defended", "searched",   "criticised", "approved",  "abandoned",
                 "surveyed",  "damaged",  "expanded",   "suspended",  "reopened",  "blocked",
                 "welcomed",  "rejected", "promised",   "visited",    "reviewed",  "postponed",
                 "evacuated", "leased",   "privatised", "audited",    "restored",  "cancelled"});
}

std::string_view Newsroom::adjective() {
  return one_of({"disputed", "northern",    "flooded",    "costly",  "ageing",
                 "secret",   "provisional", "regional",   "coastal", "crowded",
                 "private",  "historic",    "unfinished", "armed",   "rural",
                 "southern", "annual",      "joint",      "fragile", "planned",
                 "foreign",  "derelict",    "popular",    "unsafe",  "remote"});
}

std::string Newsroom::name() {
  const auto part = [&](const auto& list) { return list[below(list.size())]; };
  return say(part(kFirstSyllables), part(kMiddleSyllables), " ", part(kFirstSyllables),
             part(kMiddleSyllables), part(kPersonEndings));
}

std::string Newsroom::place() {
  const auto part = [&](const auto& list) { return list[below(list.size())]; };
  return say(part(kFirstSyllables), part(kMiddleSyllables), part(kPlaceEndings));
}

std::string Newsroom::number(std::uint64_t from, std::uint64_t to) {
  return std::to_string(from + below(to - from));
}

std::string Newsroom::outlet() {
  return say(place(), " ", one_of({"Courier", "Herald", "Post", "Tribune", "Mail", "Wire"}));
}

std::string Newsroom::day() {
  return std::string(one_of({"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}));
}

std::string Newsroom::sentence() {
  switch (below(6)) {
    case 0:
      return say(name(), ", who leads the ", adjective(), " ", noun(), " in ", place(), ", ",
                 verb(), " the ", noun(), " on ", day(), " after ", number(2, 990), " people ",
                 verb(), " its ", adjective(), " ", noun(), ".");
    case 1:
      return say("The ", adjective(), " ", noun(), " near ", place(), " was ", verb(), " by ",
                 number(11, 990), " ", adjective(), " workers, according to ", name(), " of the ",
                 noun(), " council.");
    case 2:
      return say("\"We ", verb(), " the ", noun(), " and we will not see the ", adjective(), " ",
                 noun(), " ", verb(), " again,\" ", name(), " told a crowd in ", place(), ".");
    case 3:
      return say("Officials in ", place(), " ", verb(), " ", number(3, 80), " of the ", noun(),
                 " offices while the ", adjective(), " ", noun(), " stayed ", verb(), ".");
    case 4:
      return say("Neither the ", noun(), " nor its ", adjective(), " ", noun(), " had been ",
                 verb(), " since ", name(), " ", verb(), " them in ", number(1950, 2020), ".");
    default:
      return say("A ", noun(), " worth ", number(2, 95), " million crowns was ", verb(), ", and ",
                 place(), " ", verb(), " its ", adjective(), " share of the ", noun(), ".");
  }
}

std::string Newsroom::plain_sentence() {
  return capital(say(one_of({"the", "their", "every", "no", "this"}), " ", adjective(), " ", noun(),
                     " ", verb(), " the ", noun(), " because a ", adjective(), " ", noun(), " ",
                     verb(), " it and ", verb(), " the ", noun(), " too."));
}

Paragraphs Newsroom::story(std::size_t paragraphs) {
  Paragraphs made;
  for (std::size_t i = 0; i < paragraphs; ++i) {
    std::string paragraph = sentence();
    for (std::uint64_t more = 1 + below(2); more > 0; --more) paragraph += ' ' + sentence();
    made.push_back(paragraph);
  }
  return made;
}

std::string Newsroom::figures_item(std::size_t which) {
  const auto tenths = [&](std::uint64_t from, std::uint64_t to) {
    return say(number(from, to), ".", number(0, 10));
  };
  switch (which) {
    case 0:
      return say("Shares in ", place(), " closed ", one_of({"higher", "lower"}), " on ", day(),
                 ", with the main index ", one_of({"up", "down"}), " ", tenths(0, 4),
                 " percent at ", tenths(2000, 9000), " points. Banks gained ", tenths(0, 5),
                 " percent and miners lost ", tenths(0, 5), " percent. Volume was ",
                 number(100, 900), " million shares against a daily average of ", number(100, 900),
                 " million. The crown traded at ", tenths(5, 30), " to the dollar.");
    case 1:
      return say(
          "The central bank set the reference rate of the crown at ", tenths(5, 60),
          " per dollar on ", day(), ", compared with ", tenths(5, 60),
          " the day before, it said in a statement on its website. The currency may move two "
          "percent either side of the rate in daily trading.");
    case 2:
      return say("Forecast for ", place(), ": ", one_of({"cloudy", "sunny", "rainy"}),
                 " with highs of ", number(5, 38), " degrees and lows of ", number(0, 19),
                 " degrees. Winds from the ", one_of({"north", "south", "west", "east"}), " at ",
                 number(5, 60), " kilometres an hour. The chance of rain is ", number(5, 95),
                 " percent. The sun rises at ", number(4, 8), ":", number(10, 59), " and sets at ",
                 number(17, 21), ":", number(10, 59), ".");
    case 3:
      return say("An earthquake of magnitude ", tenths(4, 8), " struck ", number(10, 200),
                 " kilometres off ", place(), " on ", day(),
                 ", the geological survey said. It was ", number(5, 200),
                 " kilometres deep. There were no immediate reports of damage or "
                 "casualties, and no tsunami warning was issued. Residents of ",
                 place(), " said they felt buildings sway for several seconds.");
    default:
      return say(place(), " ", one_of({"Steel", "Foods", "Motors", "Mining"}),
                 " said net profit in the quarter ", one_of({"rose", "fell"}), " to ",
                 tenths(1, 900), " million crowns from ", tenths(1, 900),
                 " million a year earlier. Sales were ", tenths(1, 900), " million crowns against ",
                 tenths(1, 900), " million. The board will propose a dividend of ", tenths(0, 9),
                 " crowns a share, it said in a statement.");
  }
}

std::string Newsroom::item(std::size_t which) {
  const auto tenths = [&](std::uint64_t from, std::uint64_t to) {
    return say(number(from, to), ".", number(0, 10));
  };
  switch (which) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
      return figures_item(which);
    case 5:
      return say("A combined security force detained ", number(2, 30), " suspected insurgents in ",
                 place(), " district, ", place(), " province, on ", day(),
                 ". The force searched a compound after intelligence reports indicated that the "
                 "leader of a bombing cell was there. The suspects were taken to a base for "
                 "questioning. Soldiers found ",
                 number(2, 90), " rifles and ", number(2, 90),
                 " grenades. No shots were fired, and no civilians were harmed in the operation.");
    case 6:
      return say(place(), " beat ", place(), " ", number(1, 6), "-", number(0, 5),
                 " in the league on ", day(), " in front of ", number(900, 60000), " spectators. ",
                 name(), " scored after ", number(1, 45), " minutes and added a second in the ",
                 number(46, 90), "th minute. The hosts stay in ", number(2, 18), "th place with ",
                 number(8, 70), " points from ", number(9, 34), " matches.");
    case 7:
      return say("Police in ", place(), " are looking for witnesses after a ", number(18, 90),
                 "-year-old cyclist was hurt in a collision with a ", one_of({"car", "van", "bus"}),
                 " on ", place(), " Road shortly after ", number(1, 12), " on ", day(),
                 ". The road was closed for ", number(2, 9),
                 " hours. Anyone who saw what happened is asked to call the traffic desk and to "
                 "quote incident ",
                 number(1000, 9999), ".");
    case 8:
      return say("The treasury sold ", tenths(1, 90), " billion crowns of ", number(2, 30),
                 "-year bonds at an average yield of ", tenths(1, 9), " percent, compared with ",
                 tenths(1, 9), " percent at the previous sale. Bids totalled ", tenths(1, 90),
                 " billion crowns, and the highest accepted yield was ", tenths(1, 9),
                 " percent, the debt office said.");
    default:
      return say(name(), " has been appointed ", one_of({"director", "chair", "head"}), " of ",
                 place(), " ", one_of({"Hospital", "Port", "Museum", "Airport"}),
                 " with effect from ", number(2, 28), " of next month, the board announced on ",
                 day(), ". The appointment follows a selection that began in spring. ", name(),
                 ", who held the post for ", number(2, 20),
                 " years, retires. The board thanked both of them for their work.");
  }
}

std::string Newsroom::frame(std::size_t words) {
  std::string text;
  const std::string who = outlet();
  while (words_of(text).size() < words) {
    if (!text.empty()) text += ' ';
    switch (below(6)) {
      case 0:
        text += say(who, " brings ", adjective(), " reporting to ", number(2, 90),
                    " thousand homes and to every ", noun(), " that asks for it.");
        break;
      case 1:
        text += say("Prices on this page are delayed by ", number(5, 60),
                    " minutes and come from a ", adjective(), " ", noun(), " service.");
        break;
      case 2:
        text += say("Write to the ", noun(), " desk, ", number(2, 300), " ", place(),
                    " Street, or call our ", adjective(), " line at any hour.");
        break;
      case 3:
        text += say("Neither ", who, " nor its ", adjective(), " suppliers answer for a ", noun(),
                    " lost by trusting this text.");
        break;
      case 4:
        text += say("Our ", adjective(), " app is free for a month, and a ", noun(),
                    " with the code shown below costs nothing either.");
        break;
      default:
        text += say("Letters about the ", noun(), " are welcome if they are short, ", verb(),
                    " and signed with a ", adjective(), " address.");
    }
  }
  return text;
}

std::string Newsroom::loose_line() {
  switch (below(5)) {
    case 0:
      return say("By ", name(), ", ", outlet());
    case 1:
      return say("Read more: ", capital(std::string(adjective())), " ", noun(), " ", verb());
    case 2:
      return "Share   Post   Mail   Print";
    case 3:
      return say("Updated March ", number(1, 28), ", 2025 ", number(10, 23), ":", number(10, 59),
                 " GMT");
    default:
      return say("Also in ", place(), ": the ", adjective(), " ", noun());
  }
}

std::string Newsroom::dateline() {
  std::string city = place();
  std::transform(city.begin(), city.end(), city.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return say(city, ", March ", number(1, 28), " (", outlet(), ") - ");
}

Paragraphs Newsroom::edited(Paragraphs paragraphs, std::size_t percent_of_words) {
  for (std::string& paragraph : paragraphs) {
    std::vector<std::string> words = words_of(paragraph);
    for (std::string& word : words) {
      if (below(100) >= percent_of_words || word.back() == '.') continue;
      word = below(3) == 0 ? std::string() : std::string(below(2) == 0 ? noun() : adjective());
    }
    words.erase(std::remove(words.begin(), words.end(), std::string()), words.end());
    paragraph = joined(words, words.size());
  }
  return paragraphs;
}

Paragraphs Newsroom::dropped(Paragraphs paragraphs, std::size_t percent_of_paragraphs) {
  Paragraphs kept;
  for (std::string& paragraph : paragraphs) {
    if (below(100) >= percent_of_paragraphs) kept.push_back(std::move(paragraph));
  }
  return kept;
}

std::string Newsroom::cut(const Paragraphs& paragraphs, std::size_t percent_of_words) {
  const std::vector<std::string> words = words_of(join(paragraphs));
  return joined(words, words.size() * percent_of_words / 100);
}

}  // namespace tocsin::test
