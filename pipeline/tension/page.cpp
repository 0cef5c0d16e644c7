#include "pipeline/tension/page.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "pipeline/text/word_set.h"

namespace tocsin {
namespace {

// What a letter and a number name: "F-16", "T-72"; 0: nothing.
std::uint64_t model_kind(const Page& page, std::uint32_t letters) {
  const Lexicon::State& lexicon = page.lexicon;
  const std::uint32_t word = page.word[letters];
  if (word == kNoWord) return 0;
  if (lexicon.forms_in(word, lexicon.aircraft_models) != 0) return lexicon.key.jet;
  return lexicon.forms_in(word, lexicon.tank_models) != 0 ? lexicon.key.tank : 0;
}

// "A Cuban MiG-29", "an A-37": letters with two digits or more behind a hyphen are what they are a
// model of, in both parts, whichever of them the tree makes the head. So are names of weapons.
void name_weapons(Page& page) {
  const auto is_digit = [&](const Token& token, std::uint32_t at) {
    const std::string_view bytes = page.text.slice(ByteSpan{token.begin, token.end});
    return at < bytes.size() && bytes[at] >= '0' && bytes[at] <= '9';
  };
  const KeyWords& key = page.lexicon.key;
  for (std::uint32_t t = 1; t < page.word.size(); ++t) {
    const Token& letters = page.text.tokens[t - 1];
    if (!page.marked(t, before::kJoinedHyphen) || (letters.shape & shape::kLower) != 0) continue;
    const Token& number = page.text.tokens[t];
    if (!is_digit(number, 0) || !is_digit(number, 1) || page.mention[t] != kNoMention) continue;
    const std::uint64_t kind = model_kind(page, t - 1);
    if (kind != 0) page.word[t - 1] = page.word[t] = page.lexicon.find(kind);
  }
  for (const Mention& mention : page.tagging.mentions) {
    if (page.tagging.entities[mention.entity].type != EntityType::weapon) continue;
    const std::uint32_t last = mention.tokens.end - 1;
    if ((page.grammar(last) & bit(Grammar::forces)) == 0)
      page.word[last] = page.lexicon.find(key.missile);
  }
}

}  // namespace

Page::Page(const Lexicon::State& the_lexicon, const Gazetteer& the_gazetteer, const Text& the_text,
           const Tagging& the_tagging)
    : lexicon(the_lexicon), gazetteer(the_gazetteer), text(the_text), tagging(the_tagging) {
  word.resize(text.tokens.size());
  for (std::size_t t = 0; t < word.size(); ++t) {
    word[t] = lexicon.find(text.tokens[t]);
    if (word[t] != kNoWord) __builtin_prefetch(&lexicon.words[word[t]]);  // the matcher reads it
  }
  mention.assign(text.tokens.size(), kNoMention);
  for (std::uint32_t m = 0; m < tagging.mentions.size(); ++m) {
    const Mention& one = tagging.mentions[m];
    if (tagging.entities[one.entity].type == EntityType::weapon) continue;
    for (std::uint32_t t = one.tokens.begin; t < one.tokens.end; ++t) mention[t] = m;
  }
  name_weapons(*this);
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
  // "Yonhap reports": what tells of it acts for nobody, but is somebody's.
  if (entity.type == EntityType::org && entity.part == Part::none) {
    party.whose = party.entity;
    party.entity = kNoEntity;
    party.is_bystander = true;
    return party;
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
    std::uint8_t& bits = traits[t - tokens.begin];
    if (page.is(t, Grammar::relative)) bits = trait::kRelative;
    if (page.is(t, Grammar::owner_of) || page.is(t, Grammar::source_of) ||
        page.is(t, Grammar::goal_to))
      bits = static_cast<std::uint8_t>(bits | trait::kHanded);
  }
  return traits;
}

// "Kenya, Uganda bury the hatchet": names with only a comma between them are joined; but not a city
// and its country.
void mend_pairs(const Page& page, TokenSpan tokens, std::vector<Node>& nodes) {
  for (std::uint16_t name = 1; name < nodes.size(); ++name) {
    const std::uint32_t t = tokens.begin + name;
    if (nodes[name].relation != Deprel::nsubj || page.mention[t] == kNoMention) continue;
    const std::uint32_t second = page.tagging.mentions[page.mention[t]].tokens.begin;
    if (second <= tokens.begin || !page.marked(second, before::kComma)) continue;
    const std::uint32_t first = page.mention[second - 1];
    if (first == kNoMention || page.tagging.mentions[first].tokens.begin != tokens.begin) continue;
    const Party one = page.named(first);
    const Party other = page.named(page.mention[t]);
    if (one.entity == kNoEntity || other.entity == kNoEntity || one.entity == other.entity)
      continue;
    const auto joined = static_cast<std::uint16_t>(second - 1 - tokens.begin);
    const std::uint16_t verb = nodes[name].head;
    if (verb == joined || (nodes[joined].head != verb && nodes[joined].head != name)) continue;
    nodes[joined].head = verb;
    nodes[joined].relation = Deprel::nsubj;
    nodes[name].head = joined;
    nodes[name].relation = Deprel::conj;
  }
}

// "Oman and Qatar each sent tents", taken for a relative clause of a noun that says nothing: the
// clause is the sentence, and those it stands for are who does it.
void mend_each(TokenSpan tokens, const Page& page, std::vector<Node>& nodes) {
  for (NodeIndex each = 1; each + 1U < nodes.size(); ++each) {
    const NodeIndex verb = nodes[each].head;
    if (nodes[each].relation != Deprel::nsubj || nodes[each].tag != Upos::det ||
        !page.is(tokens.begin + each, Grammar::quantity) || verb >= nodes.size() || verb < each)
      continue;
    const NodeIndex noun = nodes[verb].head;
    if (noun >= nodes.size() || nodes[noun].head != kRootHead || noun > each ||
        nodes[verb].relation != Deprel::acl_relcl)
      continue;
    nodes[verb].head = kRootHead;
    nodes[verb].relation = nodes[noun].relation;
    nodes[noun].head = verb;
    nodes[noun].relation = Deprel::nsubj;
    nodes[each].head = noun;
    nodes[each].relation = Deprel::appos;
  }
}

// Subject of a verb that is taken for an adjective: its own, or that of the noun it describes, when
// no "be" makes the noun a predicate; kAbsent.
NodeIndex subject_beside(const std::vector<Node>& nodes, NodeIndex verb, NodeIndex noun) {
  NodeIndex subject = kAbsent;
  for (NodeIndex child = 0; child < nodes.size(); ++child) {
    if (nodes[child].head == noun && nodes[child].relation == Deprel::cop) return kAbsent;
    const bool is_beside = nodes[child].head == noun || nodes[child].head == verb;
    if (is_beside && child < verb && nodes[child].relation == Deprel::nsubj) subject = child;
  }
  return subject;
}

// "China amassed warships", taken for a noun that an adjective describes: a noun without "be" has
// no subject, so the participle between them is a verb.
void mend_verbs(std::vector<Node>& nodes) {
  for (NodeIndex verb = 1; verb + 1U < nodes.size(); ++verb) {
    Node& own = nodes[verb];
    const NodeIndex noun = own.head;
    const bool is_plain = own.form == WordForm::past || own.form == WordForm::participle;
    if (own.tag != Upos::verb || own.relation != Deprel::amod || !is_plain || noun <= verb ||
        noun >= nodes.size() || subject_beside(nodes, verb, noun) == kAbsent)
      continue;
    own.head = nodes[noun].head;
    own.relation = nodes[noun].relation;
    own.form = WordForm::past;
    for (NodeIndex child = 0; child < nodes.size(); ++child) {
      const Deprel its = nodes[child].relation;
      const bool is_clausal = child < verb || its == Deprel::obl || its == Deprel::xcomp ||
                              its == Deprel::advcl || its == Deprel::ccomp;
      if (nodes[child].head == noun && child != verb && is_clausal) nodes[child].head = verb;
    }
    nodes[noun].head = verb;
    nodes[noun].relation = Deprel::obj;
  }
}

// "Peru had frozen relations", taken for relations that are frozen: an auxiliary has no object, so
// the participle right behind it is the verb.
void mend_perfects(std::vector<Node>& nodes) {
  for (NodeIndex verb = 1; verb + 1U < nodes.size(); ++verb) {
    const NodeIndex have = verb - 1;
    const NodeIndex noun = nodes[verb].head;
    if (nodes[have].tag != Upos::aux || nodes[verb].tag != Upos::verb ||
        nodes[verb].relation != Deprel::amod || nodes[verb].form != WordForm::participle ||
        noun >= nodes.size() || noun < verb || nodes[noun].head != have ||
        nodes[noun].relation != Deprel::obj)
      continue;
    nodes[verb].head = nodes[have].head;
    nodes[verb].relation = nodes[have].relation;
    for (Node& node : nodes) {
      if (node.head == have) node.head = verb;
    }
    nodes[have].head = verb;
    nodes[have].relation = Deprel::aux;
  }
}

// "Iran rains missiles on Haifa", taken for rains: a noun has no object.
void mend_tags(std::vector<Node>& nodes) {
  for (const Node& node : nodes) {
    if (node.relation != Deprel::obj || node.head >= nodes.size()) continue;
    Node& verb = nodes[node.head];
    if (verb.tag != Upos::noun || verb.form != WordForm::plural) continue;
    verb.tag = Upos::verb;
    verb.form = WordForm::present;
  }
}

// "Ceasefire talks between China and Taiwan", taken for a ceasefire that talks: a verb has no noun
// phrase of a noun, so with a bare noun right before it, it is one.
void mend_nouns(std::vector<Node>& nodes) {
  for (NodeIndex noun = 1; noun < nodes.size(); ++noun) {
    Node& own = nodes[noun];
    Node& before = nodes[noun - 1];
    if (own.tag != Upos::verb || own.form != WordForm::present || before.head != noun ||
        before.tag != Upos::noun ||
        (before.relation != Deprel::nsubj && before.relation != Deprel::compound))
      continue;
    bool has_phrase = false;
    bool has_others = false;
    for (NodeIndex child = 0; child < nodes.size(); ++child) {
      if (nodes[child].head == noun - 1) has_others = true;
      if (nodes[child].head != noun || child + 1U == noun) continue;
      if (nodes[child].relation == Deprel::nmod) has_phrase = true;
      if (nodes[child].relation != Deprel::nmod) has_others = true;
    }
    if (!has_phrase || has_others) continue;
    own.tag = Upos::noun;
    own.form = WordForm::plural;
    before.relation = Deprel::compound;
  }
}

// "US withholds wheat", "Arctic air invades Mexico": a verb in the present has no compounds, so the
// noun right before it is its subject, with what stood before that.
void mend_subjects(std::vector<Node>& nodes) {
  for (NodeIndex verb = 1; verb < nodes.size(); ++verb) {
    if (nodes[verb].tag != Upos::verb || nodes[verb].form != WordForm::present) continue;
    const NodeIndex noun = verb - 1;
    if (nodes[noun].head != verb || nodes[noun].relation != Deprel::compound) continue;
    bool has_subject = false;
    for (const Node& node : nodes)
      has_subject = has_subject || (node.head == verb && node.relation == Deprel::nsubj);
    if (has_subject) continue;
    nodes[noun].relation = Deprel::nsubj;
    for (NodeIndex before = 0; before < noun; ++before) {
      const Deprel its = nodes[before].relation;
      const bool is_of_noun = its == Deprel::amod || its == Deprel::compound ||
                              its == Deprel::det || its == Deprel::nmod_poss ||
                              its == Deprel::nummod;
      if (nodes[before].head == verb && is_of_noun) nodes[before].head = noun;
    }
  }
}

bool has_child(const std::vector<Node>& nodes, NodeIndex head, Deprel relation) {
  return std::any_of(nodes.begin(), nodes.end(), [&](const Node& node) {
    return node.head == head && node.relation == relation;
  });
}

// A phrase of a noun that is a verb after all: what no preposition leads is its object.
void turn_phrases(std::vector<Node>& nodes, NodeIndex verb) {
  bool has_object = has_child(nodes, verb, Deprel::obj);
  for (NodeIndex child = verb + 1; child < nodes.size(); ++child) {
    if (nodes[child].head != verb) continue;
    if (nodes[child].relation != Deprel::nmod && nodes[child].relation != Deprel::obl) continue;
    const bool is_object = !has_object && !has_child(nodes, child, Deprel::case_);
    nodes[child].relation = is_object ? Deprel::obj : Deprel::obl;
    has_object = has_object || is_object;
  }
}

// "Tanks fire into a town", taken for a fire that tanks are: without "be" a noun has no subject.
// "A rocket lands in", taken for rocket lands: nobody says a before many.
void mend_predicates(const Page& page, TokenSpan tokens, std::vector<Node>& nodes) {
  for (NodeIndex verb = 1; verb < nodes.size(); ++verb) {
    Node& own = nodes[verb];
    if (own.tag != Upos::noun || has_child(nodes, verb, Deprel::cop)) continue;
    const std::uint16_t wanted = own.form == WordForm::plural ? form::kThird : form::kBase;
    if ((page.forms(tokens.begin + verb) & wanted) == 0) continue;
    NodeIndex subject = kAbsent;
    bool is_one = false;
    for (NodeIndex child = 0; child < verb; ++child) {
      if (nodes[child].head != verb) continue;
      if (nodes[child].relation == Deprel::nsubj) subject = child;
      const std::uint64_t word = page.hash(tokens.begin + child);
      is_one = is_one || word == page.lexicon.key.a || word == page.lexicon.key.an;
    }
    const NodeIndex before = verb - 1;
    const bool is_many = own.form == WordForm::plural;
    if (subject != kAbsent) {
      if ((nodes[subject].form == WordForm::plural) == is_many) continue;
    } else if (is_one && is_many && nodes[before].tag == Upos::noun && nodes[before].head == verb &&
               nodes[before].relation == Deprel::compound) {
      for (NodeIndex child = 0; child < before; ++child) {
        if (nodes[child].head == verb) nodes[child].head = before;
      }
      nodes[before].relation = Deprel::nsubj;
    } else {
      continue;
    }
    own.tag = Upos::verb;
    own.form = WordForm::present;
    turn_phrases(nodes, verb);
  }
}

// "Jets bomb positions", "police club Danish fishermen", taken for one name of a thing: what forces
// do stands right behind them, before a noun or what belongs to it.
void mend_compounds(const Page& page, TokenSpan tokens, std::vector<Node>& nodes) {
  constexpr std::uint32_t kArms = bit(Grammar::forces) | bit(Grammar::armed);
  for (NodeIndex verb = 1; verb + 1U < nodes.size(); ++verb) {
    const NodeIndex noun = nodes[verb].head;
    const NodeIndex doer = verb - 1;
    if (nodes[verb].relation != Deprel::compound || nodes[verb].tag != Upos::noun ||
        nodes[verb].form != WordForm::singular || noun <= verb || noun >= nodes.size())
      continue;
    if (nodes[noun].head != kRootHead || nodes[noun].tag != Upos::noun) continue;
    if ((page.grammar(tokens.begin + doer) & kArms) == 0) continue;
    if ((page.forms(tokens.begin + verb) & form::kBase) == 0) continue;
    if (nodes[doer].head != verb && nodes[doer].head != noun) continue;
    const bool is_before_other =
        std::any_of(nodes.begin() + verb + 1, nodes.begin() + noun, [&](const Node& node) {
          return node.head == noun &&
                 (node.relation == Deprel::amod || node.relation == Deprel::det);
        });
    if (nodes[doer].form != WordForm::plural && !is_before_other) continue;
    if (has_child(nodes, noun, Deprel::case_) || has_child(nodes, noun, Deprel::cop)) continue;
    nodes[verb] = {kRootHead, nodes[noun].relation, Upos::verb, WordForm::present};
    nodes[noun].head = verb;
    nodes[noun].relation = Deprel::obj;
    for (NodeIndex child = 0; child < verb; ++child) {
      if (child != doer && (nodes[child].head == noun || nodes[child].head == verb))
        nodes[child].head = doer;
    }
    nodes[doer].head = verb;
    nodes[doer].relation = Deprel::nsubj;
  }
}

// "Gunboats land soldiers", taken for what somebody gunboats: forces are no verb, so the word
// behind them is.
void mend_doers(const Page& page, TokenSpan tokens, std::vector<Node>& nodes) {
  constexpr std::uint32_t kArms = bit(Grammar::forces) | bit(Grammar::armed);
  for (NodeIndex doer = 0; doer + 2U < nodes.size(); ++doer) {
    const NodeIndex verb = doer + 1;
    const std::uint32_t t = tokens.begin + doer;
    const bool is_noun = nodes[doer].tag == Upos::verb && (page.grammar(t) & kArms) != 0 &&
                         (page.forms(t) & form::kVerb) == 0;
    if (!is_noun || (page.forms(t + 1) & (form::kBase | form::kPast)) == 0) continue;
    const NodeIndex noun = nodes[verb].head;
    const bool is_of_object = noun < nodes.size() && noun > verb && nodes[noun].head == doer;
    if (noun != doer && !is_of_object) continue;
    for (NodeIndex child = verb + 1; child < nodes.size(); ++child) {
      if (nodes[child].head == doer) nodes[child].head = verb;
    }
    nodes[verb] = {nodes[doer].head, nodes[doer].relation, Upos::verb,
                   (page.forms(t + 1) & form::kBase) != 0 ? WordForm::present : WordForm::past};
    if (is_of_object) nodes[noun].relation = Deprel::obj;
    nodes[doer] = {verb, Deprel::nsubj, Upos::noun, WordForm::plural};
  }
}

// What stands before a verb that was taken for part of a name belongs to the noun right before it,
// which hangs on `owner`.
void give_back(std::vector<Node>& nodes, NodeIndex verb, NodeIndex owner) {
  const NodeIndex noun = verb - 1;
  const bool is_noun = nodes[noun].tag == Upos::noun || nodes[noun].tag == Upos::propn;
  if (!is_noun || nodes[noun].head != verb || owner >= noun) return;
  for (NodeIndex child = owner + 1; child < noun; ++child) {
    if (nodes[child].head == verb) nodes[child].head = noun;
  }
  nodes[noun].head = owner;
  nodes[noun].relation = Deprel::nmod;
}

// "Fighters of the front walk past", taken for fighters of a walk: a sentence without another verb
// is about what its verb in the present says.
void mend_roots(std::vector<Node>& nodes) {
  NodeIndex root = 0;
  while (root < nodes.size() && nodes[root].head != kRootHead) ++root;
  if (root >= nodes.size() || nodes[root].tag == Upos::verb || has_child(nodes, root, Deprel::cop))
    return;
  for (NodeIndex verb = root + 2; verb < nodes.size(); ++verb) {
    const Node own = nodes[verb];
    if (own.tag != Upos::verb) continue;
    const bool is_finite = own.form == WordForm::present || own.form == WordForm::base;
    const bool is_within = own.relation == Deprel::nmod || own.relation == Deprel::appos;
    const bool is_told = has_child(nodes, verb, Deprel::mark) ||
                         has_child(nodes, verb, Deprel::aux) ||
                         has_child(nodes, verb, Deprel::nsubj);
    if (!is_finite || !is_within || is_told || own.head >= verb) return;
    const bool is_of_root = own.head == root || (nodes[own.head].head == root &&
                                                 nodes[own.head].relation == Deprel::conj);
    if (!is_of_root) return;
    give_back(nodes, verb, own.head);
    nodes[verb].head = kRootHead;
    nodes[verb].relation = nodes[root].relation;
    nodes[verb].form = WordForm::present;
    nodes[root].head = verb;
    nodes[root].relation = Deprel::nsubj;
    return;
  }
}

// "Planes of the air force rocket hillsides", taken for what somebody hillsides: where the one is
// no verb, the word before it that can be one is.
void mend_objects(const Page& page, TokenSpan tokens, std::vector<Node>& nodes) {
  for (NodeIndex noun = 2; noun < nodes.size(); ++noun) {
    const NodeIndex verb = noun - 1;
    const std::uint16_t forms = page.forms(tokens.begin + noun);
    const bool is_noun =
        nodes[noun].tag == Upos::verb && (forms & form::kPlural) != 0 && (forms & form::kVerb) == 0;
    if (!is_noun || nodes[verb].tag != Upos::noun || nodes[verb].form != WordForm::singular)
      continue;
    if ((page.forms(tokens.begin + verb) & form::kBase) == 0) continue;
    const NodeIndex owner = nodes[verb].head;
    if (nodes[verb].relation != Deprel::nmod || owner >= verb || nodes[owner].head != noun)
      continue;
    give_back(nodes, verb, owner);
    nodes[verb] = {nodes[noun].head, nodes[noun].relation, Upos::verb, WordForm::present};
    nodes[noun] = {verb, Deprel::obj, Upos::noun, WordForm::plural};
    for (Node& node : nodes) {
      if (node.head == noun && node.relation != Deprel::det) node.head = verb;
    }
  }
}

// "Men with spears set upon a post", taken for spears that are set: people who carry or wear a
// thing are what the clause is about.
void mend_bearers(const Page& page, TokenSpan tokens, std::vector<Node>& nodes) {
  constexpr std::uint32_t kBearers =
      bit(Grammar::forces) | bit(Grammar::armed) | bit(Grammar::victim) | bit(Grammar::civil);
  const KeyWords& key = page.lexicon.key;
  for (NodeIndex verb = 3; verb < nodes.size(); ++verb) {
    if (nodes[verb].tag != Upos::verb || nodes[verb].relation != Deprel::acl) continue;
    if (nodes[verb].form != WordForm::past && nodes[verb].form != WordForm::participle) continue;
    const NodeIndex thing = nodes[verb].head;
    if (thing >= verb || nodes[thing].relation != Deprel::nmod) continue;
    const NodeIndex people = nodes[thing].head;
    if (people >= thing || nodes[people].head != kRootHead || nodes[people].tag != Upos::noun)
      continue;
    if ((page.grammar(tokens.begin + people) & kBearers) == 0) continue;
    const bool is_borne =
        std::any_of(nodes.begin() + people, nodes.begin() + thing, [&](Node& node) {
          const std::uint64_t word =
              page.hash(tokens.begin + static_cast<std::uint32_t>(&node - nodes.data()));
          return node.head == thing && node.relation == Deprel::case_ &&
                 (word == key.with || word == key.in);
        });
    if (!is_borne || has_child(nodes, people, Deprel::cop)) continue;
    nodes[verb].head = kRootHead;
    nodes[verb].relation = nodes[people].relation;
    nodes[verb].form = WordForm::past;
    nodes[people].head = verb;
    nodes[people].relation = Deprel::nsubj;
    for (NodeIndex child = verb + 1; child < nodes.size(); ++child) {
      if (nodes[child].head == people) nodes[child].head = verb;
    }
  }
}

// "Chinese and Philippine coast guard ships": adjectives that "and" joins are two of a kind.
void mend_joined(std::vector<Node>& nodes) {
  for (NodeIndex link = 1; link + 1U < nodes.size(); ++link) {
    Node& first = nodes[link - 1];
    Node& second = nodes[link + 1];
    const bool is_pair = nodes[link].relation == Deprel::cc && first.relation == Deprel::amod &&
                         second.relation == Deprel::amod && nodes[link].head == first.head &&
                         second.head == first.head && first.head > link + 1;
    if (!is_pair) continue;
    nodes[link].head = static_cast<NodeIndex>(link + 1);
    second.head = static_cast<NodeIndex>(link - 1);
    second.relation = Deprel::conj;
  }
}

// "sent tanks and thousands of troops", taken for thousands that hang on "and": they are joined to
// what stands before it.
void mend_links(std::vector<Node>& nodes) {
  for (NodeIndex second = 2; second < nodes.size(); ++second) {
    const NodeIndex link = nodes[second].head;
    if (nodes[second].relation != Deprel::conj || link >= second || link == 0 ||
        nodes[link].relation != Deprel::cc || nodes[link].head >= link)
      continue;
    NodeIndex first = link - 1;
    while (nodes[first].head < link && nodes[first].head > nodes[link].head)
      first = nodes[first].head;
    const bool is_beside = nodes[first].head == nodes[link].head;
    nodes[second].head = is_beside ? first : nodes[link].head;
    nodes[link].head = second;
  }
}

// "Two Danes taken hostage in Niger are freed", taken for two joined verbs that nothing joins: the
// participle says which Danes, and what follows is told of them.
void mend_participles(const Page& page, TokenSpan tokens, std::vector<Node>& nodes) {
  for (NodeIndex last = 2; last < nodes.size(); ++last) {
    const NodeIndex first = nodes[last].head;
    if (nodes[last].relation != Deprel::conj || first >= last || nodes[last].tag != Upos::verb ||
        nodes[first].tag != Upos::verb)
      continue;
    NodeIndex subject = kAbsent;
    bool is_joined = false;  // or not to be told
    bool is_finite = nodes[last].form == WordForm::present || nodes[last].form == WordForm::past;
    bool is_passive = false;
    for (NodeIndex node = 0; node < nodes.size(); ++node) {
      const Deprel its = nodes[node].relation;
      const bool is_subject = its == Deprel::nsubj || its == Deprel::nsubj_pass;
      if (nodes[node].head == last) {
        if (its == Deprel::aux || its == Deprel::aux_pass) is_finite = true;
        if (its == Deprel::aux_pass) is_passive = true;
        if (its == Deprel::cc || its == Deprel::mark || is_subject) is_joined = true;
      }
      if (nodes[node].head == first) {
        if (is_subject && node < first) subject = node;
        const bool is_own = its == Deprel::aux || its == Deprel::aux_pass || its == Deprel::mark ||
                            (its == Deprel::conj && node != last);
        const bool is_active = its == Deprel::obj && nodes[first].form != WordForm::participle;
        if (is_own || is_active) is_joined = true;
      }
      const bool is_between = node > first && node <= last;
      if (is_between && page.marked(tokens.begin + node, before::kComma | before::kQuoteClose))
        is_joined = true;
    }
    const bool is_bare = nodes[first].form == WordForm::participle ||
                         (nodes[first].form == WordForm::past && subject != kAbsent &&
                          nodes[subject].relation == Deprel::nsubj_pass);
    if (is_joined || !is_bare || !is_finite || subject == kAbsent) continue;
    nodes[last].head = nodes[first].head;
    nodes[last].relation = nodes[first].relation;
    for (NodeIndex node = 0; node < subject; ++node) {
      if (nodes[node].head == first) nodes[node].head = last;
    }
    nodes[subject].head = last;
    nodes[subject].relation = is_passive ? Deprel::nsubj_pass : Deprel::nsubj;
    nodes[first].head = subject;
    nodes[first].relation = Deprel::acl;
  }
}

// The noun by which `verb` names something: "calls an attack", "described as a raid", "said were
// depots"; kAbsent.
NodeIndex named_by(const Page& page, TokenSpan tokens, const std::vector<Node>& nodes,
                   NodeIndex verb) {
  constexpr std::size_t kWithin = 24;  // tokens from the verb to the name
  const std::size_t end = std::min(nodes.size(), verb + kWithin);
  const auto has_child = [&](NodeIndex node, Deprel relation, std::uint64_t word) {
    for (NodeIndex child = verb + 1; child < node; ++child) {
      const bool is_word = word == 0 || page.hash(tokens.begin + child) == word;
      if (nodes[child].head == node && nodes[child].relation == relation && is_word) return true;
    }
    return false;
  };
  const bool is_saying = page.is(tokens.begin + verb, Grammar::say);
  for (NodeIndex noun = verb + 1; noun < end; ++noun) {
    if (nodes[noun].head != verb) continue;
    const Upos tag = nodes[noun].tag;
    if (tag != Upos::noun && tag != Upos::propn) continue;
    switch (nodes[noun].relation) {
      case Deprel::obj:  // "what they told the court" names nothing
      case Deprel::xcomp:
      case Deprel::ccomp:
        if (!is_saying || has_child(noun, Deprel::cop, 0)) return noun;
        break;
      case Deprel::obl:
      case Deprel::nmod:
      case Deprel::advcl:
        if (has_child(noun, Deprel::case_, page.lexicon.key.as) ||
            has_child(noun, Deprel::mark, page.lexicon.key.as))
          return noun;
        break;
      default:
        break;
    }
  }
  return kAbsent;
}

// Puts `noun` where `what` stands, under `above`; the naming clause becomes one of the noun's.
void name_in_place(const Page& page, TokenSpan tokens, NodeIndex what, NodeIndex verb,
                   NodeIndex noun, Node place, std::vector<Node>& nodes) {
  for (NodeIndex child = 0; child < nodes.size(); ++child) {
    Node& own = nodes[child];
    if (child == what || child == noun || child == verb) continue;
    // "as a raid", "are strikes", "to be a bomb"
    const bool is_of_naming = own.head == noun && child < noun &&
                              (own.relation == Deprel::cop || own.relation == Deprel::mark ||
                               own.relation == Deprel::aux || own.relation == Deprel::nsubj ||
                               page.hash(tokens.begin + child) == page.lexicon.key.as);
    if (is_of_naming) own.relation = Deprel::dep;
    if (own.head == what) own.head = noun;
    if (own.head != verb || child < noun) continue;
    own.head = own.relation == Deprel::obl || place.head >= nodes.size() ? noun : place.head;
    if (own.relation == Deprel::obl) own.relation = Deprel::nmod;
  }
  nodes[noun].head = place.head;
  nodes[noun].relation = place.relation;
  nodes[verb].head = noun;
  nodes[verb].relation = Deprel::acl_relcl;
  nodes[what].head = noun;
  nodes[what].relation = Deprel::det;
}

// "launches what it calls an operation against Peru", "struck what it said were depots": a name for
// the thing is the thing, who calls it so is told on the side.
void mend_naming(const Page& page, TokenSpan tokens, std::vector<Node>& nodes) {
  constexpr unsigned kNamingsMax = 4;  // of a sentence
  unsigned namings = 0;
  for (NodeIndex what = 0; what + 2U < nodes.size() && namings < kNamingsMax; ++what) {
    if (page.hash(tokens.begin + what) != page.lexicon.key.what) continue;
    ++namings;
    const Node own = nodes[what];
    const bool is_inside = own.head > what && own.head < nodes.size();
    // The clause hangs on "what", "what" on its verb, or "what" on the noun: "what was said to be
    // a camp" is read in any of these ways.
    NodeIndex verb = is_inside ? own.head : kAbsent;
    for (NodeIndex child = what + 1; child < nodes.size(); ++child) {
      const bool is_clause =
          nodes[child].relation == Deprel::acl_relcl || nodes[child].relation == Deprel::acl;
      if (nodes[child].head == what && is_clause && nodes[child].tag == Upos::verb) verb = child;
    }
    if (verb == kAbsent || nodes[verb].tag != Upos::verb) continue;
    Node place = own;
    NodeIndex noun = kAbsent;
    if (nodes[verb].head == what && is_inside && nodes[own.head].tag == Upos::noun) {
      noun = own.head;  // "what the army said was a camp": taken for a camp that "what" is
      place = nodes[noun];
    } else {
      noun = named_by(page, tokens, nodes, verb);
      if (nodes[verb].head != what) place = nodes[verb];
    }
    const bool has_place = place.head < what && place.head != verb;
    if (noun == kAbsent || noun <= verb || !has_place) continue;
    const bool is_phrase = place.relation == Deprel::obl || place.relation == Deprel::nmod;
    if (!is_phrase)
      place.relation =
          own.relation == Deprel::nsubj && place.head > noun ? Deprel::nsubj : Deprel::obj;
    name_in_place(page, tokens, what, verb, noun, place, nodes);
  }
}

// "Troops seize town in Ethiopia: UN": who says so hangs on no word of what is said.
void mend_sources(const Page& page, const Sentence& sentence, std::vector<Node>& nodes) {
  constexpr std::uint32_t kSourceMax = 3;  // tokens behind the colon
  const TokenSpan tokens = sentence.tokens;
  if (sentence.field != Field::title || tokens.size() <= kSourceMax + 1) return;
  std::uint32_t colon = tokens.end - 1;
  while (colon > tokens.end - kSourceMax && !page.marked(colon, before::kColon)) --colon;
  if (!page.marked(colon, before::kColon)) return;
  NodeIndex root = kAbsent;
  for (NodeIndex node = 0; node < nodes.size(); ++node) {
    if (nodes[node].head == kRootHead) root = node;
  }
  const auto first = static_cast<NodeIndex>(colon - tokens.begin);
  if (root == kAbsent || root >= first) return;
  for (NodeIndex node = first; node < nodes.size(); ++node) {
    if (nodes[node].head >= first) continue;
    nodes[node].head = root;
    nodes[node].relation = Deprel::parataxis;
  }
}

// What the parser gets wrong and its own tree contradicts; a tree stays a tree.
Tree mended(const Page& page, const Sentence& sentence, Tree tree) {
  const TokenSpan tokens = sentence.tokens;
  mend_tags(tree.nodes);
  mend_perfects(tree.nodes);
  mend_verbs(tree.nodes);
  mend_nouns(tree.nodes);
  mend_subjects(tree.nodes);
  mend_predicates(page, tokens, tree.nodes);
  mend_compounds(page, tokens, tree.nodes);
  mend_doers(page, tokens, tree.nodes);
  mend_bearers(page, tokens, tree.nodes);
  mend_roots(tree.nodes);
  mend_objects(page, tokens, tree.nodes);
  mend_pairs(page, tokens, tree.nodes);
  mend_each(tokens, page, tree.nodes);
  mend_joined(tree.nodes);
  mend_links(tree.nodes);
  mend_participles(page, tokens, tree.nodes);
  mend_naming(page, tokens, tree.nodes);
  mend_sources(page, sentence, tree.nodes);
  return tree;
}

}  // namespace

ParsedSentence::ParsedSentence(const Page& the_page, const Sentence& the_sentence, Tree the_tree)
    : page(the_page),
      sentence(the_sentence),
      tree(mended(the_page, the_sentence, std::move(the_tree))),
      clauses(tree, traits_of(the_page, the_sentence.tokens)) {}

}  // namespace tocsin
