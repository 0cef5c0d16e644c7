// Forty and more hard articles, invented: what must be found in each, by whom, against whom and how
// it is said.
#include <gtest/gtest.h>

#include <string>

#include "tests/pipeline/tension/shipped.h"

namespace tocsin {
namespace {

struct Hard {
  const char* event;
  const char* actor;
  const char* recipient;
  const char* modality;
  const char* polarity;
  const char* title;
  const char* body;
};

const Hard kArticles[] = {
    Hard{
        "ASSAULT", "RUS", "UKR", "conditional", "asserted", "Washington warns Moscow",
        "The United States will respond decisively if Russia invades Ukraine, the president said."},
    Hard{"ASSAULT", "RUS", "UKR", "actual", "negated", "",
         "Russia has denied that it attacked Ukraine, and its envoy called the report a fairy "
         "tale."},
    Hard{"ASSAULT", "IRN", "IRQ", "actual", "negated", "",
         "Iran did not shell Iraq on Monday, monitors on the border said."},
    Hard{"ASSAULT", "IRQ", "KWT", "historical", "asserted", "",
         "Thirty years ago Iraq invaded Kuwait; veterans met in Basra on Tuesday."},
    Hard{"ASSAULT", "CHN", "TWN", "hypothetical", "asserted", "",
         "China could attack Taiwan within the decade, a retired admiral argued."},
    Hard{"REJECT", "RUS", "GEO", "actual", "asserted", "",
         "Russia refused to withdraw from Georgia, and talks in Geneva went nowhere."},
    Hard{"REQUEST", "EGY", "ISR", "actual", "asserted", "",
         "Egypt urged Israel to end the raids and offered to host both sides."},
    Hard{"RETREAT", "TUR", "SYR", "actual", "asserted", "",
         "Turkey halted its offensive in Syria after a night of telephone diplomacy."},
    Hard{"THREATEN", "IRN", "ISR", "actual", "asserted", "Iran vows revenge on Israel",
         "A funeral procession filled the avenue."},
    Hard{"THREATEN", "PRK", "KOR", "conditional", "asserted", "",
         "North Korea threatened to attack South Korea unless the drills stop."},
    Hard{"ACCUSE", "ARM", "AZE", "actual", "asserted", "",
         "Armenia accused Azerbaijan of shelling three villages."},
    Hard{"ACCUSE", "AZE", "ARM", "actual", "asserted", "",
         "Armenia was accused by Azerbaijan of laying mines."},
    Hard{"ASSAULT", "PAK", "IND", "actual", "asserted", "",
         "Two Indian soldiers were killed by Pakistani shelling near the ridge."},
    Hard{"ASSAULT", "ISR", "LBN", "actual", "asserted", "",
         "Israel, which had warned of a reply for days, bombed Lebanon before dawn."},
    Hard{"SANCTION", "USA", "IRN", "actual", "asserted", "US slaps sanctions on Iran",
         "Banks were named in the decree."},
    Hard{"SANCTION", "POL", "RUS", "actual", "asserted", "",
         "Five Russian diplomats were expelled from Poland on Friday."},
    Hard{"CONCEDE", "USA", "CUB", "actual", "asserted", "",
         "The United States lifted sanctions on Cuba, ending a long chapter."},
    Hard{"CONSULT", "GRC", "TUR", "actual", "asserted", "",
         "Talks between Greece and Turkey resumed in Ankara."},
    Hard{"CONSULT", "TCD", "NER", "actual", "asserted", "",
         "The presidents of Chad and Niger met at the border post."},
    Hard{"SUPPORT", "CHN", "CHL", "actual", "asserted", "",
         "China and Chile signed a free trade agreement in Santiago."},
    Hard{"AID", "DEU", "UKR", "actual", "asserted", "",
         "Germany gave Ukraine forty tanks and a radar."},
    Hard{"AID", "NOR", "SOM", "actual", "asserted", "",
         "Norway sent humanitarian aid to Somalia after the drought."},
    Hard{"MOBILIZE", "CHN", "TWN", "actual", "asserted", "",
         "China massed warships near Taiwan while its jets circled."},
    Hard{"MOBILIZE", "RUS", "FIN", "actual", "asserted", "",
         "Russian bombers violated the airspace of Finland twice."},
    Hard{"COERCE", "IRN", "GBR", "actual", "asserted", "",
         "Iranian commandos seized a British tanker in the strait."},
    Hard{"COERCE", "KEN", "SOM", "actual", "asserted", "",
         "Kenya closed its border with Somalia at noon."},
    Hard{"RETREAT", "RUS", "MDA", "actual", "asserted", "",
         "Russia withdrew its troops from Moldova by train."},
    Hard{"RETREAT", "UKR", "RUS", "actual", "asserted", "",
         "Ukraine and Russia exchanged prisoners on a bridge."},
    Hard{"CONCEDE", "TUR", "RUS", "actual", "asserted", "",
         "Turkey apologised to Russia for downing the jet."},
    Hard{"AGREE", "PRK", "KOR", "actual", "asserted", "",
         "North Korea agreed to hold talks with South Korea."},
    Hard{"AGREE", "JPN", "VNM", "actual", "asserted", "",
         "Japan pledged two billion dollars to Vietnam for railways."},
    Hard{"COOPERATE", "SRB", "HUN", "actual", "asserted", "",
         "Serbia shared intelligence with Hungary about smugglers."},
    Hard{"ASSAULT", "RUS", "UKR", "actual", "asserted", "",
         "Ukraine came under attack from Russia along the whole front."},
    Hard{"ASSAULT", "AZE", "ARM", "actual", "asserted", "",
         "Armenia said Azerbaijan had shelled its villages overnight."},
    Hard{"ASSAULT", "SAU", "YEM", "actual", "asserted", "",
         "Warplanes from Saudi Arabia bombed Yemen again."},
    Hard{"REQUEST", "GEO", "RUS", "actual", "asserted", "",
         "Georgia demanded that Russia withdraw its troops."},
    Hard{"REQUEST", "UKR", "DEU", "actual", "asserted", "",
         "Ukraine has asked Germany for more howitzers."},
    Hard{"REJECT", "IRN", "USA", "actual", "asserted", "",
         "Iran rejected an offer from the United States."},
    Hard{"ASSAULT", "ERI", "ETH", "actual", "asserted", "",
         "Eritrea has gone to war with Ethiopia over the port."},
    Hard{"THREATEN", "CHN", "TWN", "actual", "asserted", "",
         "China warned Taiwan not to cross a red line."},
    Hard{"ASSAULT", "RUS", "UKR", "actual", "asserted", "",
         "Ukraine reported a Russian missile strike on Kharkiv, killing four people."},
    Hard{"MOBILIZE", "CHN", "TWN", "actual", "asserted",
         "Taiwan reports 45 Chinese military aircraft near island", "Radar saw them at noon."},
    Hard{"AID", "DEU", "UKR", "future", "asserted", "Germany to send 100 more tanks to Ukraine",
         "The cabinet sat until midnight."},
    Hard{"ASSAULT", "SYR", "SYR", "actual", "asserted", "Syrian jets bomb hospital in Idlib",
         "Doctors spoke of a night of smoke."},
    Hard{"COERCE", "XKX", "SRB", "actual", "asserted",
         "Kosovo police arrest five Serbs after barricades go up", "The road is free again."},
    Hard{"THREATEN", "EGY", "ETH", "actual", "asserted", "Egypt warns Ethiopia over Nile dam", ""},
    Hard{"ASSAULT", "ISR", "IRN", "actual", "asserted", "",
         "Israel's attack on Iran was condemned by Saudi Arabia."},
    Hard{"ASSAULT", "IND", "CHN", "actual", "negated", "",
         "No shots were fired during the standoff between Indian and Chinese soldiers."},
    Hard{"REJECT", "RUS", "UKR", "actual", "asserted", "",
         "The Kremlin said it was open to talks but would not withdraw its forces from Ukraine."},
    Hard{"MOBILIZE", "SRB", "XKX", "actual", "asserted", "",
         "Serbia accused Kosovo of ethnic cleansing and placed the army on the highest alert."},
    Hard{"SANCTION", "NER", "FRA", "actual", "asserted", "Niger's junta expels French ambassador",
         "Crowds cheered at the gate."},
};

class HardArticle : public testing::TestWithParam<Hard> {};

TEST_P(HardArticle, HasItsEvent) {
  const Hard& want = GetParam();
  const Assessment assessment = assess_text(want.title, want.body);
  std::string got;
  const auto code = [&](EntityIndex entity) {
    return entity == kNoEntity ? std::string("-") : shipped().gazetteer[entity].code;
  };
  for (const Event& event : assessment.events) {
    const std::string one = std::string(name(event.type)) + " " + code(event.actor) + " " +
                            code(event.recipient) + " " + std::string(name(event.modality)) + " " +
                            std::string(name(event.polarity));
    const std::string wanted = std::string(want.event) + " " + want.actor + " " + want.recipient +
                               " " + want.modality + " " + want.polarity;
    if (one == wanted) return;
    got += one + "; ";
  }
  FAIL() << want.body << "\n  wants " << want.event << " " << want.actor << " > " << want.recipient
         << "\n  got " << got;
}

INSTANTIATE_TEST_SUITE_P(Tension, HardArticle, testing::ValuesIn(kArticles));

}  // namespace
}  // namespace tocsin
