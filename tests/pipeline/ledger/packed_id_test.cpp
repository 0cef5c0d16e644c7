// PackedId: any id comes back as it was, and the usual ones are small.
#include "pipeline/ledger/packed_id.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

namespace tocsin {
namespace {

std::string packed_and_back(const std::string& id) {
  const PackedId packed(id);
  return PackedId::of_bytes(std::string(packed.bytes())).text();
}

RC_GTEST_PROP(PackedId, AnyBytesComeBack, (const std::string& id)) {
  RC_ASSERT(packed_and_back(id) == id);
}

// Letters of which most ids are nearly hexadecimal, dashes where a UUID has them and elsewhere.
RC_GTEST_PROP(PackedId, NearlyHexadecimalIdsComeBack, ()) {
  const auto letters = rc::gen::elementOf(std::string("0123456789abcdef0123456789abcdefA-g"));
  std::string id = *rc::gen::container<std::string>(letters);
  RC_ASSERT(packed_and_back(id) == id);
  id.resize(36, '0');
  for (const std::size_t dash : {8U, 13U, 18U, 23U}) {
    if (*rc::gen::arbitrary<bool>() || *rc::gen::arbitrary<bool>()) id[dash] = '-';
  }
  RC_ASSERT(packed_and_back(id) == id);
}

TEST(PackedId, UsualIdsAreSmall) {
  EXPECT_EQ(PackedId("").bytes().size(), 0U);
  EXPECT_EQ(PackedId("1b4e28ba-2fa1-11d2-883f-0016d3cca427").bytes().size(), 17U);
  EXPECT_EQ(PackedId("507f1f77bcf86cd799439011").bytes().size(), 13U);
  EXPECT_EQ(PackedId("1732526461123").bytes().size(), 8U);
  EXPECT_EQ(PackedId("tag:news.example,2026:a-1").bytes().size(), 26U);
}

}  // namespace
}  // namespace tocsin
