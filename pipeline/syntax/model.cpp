#include "pipeline/syntax/model.h"

#include <xxhash.h>

#include <algorithm>
#include <initializer_list>
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
  template <class Stored, class Values>
  void all(const Values& values) {
    for (const auto value : values) number(static_cast<Stored>(value));
  }
  template <class Part>
  void part(const std::vector<TokenWeights>& rows, Part part) {
    for (const TokenWeights& row : rows) all<std::int8_t>(row.*part);
  }
  template <class Layer>
  void layer(const Layer& layer) {
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
  template <class Stored, class Values>
  void all(Values& values, std::size_t count, std::int64_t limit) {
    if ((bytes_.size() - at_) / sizeof(Stored) < count) return fail("is cut off");
    values.resize(count);
    for (auto& value : values) {
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
  const auto layer = [&](auto& packed, std::size_t inputs, std::size_t outputs) {
    std::vector<std::int8_t> weights;
    small(weights, inputs * outputs);
    if (in.fault().empty()) packed = {inputs, outputs, weights};
  };
  const auto part_of_rows = [&](auto part) {
    std::vector<std::int8_t> weights;
    small(weights, model.token_rows() * kWordSize);
    if (!in.fault().empty()) return;
    model.token_weights.resize(model.token_rows());
    const std::int8_t* from = weights.data();
    for (TokenWeights& row : model.token_weights) {
      std::copy_n(from, kWordSize, (row.*part).begin());
      from += kWordSize;
    }
  };
  part_of_rows(&TokenWeights::tagger);
  layer(model.tagger_window, kWindow * kWordSize, kTagHidden);
  addends(model.tagger_bias, kTagHidden);
  addends(model.tagger_history, 2 * (tags + 1) * kTagHidden);
  layer(model.tagger_outputs, kTagHidden, tags);
  biases(model.tagger_out_bias, tags);
  part_of_rows(&TokenWeights::parser);
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

void add_row(const std::int16_t* from, std::int16_t* to) {
  for (std::size_t i = 0; i < kParserHidden; ++i)
    to[i] = static_cast<std::int16_t>(to[i] + from[i]);
}

// A state's rows with few values together, summed for each of their combinations.
void sum_states(SyntaxModel& model) {
  model.state_sums.assign(state_sum::kCount * kParserHidden, 0);
  const auto sum = [&](std::size_t at, std::initializer_list<std::size_t> rows) {
    std::int16_t* to = &model.state_sums[at * kParserHidden];
    for (const std::size_t row : rows) add_row(&model.parser_states[row * kParserHidden], to);
  };
  const auto valency = [](std::size_t group, std::size_t count) {
    return state_row::kValency + 4 * group + count;
  };
  for (std::size_t i = 0; i < std::size_t{9} * 9; ++i) {
    const std::size_t at = state_sum::kDistances + i;
    add_row(model.parser_bias.data(), &model.state_sums[at * kParserHidden]);
    sum(at, {state_row::kDistance + i / 9, state_row::kDistance + 9 + i % 9});
  }
  for (std::size_t i = 0; i < std::size_t{4} * 4 * 4; ++i) {
    sum(state_sum::kFirst + i, {valency(0, i / 16), valency(1, i / 4 % 4), valency(4, i % 4)});
  }
  for (std::size_t i = 0; i < std::size_t{4} * 4; ++i) {
    sum(state_sum::kSecond + i, {valency(2, i / 4), valency(3, i % 4)});
  }
  for (std::size_t i = 0; i < std::size_t{6} * 6; ++i) {
    sum(state_sum::kBetweens + i, {state_row::kBetween + i / 6, state_row::kBetween + 6 + i % 6});
  }
  for (std::size_t i = 0; i < std::size_t{3} * 64; ++i) {
    sum(state_sum::kArguments + i, {state_row::kArguments + i});
  }
}

// What the empty ones of a state's children add.
void sum_absent(SyntaxModel& model) {
  const std::size_t tags = model.tags.size();
  model.absent_sums.assign((std::size_t{1} << kChildSlots) * kParserHidden, 0);
  for (std::size_t set = 0; set < std::size_t{1} << kChildSlots; ++set) {
    std::int16_t* to = &model.absent_sums[set * kParserHidden];
    for (std::size_t child = 0; child < kChildSlots; ++child) {
      if ((set >> child & 1U) == 0) continue;
      const std::size_t word = (kTopSlots + child) * (tags + 2) + tags;
      const std::size_t label = state_row::kLabel + child * (kDeprelCount + 1) + kDeprelCount;
      add_row(&model.parser_slot_tags[word * kParserHidden], to);
      add_row(&model.parser_states[label * kParserHidden], to);
    }
  }
}

void pad_biases(SyntaxModel& model) {
  const auto pad = [](auto first, std::size_t count, LineVector<std::int32_t>& to) {
    to.assign(padded(count), kNever);
    std::copy_n(first, count, to.begin());
  };
  pad(model.tagger_out_bias.begin(), model.tags.size(), model.tag_biases);
  auto of_side = model.parser_out_bias.begin() + kActionCount;
  for (LineVector<std::int32_t>& biases : model.label_biases) {
    pad(of_side, kDeprelCount, biases);
    biases[static_cast<std::size_t>(Deprel::root)] = kNever;  // the parser alone says what is root
    of_side += kDeprelCount;
  }
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
  if (loaded.fault.empty()) {
    sum_states(loaded.model);
    sum_absent(loaded.model);
    pad_biases(loaded.model);
  }
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
  out.part(model.token_weights, &TokenWeights::tagger);
  out.layer(model.tagger_window);
  out.all<std::int16_t>(model.tagger_bias);
  out.all<std::int16_t>(model.tagger_history);
  out.layer(model.tagger_outputs);
  out.all<std::int32_t>(model.tagger_out_bias);
  out.part(model.token_weights, &TokenWeights::parser);
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
