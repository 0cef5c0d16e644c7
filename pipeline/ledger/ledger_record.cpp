// Layout of a record, little endian throughout:
//   magic 'T' | type u8 | version u8 | fields of the type | tagged fields | XXH3-64 of all before
// Strings and the signature block carry their length as a LEB128 number; a tagged field is
// tag u8 | length | bytes, and readers skip tags they do not know, so fields may be added without a
// new version. A version changes when an old reader would misjudge the record.
#include "pipeline/ledger/ledger_record.h"

#include <xxhash.h>

#include <stdexcept>

#include "pipeline/ledger/byte_codec.h"

namespace tocsin {
namespace {

constexpr std::uint8_t kMagic = 'T';
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kHeadBytes = 3;
constexpr std::size_t kRawTopicsMax = 1024;
constexpr std::size_t kStartsMax = 100'000;

enum class Type : std::uint8_t { header = 1, epoch = 2, sighting = 3, retract = 4, tick = 5 };
enum class Tag : std::uint8_t { copy_of = 1, signal = 2, article_id = 3, outlet = 4 };
enum class HeaderTag : std::uint8_t { starts = 1 };

std::string signature_block(const Signature& signature) {
  ByteWriter writer;
  writer.hash(signature.exact);
  writer.integer(signature.tokens);
  writer.integer(signature.shingles);
  writer.block(signature.sketch);
  writer.block(signature.lead);
  writer.block(signature.names);
  writer.block(signature.numbers);
  writer.block(signature.lead_names);
  writer.block(signature.lead_numbers);
  return writer.bytes();
}

// A block of another length is another signature version's: its exact hash leads it too, and that
// is all the fold compares across versions.
Signature read_signature(std::string_view block) {
  ByteReader reader(block);
  Signature signature;
  signature.exact = reader.hash();
  signature.tokens = reader.integer<std::uint32_t>();
  signature.shingles = reader.integer<std::uint32_t>();
  if (reader.left() ==
      kSketchSize + 2 * kLeadSketchSize + 2 * sizeof(AnchorSet) + kLeadNamesMax + kLeadNumbersMax) {
    reader.block(signature.sketch);
    reader.block(signature.lead);
    reader.block(signature.names);
    reader.block(signature.numbers);
    reader.block(signature.lead_names);
    reader.block(signature.lead_numbers);
  }
  return signature;
}

void write(ByteWriter& writer, const LedgerHeader& header) {
  writer.text(header.cluster_id);
  writer.text(header.group);
  writer.length(header.raw_topics.size());
  for (const std::string& topic : header.raw_topics) writer.text(topic);
  if (header.starts.empty()) return;
  ByteWriter field;
  field.length(header.starts.size());
  for (const Position& start : header.starts) field.position(start);
  writer.integer(static_cast<std::uint8_t>(HeaderTag::starts));
  writer.text(field.bytes());
}

void write(ByteWriter& writer, const Epoch& epoch) {
  writer.integer(epoch.revision);
  writer.integer(epoch.signature_version);
  writer.integer(epoch.window_ms);
  writer.integer(epoch.jaccard_percent_min);
  writer.integer(epoch.containment_percent_min);
  writer.integer(epoch.band_candidates_max);
  writer.integer(epoch.entries_max);
}

template <class Fill>
void tagged(ByteWriter& writer, Tag tag, Fill fill) {
  ByteWriter field;
  fill(field);
  writer.integer(static_cast<std::uint8_t>(tag));
  writer.text(field.bytes());
}

void write(ByteWriter& writer, const Sighting& sighting) {
  writer.position(sighting.position);
  writer.hash(sighting.raw_hash);
  writer.integer(sighting.time_ms);
  writer.integer(sighting.signature_version);
  writer.text(signature_block(sighting.signature));
  if (!sighting.article_id.empty()) {
    tagged(writer, Tag::article_id, [&](ByteWriter& field) { field.text(sighting.article_id); });
  }
  if (sighting.outlet != 0) {
    tagged(writer, Tag::outlet, [&](ByteWriter& field) { field.integer(sighting.outlet); });
  }
  if (sighting.copy_of) {
    tagged(writer, Tag::copy_of, [&](ByteWriter& field) { field.integer(*sighting.copy_of); });
  }
  if (!sighting.signal.empty()) {
    tagged(writer, Tag::signal, [&](ByteWriter& field) { field.text(sighting.signal); });
  }
}

void write(ByteWriter& writer, const Retract& retract) {
  writer.position(retract.position);
  writer.hash(retract.raw_hash);
}

void write(ByteWriter& writer, const Tick& tick) {
  writer.integer(tick.through);
  writer.integer(tick.digest);
}

Type type_of(const LedgerRecord& record) {
  return static_cast<Type>(record.index() + 1);
}
static_assert(std::is_same_v<std::variant_alternative_t<0, LedgerRecord>, LedgerHeader>);
static_assert(std::is_same_v<std::variant_alternative_t<1, LedgerRecord>, Epoch>);
static_assert(std::is_same_v<std::variant_alternative_t<2, LedgerRecord>, Sighting>);
static_assert(std::is_same_v<std::variant_alternative_t<3, LedgerRecord>, Retract>);
static_assert(std::is_same_v<std::variant_alternative_t<4, LedgerRecord>, Tick>);

LedgerHeader read_header(ByteReader& reader) {
  LedgerHeader header;
  header.cluster_id = reader.text();
  header.group = reader.text();
  const std::size_t topics = std::min(reader.length(), kRawTopicsMax);
  for (std::size_t i = 0; i < topics && reader.ok(); ++i) {
    header.raw_topics.push_back(reader.text());
  }
  while (reader.ok() && !reader.at_end()) {
    const auto tag = reader.integer<std::uint8_t>();
    ByteReader field(reader.view());
    if (static_cast<HeaderTag>(tag) != HeaderTag::starts) continue;
    const std::size_t starts = std::min(field.length(), kStartsMax);
    for (std::size_t i = 0; i < starts && field.ok(); ++i) {
      header.starts.push_back(field.position());
    }
    if (!field.ok() && !header.starts.empty()) header.starts.pop_back();  // the one that was cut
  }
  return header;
}

Epoch read_epoch(ByteReader& reader) {
  Epoch epoch;
  epoch.revision = reader.integer<std::uint32_t>();
  epoch.signature_version = reader.integer<std::uint16_t>();
  epoch.window_ms = reader.integer<std::int64_t>();
  epoch.jaccard_percent_min = reader.integer<std::uint8_t>();
  epoch.containment_percent_min = reader.integer<std::uint8_t>();
  epoch.band_candidates_max = reader.integer<std::uint16_t>();
  epoch.entries_max = reader.integer<std::uint64_t>();
  return epoch;
}

void read_tagged(ByteReader& reader, Sighting& sighting) {
  while (reader.ok() && !reader.at_end()) {
    const auto tag = reader.integer<std::uint8_t>();
    ByteReader field(reader.view());
    switch (static_cast<Tag>(tag)) {
      case Tag::copy_of:
        sighting.copy_of = field.integer<std::int64_t>();
        break;
      case Tag::signal:
        sighting.signal = field.text();
        break;
      case Tag::article_id:
        sighting.article_id = field.text();
        break;
      case Tag::outlet:
        sighting.outlet = field.integer<std::uint64_t>();
        break;
    }
  }
}

Sighting read_sighting(ByteReader& reader) {
  Sighting sighting;
  sighting.position = reader.position();
  sighting.raw_hash = reader.hash();
  sighting.time_ms = reader.integer<std::int64_t>();
  sighting.signature_version = reader.integer<std::uint16_t>();
  sighting.signature = read_signature(reader.view());
  read_tagged(reader, sighting);
  return sighting;
}

}  // namespace

void throw_exception_from_error(LedgerFault, const boost::source_location&) {
  throw std::logic_error("LedgerResult::value() on a fault");
}

std::string encode(const LedgerRecord& record) {
  ByteWriter writer;
  writer.integer(kMagic);
  writer.integer(static_cast<std::uint8_t>(type_of(record)));
  writer.integer(kVersion);
  std::visit([&](const auto& value) { write(writer, value); }, record);
  return writer.take_with_checksum();
}

LedgerResult<LedgerRecord> decode_ledger_record(std::string_view bytes) {
  if (bytes.size() < kHeadBytes + kChecksumBytes) return LedgerFault::bad_checksum;
  const std::string_view covered = bytes.substr(0, bytes.size() - kChecksumBytes);
  ByteReader trailer(bytes.substr(covered.size()));
  if (trailer.integer<std::uint64_t>() != XXH3_64bits(covered.data(), covered.size())) {
    return LedgerFault::bad_checksum;
  }
  ByteReader reader(covered);
  if (reader.integer<std::uint8_t>() != kMagic) return LedgerFault::unknown_type;
  const auto type = static_cast<Type>(reader.integer<std::uint8_t>());
  if (type < Type::header || type > Type::tick) return LedgerFault::unknown_type;
  if (reader.integer<std::uint8_t>() > kVersion) return LedgerFault::newer_version;
  LedgerRecord record;
  switch (type) {
    case Type::header:
      record = read_header(reader);
      break;
    case Type::epoch:
      record = read_epoch(reader);
      break;
    case Type::sighting:
      record = read_sighting(reader);
      break;
    case Type::retract:
      record = Retract{reader.position(), reader.hash()};
      break;
    case Type::tick: {
      const auto through = reader.integer<std::int64_t>();
      record = Tick{through, reader.integer<std::uint64_t>()};
      break;
    }
  }
  // A right checksum over fields that do not fit was written by no version of ours.
  if (!reader.ok()) return LedgerFault::unknown_type;
  return record;
}

}  // namespace tocsin
