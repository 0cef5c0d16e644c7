// The compiled form: says what the gazetteer said, and refuses whatever is not what was written.
#include "pipeline/entities/gazetteer_image.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "pipeline/entities/gazetteer_state.h"
#include "tests/english.h"

namespace tocsin {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::int64_t kJanuary2022_ms = 18'993 * kDayMs;

Gazetteer small() {
  GazetteerBuilder builder;
  builder.add_tsv(
      "small.tsv",
      "id\ttype\tname\tcode\tkind\taliases\tdemonyms\tmetonyms\tacronyms\toffices\tfrom\tto\tnote\n"
      "Q1\tcountry\tVarland\tVAR\tstate\t\tVarlandic\tVarburg\t=VL\t\t\t\t\n"
      "Q2\tcity\tVarburg\tVAR\tnone\t\t\t\t\t\t\t\tpopulation 500000\n"
      "Q3\tperson\tOla Brekke\tVAR\tgovernment\t\t\t\t\tpresident:VAR:2020..2024\t\t\t\n"
      "Q4\tperson\tZhu Weilan\tCHN\tgovernment\t\t\t\t\t\t\t\tfollow-up=Weilan\n"
      "t:band\tgroup\tRed Sash\tVAR\tarmed\t\t\t\t\t\t\t\t\n"
      "Q5\tperson\tTor Lind\tVAR\tarmed\t\t\t\t\tleader:t:band:2001..\t\t\t\n");
  EXPECT_TRUE(builder.faults().empty());
  return builder.freeze();
}

// Bytes at an address a mapping could have.
struct Bytes {
  std::shared_ptr<std::vector<std::uint64_t>> words;
  std::size_t size = 0;

  explicit Bytes(std::string_view content)
      : words(std::make_shared<std::vector<std::uint64_t>>(content.size() / 8 + 1)),
        size(content.size()) {
    std::memcpy(words->data(), content.data(), content.size());
  }
  [[nodiscard]] LoadedImage read() const {
    return read_gazetteer_image({reinterpret_cast<const std::byte*>(words->data()), size}, words);
  }
};

std::string image() {
  return write_gazetteer_image(small(), {{"/data/small.tsv", 7}}, "0123");
}

std::vector<std::string> tags(const Gazetteer& gazetteer) {
  const Text text = make_text("Varburg warns",
                              "The Varlandic president met Zhu Weilan in Varburg, VL. Weilan left. "
                              "Tor Lind of the Red Sash did not. Ola Brekke spoke; Brekke smiled.",
                              "en");
  std::vector<std::string> result;
  const Tagging tagging = tag(gazetteer, text, kJanuary2022_ms);
  for (const Mention& mention : tagging.mentions) {
    const TaggedEntity& entity = tagging.entities[mention.entity];
    result.push_back(std::string(text.slice(text.bytes_of(mention.tokens))) + '=' +
                     (entity.gazetteer == kNoEntity ? "?" : gazetteer[entity.gazetteer].id) + '/' +
                     std::string(name(mention.via)));
  }
  return result;
}

TEST(GazetteerImage, SaysWhatTheGazetteerSaid) {
  const LoadedImage loaded = Bytes(image()).read();
  ASSERT_TRUE(loaded.gazetteer) << loaded.fault;
  const Gazetteer& mapped = *loaded.gazetteer;
  const Gazetteer built = small();
  EXPECT_EQ(tags(mapped), tags(built));
  EXPECT_EQ(tags(mapped).size(), 11U);
  ASSERT_EQ(mapped.entities().size(), built.entities().size());
  for (EntityIndex i = 0; i < built.entities().size(); ++i) {
    EXPECT_EQ(mapped[i].id, built[i].id);
    EXPECT_EQ(mapped[i].part, built[i].part);
    EXPECT_EQ(mapped[i].acts_for, built[i].acts_for);
    EXPECT_EQ(mapped.by_id(built[i].id), i);
    EXPECT_EQ(mapped.state().populations[i], built.state().populations[i]);
  }
  EXPECT_EQ(mapped.by_code("VAR"), built.by_code("VAR"));
  EXPECT_EQ(loaded.data_hash, "0123");
  ASSERT_EQ(loaded.sources.size(), 1U);
  EXPECT_EQ(loaded.sources[0].path, "/data/small.tsv");
  EXPECT_EQ(loaded.sources[0].content_hash, 7U);
}

TEST(GazetteerImage, IsTheSameEachTime) {
  EXPECT_EQ(image(), image());
}

TEST(GazetteerImage, KeepsItsBytesAlive) {
  std::optional<Gazetteer> gazetteer;
  {
    const Bytes bytes(image());
    gazetteer = std::move(bytes.read().gazetteer);
  }
  EXPECT_EQ(tags(*gazetteer).size(), 11U);
}

TEST(GazetteerImage, EveryChangedByteIsRefused) {
  const std::string whole = image();
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    const LoadedImage loaded = Bytes(changed).read();
    EXPECT_FALSE(loaded.gazetteer) << "byte " << at;
    EXPECT_NE(loaded.fault, "") << "byte " << at;
  }
}

TEST(GazetteerImage, EveryLengthButTheWholeIsRefused) {
  const std::string whole = image();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(Bytes(whole.substr(0, size)).read().gazetteer) << size << " bytes";
  }
  EXPECT_FALSE(Bytes(whole + "x").read().gazetteer);
}

TEST(GazetteerImage, TellsWhyItIsRefused) {
  EXPECT_NE(Bytes("id\ttype\tname").read().fault.find("not a compiled gazetteer"),
            std::string::npos);
  std::string other = image();
  other[8] = '\x7F';
  EXPECT_NE(Bytes(other).read().fault.find("another version"), std::string::npos);
  EXPECT_NE(Bytes(image() + "x").read().fault.find("cut short or grown"), std::string::npos);
  std::string damaged = image();
  damaged.back() = 'x';
  EXPECT_NE(Bytes(damaged).read().fault.find("damaged"), std::string::npos);
}

}  // namespace
}  // namespace tocsin
