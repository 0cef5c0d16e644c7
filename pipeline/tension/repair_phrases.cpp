#include <algorithm>
#include <array>
#include <vector>

#include "pipeline/tension/parties.h"
#include "pipeline/tension/tree_draft.h"

namespace tocsin {
namespace {

constexpr std::uint32_t kArms = bit(Grammar::forces) | bit(Grammar::armed);

// "Kenya, Uganda bury the hatchet": names with only a comma between them are joined; but not a city
// and its country.
void join_names(TreeDraft& draft) {
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
void join_halves(TreeDraft& draft) {
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
    draft.hand_over(0, first, name, first);
  }
}

// "Oman and Qatar each sent tents", taken for a relative clause of a noun that says nothing: the
// clause is the sentence, and those it stands for are who does it.
void lift_each(TreeDraft& draft) {
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

// "Chinese and Philippine coast guard ships": adjectives that "and" joins are two of a kind.
void join_adjectives(TreeDraft& draft) {
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
void join_quantities(TreeDraft& draft) {
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
void lower_subjects(TreeDraft& draft) {
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
bool may_be_reduced(const TreeDraft& draft, NodeIndex verb, NodeIndex subject) {
  const Node& own = draft.nodes[verb];
  if (own.form == WordForm::participle || own.form == WordForm::gerund) return true;
  if (own.form != WordForm::past || draft.has(verb, Deprel::obj)) return false;
  const std::uint16_t forms = draft.forms(verb);
  return draft.nodes[subject].relation == Deprel::nsubj_pass || forms == 0 ||
         (forms & form::kParticiple) != 0;
}

// Is the second verb told of what the first has for a subject: has it a tense and nothing by which
// it hangs on the first?
bool is_unjoined(const TreeDraft& draft, NodeIndex first, NodeIndex last) {
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
void lower_participles(TreeDraft& draft) {
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
NodeIndex named_by(const TreeDraft& draft, NodeIndex verb) {
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
void name_in_place(TreeDraft& draft, NodeIndex what, NodeIndex verb, NodeIndex noun, Node place) {
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
void read_namings(TreeDraft& draft) {
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
void part_sources(TreeDraft& draft) {
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
NodeIndex owner_before(const TreeDraft& draft, NodeIndex noun) {
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
bool may_act(const TreeDraft& draft, NodeIndex noun) {
  constexpr std::uint32_t kActs = kArms | bit(Grammar::government);
  return owner_before(draft, noun) != kAbsent || (draft.grammar(noun) & kActs) != 0;
}

// An act's noun that phrases say more of: "the release of".
bool is_done(const TreeDraft& draft, NodeIndex noun) {
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
NodeIndex act_above(const TreeDraft& draft, NodeIndex phrase) {
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
NodeIndex passive_above(const TreeDraft& draft, NodeIndex phrase) {
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
bool may_have_agent(const TreeDraft& draft, NodeIndex noun) {
  if (draft.is_named(noun) || draft.nodes[noun].tag == Upos::adv) return false;
  const NodeIndex link = draft.child(noun, Deprel::case_);
  return draft.is(noun, Grammar::blow) || (link != kAbsent && (draft.is(link, Grammar::owner_of) ||
                                                               draft.is(link, Grammar::goal_to)));
}

// "Missiles were fired at a village in Kosovo by Serbian police": a village is by nobody, so who
// stands behind "by" is the agent of the passive around it.
void lift_agents(TreeDraft& draft) {
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
void place_objects(TreeDraft& draft) {
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
void lift_phrases(TreeDraft& draft) {
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
bool is_actor_name(const TreeDraft& draft, NodeIndex node) {
  if (!draft.is_named(node)) return false;
  const Party party = draft.page.named(draft.page.mention[draft.token(node)]);
  return party.valid && party.entity != kNoEntity && !party.is_demonym;
}

// "In the early hours of Tuesday, Eritrea, backed by Norway, hit a town", "Caracas, as expected,
// praised it": a verb that has a tense has a subject, and a day has no name.
void find_subjects(TreeDraft& draft) {
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

// What hangs on which noun or verb: names, counts, clauses and phrases.
using Repair = void (*)(TreeDraft&);
// In this order.
constexpr auto kRepairs =
    std::to_array<Repair>({join_halves, join_names, lift_each, join_adjectives, join_quantities,
                           lower_subjects, lower_participles, read_namings, part_sources,
                           find_subjects, place_objects, lift_phrases, lift_agents});

}  // namespace

void repair_phrases(TreeDraft& draft) {
  for (const Repair repair : kRepairs) repair(draft);
}

}  // namespace tocsin
