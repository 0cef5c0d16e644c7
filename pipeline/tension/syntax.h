// A small rule-based chunker: readings of words, verb groups, parties and who is subject or object.
// Bounded work around each act; never looks past the sentence. Internal to tension/.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pipeline/entities/gazetteer.h"
#include "pipeline/tension/lexicon_state.h"
#include "pipeline/text/text.h"

namespace tocsin {

inline constexpr std::uint32_t kNoMention = 0xFFFFFFFF;
inline constexpr std::uint32_t kNoToken = 0xFFFFFFFF;

// A pattern that matched.
struct Match {
  std::uint32_t pattern = 0;
  TokenSpan span;
  std::uint32_t head = 0;  // token
  std::uint16_t head_forms = 0;
  std::uint8_t elements = 0;  // matched; more is more specific
};

// Someone who acts or is acted upon.
struct Party {
  bool valid = false;
  EntityIndex entity = kNoEntity;  // who is answerable
  EntityIndex itself = kNoEntity;  // the person or organisation named
  Part part = Part::none;          // of the answerable one
  std::uint32_t grammar = 0;       // forces, armed, government, civil, victim of a common noun
  bool is_team = false;
  bool is_first_person = false;  // we, I: the speaker
  bool is_demonym = false;
  TokenSpan tokens;
};

struct VerbGroup {
  std::uint32_t begin = 0;
  bool is_passive = false;
  bool is_negated = false;
  bool is_infinitive = false;
  bool is_future = false;    // will, shall, to be
  bool is_possible = false;  // could, may, might, would
};

struct Sides {
  std::vector<Party> subject;
  std::vector<Party> object;
};

// One article's tokens with everything the chunker looks up, computed once.
struct Page {
  const Lexicon::State& lexicon;
  const Gazetteer& gazetteer;
  const Text& text;
  const Tagging& tagging;
  std::vector<std::uint32_t> word;     // token → word, kNoWord
  std::vector<std::uint32_t> mention;  // token → mention, kNoMention

  Page(const Lexicon::State& lexicon, const Gazetteer& gazetteer, const Text& text,
       const Tagging& tagging);

  [[nodiscard]] std::uint32_t grammar(std::uint32_t t) const {
    return word[t] == kNoWord ? 0 : lexicon.words[word[t]].grammar;
  }
  [[nodiscard]] bool is(std::uint32_t t, Grammar g) const { return (grammar(t) & bit(g)) != 0; }
  [[nodiscard]] std::uint16_t forms(std::uint32_t t) const {
    return word[t] == kNoWord ? std::uint16_t{0} : lexicon.words[word[t]].forms;
  }
  [[nodiscard]] std::uint64_t hash(std::uint32_t t) const { return text.tokens[t].hash; }
  [[nodiscard]] bool marked(std::uint32_t t, unsigned marks) const {
    return (text.tokens[t].before & marks) != 0;
  }

  [[nodiscard]] bool is_verb_here(std::uint32_t t, TokenSpan sentence) const;
  [[nodiscard]] bool is_finite_here(std::uint32_t t, TokenSpan sentence) const;
  [[nodiscard]] VerbGroup verb_group(std::uint32_t head, TokenSpan sentence) const;
  [[nodiscard]] Party party_at(std::uint32_t t, TokenSpan sentence) const;  // ending at t
  [[nodiscard]] std::uint64_t governing_preposition(std::uint32_t t, TokenSpan sentence) const;
  [[nodiscard]] std::vector<Party> subject(std::uint32_t begin, TokenSpan sentence,
                                           unsigned depth) const;
  [[nodiscard]] std::vector<Party> speaker(TokenSpan sentence, std::uint32_t act) const;

  struct Right {
    std::vector<Party> object;
    std::vector<Party> agent;  // after "by"
    std::vector<Party> place;  // after in, near, at ...
  };
  [[nodiscard]] Right right_of(std::uint32_t end, TokenSpan sentence, const Rule& rule,
                               bool is_noun) const;
  [[nodiscard]] std::vector<Party> owner(std::uint32_t begin, TokenSpan sentence,
                                         std::uint32_t& np_begin) const;

 private:
  [[nodiscard]] Party named(std::uint32_t mention_index) const;
  void add_coordinated_left(std::vector<Party>& parties, TokenSpan sentence) const;
};

// All matches of the patterns of the given uses, by start; at most kMatchesMax.
[[nodiscard]] std::vector<Match> find_matches(const Page& page, TokenSpan tokens);

}  // namespace tocsin
