#include "pipeline/tension/syntax.h"

#include <algorithm>

namespace tocsin {
namespace {

constexpr unsigned kClauseMarks = before::kStop | before::kSemicolon | before::kParagraph |
                                  before::kColon | before::kDash | before::kParenOpen |
                                  before::kParenClose;
constexpr unsigned kBreakMarks =
    kClauseMarks | before::kComma | before::kQuoteOpen | before::kQuoteClose;
constexpr std::size_t kCoordinatedMax = 3;
constexpr unsigned kDepthMax = 3;

bool ends_with(std::string_view word, std::string_view tail) {
  return word.size() > tail.size() && word.substr(word.size() - tail.size()) == tail;
}

}  // namespace

Page::Page(const Lexicon::State& the_lexicon, const Gazetteer& the_gazetteer, const Text& the_text,
           const Tagging& the_tagging)
    : lexicon(the_lexicon), gazetteer(the_gazetteer), text(the_text), tagging(the_tagging) {
  word.resize(text.tokens.size());
  for (std::size_t t = 0; t < word.size(); ++t)
    word[t] = lexicon.vocabulary.find(text.tokens[t].hash);
  mention.assign(text.tokens.size(), kNoMention);
  for (std::uint32_t m = 0; m < tagging.mentions.size(); ++m) {
    const TokenSpan span = tagging.mentions[m].tokens;
    for (std::uint32_t t = span.begin; t < span.end; ++t) mention[t] = m;
  }
}

// "attacks", "strike", "talks": a verb here, or a noun? Decided by the neighbours.
bool Page::is_verb_here(std::uint32_t t, TokenSpan sentence) const {
  const std::uint16_t f = forms(t);
  if ((f & form::kVerb) == 0) return false;
  if (mention[t] != kNoMention) return false;
  const bool at_start = t == sentence.begin || marked(t, kBreakMarks);
  const bool at_end = t + 1 >= sentence.end || marked(t + 1, kBreakMarks);
  const std::uint32_t left = at_start ? kNoToken : t - 1;
  const std::uint32_t right = at_end ? kNoToken : t + 1;
  const bool left_is_noun_start =
      left != kNoToken && (is(left, Grammar::determiner) || is(left, Grammar::modifier) ||
                           (text.tokens[left].shape & shape::kPossessive) != 0);
  const bool is_ed = (f & (form::kPast | form::kParticiple)) != 0 && (f & form::kBase) == 0;
  if (is_ed) return !(left_is_noun_start && right != kNoToken && !is(right, Grammar::preposition));
  if ((f & form::kIng) != 0)
    return !left_is_noun_start &&
           !((f & form::kNoun) != 0 && right != kNoToken && is(right, Grammar::preposition));
  if (left != kNoToken) {
    if (hash(left) == lexicon.key.to || is(left, Grammar::modal) ||
        is(left, Grammar::auxiliary_do)) {
      return (f & form::kBase) != 0;
    }
    if (is(left, Grammar::pronoun) || is(left, Grammar::relative) || is(left, Grammar::negation))
      return true;
    if (left_is_noun_start) return false;
    if (is(left, Grammar::preposition)) return false;
    if (is(left, Grammar::have) || is(left, Grammar::be)) return (f & form::kParticiple) != 0;
    if (mention[left] != kNoMention && tagging.mentions[mention[left]].via == Via::demonym &&
        (f & form::kNoun) != 0 && (f & form::kThird) != 0 &&
        (right == kNoToken || is(right, Grammar::preposition))) {
      return false;
    }
  }
  if ((f & form::kNoun) == 0) return true;
  const bool right_starts_object =
      right != kNoToken &&
      (is(right, Grammar::determiner) || mention[right] != kNoMention ||
       is(right, Grammar::pronoun) || is(right, Grammar::modifier) ||
       (text.tokens[right].shape & shape::kNumber) != 0 ||
       (grammar(right) & (bit(Grammar::forces) | bit(Grammar::armed) | bit(Grammar::victim) |
                          bit(Grammar::civil) | bit(Grammar::government))) != 0 ||
       hash(right) == lexicon.key.that || hash(right) == lexicon.key.to);
  if ((f & form::kThird) != 0) return left != kNoToken && right_starts_object;
  if ((f & form::kPast) != 0 && (f & form::kBase) != 0) return right_starts_object;
  // Base form: a plural subject in front ("rebels attack the base").
  const bool plural_left =
      left != kNoToken &&
      ((grammar(left) & (bit(Grammar::forces) | bit(Grammar::armed) | bit(Grammar::civil))) != 0 ||
       (ends_with(text.slice(text.tokens[left]), "s") && mention[left] == kNoMention));
  return plural_left && right_starts_object;
}

bool Page::is_finite_here(std::uint32_t t, TokenSpan sentence) const {
  const std::uint16_t f = forms(t);
  if (is(t, Grammar::modal) || is(t, Grammar::auxiliary_do)) return true;
  if (is(t, Grammar::be) || is(t, Grammar::have))
    return (f & (form::kIng | form::kParticiple)) == 0;
  if ((f & (form::kPast | form::kThird | form::kBase)) == 0) return false;
  return is_verb_here(t, sentence) && !(t > sentence.begin && hash(t - 1) == lexicon.key.to);
}

VerbGroup Page::verb_group(std::uint32_t head, TokenSpan sentence) const {
  VerbGroup group;
  group.begin = head;
  bool has_be = false;
  bool nearest = true;
  bool has_have = false;
  for (std::uint32_t t = head; t > sentence.begin; --t) {
    const std::uint32_t left = t - 1;
    if (marked(t, kBreakMarks) &&
        !(marked(t, before::kQuoteOpen | before::kQuoteClose | before::kComma) &&
          !marked(t, kClauseMarks) &&
          (grammar(left) & (bit(Grammar::modal) | bit(Grammar::be))) != 0))
      break;
    const std::uint32_t g = grammar(left);
    if (hash(left) == lexicon.key.to) {
      group.is_infinitive = true;
      group.begin = left;
      if (left > sentence.begin && is(left - 1, Grammar::negation)) group.is_negated = true;
      break;
    }
    if (g & bit(Grammar::negation)) {
      group.is_negated = true;
      if (g & bit(Grammar::modal)) group.is_future = true;
    } else if (g & bit(Grammar::be)) {
      if (nearest) has_be = true;
      nearest = false;
    } else if (g & bit(Grammar::have)) {
      if (nearest) has_have = true;
      nearest = false;
    } else if (g & bit(Grammar::modal)) {
      const auto word_text = fold(text.slice(text.tokens[left]));
      if (word_text == "will" || word_text == "shall" || ends_with(word_text, "'ll")) {
        group.is_future = true;
      } else {
        group.is_possible = true;
      }
    } else if ((g & (bit(Grammar::adverb) | bit(Grammar::auxiliary_do))) == 0 &&
               !ends_with(text.slice(text.tokens[left]), "ly")) {
      break;
    }
    group.begin = left;
  }
  const bool participle = (forms(head) & form::kParticiple) != 0;
  const std::uint32_t right = head + 1;
  const bool by_follows =
      right < sentence.end && !marked(right, kClauseMarks) &&
      (hash(right) == lexicon.key.by || (is(right, Grammar::adverb) && right + 1 < sentence.end &&
                                         hash(right + 1) == lexicon.key.by));
  group.is_passive = participle && !has_have && (has_be || by_follows);
  return group;
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
  if (party.entity == kNoEntity) party.entity = tagged.gazetteer;
  party.part = gazetteer[party.entity].part;
  if (entity.part == Part::society) party.part = Part::society;
  if (entity.part == Part::forces) party.grammar |= bit(Grammar::forces);
  return party;
}

// The party whose last token is `t`: a name, or a common noun with the name it belongs to.
Party Page::party_at(std::uint32_t t, TokenSpan sentence) const {
  constexpr std::uint32_t kAgents = bit(Grammar::forces) | bit(Grammar::armed) |
                                    bit(Grammar::government) | bit(Grammar::civil) |
                                    bit(Grammar::victim);
  Party party;
  if (mention[t] != kNoMention) {
    const EntityType type = tagging.entities[tagging.mentions[mention[t]].entity].type;
    if (type == EntityType::weapon) return party;
    return named(mention[t]);
  }
  const std::uint32_t g = grammar(t) & kAgents;
  if (g == 0) return party;
  party.valid = true;
  party.grammar = g;
  party.tokens = {t, t + 1};
  // "Russian troops", "Ukraine's eastern army": the nearest name in front, in the same noun phrase.
  for (std::uint32_t k = t, steps = 0; k > sentence.begin && steps < 4; --k, ++steps) {
    if (marked(k, kBreakMarks)) break;
    const std::uint32_t left = k - 1;
    if (mention[left] != kNoMention) {
      const Party owner = named(mention[left]);
      if ((text.tokens[left].shape & shape::kPossessive) == 0 && !owner.is_demonym && steps > 1)
        break;
      party.entity = owner.entity;
      party.itself = owner.itself;
      party.part = owner.part;
      party.is_team = owner.is_team;
      party.tokens.begin = owner.tokens.begin;
      return party;
    }
    if (is(left, Grammar::preposition) || is(left, Grammar::conjunction) ||
        is(left, Grammar::determiner) || is_finite_here(left, sentence)) {
      break;
    }
    if (steps == 0 || (grammar(left) & kAgents)) party.tokens.begin = left;
  }
  // "forces of Azerbaijan", "police in Kenya".
  const std::uint32_t of = t + 1;
  if ((g & (bit(Grammar::forces) | bit(Grammar::government))) != 0 && of + 1 < sentence.end &&
      !marked(of, kBreakMarks) &&
      (hash(of) == lexicon.key.of || hash(of) == lexicon.key.from || hash(of) == lexicon.key.in)) {
    for (std::uint32_t k = of + 1; k < sentence.end && k < of + 4 && !marked(k, kBreakMarks); ++k) {
      if (mention[k] == kNoMention) continue;
      const Party owner = named(mention[k]);
      party.entity = owner.entity;
      party.itself = owner.itself;
      party.part = owner.part;
      break;
    }
  }
  return party;
}

// The preposition in front of the noun phrase that begins at `t`; 0 when there is none.
std::uint64_t Page::governing_preposition(std::uint32_t t, TokenSpan sentence) const {
  for (unsigned steps = 0; t > sentence.begin && steps < 4; --t, ++steps) {
    if (marked(t, kBreakMarks)) return 0;
    const std::uint32_t left = t - 1;
    if (is(left, Grammar::preposition)) return hash(left);
    if (is(left, Grammar::conjunction) || is(left, Grammar::pronoun) ||
        is_finite_here(left, sentence))
      return 0;
  }
  return 0;
}

void Page::add_coordinated_left(std::vector<Party>& parties, TokenSpan sentence) const {
  while (parties.size() < kCoordinatedMax) {
    const std::uint32_t begin = parties.back().tokens.begin;
    std::uint32_t t = begin;
    while (t > sentence.begin && is(t - 1, Grammar::determiner)) --t;
    if (t < sentence.begin + 2 || hash(t - 1) != lexicon.key.conj_and || marked(t, kBreakMarks) ||
        marked(t - 1, kClauseMarks))
      return;
    const Party party = party_at(t - 2, sentence);
    if (!party.valid || (party.entity == kNoEntity && party.grammar == 0)) return;
    if (party.tokens.begin > sentence.begin && is_finite_here(party.tokens.begin - 1, sentence))
      return;
    if (governing_preposition(party.tokens.begin, sentence) != 0) return;
    parties.push_back(party);
  }
}

std::vector<Party> Page::subject(std::uint32_t begin, TokenSpan sentence, unsigned depth) const {
  std::vector<Party> found;
  Party fallback;
  std::uint32_t t = begin;
  if (t > sentence.begin && marked(t, before::kComma) && !marked(t, kClauseMarks)) {
    // ", which has massed troops," and ", the president of Russia,": skip what stands between
    // commas.
    for (std::uint32_t k = t - 1; k > sentence.begin && t - k < 18; --k) {
      if (!marked(k, before::kComma)) continue;
      if (is(k, Grammar::relative) || is(k, Grammar::determiner) ||
          (forms(k) & (form::kIng | form::kParticiple)))
        t = k;
      break;
    }
  }
  bool is_shared = t > sentence.begin && is(t - 1, Grammar::conjunction);
  while (t > sentence.begin) {
    const std::uint32_t left = t - 1;
    if (marked(t, kClauseMarks)) break;
    const std::uint32_t g = grammar(left);
    if (mention[left] == kNoMention && (g & bit(Grammar::pronoun)) != 0) {
      Party party;
      party.tokens = {left, t};
      party.is_first_person = (g & bit(Grammar::pronoun_first)) != 0;
      if (party.is_first_person) {
        party.valid = true;
      } else if (!fallback.valid && depth < kDepthMax && left > sentence.begin) {
        // "Iran said it would strike back": it is who stands in front.
        std::vector<Party> earlier = subject(left, sentence, depth + 1);
        if (!earlier.empty()) return earlier;
        for (std::uint32_t k = left; k > sentence.begin; --k) {
          if (Party p = party_at(k - 1, sentence); p.valid && p.entity != kNoEntity) return {p};
        }
      }
      if (party.valid) return {party};
      break;
    }
    if (mention[left] == kNoMention && is_finite_here(left, sentence) &&
        (g & (bit(Grammar::modal))) == 0) {
      if ((is_shared || fallback.valid == false) && depth < kDepthMax) {
        const std::uint32_t group = verb_group(left, sentence).begin;
        if (is_shared || group + 1 == begin) return subject(group, sentence, depth + 1);
        const bool through = t == begin || is_shared || hash(begin) == lexicon.key.to ||
                             (forms(begin) & form::kIng) != 0 || hash(t) == lexicon.key.that;
        if (through) return subject(group, sentence, depth + 1);
      }
      break;
    }
    if ((g & bit(Grammar::subordinator)) != 0 && (g & bit(Grammar::relative)) == 0 &&
        hash(left) != lexicon.key.that)
      break;
    const Party party = party_at(left, sentence);
    if (party.valid) {
      const std::uint64_t preposition = governing_preposition(party.tokens.begin, sentence);
      if (preposition == 0) {
        if (!is_shared) {
          found.push_back(party);
          add_coordinated_left(found, sentence);
          return found;
        }
        if (!fallback.valid) fallback = party;
      } else if (!fallback.valid) {
        fallback = party;
      }
      t = party.tokens.begin;
      continue;
    }
    t = left;
  }
  if (fallback.valid) found.push_back(fallback);
  return found;
}

// Who says it: the subject of a verb of saying, "according to X", or the name before a headline's
// colon.
std::vector<Party> Page::speaker(TokenSpan sentence, std::uint32_t act) const {
  for (std::uint32_t t = sentence.begin; t < sentence.end; ++t) {
    if (marked(t, before::kColon) && t > sentence.begin && t <= act) {
      const Party party = party_at(t - 1, sentence);
      if (party.valid && t - sentence.begin <= 6) return {party};
    }
    if (hash(t) == lexicon.key.according) {
      for (std::uint32_t k = t + 1; k < sentence.end && k < t + 8; ++k) {
        if (const Party party = party_at(k, sentence); party.valid) return {party};
      }
    }
    if (t != act && is(t, Grammar::say) && is_verb_here(t, sentence)) {
      std::vector<Party> who = subject(verb_group(t, sentence).begin, sentence, 0);
      if (who.empty()) {
        for (std::uint32_t k = t + 1; k < sentence.end && k < t + 8; ++k) {
          if (marked(k, kClauseMarks) || hash(k) == lexicon.key.that) break;
          if (const Party party = party_at(k, sentence); party.valid) return {party};
        }
      }
      if (!who.empty()) return who;
    }
  }
  return {};
}

Page::Right Page::right_of(std::uint32_t end, TokenSpan sentence, const Rule& rule,
                           bool is_noun) const {
  Right right;
  constexpr std::uint32_t kWindow = 14;
  std::uint64_t preposition = 0;
  std::size_t best = rule.prepositions.size() + 1;
  bool after_and = false;
  bool is_object_done = false;
  if (end > sentence.begin && is(end - 1, Grammar::preposition)) preposition = hash(end - 1);
  const auto take = [&](const Party& party) {
    if (preposition == lexicon.key.by) {
      if (right.agent.size() < kCoordinatedMax) right.agent.push_back(party);
      return;
    }
    std::size_t rank = rule.prepositions.size() + 1;
    if (preposition == 0) {
      if (!is_noun && rule.takes_object && !is_object_done) rank = 0;
    } else {
      const auto at = std::find(rule.prepositions.begin(), rule.prepositions.end(), preposition);
      if (at != rule.prepositions.end())
        rank =
            static_cast<std::size_t>(at - rule.prepositions.begin()) + (rule.takes_object ? 1 : 0);
    }
    if (rank > rule.prepositions.size()) {
      if (preposition != 0 && right.place.empty()) right.place.push_back(party);
      return;
    }
    const bool better = !right.object.empty() && right.object.front().entity == kNoEntity &&
                        party.entity != kNoEntity && !after_and;
    if (after_and && rank == best && right.object.size() < kCoordinatedMax) {
      right.object.push_back(party);
    } else if (rank < best || (better && rank <= best + 1)) {
      right.object = {party};
      best = rank;
    }
  };
  for (std::uint32_t t = end; t < sentence.end && t < end + kWindow; ++t) {
    if (t > end - 1 && t >= end && marked(t, kClauseMarks)) break;
    if (marked(t, before::kComma) && t > end && !right.object.empty()) break;
    const std::uint32_t g = grammar(t);
    if (mention[t] != kNoMention ||
        (g & (bit(Grammar::forces) | bit(Grammar::armed) | bit(Grammar::government) |
              bit(Grammar::civil) | bit(Grammar::victim)))) {
      std::uint32_t last = t;
      if (mention[t] != kNoMention) last = tagging.mentions[mention[t]].tokens.end - 1;
      if (const Party party = party_at(last, sentence); party.valid) take(party);
      after_and = false;
      t = last;
      continue;
    }
    if (g & bit(Grammar::preposition)) {
      if (hash(t) != lexicon.key.of || preposition == 0) preposition = hash(t);
      is_object_done = true;
      continue;
    }
    if (hash(t) == lexicon.key.conj_and) {
      after_and = true;
      continue;
    }
    if ((g & (bit(Grammar::subordinator) | bit(Grammar::relative))) != 0) break;
    if (is_noun && (g & (bit(Grammar::be) | bit(Grammar::have) | bit(Grammar::adverb)))) continue;
    if (is_finite_here(t, sentence) && !(is_noun && (forms(t) & form::kParticiple))) break;
  }
  return right;
}

// "Russia's invasion", "the Israeli air strike", "US-led strikes": the name in front of an act
// noun.
std::vector<Party> Page::owner(std::uint32_t begin, TokenSpan sentence,
                               std::uint32_t& np_begin) const {
  std::uint32_t t = begin;
  std::vector<Party> found;
  for (unsigned steps = 0; t > sentence.begin && steps < 5; ++steps) {
    if (marked(t, kBreakMarks & ~static_cast<unsigned>(before::kQuoteOpen))) break;
    const std::uint32_t left = t - 1;
    const std::uint32_t g = grammar(left);
    if (mention[left] == kNoMention &&
        (g & (bit(Grammar::preposition) | bit(Grammar::conjunction) | bit(Grammar::modal) |
              bit(Grammar::be) | bit(Grammar::have) | bit(Grammar::relative) |
              bit(Grammar::subordinator))))
      break;
    if (mention[left] == kNoMention && (g & bit(Grammar::determiner)) == 0 &&
        is_finite_here(left, sentence) && !(is(left, Grammar::modifier)))
      break;
    const Party party = party_at(left, sentence);
    if (party.valid) {
      found.push_back(party);
      add_coordinated_left(found, sentence);
      np_begin = party.tokens.begin;
      return found;
    }
    t = left;
    if (g & bit(Grammar::determiner)) break;
  }
  np_begin = t;
  return found;
}

}  // namespace tocsin
