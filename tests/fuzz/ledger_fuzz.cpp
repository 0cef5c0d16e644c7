// Records of the ledger: bytes as they are, and the same bytes with a right checksum behind them.
// What can be decoded is encoded and decoded again to the same record.
#include <xxhash.h>

#include <string>

#include "pipeline/ledger/ledger_record.h"
#include "tests/fuzz/fuzz.h"

using namespace tocsin;

namespace {

void round_trip(std::string_view bytes) {
  const LedgerResult<LedgerRecord> record = decode_ledger_record(bytes);
  if (!record) return;
  const LedgerResult<LedgerRecord> again = decode_ledger_record(encode(*record));
  fuzz::require(again && *again == *record);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes(fuzz::view_of(data, size));
  round_trip(bytes);
  std::uint64_t checksum = XXH3_64bits(bytes.data(), bytes.size());
  for (int i = 0; i < 8; ++i, checksum >>= 8) bytes += static_cast<char>(checksum & 0xff);
  round_trip(bytes);
  return 0;
}
