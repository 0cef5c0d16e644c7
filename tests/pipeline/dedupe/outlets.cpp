#include "tests/pipeline/dedupe/outlets.h"

#include <array>
#include <string_view>

namespace tocsin::test {
namespace {

template <class... Parts>
std::string say(const Parts&... parts) {
  std::string text;
  (text.append(parts), ...);
  return text;
}

}  // namespace

Outlet::Outlet(Newsroom& newsroom) : newsroom_(newsroom), town_(newsroom.place()) {
  constexpr std::array<std::string_view, 5> kTitles = {"Sentinel", "Mercury", "Dispatch", "Globe",
                                                       "Leader"};
  name_ = say(town_, " ", kTitles[newsroom.below(kTitles.size())]);
  for (const char c : name_) {
    if (c != ' ') host_ += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  }
  host_ += ".example";
}

std::string Outlet::head(std::size_t kind) {
  Newsroom& n = newsroom_;
  switch (kind) {
    case 0:
      return say("Evening all, and thanks for opening the ", name_,
                 " letter. If somebody sent you ", "this one, yours is a click away.");
    case 1:
      return say(town_, " / ", name_, " / ", n.number(1, 28), ".", n.number(1, 12), ".2026 / ",
                 n.number(10, 23), ":", n.number(10, 59));
    case 2:
      return say("By ", n.name(), " and ", n.name(), "\nUpdated March ", n.number(1, 28), ", 2026");
    case 3:
      return say("[", name_, " Photo: a street in ", n.place(), " last year / ", n.name(), "]");
    case 4:
      return say("UPDATE ", n.number(2, 6), "-(", name_, ") Adds background, previous ", n.place(),
                 "\nRefiles to fix a typo in paragraph ", n.number(2, 9));
    default:
      return say("Our readers get ten pieces a month for nothing. Yours today: number ",
                 n.number(2, 9), ".");
  }
}

std::string Outlet::tail(std::size_t kind) {
  Newsroom& n = newsroom_;
  switch (kind) {
    case 0:
      return say("No tycoon tells us what to print. ", n.number(3, 90), ",000 households keep the ",
                 name_, " going; if you can spare the price of a ", "coffee, join them.");
    case 1:
      return say(n.name(), " reports from ", n.place(), " for the ", name_, " and teaches at the ",
                 "University of ", n.place(), ". Letters: desk@", host_);
    case 2:
      return say("Something to tell our reporters? Ring 0", n.number(100, 999), " ",
                 n.number(100000, 999999), " and ask for ", n.name(), ".");
    case 3:
      return say(name_, " Holding SA, ", n.number(1, 200), " Quay Lane, ", town_, "\nVAT ",
                 n.number(10000000, 99999999), "\nDirector ", n.name());
    case 4:
      return say("Got this far? You may also enjoy:\n", n.place(),
                 " keeps its lighthouse\nThe cook of ", n.place(),
                 " who beat the odds\nQuiz: how well do you know ", n.place(), "?");
    case 5:
      return say("(", name_, "/", n.name(), ", with ", n.name(), " in ", n.place(), ")");
    case 6:
      return say("To hear this piece read aloud, find ", name_,
                 " Audio in your player; to stop our mails, write to ", host_, "/stop");
    case 7:
      return say("The ", name_, " corrects its mistakes. If you have found one, tell ", n.name(),
                 ", who answers within ", n.number(2, 9), " days.");
    case 8:
      return say("#", town_, " #", n.place(), "\nFollow @", town_, "desk");
    case 9:
      return say("First printed by the ", name_,
                 " and shared here under its open licence. Find the ", "original at https://",
                 host_, "/", n.number(1000, 9999));
    case 10:
      return say("(c) ", n.number(2019, 2027), " ", name_,
                 ". Please do not copy this text without ", "asking us. Desk: ", n.name());
    default:
      return say("More ", town_, " news on our app: ", n.number(1, 5), " stars, ", n.number(10, 90),
                 ",000 downloads, and you choose the alerts.");
  }
}

}  // namespace tocsin::test
