// A small rule-based chunker: readings of words, verb groups, noun phrases and the parties in them.
// Linear in the sentence; never looks past it but for a pronoun. Internal to tension/.
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
  std::uint16_t first_forms = 0;
  std::uint8_t elements = 0;  // matched; more is more specific
  std::uint64_t own = 0;      // tokens of the span that elements matched, by offset

  [[nodiscard]] bool owns(std::uint32_t t) const {
    return t >= span.begin && t < span.end && t - span.begin < 64 &&
           (own >> (t - span.begin) & 1U) != 0;
  }
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
  bool is_pronoun = false;       // he, it, they: not resolved yet
  bool is_demonym = false;
  bool is_owner = false;  // of a thing: "Finnish airspace", "Iran's programme"
  TokenSpan tokens;
};
using Parties = std::vector<Party>;

struct VerbGroup {
  std::uint32_t begin = 0;
  std::uint32_t head = kNoToken;
  std::uint32_t negation = kNoToken;  // the token that negates it
  bool is_passive = false;
  bool is_infinitive = false;
  bool is_past_perfect = false;  // had attacked
  bool is_participle = false;    // -ing without an auxiliary, or -ed before "by"
  bool is_future = false;        // will, shall, to be
  bool is_possible = false;      // could, may, might, would
};

enum class ChunkKind : std::uint8_t {
  nominal,
  verbal,
  preposition,
  conjunction,
  comma,  // no tokens
  subordinator,
  relative,
  stop,  // no tokens: colon, dash, semicolon, parenthesis
  other,
};

struct Chunk {
  ChunkKind kind = ChunkKind::other;
  TokenSpan tokens;
  Party party;     // of a nominal
  VerbGroup verb;  // of a verbal
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
    return word[t] == kNoWord || mention[t] != kNoMention ? 0 : lexicon.words[word[t]].grammar;
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
  // The party a name stands for: who is answerable for what it does.
  [[nodiscard]] Party named(std::uint32_t mention_index) const;
  // The party of the noun phrase `tokens`: its head, or who owns what it names.
  [[nodiscard]] Party party_of(TokenSpan tokens) const;
};

// The chunks of one sentence, and which chunk a token is in.
struct Chunks {
  TokenSpan sentence;
  std::vector<Chunk> list;
  std::vector<std::uint16_t> of_token;  // by token - sentence.begin

  [[nodiscard]] std::size_t at(std::uint32_t token) const {
    return of_token[token - sentence.begin];
  }
};
[[nodiscard]] Chunks chunk(const Page& page, TokenSpan sentence);

// All matches of the patterns, by start; at most kMatchesMax.
[[nodiscard]] std::vector<Match> find_matches(const Page& page);

}  // namespace tocsin
