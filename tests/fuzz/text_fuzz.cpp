// Clean-up, tokens and sentences of any bytes: everything is in order, nothing points outside, and
// the offsets lead back into the field. The first line is the title.
#include "pipeline/text/text.h"
#include "tests/english.h"
#include "tests/fuzz/fuzz.h"

using namespace tocsin;
using tocsin::fuzz::require;

namespace {

void check_tokens(const Text& text) {
  std::uint32_t last = 0;
  for (std::size_t i = 0; i < text.tokens.size(); ++i) {
    const Token& token = text.tokens[i];
    require(token.begin >= last && token.begin < token.end && token.end <= text.bytes.size());
    require((i < text.body_token) == (token.end < text.body_begin));
    require(token.hash == fold_hash(text.slice(token)));
    require(__builtin_popcount(token.shape & 0x1F) == 1);
    last = token.end;
  }
}

void check_sentences(const Text& text) {
  std::uint32_t next = 0;
  for (std::size_t i = 0; i < text.sentences.size(); ++i) {
    const TokenSpan span = text.sentences[i].tokens;
    require(span.begin == next && span.end > span.begin);
    require(text.sentence_of(span.begin) == i && text.sentence_of(span.end - 1) == i);
    next = span.end;
  }
  require(next == text.tokens.size());
}

void check_offsets(const Text& text, std::string_view title, std::string_view body) {
  const CodePoints title_index(title);
  require(title_index.before(title, title.size()) == count_code_points(title));
  const std::size_t title_points = count_code_points(title);
  const std::size_t body_points = count_code_points(body);
  std::uint32_t last = 0;
  for (std::size_t i = 0; i < text.tokens.size(); ++i) {
    if (i == text.body_token) last = 0;
    const std::uint32_t begin = text.original_offset(text.tokens[i].begin, false);
    const std::uint32_t end = text.original_offset(text.tokens[i].end, true);
    require(begin >= last && begin <= end);
    require(end <= (i < text.body_token ? title_points : body_points));
    last = begin;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view all = fuzz::view_of(data, size);
  const std::size_t line = std::min(all.find('\n'), all.size());
  const std::string_view title = all.substr(0, line);
  const std::string_view body = all.substr(std::min(line + 1, all.size()));
  const Text text = make_text(title, body, "");
  check_tokens(text);
  check_sentences(text);
  check_offsets(text, title, body);
  return 0;
}
