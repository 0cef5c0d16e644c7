#include "pipeline/tension/repairs.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "pipeline/tension/parties.h"

namespace tocsin {
namespace {

constexpr std::uint32_t kArms = bit(Grammar::forces) | bit(Grammar::armed);

// A tree while it is repaired.
struct Draft {
  const Page& page;
  const Sentence& sentence;
  std::vector<Node>& nodes;

  [[nodiscard]] std::uint32_t token(NodeIndex node) const { return sentence.tokens.begin + node; }
  [[nodiscard]] bool is(NodeIndex node, Grammar g) const { return page.is(token(node), g); }
  [[nodiscard]] bool marked(NodeIndex node, unsigned marks) const {
    return page.marked(token(node), marks);
  }
  [[nodiscard]] std::uint16_t forms(NodeIndex node) const { return page.forms(token(node)); }
  [[nodiscard]] std::uint32_t grammar(NodeIndex node) const { return page.grammar(token(node)); }
  [[nodiscard]] std::uint64_t hash(NodeIndex node) const { return page.hash(token(node)); }
  [[nodiscard]] bool is_named(NodeIndex node) const {
    return page.mention[token(node)] != kNoMention;
  }
  // kAbsent: none.
  [[nodiscard]] NodeIndex root() const {
    for (NodeIndex each = 0; each < nodes.size(); ++each) {
      if (nodes[each].head == kRootHead) return each;
    }
    return kAbsent;
  }
  // First child with the relation; kAbsent.
  [[nodiscard]] NodeIndex child(NodeIndex node, Deprel relation) const {
    for (NodeIndex each = 0; each < nodes.size(); ++each) {
      if (nodes[each].head == node && nodes[each].relation == relation) return each;
    }
    return kAbsent;
  }
  [[nodiscard]] bool has(NodeIndex node, Deprel relation) const {
    return child(node, relation) != kAbsent;
  }
  void hang(NodeIndex node, NodeIndex head, Deprel relation) {
    nodes[node].head = head;
    nodes[node].relation = relation;
  }
};

// "Kenya, Uganda bury the hatchet": names with only a comma between them are joined; but not a city
// and its country.
void join_names(Draft& draft) {
  const Page& page = draft.page;
  const TokenSpan tokens = draft.sentence.tokens;
  std::vector<Node>& nodes = draft.nodes;
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
    draft.hang(joined, verb, Deprel::nsubj);
    draft.hang(name, joined, Deprel::conj);
  }
}

// "North and South Korea met", taken for a Korea of north and south: two names, joined.
void join_halves(Draft& draft) {
  std::vector<Node>& nodes = draft.nodes;
  for (NodeIndex second = 2; second + 1U < nodes.size(); ++second) {
    const NodeIndex first = second - 2;
    const NodeIndex link = second - 1;
    const NodeIndex name = second + 1;
    if (!draft.is_named(first) || !draft.is_named(second) || !draft.is_named(name)) continue;
    const Page& page = draft.page;
    const std::uint32_t whole = page.mention[draft.token(second)];
    if (whole != page.mention[draft.token(name)] || whole == page.mention[draft.token(first)])
      continue;
    if (nodes[second].head != first || nodes[first].head != name ||
        nodes[first].relation != Deprel::compound || nodes[link].relation != Deprel::cc)
      continue;
    draft.hang(first, nodes[name].head, nodes[name].relation);
    draft.hang(name, first, Deprel::conj);
    draft.hang(second, name, Deprel::compound);
    draft.hang(link, name, Deprel::cc);
    for (NodeIndex child = 0; child < first; ++child) {
      if (nodes[child].head == name) nodes[child].head = first;
    }
  }
}

// "Oman and Qatar each sent tents", taken for a relative clause of a noun that says nothing: the
// clause is the sentence, and those it stands for are who does it.
void lift_each(Draft& draft) {
  std::vector<Node>& nodes = draft.nodes;
  for (NodeIndex each = 1; each + 1U < nodes.size(); ++each) {
    const NodeIndex verb = nodes[each].head;
    if (nodes[each].relation != Deprel::nsubj || nodes[each].tag != Upos::det ||
        !draft.is(each, Grammar::quantity) || verb >= nodes.size() || verb < each)
      continue;
    const NodeIndex noun = nodes[verb].head;
    if (noun >= nodes.size() || nodes[noun].head != kRootHead || noun > each ||
        nodes[verb].relation != Deprel::acl_relcl)
      continue;
    draft.hang(verb, kRootHead, nodes[noun].relation);
    draft.hang(noun, verb, Deprel::nsubj);
    draft.hang(each, noun, Deprel::appos);
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
void raise_participles(Draft& draft) {
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
void tag_heads_of_objects(Draft& draft) {
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
void tag_heads_of_phrases(Draft& draft) {
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
void tag_led(Draft& draft) {
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
    for (NodeIndex child = 0; child < subject; ++child) {
      if (nodes[child].head == subject) nodes[child].head = noun;
    }
  }
}

bool is_common_noun(const Draft& draft, NodeIndex node) {
  const Upos tag = draft.nodes[node].tag;
  return tag == Upos::noun || (tag == Upos::propn && !draft.is_named(node));
}

// A phrase of a noun that is a verb after all: what no preposition leads is its object.
void turn_phrases(Draft& draft, NodeIndex verb) {
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
void tag_predicates(Draft& draft) {
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
      for (NodeIndex child = 0; child < before; ++child) {
        if (nodes[child].head == verb) nodes[child].head = before;
      }
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
void raise_compounds(Draft& draft) {
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
void raise_behind_gerunds(Draft& draft) {
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
  for (NodeIndex child = 0; child < doing; ++child) {
    if (nodes[child].head == verb) nodes[child].head = doing;
  }
  nodes[verb].tag = Upos::verb;
  nodes[verb].form = WordForm::present;
  turn_phrases(draft, verb);
}

// "Gunboats land soldiers", taken for what somebody gunboats: forces are no verb, so the word
// behind them is.
void raise_behind_doers(Draft& draft) {
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
void give_back(Draft& draft, NodeIndex verb, NodeIndex owner) {
  std::vector<Node>& nodes = draft.nodes;
  const NodeIndex noun = verb - 1;
  const bool is_noun = nodes[noun].tag == Upos::noun || nodes[noun].tag == Upos::propn;
  if (!is_noun || nodes[noun].head != verb || owner >= noun) return;
  for (NodeIndex child = owner + 1; child < noun; ++child) {
    if (nodes[child].head == verb) nodes[child].head = noun;
  }
  draft.hang(noun, owner, Deprel::nmod);
}

// "Fighters of the front walk past", taken for fighters of a walk: a sentence without another verb
// is about what its verb in the present says.
void raise_roots(Draft& draft) {
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
void make_main(Draft& draft, NodeIndex verb, NodeIndex root) {
  std::vector<Node>& nodes = draft.nodes;
  draft.hang(verb, nodes[root].head, nodes[root].relation);
  draft.hang(root, verb, Deprel::nsubj);
  for (NodeIndex child = verb + 1; child < nodes.size(); ++child) {
    if (nodes[child].head == root) nodes[child].head = verb;
  }
}

// "Forces loyal to a general bombard a town", "supporters of the junta attack the embassy", taken
// for what they are loyal to or of: a word that can be a verb in the present, and has an object
// behind it, is the verb of a sentence that has none.
void raise_swallowed(Draft& draft) {
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
    for (NodeIndex child = owner + 1; child < name; ++child) {
      if (nodes[child].head == verb) nodes[child].head = name;
    }
    draft.hang(name, owner, its);
    nodes[verb].tag = Upos::verb;
    nodes[verb].form = WordForm::present;
    make_main(draft, verb, root);
    draft.hang(object, verb, Deprel::obj);
    return;
  }
}

// "Tanks with foreign flags cross a bridge", taken for tanks whose flags cross it.
void raise_behind_colours(Draft& draft) {
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

// "A dozen gendarmes land on an islet and raise a flag", taken for land of gendarmes: names of
// things are made of singulars.
void raise_behind_many(Draft& draft) {
  std::vector<Node>& nodes = draft.nodes;
  for (NodeIndex verb = 1; verb + 2U < nodes.size(); ++verb) {
    const NodeIndex doer = verb - 1;
    const bool is_noun = nodes[verb].tag == Upos::noun && nodes[verb].form == WordForm::singular;
    const bool is_verb = nodes[verb].tag == Upos::verb && nodes[verb].relation == Deprel::compound;
    if ((!is_noun && !is_verb) || (draft.forms(verb) & form::kBase) == 0) continue;
    if (nodes[doer].head != verb || nodes[doer].form != WordForm::plural ||
        nodes[doer].relation != Deprel::compound || (draft.grammar(doer) & kArms) == 0)
      continue;
    if (draft.has(verb, Deprel::case_) || draft.has(verb, Deprel::cop)) continue;
    const NodeIndex above = nodes[verb].head;
    const bool is_joined = nodes[verb].relation == Deprel::nsubj && above > verb &&
                           above < nodes.size() && draft.has(above, Deprel::cc);
    if (above != kRootHead && !is_joined) continue;
    for (NodeIndex child = 0; child < doer; ++child) {
      if (nodes[child].head == verb) nodes[child].head = doer;
    }
    if (is_joined) {
      draft.hang(verb, nodes[above].head, nodes[above].relation);
      draft.hang(above, verb, Deprel::conj);
    }
    draft.hang(doer, verb, Deprel::nsubj);
    nodes[verb].tag = Upos::verb;
    nodes[verb].form = WordForm::present;
    turn_phrases(draft, verb);
  }
}

// "Four Armenian and seven Azeri soldiers died", taken for four of something: the noun behind the
// second number is of both.
void join_counts(Draft& draft) {
  std::vector<Node>& nodes = draft.nodes;
  for (NodeIndex count = 0; count + 4U < nodes.size(); ++count) {
    const NodeIndex name = count + 1;
    if (nodes[count].tag != Upos::num || nodes[name].head != count || !draft.is_named(name))
      continue;
    const NodeIndex noun = draft.child(count, Deprel::conj);
    if (noun == kAbsent || noun < name || nodes[noun].tag != Upos::noun ||
        !draft.has(noun, Deprel::nummod))
      continue;
    NodeIndex other = kAbsent;
    for (NodeIndex child = name + 1; child < noun; ++child) {
      if (nodes[child].head == noun && draft.is_named(child)) other = child;
    }
    if (other == kAbsent) continue;
    for (NodeIndex child = 0; child < nodes.size(); ++child) {
      if (nodes[child].head == count && child != name && child != noun) nodes[child].head = noun;
    }
    draft.hang(noun, nodes[count].head, nodes[count].relation);
    draft.hang(name, noun, Deprel::amod);
    draft.hang(count, name, Deprel::nummod);
    draft.hang(other, name, Deprel::conj);
  }
}

// What describes or owns a noun, before it.
bool is_modifier(Deprel relation) {
  return relation == Deprel::amod || relation == Deprel::compound || relation == Deprel::det ||
         relation == Deprel::nmod_poss || relation == Deprel::nummod;
}

// "US bombs Houthi sites", taken for sites that bombs describe: a verb with a tense and a subject
// describes nothing, so the noun is its object.
void raise_modifiers(Draft& draft) {
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
    for (NodeIndex child = 0; child < subject; ++child) {
      if (nodes[child].head == noun) nodes[child].head = subject;
    }
  }
}

// "A missile strikes a tanker", "court orders release of two", taken for strikes that tanker, for
// orders that release of two: where the one is no verb, the word before it is that agrees with
// what stands before that.
void raise_before_nouns(Draft& draft) {
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

// "Protesters block a road, torch a bus", taken for a torch bus: in a title a comma joins verbs of
// one subject, and a verb has no apposition.
void join_title_verbs(Draft& draft) {
  std::vector<Node>& nodes = draft.nodes;
  if (draft.sentence.field != Field::title) return;
  for (NodeIndex second = 3; second + 1U < nodes.size(); ++second) {
    const NodeIndex noun = nodes[second].head;
    if (!draft.marked(second, before::kComma) || !is_modifier(nodes[second].relation) ||
        noun < second || noun >= nodes.size() || draft.has(noun, Deprel::cc) ||
        draft.is_named(second))
      continue;
    const NodeIndex first = nodes[noun].head;
    const bool is_beside = nodes[noun].relation == Deprel::appos ||
                           nodes[noun].relation == Deprel::obj ||
                           nodes[noun].relation == Deprel::conj;
    if (!is_beside || first >= second || nodes[first].tag != Upos::verb ||
        nodes[first].form != WordForm::present || !draft.has(first, Deprel::nsubj))
      continue;
    const bool is_third = (draft.forms(first) & form::kThird) != 0;
    if ((draft.forms(second) & (is_third ? form::kThird : form::kBase)) == 0) continue;
    draft.hang(second, first, Deprel::conj);
    nodes[second].tag = Upos::verb;
    nodes[second].form = WordForm::present;
    draft.hang(noun, second, Deprel::obj);
  }
}

// "Planes of the air force rocket hillsides", taken for what somebody hillsides: where the one is
// no verb, the word before it that can be one is.
void tag_before_objects(Draft& draft) {
  std::vector<Node>& nodes = draft.nodes;
  for (NodeIndex noun = 2; noun < nodes.size(); ++noun) {
    const NodeIndex verb = noun - 1;
    const std::uint16_t forms = draft.forms(noun);
    const bool is_noun =
        nodes[noun].tag == Upos::verb && (forms & form::kPlural) != 0 && (forms & form::kVerb) == 0;
    if (!is_noun || nodes[verb].tag != Upos::noun || nodes[verb].form != WordForm::singular)
      continue;
    if ((draft.forms(verb) & form::kBase) == 0) continue;
    const NodeIndex owner = nodes[verb].head;
    if (nodes[verb].relation != Deprel::nmod || owner >= verb || nodes[owner].head != noun)
      continue;
    give_back(draft, verb, owner);
    nodes[verb] = {nodes[noun].head, nodes[noun].relation, Upos::verb, WordForm::present};
    nodes[noun] = {verb, Deprel::obj, Upos::noun, WordForm::plural};
    for (Node& node : nodes) {
      if (node.head == noun && node.relation != Deprel::det) node.head = verb;
    }
  }
}

// "Men with spears set upon a post", taken for spears that are set: people who carry or wear a
// thing are what the clause is about.
void raise_behind_bearers(Draft& draft) {
  const Page& page = draft.page;
  std::vector<Node>& nodes = draft.nodes;
  constexpr std::uint32_t kBearers = kArms | bit(Grammar::victim) | bit(Grammar::civil);
  const KeyWords& key = page.lexicon.key;
  for (NodeIndex verb = 3; verb < nodes.size(); ++verb) {
    if (nodes[verb].tag != Upos::verb || nodes[verb].relation != Deprel::acl) continue;
    if (nodes[verb].form != WordForm::past && nodes[verb].form != WordForm::participle) continue;
    const NodeIndex thing = nodes[verb].head;
    if (thing >= verb || nodes[thing].relation != Deprel::nmod) continue;
    const NodeIndex people = nodes[thing].head;
    if (people >= thing || nodes[people].head != kRootHead || nodes[people].tag != Upos::noun)
      continue;
    if ((draft.grammar(people) & kBearers) == 0) continue;
    const bool is_borne =
        std::any_of(nodes.begin() + people, nodes.begin() + thing, [&](Node& node) {
          const std::uint64_t word = draft.hash(static_cast<NodeIndex>(&node - nodes.data()));
          return node.head == thing && node.relation == Deprel::case_ &&
                 (word == key.with || word == key.in);
        });
    if (!is_borne || draft.has(people, Deprel::cop)) continue;
    draft.hang(verb, kRootHead, nodes[people].relation);
    nodes[verb].form = WordForm::past;
    draft.hang(people, verb, Deprel::nsubj);
    for (NodeIndex child = verb + 1; child < nodes.size(); ++child) {
      if (nodes[child].head == people) nodes[child].head = verb;
    }
  }
}

bool hangs_on(const Draft& draft, NodeIndex node, NodeIndex above) {
  for (unsigned climb = 0; climb < 4 && node < draft.nodes.size(); ++climb) {
    node = draft.nodes[node].head;
    if (node == above) return true;
  }
  return false;
}

// "Boats armed with rockets seized a tanker", taken for rockets that were seized: what a participle
// is told of is its object, so one that has another is the verb, of a sentence without one.
void raise_actives(Draft& draft) {
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
    for (NodeIndex child = verb + 1; child < nodes.size(); ++child) {
      if (nodes[child].head == root) nodes[child].head = verb;
    }
    return;
  }
}

// A day has no name, and a state is no other state; "Kyiv, Ukraine" is a place.
bool may_stand_beside(const Draft& draft, NodeIndex first, NodeIndex name) {
  if (!draft.is_named(first)) return draft.nodes[first].tag != Upos::noun;
  const Party one = draft.page.named(draft.page.mention[draft.token(first)]);
  const Party other = draft.page.named(draft.page.mention[draft.token(name)]);
  return one.entity != kNoEntity && one.entity != other.entity;
}

// "Bahrain, Qatar to resume flights", a headline taken for Bahrain: what is to be done is the news,
// and the names before it do it.
void raise_plans(Draft& draft) {
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
void tag_joined(Draft& draft) {
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

bool has_subject(const Draft& draft, NodeIndex verb) {
  return draft.has(verb, Deprel::nsubj) || draft.has(verb, Deprel::nsubj_pass) ||
         draft.has(verb, Deprel::csubj) || draft.has(verb, Deprel::expl);
}

// "A squad cuts through the wire, blows up eight aircraft and destroys three", taken for what
// somebody blows up: a verb that says nothing, without a subject, is joined to the one before.
void join_verbs(Draft& draft) {
  std::vector<Node>& nodes = draft.nodes;
  for (NodeIndex first = 0; first + 1U < nodes.size(); ++first) {
    const NodeIndex second = nodes[first].head;
    if (nodes[first].relation != Deprel::ccomp || nodes[first].tag != Upos::verb ||
        second >= nodes.size() || second < first || nodes[second].tag != Upos::verb ||
        nodes[second].form != nodes[first].form || draft.is(second, Grammar::say) ||
        nodes[first].form == WordForm::participle || !draft.marked(second, before::kComma) ||
        has_subject(draft, second) || !has_subject(draft, first) ||
        draft.has(first, Deprel::mark) || draft.has(second, Deprel::aux_pass))
      continue;
    draft.hang(first, nodes[second].head, nodes[second].relation);
    draft.hang(second, first, Deprel::conj);
    for (NodeIndex child = 0; child < first; ++child) {
      if (nodes[child].head == second) nodes[child].head = first;
    }
  }
}

// "US withholds wheat", "Arctic air invades Mexico": a verb in the present has no compounds, so the
// noun right before it is its subject, with what stood before that.
void name_subjects(Draft& draft) {
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

// "Chinese and Philippine coast guard ships": adjectives that "and" joins are two of a kind.
void join_adjectives(Draft& draft) {
  std::vector<Node>& nodes = draft.nodes;
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
void join_quantities(Draft& draft) {
  std::vector<Node>& nodes = draft.nodes;
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

// "Rockets fired by militiamen landed", the militiamen taken for what landed: a subject has no
// preposition, so the phrase is that of the verb before it.
void lower_subjects(Draft& draft) {
  const KeyWords& key = draft.page.lexicon.key;
  std::vector<Node>& nodes = draft.nodes;
  for (NodeIndex noun = 2; noun < nodes.size(); ++noun) {
    const NodeIndex last = nodes[noun].head;
    if (nodes[noun].relation != Deprel::nsubj || last >= nodes.size() || last < noun) continue;
    const NodeIndex first = nodes[last].head;
    const bool has_tense =
        nodes[last].form == WordForm::present || nodes[last].form == WordForm::past;
    if (first >= noun || nodes[first].tag != Upos::verb || !has_tense) continue;
    const NodeIndex link = draft.child(noun, Deprel::case_);
    const bool is_phrase = link != kAbsent && link > first && link < noun &&
                           nodes[link].tag == Upos::adp && draft.hash(link) != key.with;
    if (!is_phrase || draft.has(last, Deprel::mark)) continue;  // "after one of the men came"
    draft.hang(noun, first, draft.hash(link) == key.by ? Deprel::obl_agent : Deprel::obl);
  }
}

// May the verb say of which `subject` it is told, as in "Danes held in Niger", "men riding camels"?
bool may_be_reduced(const Draft& draft, NodeIndex verb, NodeIndex subject) {
  const Node& own = draft.nodes[verb];
  if (own.form == WordForm::participle || own.form == WordForm::gerund) return true;
  if (own.form != WordForm::past || draft.has(verb, Deprel::obj)) return false;
  const std::uint16_t forms = draft.forms(verb);
  return draft.nodes[subject].relation == Deprel::nsubj_pass || forms == 0 ||
         (forms & form::kParticiple) != 0;
}

// Is the second verb told of what the first has for a subject: has it a tense and nothing by which
// it hangs on the first?
bool is_unjoined(const Draft& draft, NodeIndex first, NodeIndex last) {
  const std::vector<Node>& nodes = draft.nodes;
  const bool is_gerund = nodes[first].form == WordForm::gerund;
  const Deprel its = nodes[last].relation;
  const bool is_clause = its == Deprel::conj || its == Deprel::ccomp || its == Deprel::advcl ||
                         its == Deprel::parataxis || (its == Deprel::xcomp && is_gerund);
  if (!is_clause || draft.has(last, Deprel::cc) || draft.has(last, Deprel::mark) ||
      has_subject(draft, last) || draft.has(first, Deprel::aux) ||
      draft.has(first, Deprel::aux_pass) || draft.has(first, Deprel::mark))
    return false;
  for (NodeIndex node = first + 1; node <= last; ++node) {
    if (draft.marked(node, before::kComma | before::kQuoteClose)) return false;
  }
  const WordForm form = nodes[last].form;
  const bool is_bare = form == WordForm::base && is_gerund;  // "riding camels set fire to"
  return form == WordForm::present || form == WordForm::past || is_bare ||
         draft.has(last, Deprel::aux) || draft.has(last, Deprel::aux_pass);
}

// "Two Danes taken hostage in Niger are freed", "men riding camels attacked", taken for two verbs
// that nothing joins: the first says which Danes, and what follows is told of them.
void lower_participles(Draft& draft) {
  std::vector<Node>& nodes = draft.nodes;
  for (NodeIndex last = 2; last < nodes.size(); ++last) {
    const NodeIndex first = nodes[last].head;
    if (first >= last || nodes[last].tag != Upos::verb || nodes[first].tag != Upos::verb) continue;
    NodeIndex subject = kAbsent;
    for (NodeIndex node = 0; node < first; ++node) {
      const Deprel its = nodes[node].relation;
      const bool is_subject = its == Deprel::nsubj || its == Deprel::nsubj_pass;
      if (nodes[node].head == first && is_subject) subject = node;
    }
    if (subject == kAbsent || !may_be_reduced(draft, first, subject) ||
        !is_unjoined(draft, first, last))
      continue;
    draft.hang(last, nodes[first].head, nodes[first].relation);
    for (NodeIndex node = 0; node < nodes.size(); ++node) {
      const bool is_outside = node < subject || node > last;
      if (nodes[node].head == first && is_outside) nodes[node].head = last;
    }
    const bool is_passive = draft.has(last, Deprel::aux_pass);
    draft.hang(subject, last, is_passive ? Deprel::nsubj_pass : Deprel::nsubj);
    draft.hang(first, subject, Deprel::acl);
    if (nodes[first].form == WordForm::past) nodes[first].form = WordForm::participle;
    if (nodes[last].form == WordForm::base) nodes[last].form = WordForm::past;
  }
}

// The noun by which `verb` names something: "calls an attack", "described as a raid", "said were
// depots"; kAbsent.
NodeIndex named_by(const Draft& draft, NodeIndex verb) {
  const std::vector<Node>& nodes = draft.nodes;
  constexpr std::size_t kWithin = 24;  // tokens from the verb to the name
  const std::size_t end = std::min(nodes.size(), verb + kWithin);
  const auto has_child = [&](NodeIndex node, Deprel relation, std::uint64_t word) {
    for (NodeIndex child = verb + 1; child < node; ++child) {
      const bool is_word = word == 0 || draft.hash(child) == word;
      if (nodes[child].head == node && nodes[child].relation == relation && is_word) return true;
    }
    return false;
  };
  const bool is_saying = draft.is(verb, Grammar::say);
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
        if (has_child(noun, Deprel::case_, draft.page.lexicon.key.as) ||
            has_child(noun, Deprel::mark, draft.page.lexicon.key.as))
          return noun;
        break;
      default:
        break;
    }
  }
  return kAbsent;
}

// Puts `noun` where `what` stands, under `above`; the naming clause becomes one of the noun's.
void name_in_place(Draft& draft, NodeIndex what, NodeIndex verb, NodeIndex noun, Node place) {
  std::vector<Node>& nodes = draft.nodes;
  for (NodeIndex child = 0; child < nodes.size(); ++child) {
    Node& own = nodes[child];
    if (child == what || child == noun || child == verb) continue;
    // "as a raid", "are strikes", "to be a bomb"
    const bool is_of_naming = own.head == noun && child < noun &&
                              (own.relation == Deprel::cop || own.relation == Deprel::mark ||
                               own.relation == Deprel::aux || own.relation == Deprel::nsubj ||
                               draft.hash(child) == draft.page.lexicon.key.as);
    if (is_of_naming) own.relation = Deprel::dep;
    if (own.head == what) own.head = noun;
    if (own.head != verb || child < noun) continue;
    own.head = own.relation == Deprel::obl || place.head >= nodes.size() ? noun : place.head;
    if (own.relation == Deprel::obl) own.relation = Deprel::nmod;
  }
  draft.hang(noun, place.head, place.relation);
  draft.hang(verb, noun, Deprel::acl_relcl);
  draft.hang(what, noun, Deprel::det);
}

// "launches what it calls an operation against Peru", "struck what it said were depots": a name for
// the thing is the thing, who calls it so is told on the side.
void read_namings(Draft& draft) {
  std::vector<Node>& nodes = draft.nodes;
  constexpr unsigned kNamingsMax = 4;  // of a sentence
  unsigned namings = 0;
  for (NodeIndex what = 0; what + 2U < nodes.size() && namings < kNamingsMax; ++what) {
    if (draft.hash(what) != draft.page.lexicon.key.what) continue;
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
      noun = named_by(draft, verb);
      if (nodes[verb].head != what) place = nodes[verb];
    }
    const bool has_place = place.head < what && place.head != verb;
    if (noun == kAbsent || noun <= verb || !has_place) continue;
    const bool is_phrase = place.relation == Deprel::obl || place.relation == Deprel::nmod;
    if (!is_phrase)
      place.relation =
          own.relation == Deprel::nsubj && place.head > noun ? Deprel::nsubj : Deprel::obj;
    name_in_place(draft, what, verb, noun, place);
  }
}

// "Troops seize town in Ethiopia: UN": who says so hangs on no word of what is said.
void part_sources(Draft& draft) {
  const Page& page = draft.page;
  const Sentence& sentence = draft.sentence;
  std::vector<Node>& nodes = draft.nodes;
  constexpr std::uint32_t kSourceMax = 3;  // tokens behind the colon
  const TokenSpan tokens = sentence.tokens;
  if (sentence.field != Field::title || tokens.size() <= kSourceMax + 1) return;
  std::uint32_t colon = tokens.end - 1;
  while (colon > tokens.end - kSourceMax && !page.marked(colon, before::kColon)) --colon;
  if (!page.marked(colon, before::kColon)) return;
  const NodeIndex root = draft.root();
  const auto first = static_cast<NodeIndex>(colon - tokens.begin);
  if (root == kAbsent || root >= first) return;
  for (NodeIndex node = first; node < nodes.size(); ++node) {
    if (nodes[node].head >= first) continue;
    draft.hang(node, root, Deprel::parataxis);
  }
}

// The name that the noun is, or that stands before it and says whose: "Serbian police"; kAbsent.
NodeIndex owner_before(const Draft& draft, NodeIndex noun) {
  if (draft.is_named(noun)) return noun;
  for (NodeIndex each = 0; each < noun; ++each) {
    const Deprel its = draft.nodes[each].relation;
    const bool is_owner =
        its == Deprel::amod || its == Deprel::compound || its == Deprel::nmod_poss;
    if (draft.nodes[each].head == noun && is_owner && draft.is_named(each)) return each;
  }
  return kAbsent;
}

// A name, somebody's, or a noun that says who acts: "gunmen".
bool may_act(const Draft& draft, NodeIndex noun) {
  constexpr std::uint32_t kActs = kArms | bit(Grammar::government);
  return owner_before(draft, noun) != kAbsent || (draft.grammar(noun) & kActs) != 0;
}

// An act's noun that phrases say more of: "the release of".
bool is_done(const Draft& draft, NodeIndex noun) {
  constexpr std::uint16_t kVerbal = form::kBase | form::kIng;
  if (draft.is(noun, Grammar::blow)) return true;
  if (draft.is_named(noun) || (draft.forms(noun) & kVerbal) == 0) return false;
  for (NodeIndex child = noun + 1; child < draft.nodes.size(); ++child) {
    if (draft.nodes[child].head != noun || draft.nodes[child].relation != Deprel::nmod) continue;
    const NodeIndex link = draft.child(child, Deprel::case_);
    if (link != kAbsent && draft.is(link, Grammar::owner_of)) return true;
  }
  return false;
}

// "The shelling of two villages in Peru by": the act that phrases hang on over nouns that are
// none; kAbsent.
NodeIndex act_above(const Draft& draft, NodeIndex phrase) {
  constexpr unsigned kClimbMax = 4;
  NodeIndex noun = draft.nodes[phrase].head;
  for (unsigned climb = 0; climb < kClimbMax && noun < phrase; ++climb) {
    if (draft.nodes[noun].tag == Upos::verb) return kAbsent;
    if (is_done(draft, noun)) return climb > 0 ? noun : kAbsent;
    if (draft.nodes[noun].relation != Deprel::nmod) return kAbsent;
    noun = draft.nodes[noun].head;
  }
  return kAbsent;
}

// The passive verb that a noun phrase behind it hangs on, over nouns that are no acts; kAbsent.
NodeIndex passive_above(const Draft& draft, NodeIndex phrase) {
  constexpr unsigned kClimbMax = 5;
  const std::vector<Node>& nodes = draft.nodes;
  NodeIndex above = nodes[phrase].head;
  for (unsigned climb = 0; climb < kClimbMax && above < phrase;
       above = nodes[above].head, ++climb) {
    const Node& own = nodes[above];
    if (own.tag == Upos::verb) {
      const bool is_reduced = own.form == WordForm::participle && own.relation == Deprel::acl &&
                              !draft.has(above, Deprel::obj);
      const bool is_bare = draft.sentence.field == Field::title && !draft.has(above, Deprel::obj) &&
                           !draft.has(above, Deprel::aux) &&
                           (own.form == WordForm::past || own.form == WordForm::participle);
      const bool is_passive = is_reduced || is_bare || draft.has(above, Deprel::nsubj_pass) ||
                              draft.has(above, Deprel::aux_pass);
      return is_passive ? above : kAbsent;
    }
    const bool is_within = own.relation == Deprel::obl || own.relation == Deprel::nmod ||
                           own.relation == Deprel::advmod || own.relation == Deprel::obl_npmod;
    if (!is_within || draft.is(above, Grammar::blow)) return kAbsent;
  }
  return kAbsent;
}

// "in response to an attempt by", "of the shelling by": nouns of which somebody may be the agent.
bool may_have_agent(const Draft& draft, NodeIndex noun) {
  if (draft.is_named(noun) || draft.nodes[noun].tag == Upos::adv) return false;
  const NodeIndex link = draft.child(noun, Deprel::case_);
  return draft.is(noun, Grammar::blow) || (link != kAbsent && (draft.is(link, Grammar::owner_of) ||
                                                               draft.is(link, Grammar::goal_to)));
}

// "Missiles were fired at a village in Kosovo by Serbian police": a village is by nobody, so who
// stands behind "by" is the agent of the passive around it.
void lift_agents(Draft& draft) {
  const std::uint64_t by = draft.page.lexicon.key.by;
  for (NodeIndex link = 1; link + 1U < draft.nodes.size(); ++link) {
    if (draft.hash(link) != by || draft.nodes[link].relation != Deprel::case_) continue;
    const NodeIndex agent = draft.nodes[link].head;
    if (agent >= draft.nodes.size() || agent < link) continue;
    const Deprel its = draft.nodes[agent].relation;
    const NodeIndex beside = draft.nodes[agent].head;
    if (beside >= link) continue;
    const bool is_on_verb = draft.nodes[beside].tag == Upos::verb;
    const bool is_phrase =
        its == Deprel::nmod || its == Deprel::obl || (its == Deprel::obl_agent && !is_on_verb);
    if (!is_phrase || !may_act(draft, agent)) continue;
    if (!is_on_verb && may_have_agent(draft, beside)) continue;
    const NodeIndex verb = passive_above(draft, agent);
    if (verb != kAbsent && !draft.has(verb, Deprel::obl_agent)) {
      draft.hang(agent, verb, Deprel::obl_agent);
    } else if (const NodeIndex act = act_above(draft, agent); act != kAbsent) {
      draft.hang(agent, act, Deprel::nmod);
    }
  }
}

// "jets ambushed soldiers", the soldiers taken for the agent of a passive: without "by" nobody is.
void place_objects(Draft& draft) {
  for (NodeIndex node = 1; node < draft.nodes.size(); ++node) {
    const NodeIndex verb = draft.nodes[node].head;
    if (draft.nodes[node].relation != Deprel::obl_agent || verb >= node ||
        draft.has(node, Deprel::case_) || draft.has(verb, Deprel::obj) ||
        !draft.has(verb, Deprel::nsubj))
      continue;
    draft.nodes[node].relation = Deprel::obj;
  }
}

// "the invasion by Iraq of Kuwait": a name is of nobody, so the phrase is the act's.
void lift_phrases(Draft& draft) {
  for (NodeIndex link = 1; link + 1U < draft.nodes.size(); ++link) {
    if (draft.nodes[link].relation != Deprel::case_ || !draft.is(link, Grammar::owner_of)) continue;
    const NodeIndex phrase = draft.nodes[link].head;
    if (phrase >= draft.nodes.size() || phrase < link) continue;
    const NodeIndex agent = draft.nodes[phrase].head;
    if (agent >= link || draft.nodes[phrase].relation != Deprel::nmod) continue;
    const NodeIndex act = draft.nodes[agent].head;
    const NodeIndex by = draft.child(agent, Deprel::case_);
    if (act >= agent || by == kAbsent || draft.hash(by) != draft.page.lexicon.key.by) continue;
    if (draft.nodes[agent].relation != Deprel::nmod || draft.nodes[act].tag != Upos::noun) continue;
    const NodeIndex whose = owner_before(draft, agent);
    if (whose == kAbsent) continue;
    if (is_power(draft.page.named(draft.page.mention[draft.token(whose)])))
      draft.hang(phrase, act, Deprel::nmod);
  }
}

// A name of somebody who may act.
bool is_actor_name(const Draft& draft, NodeIndex node) {
  if (!draft.is_named(node)) return false;
  const Party party = draft.page.named(draft.page.mention[draft.token(node)]);
  return party.valid && party.entity != kNoEntity && !party.is_demonym;
}

// "In the early hours of Tuesday, Eritrea, backed by Norway, hit a town", "Caracas, as expected,
// praised it": a verb that has a tense has a subject, and a day has no name.
void find_subjects(Draft& draft) {
  std::vector<Node>& nodes = draft.nodes;
  for (NodeIndex verb = 1; verb < nodes.size(); ++verb) {
    const Node& own = nodes[verb];
    const bool is_before_source = own.relation == Deprel::advcl && own.form == WordForm::past &&
                                  own.head > verb && own.head < nodes.size() &&
                                  draft.is(own.head, Grammar::say) &&
                                  !draft.has(verb, Deprel::mark);
    const bool is_main = own.head == kRootHead || own.relation == Deprel::ccomp || is_before_source;
    if (own.tag != Upos::verb || !is_main) continue;
    const bool has_tense =
        own.form == WordForm::past || own.form == WordForm::present || draft.has(verb, Deprel::aux);
    if (!has_tense || has_subject(draft, verb)) continue;
    for (NodeIndex name = verb; name-- > 0;) {
      const Deprel its = nodes[name].relation;
      if (nodes[name].head >= nodes.size() || !is_actor_name(draft, name)) continue;
      const bool is_bare = nodes[name].head == verb && !draft.has(name, Deprel::case_) &&
                           (its == Deprel::obl_npmod || its == Deprel::obl || its == Deprel::dep ||
                            its == Deprel::vocative);
      const NodeIndex before = nodes[name].head;
      const std::uint32_t begin =
          draft.page.tagging.mentions[draft.page.mention[draft.token(name)]].tokens.begin;
      const bool is_beside =
          its == Deprel::appos && before < name && may_stand_beside(draft, before, name) &&
          draft.page.marked(begin, before::kComma) && hangs_on(draft, name, verb);
      if (!is_bare && !is_beside) continue;
      draft.hang(name, verb,
                 draft.has(verb, Deprel::aux_pass) ? Deprel::nsubj_pass : Deprel::nsubj);
      for (NodeIndex each = name + 1; each < verb; ++each) {
        const bool is_clause =
            nodes[each].relation == Deprel::acl || nodes[each].relation == Deprel::acl_relcl;
        if (is_clause && nodes[each].head < name) nodes[each].head = name;
      }
      break;
    }
  }
}

using Repair = void (*)(Draft&);
// In this order: parts of speech, then verbs, then what hangs on them.
constexpr auto kRepairs = std::to_array<Repair>({tag_heads_of_objects,
                                                 tag_heads_of_phrases,
                                                 tag_led,
                                                 raise_participles,
                                                 tag_joined,
                                                 name_subjects,
                                                 tag_predicates,
                                                 raise_compounds,
                                                 raise_behind_doers,
                                                 raise_behind_bearers,
                                                 raise_actives,
                                                 raise_plans,
                                                 raise_modifiers,
                                                 raise_before_nouns,
                                                 join_title_verbs,
                                                 raise_roots,
                                                 raise_swallowed,
                                                 raise_behind_colours,
                                                 raise_behind_many,
                                                 raise_behind_gerunds,
                                                 tag_before_objects,
                                                 join_counts,
                                                 join_verbs,
                                                 join_halves,
                                                 join_names,
                                                 lift_each,
                                                 join_adjectives,
                                                 join_quantities,
                                                 lower_subjects,
                                                 lower_participles,
                                                 read_namings,
                                                 part_sources,
                                                 find_subjects,
                                                 place_objects,
                                                 lift_phrases,
                                                 lift_agents});

}  // namespace

Tree repaired(const Page& page, const Sentence& sentence, Tree tree) {
  Draft draft{page, sentence, tree.nodes};
  for (const Repair repair : kRepairs) repair(draft);
  return tree;
}

}  // namespace tocsin
