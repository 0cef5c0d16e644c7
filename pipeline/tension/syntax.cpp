#include "pipeline/tension/syntax.h"

#include <algorithm>

namespace tocsin {
namespace {

constexpr unsigned kClauseMarks = before::kStop | before::kSemicolon | before::kParagraph |
                                  before::kColon | before::kDash | before::kParenOpen |
                                  before::kParenClose;
constexpr unsigned kQuoteMarks = before::kQuoteOpen | before::kQuoteClose;
constexpr unsigned kBreakMarks = kClauseMarks | before::kComma | kQuoteMarks;
constexpr std::uint32_t kAgents = bit(Grammar::forces) | bit(Grammar::armed) |
                                  bit(Grammar::government) | bit(Grammar::civil) |
                                  bit(Grammar::victim);
constexpr std::uint32_t kAuxiliaries = bit(Grammar::modal) | bit(Grammar::be) | bit(Grammar::have) |
                                       bit(Grammar::auxiliary_do) | bit(Grammar::negation);

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

namespace {

// What stands left and right of a word, inside the clause.
struct Neighbours {
  std::uint32_t left = kNoToken;
  std::uint32_t right = kNoToken;
};

// "rebels attack the base", "Iran strikes Iraq": does an object follow?
bool starts_object(const Page& page, std::uint32_t t) {
  return t != kNoToken &&
         (page.marked(t, before::kQuoteOpen) || page.is(t, Grammar::determiner) ||
          page.mention[t] != kNoMention || page.is(t, Grammar::pronoun) ||
          page.is(t, Grammar::modifier) || (page.text.tokens[t].shape & shape::kNumber) != 0 ||
          (page.grammar(t) & kAgents) != 0 || page.hash(t) == page.lexicon.key.that ||
          page.hash(t) == page.lexicon.key.off ||
          (page.hash(t) == page.lexicon.key.to && t + 1 < page.word.size() &&
           (page.forms(t + 1) & form::kBase) != 0));
}

// A word that can be noun and verb, with no sure sign on its left.
bool ambiguous_is_verb(const Page& page, std::uint32_t t, Neighbours near) {
  const std::uint16_t f = page.forms(t);
  const bool has_object = starts_object(page, near.right);
  const bool has_particle = near.right != kNoToken && page.is(near.right, Grammar::adverb);
  // Also of a name: "Kosovo police arrest", "the junta retreats".
  const std::uint32_t left_grammar = near.left == kNoToken || page.word[near.left] == kNoWord
                                         ? 0
                                         : page.lexicon.words[page.word[near.left]].grammar;
  // "a drone hits cars", but "rebel raids leave", "police raids in"
  constexpr std::uint32_t kNoObject = kAuxiliaries | bit(Grammar::preposition) |
                                      bit(Grammar::conjunction) | bit(Grammar::subordinator) |
                                      bit(Grammar::relative);
  const bool is_bare = near.right == kNoToken || ((page.forms(near.right) & form::kVerb) == 0 &&
                                                  (page.grammar(near.right) & kNoObject) == 0);
  const bool is_agents = is_bare && (left_grammar & kAgents) != 0;
  if ((f & form::kThird) != 0)
    return near.left != kNoToken && (has_object || has_particle || is_agents);
  if ((f & form::kPast) != 0 && (f & form::kBase) != 0)  // "set up", "shut down"
    return has_object || (near.left != kNoToken && has_particle);
  // Base form: a plural subject in front ("rebels attack the base").
  const bool plural_left =
      near.left != kNoToken &&
      ((left_grammar & (bit(Grammar::forces) | bit(Grammar::armed) | bit(Grammar::civil))) != 0 ||
       (ends_with(page.text.slice(page.text.tokens[near.left]), "s") &&
        page.mention[near.left] == kNoMention));
  return plural_left && (has_object || (is_agents && near.right != kNoToken));
}

bool starts_noun(const Page& page, std::uint32_t t) {
  return t != kNoToken && (page.is(t, Grammar::determiner) || page.is(t, Grammar::modifier) ||
                           (page.text.tokens[t].shape & shape::kPossessive) != 0);
}

}  // namespace

// "attacks", "strike", "talks": a verb here, or a noun? Decided by the neighbours.
bool Page::is_verb_here(std::uint32_t t, TokenSpan sentence) const {
  const std::uint16_t f = forms(t);
  if ((f & form::kVerb) == 0 || mention[t] != kNoMention) return false;
  const bool at_start = t == sentence.begin || marked(t, kBreakMarks);
  const bool at_end =
      t + 1 >= sentence.end || marked(t + 1, kBreakMarks & ~std::uint32_t{before::kQuoteOpen});
  // "US-led forces"; a headline or sentence does not begin with a bare verb.
  if (t > sentence.begin && marked(t, before::kJoinedHyphen)) return false;
  if (t == sentence.begin && (f & form::kBase) != 0 && (f & form::kPast) == 0) return false;
  const Neighbours near{at_start ? kNoToken : t - 1, at_end ? kNoToken : t + 1};
  // "shot down", "pulled back"
  if (near.left != kNoToken && is(t, Grammar::adverb) && (forms(near.left) & form::kVerb) != 0)
    return false;
  const bool after_noun_start = starts_noun(*this, near.left);
  const bool is_ed = (f & (form::kPast | form::kParticiple)) != 0 && (f & form::kBase) == 0;
  if (is_ed)
    return !(after_noun_start && near.right != kNoToken && !is(near.right, Grammar::preposition));
  if ((f & form::kIng) != 0) {
    if (after_noun_start) return false;
    if ((f & form::kNoun) == 0) return true;
    // "fighting raged", "Pakistani shelling", "the bombing of"
    const bool after_demonym = near.left != kNoToken && mention[near.left] != kNoMention &&
                               tagging.mentions[mention[near.left]].via == Via::demonym;
    const bool before_predicate =
        near.right != kNoToken &&
        ((grammar(near.right) & (kAuxiliaries | bit(Grammar::preposition))) != 0 ||
         (forms(near.right) & form::kPast) != 0);
    return !after_demonym && !before_predicate;
  }
  if (near.left != kNoToken) {
    if (hash(near.left) == lexicon.key.to || is(near.left, Grammar::modal) ||
        is(near.left, Grammar::auxiliary_do)) {
      return (f & form::kBase) != 0;
    }
    if (is(near.left, Grammar::relative) || is(near.left, Grammar::negation)) return true;
    if (after_noun_start) return false;
    if (is(near.left, Grammar::pronoun)) return true;
    if (is(near.left, Grammar::preposition)) return false;
    if (is(near.left, Grammar::have) || is(near.left, Grammar::be))
      return (f & form::kParticiple) != 0;
    if (mention[near.left] != kNoMention &&
        tagging.mentions[mention[near.left]].via == Via::demonym && (f & form::kNoun) != 0 &&
        (f & form::kThird) != 0 &&
        (near.right == kNoToken || is(near.right, Grammar::preposition))) {
      return false;
    }
  }
  return (f & form::kNoun) == 0 || ambiguous_is_verb(*this, t, near);
}

bool Page::is_finite_here(std::uint32_t t, TokenSpan sentence) const {
  const std::uint16_t f = forms(t);
  if (is(t, Grammar::modal) || is(t, Grammar::auxiliary_do)) return true;
  if (is(t, Grammar::be) || is(t, Grammar::have))
    return (f & (form::kIng | form::kParticiple)) == 0;
  if ((f & (form::kPast | form::kThird | form::kBase)) == 0) return false;
  return is_verb_here(t, sentence) && !(t > sentence.begin && hash(t - 1) == lexicon.key.to);
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

void take_entity(Party& party, const Party& from) {
  party.entity = from.entity;
  party.part = from.part;
  party.is_team = from.is_team;
  party.is_demonym = from.is_demonym;
}

// The last name of the phrase that stands before `t` and can own what stands there.
Party owner_before(const Page& page, TokenSpan tokens, std::uint32_t t) {
  for (std::uint32_t k = t; k > tokens.begin; --k) {
    if (page.mention[k - 1] == kNoMention) continue;
    const Party party = page.named(page.mention[k - 1]);
    if (party.entity != kNoEntity) return party;
  }
  return {};
}

}  // namespace

Party Page::party_of(TokenSpan tokens) const {
  Party party;
  party.tokens = tokens;
  const std::uint32_t last = tokens.end - 1;
  if (mention[last] != kNoMention) {
    party = named(mention[last]);
    // "French President" with an unknown name: whose president.
    if (party.entity == kNoEntity) {
      const Party owner = owner_before(*this, tokens, party.tokens.begin);
      if (owner.valid) take_entity(party, owner);
    }
    party.tokens.begin = tokens.begin;
    return party;
  }
  for (std::uint32_t k = tokens.end; k > tokens.begin && k + 3 > tokens.end; --k) {
    const std::uint32_t g = grammar(k - 1) & kAgents;
    if (mention[k - 1] != kNoMention) break;
    if (g == 0) {
      // "President Adama Barrow" goes on, "tourist board" is something else.
      if ((text.tokens[k - 1].shape & (shape::kTitle | shape::kUpper)) == 0) break;
      continue;
    }
    party.valid = true;
    party.grammar = g;
    const Party owner = owner_before(*this, tokens, k - 1);
    if (owner.valid) {
      take_entity(party, owner);
      party.itself = owner.itself;
    }
    while (party.tokens.begin + 1 < party.tokens.end && is(party.tokens.begin, Grammar::determiner))
      ++party.tokens.begin;
    return party;
  }
  const Party owner = owner_before(*this, tokens, tokens.end);
  if (owner.valid) {
    party = owner;
    party.is_owner = true;
  }
  return party;
}

namespace {

class Chunker {
 public:
  Chunker(const Page& page, TokenSpan sentence) : page_(page) {
    chunks_.sentence = sentence;
    chunks_.of_token.resize(sentence.size());
    t_ = sentence.begin;
  }

  Chunks run() {
    const TokenSpan sentence = chunks_.sentence;
    while (t_ < sentence.end) {
      if (t_ > sentence.begin && page_.marked(t_, kClauseMarks)) add(ChunkKind::stop, t_);
      if (t_ > sentence.begin && page_.marked(t_, before::kComma) &&
          !page_.marked(t_, kClauseMarks))
        add(ChunkKind::comma, t_);
      next();
    }
    return std::move(chunks_);
  }

 private:
  Chunk& add(ChunkKind kind, std::uint32_t end) {
    Chunk chunk;
    chunk.kind = kind;
    chunk.tokens = {t_, end};
    const auto index = static_cast<std::uint16_t>(chunks_.list.size());
    for (std::uint32_t k = t_; k < end; ++k) chunks_.of_token[k - chunks_.sentence.begin] = index;
    chunks_.list.push_back(chunk);
    t_ = end;
    return chunks_.list.back();
  }

  [[nodiscard]] bool is_inside(std::uint32_t t, unsigned marks) const {
    return t < chunks_.sentence.end && !page_.marked(t, marks);
  }
  [[nodiscard]] bool is_infinitive(std::uint32_t t) const {
    return page_.hash(t) == page_.lexicon.key.to && is_inside(t + 1, kBreakMarks) &&
           page_.mention[t + 1] == kNoMention &&
           ((page_.forms(t + 1) & form::kBase) != 0 || page_.is(t + 1, Grammar::adverb));
  }
  [[nodiscard]] bool is_verbal(std::uint32_t t) const {
    if (page_.mention[t] != kNoMention) return false;
    if ((page_.grammar(t) & kAuxiliaries) != 0) return true;
    return page_.is_verb_here(t, chunks_.sentence);
  }

  void next() {
    const std::uint32_t g = page_.grammar(t_);
    if (page_.mention[t_] != kNoMention) return nominal();
    if (is_infinitive(t_) || is_verbal(t_)) return verbal();
    if (page_.hash(t_) == page_.lexicon.key.that) return that();
    if ((g & bit(Grammar::relative)) != 0) return void(add(ChunkKind::relative, t_ + 1));
    if ((g & bit(Grammar::conjunction)) != 0) return void(add(ChunkKind::conjunction, t_ + 1));
    if ((g & bit(Grammar::preposition)) != 0) return void(add(ChunkKind::preposition, t_ + 1));
    if ((g & bit(Grammar::subordinator)) != 0) return void(add(ChunkKind::subordinator, t_ + 1));
    if ((g & bit(Grammar::pronoun)) != 0 && !is_possessive_pronoun(t_)) return pronoun(g);
    if ((g & bit(Grammar::adverb)) != 0) return void(add(ChunkKind::other, t_ + 1));
    nominal();
  }

  [[nodiscard]] bool is_possessive_pronoun(std::uint32_t t) const {
    return page_.is(t, Grammar::determiner) && is_inside(t + 1, kBreakMarks) && !is_verbal(t + 1) &&
           !page_.is(t + 1, Grammar::preposition) && !page_.is(t + 1, Grammar::conjunction);
  }

  void pronoun(std::uint32_t g) {
    Chunk& chunk = add(ChunkKind::nominal, t_ + 1);
    chunk.party.is_first_person = (g & bit(Grammar::pronoun_first)) != 0;
    chunk.party.valid = chunk.party.is_first_person;
    chunk.party.is_pronoun = !chunk.party.is_first_person;
    chunk.party.tokens = chunk.tokens;
  }

  // "said that Iran", "the group that attacked", "that country".
  void that() {
    const ChunkKind before = chunks_.list.empty() ? ChunkKind::stop : chunks_.list.back().kind;
    const bool has_next = is_inside(t_ + 1, kBreakMarks);
    if (before == ChunkKind::nominal && has_next && is_verbal(t_ + 1)) {
      add(ChunkKind::relative, t_ + 1);
    } else if (before == ChunkKind::verbal || before == ChunkKind::nominal || !has_next) {
      add(ChunkKind::subordinator, t_ + 1);
    } else {
      nominal();
    }
  }

  void nominal() {
    std::uint32_t end = t_;
    while (end < chunks_.sentence.end) {
      if (page_.mention[end] != kNoMention) {
        end = std::min(page_.tagging.mentions[page_.mention[end]].tokens.end, chunks_.sentence.end);
      } else {
        ++end;
      }
      if (!is_inside(end, kBreakMarks)) break;
      if (page_.mention[end] != kNoMention || page_.marked(end, before::kJoinedHyphen)) continue;
      constexpr std::uint32_t kOutside =
          bit(Grammar::preposition) | bit(Grammar::conjunction) | bit(Grammar::subordinator) |
          bit(Grammar::relative) | bit(Grammar::pronoun) | bit(Grammar::adverb) | kAuxiliaries;
      if ((page_.grammar(end) & kOutside) != 0 || is_verbal(end)) break;
    }
    Chunk& chunk = add(ChunkKind::nominal, end);
    chunk.party = page_.party_of(chunk.tokens);
  }

  void verbal() {
    VerbGroup group;
    group.begin = t_;
    std::uint32_t end = t_;
    bool nearest_be = false;
    bool nearest_have = false;
    bool has_auxiliary = false;
    while (end < chunks_.sentence.end && (end == t_ || !page_.marked(end, kBreakMarks))) {
      const std::uint32_t g = page_.grammar(end);
      if (is_infinitive(end)) {
        const bool is_modal = has_auxiliary && (nearest_be || nearest_have);  // "is to", "has to"
        if (end > t_ && !is_modal && group.negation == kNoToken) break;
        if (is_modal) group.is_future = nearest_be;
        group.is_infinitive = !is_modal;
        ++end;
        continue;
      }
      if ((g & kAuxiliaries) != 0) {
        note_auxiliary(end, g, group);
        nearest_be =
            (g & bit(Grammar::be)) != 0 || (nearest_be && (g & bit(Grammar::negation)) != 0);
        nearest_have = (g & bit(Grammar::have)) != 0;
        has_auxiliary = true;
        group.head = end++;
        continue;
      }
      if (page_.is_verb_here(end, chunks_.sentence) || (group.is_infinitive && is_base(end))) {
        group.head = end++;
        finish(group, end, nearest_be, nearest_have, has_auxiliary);
        break;
      }
      if (is_adverb(end) && is_inside(end + 1, kBreakMarks) && is_verbal(end + 1)) {
        ++end;
        continue;
      }
      break;
    }
    add(ChunkKind::verbal, std::max(end, t_ + 1)).verb = group;
  }

  [[nodiscard]] bool is_base(std::uint32_t t) const {
    return page_.mention[t] == kNoMention && (page_.forms(t) & form::kBase) != 0;
  }
  [[nodiscard]] bool is_adverb(std::uint32_t t) const {
    return page_.is(t, Grammar::adverb) || ends_with(page_.text.slice(page_.text.tokens[t]), "ly");
  }

  void note_auxiliary(std::uint32_t t, std::uint32_t g, VerbGroup& group) const {
    if ((g & bit(Grammar::negation)) != 0) group.negation = t;
    if (page_.hash(t) == page_.lexicon.key.had) group.is_past_perfect = true;
    if ((g & bit(Grammar::modal)) == 0) return;
    const KeyWords& key = page_.lexicon.key;
    const std::uint64_t hash = page_.hash(t);
    const bool is_will = hash == key.will || hash == key.shall || hash == key.wont ||
                         ends_with(page_.text.slice(page_.text.tokens[t]), "ll");
    if (hash == key.must || hash == key.should) return;  // asked for, by somebody: no guess
    (is_will ? group.is_future : group.is_possible) = true;
  }

  void finish(VerbGroup& group, std::uint32_t end, bool nearest_be, bool nearest_have,
              bool has_auxiliary) const {
    const std::uint16_t f = page_.forms(group.head);
    const bool is_participle = (f & form::kParticiple) != 0;
    const bool by_follows = is_inside(end, kClauseMarks) &&
                            (page_.hash(end) == page_.lexicon.key.by ||
                             (page_.is(end, Grammar::adverb) && is_inside(end + 1, kBreakMarks) &&
                              page_.hash(end + 1) == page_.lexicon.key.by));
    group.is_passive = is_participle && !nearest_have && (nearest_be || by_follows);
    group.is_participle = !has_auxiliary && !group.is_infinitive &&
                          ((f & form::kIng) != 0 || (group.is_passive && by_follows));
  }

  const Page& page_;
  Chunks chunks_;
  std::uint32_t t_ = 0;
};

}  // namespace

Chunks chunk(const Page& page, TokenSpan sentence) {
  return Chunker(page, sentence).run();
}

}  // namespace tocsin
