#include "config/schema.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

#include "config/settings.h"
#include "config/yaml_document.h"

namespace tocsin {
namespace {

std::string shipped(const std::string& name) {
  const char* source = std::getenv("TOCSIN_SOURCE_DIR");
  std::string text;
  EXPECT_EQ(
      read_file(std::string(source == nullptr ? "." : source) + "/config/" + name, 1 << 20, text),
      "");
  return text;
}

// JSON is YAML: the paths of all leaves of the schema's `properties`.
void collect(const YamlNode& object, const std::string& path, std::set<std::string>& leaves) {
  const YamlNode* properties = object.find("properties");
  if (properties == nullptr) {
    leaves.insert(path);
    return;
  }
  EXPECT_EQ(object.find("additionalProperties")->value, "false") << path;
  for (const auto& [key, value] : properties->entries) {
    collect(value, path.empty() ? key.value : path + "." + key.value, leaves);
  }
}

TEST(Schema, KnowsTheKeysTheParserKnowsAndNoOthers) {
  std::vector<Fault> faults;
  const YamlNode root = parse_yaml("schema", shipped("tocsin.schema.json"), faults);
  EXPECT_EQ(render(faults), "");
  std::set<std::string> in_schema;
  collect(root, "", in_schema);
  std::set<std::string> in_parser;
  for (const Setting& setting : settings()) in_parser.insert(setting.path);
  EXPECT_EQ(in_schema, in_parser);
}

// Written by `tocsin config schema` and `tocsin config sample`.
TEST(Schema, ShippedFilesAreUpToDate) {
  EXPECT_EQ(shipped("tocsin.schema.json"), schema_text());
  const Config defaults;
  EXPECT_EQ(shipped("tocsin.yaml"), sample_text(defaults));
}

TEST(Schema, SampleExplainsEveryKey) {
  const Config defaults;
  const std::string sample = sample_text(defaults);
  for (const Setting& setting : settings()) {
    EXPECT_NE(sample.find("# " + setting.note + "\n"), std::string::npos) << setting.path;
    EXPECT_LE(setting.note.size(), 92U) << setting.path;
  }
}

}  // namespace
}  // namespace tocsin
