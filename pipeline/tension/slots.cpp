#include "pipeline/tension/slots.h"

#include "pipeline/tension/parties.h"

namespace tocsin {
namespace {

constexpr std::size_t kCandidatesMax = 32;

class Filler {
 public:
  Filler(const ParsedSentence& sentence, const Match& match)
      : sentence_(sentence),
        lexicon_(sentence.page.lexicon),
        head_(sentence.node(match.head)),
        clause_(sentence.clauses.at(head_)),
        behind_particle_(
            find_behind_particle(sentence.page.lexicon.patterns[match.pattern].slots)) {}

  // The token that fills the slot; kNoToken.
  [[nodiscard]] std::uint32_t find(const SlotWord& slot) const {
    switch (slot.argument) {
      case Argument::subject:
        return among(doers(), slot);
      case Argument::object:
        return among(done_to(), slot);
      case Argument::phrase:
        return among(phrases(slot.prepositions), slot);
      case Argument::particle:
        return particle(slot);
      case Argument::quoted:
        return quoted(slot);
      case Argument::anywhere:
        return anywhere(slot);
    }
    return kNoToken;
  }

 private:
  [[nodiscard]] bool is_in(std::uint32_t set, NodeIndex node) const {
    const std::uint32_t word = sentence_.page.word[sentence_.token(node)];
    return word != kNoWord && lexicon_.forms_in(word, set) != 0;
  }

  // A noun of an act has who does it in front, or behind "by"; whom, behind "of".
  [[nodiscard]] std::vector<NodeIndex> doers() const {
    std::vector<NodeIndex> nodes = clause_.subjects;
    if (clause_.is_bare && clause_.is_passive) return nodes;
    if (clause_.kind != ClauseKind::nominal) return nodes;
    for (const NodeIndex child : sentence_.clauses.children(head_)) {
      const Deprel its = sentence_.clauses.relation(child);
      const NodeIndex preposition = sentence_.clauses.preposition(child);
      const bool is_agent = preposition != kAbsent && sentence_.is(preposition, Grammar::agent_of);
      if (its == Deprel::nmod_poss || its == Deprel::compound || is_agent) nodes.push_back(child);
    }
    return nodes;
  }

  // Of a bare verb either reading: "ten soldiers held".
  [[nodiscard]] std::vector<NodeIndex> done_to() const {
    std::vector<NodeIndex> nodes = clause_.objects;
    nodes.insert(nodes.end(), clause_.indirect.begin(), clause_.indirect.end());
    if (behind_particle_ != kAbsent) nodes.push_back(behind_particle_);
    const bool is_reduced = sentence_.sentence.field == Field::title ||
                            sentence_.clauses.node(head_).form == WordForm::participle;
    if (clause_.is_bare && is_reduced && nodes.empty()) nodes = clause_.subjects;
    if (clause_.kind == ClauseKind::nominal) {
      for (const Oblique& each : clause_.obliques) {
        if (each.preposition != kAbsent && sentence_.is(each.preposition, Grammar::owner_of))
          nodes.push_back(each.node);
      }
    }
    return nodes;
  }

  // Those of the verb, and those of its objects: which of them a phrase hangs on is often open.
  [[nodiscard]] std::vector<NodeIndex> phrases(std::uint32_t prepositions) const {
    std::vector<NodeIndex> nodes;
    const auto add = [&](NodeIndex node, NodeIndex preposition) {
      if (preposition != kAbsent && is_in(prepositions, preposition)) nodes.push_back(node);
    };
    for (const Oblique& each : clause_.obliques) {
      add(each.node, each.preposition);
      add_inner(each.node, add);
    }
    for (const NodeIndex object : done_to()) add_inner(object, add);
    // "did away with visas", "stood up to the raiders": it may hang on the adverb.
    for (const NodeIndex child : sentence_.clauses.children(head_)) {
      const Deprel its = sentence_.clauses.relation(child);
      if (its == Deprel::advmod || its == Deprel::compound_prt) add_inner(child, add);
    }
    return nodes;
  }

  template <typename Add>
  void add_inner(NodeIndex node, const Add& add) const {
    for (const NodeIndex each : sentence_.clauses.conjuncts(node)) {
      for (const NodeIndex child : sentence_.clauses.children(each)) {
        const Deprel its = sentence_.clauses.relation(child);
        if (its == Deprel::nmod || its == Deprel::obl)
          add(child, sentence_.clauses.preposition(child));
      }
    }
  }

  [[nodiscard]] std::uint32_t among(const std::vector<NodeIndex>& nodes,
                                    const SlotWord& slot) const {
    std::size_t seen = 0;
    for (const NodeIndex node : nodes) {
      for (const NodeIndex each : sentence_.clauses.conjuncts(node)) {
        if (++seen > kCandidatesMax) return kNoToken;
        const NodeIndex what = measured(sentence_, each);
        const bool is_right =
            (slot.takes_party && is_somebody(what)) || (slot.takes_armed && bears_arms(what)) ||
            (slot.takes_place && is_place(what)) ||
            (slot.set != kNoSet && (is_in(slot.set, what) || is_in(slot.set, each)));
        if (is_right) return sentence_.token(what);
      }
    }
    return kNoToken;
  }

  // "The army reports that they have breached a line": so does who a pronoun stands for.
  [[nodiscard]] bool bears_arms(NodeIndex node) const {
    const Party party = party_of(sentence_, node);
    if (!party.is_pronoun) return is_armed(party);
    const Parties resolved = parties_of(sentence_, node);
    return !resolved.empty() && is_armed(resolved.front());
  }

  [[nodiscard]] bool is_somebody(NodeIndex node) const {
    const Party party = party_of(sentence_, node);
    return party.entity != kNoEntity || party.whose != kNoEntity || is_armed_noun(party);
  }

  // "Comrade Orlo, leader of the Path": a name is said to be somebody.
  [[nodiscard]] bool is_called_somebody(NodeIndex node) const {
    constexpr std::uint32_t kAgents = bit(Grammar::forces) | bit(Grammar::armed) |
                                      bit(Grammar::government) | bit(Grammar::civil) |
                                      bit(Grammar::victim);
    const std::span<const NodeIndex> children = sentence_.clauses.children(node);
    return std::any_of(children.begin(), children.end(), [&](NodeIndex child) {
      const Deprel its = sentence_.clauses.relation(child);
      const bool is_beside = its == Deprel::appos || its == Deprel::compound;
      return is_beside && (sentence_.page.grammar(sentence_.token(child)) & kAgents) != 0;
    });
  }

  // "Bria", "Tal Abyad": towns are many, and most are not in the gazetteer.
  [[nodiscard]] bool is_place(NodeIndex node) const {
    const Page& page = sentence_.page;
    if (is_called_somebody(node)) return false;
    const std::uint32_t mention = page.mention[sentence_.token(node)];
    if (mention == kNoMention) return sentence_.clauses.node(node).tag == Upos::propn;
    const Mention& named = page.tagging.mentions[mention];
    const TaggedEntity& tagged = page.tagging.entities[named.entity];
    if (tagged.is_team || named.via == Via::demonym) return false;
    if (tagged.type == EntityType::person) return false;
    return tagged.gazetteer == kNoEntity || tagged.type == EntityType::city ||
           tagged.type == EntityType::place || tagged.type == EntityType::country;
  }

  // What somebody says in his own words: the first word between quotation marks that no negation
  // stands before ("we will not strike the bridge"), or power.
  [[nodiscard]] std::uint32_t quoted(const SlotWord& slot) const {
    const Page& page = sentence_.page;
    const TokenSpan tokens = sentence_.sentence.tokens;
    constexpr std::uint32_t kNegatedMax = 3;  // words from a negation on
    bool is_inside = false;
    std::uint32_t negated_end = 0;
    for (std::uint32_t t = tokens.begin; t < tokens.end; ++t) {
      if (page.marked(t, before::kQuoteClose)) is_inside = false;
      if (page.marked(t, before::kQuoteOpen)) is_inside = true;
      if (!is_inside) continue;
      if (page.is(t, Grammar::negation)) negated_end = t + 1 + kNegatedMax;
      const bool is_word = t >= negated_end && page.mention[t] == kNoMention &&
                           page.word[t] != kNoWord && slot.set != kNoSet &&
                           lexicon_.forms_in(page.word[t], slot.set) != 0;
      const bool is_named = slot.takes_party && page.mention[t] != kNoMention &&
                            is_power(page.named(page.mention[t]));
      if (is_word || is_named) return t;
    }
    return kNoToken;
  }

  // "We have buried better armies, the marshal said of Peru"
  [[nodiscard]] std::uint32_t anywhere(const SlotWord& slot) const {
    // All of the sentence, of which a label may be read apart: "Goma falls: fighters of ..."
    const Page& page = sentence_.page;
    const std::size_t index = page.text.sentence_of(sentence_.sentence.tokens.begin);
    const TokenSpan tokens = page.text.sentences[index].tokens;
    for (std::uint32_t t = tokens.begin; t < tokens.end; ++t) {
      const bool is_it = page.word[t] != kNoWord && slot.set != kNoSet &&
                         lexicon_.forms_in(page.word[t], slot.set) != 0;
      if (is_it && t != sentence_.token(head_)) return t;
    }
    return kNoToken;
  }

  [[nodiscard]] static bool is_armed(const Party& party) {
    return party.part == Part::armed || is_armed_noun(party);
  }

  [[nodiscard]] std::uint32_t particle(const SlotWord& slot) const {
    for (const NodeIndex child : sentence_.clauses.children(head_)) {
      const Deprel its = sentence_.clauses.relation(child);
      const bool is_particle = its == Deprel::compound_prt || its == Deprel::advmod;
      if (is_particle && is_in(slot.set, child)) return sentence_.token(child);
    }
    if (behind_particle_ == kAbsent) return kNoToken;
    return sentence_.token(sentence_.clauses.preposition(behind_particle_));
  }

  // "hauled in 22 fishermen": the particle right behind the verb may be read as a preposition.
  [[nodiscard]] NodeIndex find_behind_particle(std::span<const SlotWord> slots) const {
    for (const SlotWord& slot : slots) {
      if (slot.argument != Argument::particle) continue;
      for (const Oblique& each : clause_.obliques) {
        if (each.preposition == head_ + 1 && is_in(slot.set, each.preposition)) return each.node;
      }
    }
    return kAbsent;
  }

  const ParsedSentence& sentence_;
  const Lexicon::State& lexicon_;
  NodeIndex head_;
  Clause clause_;
  NodeIndex behind_particle_;
};

}  // namespace

bool fill_slots(const ParsedSentence& sentence, Match& match) {
  const std::vector<SlotWord>& slots = sentence.page.lexicon.patterns[match.pattern].slots;
  if (slots.empty()) return true;
  const Filler filler(sentence, match);
  for (std::size_t i = 0; i < slots.size(); ++i) {
    match.filled[i] = filler.find(slots[i]);
    if (match.filled[i] == kNoToken) return false;
    ++match.elements;
  }
  return true;
}

}  // namespace tocsin
