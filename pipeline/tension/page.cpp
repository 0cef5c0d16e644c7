#include "pipeline/tension/page.h"

#include <algorithm>
#include <utility>

namespace tocsin {

Page::Page(const Lexicon::State& the_lexicon, const Gazetteer& the_gazetteer, const Text& the_text,
           const Tagging& the_tagging)
    : lexicon(the_lexicon), gazetteer(the_gazetteer), text(the_text), tagging(the_tagging) {
  word.resize(text.tokens.size());
  for (std::size_t t = 0; t < word.size(); ++t)
    word[t] = lexicon.vocabulary.find(text.tokens[t].hash);
  mention.assign(text.tokens.size(), kNoMention);
  for (std::uint32_t m = 0; m < tagging.mentions.size(); ++m) {
    const Mention& one = tagging.mentions[m];
    if (tagging.entities[one.entity].type == EntityType::weapon) continue;
    for (std::uint32_t t = one.tokens.begin; t < one.tokens.end; ++t) mention[t] = m;
  }
  // "on May 3", "Theresa May": neither is a doubt.
  for (std::uint32_t t = 1; t < word.size(); ++t) {
    if (hash(t) != lexicon.key.may || (text.tokens[t].shape & shape::kTitle) == 0) continue;
    const bool is_date = is(t - 1, Grammar::preposition) ||
                         (t + 1 < word.size() && (text.tokens[t + 1].shape & shape::kNumber) != 0);
    if (is_date || mention[t] != kNoMention) word[t] = kNoWord;
  }
}

Party Page::named(std::uint32_t mention_index) const {
  Party party;
  const Mention& m = tagging.mentions[mention_index];
  const TaggedEntity& tagged = tagging.entities[m.entity];
  party.valid = true;
  party.tokens = m.tokens;
  party.is_team = tagged.is_team;
  party.is_demonym = m.via == Via::demonym;
  if (tagged.gazetteer == kNoEntity) return party;
  const Entity& entity = gazetteer[tagged.gazetteer];
  party.itself = tagged.gazetteer;
  party.entity = entity.acts_for;
  if (party.entity == kNoEntity && !entity.code.empty()) {
    party.entity = gazetteer.by_code(entity.code);
  }
  // The Red Sea is nobody.
  if (party.entity == kNoEntity && entity.type == EntityType::place) {
    party.valid = false;
    return party;
  }
  if (party.entity == kNoEntity) party.entity = tagged.gazetteer;
  party.part = gazetteer[party.entity].part;
  if (entity.part == Part::society) party.part = Part::society;
  if (entity.part == Part::forces) party.grammar |= bit(Grammar::forces);
  return party;
}

namespace {

std::vector<std::uint8_t> traits_of(const Page& page, TokenSpan tokens) {
  std::vector<std::uint8_t> traits(tokens.size(), 0);
  for (std::uint32_t t = tokens.begin; t < tokens.end; ++t) {
    if (page.is(t, Grammar::relative)) traits[t - tokens.begin] = trait::kRelative;
  }
  return traits;
}

// "Iran besieged Iraq", taken for a besieged Iraq: no name without "'s" stands in front of a
// participle that describes another name; it is the verb's subject.
void mend_participles(const Page& page, TokenSpan tokens, std::vector<Node>& nodes) {
  for (std::uint16_t verb = 1; verb + 1U < nodes.size(); ++verb) {
    const std::uint16_t noun = nodes[verb].head;
    if (nodes[verb].tag != Upos::verb || nodes[verb].relation != Deprel::amod ||
        noun != verb + 1U || nodes[noun].tag != Upos::propn)
      continue;
    const std::uint16_t subject = verb - 1;
    const bool is_owner =
        (page.text.tokens[tokens.begin + subject].shape & shape::kPossessive) != 0;
    if (nodes[subject].head != noun || nodes[subject].tag != Upos::propn || is_owner) continue;
    nodes[verb].head = nodes[noun].head;
    nodes[verb].relation = nodes[noun].relation;
    nodes[noun].head = verb;
    nodes[noun].relation = Deprel::obj;
    nodes[subject].head = verb;
    nodes[subject].relation = Deprel::nsubj;
    // "If Iran besieged Iraq, ..."
    if (subject > 0 && nodes[subject - 1].relation == Deprel::mark) {
      nodes[subject - 1].head = verb;
      if (nodes[verb].relation == Deprel::nsubj) nodes[verb].relation = Deprel::advcl;
    }
  }
}

// "Niger's junta expels": whose stands with the noun that follows, not with the verb behind it.
void mend_owners(const Page& page, TokenSpan tokens, std::vector<Node>& nodes) {
  constexpr std::uint16_t kFarthest = 4;
  for (std::uint16_t owner = 0; owner + 1U < nodes.size(); ++owner) {
    if ((page.text.tokens[tokens.begin + owner].shape & shape::kPossessive) == 0 ||
        nodes[owner].relation != Deprel::nmod_poss)
      continue;
    const std::uint16_t head = nodes[owner].head;
    for (std::uint16_t noun = owner + 1;
         noun < head && noun < nodes.size() && noun <= owner + kFarthest; ++noun) {
      if (nodes[noun].head != head || nodes[noun].relation != Deprel::nsubj) continue;
      nodes[owner].head = noun;
      break;
    }
  }
}

// "Armenia threatened Azerbaijan": a known name right behind a verb that has no object is what the
// verb is about, not a time ("threatened Monday").
void mend_objects(const Page& page, TokenSpan tokens, std::vector<Node>& nodes) {
  for (std::uint16_t name = 1; name < nodes.size(); ++name) {
    const std::uint16_t verb = nodes[name].head;
    if (nodes[name].relation != Deprel::obl_npmod || verb + 1U != name ||
        nodes[verb].tag != Upos::verb || page.mention[tokens.begin + name] == kNoMention)
      continue;
    const bool has_object = std::any_of(nodes.begin(), nodes.end(), [&](const Node& node) {
      return node.head == verb && node.relation == Deprel::obj;
    });
    if (!has_object) nodes[name].relation = Deprel::obj;
  }
}

// What the parser gets wrong and two neighbours settle; a tree stays a tree.
Tree mended(const Page& page, TokenSpan tokens, Tree tree) {
  tree = with_finite_verbs(std::move(tree));
  mend_participles(page, tokens, tree.nodes);
  mend_objects(page, tokens, tree.nodes);
  mend_owners(page, tokens, tree.nodes);
  return tree;
}

}  // namespace

ParsedSentence::ParsedSentence(const Page& the_page, const Sentence& the_sentence, Tree the_tree)
    : page(the_page),
      sentence(the_sentence),
      tree(mended(the_page, the_sentence.tokens, std::move(the_tree))),
      clauses(tree, traits_of(the_page, the_sentence.tokens)) {}

}  // namespace tocsin
