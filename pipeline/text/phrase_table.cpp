#include "pipeline/text/phrase_table.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <numeric>
#include <type_traits>
#include <utility>

#include "pipeline/text/ascii.h"

namespace tocsin {
namespace {

constexpr std::uint32_t kHasChild = 0x8000'0000;
constexpr std::size_t kBlock = 64;  // tokens whose first probes are in flight together
constexpr std::size_t kFilterBitsMax = std::size_t{1} << 22;  // 512 KiB: stays in the L2 cache
// Phrases that must begin with a capital stand in the filter under another key: four of five words
// of a text are small and need not look them up.
constexpr std::uint64_t kCapitalKey = 0xA5A5'5A5A'C3C3'3C3C;
constexpr std::size_t kNoSlot = std::numeric_limits<std::size_t>::max();

constexpr std::uint16_t kBreaks = before::kComma | before::kStop | before::kColon |
                                  before::kSemicolon | before::kDash | before::kQuoteOpen |
                                  before::kQuoteClose | before::kParenOpen | before::kParenClose |
                                  before::kParagraph | before::kOther;

// Finaliser of MurmurHash3 (public domain), applied to the running prefix and the next token.
std::uint64_t extend(std::uint64_t prefix, std::uint64_t token) noexcept {
  std::uint64_t h = (prefix + 0x9E37'79B9'7F4A'7C15) ^ token;
  h = (h ^ (h >> 33)) * 0xFF51'AFD7'ED55'8CCD;
  h = (h ^ (h >> 33)) * 0xC4CE'B9FE'1A85'EC53;
  return h ^ (h >> 33);
}

std::uint32_t tag_of(std::uint64_t hash) noexcept {
  return static_cast<std::uint32_t>(hash >> 32) | 1U;
}

// Abbreviations whose point does not end a phrase: U.S., W., Gen., Mr., St.
bool is_abbreviation(const Token& token) noexcept {
  constexpr std::uint32_t kLettersMax = 3;
  return (token.shape & shape::kPointed) != 0 ||
         ((token.shape & (shape::kTitle | shape::kUpper)) != 0 &&
          token.end - token.begin <= kLettersMax);
}

// Marks between a token and the one before it that end a phrase.
std::uint16_t breaks_before(const Text& text, std::uint32_t token) noexcept {
  auto marks = static_cast<std::uint16_t>(text.tokens[token].before & kBreaks);
  if ((marks & before::kStop) != 0 && is_abbreviation(text.tokens[token - 1])) {
    marks = static_cast<std::uint16_t>(marks & ~before::kStop);
  }
  return marks;
}

// `expected` is folded. The common case without a copy; anything else by fold() itself.
bool folds_to(std::string_view token, std::string_view expected) {
  if (token.size() == expected.size() &&
      std::equal(token.begin(), token.end(), expected.begin(),
                 [](char a, char b) { return ascii_lower(a) == b; })) {
    return true;
  }
  return fold(token) == expected;
}

bool equals_without_points(std::string_view token, std::string_view expected) noexcept {
  std::size_t at = 0;
  for (const char c : token) {
    if (c == '.') {
      continue;
    }
    if (at == expected.size() || expected[at] != c) {
      return false;
    }
    ++at;
  }
  return at == expected.size();
}

void append_without_points(std::string_view token, std::string& to) {
  std::copy_if(token.begin(), token.end(), std::back_inserter(to), [](char c) { return c != '.'; });
}

}  // namespace

bool PhraseTable::Builder::add(std::string_view phrase, std::uint32_t payload, CaseRule rule) {
  const std::vector<Token> tokens = tokenize(phrase);
  if (tokens.empty() || tokens.size() > kPhraseTokensMax ||
      phrase.size() > std::numeric_limits<std::uint16_t>::max() / 4) {
    return false;
  }
  Entry entry;
  entry.payload = payload;
  entry.rule = rule;
  entry.size = static_cast<std::uint8_t>(tokens.size());
  entry.hashes_begin = static_cast<std::uint32_t>(hashes_.size());
  entry.text_begin = static_cast<std::uint32_t>(bytes_.size());
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const Token& token = tokens[i];
    const std::string_view slice = phrase.substr(token.begin, token.end - token.begin);
    if (i > 0) {
      bytes_.push_back(' ');
      entry.breaks = static_cast<std::uint16_t>(entry.breaks | (token.before & kBreaks));
    }
    if ((token.shape & (shape::kTitle | shape::kUpper | shape::kMixed)) != 0) {
      entry.capitals = static_cast<std::uint16_t>(entry.capitals | (1U << i));
    }
    if (rule == CaseRule::exact) {
      append_without_points(slice, bytes_);
    } else {
      bytes_ += fold(slice);
    }
    hashes_.push_back(token.hash);
  }
  entry.text_size = static_cast<std::uint16_t>(bytes_.size() - entry.text_begin);
  entries_.push_back(entry);
  return true;
}

PhraseTable::PhraseTable() : PhraseTable(std::make_shared<const Storage>()) {}

PhraseTable::PhraseTable(std::shared_ptr<const Storage> storage)
    : slots_(storage->slots),
      senses_(storage->senses),
      filter_(storage->filter),
      bytes_(storage->bytes) {
  owner_ = std::move(storage);
}

std::size_t PhraseTable::find(std::uint64_t hash) const noexcept {
  const std::size_t mask = slots_.size() - 1;
  const std::uint32_t tag = tag_of(hash);
  for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
    if (slots_[at].tag == tag) {
      return at;
    }
    if (slots_[at].tag == 0) {
      return kNoSlot;
    }
  }
}

std::size_t PhraseTable::Storage::claim(std::uint64_t hash) {
  const std::size_t mask = slots.size() - 1;
  const std::uint32_t tag = tag_of(hash);
  std::size_t at = hash & mask;
  while (slots[at].tag != 0 && slots[at].tag != tag) {
    at = (at + 1) & mask;
  }
  slots[at].tag = tag;
  return at;
}

bool PhraseTable::may_start(std::uint64_t hash, bool is_lower) const noexcept {
  const std::size_t mask = filter_.size() * 64 - 1;
  const auto has = [this, mask](std::uint64_t key) {
    const std::size_t first = (key >> 7) & mask;
    const std::size_t second = (key >> 31) & mask;
    return ((filter_[first / 64] >> (first % 64)) & (filter_[second / 64] >> (second % 64)) & 1U) !=
           0;
  };
  return has(hash) || (!is_lower && has(hash ^ kCapitalKey));
}

void PhraseTable::Storage::build_filter(const Builder& builder) {
  const std::size_t wanted = std::bit_ceil(builder.entries_.size() * 16 + 64);
  filter.assign(std::min(wanted, kFilterBitsMax) / 64, 0);
  const std::size_t mask = filter.size() * 64 - 1;
  for (const Builder::Entry& entry : builder.entries_) {
    const bool needs_capital = entry.rule != CaseRule::any && (entry.capitals & 1U) != 0;
    const std::uint64_t key =
        extend(0, builder.hashes_[entry.hashes_begin]) ^ (needs_capital ? kCapitalKey : 0);
    for (const std::size_t bit : {(key >> 7) & mask, (key >> 31) & mask}) {
      filter[bit / 64] |= std::uint64_t{1} << (bit % 64);
    }
  }
}

PhraseTable PhraseTable::Builder::freeze() {
  std::vector<std::uint64_t> prefixes;
  prefixes.reserve(hashes_.size());
  for (const Entry& entry : entries_) {
    std::uint64_t hash = 0;
    for (std::size_t i = 0; i < entry.size; ++i) {
      prefixes.push_back(hash = extend(hash, hashes_[entry.hashes_begin + i]));
    }
  }
  std::vector<std::uint64_t> distinct = prefixes;
  std::sort(distinct.begin(), distinct.end());
  const auto nodes =
      static_cast<std::size_t>(std::unique(distinct.begin(), distinct.end()) - distinct.begin());
  distinct = {};

  auto table = std::make_shared<Storage>();
  table->slots.assign(std::bit_ceil(nodes + nodes / 2 + 2), Slot{});
  std::vector<std::uint32_t> terminal(entries_.size());
  std::size_t next = 0;
  for (std::size_t e = 0; e < entries_.size(); ++e) {
    std::size_t slot = 0;
    for (std::size_t i = 0; i < entries_[e].size; ++i) {
      slot = table->claim(prefixes[next++]);
      if (i + 1 < entries_[e].size) {
        table->slots[slot].value |= kHasChild;
      }
    }
    terminal[e] = static_cast<std::uint32_t>(slot);
  }
  std::vector<std::uint32_t> order(entries_.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(), [&terminal](std::uint32_t a, std::uint32_t b) {
    return terminal[a] < terminal[b];
  });
  table->senses.reserve(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    const Entry& entry = entries_[order[i]];
    Slot& slot = table->slots[terminal[order[i]]];
    if ((slot.value & ~kHasChild) == 0) {
      slot.value |= static_cast<std::uint32_t>(table->senses.size() + 1);
    }
    const bool is_last = i + 1 == order.size() || terminal[order[i + 1]] != terminal[order[i]];
    table->senses.push_back({entry.payload, entry.text_begin, entry.text_size, entry.capitals,
                             entry.breaks, entry.rule, is_last});
  }
  table->build_filter(*this);
  table->bytes = std::move(bytes_);
  table->bytes.shrink_to_fit();
  *this = Builder();
  return PhraseTable(std::move(table));
}

bool PhraseTable::accepts(const Sense& sense, const Text& text, TokenSpan span,
                          std::uint16_t breaks) const {
  if ((breaks & ~sense.breaks) != 0) {
    return false;
  }
  std::string_view expected = bytes_.substr(sense.text_begin, sense.text_size);
  for (std::uint32_t i = span.begin; i < span.end; ++i) {
    std::size_t size = 0;  // words are short: a loop is faster than a call
    while (size < expected.size() && expected[size] != ' ') ++size;
    const std::string_view word = expected.substr(0, size);
    expected.remove_prefix(std::min(word.size() + 1, expected.size()));
    const Token& token = text.tokens[i];
    if (sense.rule == CaseRule::title_or_upper && (token.shape & shape::kLower) != 0 &&
        (token.shape & shape::kNoCase) == 0 && ((sense.capitals >> (i - span.begin)) & 1U) != 0) {
      return false;
    }
    const std::string_view slice = text.slice(token);
    if (sense.rule == CaseRule::exact ? !equals_without_points(slice, word)
                                      : !folds_to(slice, word)) {
      return false;
    }
    if (i + 1 < span.end && expected.empty()) {
      return false;  // another phrase's slot: this one has fewer tokens
    }
  }
  return expected.empty();
}

void PhraseTable::walk(const Text& text, std::uint32_t start, std::uint32_t end, MatchDepth depth,
                       std::vector<PhraseMatch>& matches) const {
  struct Group {
    std::size_t begin, end;
  };
  std::array<Group, kPhraseTokensMax> groups;  // matches by length, shorter first
  std::size_t group_count = 0;
  const std::size_t first_match = matches.size();
  std::uint64_t hash = 0;
  std::uint16_t breaks = 0;
  const std::uint32_t limit =
      std::min<std::uint32_t>(end, start + static_cast<std::uint32_t>(kPhraseTokensMax));
  for (std::uint32_t at = start; at < limit; ++at) {
    if (at > start) {
      breaks = static_cast<std::uint16_t>(breaks | breaks_before(text, at));
    }
    hash = extend(hash, text.tokens[at].hash);
    const std::size_t slot = find(hash);
    if (slot == kNoSlot) {
      break;
    }
    const std::uint32_t value = slots_[slot].value;
    const std::size_t begin = matches.size();
    const TokenSpan span{start, at + 1};
    for (std::size_t sense = value & ~kHasChild; sense != 0; ++sense) {
      const Sense& candidate = senses_[sense - 1];
      if (accepts(candidate, text, span, breaks)) {
        matches.push_back({span, candidate.payload});
      }
      if (candidate.is_last) {
        break;
      }
    }
    if (matches.size() > begin) {
      if (depth == MatchDepth::longest) {
        matches.erase(matches.begin() + static_cast<std::ptrdiff_t>(first_match),
                      matches.begin() + static_cast<std::ptrdiff_t>(begin));
      } else {
        groups[group_count++] = {begin, matches.size()};
      }
    }
    if ((value & kHasChild) == 0) {
      break;
    }
  }
  if (group_count > 1) {  // longer first, payloads within a length in their order
    std::vector<PhraseMatch> reversed;
    while (group_count > 0) {
      const Group group = groups[--group_count];
      reversed.insert(reversed.end(), matches.begin() + static_cast<std::ptrdiff_t>(group.begin),
                      matches.begin() + static_cast<std::ptrdiff_t>(group.end));
    }
    std::copy(reversed.begin(), reversed.end(),
              matches.begin() + static_cast<std::ptrdiff_t>(first_match));
  }
}

void PhraseTable::match(const Text& text, MatchDepth depth,
                        std::vector<PhraseMatch>& matches) const {
  match(text, {0, static_cast<std::uint32_t>(text.tokens.size())}, depth, matches);
}

void PhraseTable::match(const Text& text, TokenSpan span, MatchDepth depth,
                        std::vector<PhraseMatch>& matches) const {
  if (senses_.empty()) {
    return;
  }
  const std::size_t mask = slots_.size() - 1;
  std::array<std::uint32_t, kBlock> starts;
  for (std::uint32_t block = span.begin; block < span.end;
       block += static_cast<std::uint32_t>(kBlock)) {
    const std::uint32_t block_end =
        std::min<std::uint32_t>(span.end, block + static_cast<std::uint32_t>(kBlock));
    std::size_t count = 0;
    for (std::uint32_t i = block; i < block_end; ++i) {
      const std::uint64_t hash = extend(0, text.tokens[i].hash);
      const std::uint16_t bits = text.tokens[i].shape;
      const bool is_lower = (bits & shape::kLower) != 0 && (bits & shape::kNoCase) == 0;
      if (may_start(hash, is_lower)) {
        __builtin_prefetch(&slots_[hash & mask]);
        starts[count++] = i;
      }
    }
    for (std::size_t i = 0; i < count; ++i) {
      walk(text, starts[i], span.end, depth, matches);
    }
  }
}

std::size_t PhraseTable::bytes() const noexcept {
  return slots_.size() * sizeof(Slot) + senses_.size() * sizeof(Sense) +
         filter_.size() * sizeof(std::uint64_t) + bytes_.size();
}

namespace {

constexpr std::size_t kAlignment = 8;

template <typename T>
void append_section(std::span<const T> values, std::string& image) {
  static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= kAlignment);
  const std::uint64_t count = values.size();
  image.append(reinterpret_cast<const char*>(&count), sizeof count);
  image.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
  image.append((kAlignment - image.size() % kAlignment) % kAlignment, '\0');
}

// Takes one section off the front of `image`; false when it does not hold one.
template <typename T>
bool take_section(std::span<const std::byte>& image, std::span<const T>& values) {
  std::uint64_t count = 0;
  if (image.size() < sizeof count ||
      reinterpret_cast<std::uintptr_t>(image.data()) % kAlignment != 0) {
    return false;
  }
  std::memcpy(&count, image.data(), sizeof count);
  image = image.subspan(sizeof count);
  if (count > image.size() / sizeof(T)) {
    return false;
  }
  values = {reinterpret_cast<const T*>(image.data()), static_cast<std::size_t>(count)};
  const std::size_t used = (values.size_bytes() + kAlignment - 1) / kAlignment * kAlignment;
  image = image.subspan(std::min(used, image.size()));
  return true;
}

}  // namespace

void PhraseTable::append_image(std::string& image) const {
  append_section(slots_, image);
  append_section(senses_, image);
  append_section(filter_, image);
  append_section(std::span<const char>(bytes_), image);
}

std::optional<PhraseTable> PhraseTable::from_image(std::span<const std::byte>& image,
                                                   std::shared_ptr<const void> owner) {
  PhraseTable table;
  std::span<const char> bytes;
  if (!take_section(image, table.slots_) || !take_section(image, table.senses_) ||
      !take_section(image, table.filter_) || !take_section(image, bytes) ||
      !std::has_single_bit(table.slots_.size()) || !std::has_single_bit(table.filter_.size())) {
    return std::nullopt;
  }
  table.bytes_ = {bytes.data(), bytes.size()};
  table.owner_ = std::move(owner);
  return table;
}

}  // namespace tocsin
