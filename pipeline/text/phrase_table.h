// Finds a fixed set of phrases in a text, whole token by whole token: built once or mapped, const.
// Promises: every match a naive comparison finds and no other, linear in the tokens, no I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/text/text.h"

namespace tocsin {

// How the letters of a text must be written for a phrase to match. Diacritics never matter but for
// `exact`; points inside a token (U.S.) never do.
enum class CaseRule : std::uint8_t {
  title_or_upper,  // where the phrase has a capital the text has one; other words are free
  exact,           // as written
  any,
};

struct PhraseMatch {
  TokenSpan tokens;
  std::uint32_t payload = 0;
  friend bool operator==(const PhraseMatch&, const PhraseMatch&) = default;
};

enum class MatchDepth : std::uint8_t {
  longest,  // per start token only the longest phrases
  all,      // shorter phrases with the same start as well
};

// Longest phrase in tokens; longer ones are refused by add().
inline constexpr std::size_t kPhraseTokensMax = 16;

// Open addressing keyed by the rolling hash of a phrase's token prefix, in front of it a filter of
// first tokens (measured against byte automata in tests/bench/matchers).
//
// Inside a phrase space, hyphen, apostrophe, slash and line break are the same joint. A stop,
// comma, colon, quote, parenthesis, dash or paragraph ends a match unless the phrase itself has it;
// the point of an abbreviation ("Gen. Smith", "George W. Bush") does not.
class PhraseTable {
 public:
  class Builder {
   public:
    // False, and nothing is added, when the phrase has no token or more than kPhraseTokensMax.
    // The same phrase may carry many payloads.
    bool add(std::string_view phrase, std::uint32_t payload, CaseRule rule);
    [[nodiscard]] PhraseTable freeze();

   private:
    friend class PhraseTable;
    struct Entry {
      std::uint32_t payload = 0;
      std::uint32_t hashes_begin = 0;
      std::uint32_t text_begin = 0;
      std::uint16_t text_size = 0;
      std::uint16_t capitals = 0;
      std::uint16_t breaks = 0;
      std::uint8_t size = 0;
      CaseRule rule = CaseRule::title_or_upper;
    };
    std::vector<Entry> entries_;
    std::vector<std::uint64_t> hashes_;  // of tokens
    std::string bytes_;
  };

  PhraseTable();

  // Appends the matches, by start token, longer before shorter, payloads in the order of add().
  void match(const Text& text, MatchDepth depth, std::vector<PhraseMatch>& matches) const;
  // The same for the tokens of a span only; no match leaves it.
  void match(const Text& text, TokenSpan span, MatchDepth depth,
             std::vector<PhraseMatch>& matches) const;

  [[nodiscard]] std::size_t size() const noexcept { return senses_.size(); }
  // Memory of the frozen table.
  [[nodiscard]] std::size_t bytes() const noexcept;

  // The table as bytes, for another process of the same machine type; a multiple of eight.
  void append_image(std::string& image) const;
  // The table that begins at `image`, used in place while `owner` keeps the bytes alive; takes its
  // bytes off `image`. Nothing when they are too few or not aligned to eight; what they say is
  // believed, so the caller has compared a checksum.
  [[nodiscard]] static std::optional<PhraseTable> from_image(std::span<const std::byte>& image,
                                                             std::shared_ptr<const void> owner);

 private:
  // Two phrases whose prefixes share position and tag share a slot: the bytes decide on a hit.
  struct Slot {
    std::uint32_t tag = 0;    // 0: free
    std::uint32_t value = 0;  // top bit: some phrase goes on from here; rest: first sense + 1, or 0
  };
  struct Sense {
    std::uint32_t payload = 0;
    std::uint32_t text_begin = 0;  // into bytes_: tokens joined by one space
    std::uint16_t text_size = 0;
    std::uint16_t capitals = 0;  // bit per token: needs a capital
    std::uint16_t breaks = 0;    // marks that the phrase itself has
    CaseRule rule = CaseRule::title_or_upper;
    bool is_last = false;  // of its slot
  };

  [[nodiscard]] std::size_t find(std::uint64_t hash) const noexcept;
  [[nodiscard]] bool may_start(std::uint64_t hash, bool is_lower) const noexcept;
  void walk(const Text& text, std::uint32_t start, std::uint32_t end, MatchDepth depth,
            std::vector<PhraseMatch>& matches) const;
  [[nodiscard]] bool accepts(const Sense& sense, const Text& text, TokenSpan span,
                             std::uint16_t breaks) const;
  // What a table that was built owns; one that was mapped owns the mapping instead.
  struct Storage {
    std::vector<Slot> slots = std::vector<Slot>(2);
    std::vector<Sense> senses;
    std::vector<std::uint64_t> filter = std::vector<std::uint64_t>(1);
    std::string bytes;

    std::size_t claim(std::uint64_t hash);
    void build_filter(const Builder& builder);
  };
  explicit PhraseTable(std::shared_ptr<const Storage> storage);

  std::shared_ptr<const void> owner_;  // of what the views below show
  std::span<const Slot> slots_;
  std::span<const Sense> senses_;
  std::span<const std::uint64_t> filter_;
  std::string_view bytes_;
};

}  // namespace tocsin
