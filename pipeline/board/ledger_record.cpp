// Layout of a record, little endian throughout:
//   magic 'T' | type u8 | version u8 | fields of the type | tagged fields | XXH3-64 of all before
// Strings and the signature block carry their length as a LEB128 number; a tagged field is
// tag u8 | length | bytes, and readers skip tags they do not know, so fields may be added without a
// new version. A version changes when an old reader would misjudge the record.
#include "pipeline/board/ledger_record.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace tocsin {
namespace {

constexpr std::uint8_t kMagic = 'T';
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kChecksumBytes = 8;
constexpr std::size_t kHeadBytes = 3;
constexpr std::size_t kRawTopicsMax = 1024;

enum class Type : std::uint8_t { header = 1, epoch = 2, sighting = 3, retract = 4, tick = 5 };
enum class Tag : std::uint8_t { copy_of = 1, bell = 2, article_id = 3, outlet = 4 };

class Writer {
 public:
  template <class T>
  void integer(T value) {
    auto bits = static_cast<std::make_unsigned_t<T>>(value);
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      bytes_.push_back(static_cast<char>(static_cast<std::uint8_t>(bits & 0xffU)));
      if constexpr (sizeof(T) > 1) bits = static_cast<decltype(bits)>(bits >> 8);
    }
  }
  void length(std::size_t value) {
    while (value >= 0x80) {
      integer(static_cast<std::uint8_t>(value | 0x80U));
      value >>= 7;
    }
    integer(static_cast<std::uint8_t>(value));
  }
  void text(std::string_view value) {
    length(value.size());
    bytes_.append(value);
  }
  template <class T, std::size_t N>
  void block(const std::array<T, N>& values) {
    for (const T value : values) integer(value);
  }
  void hash(const Hash128& value) {
    integer(value.high);
    integer(value.low);
  }
  void position(const Position& value) {
    text(value.topic);
    integer(value.partition);
    integer(value.offset);
  }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }
  [[nodiscard]] std::string take_with_checksum() {
    integer(XXH3_64bits(bytes_.data(), bytes_.size()));
    return std::move(bytes_);
  }

 private:
  std::string bytes_;
};

// Reads fields one after another; after the first that does not fit, every read gives zeros and
// ok() is false. Lengths are bounded by what is left of the record.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  template <class T>
  T integer() {
    if (rest_.size() < sizeof(T)) {
      fail();
      return 0;
    }
    std::make_unsigned_t<T> bits = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      const auto byte = static_cast<std::uint8_t>(rest_[i]);
      bits = static_cast<decltype(bits)>(
          bits | static_cast<decltype(bits)>(static_cast<std::uint64_t>(byte) << (8 * i)));
    }
    rest_.remove_prefix(sizeof(T));
    return static_cast<T>(bits);
  }
  std::size_t length() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
      const auto byte = integer<std::uint8_t>();
      value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
      if ((byte & 0x80U) == 0) {
        if (value > rest_.size()) break;
        return static_cast<std::size_t>(value);
      }
    }
    fail();
    return 0;
  }
  std::string_view view() {
    const std::size_t size = length();
    const std::string_view value = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return value;
  }
  std::string text() { return std::string(view()); }
  template <class T, std::size_t N>
  void block(std::array<T, N>& values) {
    for (T& value : values) value = integer<T>();
  }
  Hash128 hash() {
    const auto high = integer<std::uint64_t>();
    return {high, integer<std::uint64_t>()};
  }
  Position position() {
    Position value;
    value.topic = text();
    value.partition = integer<std::int32_t>();
    value.offset = integer<std::int64_t>();
    return value;
  }
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] std::size_t left() const { return rest_.size(); }

 private:
  void fail() {
    ok_ = false;
    rest_ = {};
  }
  std::string_view rest_;
  bool ok_ = true;
};

std::string signature_block(const Signature& signature) {
  Writer writer;
  writer.hash(signature.exact);
  writer.integer(signature.tokens);
  writer.integer(signature.shingles);
  writer.block(signature.sketch);
  writer.block(signature.lead);
  writer.block(signature.names);
  writer.block(signature.numbers);
  return writer.bytes();
}

// A block of another length is another signature version's: its exact hash leads it too, and that
// is all the fold compares across versions.
Signature read_signature(std::string_view block) {
  Reader reader(block);
  Signature signature;
  signature.exact = reader.hash();
  signature.tokens = reader.integer<std::uint32_t>();
  signature.shingles = reader.integer<std::uint32_t>();
  if (reader.left() == kSketchSize + 2 * kLeadSketchSize + 4 * kAnchorsMax) {
    reader.block(signature.sketch);
    reader.block(signature.lead);
    reader.block(signature.names);
    reader.block(signature.numbers);
  }
  return signature;
}

void write(Writer& writer, const LedgerHeader& header) {
  writer.text(header.cluster_id);
  writer.text(header.group);
  writer.length(header.raw_topics.size());
  for (const std::string& topic : header.raw_topics) writer.text(topic);
}

void write(Writer& writer, const Epoch& epoch) {
  writer.integer(epoch.revision);
  writer.integer(epoch.signature_version);
  writer.integer(epoch.window_ms);
  writer.integer(epoch.jaccard_percent_min);
  writer.integer(epoch.containment_percent_min);
  writer.integer(epoch.band_candidates_max);
  writer.integer(epoch.entries_max);
}

template <class Fill>
void tagged(Writer& writer, Tag tag, Fill fill) {
  Writer field;
  fill(field);
  writer.integer(static_cast<std::uint8_t>(tag));
  writer.text(field.bytes());
}

void write(Writer& writer, const Sighting& sighting) {
  writer.position(sighting.position);
  writer.hash(sighting.raw_hash);
  writer.integer(sighting.time_ms);
  writer.integer(sighting.signature_version);
  writer.text(signature_block(sighting.signature));
  if (!sighting.article_id.empty()) {
    tagged(writer, Tag::article_id, [&](Writer& field) { field.text(sighting.article_id); });
  }
  if (sighting.outlet != 0) {
    tagged(writer, Tag::outlet, [&](Writer& field) { field.integer(sighting.outlet); });
  }
  if (sighting.copy_of) {
    tagged(writer, Tag::copy_of, [&](Writer& field) { field.integer(*sighting.copy_of); });
  }
  if (!sighting.bell.empty()) {
    tagged(writer, Tag::bell, [&](Writer& field) { field.text(sighting.bell); });
  }
}

void write(Writer& writer, const Retract& retract) {
  writer.position(retract.position);
  writer.hash(retract.raw_hash);
}

void write(Writer& writer, const Tick& tick) {
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

LedgerHeader read_header(Reader& reader) {
  LedgerHeader header;
  header.cluster_id = reader.text();
  header.group = reader.text();
  const std::size_t topics = std::min(reader.length(), kRawTopicsMax);
  for (std::size_t i = 0; i < topics && reader.ok(); ++i) {
    header.raw_topics.push_back(reader.text());
  }
  return header;
}

Epoch read_epoch(Reader& reader) {
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

void read_tagged(Reader& reader, Sighting& sighting) {
  while (reader.ok() && !reader.at_end()) {
    const auto tag = reader.integer<std::uint8_t>();
    Reader field(reader.view());
    switch (static_cast<Tag>(tag)) {
      case Tag::copy_of:
        sighting.copy_of = field.integer<std::int64_t>();
        break;
      case Tag::bell:
        sighting.bell = field.text();
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

Sighting read_sighting(Reader& reader) {
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
  Writer writer;
  writer.integer(kMagic);
  writer.integer(static_cast<std::uint8_t>(type_of(record)));
  writer.integer(kVersion);
  std::visit([&](const auto& value) { write(writer, value); }, record);
  return writer.take_with_checksum();
}

LedgerResult<LedgerRecord> decode_ledger_record(std::string_view bytes) {
  if (bytes.size() < kHeadBytes + kChecksumBytes) return LedgerFault::bad_checksum;
  const std::string_view covered = bytes.substr(0, bytes.size() - kChecksumBytes);
  Reader trailer(bytes.substr(covered.size()));
  if (trailer.integer<std::uint64_t>() != XXH3_64bits(covered.data(), covered.size())) {
    return LedgerFault::bad_checksum;
  }
  Reader reader(covered);
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
