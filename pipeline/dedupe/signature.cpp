#include "pipeline/dedupe/signature.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "pipeline/dedupe/boilerplate.h"
#include "pipeline/dedupe/sketch.h"

namespace tocsin {
namespace {

constexpr std::size_t kShingleWords = 3;
constexpr std::size_t kTitleBelowTokens = 12;  // "Details soon." stands for no article
constexpr std::size_t kStubTokensMax = 60;
constexpr std::size_t kHeaderTokens = 16;  // where the date of publication may stand
constexpr std::size_t kDateReach = 4;
constexpr std::size_t kFactTokens = 40;  // of the lead: about its first sentence

// Shingle hashes of the tokens; a text shorter than a shingle is one shingle.
std::vector<std::uint64_t> shingles_of(std::span<const std::uint64_t> tokens) {
  std::vector<std::uint64_t> shingles;
  if (tokens.empty()) return shingles;
  if (tokens.size() < kShingleWords) {
    shingles.push_back(shingle_hash(tokens));
    return shingles;
  }
  shingles.reserve(tokens.size());
  for (std::size_t i = 0; i + kShingleWords <= tokens.size(); ++i) {
    shingles.push_back(shingle_hash(tokens.subspan(i, kShingleWords)));
  }
  return shingles;
}

// Distinct values, by open addressing at most half full.
std::uint32_t count_distinct(std::span<const std::uint64_t> hashes) {
  std::vector<std::uint64_t> table(std::bit_ceil(2 * hashes.size() + 1));
  const std::uint64_t mask = table.size() - 1;
  std::uint32_t distinct = 0;
  bool zero = false;
  for (const std::uint64_t hash : hashes) {
    if (hash == 0) {
      zero = true;
      continue;
    }
    std::uint64_t slot = hash & mask;
    while (table[slot] != 0 && table[slot] != hash) slot = (slot + 1) & mask;
    if (table[slot] == hash) continue;
    table[slot] = hash;
    ++distinct;
  }
  return distinct + (zero ? 1U : 0U);
}

// A word of the story as signatures see it.
struct Word {
  enum class Kind : std::uint8_t { other, name, number };
  std::uint64_t hash = 0;
  std::uint32_t token = 0;  // its first
  Kind kind = Kind::other;
};

constexpr std::uint64_t kScale = 1000;  // values are held in thousandths
constexpr std::uint64_t kValueMax = 1'000'000'000'000'000ULL;

// The value of "1,234.5" in thousandths; nullopt for what is more than a plain number ("24th").
std::optional<std::uint64_t> value_of_digits(std::string_view text) {
  std::uint64_t value = 0;
  std::uint64_t unit = 0;  // of the next digit behind the point; 0 before it
  for (const char c : text) {
    if (c == ',' && unit == 0) continue;
    if (c == '.' && unit == 0) {
      unit = kScale;
      continue;
    }
    if (c < '0' || c > '9' || unit == 1 || value > kValueMax) return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (unit == 0) {
      value = value * 10 + digit * kScale;
    } else {
      unit /= 10;
      value += digit * unit;
    }
  }
  return value;
}

// Reads the story's tokens as words: numbers by value, signs and words of percent left out.
class WordReader {
 public:
  WordReader(const Text& text, std::span<const std::uint32_t> story) : text_(text), story_(story) {}

  [[nodiscard]] std::vector<Word> read() {
    std::vector<Word> words;
    words.reserve(story_.size());
    while (at_ < story_.size()) {
      const Token& token = text_.tokens[story_[at_]];
      if (is_plain(token)) {
        const bool is_named = (token.shape & kNamed) != 0;
        words.push_back({token.hash, story_[at_], is_named ? Word::Kind::name : Word::Kind::other});
        ++at_;
      } else if (text_.is(token, WordClass::percent)) {
        ++at_;
      } else if (text_.is(token, WordClass::percent_first) &&
                 text_.words->is(word_at(at_ + 1), WordClass::percent_second)) {
        at_ += 2;
      } else {
        words.push_back(next());
      }
    }
    return words;
  }

 private:
  static constexpr std::uint16_t kNamed = shape::kTitle | shape::kUpper | shape::kMixed;

  // No digits, and none of the words that are read otherwise than as they stand.
  [[nodiscard]] bool is_plain(const Token& token) const {
    static constexpr WordClassSet kRead{WordClass::percent, WordClass::percent_first,
                                        WordClass::vague_number, WordClass::opener};
    return (token.shape & shape::kNumber) == 0 && !text_.words->is_any(token.word, kRead) &&
           text_.words->number(token.word) == 0;
  }

  [[nodiscard]] WordId word_at(std::size_t i) const {
    return i < story_.size() ? text_.tokens[story_[i]].word : kUnknownWord;
  }

  Word next() {
    const std::uint32_t index = story_[at_];
    const Token& token = text_.tokens[index];
    Word word{token.hash, index, Word::Kind::other};
    const bool digits = (token.shape & shape::kNumber) != 0;
    std::optional<std::uint64_t> value;
    const std::uint64_t in_words = text_.words->number(token.word);
    if (digits) {
      value = value_of_digits(text_.slice(token));
    } else if (in_words > 0) {
      value = in_words * kScale;
    }
    ++at_;
    if (!value) {
      if (digits || text_.is(token, WordClass::vague_number)) {
        word.kind = Word::Kind::number;
      } else if ((token.shape & kNamed) != 0 && !text_.is(token, WordClass::opener)) {
        word.kind = Word::Kind::name;
      }
      return word;
    }
    const bool scaled = take_rest(*value, in_words);
    word.hash = mix64(*value ^ 0x6e756d6265720001ULL);
    // "one" is a pronoun too.
    if (in_words != 1 || scaled) word.kind = Word::Kind::number;
    return word;
  }

  // "twenty-three", "2.5 million": what goes on behind a value.
  bool take_rest(std::uint64_t& value, std::uint64_t in_words) {
    const std::uint64_t unit = text_.words->number(word_at(at_));
    if (in_words >= 20 && unit > 0 && unit < 10) {
      value += unit * kScale;
      ++at_;
    }
    bool scaled = false;
    for (std::uint64_t scale = text_.words->scale(word_at(at_)); scale > 0 && value < kValueMax;
         scale = text_.words->scale(word_at(at_))) {
      value *= scale;
      scaled = true;
      ++at_;
    }
    return scaled;
  }

  const Text& text_;
  std::span<const std::uint32_t> story_;
  std::size_t at_ = 0;
};

// Whether a number of the header is the day it was published, not news: it stands beside a month.
bool is_date(const Text& text, std::span<const Word> words, std::size_t number) {
  const std::size_t begin = number - std::min(number, kDateReach);
  const std::size_t end = std::min(words.size(), number + kDateReach + 1);
  return std::any_of(words.begin() + static_cast<std::ptrdiff_t>(begin),
                     words.begin() + static_cast<std::ptrdiff_t>(end), [&](const Word& near) {
                       return text.is(text.tokens[near.token], WordClass::month);
                     });
}

std::uint8_t place_of(const Word& word) {
  return static_cast<std::uint8_t>(mix64(word.hash) % kAnchorPlaces);
}

template <std::size_t kSize>
void add_fact(Facts<kSize>& facts, std::uint8_t place, std::uint8_t mark) {
  for (std::uint8_t& fact : facts) {
    if (fact == kNoFact) fact = place | mark;
    if ((fact & ~kTitleFact) == place) return;
  }
}

void collect_anchors(const Text& text, std::span<const Word> title, std::span<const Word> story,
                     Signature& signature) {
  std::vector<std::uint64_t> named;
  named.reserve(story.size() / 4 + 4);  // about as many as there are
  for (std::size_t i = 0; i < story.size(); ++i) {
    const Word& word = story[i];
    if (word.kind == Word::Kind::other) continue;
    const bool number = word.kind == Word::Kind::number;
    if (number && i < kHeaderTokens && is_date(text, story, i)) continue;
    AnchorSet& set = number ? signature.numbers : signature.names;
    const std::uint8_t place = place_of(word);
    set[place / 8] |= static_cast<std::uint8_t>(1U << (place % 8));
    named.push_back(word.hash);
  }
  std::sort(named.begin(), named.end());
  const auto add = [&](const Word& word, std::uint8_t mark) {
    if (word.kind == Word::Kind::other) return;
    if (!std::binary_search(named.begin(), named.end(), word.hash)) return;
    if (word.kind == Word::Kind::name) {
      add_fact(signature.lead_names, place_of(word), mark);
    } else {
      add_fact(signature.lead_numbers, place_of(word), mark);
    }
  };
  for (const Word& word : title) add(word, kTitleFact);
  for (const Word& word : story.first(std::min<std::size_t>(story.size(), kFactTokens))) {
    add(word, 0);
  }
}

Hash128 to_hash(const XXH128_hash_t& hash) {
  return {hash.high64, hash.low64};
}

// A few sentences that name nobody and count nothing are no news, whatever site put them there.
// Scripts without capitals cannot tell.
bool names_nothing(const Text& text, std::span<const std::uint32_t> story,
                   std::span<const Word> words) {
  const auto is_plain = [&](const Word& word) {
    const bool opens =
        &word == words.data() || (text.tokens[word.token].before & before::kStop) != 0;
    return word.kind == Word::Kind::other || (word.kind == Word::Kind::name && opens);
  };
  return std::all_of(words.begin(), words.end(), is_plain) &&
         std::none_of(story.begin(), story.end(), [&](std::uint32_t token) {
           return (text.tokens[token].shape & shape::kNoCase) != 0;
         });
}

std::vector<std::uint32_t> tokens_of_title(const Text& text) {
  std::vector<std::uint32_t> title(std::min<std::size_t>(text.body_token, text.tokens.size()));
  std::iota(title.begin(), title.end(), 0U);
  return title;
}

}  // namespace

Deciding deciding_tokens(const Text& text, const Masthead& masthead) {
  const std::vector<std::uint32_t> title = tokens_of_title(text);
  std::vector<std::uint32_t> tokens = story_tokens(text, masthead);
  const bool is_stub = !title.empty() && text.body_token < text.tokens.size() &&
                       tokens.size() <= kStubTokensMax &&
                       names_nothing(text, tokens, WordReader(text, tokens).read());
  if (is_stub) {
    tokens = title;
  } else if (tokens.size() < kTitleBelowTokens) {
    tokens.insert(tokens.begin(), title.begin(), title.end());
  }
  if (tokens.empty()) {
    tokens.resize(text.tokens.size());
    std::iota(tokens.begin(), tokens.end(), 0U);
  }
  return {std::move(tokens), is_stub};
}

Signature signature_of(const Text& text, const Deciding& deciding) {
  const std::vector<std::uint32_t> title = tokens_of_title(text);
  const std::vector<Word> story = WordReader(text, deciding.tokens).read();
  std::vector<std::uint64_t> hashes;
  hashes.reserve(story.size());
  for (const Word& word : story) hashes.push_back(word.hash);
  Signature signature;
  signature.exact = to_hash(XXH3_128bits(hashes.data(), hashes.size() * sizeof(std::uint64_t)));
  signature.tokens = static_cast<std::uint32_t>(hashes.size());
  const std::vector<std::uint64_t> shingles = shingles_of(hashes);
  const std::size_t lead = std::min<std::size_t>(hashes.size(), kLeadTokens);
  // Those of the lead come first.
  const std::size_t of_lead =
      std::min(shingles.size(), lead < kShingleWords ? 1 : lead - kShingleWords + 1);
  signature.shingles = count_distinct(shingles);
  sketch_of(shingles, of_lead, std::span(signature.sketch));
  sketch_of(std::span(shingles).first(of_lead), std::span(signature.lead));
  collect_anchors(text, WordReader(text, title).read(), story, signature);
  return signature;
}

Hash128 raw_hash(std::string_view payload) {
  return to_hash(XXH3_128bits(payload.data(), payload.size()));
}

}  // namespace tocsin
