// What others publish becomes rows that the gazetteer reads; what is not of the format is counted.
#include "config/import/importers.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "pipeline/entities/gazetteer_state.h"

namespace tocsin {
namespace {

const Gazetteer& states() {
  static const Gazetteer kStates = [] {
    GazetteerBuilder builder;
    builder.add_tsv("states.tsv",
                    std::string(kGazetteerHeader) + "Q20\tcountry\tNorway\tNOR\tstate\n");
    return builder.freeze();
  }();
  return kStates;
}

struct Imported {
  std::string rows;
  ImportCounts counts;
  Gazetteer gazetteer;
};

Imported import_lines(std::string_view format, const std::vector<std::string>& lines) {
  Imported result;
  const std::unique_ptr<Importer> importer = make_importer(format, states());
  for (const std::string& line : lines) importer->add(line, result.rows);
  importer->finish(result.rows);
  result.counts = importer->counts;
  GazetteerBuilder builder;
  builder.add_tsv("imported.tsv", std::string(kGazetteerHeader) + result.rows);
  for (const DataFault& fault : builder.faults()) ADD_FAILURE() << fault.line << fault.message;
  result.gazetteer = builder.freeze();
  return result;
}

TEST(Importers, UnknownFormat) {
  EXPECT_EQ(make_importer("gazetteer", states()), nullptr);
}

TEST(Importers, GeonamesTakesSettlementsAndTheirNames) {
  const Imported got =
      import_lines("geonames", {"7\tVarburg\tVarburg\tVarborg,=Wahrburg|Alt,"
                                "Varborg\t1\t2\tP\tPPL\tNO\t\t\t\t\t\t5000\t\t1\tz\tt",
                                "8\tVar Hill\tVar Hill\t\t1\t2\tT\tHLL\tNO\t\t\t\t\t\t0\t\t1\tz\tt",
                                "not a row"});
  EXPECT_EQ(got.rows,
            "geonames:7\tcity\tVarburg\tNOR\tnone\tVarborg|Wahrburg Alt\t\t\t\t\t\t\tpopulation "
            "5000\n");
  EXPECT_EQ(got.counts.rows, 1U);
  EXPECT_EQ(got.counts.skipped, 1U);
  EXPECT_EQ(got.counts.faulty, 1U);
  EXPECT_EQ(got.gazetteer.state().populations.at(0), 5000U);
}

TEST(Importers, JrcNamesGroupsTheLinesOfOneId) {
  const Imported got =
      import_lines("jrc-names", {"# remark", "1\tP\tu\tOla+Brekke", "1\tP\tsv\tOla+Br\xC3\xA4kke",
                                 "0\tP\tu\tJohn+Doe", "2\tO\tu\tVar+Bank", "rubbish"});
  EXPECT_EQ(got.rows,
            "jrc:1\tperson\tOla Brekke\t\tnone\tOla Br\xC3\xA4kke\t\t\t\t\n"
            "jrc:2\torg\tVar Bank\t\tnone\t\t\t\t\t\n");
  EXPECT_EQ(got.counts.rows, 2U);
  EXPECT_EQ(got.counts.skipped, 1U);
  EXPECT_EQ(got.counts.faulty, 1U);
}

TEST(Importers, WikidataTakesPersonsWithOfficesAndStates) {
  const Imported got = import_lines(
      "wikidata",
      {"[",
       R"({"id":"Q9","labels":{"en":{"value":"Ola Brekke"}},)"
       R"("aliases":{"en":[{"value":"O. Brekke"}]},)"
       R"("claims":{"P31":[{"mainsnak":{"datavalue":{"value":{"id":"Q5"}}}}],)"
       R"("P27":[{"mainsnak":{"datavalue":{"value":{"id":"Q20"}}}}],)"
       R"("P39":[{"mainsnak":{"datavalue":{"value":{"id":"Q77"}}},"qualifiers":{)"
       R"("P580":[{"datavalue":{"value":{"time":"+2001-05-00T00:00:00Z","precision":10}}}],)"
       R"("P582":[{"datavalue":{"value":{"time":"+2005-01-01T00:00:00Z","precision":9}}}]}}]}},)",
       R"({"id":"Q10","labels":{"de":{"value":"Ohne"}},"claims":{}},)",
       R"({"id":"Q11","labels":{"en":{"value":"A film"}},"claims":{"P31":[]}},)", R"({"id":)",
       "]"});
  EXPECT_EQ(got.rows,
            "Q9\tperson\tOla Brekke\tNOR\tgovernment\tO. Brekke\t\t\t\tQ77:Q77:2001-05..2005\n");
  EXPECT_EQ(got.counts.skipped, 2U);
  EXPECT_EQ(got.counts.faulty, 1U);
}

}  // namespace
}  // namespace tocsin
