#include "pipeline/syntax/model.h"

#include <xxhash.h>

#include <algorithm>
#include <type_traits>

namespace tocsin {
namespace {

// The file: magic, sizes, scales, tags, hashes of the words, weights in the order of SyntaxModel,
// XXH3 of all before it. Numbers are little-endian; weights of matrices take one byte.
constexpr std::string_view kMagic = "tocsin syntax 1\n";
constexpr int kScaleMax = 10;
constexpr std::int32_t kBiasMax = 1 << 28;

const std::array<std::uint32_t, 12>& layer_sizes() {
  static constexpr std::array<std::uint32_t, 12> kSizes = {
      kMixes,           kWordSize,          kWindow,      kTagHidden, kParserHidden,
      kSlots,           kStateRows,         kDeprelCount, kUposCount, state_row::kCount,
      token_row::kWord, WordIds::kFirstWord};
  return kSizes;
}

class ModelWriter {
 public:
  explicit ModelWriter(std::string& out) : out_(out) {}

  template <class Integer>
  void number(Integer value) {
    using Unsigned = std::make_unsigned_t<Integer>;
    auto rest = static_cast<std::uint64_t>(static_cast<Unsigned>(value));
    for (std::size_t i = 0; i < sizeof(Integer); ++i, rest >>= 8) {
      out_ += static_cast<char>(rest & 0xFF);
    }
  }
  template <class Stored, class Integer>
  void all(const std::vector<Integer>& values) {
    for (const Integer value : values) number(static_cast<Stored>(value));
  }
  void layer(const PackedLayer& layer) {
    for (std::size_t i = 0; i < layer.inputs(); ++i) {
      for (std::size_t o = 0; o < layer.outputs(); ++o) {
        number(static_cast<std::int8_t>(layer.weight(i, o)));
      }
    }
  }

 private:
  std::string& out_;
};

// Reads what ModelWriter wrote; after the first fault everything reads as zero.
class ModelReader {
 public:
  explicit ModelReader(std::string_view bytes) : bytes_(bytes) {}

  template <class Integer>
  Integer number() {
    if (bytes_.size() - at_ < sizeof(Integer)) {
      fail("is cut off");
      return 0;
    }
    std::uint64_t value = 0;
    for (std::size_t i = sizeof(Integer); i-- > 0;) {
      value = value << 8 | static_cast<unsigned char>(bytes_[at_ + i]);
    }
    at_ += sizeof(Integer);
    return static_cast<Integer>(value);
  }

  // `count` numbers of at most `limit` either way.
  template <class Stored, class Integer>
  void all(std::vector<Integer>& values, std::size_t count, std::int64_t limit) {
    if ((bytes_.size() - at_) / sizeof(Stored) < count) return fail("is cut off");
    values.resize(count);
    for (Integer& value : values) {
      const auto read = number<Stored>();
      if (read > limit || read < -limit) return fail("holds a weight that is too large");
      value = read;
    }
  }

  void fail(std::string_view why) {
    if (fault_.empty()) fault_ = why;
  }
  [[nodiscard]] const std::string& fault() const noexcept { return fault_; }
  [[nodiscard]] std::size_t left() const noexcept { return bytes_.size() - at_; }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
  std::string fault_;
};

LayerScales read_scales(ModelReader& in) {
  LayerScales scales;
  for (std::uint8_t* scale : {&scales.rows, &scales.window, &scales.slots, &scales.outputs}) {
    *scale = in.number<std::uint8_t>();
    if (*scale > kScaleMax) in.fail("holds a scale that is too large");
  }
  // Shifts back to kSumBits must not be negative or zero.
  if (scales.rows + std::min(scales.window, scales.slots) <= kSumBits || scales.window == 0) {
    in.fail("holds a scale that is too small");
  }
  return scales;
}

void write_scales(ModelWriter& out, const LayerScales& scales) {
  for (const std::uint8_t scale : {scales.rows, scales.window, scales.slots, scales.outputs}) {
    out.number(scale);
  }
}

void read_tags(ModelReader& in, SyntaxModel& model) {
  const auto count = in.number<std::uint16_t>();
  if (count == 0 || count > kTagsMax) return in.fail("has no tags, or too many");
  model.tags.resize(count);
  for (SyntaxTag& tag : model.tags) {
    const auto upos = in.number<std::uint8_t>();
    const auto form = in.number<std::uint8_t>();
    if (upos >= kUposCount || form > static_cast<std::uint8_t>(WordForm::plural)) {
      return in.fail("names an unknown tag");
    }
    tag = {static_cast<Upos>(upos), static_cast<WordForm>(form)};
  }
}

void read_words(ModelReader& in, SyntaxModel& model) {
  const auto count = in.number<std::uint16_t>();
  if (count > WordIds::kWordsMax) return in.fail("has too many words");
  if (in.left() / sizeof(std::uint64_t) < count) return in.fail("is cut off");
  std::vector<std::uint64_t> hashes(count);
  for (std::uint64_t& hash : hashes) hash = in.number<std::uint64_t>();
  const auto unsorted = std::adjacent_find(hashes.begin(), hashes.end(),
                                           [](std::uint64_t a, std::uint64_t b) { return a >= b; });
  if (unsorted != hashes.end()) return in.fail("has words out of order");
  model.words = WordIds(std::move(hashes));
}

void read_weights(ModelReader& in, SyntaxModel& model) {
  constexpr std::int64_t kWeightMax = 127;
  const std::size_t tags = model.tags.size();
  const auto small = [&](auto& values, std::size_t count) {
    in.all<std::int8_t>(values, count, kWeightMax);
  };
  const auto addends = [&](auto& values, std::size_t count) {
    in.all<std::int16_t>(values, count, kAddendMax);
  };
  const auto biases = [&](auto& values, std::size_t count) {
    in.all<std::int32_t>(values, count, kBiasMax);
  };
  const auto layer = [&](PackedLayer& packed, std::size_t inputs, std::size_t outputs) {
    std::vector<std::int8_t> weights;
    small(weights, inputs * outputs);
    if (in.fault().empty()) packed = PackedLayer(inputs, outputs, weights);
  };
  small(model.tagger_rows, model.token_rows() * kWordSize);
  layer(model.tagger_window, kWindow * kWordSize, kTagHidden);
  addends(model.tagger_bias, kTagHidden);
  addends(model.tagger_history, 2 * (tags + 1) * kTagHidden);
  layer(model.tagger_outputs, kTagHidden, tags);
  biases(model.tagger_out_bias, tags);
  small(model.parser_rows, model.token_rows() * kWordSize);
  small(model.parser_tag_rows, tags * kWordSize);
  for (std::size_t mix = 0; mix < kMixes; ++mix) {
    layer(model.parser_mixes[mix], kWindow * kWordSize, kWordSize);
    biases(model.parser_mix_biases[mix], kWordSize);
  }
  for (PackedLayer& slot : model.parser_slots) layer(slot, kWordSize, kParserHidden);
  addends(model.parser_slot_tags, kSlots * (tags + 2) * kParserHidden);
  addends(model.parser_states, state_row::kCount * kParserHidden);
  addends(model.parser_bias, kParserHidden);
  layer(model.parser_actions, kParserHidden, kActionCount);
  for (PackedLayer& labels : model.parser_labels) layer(labels, kParserHidden, kDeprelCount);
  biases(model.parser_out_bias, kParserOutputs);
}

}  // namespace

LoadedSyntaxModel read_model(std::string_view bytes) {
  LoadedSyntaxModel loaded;
  if (!bytes.starts_with(kMagic)) return {{}, "is no model of tocsin, or of another version"};
  if (bytes.size() < kMagic.size() + sizeof(std::uint64_t)) return {{}, "is cut off"};
  const std::string_view content = bytes.substr(0, bytes.size() - sizeof(std::uint64_t));
  ModelReader checksum(bytes.substr(content.size()));
  if (checksum.number<std::uint64_t>() != XXH3_64bits(content.data(), content.size())) {
    return {{}, "is damaged: its checksum is wrong"};
  }
  ModelReader in(content.substr(kMagic.size()));
  for (const std::uint32_t size : layer_sizes()) {
    if (in.number<std::uint32_t>() != size) in.fail("has layers of other sizes");
  }
  if (in.fault().empty()) {
    loaded.model.tagger_scales = read_scales(in);
    loaded.model.parser_scales = read_scales(in);
    read_tags(in, loaded.model);
  }
  if (in.fault().empty()) read_words(in, loaded.model);
  if (in.fault().empty()) read_weights(in, loaded.model);
  if (in.fault().empty() && in.left() != 0) in.fail("goes on after its end");
  loaded.fault = in.fault();
  return loaded;
}

std::string write_model(const SyntaxModel& model) {
  std::string bytes(kMagic);
  ModelWriter out(bytes);
  for (const std::uint32_t size : layer_sizes()) out.number(size);
  write_scales(out, model.tagger_scales);
  write_scales(out, model.parser_scales);
  out.number(static_cast<std::uint16_t>(model.tags.size()));
  for (const SyntaxTag& tag : model.tags) {
    out.number(static_cast<std::uint8_t>(tag.upos));
    out.number(static_cast<std::uint8_t>(tag.form));
  }
  out.number(static_cast<std::uint16_t>(model.words.hashes().size()));
  for (const std::uint64_t hash : model.words.hashes()) out.number(hash);
  out.all<std::int8_t>(model.tagger_rows);
  out.layer(model.tagger_window);
  out.all<std::int16_t>(model.tagger_bias);
  out.all<std::int16_t>(model.tagger_history);
  out.layer(model.tagger_outputs);
  out.all<std::int32_t>(model.tagger_out_bias);
  out.all<std::int8_t>(model.parser_rows);
  out.all<std::int8_t>(model.parser_tag_rows);
  for (std::size_t mix = 0; mix < kMixes; ++mix) {
    out.layer(model.parser_mixes[mix]);
    out.all<std::int32_t>(model.parser_mix_biases[mix]);
  }
  for (const PackedLayer& slot : model.parser_slots) out.layer(slot);
  out.all<std::int16_t>(model.parser_slot_tags);
  out.all<std::int16_t>(model.parser_states);
  out.all<std::int16_t>(model.parser_bias);
  out.layer(model.parser_actions);
  for (const PackedLayer& labels : model.parser_labels) out.layer(labels);
  out.all<std::int32_t>(model.parser_out_bias);
  out.number(static_cast<std::uint64_t>(XXH3_64bits(bytes.data(), bytes.size())));
  return bytes;
}

}  // namespace tocsin
