// Holds kSignatureVersion to what it promises: whoever changes code, parameters or folding
// so that a signature changes has to raise it, or dedup states of two builds would differ in
// silence.
#include <gtest/gtest.h>
#include <xxhash.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include "pipeline/ledger/ledger_record.h"
#include "tests/english.h"
#include "tests/pipeline/dedupe/newsroom.h"

namespace tocsin::test {
namespace {

// What the version was when these were last right. A failure prints the new values; take them over
// together with a higher kSignatureVersion (and say so in CHANGELOG.md: dedupe.revision).
constexpr std::uint16_t kPinnedVersion = 3;
constexpr std::uint64_t kPinnedSignatures = 3845098908586774144ULL;
constexpr std::uint64_t kPinnedFolding = 10124526867518513599ULL;
constexpr std::uint64_t kPinnedWords = 13033849068643194627ULL;
constexpr std::uint64_t kPinnedStarters = 3564317427438413023ULL;

std::uint64_t hash_of(const std::string& bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

std::string text_of_file(const std::string& path) {
  const char* root = std::getenv("TOCSIN_SOURCE_DIR");  // NOLINT(concurrency-mt-unsafe)
  std::ifstream file(std::string(root == nullptr ? "." : root) + "/" + path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

std::uint64_t hash_of_file(const std::string& path) {
  return hash_of(text_of_file(path));
}

// The words that end a sentence after "U.S." by beginning the next.
std::string sentence_starters() {
  const Language& english = *shipped_languages().find("en");
  std::set<std::string> starters;
  std::istringstream words(text_of_file("config/language/en/function_words.yaml"));
  for (std::string word; words >> word;) {
    if (english.is(english.find(fold_hash(word)), WordClass::sentence_starter))
      starters.insert(fold(word));
  }
  std::string all;
  for (const std::string& word : starters) all += word + ' ';
  return all;
}

std::string bytes_of(const std::string& title, const std::string& body) {
  Sighting sighting;
  sighting.signature_version = 0;
  sighting.signature =
      sign(make_text(title, body, ""), {"Harbour Wire", "https://harbourwire.example/1"});
  return encode(LedgerRecord(sighting));
}

std::string signatures() {
  std::string bytes;
  for (const char* text :
       {"", "Zürich: Straßenbahn-Streik \u2013 l'été à Besançon, ĲSSEL, ΑΘΗΝΑ and İzmir",
        "東京で大きな地震がありました。津波の心配はありません。",
        "<p>By Ana Ruiz</p><p>Updated May 3, 2026 10:11 GMT</p><p>Seven&nbsp;of the U.S.'s "
        "twelve ferries didn&#39;t sail.</p><p>Share this article</p>",
        "PORT LUMA, May 3 (Harbour Wire) - Rates rose to 3.25% ... [+1234 chars]"}) {
    bytes += bytes_of("", text);
    bytes += bytes_of(text, "");
    bytes += bytes_of(text, text);
  }
  Newsroom newsroom(1);
  for (std::size_t i = 0; i < 200; ++i) {
    bytes += bytes_of(newsroom.name(), newsroom.loose_line() + "\n\n" + newsroom.dateline() +
                                           join(newsroom.story(1 + i % 12)) + "\n\n" +
                                           newsroom.frame(i % 60) + "\n\n" + newsroom.loose_line());
    bytes += bytes_of("", newsroom.item(i % Newsroom::kTemplates));
  }
  return bytes;
}

TEST(SignatureVersion, IsRaisedWithEveryChangeOfASignature) {
  EXPECT_EQ(kSignatureVersion, kPinnedVersion);
  EXPECT_EQ(hash_of(signatures()), kPinnedSignatures);
  EXPECT_EQ(hash_of_file("pipeline/text/fold_table.inc"), kPinnedFolding);
  EXPECT_EQ(hash_of_file("config/language/en/signature.yaml"), kPinnedWords);
  EXPECT_EQ(hash_of(sentence_starters()), kPinnedStarters);
}

}  // namespace
}  // namespace tocsin::test
