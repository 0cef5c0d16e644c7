#include "pipeline/entities/gazetteer_image.h"

#include <xxhash.h>

#include <bit>
#include <cstring>
#include <type_traits>
#include <utility>

#include "pipeline/entities/gazetteer_state.h"

namespace tocsin {
namespace {

constexpr std::uint32_t kImageVersion = 1;
constexpr std::size_t kAlignment = 8;

// What an image of this build begins with. Machines and builds that read numbers, fold words or
// hash tokens in another way have another probe.
struct Header {
  char magic[8] = {};
  std::uint32_t version = kImageVersion;
  std::uint32_t header_size = sizeof(Header);
  std::uint64_t probe = 0;
  std::uint64_t payload_size = 0;
  std::uint64_t payload_hash = 0;
};

std::uint64_t probe() {
  const std::uint64_t words = fold_hash("\xC3\x84rger") ^ std::rotl(fold_hash("Quito"), 7);
  return words + sizeof(std::size_t) + (std::endian::native == std::endian::little ? 16U : 32U);
}

class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}
  template <typename T>
  void number(T value) {
    static_assert(std::is_trivially_copyable_v<T>);
    out_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void text(std::string_view value) {
    number(static_cast<std::uint32_t>(value.size()));
    out_ += value;
  }
  template <typename T>
  void numbers(const std::vector<T>& values) {
    number(static_cast<std::uint64_t>(values.size()));
    for (const T& value : values) number(value);
  }
  template <typename A, typename B>
  void pairs(const std::vector<std::pair<A, B>>& values) {
    number(static_cast<std::uint64_t>(values.size()));
    for (const auto& [first, second] : values) {
      number(first);
      number(second);
    }
  }
  void align() { out_.append((kAlignment - out_.size() % kAlignment) % kAlignment, '\0'); }

 private:
  std::string& out_;
};

// Reads what Writer wrote; after the end everything is zero and is_good() false.
class Reader {
 public:
  explicit Reader(std::span<const std::byte> in) : in_(in) {}
  template <typename T>
  T number() {
    T value{};
    if (in_.size() < sizeof value) {
      is_good_ = false;
      in_ = {};
      return value;
    }
    std::memcpy(&value, in_.data(), sizeof value);
    in_ = in_.subspan(sizeof value);
    return value;
  }
  std::string text() {
    const auto size = number<std::uint32_t>();
    if (size > in_.size()) {
      is_good_ = false;
      in_ = {};
      return {};
    }
    std::string value(reinterpret_cast<const char*>(in_.data()), size);
    in_ = in_.subspan(size);
    return value;
  }
  // A count of things of which each takes at least `bytes_min`: more cannot be there.
  std::size_t count(std::size_t bytes_min) {
    const auto value = number<std::uint64_t>();
    is_good_ = is_good_ && value <= in_.size() / bytes_min;
    return is_good_ ? static_cast<std::size_t>(value) : 0;
  }
  template <typename T>
  void numbers(std::vector<T>& values) {
    values.resize(count(sizeof(T)));
    for (T& value : values) value = number<T>();
  }
  template <typename A, typename B>
  void pairs(std::vector<std::pair<A, B>>& values) {
    values.resize(count(sizeof(A) + sizeof(B)));
    for (auto& [first, second] : values) {
      first = number<A>();
      second = number<B>();
    }
  }
  [[nodiscard]] bool is_good() const { return is_good_; }
  [[nodiscard]] std::span<const std::byte> rest() const { return in_; }

 private:
  std::span<const std::byte> in_;
  bool is_good_ = true;
};

void write_entity(const Entity& entity, Writer& out) {
  out.text(entity.id);
  out.text(entity.name);
  out.text(entity.code);
  out.number(entity.type);
  out.number(entity.part);
  out.number(entity.acts_for);
  out.number(static_cast<std::uint64_t>(entity.offices.size()));
  for (const Office& office : entity.offices) {
    out.text(office.title);
    out.text(office.code);
    out.number(office.from_day);
    out.number(office.to_day);
  }
}

Entity read_entity(Reader& in) {
  constexpr std::size_t kOfficeBytesMin = 16;
  Entity entity;
  entity.id = in.text();
  entity.name = in.text();
  entity.code = in.text();
  entity.type = in.number<EntityType>();
  entity.part = in.number<Part>();
  entity.acts_for = in.number<EntityIndex>();
  entity.offices.resize(in.count(kOfficeBytesMin));
  for (Office& office : entity.offices) {
    office.title = in.text();
    office.code = in.text();
    office.from_day = in.number<std::int32_t>();
    office.to_day = in.number<std::int32_t>();
  }
  return entity;
}

// The reason why the header does not fit this build and these bytes; "" when it does.
std::string refuse(const Header& header, std::span<const std::byte> payload) {
  if (header.version != kImageVersion || header.header_size != sizeof(Header) ||
      header.probe != probe()) {
    return "compiled by another version of tocsin; run tocsin compile-gazetteer again";
  }
  if (header.payload_size != payload.size()) {
    return "cut short or grown: " + std::to_string(payload.size()) + " bytes where " +
           std::to_string(header.payload_size) + " were written";
  }
  if (header.payload_hash != XXH3_64bits(payload.data(), payload.size())) {
    return "damaged: its checksum does not fit its content";
  }
  return "";
}

LoadedImage refused(std::string reason) {
  LoadedImage loaded;
  loaded.fault = std::move(reason);
  return loaded;
}

}  // namespace

std::string write_gazetteer_image(const Gazetteer& gazetteer,
                                  const std::vector<ImageSource>& sources,
                                  std::string_view data_hash) {
  const Gazetteer::State& state = gazetteer.state();
  Header header;
  std::string image(sizeof header, '\0');
  Writer out(image);
  state.names.append_image(image);
  out.text(data_hash);
  out.number(static_cast<std::uint64_t>(sources.size()));
  for (const ImageSource& source : sources) {
    out.text(source.path);
    out.number(source.content_hash);
  }
  out.number(static_cast<std::uint64_t>(state.entities.size()));
  for (const Entity& entity : state.entities) write_entity(entity, out);
  out.numbers(state.populations);
  out.pairs(state.surnames);
  out.pairs(state.follow_ups);
  out.numbers(state.given_names);
  out.align();

  std::memcpy(header.magic, kImageMagic.data(), sizeof header.magic);
  header.probe = probe();
  header.payload_size = image.size() - sizeof header;
  header.payload_hash =
      XXH3_64bits(image.data() + sizeof header, static_cast<std::size_t>(header.payload_size));
  std::memcpy(image.data(), &header, sizeof header);
  return image;
}

LoadedImage read_gazetteer_image(std::span<const std::byte> image,
                                 std::shared_ptr<const void> owner) {
  constexpr std::size_t kEntityBytesMin = 26;
  Header header;
  if (image.size() < sizeof header ||
      std::memcmp(image.data(), kImageMagic.data(), kImageMagic.size()) != 0) {
    return refused("not a compiled gazetteer");
  }
  std::memcpy(&header, image.data(), sizeof header);
  image = image.subspan(sizeof header);
  if (std::string reason = refuse(header, image); !reason.empty()) {
    return refused(std::move(reason));
  }
  LoadedImage loaded;
  Gazetteer gazetteer;
  Gazetteer::State& state = *gazetteer.state_;
  std::optional<PhraseTable> names = PhraseTable::from_image(image, std::move(owner));
  if (!names) return refused("damaged: its table of names does not fit");
  state.names = *std::move(names);
  Reader in(image);
  loaded.data_hash = in.text();
  loaded.sources.resize(in.count(sizeof(std::uint64_t)));
  for (ImageSource& source : loaded.sources) {
    source.path = in.text();
    source.content_hash = in.number<std::uint64_t>();
  }
  const std::size_t entities = in.count(kEntityBytesMin);
  state.entities.reserve(entities);
  for (std::size_t i = 0; i < entities; ++i) state.entities.push_back(read_entity(in));
  in.numbers(state.populations);
  in.pairs(state.surnames);
  in.pairs(state.follow_ups);
  in.numbers(state.given_names);
  if (!in.is_good() || state.populations.size() != state.entities.size()) {
    return refused("damaged: its entities do not fit");
  }
  state.index();
  loaded.gazetteer = std::move(gazetteer);
  return loaded;
}

}  // namespace tocsin
