// Acts become events: matches → who and to whom → how it is said → weight.
#include <algorithm>
#include <array>
#include <cmath>

#include "pipeline/syntax/parser.h"
#include "pipeline/tension/arguments.h"
#include "pipeline/tension/gate.h"
#include "pipeline/tension/operators.h"
#include "pipeline/tension/pieces.h"
#include "pipeline/tension/roles.h"
#include "pipeline/tension/score.h"
#include "pipeline/tension/slots.h"
#include "pipeline/tension/speech.h"
#include "pipeline/tension/trees.h"

namespace tocsin {
namespace {

constexpr std::size_t kEventsMax = 400;
// Of what is said on the side less than this stays.
constexpr double kAside = 0.5;
constexpr double kLabel = 0.5;       // "Ruritanian war: ..."
constexpr double kBackground = 0.3;  // ... beside news of the other sign
constexpr double kAsideInWar = 0.8;  // ... of an assault where all is about a conflict, this much
// Where all is about a conflict, an act that is told as done and is more than an echo weighs at
// least so much, however it is told: level medium.
constexpr double kEchoMax = 0.1;
constexpr double kLeastInWar = 0.45;
constexpr std::uint32_t kAboutConflict = 600;  // per mille

struct Scene {
  const Page& page;
  std::int64_t published_at_ms;
  TopicShares topics;  // of the whole text
};

// A power, and not its team.
bool is_power_itself(const Party& party) {
  return party.valid && is_power(party) && !party.is_team;
}

// How much it matters between whom: two powers most, nobody known least.
double dyad_factor(const Party& actor, const Party& recipient) {
  if (actor.is_bystander) return 0.05;
  const bool a = is_power_itself(actor);
  const bool b = is_power_itself(recipient);
  if (a && b && actor.entity != recipient.entity) return dyad::kTwoPowers;
  constexpr std::uint32_t kArmed = bit(Grammar::armed);
  // A state and those who fight it at home.
  if (a && b)
    return ((actor.grammar | recipient.grammar) & kArmed) != 0 ? dyad::kPowerAndArmed : 0.6;
  if (actor.is_team || recipient.is_team) return 0.1;
  const bool armed = is_armed_noun(actor) || is_armed_noun(recipient);
  if (a || b) return armed ? dyad::kPowerAndArmed : dyad::kPower;
  if (armed) return dyad::kArmed;
  constexpr std::uint32_t kVictim = bit(Grammar::victim);
  if ((actor.valid && (actor.grammar & ~kVictim) != 0) ||
      (recipient.valid && !recipient.is_bystander && recipient.grammar != 0))
    return dyad::kSomebody;
  return dyad::kNobody;
}

bool is_hostile(double scale) {
  return scale < 0;
}

// One sentence and what was found in it.
struct Here {
  const ParsedSentence& sentence;
  std::span<const Match> cues;
  std::span<const Match> acts;
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
// they are. True when what became of the act is an act of its own.
bool apply_phase(Event& event, const Said& said) {
  const bool hostile = is_hostile(event.scale);
  switch (said.phase) {
    case Phase::done:
    case Phase::resumed:
      return false;
    case Phase::ended:
      if (event.type == EventType::request) {
        // "urged Washington to lift the sanctions": less is asked for, not more
        if (hostile) recode(event, EventType::request, "change", "0254", 0.5);
      } else if (!hostile) {
        recode(event, EventType::sanction, "discontinue", "16", -5);
      } else if (event.type != EventType::accuse && event.type != EventType::reject) {
        recode(event, EventType::retreat, "withdraw", "08", 6);
      }
      return true;
    case Phase::kept:
      if (hostile) recode(event, EventType::reject, "yield", "124", -4);
      return true;
    case Phase::undone:
      if (hostile || event.type == EventType::request || said.is_denied) return false;
      recode(event, EventType::reject, "yield", "12", said.is_failed ? -3 : -4);
      return true;
  }
  return false;
}

// The order matters: what is not so at all comes before what is not so yet.
Way way_of(const OperatorTable& operators, Event& event, const Said& said, bool is_past) {
  const bool is_act_of_its_own = apply_phase(event, said);
  const bool hostile = is_hostile(event.scale);
  if (said.mood == Mood::past || is_past) {
    const MoodEffect& past = operators.effect_of(Mood::past);
    return {past.modality, Polarity::asserted, hostile ? past.hostile : past.cooperative};
  }
  if (said.phase == Phase::undone && !is_act_of_its_own) {
    const double rest = said.is_denied ? 0.1 : said.is_failed && hostile ? 0.6 : 0;
    return {Modality::actual, said.is_failed ? Polarity::asserted : Polarity::negated, rest};
  }
  const bool is_said_that_way =  // "would entail": how threats are said; a demand demands
      (event.type == EventType::threaten &&
       (said.mood == Mood::conditional || said.mood == Mood::possible ||
        said.mood == Mood::planned || said.mood == Mood::threatened)) ||
      (event.type == EventType::request &&
       (said.mood == Mood::demanded || said.mood == Mood::wished)) ||
      (event.type == EventType::reject && is_act_of_its_own &&
       (said.mood == Mood::possible || said.mood == Mood::conditional));  // "will not ... until"
  // "will take the hill by force unless they leave": an act that waits is a threat
  const bool is_material = !is_verbal(event.type) && event.type != EventType::mobilize;
  const bool is_to_come = is_material || event.type == EventType::mobilize;
  if (said.is_ultimatum && hostile && is_to_come && !is_act_of_its_own) {
    recode(event, EventType::threaten, "violence", "138", -6);
    return {Modality::conditional, Polarity::asserted, 1};
  }
  // "will leave the town if ...": and one that would calm is an offer
  constexpr double kOfferMin = 4;  // of the scale: less is talk
  if (said.is_ultimatum && is_material && event.scale >= kOfferMin) {
    recode(event, EventType::agree, "", "036", 4);
    return {Modality::conditional, Polarity::asserted, 0.8};
  }
  const MoodEffect& effect = operators.effect_of(said.mood);
  Way way{effect.modality, Polarity::asserted, hostile ? effect.hostile : effect.cooperative};
  if (event.type == EventType::threaten && said.is_ultimatum) way.modality = Modality::conditional;
  if (is_said_that_way) way.factor = 1;
  if (said.is_hedged && !is_verbal(event.type)) way.factor *= 0.6;
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
  // "The army fired first, Yonhap said": an outlet tells what others do.
  if (!speech.speaker.empty() && speech.speaker.front().is_bystander) {
    if (is_first) roles.actors.clear();
    return;
  }
  // "Oslo: Peru accused Chile": whoever accuses is named, the speaker only tells of it
  const bool is_speakers_own = speech.is_headline && !is_known(roles.actors);
  const bool is_absent = (roles.actors.empty() || is_speakers_own) && is_verbal(rule.spec.type);
  // "Armenia said Azerbaijan had shelled its villages"
  // "Tallinn: Russian jammers downed our drone"
  const bool is_own = (roles.recipients.empty() && roles.is_object_possessed) ||
                      (!roles.recipients.empty() && roles.recipients.front().is_first_person);
  if (is_own && !speech.speaker.empty() && !roles.actors.empty() &&
      !roles.actors.front().is_first_person &&
      speech.speaker.front().entity != roles.actors.front().entity)
    roles.recipients = speech.speaker;
  // "Troops killed four bandits, the Nigerian army said": whoever tells it tells of its own.
  constexpr std::uint32_t kOfState = bit(Grammar::forces) | bit(Grammar::government);
  const bool is_own_force = !roles.actors.empty() && !speech.speaker.empty() &&
                            roles.actors.front().entity == kNoEntity &&
                            (roles.actors.front().grammar & bit(Grammar::forces)) != 0 &&
                            (roles.actors.front().grammar & bit(Grammar::armed)) == 0 &&
                            (speech.speaker.front().grammar & kOfState) != 0;
  if (is_own_force && speech.speaker.front().entity != kNoEntity) {
    roles.actors.front().entity = speech.speaker.front().entity;
    roles.actors.front().part = speech.speaker.front().part;
    roles.is_guessed = false;
  }
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
  // "China told Lithuania it would face consequences for opening a Taiwanese office"
  const bool is_told = rule.spec.type == EventType::threaten && is_known(speech.addressee) &&
                       !speech.speaker.empty() && !roles.actors.empty() &&
                       roles.actors.front().entity == speech.speaker.front().entity;
  if (is_told) roles.recipients = speech.addressee;
  // "told Chad to hand it over or face the consequences": who is told does not threaten
  const bool is_turned = rule.spec.type == EventType::threaten && is_known(speech.addressee) &&
                         is_known(speech.speaker) && !roles.actors.empty() &&
                         is_same(roles.actors.front(), speech.addressee.front());
  if (is_turned) {
    roles.actors = speech.speaker;
    roles.recipients = speech.addressee;
  }
  if (!is_first && !is_absent) return;
  if (!speech.speaker.empty() && !speech.speaker.front().is_first_person)
    roles.actors = speech.speaker;
  const bool has_recipient =
      !roles.recipients.empty() && roles.recipients.front().entity != kNoEntity;
  if (is_verbal(rule.spec.type) && !has_recipient && !speech.addressee.empty())
    roles.recipients = speech.addressee;
}

// "Mali: 12 dead in raid on market": what stands before the colon is where.
void complete_by_label(const Page& page, const Rule& rule, const Speech& speech, Roles& roles) {
  if (!speech.is_headline || rule.spec.type != EventType::assault) return;
  if (is_known(roles.actors) || is_known(roles.recipients)) return;
  Party place = speech.speaker.front();
  if (place.itself == kNoEntity || place.is_demonym) return;
  const EntityType type = page.gazetteer[place.itself].type;
  if (type != EntityType::country && type != EntityType::city && type != EntityType::place) return;
  place.is_place = true;
  roles.recipients = {place};
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
    if (event->evidence.begin < here.sentence.sentence.tokens.begin) return;
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

// "claimed a raid that set two depots alight": what a blow does its doer does.
void complete_by_blow(const Here& here, const std::vector<Event>& events,
                      const Gazetteer& gazetteer, Roles& roles) {
  if (roles.subject == kAbsent || is_known(roles.actors)) return;
  if (!here.sentence.is(roles.subject, Grammar::blow)) return;
  const std::uint32_t blow = here.sentence.token(roles.subject);
  for (const Event& event : events) {
    if (event.evidence.begin > blow || event.evidence.end <= blow) continue;
    if (event.actor == kNoEntity || event.polarity == Polarity::negated) continue;
    Party party;
    party.valid = true;
    party.entity = event.actor;
    party.part = gazetteer[event.actor].part;
    roles.actors = {party};
    return;
  }
}

constexpr std::uint32_t kPeople = bit(Grammar::civil) | bit(Grammar::victim);
constexpr std::uint32_t kOfState =
    bit(Grammar::forces) | bit(Grammar::government) | bit(Grammar::armed);

// "thirty people", whose nobody says.
bool are_people(const Party& party) {
  return party.valid && (party.grammar & kPeople) != 0 && (party.grammar & kOfState) == 0;
}

// "a Mexican convoy of tourists", "Turkish drivers", "three Kenyans": neither a state nor its
// forces.
bool is_civil(const Party& party) {
  if (!party.valid || party.entity == kNoEntity || (party.grammar & kOfState) != 0) return false;
  return are_people(party) || (party.is_demonym && !party.is_owner);
}

// "An American man fought alongside rebels in Chad": a private person's act is no state's.
bool is_private_person(EventType type, const Party& actor) {
  constexpr std::uint32_t kNobody = bit(Grammar::victim) | bit(Grammar::civil);
  return type == EventType::assault && (actor.grammar & bit(Grammar::victim)) != 0 &&
         (actor.grammar & ~kNobody) == 0;
}

bool is_of_arms(const Party& party) {
  return party.valid && (is_armed_noun(party) || party.part == Part::armed);
}

void name_parties(const Page& page, Event& event, const Party& actor, const Party& recipient) {
  event.actor = actor.valid ? actor.entity : kNoEntity;
  event.recipient = recipient.valid ? recipient.entity : kNoEntity;
  event.is_recipient_civil = is_civil(recipient);
  event.is_recipient_place = recipient.is_place;
  event.is_armed = is_of_arms(actor);
  if (event.actor == kNoEntity) event.actor_text = lower_text(page, actor);
  if (event.recipient == kNoEntity) event.recipient_text = lower_text(page, recipient);
}

// "Jordan Hayes was shot in Memphis", "police arrested a man in Georgia": what one person does to
// another, in a country that is no side of it; bombs and shells are not so private.
bool is_private(const Rule& rule, const Party& recipient) {
  const std::string& mode = rule.spec.mode;
  const bool is_of_persons = mode == "firearms" || mode == "arrest" || mode == "abduct" ||
                             mode == "targeted" || mode.empty();
  return recipient.is_place && recipient.grammar == 0 && is_of_persons;
}

double product(const Factors& factors) {
  return factors.scale * factors.modality * factors.position * factors.dyad * factors.gate;
}

// "A Kenyan", "two Danish farmers", "an Egyptian nurse": so many people, and none of a state's. In
// "an Iranian missile" it is the missile that is one.
bool is_one_person(const ParsedSentence& sentence, const Party& party) {
  if (!is_civil(party) || is_armed_noun(party) || party.tokens.begin == 0) return false;
  const Page& page = sentence.page;
  const TokenSpan here = sentence.sentence.tokens;  // a pronoun's party may stand before it
  if (party.tokens.begin >= here.begin && party.tokens.end <= here.end) {
    const Deprel its = sentence.clauses.relation(sentence.node(party.tokens.end - 1));
    if (its == Deprel::amod || its == Deprel::compound) return false;
  }
  const std::uint32_t before = party.tokens.begin - 1;
  const Token& first = page.text.tokens[party.tokens.begin];
  return page.hash(before) == page.lexicon.key.a || page.hash(before) == page.lexicon.key.an ||
         page.is(before, Grammar::quantity) || (first.shape & shape::kNumber) != 0 ||
         (page.text.tokens[before].shape & shape::kNumber) != 0;
}

// "A teenager beat the driver", "passengers killed a man", "a banker was seized in Vienna": people
// who are neither a power nor under arms or in office, nor a crowd; nobody, in a place.
bool is_private_deed(const Party& actor, const Party& recipient) {
  if (!actor.valid) return recipient.is_place;
  const bool is_crowd = actor.grammar == bit(Grammar::civil);  // protesters, a mob
  return (actor.grammar & ~kPeople) == 0 && !is_crowd;
}

// Of an act that weighs `told` without it.
double gate_factor(const Scene& scene, const Here& here, const Rule& rule, const Party& actor,
                   const Party& recipient, double told) {
  const bool a = is_power_itself(actor);
  const bool b = is_power_itself(recipient) && !is_private(rule, recipient);
  // "the government", "parliament" of a country not named in the sentence
  const bool is_official = actor.valid && (actor.grammar & bit(Grammar::government)) != 0;
  const bool has_arms = is_armed_noun(actor) || is_armed_noun(recipient);
  const GateParties parties{a || b || has_arms, a && b && actor.entity != recipient.entity,
                            !a && !has_arms && is_private_deed(actor, recipient),
                            is_of_arms(actor)};
  double factor = power_gate(rule.spec, parties.has_power, a || is_armed_noun(actor), is_official);
  constexpr double kPrivate = 0.4;  // of a private person's deed against no power
  const bool is_against_other = rule.spec.scale < 0 && actor.entity != recipient.entity;
  const bool is_deed_of_one = is_one_person(here.sentence, actor) && !rule.spec.is_mutual &&
                              !is_armed_noun(recipient) &&
                              (!b || (is_civil(recipient) && !is_against_other));
  if (rule.spec.type >= EventType::request && !actor.is_bystander)
    factor = lifted(factor, 1, scene.topics, here.topics);
  const bool is_own = a && b && actor.entity == recipient.entity;
  // "the first regular troops to enter Russia": somebody under arms is a party without a name.
  const bool is_pair = (a || is_armed_noun(actor)) && (b || is_armed_noun(recipient)) && (a || b);
  if (rule.spec.needs_both && (!is_pair || is_own)) factor = kOnePartyOfTwo;
  if (rule.spec.is_fallback && is_own) factor = 0.1;
  if (is_deed_of_one) factor *= kPrivate;
  factor *= topic_gate(scene.topics, here.topics, rule.spec.type, parties);
  return factor * home_gate(scene.topics, here.topics, parties, told * factor);
}

const RuleSpec& spec_of(const Page& page, const Match& match) {
  return page.lexicon.rules[page.lexicon.patterns[match.pattern].owner].spec;
}

constexpr double kFaint = 2;  // of a scale of ten
constexpr double kNamedMin = 7;

// "warned that more attacks would follow": the word is the act.
bool is_hostile_word(const RuleSpec& spec) {
  return is_verbal(spec.type) && spec.scale <= -kFaint;
}

bool is_spoken_of(const Here& here, const Event& event) {
  if (event.type != EventType::assault) return false;
  return std::any_of(here.acts.begin(), here.acts.end(), [&](const Match& act) {
    return is_hostile_word(spec_of(here.sentence.page, act));
  });
}

// What a text about a conflict adds: the factors between 0 and 1 that say how and between whom, so
// that an act of war is one by any words.
void lift_in_war(const Scene& scene, const Here& here, Event& event) {
  if (event.scale >= 0 || event.polarity == Polarity::negated) return;
  if (event.modality != Modality::actual || is_spoken_of(here, event)) return;
  const double size = product(event.factors);
  if (size < kEchoMax || size >= kLeastInWar) return;
  double left = lifted(size, kLeastInWar, scene.topics, here.topics) / size;
  for (double* factor : {&event.factors.gate, &event.factors.modality, &event.factors.dyad}) {
    const double raised = std::min(*factor * left, 1.0);
    left *= *factor / raised;
    *factor = raised;
  }
  // An alert asks how it is told.
  constexpr double kMuch = 1.2;
  event.is_aside = event.is_aside || product(event.factors) > kMuch * size;
}

bool are_two_powers(const Roles& roles) {
  if (roles.actors.empty() || roles.recipients.empty()) return false;
  const Party& actor = roles.actors.front();
  const Party& recipient = roles.recipients.front();
  return is_power_itself(actor) && is_power_itself(recipient) && actor.entity != recipient.entity;
}

// The one other power that the sentence names, where no grammar says to whom.
struct Guess {
  Party party;
  bool is_within = false;  // of the act's own clause: it weighs nearly as one that is told
};
constexpr double kWithin = 0.85;

// "clear the road to Peru": a noun's own phrase, only where it leads or is.
bool is_noun_place(const ParsedSentence& sentence, const Party& party) {
  const TokenSpan tokens = sentence.sentence.tokens;
  if (party.tokens.begin < tokens.begin || party.tokens.end > tokens.end) return false;
  const NodeIndex node = sentence.node(party.tokens.end - 1);
  const NodeIndex preposition = sentence.clauses.preposition(node);
  return sentence.clauses.relation(node) == Deprel::nmod && preposition != kAbsent &&
         (sentence.is(preposition, Grammar::goal_to) ||
          sentence.is(preposition, Grammar::place_at));
}

// "threw its weight behind Peru's bid": the name stands among the words that hang on the act, in no
// clause of their own.
bool stands_within(const ParsedSentence& sentence, NodeIndex act, const Party& party) {
  const TokenSpan tokens = sentence.sentence.tokens;
  if (party.tokens.begin < tokens.begin || party.tokens.end > tokens.end) return false;
  const Clauses& clauses = sentence.clauses;
  NodeIndex node = sentence.node(party.tokens.end - 1);
  if (node < act || is_noun_place(sentence, party)) return false;
  const NodeIndex preposition = clauses.preposition(node);
  const bool is_goal = preposition != kAbsent && sentence.is(preposition, Grammar::goal_to);
  constexpr unsigned kEdgesMax = 6;
  bool is_subject = false;
  for (unsigned edges = 0; edges < kEdgesMax && node != kAbsent; ++edges) {
    if (node == act) return true;
    const Deprel its = clauses.relation(node);
    const bool is_clause = its == Deprel::acl || its == Deprel::acl_relcl || its == Deprel::advcl ||
                           its == Deprel::ccomp || its == Deprel::parataxis || its == Deprel::conj;
    // "wrote off what Peru owed": whose it is; "to save the fields of Peru": what it is for
    const bool is_whose = its == Deprel::acl_relcl && edges == 1 && is_subject;
    const bool is_for = its == Deprel::advcl && (clauses.node(node).form == WordForm::base ||
                                                 clauses.node(node).form == WordForm::gerund);
    // "lorries bound for Peru": where they go
    const bool is_bound = its == Deprel::acl && edges == 1 && is_goal;
    if (is_clause && sentence.is_verb(node) && !is_whose && !is_for && !is_bound) return false;
    is_subject = its == Deprel::nsubj;
    node = clauses.head(node);
  }
  return false;
}

// "lifted a ban on mining", "the minister resigned": what a power grants nobody that is told is its
// own affair, unlike a promise, help, a meeting or a withdrawal.
bool is_home_affair(const Event& event, const Party& actor, const Party& recipient) {
  const bool is_granted = event.type == EventType::concede || event.type == EventType::support ||
                          event.type == EventType::cooperate ||
                          (event.type == EventType::retreat && event.mode == "resign");
  const bool is_signed = event.cameo == "057";  // with somebody
  return event.scale > 0 && is_granted && !is_signed && actor.valid && actor.entity != kNoEntity &&
         recipient.entity == kNoEntity && (!recipient.valid || recipient.is_bystander);
}
constexpr double kHomeAffair = 0.35;

// One event a pair of parties; the factors are theirs.
void add_pair(const Scene& scene, const Here& here, const Rule& rule, Party actor,
              const Party& told, const Party& said_by, double way_factor, Event event,
              const Guess& guess, std::vector<Event>& events) {
  if (events.size() >= kEventsMax) return;
  // What the wide net reads between two must be told of both.
  const bool is_of_two = rule.spec.is_fallback && rule.spec.is_mutual;
  const bool is_within = guess.is_within && !is_of_two && told.entity == kNoEntity;
  const Party& recipient = is_within ? guess.party : told;
  if (is_private_person(event.type, actor)) {
    actor.entity = kNoEntity;
    actor.part = Part::none;
  }
  name_parties(scene.page, event, actor, recipient);
  if (event.actor != kNoEntity && event.actor == event.recipient && is_verbal(event.type))
    event.recipient = kNoEntity;
  if (said_by.valid && said_by.itself != actor.itself) event.attribution = said_by.itself;
  event.factors.scale = (event.scale < 0 ? -event.scale : event.scale) / 10;
  event.factors.modality = way_factor;
  event.factors.position = position_factor(here.sentence.sentence);
  event.factors.dyad = dyad_factor(actor, recipient) * (is_within ? kWithin : 1);
  if (event.scale < 0 && !actor.is_team && !recipient.is_team && !actor.is_bystander)
    event.factors.dyad = lifted(event.factors.dyad, dyad::kArmed, scene.topics, here.topics);
  // "reopened its border posts with Peru": whom a kindness is left for is its other party
  const bool is_left = event.scale > 0 && !is_of_two && guess.party.valid &&
                       told.entity == kNoEntity && !is_noun_place(here.sentence, guess.party);
  event.factors.gate = gate_factor(scene, here, rule, actor, is_left ? guess.party : recipient,
                                   product(event.factors));
  if (!guess.party.valid && is_home_affair(event, actor, recipient))
    event.factors.gate = std::min(event.factors.gate, kHomeAffair);
  if (!actor.is_bystander) lift_in_war(scene, here, event);
  const double size = product(event.factors);
  event.weight = event.scale < 0 ? -size : size;
  if (size == 0) event.weight = 0;
  // A guess names somebody; from another clause it makes nothing weigh more.
  if (guess.party.valid && event.recipient == kNoEntity) {
    event.recipient = guess.party.entity;
    event.is_recipient_civil = are_people(told);
    event.recipient_text.clear();
  }
  event.is_recipient_guessed =
      guess.party.valid && told.entity == kNoEntity && event.recipient == guess.party.entity;
  events.push_back(std::move(event));
}

// "Ruritanian civil war: ...", "Occupation of Ruritania: ...": the name of a story, no act. In a
// title the act must stand right before the colon: "Strikes on Ruritania: 12 dead" tells one.
bool is_in_label(const ParsedSentence& sentence, const Match& match) {
  const TokenSpan tokens = sentence.sentence.tokens;
  const std::uint32_t colon = tokens.end;  // it is read apart: label_end
  if (tokens.size() >= kLabelMax || colon >= sentence.page.text.tokens.size()) return false;
  if (!sentence.page.marked(colon, before::kColon)) return false;
  if (sentence.sentence.field == Field::title && colon != match.span.end) return false;
  for (std::uint32_t t = tokens.begin; t < colon; ++t) {
    if (sentence.is_verb(sentence.node(t))) return false;
  }
  return true;
}

// An assault is the news wherever in the sentence it stands ("flee from the shelling", "a bus is
// hit by a roadside bomb"), unless somebody speaks of it or makes peace there.
bool is_told_for_itself(const Here& here, const Match& match) {
  const Page& page = here.sentence.page;
  if (spec_of(page, match).type != EventType::assault) return false;
  return std::none_of(here.acts.begin(), here.acts.end(), [&](const Match& act) {
    const RuleSpec& spec = spec_of(page, act);
    return spec.scale >= kFaint || is_hostile_word(spec);
  });
}

// "freed the two Danes held in Mali", "restored the aid that it had withheld", "Chad, whose ships
// rammed Peru's, offered talks": what the main clause undoes or goes beyond stands in a clause of
// one of its nouns. What was agreed, signed or approved is news wherever it stands.
bool is_background(const Here& here, const Match& match, NodeIndex top) {
  constexpr double kNewsMin = 4;  // of the scale: less is talk
  constexpr unsigned kNounsMax = 3;
  const Page& page = here.sentence.page;
  const Clauses& clauses = here.sentence.clauses;
  NodeIndex clause = top;
  while (clause != kAbsent && clauses.relation(clause) != Deprel::acl &&
         clauses.relation(clause) != Deprel::acl_relcl)
    clause = clauses.head(clause);
  if (clause == kAbsent) return false;
  const double own = spec_of(page, match).scale;
  return std::any_of(here.acts.begin(), here.acts.end(), [&](const Match& other) {
    const double scale = spec_of(page, other).scale;
    if ((scale < 0) == (own < 0) || std::abs(scale) < kNewsMin) return false;
    const NodeIndex main = top_of(here.sentence, other);
    const EventType type = spec_of(page, other).type;
    const bool is_undoing = type == EventType::retreat || type == EventType::concede ||
                            type == EventType::aid || scale < 0;
    NodeIndex noun = clauses.head(clause);
    for (unsigned edges = 0; edges < kNounsMax && noun != kAbsent; ++edges) {
      const bool is_subject = clauses.relation(noun) == Deprel::nsubj;
      if (!is_undoing && !is_subject) return false;
      const NodeIndex above = clauses.head(noun);
      if (above != kAbsent && (above == main || other.owns(here.sentence.token(above))))
        return true;
      noun = above;
    }
    return false;
  });
}

// "Jets struck in what Peru calls a rescue": whoever has a name for what forces do does it.
void complete_by_namer(const Here& here, const Rule& rule, Roles& roles) {
  constexpr std::uint32_t kSubjectMax = 3;  // tokens from "what" to the end of who names it
  const bool is_force = rule.spec.scale <= -kNamedMin && !is_verbal(rule.spec.type);
  const bool is_nameless =
      roles.actors.empty() || (roles.actors.front().entity == kNoEntity &&
                               (roles.actors.front().grammar & bit(Grammar::forces)) != 0);
  if (!is_force || !is_nameless) return;
  const Page& page = here.sentence.page;
  const TokenSpan tokens = here.sentence.sentence.tokens;
  for (std::uint32_t t = tokens.begin; t + 2 < tokens.end; ++t) {
    if (page.hash(t) != page.lexicon.key.what) continue;
    const std::uint32_t last = std::min(t + kSubjectMax, tokens.end - 2);
    for (std::uint32_t name = t + 1; name <= last; ++name) {
      if (page.mention[name] == kNoMention) continue;
      const NodeIndex verb = here.sentence.node(name + 1);
      if (!here.sentence.is_verb(verb) || here.sentence.is(verb, Grammar::say)) continue;
      const Party party = page.named(page.mention[name]);
      const bool is_other =
          roles.recipients.empty() || roles.recipients.front().entity != party.entity;
      if (!is_power(party) || !is_other) continue;
      roles.actors = {party};
      return;
    }
  }
}

// "vowed a war on", "vowed that its jets would bomb": who vows an act of its own threatens. "Warned
// of an attack by" does not.
bool is_own_threat(const Here& here, const Event& event, const Said& said, const Speech& speech,
                   const Roles& roles) {
  const bool is_done = said.phase == Phase::done || said.phase == Phase::resumed;
  const bool is_force = event.type == EventType::assault || event.type == EventType::coerce ||
                        event.type == EventType::sanction;
  if (said.mood != Mood::threatened || !is_done || !is_force || event.scale > -kFaint) return false;
  if (roles.actors.empty() || roles.actors.front().is_bystander) return false;
  // "threatened to": an act of its own already
  const bool is_told = std::any_of(here.acts.begin(), here.acts.end(), [&](const Match& act) {
    return spec_of(here.sentence.page, act).type == EventType::threaten;
  });
  if (is_told) return false;
  return speech.speaker.empty() || (roles.actors.front().entity == speech.speaker.front().entity &&
                                    (roles.actors.front().entity != kNoEntity ||
                                     roles.actors.front().tokens == speech.speaker.front().tokens));
}

void recode_threat(Event& event) {
  if (event.type == EventType::sanction) {
    recode(event, EventType::threaten, "restrict", "131", -4.5);
  } else {
    recode(event, EventType::threaten, "violence", "138", -6);
  }
}

// "took credit for the missile that fell on a port", "responsibility for the drone that hit a radar
// was claimed by": whoever owns up to a thing has done what it did.
void complete_by_claim(const Here& here, const Rule& rule, Roles& roles) {
  constexpr unsigned kEdgesMax = 8;
  if (!is_hostile(rule) || is_verbal(rule.spec.type) || is_known(roles.actors)) return;
  const Clauses& clauses = here.sentence.clauses;
  NodeIndex node = roles.top;
  for (unsigned edges = 0; edges < kEdgesMax && node != kAbsent; ++edges) {
    const Deprel its = clauses.relation(node);
    const NodeIndex above = clauses.head(node);
    if (above == kAbsent) return;
    const bool is_phrase = its == Deprel::nmod || its == Deprel::obl;
    const NodeIndex object = clauses.child(above, Deprel::obj);
    NodeIndex verb = kAbsent;
    if (is_phrase && here.sentence.is(above, Grammar::responsibility)) {
      verb = here.sentence.is_verb(above) ? above : clauses.head(above);
    } else if (is_phrase && object != kAbsent &&
               here.sentence.is(object, Grammar::responsibility)) {
      verb = above;
    }
    if (verb != kAbsent && here.sentence.is_verb(verb)) {
      Parties claimants;
      for (const NodeIndex who : clauses.at(verb).subjects)
        append(claimants, parties_of(here.sentence, who));
      if (is_known(claimants)) roles.actors = std::move(claimants);
      return;
    }
    if (here.sentence.is_verb(node) && its != Deprel::acl_relcl && its != Deprel::acl) return;
    node = above;
  }
}

// Whoever says what follows from a condition: who speaks, else who is to do it. Who speaks of what
// people of nobody's will do threatens nobody.
Party who_answers(const Here& here, const Speech& speech, NodeIndex main, EntityIndex apart) {
  const auto may_answer = [&](const Party& party) {
    return is_power_itself(party) && !party.is_bystander && party.entity != apart;
  };
  for (const NodeIndex subject : here.sentence.clauses.surface_subjects(main)) {
    if (are_people(party_of(here.sentence, subject))) return {};
  }
  for (const Party& party : speech.speaker) {
    if (may_answer(party)) return party;
  }
  for (const NodeIndex subject : here.sentence.clauses.surface_subjects(main)) {
    for (const Party& party : parties_of(here.sentence, subject)) {
      if (may_answer(party)) return party;
    }
  }
  return {};
}

// What somebody says will follow from an act.
struct Answer {
  Event event;
  Party who;
  Party whom;
  double factor = 1;
};

// "If Chad crosses the river, our guns will speak, Sudan said", "unless Chad frees the general, not
// a drop will flow": whatever is to follow, whoever says so threatens whoever must not do it, or
// must; "once Chad withdraws, Sudan will open the road" offers.
std::optional<Answer> answer_condition(const Here& here, const Said& said, const Speech& speech,
                                       const Event& act, const Way& way, const Roles& roles) {
  if (said.mood != Mood::conditional || said.is_ultimatum || way.polarity == Polarity::negated)
    return {};
  if (roles.actors.empty() || !is_power(roles.actors.front())) return {};
  const Protasis condition = protasis_around(here.sentence, here.cues, roles.top);
  if (condition.clause == kAbsent) return {};
  const Party& whom = roles.actors.front();
  const Party who = who_answers(here, speech, condition.main, whom.entity);
  if (!who.valid) return {};
  Answer answer{act, who, whom};
  answer.event.modality = Modality::conditional;
  answer.event.polarity = Polarity::asserted;
  // "Peru will be turned to ashes if it hosts them": what follows is no kindness
  const bool is_menaced = std::any_of(here.acts.begin(), here.acts.end(), [&](const Match& other) {
    return spec_of(here.sentence.page, other).scale <= -kFaint &&
           top_of(here.sentence, other) == condition.main;
  });
  if (is_hostile(act.scale) || condition.is_against || is_menaced) {
    recode(answer.event, EventType::threaten, "violence", "138", -5);
  } else {
    recode(answer.event, EventType::agree, "", "036", 4);
    answer.factor = 0.8;
  }
  return answer;
}

// "Peru will answer if Chile goes on": whoever must not do it is threatened.
void complete_by_condition(const Here& here, const Rule& rule, Roles& roles) {
  if (rule.spec.type != EventType::threaten || !is_known(roles.actors)) return;
  if (is_known(roles.recipients)) return;
  const Clauses& clauses = here.sentence.clauses;
  const Lexicon::State& lexicon = here.sentence.page.lexicon;
  for (const Match& cue : here.cues) {
    const CueKind kind = lexicon.cues[lexicon.patterns[cue.pattern].owner].kind;
    const NodeIndex verb = clauses.head(here.sentence.node(cue.head));
    if (kind != CueKind::conditional || verb == kAbsent) continue;
    if (clauses.relation(verb) != Deprel::advcl || clauses.head(verb) != roles.top) continue;
    for (const NodeIndex subject : clauses.surface_subjects(verb)) {
      const Party party = party_of(here.sentence, subject);
      if (!is_power_itself(party) || is_same(party, roles.actors.front())) continue;
      roles.recipients = {party};
      return;
    }
  }
}

// "Chile warns that Peru will be turned to ashes": whoever says so means to.
void complete_threat(const Event& event, const Speech& speech, Roles& roles) {
  if (event.type != EventType::threaten || !roles.actors.empty()) return;
  if (!is_known(speech.speaker) || !is_known(roles.recipients)) return;
  const Party& speaker = speech.speaker.front();
  if (is_power(speaker) && !speaker.is_bystander && !is_same(speaker, roles.recipients.front()))
    roles.actors = {speaker};
}

void add_event(const Scene& scene, const Match& match, const Here& here,
               std::vector<Event>& events) {
  const Page& page = scene.page;
  const std::uint32_t index = page.lexicon.patterns[match.pattern].owner;
  const Rule& rule = page.lexicon.rules[index];
  Roles roles = roles_of(here.sentence, match, rule);
  const Speech speech = speech_of(here.sentence, roles.top);
  complete_by_speech(rule, speech, roles);
  complete_by_label(page, rule, speech, roles);
  if (roles.is_outcome && rule.spec.type == EventType::assault)
    complete_outcome(here, speech, events, page.gazetteer, roles);
  if (rule.spec.type == EventType::assault) complete_by_blow(here, events, page.gazetteer, roles);
  complete_by_namer(here, rule, roles);
  complete_by_claim(here, rule, roles);
  complete_by_condition(here, rule, roles);
  Event event;
  event.type = rule.spec.type;
  event.mode = rule.spec.mode;
  event.cameo = rule.spec.cameo;
  event.scale = rule.spec.scale;
  event.rule = index;
  event.evidence = match.span;
  event.is_guessed = roles.is_guessed;
  const bool is_conflict =
      scene.topics.is_known() && scene.topics.of(Topic::conflict) >= kAboutConflict;
  const Circumstances known{is_conflict, are_two_powers(roles)};
  const Said said = said_of(here.sentence, here.cues, here.acts, match, roles.top, known);
  const bool is_past = names_past_year(here.sentence, roles.top, scene.published_at_ms);
  double share = prominence(here.sentence, match, roles.top);
  // What is vowed, and not why it is
  constexpr double kVowed = 0.7;
  const bool is_vowed = !is_past && share >= kVowed;
  if (is_vowed && is_own_threat(here, event, said, speech, roles)) recode_threat(event);
  Way way = way_of(page.lexicon.operators, event, said, is_past);
  const std::optional<Answer> answer =
      is_past ? std::nullopt : answer_condition(here, said, speech, event, way, roles);
  const bool is_label = is_in_label(here.sentence, match);
  if (is_label) share = std::min(share, kLabel);
  event.is_aside = is_label || share < kAside || rule.spec.is_lasting;
  if (is_background(here, match, roles.top)) {
    share *= kBackground;
  } else if (!is_label && is_told_for_itself(here, match)) {
    share = lifted(share, kAsideInWar, scene.topics, here.topics);
  }
  way.factor *= share;
  event.polarity = way.polarity;
  event.modality = way.modality;
  complete_threat(event, speech, roles);
  if (roles.actors.empty()) roles.actors.emplace_back();
  if (roles.recipients.empty()) roles.recipients.emplace_back();
  const Party said_by = first_of(speech.speaker);
  Guess guess;
  // Whoever withdraws does so from a place.
  const bool is_of_places = is_hostile(event.scale) || event.type == EventType::retreat;
  guess.party = guessed_recipient(here.sentence, roles, speech, is_of_places);
  // "Peru is a nest of thieves," Chile's minister said: of whom, the quotation says
  const bool is_quoted = rule.spec.is_fallback && here.sentence.is(roles.top, Grammar::say);
  event.guessed_actor = guessed_actor(here.sentence, roles, speech).entity;
  guess.is_within =
      guess.party.valid && (is_quoted || stands_within(here.sentence, roles.top, guess.party));
  for (const Party& actor : roles.actors) {
    for (const Party& recipient : roles.recipients)
      add_pair(scene, here, rule, actor, recipient, said_by, way.factor, event, guess, events);
  }
  if (answer)
    add_pair(scene, here, rule, answer->who, answer->whom, said_by, answer->factor, answer->event,
             {}, events);
}

// The word an act stands or falls with: of a governing one its own verb, not what it governs.
std::uint32_t anchor_of(const Page& page, const Match& match) {
  const Pattern& pattern = page.lexicon.patterns[match.pattern];
  if (pattern.use != Use::rule) return match.head;
  const bool is_governing = page.lexicon.rules[pattern.owner].spec.governs != CueKind::none;
  return is_governing ? match.span.begin : match.head;
}

// "a UN-brokered truce", "rebel-held towns": nobody brokers or holds anything here and now.
bool is_attribute(const ParsedSentence& sentence, std::uint32_t t) {
  return sentence.page.marked(t, before::kJoinedHyphen) &&
         (sentence.page.forms(t) & form::kParticiple) != 0 &&
         sentence.clauses.relation(sentence.node(t)) == Deprel::amod;
}

// "ceasefire talks", "attack helicopters", "coup leaders": an act's noun that only says which.
bool is_modifier(const ParsedSentence& sentence, const Match& match) {
  const NodeIndex node = sentence.node(match.head);
  if (match.elements != 1) return false;
  const Deprel its = sentence.clauses.relation(node);
  return its == Deprel::compound || (its == Deprel::amod && !sentence.is_verb(node));
}

// A noun in -ing with an owner, or with what it is done to.
bool is_nominal_act(const ParsedSentence& sentence, NodeIndex node) {
  for (const NodeIndex child : sentence.clauses.children(node)) {
    const Deprel its = sentence.clauses.relation(child);
    const NodeIndex preposition = sentence.clauses.preposition(child);
    const bool is_done_to = its == Deprel::nmod && preposition != kAbsent &&
                            (sentence.is(preposition, Grammar::owner_of) ||
                             sentence.is(preposition, Grammar::agent_of));
    if (is_done_to || its == Deprel::nmod_poss) return true;
  }
  return false;
}

// A pattern's verb is a verb here, its noun a noun. `elements`: of the pattern that matched.
bool is_other_part_of_speech(const ParsedSentence& sentence, std::uint32_t t, std::uint16_t forms,
                             std::uint8_t elements) {
  const NodeIndex node = sentence.node(t);
  const bool verb = (forms & form::kVerb) != 0;
  const bool noun = (forms & form::kNoun) != 0;
  if (verb == noun || (forms & form::kLiteral) != 0) return false;
  const Upos tag = sentence.clauses.node(node).tag;
  if (noun) return tag == Upos::verb || tag == Upos::aux;
  // "the sinking of a trawler by", "Chad's shelling": the noun has its verb's arguments
  if (tag == Upos::noun && (forms & form::kIng) != 0 && is_nominal_act(sentence, node))
    return false;
  // "The US fires missiles at", "Gunmen storm a base", read as names of things: the words that
  // follow say that it is the verb.
  const bool is_behind_doer =
      t > sentence.sentence.tokens.begin &&
      (sentence.page.text.tokens[t - 1].shape & shape::kPossessive) == 0 &&
      (sentence.page.mention[t - 1] != kNoMention || sentence.page.is(t - 1, Grammar::armed));
  if (tag == Upos::noun && elements >= 2 && is_behind_doer) return false;
  const bool is_participle = (forms & (form::kParticiple | form::kIng)) != 0;
  return !sentence.is_verb(node) && !(is_participle && tag == Upos::adj) &&
         !sentence.clauses.is_passive(node);
}

// Words that the sentence reads otherwise than the pattern, and slots that nothing fills.
bool is_misread(const ParsedSentence& sentence, Match& m) {
  const Page& page = sentence.page;
  const Use use = page.lexicon.patterns[m.pattern].use;
  if (use == Use::idiom) return !fill_slots(sentence, m);
  if (use != Use::rule && use != Use::cue) return true;
  // "an open-ended truce": ends nothing
  if (use == Use::cue && m.elements == 1 && is_attribute(sentence, m.head)) return true;
  if (page.mention[m.head] != kNoMention && (use == Use::rule || m.elements == 1)) return true;
  if (use == Use::rule && m.span.begin != m.head && is_attribute(sentence, m.span.begin))
    return true;
  if (use == Use::rule && is_modifier(sentence, m)) return true;
  if (m.span.begin != m.head &&
      is_other_part_of_speech(sentence, m.span.begin, m.first_forms, m.elements))
    return true;
  return is_other_part_of_speech(sentence, m.head, m.head_forms, m.elements) ||
         !fill_slots(sentence, m);
}

// The more specific match of an overlapping pair stays; words read as the other part of speech go.
std::vector<Match> choose(const ParsedSentence& sentence, std::vector<Match>& matches) {
  const Page& page = sentence.page;
  std::erase_if(matches, [&](Match& m) { return is_misread(sentence, m); });
  const auto is_idiom = [&](const Match& m) {
    return page.lexicon.patterns[m.pattern].use == Use::idiom;
  };
  const auto specificity = [&](const Match& m) {
    return page.lexicon.patterns[m.pattern].specificity;
  };
  // A fallback, and a rule that needs both parties, whoever they are, is the wider net: it takes
  // what no other rule reads.
  const auto is_net = [&](const Match& m) {
    const Pattern& pattern = page.lexicon.patterns[m.pattern];
    if (pattern.use != Use::rule) return false;
    const RuleSpec& spec = page.lexicon.rules[pattern.owner].spec;
    if (spec.is_fallback) return true;
    return spec.needs_both && std::any_of(pattern.slots.begin(), pattern.slots.end(),
                                          [](const SlotWord& slot) { return slot.takes_party; });
  };
  // ... and "coordinated patrols" says of the patrols what "coordinated" alone says less of.
  const auto is_last = [&](const Match& m) {
    const bool is_of_noun = m.elements == 1 && page.lexicon.patterns[m.pattern].use == Use::rule &&
                            sentence.clauses.relation(sentence.node(m.head)) == Deprel::amod;
    return is_of_noun || is_net(m);
  };
  std::sort(matches.begin(), matches.end(), [&](const Match& a, const Match& b) {
    if (is_last(a) != is_last(b)) return is_last(b);
    if (a.elements != b.elements) return a.elements > b.elements;
    if (is_idiom(a) != is_idiom(b)) return is_idiom(a);
    if (specificity(a) != specificity(b)) return specificity(a) > specificity(b);
    if (a.span.begin != b.span.begin) return a.span.begin < b.span.begin;
    return a.pattern < b.pattern;
  });
  std::vector<Match> chosen;
  chosen.reserve(matches.size());
  for (const Match& match : matches) {
    const Use use = page.lexicon.patterns[match.pattern].use;
    const bool is_covered = std::any_of(chosen.begin(), chosen.end(), [&](const Match& other) {
      const Use others = page.lexicon.patterns[other.pattern].use;
      if (others != use && !(others == Use::idiom && use == Use::rule)) return false;
      if (other.owns(anchor_of(page, match))) return true;
      // "suffered a heart attack": the noun of a fixed phrase is no part of an act.
      if (others != use && match.owns(other.span.end - 1)) return true;
      // "a heart attack killed": nor does it act.
      const NodeIndex subject = sentence.clauses.child(sentence.node(match.head), Deprel::nsubj);
      if (others != use && subject != kAbsent && other.owns(sentence.token(subject))) return true;
      if (use == Use::rule && others == use && other.owns(match.head) &&
          spec_of(page, other).type == spec_of(page, match).type)
        return true;
      // "lifted the sanctions imposed on": one act, not two.
      if (use == Use::rule && others == use && match.owns(other.head) &&
          is_hostile(spec_of(page, match).scale) != is_hostile(spec_of(page, other).scale))
        return true;
      // Two readings of one verb: "demanded", "demanded ... withdraw".
      return use == Use::rule && others == use && other.span.begin == match.span.begin;
    });
    if (!is_covered) chosen.push_back(match);
  }
  std::sort(chosen.begin(), chosen.end(),
            [](const Match& a, const Match& b) { return a.head < b.head; });
  return chosen;
}

// A headline too short for its language to be told: it is the lexicon's when most of its words are
// its own or names, and not all are names.
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
  return words > 0 && words + names >= kWordsMin && (words + names) * 5 >= page.word.size() * 3;
}

// Words that are verbs of acts: what the parser may read as the verb of a sentence without one.
// In a title a participle may be the verb, and the past is rare.
std::vector<std::uint32_t> verbs_of(const Page& page, Field field, std::span<const Match> acts) {
  const std::uint16_t finite =
      form::kBase | form::kThird | (field == Field::title ? std::uint16_t{0} : form::kPast);
  std::vector<std::uint32_t> verbs;
  for (const Match& act : acts) {
    if ((act.first_forms & finite) != 0) verbs.push_back(act.span.begin);
    if ((act.head_forms & finite) != 0) verbs.push_back(act.head);
  }
  std::erase_if(verbs, [&](std::uint32_t t) { return page.mention[t] != kNoMention; });
  std::sort(verbs.begin(), verbs.end());
  verbs.erase(std::unique(verbs.begin(), verbs.end()), verbs.end());
  // "Rockets slam into": many, and what they do
  for (std::size_t i = 1; i < verbs.size(); ++i) {
    const bool is_plural = (page.forms(verbs[i - 1]) & form::kPlural) != 0;
    if (verbs[i - 1] + 1 == verbs[i] && is_plural && (page.forms(verbs[i]) & form::kBase) != 0)
      verbs.erase(verbs.begin() + static_cast<std::ptrdiff_t>(--i));
  }
  return verbs;
}

// Adds the events of one sentence.
void add_events(const Scene& scene, const Piece& piece, ParserScratch& scratch,
                std::vector<Event>& events) {
  const Page& page = scene.page;
  const TokenSpan tokens = piece.sentence.tokens;
  const ParsedSentence sentence(page, piece.sentence,
                                parse(*page.lexicon.syntax, page.text, tokens, scratch,
                                      verbs_of(page, piece.sentence.field, piece.acts)));
  static thread_local std::vector<Match> here;  // of the worker
  here.assign(piece.acts.begin(), piece.acts.end());
  add_cues(page, tokens, piece.whole, here);
  std::erase_if(here, [&](const Match& match) { return match.span.end > tokens.end; });
  std::vector<Match> cues;
  std::vector<Match> acts;
  for (const Match& match : choose(sentence, here)) {
    const Use use = page.lexicon.patterns[match.pattern].use;
    if (use == Use::cue) cues.push_back(match);
    if (use == Use::rule) acts.push_back(match);
  }
  if (acts.empty()) return;
  const Here there{sentence, cues, acts, piece.topics};
  for (const Match& act : acts) add_event(scene, act, there, events);
}

// Its tokens are words of the lexicon's vocabulary: else their numbers mean others.
bool is_looked_up(const Lexicon::State& lexicon, const Text& text) {
  return text.vocabulary && text.vocabulary->fingerprint() == lexicon.vocabulary->fingerprint();
}

}  // namespace

Assessment assess(const Lexicon& lexicon, const Gazetteer& gazetteer, const Text& text,
                  const Tagging& tagging, std::int64_t published_at_ms) {
  Assessment assessment;
  const Lexicon::State& state = lexicon.state();
  if (text.language != state.language && text.language != "und") return assessment;
  if (!is_looked_up(state, text)) return assessment;
  const Page page(state, gazetteer, text, tagging);
  if (text.language == "und" && !is_readable(page)) return assessment;
  if (!state.syntax) return assessment;
  const std::vector<Match> acts = find_acts(page);
  static thread_local std::vector<TokenTopics> weighed;  // of the worker
  TopicLookup topics(state.topics, text.tokens, weighed);
  assessment.topics = topics.shares({0, text.told_end});
  const Scene scene{page, published_at_ms, assessment.topics};
  const std::vector<Piece> pieces = pieces_worth_reading(page, assessment.topics, acts, topics);
  static thread_local ParserScratch scratch;  // of the worker
  assessment.events.reserve(2 * pieces.size());
  assessment.read.reserve(pieces.size());
  for (const Piece& piece : pieces) {
    add_events(scene, piece, scratch, assessment.events);
    assessment.read.push_back(piece.sentence.tokens);
  }
  mark_counted(assessment.events);
  assessment.tension = add_up(assessment.events);
  assessment.dyads = dyads_of(assessment.events, gazetteer);
  return assessment;
}

Tree tree_of(const Lexicon& lexicon, const Gazetteer& gazetteer, const Text& text,
             const Tagging& tagging, TokenSpan piece) {
  const Lexicon::State& state = lexicon.state();
  if (!state.syntax || !is_looked_up(state, text)) return {};
  const Page page(state, gazetteer, text, tagging);
  Sentence sentence = text.sentences[text.sentence_of(piece.begin)];
  sentence.tokens = piece;
  std::vector<Match> acts = find_acts(page);
  std::erase_if(acts, [&](const Match& act) {
    return act.span.begin < piece.begin || act.span.begin >= piece.end;
  });
  ParserScratch scratch;
  return ParsedSentence(
             page, sentence,
             parse(*state.syntax, text, piece, scratch, verbs_of(page, sentence.field, acts)))
      .tree;
}

}  // namespace tocsin
