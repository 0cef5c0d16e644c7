// Acts become events: matches → who and to whom → how it is said → weight.
#include <algorithm>
#include <array>

#include "pipeline/tension/gate.h"
#include "pipeline/tension/modality.h"
#include "pipeline/tension/roles.h"
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
  TopicShares topics;  // of the whole text
};

// How much it matters between whom: two powers most, nobody known least.
double dyad_factor(const Party& actor, const Party& recipient) {
  const bool a = actor.valid && is_power(actor) && !actor.is_team;
  const bool b = recipient.valid && is_power(recipient) && !recipient.is_team;
  if (a && b) return actor.entity != recipient.entity ? 1.0 : 0.6;
  if (actor.is_team || recipient.is_team) return 0.1;
  const bool armed = is_armed_noun(actor) || is_armed_noun(recipient);
  if (a || b) return armed ? 0.85 : 0.7;
  if (armed) return 0.65;
  constexpr std::uint32_t kVictim = bit(Grammar::victim);
  if ((actor.valid && (actor.grammar & ~kVictim) != 0) ||
      (recipient.valid && recipient.grammar != 0))
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

// One sentence and what was found in it.
struct Here {
  const Sentence& sentence;
  const Chunks& chunks;
  std::span<const Match> cues;
  std::span<const Match> acts;
  bool is_past = false;
  TopicShares topics;
};

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
  if (said.has(CueKind::ended) && event.type == EventType::request) {
    // "urged Washington to lift the sanctions": less is asked for, not more
    if (hostile) recode(event, EventType::request, "change", "0254", 0.5);
    return true;
  }
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
  if (said.has(CueKind::denied) && (hostile || !is_reversed))
    return {Modality::actual, Polarity::negated, 0.1};
  if (said.has(CueKind::conditional)) {
    return {Modality::conditional, Polarity::asserted,
            event.type == EventType::threaten ? 1.0 : 0.15};
  }
  if (said.has(CueKind::threatened) && event.type != EventType::threaten) {
    return {Modality::conditional, Polarity::asserted, hostile ? 0.3 : 0.1};
  }
  if (said.has(CueKind::topic)) return {Modality::hypothetical, Polarity::asserted, 0.12};
  if (said.has(CueKind::intended)) return {Modality::future, Polarity::asserted, 0.3};
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
  // "said it would not withdraw" is a refusal, no guess.
  const bool is_refusal = event.type == EventType::reject && group.negation != kNoToken;
  if (!is_refusal && (said.has(CueKind::hypothetical) || group.is_possible)) {
    return {Modality::hypothetical, Polarity::asserted, hostile ? 0.25 : 0.1};
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

// Verbal acts are the speaker's: "we will respond", "Kremlin: …"; and go to whom it is told.
void complete_by_speech(const Rule& rule, const Speech& speech, Roles& roles) {
  const bool is_first = !roles.actors.empty() && roles.actors.front().is_first_person;
  const bool is_absent = (roles.actors.empty() || speech.is_headline) && is_verbal(rule.spec.type);
  // "Armenia said Azerbaijan had shelled its villages"
  if (roles.recipients.empty() && roles.is_object_possessed && !speech.speaker.empty() &&
      !roles.actors.empty() && speech.speaker.front().entity != roles.actors.front().entity)
    roles.recipients = speech.speaker;
  if (is_first) roles.actors.clear();
  // "would lead to a rupture between A and B", B says: B threatens A.
  if (roles.is_between && is_verbal(rule.spec.type) && !speech.speaker.empty() &&
      speech.speaker.front().entity != kNoEntity) {
    const EntityIndex who = speech.speaker.front().entity;
    Parties sides = roles.actors;
    sides.insert(sides.end(), roles.recipients.begin(), roles.recipients.end());
    const auto is_speaker = [who](const Party& party) { return party.entity == who; };
    if (std::erase_if(sides, is_speaker) > 0 && !sides.empty()) {
      roles.actors = {speech.speaker.front()};
      roles.recipients = sides;
    }
  }
  if (!is_first && !is_absent) return;
  if (!speech.speaker.empty() && !speech.speaker.front().is_first_person)
    roles.actors = speech.speaker;
  const bool has_recipient =
      !roles.recipients.empty() && roles.recipients.front().entity != kNoEntity;
  if (is_verbal(rule.spec.type) && !has_recipient && !speech.addressee.empty())
    roles.recipients = speech.addressee;
}

// "Ukraine said a missile had hit a market, killing four": the dead are the missile's, whoever the
// main clause is about. Who killed is who attacked earlier in the sentence, or nobody known, unless
// the subject is armed itself.
void complete_outcome(const Here& here, const Speech& speech, const std::vector<Event>& events,
                      const Gazetteer& gazetteer, Roles& roles) {
  const auto is_speaker = [&](const Party& party) {
    return !speech.speaker.empty() && speech.speaker.front().tokens.begin == party.tokens.begin;
  };
  if (!roles.actors.empty() && is_armed_noun(roles.actors.front()) &&
      !is_speaker(roles.actors.front()))
    return;
  roles.actors.clear();
  for (auto event = events.rbegin(); event != events.rend(); ++event) {
    if (event->evidence.begin < here.sentence.tokens.begin) return;
    if (event->type != EventType::assault || event->polarity == Polarity::negated) continue;
    const auto known = [&](EntityIndex entity) {
      Party party;
      party.valid = true;
      party.entity = entity;
      party.part = gazetteer[entity].part;
      return party;
    };
    if (event->actor != kNoEntity) roles.actors = {known(event->actor)};
    const bool is_whose = !roles.recipients.empty() && roles.recipients.front().entity != kNoEntity;
    if (!is_whose && event->recipient != kNoEntity) roles.recipients = {known(event->recipient)};
    return;
  }
}

void name_parties(const Page& page, Event& event, const Party& actor, const Party& recipient) {
  event.actor = actor.valid ? actor.entity : kNoEntity;
  event.recipient = recipient.valid ? recipient.entity : kNoEntity;
  if (event.actor == kNoEntity) event.actor_text = lower_text(page, actor);
  if (event.recipient == kNoEntity) event.recipient_text = lower_text(page, recipient);
}

double gate_factor(const Scene& scene, const Here& here, const Rule& rule, const Party& actor,
                   const Party& recipient) {
  const bool a = actor.valid && is_power(actor) && !actor.is_team;
  const bool b = recipient.valid && is_power(recipient) && !recipient.is_team;
  // "the government", "parliament" of a country not named in the sentence
  const bool is_official = actor.valid && (actor.grammar & bit(Grammar::government)) != 0;
  double factor = 1;
  if (rule.spec.is_gated && !a && !b && !is_armed_noun(actor) && !is_armed_noun(recipient))
    factor =
        rule.spec.type == EventType::assault || rule.spec.type == EventType::coerce ? 0.3 : 0.45;
  if (factor < 1 && is_official) factor = 0.7;
  if (rule.spec.needs_actor && !a && !is_armed_noun(actor)) factor = is_official ? 0.5 : 0.15;
  if (rule.spec.type >= EventType::request) factor = lifted(factor, 1, scene.topics, here.topics);
  if (rule.spec.needs_both && (!a || !b || actor.entity == recipient.entity)) factor = 0.1;
  const GateParties parties{a || b || is_armed_noun(actor) || is_armed_noun(recipient),
                            a && b && actor.entity != recipient.entity};
  return factor * topic_gate(scene.topics, here.topics, rule.spec.type, parties);
}

bool reads_as_verb(const Page& page, const Match& match, TokenSpan sentence) {
  if (match.head_forms == form::kLiteral) return true;  // the chunks decide
  if ((match.head_forms & form::kVerb) == 0) return false;
  return (match.head_forms & form::kNoun) == 0 || page.is_verb_here(match.head, sentence);
}

// One event a pair of parties; the factors are theirs.
void add_pair(const Scene& scene, const Here& here, const Rule& rule, const Party& actor,
              const Party& recipient, const Party& said_by, double way_factor, Event event,
              std::vector<Event>& events) {
  if (events.size() >= kEventsMax) return;
  name_parties(scene.page, event, actor, recipient);
  if (event.actor != kNoEntity && event.actor == event.recipient && is_verbal(event.type))
    event.recipient = kNoEntity;
  if (said_by.valid && said_by.itself != actor.itself) event.attribution = said_by.itself;
  event.factors.scale = (event.scale < 0 ? -event.scale : event.scale) / 10;
  event.factors.modality = way_factor;
  event.factors.position = position_factor(here.sentence);
  event.factors.dyad = dyad_factor(actor, recipient);
  if (event.scale < 0 && !actor.is_team && !recipient.is_team)
    event.factors.dyad = lifted(event.factors.dyad, 0.65, scene.topics, here.topics);
  event.factors.gate = gate_factor(scene, here, rule, actor, recipient);
  const double size = event.factors.scale * event.factors.modality * event.factors.position *
                      event.factors.dyad * event.factors.gate;
  event.weight = event.scale < 0 ? -size : size;
  if (size == 0) event.weight = 0;
  events.push_back(std::move(event));
}

void add_event(const Scene& scene, const Match& match, const Here& here,
               std::vector<Event>& events) {
  const Page& page = scene.page;
  const TokenSpan sentence = here.sentence.tokens;
  const std::uint32_t index = page.lexicon.patterns[match.pattern].owner;
  const Rule& rule = page.lexicon.rules[index];
  Roles roles = roles_of(page, here.chunks, match, rule, reads_as_verb(page, match, sentence));
  const Speech speech = speech_of(page, here.chunks, match.head);
  complete_by_speech(rule, speech, roles);
  if (roles.is_outcome && rule.spec.type == EventType::assault)
    complete_outcome(here, speech, events, page.gazetteer, roles);
  Event event;
  event.type = rule.spec.type;
  event.mode = rule.spec.mode;
  event.cameo = rule.spec.cameo;
  event.scale = rule.spec.scale;
  event.rule = index;
  event.evidence = match.span;
  const Said said = modality_of(page, here.cues, here.acts, match, sentence);
  const std::uint32_t negation = roles.group.negation;
  const bool is_negated =
      (negation != kNoToken && !match.owns(negation)) || said.has(CueKind::negated);
  const Way way = way_of(event, said, is_negated, here.is_past, roles.group);
  event.polarity = way.polarity;
  event.modality = way.modality;
  if (roles.actors.empty()) roles.actors.emplace_back();
  if (roles.recipients.empty()) roles.recipients.emplace_back();
  const Party said_by = first_of(speech.speaker);
  for (const Party& actor : roles.actors) {
    for (const Party& recipient : roles.recipients)
      add_pair(scene, here, rule, actor, recipient, said_by, way.factor * roles.background, event,
               events);
  }
}

double scale_of(const Page& page, const Match& match) {
  return page.lexicon.rules[page.lexicon.patterns[match.pattern].owner].spec.scale;
}

EventType type_of(const Page& page, const Match& match) {
  return page.lexicon.rules[page.lexicon.patterns[match.pattern].owner].spec.type;
}

// The word an act stands or falls with: of a governing one its own verb, not what it governs.
std::uint32_t anchor_of(const Page& page, const Match& match) {
  const Pattern& pattern = page.lexicon.patterns[match.pattern];
  if (pattern.use != Use::rule) return match.head;
  const bool is_governing = page.lexicon.rules[pattern.owner].spec.governs != CueKind::none;
  return is_governing ? match.span.begin : match.head;
}

// "a UN-brokered truce", "rebel-held towns": nobody brokers or holds anything here and now.
bool is_attribute(const Page& page, std::uint32_t t) {
  return page.marked(t, before::kJoinedHyphen) && (page.forms(t) & form::kParticiple) != 0;
}

// "ceasefire talks", "attack helicopters", "coup leaders": an act's noun that only says which.
bool is_modifier(const Page& page, const Match& match, TokenSpan sentence) {
  const std::uint32_t next = match.head + 1;
  if (match.elements != 1 || (match.head_forms & form::kSingular) == 0) return false;
  if (next >= sentence.end || (page.text.tokens[next].before & ~before::kSpace) != 0) return false;
  if ((page.forms(next) & form::kNoun) == 0 || page.mention[next] != kNoMention) return false;
  return !page.is_verb_here(next, sentence) && !page.is_verb_here(match.head, sentence) &&
         (page.grammar(next) & (bit(Grammar::preposition) | bit(Grammar::adverb))) == 0;
}

// "the free man", "for free schools": a verb's base form that stands where a noun phrase begins.
bool is_no_verb(const Page& page, const Match& match, TokenSpan sentence) {
  constexpr std::uint16_t kOther = form::kNoun | form::kLiteral | form::kPast;
  const std::uint32_t t = match.span.begin;
  if ((match.first_forms & form::kBase) == 0 || (match.first_forms & kOther) != 0) return false;
  if (t == sentence.begin) return false;
  const bool is_after_preposition =
      page.is(t - 1, Grammar::preposition) && page.hash(t - 1) != page.lexicon.key.to;
  return is_after_preposition || page.is(t - 1, Grammar::determiner) ||
         (page.text.tokens[t - 1].shape & shape::kPossessive) != 0;
}

// The more specific match of an overlapping pair stays; words read as the other part of speech go.
std::vector<Match> choose(const Page& page, std::vector<Match> matches, TokenSpan sentence) {
  std::erase_if(matches, [&](const Match& m) {
    const Use use = page.lexicon.patterns[m.pattern].use;
    if (use == Use::idiom) return false;
    if (use != Use::rule && use != Use::cue) return true;
    if (page.mention[m.head] != kNoMention && (use == Use::rule || m.elements == 1)) return true;
    if (use == Use::rule && m.span.begin != m.head && is_attribute(page, m.span.begin)) return true;
    if (use == Use::rule && m.span.begin != m.head && is_no_verb(page, m, sentence)) return true;
    if (use == Use::rule && is_modifier(page, m, sentence)) return true;
    const bool verb = (m.head_forms & form::kVerb) != 0;
    const bool noun = (m.head_forms & form::kNoun) != 0;
    if (verb == noun) return false;
    return page.is_verb_here(m.head, sentence) != verb;
  });
  const auto specificity = [&](const Match& m) {
    return page.lexicon.patterns[m.pattern].specificity;
  };
  std::sort(matches.begin(), matches.end(), [&](const Match& a, const Match& b) {
    if (a.elements != b.elements) return a.elements > b.elements;
    if (specificity(a) != specificity(b)) return specificity(a) > specificity(b);
    if (a.span.begin != b.span.begin) return a.span.begin < b.span.begin;
    return a.pattern < b.pattern;
  });
  std::vector<Match> chosen;
  for (const Match& match : matches) {
    const Use use = page.lexicon.patterns[match.pattern].use;
    const bool is_covered = std::any_of(chosen.begin(), chosen.end(), [&](const Match& other) {
      const Use others = page.lexicon.patterns[other.pattern].use;
      if (others != use && !(others == Use::idiom && use == Use::rule)) return false;
      if (other.owns(anchor_of(page, match))) return true;
      if (use == Use::rule && others == use && other.owns(match.head) &&
          type_of(page, other) == type_of(page, match))
        return true;
      // "lifted the sanctions imposed on": one act, not two.
      if (use == Use::rule && others == use && match.owns(other.head) &&
          is_hostile(scale_of(page, match)) != is_hostile(scale_of(page, other)))
        return true;
      // Two readings of one verb: "demanded", "demanded ... withdraw".
      return use == Use::rule && others == use && other.span.begin == match.span.begin;
      return false;
    });
    if (!is_covered) chosen.push_back(match);
  }
  std::sort(chosen.begin(), chosen.end(),
            [](const Match& a, const Match& b) { return a.head < b.head; });
  return chosen;
}

TopicShares topics_of(const Page& page, TokenSpan span) {
  return page.lexicon.topics.shares(std::span(page.text.tokens).subspan(span.begin, span.size()));
}

// A headline too short for its language to be told: read when most of its words are the lexicon's
// or names.
bool is_readable(const Page& page) {
  constexpr std::size_t kWordsMin = 2;
  std::size_t words = 0;
  std::size_t names = 0;
  for (std::uint32_t t = 0; t < page.word.size(); ++t) {
    if (page.mention[t] != kNoMention) {
      ++names;
    } else if (page.word[t] != kNoWord) {
      ++words;
    }
  }
  return words >= kWordsMin && (words + names) * 5 >= page.word.size() * 3;
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
  if (acts.empty()) return;
  const Chunks chunks = chunk(page, sentence.tokens);
  const bool is_past = names_past_year(page, sentence.tokens, scene.published_at_ms);
  const Here there{sentence, chunks, cues, acts, is_past, topics_of(page, sentence.tokens)};
  for (const Match& act : acts) add_event(scene, act, there, events);
}

}  // namespace

Assessment assess(const Lexicon& lexicon, const Gazetteer& gazetteer, const Text& text,
                  const Tagging& tagging, std::int64_t published_at_ms) {
  Assessment assessment;
  const Lexicon::State& state = lexicon.state();
  if (text.language != state.language && text.language != "und") return assessment;
  const Page page(state, gazetteer, text, tagging);
  if (text.language == "und" && !is_readable(page)) return assessment;
  const std::vector<Match> all = find_matches(page);
  assessment.topics = topics_of(page, {0, static_cast<std::uint32_t>(text.tokens.size())});
  Scene scene{page, published_at_ms, assessment.topics};
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
