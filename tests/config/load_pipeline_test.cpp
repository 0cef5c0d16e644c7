// Gazetteers as files: what is compiled stamps records as its sources do, and a stale one is
// refused.
#include "config/load_pipeline.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace tocsin {
namespace {

constexpr const char* kRows =
    "id\ttype\tname\tcode\tkind\taliases\tdemonyms\tmetonyms\tacronyms\toffices\tfrom\tto\tnote\n"
    "Q1\tcountry\tVarland\tVAR\tstate\t\tVarlandic\t\t\t\t\t\t\n";

class CompiledGazetteerFile : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ("tocsin_load_pipeline_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
    write("names.tsv", kRows);
    config_.gazetteer = {folder_ / "names.tsv"};
    const CompiledGazetteer compiled = compile_gazetteer(config_);
    ASSERT_FALSE(compiled.image.empty());
    EXPECT_EQ(compiled.entities, 1U);
    write("names.gazetteer", compiled.image);
    from_image_.gazetteer = {folder_ / "names.gazetteer"};
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const char* name, const std::string& content) const {
    std::ofstream(folder_ / name, std::ios::binary) << content;
  }
  [[nodiscard]] std::string fault() const {
    const LoadedPipeline loaded = load_pipeline(from_image_);
    EXPECT_FALSE(loaded.pipeline);
    return loaded.faults.empty() ? "" : loaded.faults.front().message;
  }

  std::filesystem::path folder_;
  Config config_;
  Config from_image_;
};

TEST_F(CompiledGazetteerFile, StampsRecordsAsItsSourcesDo) {
  const LoadedPipeline rows = load_pipeline(config_);
  const LoadedPipeline image = load_pipeline(from_image_);
  ASSERT_TRUE(rows.pipeline);
  ASSERT_TRUE(image.pipeline);
  EXPECT_EQ(image.pipeline->stamp.config, rows.pipeline->stamp.config);
  EXPECT_NE(image.pipeline->gazetteer.by_code("VAR"), kNoEntity);
}

TEST_F(CompiledGazetteerFile, IsRefusedWhenASourceHasChanged) {
  write("names.tsv", std::string(kRows) + "Q2\tcity\tVarburg\tVAR\n");
  EXPECT_NE(fault().find("stale"), std::string::npos);
}

TEST_F(CompiledGazetteerFile, NeedsNoSources) {
  std::filesystem::remove(folder_ / "names.tsv");
  EXPECT_TRUE(load_pipeline(from_image_).pipeline);
}

TEST_F(CompiledGazetteerFile, IsRefusedWhenCutShort) {
  std::filesystem::resize_file(folder_ / "names.gazetteer", 400);
  EXPECT_NE(fault().find("cut short"), std::string::npos);
}

TEST_F(CompiledGazetteerFile, IsNotMadeOfFaultyRows) {
  write("names.tsv", "id\ttype\n");
  const CompiledGazetteer compiled = compile_gazetteer(config_);
  EXPECT_TRUE(compiled.image.empty());
  EXPECT_FALSE(compiled.faults.empty());
}

}  // namespace
}  // namespace tocsin
