#include <algorithm>
#include <array>
#include <vector>

#include "pipeline/tension/tree_draft.h"

namespace tocsin {
namespace {

constexpr std::uint32_t kArms = bit(Grammar::forces) | bit(Grammar::armed);

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
void raise_participles(TreeDraft& draft) {
  std::vector<Node>& nodes = draft.nodes;
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
    draft.hang(noun, verb, Deprel::obj);
  }
}

// "Iran rains missiles on Haifa", taken for rains: a noun has no object.
void tag_heads_of_objects(TreeDraft& draft) {
  std::vector<Node>& nodes = draft.nodes;
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
void tag_heads_of_phrases(TreeDraft& draft) {
  std::vector<Node>& nodes = draft.nodes;
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

// "Corvettes boxed in six Romanian grain ships", taken for what grain ships: what a preposition
// leads as a phrase of a verb is a noun, and what stands before it is its own.
void tag_led(TreeDraft& draft) {
  std::vector<Node>& nodes = draft.nodes;
  for (NodeIndex noun = 1; noun < nodes.size(); ++noun) {
    Node& own = nodes[noun];
    const bool is_phrase = own.relation == Deprel::obl || own.relation == Deprel::nmod;
    if (!is_phrase || own.tag != Upos::verb || own.form != WordForm::present) continue;
    const NodeIndex preposition = draft.child(noun, Deprel::case_);
    const NodeIndex subject = draft.child(noun, Deprel::nsubj);
    if (preposition == kAbsent || preposition > noun || draft.has(noun, Deprel::obj)) continue;
    if (subject != kAbsent && (subject > noun || nodes[subject].tag == Upos::pron)) continue;
    own.tag = Upos::noun;
    own.form = WordForm::plural;
    if (subject == kAbsent) continue;
    nodes[subject].relation = Deprel::compound;
    draft.hand_over(0, subject, subject, noun);
  }
}

bool is_common_noun(const TreeDraft& draft, NodeIndex node) {
  const Upos tag = draft.nodes[node].tag;
  return tag == Upos::noun || (tag == Upos::propn && !draft.is_named(node));
}

// A phrase of a noun that is a verb after all: what no preposition leads is its object.
void turn_phrases(TreeDraft& draft, NodeIndex verb) {
  std::vector<Node>& nodes = draft.nodes;
  bool has_object = draft.has(verb, Deprel::obj);
  for (NodeIndex child = verb + 1; child < nodes.size(); ++child) {
    if (nodes[child].head != verb) continue;
    if (nodes[child].relation != Deprel::nmod && nodes[child].relation != Deprel::obl) continue;
    const bool is_object = !has_object && !draft.has(child, Deprel::case_);
    nodes[child].relation = is_object ? Deprel::obj : Deprel::obl;
    has_object = has_object || is_object;
  }
}

// "Tanks fire into a town", taken for a fire that tanks are: without "be" a noun has no subject.
// "A rocket lands in", taken for rocket lands: nobody says a before many.
void tag_predicates(TreeDraft& draft) {
  const Page& page = draft.page;
  std::vector<Node>& nodes = draft.nodes;
  for (NodeIndex verb = 1; verb < nodes.size(); ++verb) {
    Node& own = nodes[verb];
    const std::uint16_t wanted = own.form == WordForm::plural ? form::kThird : form::kBase;
    if ((draft.forms(verb) & wanted) == 0 || !is_common_noun(draft, verb)) continue;
    if (draft.has(verb, Deprel::cop)) continue;
    NodeIndex subject = kAbsent;
    bool is_one = false;
    for (NodeIndex child = 0; child < verb; ++child) {
      if (nodes[child].head != verb) continue;
      if (nodes[child].relation == Deprel::nsubj) subject = child;
      const std::uint64_t word = draft.hash(child);
      is_one = is_one || word == page.lexicon.key.a || word == page.lexicon.key.an;
    }
    const NodeIndex before = verb - 1;
    const bool is_many = own.form == WordForm::plural;
    if (subject != kAbsent) {
      if ((nodes[subject].form == WordForm::plural) == is_many) continue;
    } else if (is_one && is_many && nodes[before].tag == Upos::noun && nodes[before].head == verb &&
               nodes[before].relation == Deprel::compound) {
      draft.hand_over(0, before, verb, before);
      nodes[before].relation = Deprel::nsubj;
    } else {
      continue;
    }
    own.tag = Upos::verb;
    own.form = WordForm::present;
    turn_phrases(draft, verb);
  }
}

// "Jets bomb positions", "police club Danish fishermen", taken for one name of a thing: what forces
// do stands right behind them, before a noun or what belongs to it.
void raise_compounds(TreeDraft& draft) {
  std::vector<Node>& nodes = draft.nodes;
  for (NodeIndex verb = 1; verb + 1U < nodes.size(); ++verb) {
    const NodeIndex noun = nodes[verb].head;
    const NodeIndex doer = verb - 1;
    if (nodes[verb].relation != Deprel::compound || nodes[verb].tag != Upos::noun || noun <= verb ||
        noun >= nodes.size())
      continue;
    // "The military bombs villages": names of things are made of singulars.
    const bool is_third = nodes[verb].form == WordForm::plural;
    if (is_third && nodes[doer].form == WordForm::plural) continue;
    if (nodes[noun].head != kRootHead || nodes[noun].tag != Upos::noun) continue;
    if ((draft.grammar(doer) & kArms) == 0) continue;
    const std::uint16_t wanted = is_third ? form::kThird : form::kBase;
    if ((draft.forms(verb) & wanted) == 0) continue;
    if (nodes[doer].head != verb && nodes[doer].head != noun) continue;
    const bool is_before_other =
        std::any_of(nodes.begin() + verb + 1, nodes.begin() + noun, [&](const Node& node) {
          return node.head == noun &&
                 (node.relation == Deprel::amod || node.relation == Deprel::det);
        });
    if (!is_third && nodes[doer].form != WordForm::plural && !is_before_other) continue;
    if (draft.has(noun, Deprel::case_) || draft.has(noun, Deprel::cop)) continue;
    nodes[verb] = {kRootHead, nodes[noun].relation, Upos::verb, WordForm::present};
    draft.hang(noun, verb, Deprel::obj);
    for (NodeIndex child = 0; child < verb; ++child) {
      if (child != doer && (nodes[child].head == noun || nodes[child].head == verb))
        nodes[child].head = doer;
    }
    draft.hang(doer, verb, Deprel::nsubj);
    if (nodes[doer].tag == Upos::adj) nodes[doer].tag = Upos::noun;
  }
}

// "Fighting rages near a town", taken for rages of a kind: a sentence without a verb that begins
// with a word in -ing is about that.
void raise_behind_gerunds(TreeDraft& draft) {
  std::vector<Node>& nodes = draft.nodes;
  const NodeIndex verb = draft.root();
  if (verb == kAbsent || verb == 0 || nodes[verb].tag != Upos::noun) return;
  const NodeIndex doing = verb - 1;
  const bool is_third =
      nodes[verb].form == WordForm::plural && (draft.forms(verb) & form::kThird) != 0;
  if (!is_third || nodes[doing].head != verb || nodes[doing].relation != Deprel::compound) return;
  if (nodes[doing].form != WordForm::gerund || draft.has(verb, Deprel::cop)) return;
  draft.hang(doing, verb, Deprel::nsubj);
  nodes[doing].tag = Upos::noun;
  draft.hand_over(0, doing, verb, doing);
  nodes[verb].tag = Upos::verb;
  nodes[verb].form = WordForm::present;
  turn_phrases(draft, verb);
}

// "Gunboats land soldiers", taken for what somebody gunboats: forces are no verb, so the word
// behind them is.
void raise_behind_doers(TreeDraft& draft) {
  const Page& page = draft.page;
  const TokenSpan tokens = draft.sentence.tokens;
  std::vector<Node>& nodes = draft.nodes;
  for (NodeIndex doer = 0; doer + 2U < nodes.size(); ++doer) {
    const NodeIndex verb = doer + 1;
    const std::uint32_t t = tokens.begin + doer;
    const bool is_noun = nodes[doer].tag == Upos::verb && (page.grammar(t) & kArms) != 0 &&
                         (page.forms(t) & form::kVerb) == 0;
    if (!is_noun || (page.forms(t + 1) & (form::kBase | form::kPast)) == 0) continue;
    const NodeIndex noun = nodes[verb].head;
    const bool is_of_object = noun < nodes.size() && noun > verb && nodes[noun].head == doer;
    if (noun != doer && !is_of_object) continue;
    draft.hand_over(verb + 1, nodes.size(), doer, verb);
    nodes[verb] = {nodes[doer].head, nodes[doer].relation, Upos::verb,
                   (page.forms(t + 1) & form::kBase) != 0 ? WordForm::present : WordForm::past};
    if (is_of_object) nodes[noun].relation = Deprel::obj;
    nodes[doer] = {verb, Deprel::nsubj, Upos::noun, WordForm::plural};
  }
}

// What stands before a verb that was taken for part of a name belongs to the noun right before it,
// which hangs on `owner`.
void give_back(TreeDraft& draft, NodeIndex verb, NodeIndex owner) {
  std::vector<Node>& nodes = draft.nodes;
  const NodeIndex noun = verb - 1;
  const bool is_noun = nodes[noun].tag == Upos::noun || nodes[noun].tag == Upos::propn;
  if (!is_noun || nodes[noun].head != verb || owner >= noun) return;
  draft.hand_over(owner + 1, noun, verb, noun);
  draft.hang(noun, owner, Deprel::nmod);
}

// "Fighters of the front walk past", taken for fighters of a walk: a sentence without another verb
// is about what its verb in the present says.
void raise_roots(TreeDraft& draft) {
  std::vector<Node>& nodes = draft.nodes;
  const NodeIndex root = draft.root();
  if (root == kAbsent || nodes[root].tag == Upos::verb || draft.has(root, Deprel::cop)) return;
  for (NodeIndex verb = root + 2; verb < nodes.size(); ++verb) {
    const Node own = nodes[verb];
    if (own.tag != Upos::verb) continue;
    const bool is_finite = own.form == WordForm::present || own.form == WordForm::base;
    const bool is_within = own.relation == Deprel::nmod || own.relation == Deprel::appos;
    const bool is_told = draft.has(verb, Deprel::mark) || draft.has(verb, Deprel::aux) ||
                         draft.has(verb, Deprel::nsubj);
    if (!is_finite || !is_within || is_told || own.head >= verb) return;
    const bool is_of_root = own.head == root || (nodes[own.head].head == root &&
                                                 nodes[own.head].relation == Deprel::conj);
    if (!is_of_root) return;
    give_back(draft, verb, own.head);
    draft.hang(verb, kRootHead, nodes[root].relation);
    nodes[verb].form = WordForm::present;
    draft.hang(root, verb, Deprel::nsubj);
    return;
  }
}

// A sentence without a verb of its own is about what `verb` says of its root, before it.
void make_main(TreeDraft& draft, NodeIndex verb, NodeIndex root) {
  std::vector<Node>& nodes = draft.nodes;
  draft.hang(verb, nodes[root].head, nodes[root].relation);
  draft.hang(root, verb, Deprel::nsubj);
  draft.hand_over(verb + 1, nodes.size(), root, verb);
}

// "Forces loyal to a general bombard a town", "supporters of the junta attack the embassy", taken
// for what they are loyal to or of: a word that can be a verb in the present, and has an object
// behind it, is the verb of a sentence that has none.
void raise_swallowed(TreeDraft& draft) {
  std::vector<Node>& nodes = draft.nodes;
  const NodeIndex root = draft.root();
  const bool is_many = root != kAbsent &&
                       (nodes[root].form == WordForm::plural || (draft.grammar(root) & kArms) != 0);
  if (!is_many || nodes[root].tag != Upos::noun || draft.has(root, Deprel::cop)) return;
  for (NodeIndex verb = root + 3; verb + 1U < nodes.size(); ++verb) {
    const Deprel its = nodes[verb].relation;
    const NodeIndex owner = nodes[verb].head;
    if ((its != Deprel::obl && its != Deprel::nmod) || owner >= verb || owner < root) continue;
    if ((draft.forms(verb) & form::kBase) == 0 || draft.is_named(verb)) continue;
    const NodeIndex link = draft.child(verb, Deprel::case_);
    if (link == kAbsent || link >= verb || draft.has(verb, Deprel::aux)) continue;
    NodeIndex object = draft.child(verb, Deprel::obj);
    if (object == kAbsent) object = draft.child(verb, Deprel::appos);
    const bool is_object = object != kAbsent && object > verb &&
                           !draft.marked(verb + 1, before::kComma) &&
                           !draft.has(object, Deprel::case_);
    const NodeIndex name = verb - 1;
    const bool is_noun = nodes[name].tag == Upos::noun || nodes[name].tag == Upos::propn ||
                         nodes[name].tag == Upos::adj;
    if (!is_object || !is_noun || nodes[name].head != verb) continue;
    draft.hand_over(owner + 1, name, verb, name);
    draft.hang(name, owner, its);
    nodes[verb].tag = Upos::verb;
    nodes[verb].form = WordForm::present;
    make_main(draft, verb, root);
    draft.hang(object, verb, Deprel::obj);
    return;
  }
}

// "Guards of Peru and Chile exchange fire", taken for a kind of fire: a verb in the present is no
// part of a name, so in a sentence without another those under arms before it do it.
void raise_tensed(TreeDraft& draft) {
  std::vector<Node>& nodes = draft.nodes;
  const NodeIndex root = draft.root();
  if (root == kAbsent || nodes[root].tag != Upos::noun || draft.has(root, Deprel::cop)) return;
  if ((draft.grammar(root) & kArms) == 0) return;
  for (NodeIndex verb = root + 1; verb + 1U < nodes.size(); ++verb) {
    const NodeIndex noun = nodes[verb].head;
    if (nodes[verb].tag != Upos::verb || nodes[verb].relation != Deprel::compound) continue;
    if (noun <= verb || noun >= nodes.size() || (draft.forms(verb) & form::kBase) == 0) continue;
    if (draft.has(noun, Deprel::case_) || !hangs_on(draft, noun, root)) continue;
    draft.hand_over(root + 1, verb, noun, root);
    make_main(draft, verb, root);
    nodes[verb].form = WordForm::present;
    draft.hang(noun, verb, Deprel::obj);
    return;
  }
}

// "Tanks with foreign flags cross a bridge", taken for tanks whose flags cross it.
void raise_behind_colours(TreeDraft& draft) {
  std::vector<Node>& nodes = draft.nodes;
  const NodeIndex root = draft.root();
  if (root == kAbsent || nodes[root].tag != Upos::noun || draft.has(root, Deprel::cop)) return;
  for (NodeIndex verb = root + 3; verb < nodes.size(); ++verb) {
    if (nodes[verb].tag != Upos::verb || nodes[verb].head != root ||
        nodes[verb].relation != Deprel::acl)
      continue;
    const NodeIndex link = draft.child(verb, Deprel::mark);
    const NodeIndex thing = draft.child(verb, Deprel::nsubj);
    const std::uint64_t with = draft.page.lexicon.key.with;
    if (link != root + 1 || draft.hash(link) != with || thing == kAbsent || thing > verb) continue;
    make_main(draft, verb, root);
    draft.hang(thing, root, Deprel::nmod);
    draft.hang(link, thing, Deprel::case_);
    return;
  }
}

// What describes or owns a noun, before it.
bool is_modifier(Deprel relation) {
  return relation == Deprel::amod || relation == Deprel::compound || relation == Deprel::det ||
         relation == Deprel::nmod_poss || relation == Deprel::nummod;
}

// "US bombs Houthi sites", taken for sites that bombs describe: a verb with a tense and a subject
// describes nothing, so the noun is its object.
void raise_modifiers(TreeDraft& draft) {
  std::vector<Node>& nodes = draft.nodes;
  for (NodeIndex verb = 1; verb + 1U < nodes.size(); ++verb) {
    const Node own = nodes[verb];
    const NodeIndex noun = own.head;
    const bool is_described = own.relation == Deprel::compound || own.relation == Deprel::amod;
    if (!is_described || own.tag != Upos::verb || own.form != WordForm::present || noun < verb ||
        noun >= nodes.size() || nodes[noun].tag == Upos::verb || draft.has(noun, Deprel::cop))
      continue;
    const NodeIndex subject = draft.child(verb, Deprel::nsubj);
    if (subject == kAbsent || subject > verb || draft.has(noun, Deprel::case_)) continue;
    draft.hang(verb, nodes[noun].head, nodes[noun].relation);
    draft.hang(noun, verb, Deprel::obj);
    draft.hand_over(0, subject, noun, subject);
  }
}

// "A missile strikes a tanker", "court orders release of two", taken for strikes that tanker, for
// orders that release of two: where the one is no verb, the word before it is that agrees with
// what stands before that.
void raise_before_nouns(TreeDraft& draft) {
  std::vector<Node>& nodes = draft.nodes;
  for (NodeIndex noun = 2; noun < nodes.size(); ++noun) {
    const NodeIndex verb = noun - 1;
    const NodeIndex doer = noun - 2;
    const std::uint16_t forms = draft.forms(noun);
    if (nodes[noun].tag != Upos::verb || nodes[verb].tag != Upos::noun) continue;
    if (nodes[verb].head != noun || nodes[verb].relation != Deprel::nsubj) continue;
    if (nodes[doer].head != verb || nodes[doer].relation != Deprel::compound) continue;
    if ((draft.forms(verb) & form::kThird) == 0 || nodes[doer].form == WordForm::plural) continue;
    const NodeIndex phrase = draft.child(noun, Deprel::nmod);
    const NodeIndex link = phrase == kAbsent ? kAbsent : draft.child(phrase, Deprel::case_);
    const bool is_act = (forms & form::kBase) != 0 && link == noun + 1U &&
                        draft.is(link, Grammar::owner_of) && !draft.has(noun, Deprel::obj);
    const bool is_thing = (forms & form::kNoun) != 0 && (forms & form::kVerb) == 0;
    if (!is_act && !is_thing) continue;
    nodes[verb] = {nodes[noun].head, nodes[noun].relation, Upos::verb, WordForm::present};
    nodes[noun] = {verb, Deprel::obj, Upos::noun, WordForm::singular};
    for (NodeIndex child = 0; child < nodes.size(); ++child) {
      if (nodes[child].head == verb && child < doer) nodes[child].head = doer;
      if (nodes[child].head != noun || child == phrase) continue;
      nodes[child].head = verb;
      if (nodes[child].relation == Deprel::obj) nodes[child].relation = Deprel::obl;
    }
    draft.hang(doer, verb, Deprel::nsubj);
  }
}

// "Boats armed with rockets seized a tanker", taken for rockets that were seized: what a participle
// is told of is its object, so one that has another is the verb, of a sentence without one.
void raise_actives(TreeDraft& draft) {
  std::vector<Node>& nodes = draft.nodes;
  const NodeIndex root = draft.root();
  if (root == kAbsent || draft.sentence.field == Field::title) return;
  if (nodes[root].tag != Upos::noun && nodes[root].tag != Upos::propn) return;
  if (draft.has(root, Deprel::cop) || draft.has(root, Deprel::nsubj)) return;
  for (NodeIndex verb = root + 2; verb < nodes.size(); ++verb) {
    const Node& own = nodes[verb];
    const Upos before = nodes[verb - 1].tag;
    if (own.tag != Upos::verb || own.relation != Deprel::acl) continue;
    if (before != Upos::noun && before != Upos::propn) continue;  // "from the occupied Golan"
    if (own.form != WordForm::past && own.form != WordForm::participle) continue;
    const std::uint16_t forms = draft.forms(verb);
    const bool may_be_past = forms == 0 || (forms & form::kPast) != 0;
    if (!may_be_past || !draft.has(verb, Deprel::obj) || !hangs_on(draft, verb, root)) continue;
    draft.hang(verb, kRootHead, Deprel::root);
    nodes[verb].form = WordForm::past;
    draft.hang(root, verb, Deprel::nsubj);
    draft.hand_over(verb + 1, nodes.size(), root, verb);
    return;
  }
}

// "Bahrain, Qatar to resume flights", a headline taken for Bahrain: what is to be done is the news,
// and the names before it do it.
void raise_plans(TreeDraft& draft) {
  std::vector<Node>& nodes = draft.nodes;
  for (NodeIndex verb = 2; verb < nodes.size(); ++verb) {
    const NodeIndex name = nodes[verb].head;
    const bool is_clause =
        nodes[verb].relation == Deprel::advcl || nodes[verb].relation == Deprel::acl;
    if (!is_clause || nodes[verb].tag != Upos::verb || nodes[verb].form != WordForm::base ||
        name >= verb || nodes[name].head != kRootHead || !draft.is_named(name) ||
        nodes[verb - 1].head != verb || nodes[verb - 1].relation != Deprel::mark ||
        draft.has(name, Deprel::cop) || draft.has(name, Deprel::nsubj))
      continue;
    for (NodeIndex child = name + 1; child < nodes.size(); ++child) {
      if (nodes[child].head != name || child == verb) continue;
      if (child > verb) nodes[child].head = verb;
      const bool is_joined = child < verb && nodes[child].relation == Deprel::appos &&
                             draft.is_named(child) && may_stand_beside(draft, name, child);
      if (is_joined) nodes[child].relation = Deprel::conj;
    }
    draft.hang(verb, kRootHead, Deprel::root);
    draft.hang(name, verb, Deprel::nsubj);
    return;
  }
}

// "Guards board and seize a tanker", taken for a board: what is joined to a verb without a subject
// is a verb where its word can be one, and the noun before it the subject.
void tag_joined(TreeDraft& draft) {
  std::vector<Node>& nodes = draft.nodes;
  for (NodeIndex verb = 1; verb + 1U < nodes.size(); ++verb) {
    if (!is_common_noun(draft, verb) || nodes[verb - 1].head != verb ||
        nodes[verb - 1].relation != Deprel::compound ||
        (draft.forms(verb) & (form::kBase | form::kThird)) == 0 || draft.has(verb, Deprel::det))
      continue;
    const NodeIndex second = draft.child(verb, Deprel::conj);
    if (second == kAbsent || second < verb || nodes[second].tag != Upos::verb ||
        nodes[second].form == WordForm::gerund || draft.has(second, Deprel::nsubj))
      continue;
    nodes[verb].tag = Upos::verb;
    nodes[verb].form = WordForm::present;
    turn_phrases(draft, verb);
  }
}

// "US withholds wheat", "Arctic air invades Mexico": a verb in the present has no compounds, so the
// noun right before it is its subject, with what stood before that.
void name_subjects(TreeDraft& draft) {
  std::vector<Node>& nodes = draft.nodes;
  for (NodeIndex verb = 1; verb < nodes.size(); ++verb) {
    if (nodes[verb].tag != Upos::verb || nodes[verb].form != WordForm::present) continue;
    const NodeIndex noun = verb - 1;
    if (nodes[noun].head != verb || nodes[noun].relation != Deprel::compound) continue;
    // "Norway salmon lice invade": the name before the noun says which
    const NodeIndex subject = draft.child(verb, Deprel::nsubj);
    bool is_of_noun = subject != kAbsent && subject < noun && draft.is_named(subject);
    for (NodeIndex between = subject; is_of_noun && between < noun; ++between) {
      is_of_noun = nodes[between].head == verb &&
                   (between == subject || nodes[between].relation == Deprel::compound);
    }
    if (subject != kAbsent && !is_of_noun) continue;
    nodes[noun].relation = Deprel::nsubj;
    if (is_of_noun) draft.hang(subject, noun, Deprel::compound);
    for (NodeIndex before = 0; before < noun; ++before) {
      if (nodes[before].head == verb && is_modifier(nodes[before].relation))
        nodes[before].head = noun;
    }
  }
}

// Words that are verbs and were taken for others, and what that makes of those around them.
using Repair = void (*)(TreeDraft&);
// In this order: parts of speech first.
constexpr auto kRepairs = std::to_array<Repair>(
    {tag_heads_of_objects, tag_heads_of_phrases, tag_led, raise_participles, tag_joined,
     name_subjects, tag_predicates, raise_compounds, raise_behind_doers, raise_actives, raise_plans,
     raise_modifiers, raise_before_nouns, raise_roots, raise_swallowed, raise_tensed,
     raise_behind_colours, raise_behind_gerunds});

}  // namespace

void repair_verbs(TreeDraft& draft) {
  for (const Repair repair : kRepairs) repair(draft);
}

}  // namespace tocsin
