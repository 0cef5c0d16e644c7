#include "pipeline/alerts/alert_rules.h"

#include <gtest/gtest.h>

#include "pipeline/text/text.h"
#include "tests/english.h"

namespace tocsin::test {
namespace {

std::vector<std::uint32_t> places(std::string_view keyword, std::string_view body) {
  const Text text = make_text("", body, "en");
  KeywordSearch search(text);
  return search.places_of(Keyword(keyword, 1));
}

using Places = std::vector<std::uint32_t>;

TEST(KeywordSearch, FindsWordsByTheirFoldedForm) {
  EXPECT_EQ(places("harbour", "The Harbour, the HARBOUR; harbours."), (Places{1, 3}));
  EXPECT_EQ(places("port authority", "Port authorities, the port authority"), (Places{3}));
  EXPECT_EQ(places("harbour", "Nothing of it"), Places{});
  EXPECT_EQ(places("harbour", ""), Places{});
}

TEST(KeywordSearch, FindsPrefixesWhateverTheTokenBeginsWith) {
  EXPECT_EQ(places("mobili*", "Mobilised, mobilize, a mobile, M 10 mob"), (Places{0, 1}));
  EXPECT_EQ(places("state mobili*", "Estate mobilised; state MOBILISES"), (Places{2}));
  EXPECT_EQ(places("ele*", "\u00C9lection, elected"), (Places{0, 1}));
  EXPECT_EQ(places("\u00E9le*", "election"), (Places{0}));
  EXPECT_EQ(places("us*", "The U.S. used 7 u"), (Places{1, 2}));
  EXPECT_EQ(places("4*", "4 boats, 44 men, four"), (Places{0, 2}));
  EXPECT_EQ(places("q*", "Quiet q a"), (Places{0, 1}));
}

}  // namespace
}  // namespace tocsin::test
