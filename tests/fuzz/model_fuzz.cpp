// Model files of any bytes: read or refused, and with what was read any sentence has a tree. Four
// bytes of the input overwrite one byte of the model that ships (three of place, one of value), so
// that more than the header is reached; the checksum is put right again.
#include "pipeline/syntax/model.h"

#include <xxhash.h>

#include <fstream>
#include <iterator>
#include <string>

#include "pipeline/syntax/parser.h"
#include "tests/english.h"
#include "tests/fuzz/fuzz.h"

using namespace tocsin;
using tocsin::fuzz::require;

namespace {

const std::string& shipped() {
  static const std::string kBytes = [] {
    std::ifstream file(TOCSIN_MODEL_FILE, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }();
  return kBytes;
}

void seal(std::string& bytes) {
  const std::size_t size = bytes.size() - sizeof(std::uint64_t);
  std::uint64_t hash = XXH3_64bits(bytes.data(), size);
  for (std::size_t i = size; i < bytes.size(); ++i, hash >>= 8) {
    bytes[i] = static_cast<char>(hash & 0xFF);
  }
}

void use(std::string_view bytes) {
  LoadedSyntaxModel loaded = read_model(bytes);
  if (!loaded.fault.empty()) return;
  require(write_model(loaded.model) == bytes);
  const Text text = make_text("", "Norway's navy, he said, \"fired\" on 3 U.S. ships (and fled).",
                              "en", languages_with(loaded.model));
  ParserScratch scratch;
  const TokenSpan whole = {0, static_cast<std::uint32_t>(text.tokens.size())};
  const Tree tree = parse(loaded.model, text, whole, scratch);
  std::size_t roots = 0;
  for (const Node& node : tree.nodes) {
    require(node.head == kRootHead || node.head < tree.nodes.size());
    roots += node.head == kRootHead ? 1 : 0;
  }
  require(roots == 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  use(fuzz::view_of(data, size));
  std::string bytes = shipped();
  for (std::size_t i = 0; i + 4 <= size; i += 4) {
    const std::size_t place =
        data[i] | std::size_t{data[i + 1]} << 8 | std::size_t{data[i + 2]} << 16;
    bytes[place % bytes.size()] = static_cast<char>(data[i + 3]);
  }
  seal(bytes);
  use(bytes);
  return 0;
}
