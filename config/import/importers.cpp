#include "config/import/importers.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <vector>

namespace tocsin {

const std::string_view kGazetteerHeader =
    "id\ttype\tname\tcode\tkind\taliases\tdemonyms\tmetonyms\tacronyms\toffices\tfrom\tto\tnote\n";

namespace {

constexpr std::size_t kAliasesMax = 100;

// A cell of the table: its separators become spaces.
std::string cell(std::string_view text) {
  std::string result(text);
  std::replace_if(
      result.begin(), result.end(),
      [](char c) { return c == '\t' || c == '|' || c == '\n' || c == '\r'; }, ' ');
  return result;
}

// One row to be written.
struct Row {
  std::string id;
  std::string_view type;
  std::string name;
  std::string code;
  std::string_view kind;
  std::vector<std::string> aliases;
  std::string offices;
  std::string note;

  void add_alias(std::string_view text) {
    std::string alias = cell(text);
    // A mark in front of an alias is a case rule.
    const std::size_t begin = alias.find_first_not_of(" =~");
    alias.erase(0, std::min(begin, alias.size()));
    if (!alias.empty() && alias != name && aliases.size() < kAliasesMax &&
        std::find(aliases.begin(), aliases.end(), alias) == aliases.end()) {
      aliases.push_back(std::move(alias));
    }
  }

  void write(std::string& out) const {
    out += id;
    for (const std::string_view field :
         {type, std::string_view(name), std::string_view(code), kind}) {
      out += '\t';
      out += field;
    }
    out += '\t';
    for (std::size_t i = 0; i < aliases.size(); ++i) {
      out += i == 0 ? "" : "|";
      out += aliases[i];
    }
    out += "\t\t\t\t" + offices;
    if (!note.empty()) out += "\t\t\t" + note;
    out += '\n';
  }
};

std::vector<std::string_view> fields(std::string_view line, char separator) {
  std::vector<std::string_view> result;
  for (;;) {
    const std::size_t end = line.find(separator);
    result.push_back(line.substr(0, end));
    if (end == std::string_view::npos) return result;
    line.remove_prefix(end + 1);
  }
}

// ISO 3166-1, alpha-2 then alpha-3, sorted; and XK, by which GeoNames means Kosovo.
constexpr std::string_view kAlpha3 =
    "ADANDAEAREAFAFGAGATGAIAIAALALBAMARMAOAGOAQATAARARGASASMATAUTAUAUSAWABWAXALAAZAZEBABIH"
    "BBBRBBDBGDBEBELBFBFABGBGRBHBHRBIBDIBJBENBLBLMBMBMUBNBRNBOBOLBQBESBRBRABSBHSBTBTNBVBVT"
    "BWBWABYBLRBZBLZCACANCCCCKCDCODCFCAFCGCOGCHCHECICIVCKCOKCLCHLCMCMRCNCHNCOCOLCRCRICUCUB"
    "CVCPVCWCUWCXCXRCYCYPCZCZEDEDEUDJDJIDKDNKDMDMADODOMDZDZAECECUEEESTEGEGYEHESHERERIESESP"
    "ETETHFIFINFJFJIFKFLKFMFSMFOFROFRFRAGAGABGBGBRGDGRDGEGEOGFGUFGGGGYGHGHAGIGIBGLGRLGMGMB"
    "GNGINGPGLPGQGNQGRGRCGSSGSGTGTMGUGUMGWGNBGYGUYHKHKGHMHMDHNHNDHRHRVHTHTIHUHUNIDIDNIEIRL"
    "ILISRIMIMNININDIOIOTIQIRQIRIRNISISLITITAJEJEYJMJAMJOJORJPJPNKEKENKGKGZKHKHMKIKIRKMCOM"
    "KNKNAKPPRKKRKORKWKWTKYCYMKZKAZLALAOLBLBNLCLCALILIELKLKALRLBRLSLSOLTLTULULUXLVLVALYLBY"
    "MAMARMCMCOMDMDAMEMNEMFMAFMGMDGMHMHLMKMKDMLMLIMMMMRMNMNGMOMACMPMNPMQMTQMRMRTMSMSRMTMLT"
    "MUMUSMVMDVMWMWIMXMEXMYMYSMZMOZNANAMNCNCLNENERNFNFKNGNGANINICNLNLDNONORNPNPLNRNRUNUNIU"
    "NZNZLOMOMNPAPANPEPERPFPYFPGPNGPHPHLPKPAKPLPOLPMSPMPNPCNPRPRIPSPSEPTPRTPWPLWPYPRYQAQAT"
    "REREUROROURSSRBRURUSRWRWASASAUSBSLBSCSYCSDSDNSESWESGSGPSHSHNSISVNSJSJMSKSVKSLSLESMSMR"
    "SNSENSOSOMSRSURSSSSDSTSTPSVSLVSXSXMSYSYRSZSWZTCTCATDTCDTFATFTGTGOTHTHATJTJKTKTKLTLTLS"
    "TMTKMTNTUNTOTONTRTURTTTTOTVTUVTWTWNTZTZAUAUKRUGUGAUMUMIUSUSAUYURYUZUZBVAVATVCVCTVEVEN"
    "VGVGBVIVIRVNVNMVUVUTWFWLFWSWSMXKXKXYEYEMYTMYTZAZAFZMZMBZWZWE";

std::string alpha3(std::string_view alpha2) {
  constexpr std::size_t kEntry = 5;
  if (alpha2.size() != 2) return "";
  for (std::size_t at = 0; at + kEntry <= kAlpha3.size(); at += kEntry) {
    if (kAlpha3.substr(at, 2) == alpha2) return std::string(kAlpha3.substr(at + 2, 3));
  }
  return "";
}

class GeonamesImporter final : public Importer {
 public:
  void add(std::string_view line, std::string& out) override {
    enum : std::size_t {
      kId,
      kName,
      kAscii,
      kAlternates,
      kClass = 6,
      kCountry = 8,
      kPopulation = 14
    };
    constexpr std::size_t kColumns = 19;
    const std::vector<std::string_view> columns = fields(line, '\t');
    if (columns.size() != kColumns || columns[kId].empty() || columns[kName].empty()) {
      ++counts.faulty;
      return;
    }
    Row row;
    if (columns[kClass] == "P") {
      row.type = "city";
    } else if (columns[kClass] == "A") {
      row.type = "place";
    } else {
      ++counts.skipped;
      return;
    }
    row.id = "geonames:" + cell(columns[kId]);
    row.name = cell(columns[kName]);
    row.code = alpha3(columns[kCountry]);
    row.kind = "none";
    row.add_alias(columns[kAscii]);
    for (const std::string_view name : fields(columns[kAlternates], ',')) row.add_alias(name);
    if (row.type == "city" && columns[kPopulation] != "0" && !columns[kPopulation].empty()) {
      row.note = "population " + cell(columns[kPopulation]);
    }
    row.write(out);
    ++counts.rows;
  }
};

// Lines `id <tab> P|O|... <tab> language <tab> Name+with+plus`; those of one id stand together.
class JrcNamesImporter final : public Importer {
 public:
  void add(std::string_view line, std::string& out) override {
    const std::vector<std::string_view> columns = fields(line, '\t');
    if (columns.size() < 4 || columns[0].empty() || columns[3].empty()) {
      if (!line.empty() && line.front() != '#') ++counts.faulty;
      return;
    }
    const std::string id = "jrc:" + cell(columns[0]);
    if (id != row_.id) finish(out);
    std::string name(columns[3]);
    std::replace(name.begin(), name.end(), '+', ' ');
    // 0 is everybody without a number.
    if (columns[0] == "0" || (columns[1] != "P" && columns[1] != "O")) {
      ++counts.skipped;
      return;
    }
    if (row_.id.empty()) {
      row_.id = id;
      row_.type = columns[1] == "P" ? "person" : "org";
      row_.kind = "none";
      row_.name = cell(name);
    } else {
      row_.add_alias(name);
    }
  }

  void finish(std::string& out) override {
    if (!row_.id.empty()) {
      row_.write(out);
      ++counts.rows;
    }
    row_ = Row();
  }

 private:
  Row row_;
};

using simdjson::dom::element;

class WikidataImporter final : public Importer {
 public:
  explicit WikidataImporter(const Gazetteer& states) : states_(states) {}

  void add(std::string_view line, std::string& out) override {
    while (!line.empty() && (line.back() == ',' || line.back() == '\r' || line.back() == ' ')) {
      line.remove_suffix(1);
    }
    if (line.empty() || line == "[" || line == "]") return;
    element entity;
    std::string_view id;
    if (parser_.parse(line.data(), line.size()).get(entity) != simdjson::SUCCESS ||
        entity["id"].get(id) != simdjson::SUCCESS || id.empty()) {
      ++counts.faulty;
      return;
    }
    Row row;
    row.id = cell(id);
    std::string_view label;
    if (id.front() != 'Q' ||
        entity.at_pointer("/labels/en/value").get(label) != simdjson::SUCCESS ||
        !fill(entity, row)) {
      ++counts.skipped;
      return;
    }
    row.name = cell(label);
    simdjson::dom::array aliases;
    if (entity.at_pointer("/aliases/en").get(aliases) == simdjson::SUCCESS) {
      for (const element alias : aliases) {
        std::string_view text;
        if (alias["value"].get(text) == simdjson::SUCCESS) row.add_alias(text);
      }
    }
    row.write(out);
    ++counts.rows;
  }

 private:
  // Q-ids that the statements of a property name, in their order.
  static std::vector<std::string> values(element entity, const std::string& property) {
    std::vector<std::string> result;
    simdjson::dom::array statements;
    if (entity.at_pointer("/claims/" + property).get(statements) != simdjson::SUCCESS)
      return result;
    for (const element statement : statements) {
      std::string_view id;
      if (statement.at_pointer("/mainsnak/datavalue/value/id").get(id) == simdjson::SUCCESS) {
        result.emplace_back(id);
      }
    }
    return result;
  }

  static bool has_one(const std::vector<std::string>& ids,
                      std::initializer_list<std::string_view> wanted) {
    return std::any_of(ids.begin(), ids.end(), [wanted](const std::string& id) {
      return std::find(wanted.begin(), wanted.end(), id) != wanted.end();
    });
  }

  // Type, kind, code and offices; false for what is no name of a gazetteer. The classes are those
  // of Wikidata that are used directly; their many subclasses need a query, not a pass.
  bool fill(element entity, Row& row) const {
    const std::vector<std::string> classes = values(entity, "P31");
    const bool is_person = has_one(classes, {"Q5"});
    if (is_person) {
      row.type = "person";
      row.kind = "none";
      row.offices = offices(entity);
      if (!row.offices.empty()) row.kind = "government";
    } else if (has_one(classes, {"Q515", "Q1549591", "Q3957", "Q532", "Q486972", "Q5119"})) {
      row.type = "city";
      row.kind = "none";
    } else if (has_one(classes,
                       {"Q7278", "Q4438121", "Q43229", "Q783794", "Q891723", "Q4830453"})) {
      row.type = "org";
      row.kind = "society";
    } else if (has_one(classes, {"Q245065", "Q484652", "Q1127126"})) {
      row.type = "org";
      row.kind = "alliance";
    } else if (has_one(classes, {"Q17149090", "Q15288089", "Q17524420", "Q206229"})) {
      row.type = "group";
      row.kind = "armed";
    } else {
      return false;
    }
    for (const std::string& state : values(entity, is_person ? "P27" : "P17")) {
      const EntityIndex index = states_.by_id(state);
      if (index != kNoEntity && states_[index].type == EntityType::country) {
        row.code = states_[index].code;
        break;
      }
    }
    return true;
  }

  // "+1999-12-31T00:00:00Z" as YYYY-MM-DD, YYYY-MM or YYYY by its precision; "" when unknown.
  static std::string day(element statement, const char* property) {
    constexpr std::int64_t kYear = 9;
    constexpr std::int64_t kMonth = 10;
    std::string_view time;
    std::int64_t precision = 0;
    const std::string at = std::string("/qualifiers/") + property + "/0/datavalue/value/";
    if (statement.at_pointer(at + "time").get(time) != simdjson::SUCCESS ||
        statement.at_pointer(at + "precision").get(precision) != simdjson::SUCCESS ||
        precision < kYear || time.size() < 11 || time.front() != '+') {
      return "";
    }
    return std::string(time.substr(1, precision == kYear ? 4 : precision == kMonth ? 7 : 10));
  }

  // Positions held, under their Q-ids: a dump says what they are called elsewhere.
  static std::string offices(element entity) {
    std::string result;
    simdjson::dom::array statements;
    if (entity.at_pointer("/claims/P39").get(statements) != simdjson::SUCCESS) return result;
    for (const element statement : statements) {
      std::string_view office;
      if (statement.at_pointer("/mainsnak/datavalue/value/id").get(office) != simdjson::SUCCESS) {
        continue;
      }
      std::string_view of = office;
      std::string_view state;
      if (statement.at_pointer("/qualifiers/P17/0/datavalue/value/id").get(state) ==
          simdjson::SUCCESS) {
        of = state;
      }
      result += result.empty() ? "" : ";";
      result += cell(office) + ":" + cell(of) + ":" + day(statement, "P580") + ".." +
                day(statement, "P582");
    }
    return result;
  }

  const Gazetteer& states_;
  simdjson::dom::parser parser_;
};

}  // namespace

std::unique_ptr<Importer> make_importer(std::string_view format, const Gazetteer& states) {
  if (format == "geonames") return std::make_unique<GeonamesImporter>();
  if (format == "jrc-names") return std::make_unique<JrcNamesImporter>();
  if (format == "wikidata") return std::make_unique<WikidataImporter>(states);
  return nullptr;
}

}  // namespace tocsin
