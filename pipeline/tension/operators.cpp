#include "pipeline/tension/operators.h"

#include <algorithm>
#include <utility>

#include "pipeline/tension/parties.h"

namespace tocsin {
namespace {

constexpr unsigned kAttachedMax = 3;  // edges from a cue to the word whose clause it is in

// Kinds that say something of the whole sentence, wherever in it they stand.
bool is_wide(CueKind kind) {
  return kind == CueKind::historical || kind == CueKind::hedged || kind == CueKind::exercise;
}

// Auxiliaries and negations first, then conditions: the order of composition at one word.
int order_of(CueKind kind) {
  if (kind == CueKind::future || kind == CueKind::hypothetical) return 0;
  if (kind == CueKind::negated || kind == CueKind::refused) return 1;
  return is_wide(kind) ? 3 : 2;
}

struct Operator {
  CueKind kind = CueKind::none;
  const Match* match = nullptr;
};

bool shares_words(const Match& act, const Match& cue) {
  for (std::uint32_t t = cue.span.begin; t < cue.span.end; ++t) {
    if (cue.owns(t) && act.owns(t)) return true;
  }
  return false;
}

// "met for the first time since they broke off ties ten years ago": a date in a clause of "since",
// "after", "before" is not the date of what stands around it.
bool is_of_another_time(const ParsedSentence& sentence, NodeIndex node) {
  if (sentence.clauses.relation(node) != Deprel::advcl) return false;
  NodeIndex mark = sentence.clauses.child(node, Deprel::mark);
  if (mark == kAbsent) mark = sentence.clauses.child(node, Deprel::case_);
  return mark != kAbsent && sentence.is(mark, Grammar::preposition);
}

class Climb {
 public:
  Climb(const ParsedSentence& sentence, std::span<const Match> cues, std::span<const Match> acts,
        const Match& act, Circumstances known)
      : sentence_(sentence),
        clauses_(sentence.clauses),
        act_(act),
        is_conflict_(known.is_conflict) {
    const Lexicon::State& lexicon = sentence.page.lexicon;
    constexpr double kKindMin = 4;  // of the scale: less is talk
    const RuleSpec& own = lexicon.rules[lexicon.patterns[act.pattern].owner].spec;
    own_scale_ = own.scale;
    const bool is_mobilizing = own.type == EventType::mobilize;
    for (const Match& cue : cues) {
      if (shares_words(act, cue)) continue;  // the act's own words have said it
      const CueSpec& spec = lexicon.cues[lexicon.patterns[cue.pattern].owner];
      // "froze accounts of allies of the ruling party", "barred its maize over a fee": between two
      // powers it is no quarrel at home, which else is no more of an act of war than an exercise
      const bool is_domestic = spec.kind == CueKind::domestic;
      if (is_domestic && known.are_powers) continue;
      cues_.push_back({is_domestic ? CueKind::exercise : spec.kind, &cue});
    }
    for (const Match& other : acts) {
      if (&other == &act) continue;
      const RuleSpec& spec = lexicon.rules[lexicon.patterns[other.pattern].owner].spec;
      // "'We forgive the butcher,' Chad said": what a rule of the wide net reads in a verb of
      // saying is the tone of what is said, and governs nothing.
      const bool is_tone = spec.is_fallback && sentence.is(sentence.node(other.head), Grammar::say);
      if (spec.governs != CueKind::none) {
        governors_.push_back({spec.governs, &other});
      } else if (spec.scale >= kKindMin && is_mobilizing) {
        // "teamed up to patrol the strait", "helped it guard its border": against nobody
        governors_.push_back({CueKind::topic, &other});
      } else if (spec.scale < 0 && own_scale_ > 0 && !is_tone) {
        // "expelled aid workers", "condemned the decision to recognise": no aid, no recognition
        governors_.push_back({CueKind::topic, &other});
      }
    }
  }

  Said run(NodeIndex top) {
    node_ = start_below(top);
    for (std::uint32_t t = act_.span.begin; t < act_.span.end; ++t) {
      const NodeIndex own = sentence_.node(t);
      if (act_.owns(t) && own != node_ && own != top) negate_beside(own);
    }
    // "No drone entered": the negation stands beside who does it, or what is done to.
    for (const NodeIndex child : clauses_.children(node_)) {
      const Deprel its = clauses_.relation(child);
      const bool is_core = its == Deprel::nsubj || its == Deprel::nsubj_pass || its == Deprel::obj;
      if (is_core && !is_matched(child) && negate_beside(child)) break;
    }
    modify(node_, true, true);
    if (has_nobody(top)) apply(CueKind::negated);
    if (is_announced(top)) apply(CueKind::future);
    if (is_ordered(top)) apply(CueKind::demanded);
    if (is_inverted(top)) apply(CueKind::conditional);
    bool is_open = true;
    while (clauses_.head(node_) != kAbsent) is_open = step(is_open);
    return said_;
  }

 private:
  [[nodiscard]] bool owns(const Operator& op, NodeIndex node) const {
    return op.match->owns(sentence_.token(node));
  }
  void apply(CueKind kind) { said_ = sentence_.page.lexicon.operators.compose(said_, kind); }

  // The match's head, where it hangs on its top: "threatened to ^attack unless ...". A noun must do
  // so by words of the act: of "released any of the ^prisoners" the verb is what is said of.
  [[nodiscard]] NodeIndex start_below(NodeIndex top) const {
    constexpr unsigned kWithinMax = 3;
    const NodeIndex head = sentence_.node(act_.head);
    const bool is_noun = !sentence_.is_verb(head);
    if (is_noun && !clauses_.is_nominal(head)) return top;
    NodeIndex at = head;
    for (unsigned edges = 0; edges < kWithinMax && at != kAbsent && at != top; ++edges) {
      at = clauses_.head(at);
      if (at != kAbsent && is_noun && !act_.owns(sentence_.token(at))) return top;
    }
    return at == top ? head : top;
  }

  // A word that the elements of the pattern took, and not a slot of it.
  [[nodiscard]] bool is_matched(NodeIndex node) const {
    const std::uint32_t t = sentence_.token(node);
    return t >= act_.span.begin && t < act_.span.end && act_.owns(t);
  }

  // "no shots were fired", "neither Chad nor Sudan": the negation stands beside a word of the act.
  // True when it does; once is enough.
  bool negate_beside(NodeIndex node) {
    for (const NodeIndex child : clauses_.children(node)) {
      const Deprel its = clauses_.relation(child);
      const bool is_negation = sentence_.is(child, Grammar::negation) &&
                               (its == Deprel::det || its == Deprel::cc) &&
                               !act_.owns(sentence_.token(child));
      if (is_negation) {
        apply(CueKind::negated);
        return true;
      }
    }
    return false;
  }

  // "nobody attacked", "none of the drones hit", "nothing shows that".
  [[nodiscard]] bool has_nobody(NodeIndex verb) const {
    for (const Deprel its : {Deprel::nsubj, Deprel::nsubj_pass}) {
      const NodeIndex subject = clauses_.child(verb, its);
      if (subject == kAbsent) continue;
      if (is_negation(subject) || opens_with_not(subject)) return true;
    }
    return false;
  }

  // "not a single missile", "not one soldier"; but not "not only soldiers".
  [[nodiscard]] bool opens_with_not(NodeIndex subject) const {
    NodeIndex first = subject;
    for (const NodeIndex child : clauses_.children(subject)) {
      first = std::min(first, child);
      for (const NodeIndex below : clauses_.children(child)) first = std::min(first, below);
    }
    const std::uint32_t token = sentence_.token(first);
    const Deprel its = clauses_.relation(first);
    const bool is_counted = its == Deprel::det || its == Deprel::cc;  // negate_beside() did
    if (first == subject || is_counted || !sentence_.is(first, Grammar::negation)) return false;
    return clauses_.node(first + 1U).tag == Upos::det ||
           sentence_.page.is(token + 1, Grammar::quantity);
  }

  [[nodiscard]] bool is_negation(NodeIndex node) const {
    return sentence_.is(node, Grammar::negation) ||
           std::any_of(cues_.begin(), cues_.end(), [&](const Operator& op) {
             return op.kind == CueKind::negated && op.match->span.size() == 1 && owns(op, node);
           });
  }

  // "Germany to send tanks", a headline's future.
  [[nodiscard]] bool is_announced(NodeIndex top) const {
    return clauses_.depth(top) == 0 && clauses_.node(top).form == WordForm::base &&
           clauses_.child(top, Deprel::nsubj) != kAbsent &&
           clauses_.child(top, Deprel::mark) != kAbsent;
  }

  // "Had Chad attacked, ...", "Will Chad attack?": an auxiliary before the subject, and nothing
  // that may put it there before that ("never has ...").
  [[nodiscard]] bool is_inverted(NodeIndex top) const {
    const NodeIndex aux = clauses_.child(top, Deprel::aux);
    const NodeIndex subject = clauses_.child(top, Deprel::nsubj);
    if (aux == kAbsent || subject == kAbsent || aux > subject) return false;
    const std::span<const NodeIndex> children = clauses_.children(top);
    return std::none_of(children.begin(), children.end(), [&](NodeIndex child) {
      const Deprel its = clauses_.relation(child);
      return child < aux && (its == Deprel::advmod || its == Deprel::cc || its == Deprel::obl);
    });
  }

  // "Stop arming the raiders, Chad told Sudan": an order has no subject.
  [[nodiscard]] bool is_ordered(NodeIndex top) const {
    NodeIndex verb = top;
    while (clauses_.relation(verb) == Deprel::xcomp && clauses_.head(verb) != kAbsent)
      verb = clauses_.head(verb);
    const Deprel its = clauses_.relation(verb);
    const bool is_clause = its == Deprel::root || its == Deprel::ccomp || its == Deprel::advcl ||
                           its == Deprel::parataxis;
    if (!is_clause || clauses_.node(verb).form != WordForm::base) return false;
    for (const NodeIndex child : clauses_.children(verb)) {
      const Deprel below = clauses_.relation(child);
      if (below == Deprel::nsubj || below == Deprel::nsubj_pass || below == Deprel::aux ||
          below == Deprel::aux_pass || below == Deprel::mark || below == Deprel::cop)
        return false;
    }
    return sentence_.sentence.field != Field::title;
  }

  // From the word to its head; false once nothing but the widest operators reaches the act.
  bool step(bool is_open) {
    const NodeIndex below = node_;
    const Deprel edge = clauses_.relation(below);
    node_ = clauses_.head(below);
    if (act_.owns(sentence_.token(node_))) {
      if (is_open) modify(node_, true);
      return is_open;
    }
    if (edge == Deprel::conj) {
      const bool has_own = clauses_.child(below, Deprel::aux) != kAbsent ||
                           clauses_.child(below, Deprel::nsubj) != kAbsent ||
                           clauses_.child(below, Deprel::nsubj_pass) != kAbsent;
      if (clauses_.is_predicate(below) != clauses_.is_predicate(node_)) is_open = false;
      // "lay down your arms or be destroyed": what comes unless the order is obeyed
      const NodeIndex joint = clauses_.child(below, Deprel::cc);
      const bool is_or = joint != kAbsent && sentence_.page.hash(sentence_.token(joint)) ==
                                                 sentence_.page.lexicon.key.conj_or;
      if (is_open && is_or && is_ordered(node_)) apply(CueKind::threatened);
      modify(node_, is_open && !has_own);
      return is_open;
    }
    bool is_governed = false;
    if (is_open) is_governed = govern(below, edge);
    is_open = is_open && (is_governed || is_transparent(below, edge));
    modify(node_, is_open);
    return is_open;
  }

  // Edges through which what is said of the head is said of what hangs on it.
  [[nodiscard]] bool is_transparent(NodeIndex below, Deprel edge) const {
    switch (edge) {
      case Deprel::xcomp:
      case Deprel::csubj:
        return true;
      case Deprel::acl:
        return clauses_.node(below).form == WordForm::base ||
               clauses_.child(below, Deprel::mark) != kAbsent;
      case Deprel::ccomp:  // "the charge that ..."
        return clauses_.is_nominal(node_);
      case Deprel::obj:
      case Deprel::nsubj_pass:
        return sentence_.is(node_, Grammar::light) || was_governed_;
      case Deprel::nmod:
      case Deprel::obl:
        return was_governed_;
      case Deprel::nsubj:  // "a war between them could last years"
        return clauses_.is_nominal(below) && is_indefinite(below) && is_modal(node_);
      default:
        return false;
    }
  }

  [[nodiscard]] bool is_indefinite(NodeIndex noun) const {
    const NodeIndex article = clauses_.child(noun, Deprel::det);
    if (article == kAbsent) return false;
    const std::uint64_t hash = sentence_.page.hash(sentence_.token(article));
    return hash == sentence_.page.lexicon.key.a || hash == sentence_.page.lexicon.key.an;
  }

  // "could last": how likely it is stands beside the verb.
  [[nodiscard]] bool is_modal(NodeIndex verb) const {
    return std::any_of(cues_.begin(), cues_.end(), [&](const Operator& op) {
      const NodeIndex cue = sentence_.node(op.match->head);
      return op.kind == CueKind::hypothetical && clauses_.head(cue) == verb &&
             clauses_.relation(cue) == Deprel::aux;
    });
  }

  // The operators that `node_` itself is to what hangs on it by `edge`.
  bool govern(NodeIndex below, Deprel edge) {
    const bool is_aside = edge == Deprel::acl_relcl || edge == Deprel::appos ||
                          edge == Deprel::parataxis || edge == Deprel::amod ||
                          edge == Deprel::nmod_poss || is_parted(below, node_);
    was_governed_ = false;
    if (is_aside) return false;
    const bool is_clause = edge == Deprel::advcl;
    if (is_clause && !is_complement(below)) return false;
    const auto try_all = [&](const std::vector<Operator>& operators) {
      for (const Operator& op : operators) {
        if (!owns(op, node_) || op.match->owns(act_.head)) continue;
        // "talks collapsed": only an end says something of its subject
        const bool is_subject = edge == Deprel::nsubj;
        const bool is_end = op.kind == CueKind::ended || op.kind == CueKind::failed ||
                            op.kind == CueKind::denied;  // "reports that ... are false"
        // "the war lasted four days": it is over
        const bool is_span = op.kind == CueKind::historical && op.match->elements > 1;
        if (is_subject && !is_end && !is_span) continue;
        const bool is_demand = op.kind == CueKind::demanded || op.kind == CueKind::urged;
        if (is_demand && edge == Deprel::ccomp && is_indicative(below)) continue;
        if (is_subject && !is_span && !clauses_.is_passive(node_) &&
            clauses_.child(node_, Deprel::obj) != kAbsent)
          continue;
        if (is_end && is_occasion(op, below, edge)) continue;
        apply(op.kind);
        was_governed_ = true;
        return;
      }
    };
    try_all(cues_);
    if (!was_governed_) try_all(governors_);
    if (edge == Deprel::ccomp && has_nobody(node_)) apply(CueKind::negated);
    if (edge == Deprel::ccomp) tell(node_);
    return was_governed_;
  }

  // "Rebels take the town; Chad calls for calm": sentences of their own
  [[nodiscard]] bool is_parted(NodeIndex one, NodeIndex other) const {
    const std::uint32_t last = sentence_.token(std::max(one, other));
    for (std::uint32_t t = sentence_.token(std::min(one, other)) + 1; t <= last; ++t) {
      if (sentence_.page.marked(t, before::kSemicolon)) return true;
    }
    return false;
  }

  // "suggests that they have planted a bomb" reports; "suggests that they plant one" demands.
  [[nodiscard]] bool is_indicative(NodeIndex verb) const {
    const auto is_finite = [&](NodeIndex node) {
      const WordForm form = clauses_.node(node).form;
      return form == WordForm::past || form == WordForm::present;
    };
    for (const NodeIndex child : clauses_.children(verb)) {
      const Deprel its = clauses_.relation(child);
      if (its == Deprel::aux || its == Deprel::aux_pass || its == Deprel::cop)
        return is_finite(child);
    }
    return clauses_.node(verb).form == WordForm::past;
  }

  // "the film shows how Rome attacked Egypt": what tells is no report.
  void tell(NodeIndex verb) {
    const NodeIndex teller = clauses_.child(verb, Deprel::nsubj);
    if (teller == kAbsent) return;
    for (const Operator& op : cues_) {
      const bool is_tale = op.kind == CueKind::exercise || op.kind == CueKind::historical;
      if (!is_tale) continue;
      const std::span<const NodeIndex> said = clauses_.children(teller);  // "a leaked file says"
      const bool is_of_teller = std::any_of(said.begin(), said.end(), [&](NodeIndex child) {
        const Deprel its = clauses_.relation(child);
        return (its == Deprel::compound || its == Deprel::amod) && owns(op, child);
      });
      if (owns(op, teller) || is_of_teller) return apply(op.kind);
    }
  }

  // "froze assets over the strike", "halted imports after a launch": that is why it ended, not
  // what.
  [[nodiscard]] bool is_occasion(const Operator& op, NodeIndex below, Deprel edge) const {
    if (edge != Deprel::obl && edge != Deprel::nmod) return false;
    const NodeIndex preposition = clauses_.preposition(below);
    if (preposition == kAbsent || owns(op, preposition)) return false;
    return !sentence_.is(preposition, Grammar::owner_of) &&
           !sentence_.is(preposition, Grammar::source_of) &&
           !sentence_.is(preposition, Grammar::goal_to) &&
           !sentence_.is(preposition, Grammar::place_at);
  }

  // "accused of shelling", "ready to talk"; but not ", killing four" or "after he left".
  [[nodiscard]] bool is_complement(NodeIndex below) const {
    if (clauses_.node(below).form == WordForm::base) return true;
    const NodeIndex mark = clauses_.child(below, Deprel::mark);
    if (clauses_.child(below, Deprel::case_) != kAbsent) return true;
    return mark != kAbsent &&
           (sentence_.is(mark, Grammar::owner_of) || sentence_.is(mark, Grammar::source_of) ||
            sentence_.is(mark, Grammar::goal_to));
  }

  // "Killed at a memorial", "shot ten people during a musical": where or when it was done, which
  // makes no tale of it. What the preposition of a date leads is one ("during the Gulf War"), and
  // words of a match are taken for it unless all is about a conflict.
  [[nodiscard]] bool is_scene(const Operator& op) const {
    if (op.kind != CueKind::historical && !(op.kind == CueKind::exercise && is_conflict_))
      return false;
    const NodeIndex cue = sentence_.node(op.match->head);
    NodeIndex phrase = cue;
    bool is_kind = true;  // "a crusader castle": what it is, and not when
    while (clauses_.head(phrase) != kAbsent && clauses_.head(phrase) != node_ &&
           clauses_.relation(phrase) != Deprel::obl) {
      const Deprel its = clauses_.relation(phrase);
      is_kind = is_kind && (its == Deprel::compound || its == Deprel::amod);
      phrase = clauses_.head(phrase);
    }
    if (clauses_.head(phrase) == kAbsent) return false;
    const Deprel its = clauses_.relation(phrase);
    if (its == Deprel::obj || its == Deprel::nsubj_pass) return is_kind && phrase != cue;
    const NodeIndex preposition = clauses_.preposition(phrase);
    if ((its != Deprel::obl && its != Deprel::nmod) || preposition == kAbsent) return false;
    if (owns(op, preposition)) return false;
    const KeyWords& key = sentence_.page.lexicon.key;
    const std::uint64_t how = sentence_.page.hash(sentence_.token(preposition));
    // "during a parade for veterans", not "during the Gulf War"
    if (how == key.during || how == key.after) return op.kind == CueKind::exercise || phrase != cue;
    return sentence_.is(preposition, Grammar::place_at) && how != key.in && how != key.of &&
           how != key.from && how != key.against;
  }

  // The operators that stand beside `node`: "not", "could", "if", "in 1986".
  void modify(NodeIndex node, bool is_open, bool is_own = false) {
    std::vector<std::pair<int, CueKind>> found;
    for (const Operator& op : cues_) {
      if (!is_open && !is_wide(op.kind)) continue;
      if (is_own && is_scene(op)) continue;
      if (!stands_beside(op, node) && !is_told_in(op, node)) continue;
      if (op.kind == CueKind::awaited && !awaits(op, node)) continue;
      // "will strike unless ...": the condition stands in a clause of its own
      const NodeIndex cue = sentence_.node(op.match->head);
      if (op.kind == CueKind::conditional && clauses_.head(cue) != node) said_.is_ultimatum = true;
      found.emplace_back(order_of(op.kind), op.kind);
    }
    if (is_open) {
      for (const NodeIndex child : clauses_.children(node)) {
        if (!sentence_.is(child, Grammar::negation) || act_.owns(sentence_.token(child))) continue;
        const bool is_cue = std::any_of(cues_.begin(), cues_.end(),
                                        [&](const Operator& op) { return owns(op, child); });
        if (!is_cue) found.emplace_back(order_of(CueKind::negated), CueKind::negated);
      }
    }
    std::stable_sort(found.begin(), found.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    CueKind last = CueKind::none;
    for (const auto& [order, kind] : found) {
      if (kind != last) apply(kind);
      last = kind;
    }
  }

  // "will not lift it until Chad leaves": what is to come, or not to be, waits for the clause of
  // the cue. "Shelled it until it fell" tells both.
  [[nodiscard]] bool awaits(const Operator& op, NodeIndex node) const {
    const NodeIndex main = clauses_.head(node);
    const NodeIndex cue = sentence_.node(op.match->head);
    if (clauses_.head(cue) != node || main == kAbsent || clauses_.relation(node) != Deprel::advcl)
      return false;
    const WordForm form = clauses_.node(main).form;
    if (form == WordForm::base || form == WordForm::present) return true;
    return std::any_of(cues_.begin(), cues_.end(), [&](const Operator& other) {
      const NodeIndex word = sentence_.node(other.match->head);
      return clauses_.head(word) == main && order_of(other.kind) <= order_of(CueKind::negated);
    });
  }

  [[nodiscard]] bool stands_beside(const Operator& op, NodeIndex node) const {
    NodeIndex at = sentence_.node(op.match->head);
    if (at == node || owns(op, node)) return false;
    const unsigned most = op.kind == CueKind::historical ? 2 * kAttachedMax : kAttachedMax;
    for (unsigned edges = 1; edges <= most; ++edges) {
      const Deprel its = clauses_.relation(at);
      const NodeIndex above = clauses_.head(at);
      if (above == kAbsent) return false;
      if (!is_beside(its, op.kind, edges)) return false;
      if (op.kind == CueKind::historical && is_of_another_time(sentence_, at)) return false;
      // "summoned the envoy over a film": what the quarrel is about
      const NodeIndex preposition = clauses_.preposition(at);
      if (op.kind == CueKind::exercise && preposition != kAbsent && !owns(op, preposition) &&
          sentence_.page.hash(sentence_.token(preposition)) == sentence_.page.lexicon.key.over)
        return false;
      if (above == node) return true;
      // "without provocation, Chad attacked": the noun is negated, not the clause
      if (op.kind == CueKind::negated && its == Deprel::case_) return false;
      at = above;
    }
    return false;
  }

  // "The film tells how soldiers shot them": what is told in it, not what it is.
  [[nodiscard]] bool is_told_in(const Operator& op, NodeIndex node) const {
    const NodeIndex cue = sentence_.node(op.match->head);
    const Deprel its = clauses_.relation(cue);
    const bool is_subject = its == Deprel::nsubj || its == Deprel::nsubj_pass;
    return op.kind == CueKind::exercise && is_subject && clauses_.head(cue) == node &&
           !act_.owns(sentence_.token(node));
  }

  [[nodiscard]] static bool is_beside(Deprel its, CueKind kind, unsigned edges) {
    // "killed in Mali a decade ago": a date may hang on any word of the clause
    if (kind == CueKind::historical)
      return its != Deprel::acl_relcl && its != Deprel::ccomp && its != Deprel::parataxis;
    switch (its) {
      case Deprel::advmod:
      case Deprel::aux:
      case Deprel::det:
      case Deprel::mark:
      case Deprel::cc:
      case Deprel::case_:
      case Deprel::aux_pass:
      case Deprel::fixed:
      case Deprel::amod:
      case Deprel::discourse:
        return edges == 1 || is_wide(kind) || kind == CueKind::conditional;
      case Deprel::obl:
      case Deprel::obl_npmod:
      case Deprel::nmod:
      case Deprel::nummod:
      case Deprel::compound:
        // "without a permit" denies the permit, not what was done
        return is_wide(kind) || kind == CueKind::future || kind == CueKind::conditional;
      case Deprel::advcl:
        return kind == CueKind::conditional;
      default:
        return false;
    }
  }

  const ParsedSentence& sentence_;
  const Clauses& clauses_;
  const Match& act_;
  bool is_conflict_;  // what the whole text is about
  std::vector<Operator> cues_;
  std::vector<Operator> governors_;
  double own_scale_ = 0;
  Said said_;
  NodeIndex node_ = kAbsent;
  bool was_governed_ = false;
};

}  // namespace

Said said_of(const ParsedSentence& sentence, std::span<const Match> cues,
             std::span<const Match> acts, const Match& act, NodeIndex top, Circumstances known) {
  return Climb(sentence, cues, acts, act, known).run(top);
}

namespace {

// "Should Chad attack", "Had it crossed": the auxiliary before the subject.
bool is_inverted(const Clauses& clauses, NodeIndex verb) {
  const NodeIndex aux = clauses.child(verb, Deprel::aux);
  const NodeIndex subject = clauses.child(verb, Deprel::nsubj);
  if (aux == kAbsent || subject == kAbsent || aux > subject) return false;
  const std::span<const NodeIndex> children = clauses.children(verb);
  return std::none_of(children.begin(), children.end(),
                      [&](NodeIndex child) { return child < aux; });
}

}  // namespace

Protasis protasis_around(const ParsedSentence& sentence, std::span<const Match> cues,
                         NodeIndex top) {
  constexpr unsigned kEdgesMax = 8;
  const Clauses& clauses = sentence.clauses;
  const Lexicon::State& lexicon = sentence.page.lexicon;
  const KeyWords& lexicon_key = lexicon.key;
  const auto kind_of = [&](const Match& cue) {
    return lexicon.cues[lexicon.patterns[cue.pattern].owner].kind;
  };
  // The kind of a cue that hangs on the verb, of two kinds, and is no auxiliary; none.
  const auto cue_at = [&](NodeIndex verb, CueKind first, CueKind second) {
    for (const Match& cue : cues) {
      const CueKind kind = kind_of(cue);
      const NodeIndex word = sentence.node(cue.head);
      // "should not recognise it" is a wish; "should it recognise it", is_inverted()
      if (clauses.relation(word) == Deprel::aux) continue;
      if (clauses.head(word) == verb && (kind == first || kind == second)) return kind;
    }
    return CueKind::none;
  };
  NodeIndex node = top;
  for (unsigned edges = 0; edges < kEdgesMax && node != kAbsent; ++edges) {
    const Deprel its = clauses.relation(node);
    const NodeIndex main = clauses.head(node);
    if (main == kAbsent || its == Deprel::acl_relcl) return {};
    const bool is_clause = its == Deprel::advcl || its == Deprel::ccomp || its == Deprel::parataxis;
    const CueKind kind =
        is_clause ? cue_at(node, CueKind::conditional, CueKind::awaited) : CueKind::none;
    if (is_clause && (kind != CueKind::none || is_inverted(clauses, node))) {
      const CueKind negation = cue_at(main, CueKind::negated, CueKind::refused);
      const auto& below = clauses.children(main);
      const bool is_negated =
          negation != CueKind::none ||
          std::any_of(below.begin(), below.end(), [&](NodeIndex child) {
            return sentence.is(child, Grammar::negation) ||
                   (clauses.relation(child) == Deprel::nsubj &&
                    clauses.child(child, Deprel::det) != kAbsent &&
                    sentence.is(clauses.child(child, Deprel::det), Grammar::negation));
          });
      const bool is_to_come = is_negated || clauses.child(main, Deprel::aux) != kAbsent ||
                              clauses.node(main).form == WordForm::base ||
                              sentence.is(main, Grammar::say);
      if (!is_to_come) return {};
      const NodeIndex mark = clauses.child(node, Deprel::mark);
      const bool is_unless =
          mark != kAbsent && sentence.page.hash(sentence.token(mark)) == lexicon_key.unless;
      return {node, main, is_unless || (kind == CueKind::awaited && is_negated)};
    }
    node = main;
  }
  return {};
}

namespace {

constexpr double kMain = 1;
constexpr double kArgument = 0.7;  // of another predicate: "condemned the attack"
constexpr double kResult = 0.75;   // ", killing four"
constexpr double kClause = 0.45;   // relative clauses, participles, "after ..."
constexpr double kPhrase = 0.4;    // "amid the invasion"
constexpr double kModifier = 0.2;  // "the besieged city"
constexpr double kLeast = 0.1;

// What a step up the tree leaves of an act's weight.
double step_of(const ParsedSentence& sentence, NodeIndex below, NodeIndex above, bool is_verb) {
  const Clauses& clauses = sentence.clauses;
  switch (clauses.relation(below)) {
    case Deprel::obj:
    case Deprel::iobj:
    case Deprel::nsubj_pass:
    case Deprel::obl_agent:
      if (is_verb || sentence.is(above, Grammar::light) || sentence.is(above, Grammar::undergo))
        return kMain;
      return kArgument;
    case Deprel::advcl:
      if (clauses.node(below).form == WordForm::gerund &&
          clauses.child(below, Deprel::mark) == kAbsent)
        return kResult;
      // "four died when gunmen attacked a bus"
      return sentence.is(above, Grammar::casualty) ? kMain : kClause;
    case Deprel::acl:
      return clauses.node(below).form == WordForm::base ? kArgument : kClause;
    case Deprel::acl_relcl:
      return kClause;
    case Deprel::appos:
      return kArgument;
    case Deprel::obl:
      if (measured(sentence, above) == below) return kMain;
      if (sentence.is(above, Grammar::casualty)) return kMain;
      // "killed in an attack"
      return preposition_of(sentence, below) == sentence.page.lexicon.key.in ? kArgument : kPhrase;
    case Deprel::nmod:
      if (sentence.is(above, Grammar::responsibility) || sentence.is(above, Grammar::casualty) ||
          sentence.is(above, Grammar::undergo))
        return kMain;
      return measured(sentence, above) == below ? kMain : kPhrase;
    case Deprel::nmod_poss:
      return kPhrase;
    case Deprel::amod:
    case Deprel::compound:
      return kModifier;
    default:
      return kMain;
  }
}

}  // namespace

double prominence(const ParsedSentence& sentence, const Match& act, NodeIndex top) {
  double share = kMain;
  NodeIndex node = top;
  bool is_verb = sentence.is_verb(top);
  while (sentence.clauses.head(node) != kAbsent) {
    const NodeIndex above = sentence.clauses.head(node);
    if (!act.owns(sentence.token(above))) {
      share *= step_of(sentence, node, above, is_verb);
    } else if (sentence.clauses.relation(node) == Deprel::acl_relcl) {
      is_verb = false;  // "branded the deal that Chad struck": of the deal something is said
    }
    node = above;
  }
  return std::max(share, kLeast);
}

namespace {

// The relative clause, or what somebody says, that a word is in; kAbsent.
NodeIndex clause_around(const Clauses& clauses, NodeIndex node) {
  while (node != kAbsent && clauses.relation(node) != Deprel::acl_relcl &&
         clauses.relation(node) != Deprel::ccomp)
    node = clauses.head(node);
  return node;
}

// What a word of four digits says; 0.
std::int64_t year_of(std::string_view word) {
  if (word.size() != 4) return 0;
  std::int64_t number = 0;
  for (const char c : word) {
    if (c < '0' || c > '9') return 0;
    number = number * 10 + (c - '0');
  }
  return number;
}

bool is_perfect(const ParsedSentence& sentence, NodeIndex verb) {
  const Clauses& clauses = sentence.clauses;
  const auto children = clauses.children(verb);
  const auto auxiliaries = std::count_if(children.begin(), children.end(), [&](NodeIndex child) {
    return clauses.relation(child) == Deprel::aux;
  });
  const WordForm form = clauses.node(verb).form;
  // "has bombed", "has been bombing"
  return form == WordForm::participle ? auxiliaries > 0 : auxiliaries > 1;
}

// "for the first time since 2006", "the worst day since the war ended in 1990": such a year says
// how rare an act is, not when it was. "Has bombed it since 2014" sums years up.
bool is_counted_from(const ParsedSentence& sentence, NodeIndex year, NodeIndex act) {
  const Clauses& clauses = sentence.clauses;
  for (NodeIndex node = year; node != kAbsent && node != act; node = clauses.head(node)) {
    if (is_of_another_time(sentence, node)) return true;
    for (const NodeIndex child : clauses.children(node)) {
      if (sentence.page.hash(sentence.token(child)) == sentence.page.lexicon.key.since)
        return clauses.head(node) != act || !is_perfect(sentence, act);
    }
  }
  return false;
}

// "in 1974", "in July 1974", "on 3 July 1974"
bool follows_preposition(const Page& page, TokenSpan sentence, std::uint32_t year) {
  constexpr std::uint32_t kDateMax = 2;  // words of the date before the year
  for (std::uint32_t words = 0; words <= kDateMax && year > sentence.begin + words; ++words) {
    const std::uint32_t before = year - 1 - words;
    if (page.is(before, Grammar::preposition)) return true;
    constexpr unsigned kPartOfDate = shape::kTitle | shape::kNumber;
    if (page.mention[before] != kNoMention || (page.text.tokens[before].shape & kPartOfDate) == 0)
      return false;
  }
  return false;
}

}  // namespace

bool names_past_year(const ParsedSentence& sentence, NodeIndex top, std::int64_t published_at_ms) {
  // Days since the epoch to a year: good to a day around New Year, which is all that is asked.
  const std::int64_t published = 1970 + published_at_ms / 86'400'000 * 400 / 146'097;
  constexpr std::int64_t kFirst = 1500;
  const Page& page = sentence.page;
  const TokenSpan tokens = sentence.sentence.tokens;
  for (std::uint32_t t = tokens.begin + 1; t < tokens.end; ++t) {
    if ((page.text.tokens[t].shape & shape::kNumber) == 0) continue;
    const std::int64_t year = year_of(page.text.slice(page.text.tokens[t]));
    if (!follows_preposition(page, tokens, t) || year < kFirst || year + 2 > published) continue;
    if (is_counted_from(sentence, sentence.node(t), top)) continue;
    const NodeIndex aside = clause_around(sentence.clauses, sentence.node(t));
    if (aside == kAbsent || aside == clause_around(sentence.clauses, top)) return true;
  }
  return false;
}

}  // namespace tocsin
