// What the readers of one article share: what its words are to the lexicon, where the names stand,
// and the tree of a sentence. Internal to tension/.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "pipeline/entities/gazetteer.h"
#include "pipeline/syntax/clauses.h"
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
  // Tokens that fill its slots, in the span or not.
  std::array<std::uint32_t, kSlotWordsMax> filled{kNoToken, kNoToken, kNoToken};

  [[nodiscard]] bool owns(std::uint32_t t) const {
    if (std::find(filled.begin(), filled.end(), t) != filled.end()) return true;
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
  EntityIndex whose = kNoEntity;   // of a bystander: it acts for nobody, but is somebody's
  std::uint32_t grammar = 0;       // forces, armed, government, civil, victim of a common noun
  bool is_team = false;
  bool is_first_person = false;  // we, I: the speaker
  bool is_pronoun = false;       // he, it, they: not resolved yet
  bool is_demonym = false;
  bool is_bystander = false;  // nature, illness, business: acts for nobody
  bool is_owner = false;      // of a thing: "Finnish airspace", "Iran's programme"
  bool is_place = false;      // only where it happened: "shot in Mali"
  TokenSpan tokens;
};
using Parties = std::vector<Party>;

// One article's tokens with everything that is looked up, computed once.
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

  // The party a name stands for: who is answerable for what it does.
  [[nodiscard]] Party named(std::uint32_t mention_index) const;
};

// One sentence of a page and its tree.
struct ParsedSentence {
  const Page& page;
  Sentence sentence;
  Tree tree;
  Clauses clauses;

  ParsedSentence(const Page& page, const Sentence& sentence, Tree tree);
  ParsedSentence(const ParsedSentence&) = delete;
  ParsedSentence& operator=(const ParsedSentence&) = delete;
  ~ParsedSentence() = default;

  [[nodiscard]] NodeIndex node(std::uint32_t token) const {
    return static_cast<NodeIndex>(token - sentence.tokens.begin);
  }
  [[nodiscard]] std::uint32_t token(NodeIndex node) const { return sentence.tokens.begin + node; }
  [[nodiscard]] bool is(NodeIndex node, Grammar g) const { return page.is(token(node), g); }
  [[nodiscard]] bool is_verb(NodeIndex node) const {
    const Upos tag = tree.nodes[node].tag;
    return tag == Upos::verb || tag == Upos::aux;
  }
};

// All matches of the patterns of rules, by start; kMatchesMax at most.
[[nodiscard]] std::vector<Match> find_acts(const Page& page);
// Adds those of cues and idioms that begin in a piece of a sentence. They say something of acts
// only, so they are looked for where an act is read.
void add_cues(const Page& page, TokenSpan piece, TokenSpan sentence, std::vector<Match>& matches);

}  // namespace tocsin
