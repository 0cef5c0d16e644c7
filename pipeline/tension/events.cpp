// Acts become events: matches → who and to whom → how it is said → weight.
#include <algorithm>
#include <array>

#include "pipeline/tension/modality.h"
#include "pipeline/tension/score.h"
#include "pipeline/tension/syntax.h"

namespace tocsin {
namespace {

constexpr std::size_t kEventsMax = 400;
// A text without full stops is read in pieces of this many tokens: no sentence is longer, and what
// looks around an act stays linear.
constexpr std::uint32_t kSentenceTokensMax = 250;

struct Scene {
  const Page& page;
  std::int64_t published_at_ms;
  const Gate* gate = nullptr;
};

bool is_power(const Party& party) {
  return party.part == Part::state || party.part == Part::armed || party.part == Part::alliance ||
         party.part == Part::government || party.part == Part::forces;
}

bool is_armed_noun(const Party& party) {
  return (party.grammar & (bit(Grammar::forces) | bit(Grammar::armed))) != 0;
}

// How much it matters between whom: two powers most, nobody known least.
double dyad_factor(const Party& actor, const Party& recipient) {
  const bool a = actor.valid && is_power(actor) && !actor.is_team;
  const bool b = recipient.valid && is_power(recipient) && !recipient.is_team;
  if (a && b) return actor.entity != recipient.entity ? 1.0 : 0.6;
  if (actor.is_team || recipient.is_team) return 0.1;
  const bool armed = is_armed_noun(actor) || is_armed_noun(recipient);
  if (a || b) return armed ? 0.85 : 0.7;
  if (armed) return 0.65;
  if ((actor.valid && actor.grammar != 0) || (recipient.valid && recipient.grammar != 0))
    return 0.4;
  return 0.3;
}

double position_factor(const Sentence& sentence) {
  if (sentence.field == Field::title) return 1.0;
  if (sentence.index < 2) return 0.95;
  return sentence.index < 15 ? 0.75 : 0.55;
}

bool is_hostile(double scale) {
  return scale < 0;
}

bool is_verbal(EventType type) {
  return type == EventType::threaten || type == EventType::accuse || type == EventType::reject ||
         type == EventType::request;
}

struct Way {
  Modality modality = Modality::actual;
  Polarity polarity = Polarity::asserted;
  double factor = 1;
};

void recode(Event& event, EventType type, const char* mode, const char* cameo, double scale) {
  event.type = type;
  event.mode = mode;
  event.cameo = cameo;
  event.scale = scale;
}

// "halted the offensive" calms, "broke off the talks" does not; "will not lift" keeps things as
// they are.
bool apply_reversals(Event& event, const Said& said, bool is_negated) {
  const bool hostile = is_hostile(event.scale);
  if (said.has(CueKind::ended)) {
    if (hostile && is_negated) {
      recode(event, EventType::reject, "yield", "124", -4);
    } else if (hostile && event.type != EventType::accuse && event.type != EventType::reject) {
      recode(event, EventType::retreat, "withdraw", "08", 6);
    } else if (!hostile && !is_negated) {
      recode(event, EventType::sanction, "discontinue", "16", -5);
    }
    return true;
  }
  if (hostile) return false;
  if (said.has(CueKind::refused) || (is_negated && event.type != EventType::request) ||
      said.has(CueKind::failed)) {
    recode(event, EventType::reject, "yield", "12", said.has(CueKind::failed) ? -3 : -4);
    return true;
  }
  return false;
}

// The order matters: what is not so at all comes before what is not so yet.
Way way_of(Event& event, const Said& said, bool is_negated, bool is_past, const VerbGroup& group) {
  Way way;
  const bool is_reversed = apply_reversals(event, said, is_negated);
  const bool hostile = is_hostile(event.scale);
  if (said.has(CueKind::historical) || is_past)
    return {Modality::historical, Polarity::asserted, 0.15};
  const bool is_refused = hostile && !is_reversed && (said.has(CueKind::refused) || is_negated);
  if (is_refused && !is_verbal(event.type)) return {Modality::actual, Polarity::negated, 0};
  if (is_refused) return {Modality::actual, Polarity::negated, 0};
  if (said.has(CueKind::denied) && hostile) return {Modality::actual, Polarity::negated, 0.1};
  if (said.has(CueKind::conditional)) {
    return {Modality::conditional, Polarity::asserted,
            event.type == EventType::threaten ? 1.0 : 0.15};
  }
  if (said.has(CueKind::threatened) && event.type != EventType::threaten) {
    return {Modality::conditional, Polarity::asserted, hostile ? 0.3 : 0.1};
  }
  if (said.has(CueKind::demanded) && event.type != EventType::request) {
    return {Modality::demanded, Polarity::asserted, 0.15};
  }
  if (said.has(CueKind::urged) && event.type != EventType::request) {
    return {Modality::demanded, Polarity::asserted, hostile ? 0.15 : 0.35};
  }
  if (event.type == EventType::threaten && (said.has(CueKind::hypothetical) || group.is_possible)) {
    return {Modality::conditional, Polarity::asserted,
            1.0};  // "would entail": how threats are said
  }
  if (said.has(CueKind::hypothetical) || group.is_possible) {
    return {Modality::hypothetical, Polarity::asserted, hostile ? 0.25 : 0.4};
  }
  if (said.has(CueKind::exercise) && hostile)
    return {Modality::hypothetical, Polarity::asserted, 0.25};
  if ((said.has(CueKind::future) || group.is_future) && event.type != EventType::threaten) {
    way = {Modality::future, Polarity::asserted, hostile ? 0.65 : 0.85};
  }
  if (said.has(CueKind::hedged) && !is_verbal(event.type)) way.factor *= 0.6;
  if (said.has(CueKind::failed) && hostile && !is_reversed) way.factor *= 0.6;
  return way;
}

Party first_of(const std::vector<Party>& parties) {
  return parties.empty() ? Party{} : parties.front();
}

std::string lower_text(const Page& page, const Party& party) {
  if (!party.valid || party.is_first_person) return {};
  return std::string(page.text.slice(page.text.bytes_of(party.tokens)));
}

struct Roles {
  std::vector<Party> actors;
  std::vector<Party> recipients;
  VerbGroup group;
};

void fill_from_speaker(const Page& page, TokenSpan sentence, std::uint32_t head,
                       std::vector<Party>& actors, bool may_be_absent) {
  const bool is_first = !actors.empty() && actors.front().is_first_person;
  if (!is_first && !(actors.empty() && may_be_absent)) return;
  std::vector<Party> who = page.speaker(sentence, head);
  if (!who.empty() && !who.front().is_first_person) {
    actors = who;
  } else if (is_first) {
    actors.clear();
  }
}

Roles roles_of_verb(const Page& page, const Match& match, const Rule& rule, TokenSpan sentence) {
  Roles roles;
  roles.group = page.verb_group(match.head, sentence);
  const std::vector<Party> subject = page.subject(roles.group.begin, sentence, 0);
  const Page::Right right = page.right_of(match.span.end, sentence, rule, false);
  bool is_passive = roles.group.is_passive;
  const std::uint32_t next = match.head + 1;
  const bool no_object = next >= sentence.end ||
                         page.marked(next, before::kComma | before::kStop) ||
                         page.is(next, Grammar::preposition);
  if (!is_passive && match.span.end == next && rule.takes_object && rule.prepositions.empty() &&
      right.object.empty() && no_object && (page.forms(match.head) & form::kParticiple) != 0) {
    is_passive = true;  // a headline: "Five soldiers killed in ambush"
  }
  if (is_passive != rule.spec.is_swapped) {
    roles.recipients = subject;
    roles.actors = is_passive ? right.agent : right.object;
    if (is_passive && !right.object.empty() && !rule.takes_object) roles.recipients = right.object;
  } else {
    roles.actors = subject;
    roles.recipients = right.object;
    if (is_passive && rule.spec.is_swapped) roles.actors = right.agent;
  }
  if (roles.recipients.empty() && is_hostile(rule.spec.scale)) roles.recipients = right.place;
  fill_from_speaker(page, sentence, match.head, roles.actors, is_verbal(rule.spec.type));
  return roles;
}

Roles roles_of_noun(const Page& page, const Match& match, const Rule& rule, TokenSpan sentence) {
  Roles roles;
  std::uint32_t begin = match.span.begin;
  roles.actors = page.owner(match.span.begin, sentence, begin);
  const Page::Right right = page.right_of(match.span.end, sentence, rule, true);
  roles.recipients = right.object;
  if (!right.agent.empty()) roles.actors = right.agent;
  if (is_verbal(rule.spec.type) && roles.recipients.size() > 1 && roles.actors.empty()) {
    // "lead to a rupture between A and B", said by B: B to A.
    const std::vector<Party> who = page.speaker(sentence, match.head);
    const auto same = [&](const Party& party) { return party.entity == who.front().entity; };
    if (!who.empty() && std::any_of(roles.recipients.begin(), roles.recipients.end(), same)) {
      std::erase_if(roles.recipients, same);
      roles.actors = {who.front()};
    }
  }
  if (roles.recipients.size() > 1 && roles.actors.empty()) {
    // "fighting between A and B", "talks with ...": two sides.
    roles.actors = {roles.recipients[0]};
    roles.recipients.erase(roles.recipients.begin());
  }
  if (roles.actors.empty() && begin > sentence.begin) {
    for (std::uint32_t t = begin, steps = 0; t > sentence.begin && steps < 5; --t, ++steps) {
      if (page.marked(t, before::kComma | before::kStop | before::kColon | before::kSemicolon))
        break;
      if (!page.is_verb_here(t - 1, sentence)) continue;
      roles.group = page.verb_group(t - 1, sentence);
      const bool is_doer = page.is(t - 1, Grammar::light) || is_verbal(rule.spec.type) ||
                           !is_hostile(rule.spec.scale);
      if (!roles.group.is_passive && is_doer)
        roles.actors = page.subject(roles.group.begin, sentence, 0);
      break;
    }
  }
  if (roles.recipients.empty() && is_hostile(rule.spec.scale)) roles.recipients = right.place;
  if (rule.spec.is_swapped) std::swap(roles.actors, roles.recipients);
  fill_from_speaker(page, sentence, match.head, roles.actors, is_verbal(rule.spec.type));
  return roles;
}

void name_parties(const Page& page, Event& event, const Party& actor, const Party& recipient) {
  event.actor = actor.valid ? actor.entity : kNoEntity;
  event.recipient = recipient.valid ? recipient.entity : kNoEntity;
  if (event.actor == kNoEntity) event.actor_text = lower_text(page, actor);
  if (event.recipient == kNoEntity) event.recipient_text = lower_text(page, recipient);
}

double gate_factor(const Scene& scene, const Rule& rule, const Party& actor,
                   const Party& recipient) {
  const bool a = actor.valid && is_power(actor) && !actor.is_team;
  const bool b = recipient.valid && is_power(recipient) && !recipient.is_team;
  double factor = 1;
  if (rule.spec.is_gated && !a && !b && !is_armed_noun(actor) && !is_armed_noun(recipient))
    factor = 0.3;
  if (rule.spec.needs_actor && !a && !is_armed_noun(actor)) factor = 0.15;
  if (rule.spec.needs_both && (!a || !b || actor.entity == recipient.entity)) factor = 0.1;
  if (scene.gate == nullptr) return factor;
  const bool is_dyad = a && b && actor.entity != recipient.entity;
  return factor * (is_dyad ? scene.gate->factor_state : scene.gate->factor);
}

void add_event(const Scene& scene, const Match& match, std::span<const Match> cues,
               const Sentence& sentence, bool is_past, std::vector<Event>& events) {
  const Page& page = scene.page;
  const std::uint32_t index = page.lexicon.patterns[match.pattern].owner;
  const Rule& rule = page.lexicon.rules[index];
  const bool verb =
      (match.head_forms & form::kVerb) != 0 &&
      ((match.head_forms & form::kNoun) == 0 || page.is_verb_here(match.head, sentence.tokens));
  const Roles roles = verb ? roles_of_verb(page, match, rule, sentence.tokens)
                           : roles_of_noun(page, match, rule, sentence.tokens);
  Event event;
  event.type = rule.spec.type;
  event.mode = rule.spec.mode;
  event.cameo = rule.spec.cameo;
  event.scale = rule.spec.scale;
  event.rule = index;
  event.evidence = match.span;
  const Said said = modality_of(page, cues, match, sentence.tokens);
  const bool is_negated = roles.group.is_negated || said.has(CueKind::negated);
  const Way way = way_of(event, said, is_negated, is_past, roles.group);
  event.polarity = way.polarity;
  event.modality = way.modality;
  std::vector<Party> actors = roles.actors;
  std::vector<Party> recipients = roles.recipients;
  if (actors.size() > 1 && recipients.empty() && !verb) {
    recipients = {actors.back()};
    actors.pop_back();
  }
  if (actors.empty()) actors.emplace_back();
  if (recipients.empty()) recipients.emplace_back();
  const Party said_by = first_of(page.speaker(sentence.tokens, match.head));
  for (const Party& actor : actors) {
    for (const Party& recipient : recipients) {
      if (events.size() >= kEventsMax) return;
      Event one = event;
      name_parties(page, one, actor, recipient);
      if (one.actor != kNoEntity && one.actor == one.recipient && is_verbal(one.type))
        one.recipient = kNoEntity;
      if (said_by.valid && said_by.itself != actor.itself) one.attribution = said_by.itself;
      one.factors.scale = (one.scale < 0 ? -one.scale : one.scale) / 10;
      one.factors.modality = way.factor;
      one.factors.position = position_factor(sentence);
      one.factors.dyad = dyad_factor(actor, recipient);
      one.factors.gate = gate_factor(scene, rule, actor, recipient);
      const double size = one.factors.scale * one.factors.modality * one.factors.position *
                          one.factors.dyad * one.factors.gate;
      one.weight = one.scale < 0 ? -size : size;
      if (size == 0) one.weight = 0;
      events.push_back(std::move(one));
    }
  }
}

// The more specific match of an overlapping pair stays; words read as the other part of speech go.
std::vector<Match> choose(const Page& page, std::vector<Match> matches, TokenSpan sentence) {
  std::erase_if(matches, [&](const Match& m) {
    const Use use = page.lexicon.patterns[m.pattern].use;
    if (use == Use::idiom) return false;
    if (use != Use::rule && use != Use::cue) return true;
    if (use == Use::rule && page.mention[m.head] != kNoMention) return true;
    const bool verb = (m.head_forms & form::kVerb) != 0;
    const bool noun = (m.head_forms & form::kNoun) != 0;
    if (verb == noun) return false;
    return page.is_verb_here(m.head, sentence) != verb;
  });
  std::stable_sort(matches.begin(), matches.end(), [](const Match& a, const Match& b) {
    return a.elements != b.elements ? a.elements > b.elements : a.span.begin < b.span.begin;
  });
  std::vector<Match> chosen;
  for (const Match& match : matches) {
    const Use use = page.lexicon.patterns[match.pattern].use;
    const bool is_covered = std::any_of(chosen.begin(), chosen.end(), [&](const Match& other) {
      const Use others = page.lexicon.patterns[other.pattern].use;
      if (others == Use::idiom || others == use) {
        return match.head >= other.span.begin && match.head < other.span.end &&
               (others == Use::idiom || other.head == match.head ||
                other.span.size() == other.elements || match.head == other.span.end - 1);
      }
      return false;
    });
    if (!is_covered) chosen.push_back(match);
  }
  std::sort(chosen.begin(), chosen.end(),
            [](const Match& a, const Match& b) { return a.head < b.head; });
  return chosen;
}

// The topic of the page, when everyday language of that topic prevails over that of conflict.
const Gate* topic_of(const Page& page, const std::vector<Match>& all) {
  std::vector<std::uint32_t> hits(page.lexicon.gates.size(), 0);
  for (const Match& match : all) {
    const Pattern& pattern = page.lexicon.patterns[match.pattern];
    if (pattern.use == Use::gate)
      hits[pattern.owner] += match.span.begin < page.text.body_token ? 3U : 1U;
  }
  if (hits.empty()) return nullptr;
  const auto top = std::max_element(hits.begin(), hits.end());
  const Gate& gate = page.lexicon.gates[static_cast<std::size_t>(top - hits.begin())];
  const std::size_t needed = 2 + page.text.tokens.size() / 120;
  if (*top < needed || gate.topic == "conflict") return nullptr;
  return &gate;
}

// Takes the matches of one sentence off `left` and adds the events they make.
void add_events(const Scene& scene, const Sentence& sentence, std::span<const Match>& left,
                std::vector<Event>& events) {
  const Page& page = scene.page;
  std::vector<Match> here;
  while (!left.empty() && left.front().span.begin < sentence.tokens.end) {
    if (left.front().span.end <= sentence.tokens.end) here.push_back(left.front());
    left = left.subspan(1);
  }
  if (here.empty()) return;
  std::vector<Match> cues;
  std::vector<Match> acts;
  for (const Match& match : choose(page, std::move(here), sentence.tokens)) {
    const Use use = page.lexicon.patterns[match.pattern].use;
    if (use == Use::cue) cues.push_back(match);
    if (use == Use::rule) acts.push_back(match);
  }
  const bool is_past =
      !acts.empty() && names_past_year(page, sentence.tokens, scene.published_at_ms);
  for (const Match& act : acts) add_event(scene, act, cues, sentence, is_past, events);
}

}  // namespace

Assessment assess(const Lexicon& lexicon, const Gazetteer& gazetteer, const Text& text,
                  const Tagging& tagging, std::int64_t published_at_ms) {
  Assessment assessment;
  const Lexicon::State& state = lexicon.state();
  if (text.language != state.language) return assessment;
  const Page page(state, gazetteer, text, tagging);
  const std::vector<Match> all =
      find_matches(page, {0, static_cast<std::uint32_t>(text.tokens.size())});
  Scene scene{page, published_at_ms, topic_of(page, all)};
  std::span<const Match> left = all;
  for (const Sentence& sentence : text.sentences) {
    Sentence piece = sentence;
    for (std::uint32_t at = sentence.tokens.begin; at < sentence.tokens.end;) {
      piece.tokens = {at, std::min(sentence.tokens.end, at + kSentenceTokensMax)};
      add_events(scene, piece, left, assessment.events);
      at = piece.tokens.end;
    }
  }
  assessment.tension = add_up(assessment.events);
  assessment.dyads = dyads_of(assessment.events, gazetteer);
  return assessment;
}

}  // namespace tocsin
