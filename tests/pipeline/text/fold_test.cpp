// The pinned folding: spellings that must meet, and hashes that must never change.
#include "pipeline/text/fold.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "pipeline/text/text.h"

namespace tocsin {
namespace {

TEST(Fold, joins_spellings) {
  struct Row {
    std::string_view token;
    std::string_view folded;
  };
  constexpr Row kRows[] = {
      {"U.S.", "us"},
      {"ZELENSKIY", "zelenskiy"},
      {"Łódź", "lodz"},
      {"Straße", "strasse"},
      {"STRASSE", "strasse"},
      {"Ærø", "aero"},
      {"Œuvre", "oeuvre"},
      {"Þór", "thor"},
      {"Đà", "da"},
      {"ISTANBUL", "istanbul"},
      {"İstanbul", "istanbul"},
      {"ısparta", "isparta"},
      {"Erdoğan", "erdogan"},
      {"ΑΘΉΝΑ", "αθηνα"},
      {"Αθήνας", "αθηνασ"},
      {"Зеленський", "зеленськии"},
      {"ЁЛКА", "елка"},
      {"ＮＡＴＯ", "nato"},
      {"１９８６", "1986"},
      {"ﻣﺼﺮ", "مصر"},
      {"مُحَمَّد", "محمد"},
      {"cafe\u0301", "cafe"},
      {"café", "cafe"},
      {"soft\u00ADhyphen", "softhyphen"},
      {"don’t", "don't"},
      {"1,000", "1000"},
      {"3.5", "3.5"},
      {"٢٠٢١", "2021"},
      {"が", "が"},
      {"한국", "한국"},
      {"ﬁre", "fire"},
      {"Հայ", "հայ"},
      {"", ""},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(fold(row.token), row.folded) << row.token;
    EXPECT_EQ(fold_hash(row.token), fold_hash(row.folded)) << row.token;
  }
}

// Signatures and ledgers keep these values: they must be the same on every machine, for ever.
TEST(Fold, is_pinned) {
  EXPECT_EQ(fold_hash(""), 13118043977320330591U);
  EXPECT_EQ(fold_hash("us"), 13790259057437626532U);
  EXPECT_EQ(fold_hash("russia"), 18143960989053214341U);
  EXPECT_EQ(fold_hash("parliament"), 7851798798017806149U);
  EXPECT_EQ(fold_hash("counterrevolutionaries"), 7203361547211636429U);
  EXPECT_EQ(fold_hash("киев"), 12827048780878132078U);
}

TEST(Fold, is_done_once) {
  for (char32_t code = 1; code < kTableLimit; ++code) {
    if (code >= 0xD800 && code < 0xE000) continue;
    std::string character;
    append_utf8(character, code);
    const std::string once = fold(character);
    EXPECT_EQ(fold(once), once) << std::hex << static_cast<std::uint32_t>(code);
  }
}

TEST(Fold, hashes_ascii_as_its_fold) {
  EXPECT_TRUE(rc::check("ascii", [] {
    const auto letters = *rc::gen::container<std::string>(rc::gen::oneOf(
        rc::gen::inRange('a', 'z'), rc::gen::inRange('A', 'Z'), rc::gen::inRange('0', '9')));
    RC_ASSERT(hash_ascii(letters) == fold_hash(letters));
  }));
}

TEST(CodePoint, reads_what_append_writes) {
  EXPECT_TRUE(rc::check("round trip", [] {
    const auto code = *rc::gen::inRange<std::uint32_t>(0, 0x110000);
    std::string bytes;
    append_utf8(bytes, code);
    const CodePoint point = code_point(bytes, 0);
    RC_ASSERT(point.bytes == bytes.size());
    RC_ASSERT(point.code == (code >= 0xD800 && code < 0xE000 ? 0xFFFD : code));
  }));
}

TEST(CodePoint, refuses_what_is_no_utf8) {
  constexpr std::string_view kRows[] = {"\x80",
                                        "\xC0\x80",
                                        "\xC3",
                                        "\xE0\x80\x80",
                                        "\xED\xA0\x80",
                                        "\xF0\x80\x80\x80",
                                        "\xF4\x90\x80\x80",
                                        "\xF8\x88\x80\x80\x80"};
  for (const std::string_view bytes : kRows) {
    EXPECT_EQ(code_point(bytes, 0).code, 0xFFFDU);
    EXPECT_EQ(code_point(bytes, 0).bytes, 1U);
  }
}

}  // namespace
}  // namespace tocsin
