#include "pipeline/ledger/ledger_record.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <xxhash.h>

#include "tests/pipeline/ledger/random_history.h"

namespace tocsin::test {
namespace {

LedgerRecord random_record() {
  const auto text = [] { return *rc::gen::arbitrary<std::string>(); };
  const auto number = [] { return *rc::gen::arbitrary<std::uint64_t>(); };
  const auto position = [&] {
    return Position{text(), *rc::gen::arbitrary<std::int32_t>(),
                    *rc::gen::arbitrary<std::int64_t>()};
  };
  switch (*rc::gen::inRange(0, 5)) {
    case 0: {
      LedgerHeader header{text(), text(), *rc::gen::arbitrary<std::vector<std::string>>(), {}};
      for (int left = *rc::gen::inRange(0, 4); left > 0; --left)
        header.starts.push_back(position());
      return header;
    }
    case 1: {
      Epoch epoch;
      epoch.revision = *rc::gen::arbitrary<std::uint32_t>();
      epoch.signature_version = *rc::gen::arbitrary<std::uint16_t>();
      epoch.window_ms = *rc::gen::arbitrary<std::int64_t>();
      epoch.entries_max = number();
      epoch.band_candidates_max = *rc::gen::arbitrary<std::uint16_t>();
      return epoch;
    }
    case 2: {
      Sighting sighting;
      sighting.position = position();
      sighting.raw_hash = {number(), number()};
      sighting.time_ms = *rc::gen::arbitrary<std::int64_t>();
      sighting.article_id = text();
      sighting.outlet = number();
      sighting.signature_version = *rc::gen::arbitrary<std::uint16_t>();
      sighting.signature = signature_of(*rc::gen::arbitrary<std::vector<std::uint64_t>>());
      if (*rc::gen::arbitrary<bool>()) sighting.copy_of = *rc::gen::arbitrary<std::int64_t>();
      sighting.signal = text();
      return sighting;
    }
    case 3:
      return Retract{position(), {number(), number()}};
    default:
      return Tick{*rc::gen::arbitrary<std::int64_t>(), number()};
  }
}

// Puts a right checksum on bytes of any kind.
std::string sealed(std::string bytes) {
  std::uint64_t checksum = XXH3_64bits(bytes.data(), bytes.size());
  for (int i = 0; i < 8; ++i, checksum >>= 8) bytes += static_cast<char>(checksum & 0xff);
  return bytes;
}

std::string unsealed(const LedgerRecord& record) {
  std::string bytes = encode(record);
  bytes.resize(bytes.size() - 8);
  return bytes;
}

TEST(LedgerRecord, RoundTrip) {
  EXPECT_TRUE(rc::check("decode(encode(r)) == r", [] {
    const LedgerRecord record = random_record();
    const auto decoded = decode_ledger_record(encode(record));
    RC_ASSERT(decoded.has_value());
    RC_ASSERT(*decoded == record);
  }));
}

TEST(LedgerRecord, AnyChangedByteIsABadChecksum) {
  EXPECT_TRUE(rc::check("one byte changed", [] {
    std::string bytes = encode(random_record());
    const std::size_t at = *rc::gen::inRange<std::size_t>(0, bytes.size());
    bytes[at] = static_cast<char>(bytes[at] ^ *rc::gen::inRange(1, 256));
    const auto decoded = decode_ledger_record(bytes);
    RC_ASSERT(!decoded.has_value());
    RC_ASSERT(decoded.error() == LedgerFault::bad_checksum);
  }));
}

TEST(LedgerRecord, CutRecordsAreBadChecksums) {
  const std::string bytes = encode(Tick{7, 9});
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto decoded = decode_ledger_record(bytes.substr(0, size));
    ASSERT_FALSE(decoded.has_value());
    EXPECT_EQ(decoded.error(), LedgerFault::bad_checksum);
  }
}

// Foreign bytes under a right checksum: decoding ends, in a record or in a fault, and what it calls
// a record can be encoded and read again.
TEST(LedgerRecord, MutationsNeverCrash) {
  EXPECT_TRUE(rc::check("mutated and sealed again", [] {
    std::string bytes = unsealed(random_record());
    for (int edits = *rc::gen::inRange(1, 8); edits > 0 && !bytes.empty(); --edits) {
      const std::size_t at = *rc::gen::inRange<std::size_t>(0, bytes.size());
      switch (*rc::gen::inRange(0, 3)) {
        case 0:
          bytes[at] = static_cast<char>(*rc::gen::inRange(0, 256));
          break;
        case 1:
          bytes.erase(at, *rc::gen::inRange<std::size_t>(1, 20));
          break;
        default:
          bytes.insert(at, *rc::gen::arbitrary<std::string>());
          break;
      }
    }
    const auto decoded = decode_ledger_record(sealed(bytes));
    if (!decoded.has_value()) return;
    const auto again = decode_ledger_record(encode(*decoded));
    RC_ASSERT(again.has_value());
    RC_ASSERT(*again == *decoded);
  }));
}

TEST(LedgerRecord, UnknownTypeAndNewerVersionAreNamed) {
  std::string bytes = unsealed(Tick{1, 2});
  bytes[1] = 99;
  EXPECT_EQ(decode_ledger_record(sealed(bytes)).error(), LedgerFault::unknown_type);
  bytes = unsealed(Tick{1, 2});
  bytes[2] = 99;
  EXPECT_EQ(decode_ledger_record(sealed(bytes)).error(), LedgerFault::newer_version);
  bytes[0] = 'X';
  EXPECT_EQ(decode_ledger_record(sealed(bytes)).error(), LedgerFault::unknown_type);
}

TEST(LedgerRecord, UnknownFieldsAreSkipped) {
  Sighting sighting;
  sighting.position = {"raw", 1, 2};
  sighting.copy_of = 5;
  std::string bytes = unsealed(sighting);
  bytes += static_cast<char>(200);  // a tag of a later release, three bytes long
  bytes += "\x03xyz";
  const auto decoded = decode_ledger_record(sealed(bytes));
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(std::get<Sighting>(*decoded), sighting);
}

TEST(LedgerRecord, ASightingIsSmall) {
  Sighting sighting;
  sighting.position = {"news.raw", 3, 123456789};
  sighting.outlet = 77;
  EXPECT_LE(encode(sighting).size(), 300U);
}

}  // namespace
}  // namespace tocsin::test
