#include "pipeline/alerts/alert_signal.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <set>

#include "pipeline/alerts/alert_rules.h"
#include "pipeline/alerts/genre.h"
#include "pipeline/alerts/places.h"
#include "pipeline/ledger/byte_codec.h"
#include "pipeline/tension/lexicon_facts.h"
#include "pipeline/tension/score.h"
#include "pipeline/text/code_points.h"

namespace tocsin {
namespace {

constexpr std::uint8_t kVersion = 2;
// Below this neither hostility nor cooperation is worth a place in the ledger.
constexpr std::uint16_t kWorthTenths = 100;
constexpr double kAsideMost = 0.25;      // of what is told on the side, whatever a text is about
constexpr double kEventWeightMin = 0.1;  // a weaker event says too little to be named
constexpr std::uint16_t kLeadSentences = 4;
constexpr std::uint16_t kNamedTenths = 300;  // a pair so hostile says whom an article is about

std::uint16_t tenths_of(double score) {
  return static_cast<std::uint16_t>(std::clamp(score * 10 + 0.5, 0.0, 1000.0));
}

bool is_fact(const Event& event) {
  return event.polarity == Polarity::asserted && event.modality == Modality::actual;
}

bool is_said(const Event& event) {
  const double weight = event.weight < 0 ? -event.weight : event.weight;
  return event.polarity == Polarity::asserted && weight >= kEventWeightMin;
}

// Told as done: not demanded, not supposed, not of the past. A threat may have conditions.
bool is_done(const Event& event) {
  if (!is_said(event)) return false;
  const bool is_word = event.type == EventType::threaten || event.type == EventType::mobilize;
  if (is_word) {
    return event.modality != Modality::historical && event.modality != Modality::demanded &&
           event.modality != Modality::hypothetical;
  }
  return event.modality == Modality::actual;
}

ActKind assault_kind(const Event& event) {
  if (event.cameo == "191") return ActKind::restriction;
  if (event.cameo == "192") return ActKind::invasion;
  if (event.mode == "explosives" || event.mode == "suicide-attack") return ActKind::bombing;
  if (event.mode == "aerial" || event.mode == "drone") return ActKind::strike;
  if (event.cameo == "194" || event.cameo == "195") return ActKind::strike;
  if (event.mode == "abduct") return ActKind::abduction;
  if (event.mode == "targeted") return ActKind::killing;
  if (event.mode == "unconventional") return ActKind::unconventional;
  return ActKind::clash;
}

std::optional<ActKind> kind_of(const Event& event) {
  switch (event.type) {
    case EventType::threaten:
      return ActKind::threat;
    case EventType::mobilize:
      return ActKind::mobilisation;
    case EventType::sanction:
      return ActKind::rupture;
    case EventType::protest:
      if (event.mode == "riot") return ActKind::riot;
      return std::nullopt;
    case EventType::coerce:
      if (event.mode == "seize") return ActKind::seizure;
      if (event.mode == "cyber") return ActKind::cyber;
      if (event.mode == "abduct") return ActKind::abduction;
      if (event.mode == "restrict" || event.mode == "curfew" || event.mode == "martial-law") {
        return ActKind::restriction;
      }
      return std::nullopt;
    case EventType::assault:
      return assault_kind(event);
    default:
      return std::nullopt;
  }
}

// Troops that leave one place while others die there, and a ceasefire that is broken as it is told,
// end nothing.
bool is_war_told(const SignalSource& from, const Event& peace) {
  return std::any_of(
      from.assessment.events.begin(), from.assessment.events.end(), [&](const Event& event) {
        if (event.polarity == Polarity::negated) return false;
        // "extends a ceasefire, but the other side refuses"
        if (event.type == EventType::reject) {
          return event.modality == Modality::actual && event.weight < 0 &&
                 from.text.sentence_of(event.evidence.begin) ==
                     from.text.sentence_of(peace.evidence.begin);
        }
        if (event.type != EventType::assault) return false;
        const bool is_breach = event.cameo == "196" && event.modality == Modality::actual;
        const bool is_attack = is_done(event) && !event.is_aside;
        return is_breach ||
               (peace.type == EventType::retreat && peace.mode == "withdraw" && is_attack);
      });
}

// A ceasefire, a treaty or a withdrawal, by both or by one towards the other; not what is asked
// for, offered or hedged, and not one side's alone.
Peace peace_of(const SignalSource& from, const Event& event) {
  constexpr double kSure = 0.8;
  const bool is_done_now = event.weight > 0 && is_fact(event) && event.factors.modality >= kSure;
  const bool is_between = event.actor != kNoEntity && event.recipient != kNoEntity &&
                          event.actor != event.recipient && !event.is_recipient_guessed;
  if (!is_done_now || !is_between || is_war_told(from, event)) return Peace::none;
  constexpr unsigned kAboutMin = 500;  // per mille
  const TopicShares& topics = from.assessment.topics;
  const unsigned about = topics.of(Topic::conflict) + topics.of(Topic::diplomacy);
  if (topics.is_known() && about < kAboutMin) return Peace::none;
  if (event.type == EventType::retreat) {
    if (event.mode == "ceasefire") return Peace::ceasefire;
    // Rebels who leave one town of their country hold the next.
    const bool is_of_states = from.gazetteer[event.actor].part == Part::state &&
                              from.gazetteer[event.recipient].part == Part::state;
    if (event.mode == "withdraw" && is_of_states) return Peace::withdrawal;
  }
  const bool is_treaty = event.type == EventType::support && event.cameo == "057";
  return is_treaty ? Peace::agreement : Peace::none;
}

// The number in the act's words, or nearest to them in its sentence, at most so many tokens away;
// years are none.
std::uint16_t toll_of(const Text& text, const Event& event) {
  constexpr std::uint32_t kNearTokens = 4;
  constexpr std::uint32_t kMost = 60'000;
  const TokenSpan sentence = text.sentences[text.sentence_of(event.evidence.begin)].tokens;
  const auto value_at = [&](std::uint32_t at) -> std::uint32_t {
    if ((text.tokens[at].shape & shape::kNumber) == 0) return 0;
    std::uint32_t value = 0;
    for (const char c : text.slice(text.tokens[at])) {
      if (c == ',') continue;
      if (c < '0' || c > '9' || value > kMost) return 0;
      value = 10 * value + static_cast<std::uint32_t>(c - '0');
    }
    return value >= 1900 && value <= 2100 ? 0 : value;
  };
  for (std::uint32_t at = event.evidence.begin; at < event.evidence.end; ++at) {
    if (value_at(at) > 0) return static_cast<std::uint16_t>(std::min(value_at(at), kMost));
  }
  for (std::uint32_t step = 0; step < kNearTokens; ++step) {
    const std::uint32_t after = event.evidence.end + step;
    if (after < sentence.end && value_at(after) > 0) {
      return static_cast<std::uint16_t>(std::min(value_at(after), kMost));
    }
    if (event.evidence.begin < sentence.begin + step + 1) continue;
    const std::uint32_t before = event.evidence.begin - step - 1;
    if (value_at(before) > 0) return static_cast<std::uint16_t>(std::min(value_at(before), kMost));
  }
  return 0;
}

// One line: feeds break titles, and a phone shows one.
std::string on_one_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const bool is_space = c == ' ' || (c >= '\t' && c <= '\r');
    if (!is_space) {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  if (line.ends_with(' ')) line.pop_back();
  return line;
}

// The sentence around the evidence, or what follows it where that would be too long.
std::string sentence_at(const Text& text, TokenSpan evidence) {
  if (evidence.size() == 0) return "";
  const TokenSpan sentence = text.sentences[text.sentence_of(evidence.begin)].tokens;
  const std::string_view whole = text.slice(text.bytes_of(sentence));
  if (whole.size() <= AlertSignal::kEvidenceBytesMax) return on_one_line(whole);
  const std::string line = on_one_line(text.slice(text.bytes_of({evidence.begin, sentence.end})));
  return std::string(beginning_of(line, AlertSignal::kEvidenceBytesMax));
}

bool counts(const Gazetteer& gazetteer, EntityIndex index) {
  if (index == kNoEntity) return false;
  // A commander alone is no side: the country where it happened says more.
  if (gazetteer[index].type == EntityType::person) return false;
  const Part part = gazetteer[index].part;
  return part == Part::state || part == Part::armed || part == Part::alliance;
}

PairName name_of(const Gazetteer& gazetteer, EntityIndex first, EntityIndex second) {
  if (first == kNoEntity || (second != kNoEntity && gazetteer[second].id < gazetteer[first].id)) {
    std::swap(first, second);
  }
  const auto named = [&](const std::string& text) {
    return std::string(beginning_of(text, AlertSignal::kNameBytesMax));
  };
  PairName name;
  name.first = named(gazetteer[first].id);
  name.first_code = named(gazetteer[first].code);
  name.first_name = named(gazetteer[first].name);
  if (second != kNoEntity) {
    name.second = named(gazetteer[second].id);
    name.second_code = named(gazetteer[second].code);
    name.second_name = named(gazetteer[second].name);
  }
  return name;
}

// Whom an act is between, first smaller; whether the place alone names one of them.
struct Between {
  EntityIndex first = kNoEntity;
  EntityIndex second = kNoEntity;
  bool is_placed = false;
};

bool is_taking(const Event& event) {
  return event.type == EventType::coerce && event.mode == "seize";
}

bool is_of_air(const Event& event) {
  return event.mode == "aerial" || event.mode == "drone";
}

// Tourists and workers make their country no side of an act, nor do soldiers abroad whom nobody
// known attacked: it happened where it is told. Where one side is not known, the country where it
// happened stands in for it if the other is an armed group or strikes in a country not its own;
// where none is known, it is an act in that country. A group that nothing places is at home.
Between parties_of(const Gazetteer& gazetteer, const Places& places, const Event& event) {
  EntityIndex actor = counts(gazetteer, event.actor) ? event.actor : kNoEntity;
  EntityIndex recipient = counts(gazetteer, event.recipient) ? event.recipient : kNoEntity;
  // "Two soldiers of the alliance die in fighting in Mali", "its jets kill ten in Gao": whose
  // mission it is, is no enemy of the country.
  const bool is_of_alliance = event.type >= EventType::coerce && actor != kNoEntity &&
                              gazetteer[actor].part == Part::alliance;
  if (is_of_alliance && event.is_recipient_place) recipient = kNoEntity;
  // "deploys 300 soldiers to Haiti", "in Mali", not "near Mali": guests, unless more is said.
  const bool is_sent = event.type == EventType::mobilize && event.mode == "troops";
  if (is_sent && event.is_recipient_place && places.names(event, recipient)) recipient = kNoEntity;
  const bool is_fixed = actor != kNoEntity && recipient != kNoEntity && !event.is_recipient_civil;
  bool is_placed = false;
  const bool is_taken = is_taking(event) && actor != kNoEntity && recipient == kNoEntity &&
                        gazetteer[actor].part == Part::armed;
  if ((event.type == EventType::assault && !is_fixed) || is_taken) {
    PlaceOfAct place = places.of(event);
    if (!place.is_told && actor != kNoEntity && recipient == kNoEntity) {
      const EntityIndex told = places.told_beside(event);
      if (told != kNoEntity) place = {told, true};
    }
    const bool is_abroad = place.is_told && recipient != kNoEntity && place.country != recipient;
    const bool is_by_group = actor != kNoEntity && gazetteer[actor].part == Part::armed;
    const bool is_elsewhere = is_abroad || (is_by_group && !place.is_told);
    if (event.is_recipient_civil && is_elsewhere) recipient = kNoEntity;
    if (is_abroad && actor == kNoEntity) recipient = kNoEntity;
    const EntityIndex known = actor == kNoEntity ? recipient : actor;
    const bool is_armed = known != kNoEntity && gazetteer[known].part == Part::armed;
    const bool is_open = actor == kNoEntity || recipient == kNoEntity;
    // What is only named nearby may be who speaks of it.
    const bool is_sure = place.is_told || known == kNoEntity || is_armed;
    EntityIndex country = is_sure ? place.country : kNoEntity;
    if (country == kNoEntity && is_armed) country = gazetteer.by_code(gazetteer[known].code);
    if (country == kNoEntity && known == kNoEntity) country = places.before(event);
    // "Soldiers mutiny in Goma. Troops from Rwanda cross the frontier.", "Fighting goes on in
    // Falluja. A US helicopter hits a mosque."
    const bool is_of_state = actor != kNoEntity && gazetteer[actor].part == Part::state;
    const bool is_of_arms =
        event.cameo == "192" || is_of_air(event) || event.mode == "heavy-weapons";
    const bool is_placeless = country == kNoEntity || (country == actor && !place.is_told);
    if (is_of_state && is_of_arms && recipient == kNoEntity && is_placeless)
      country = places.before(event);
    if (is_open && country != kNoEntity && country != known &&
        (known == kNoEntity || is_armed || recipient == kNoEntity)) {
      (recipient == kNoEntity ? recipient : actor) = country;
      is_placed = known != kNoEntity;
    }
  }
  if (is_of_alliance && is_placed) return {recipient, kNoEntity, false};
  // kNoEntity is the largest index: an actor alone stands first.
  if (actor == recipient) return {actor, kNoEntity, false};
  const auto [first, second] = std::minmax(actor, recipient);
  return {first, second, is_placed};
}

bool is_show_of_force(const Event& event) {
  return event.type == EventType::mobilize || event.type == EventType::threaten;
}

// "Greece put its forces on alert as Turkey massed troops on the coast": two that arm in one
// sentence, each by a word of its own, do so against each other. The other's index or kNoEntity.
EntityIndex opponent_of(const SignalSource& from, const Event& event) {
  const auto is_alone = [&](const Event& each) {
    return is_show_of_force(each) && counts(from.gazetteer, each.actor) &&
           (each.recipient == kNoEntity || each.recipient == each.actor ||
            each.is_recipient_guessed) &&
           is_done(each);
  };
  if (!is_alone(event)) return kNoEntity;
  const std::size_t sentence = from.text.sentence_of(event.evidence.begin);
  for (const Event& other : from.assessment.events) {
    if (!is_alone(other) || other.actor == event.actor) continue;
    const bool is_same_act =
        other.evidence.begin < event.evidence.end && event.evidence.begin < other.evidence.end;
    if (!is_same_act && from.text.sentence_of(other.evidence.begin) == sentence) return other.actor;
  }
  return kNoEntity;
}

// "The army of Mali and its ally the Brigade storm a town": who acts by the same words acts beside.
bool act_together(const SignalSource& from, EntityIndex first, EntityIndex second) {
  const std::vector<Event>& all = from.assessment.events;
  return std::any_of(all.begin(), all.end(), [&](const Event& one) {
    if (one.actor != first || one.is_guessed) return false;
    return std::any_of(all.begin(), all.end(), [&](const Event& other) {
      return other.actor == second && other.evidence == one.evidence && !other.is_guessed;
    });
  });
}

// "Two Hamas men die after an Israeli raid on the camp": an armed group whose counterpart is not
// told fights the state that attacks in the same sentence, rather than the place where it is.
Event with_foe(const SignalSource& from, const Event& event) {
  const EntityIndex known = event.actor == kNoEntity ? event.recipient : event.actor;
  const bool is_open = event.actor == kNoEntity || event.recipient == kNoEntity ||
                       event.is_recipient_guessed || event.actor == event.recipient;
  if (!is_open || known == kNoEntity || from.gazetteer[known].part != Part::armed) return event;
  const std::size_t sentence = from.text.sentence_of(event.evidence.begin);
  for (const Event& other : from.assessment.events) {
    const bool is_attack = other.type == EventType::assault && is_said(other);
    if (!is_attack || other.evidence == event.evidence || other.actor == kNoEntity) continue;
    if (from.text.sentence_of(other.evidence.begin) != sentence) continue;
    const Entity& foe = from.gazetteer[other.actor];
    if (foe.part != Part::state || foe.code == from.gazetteer[known].code) continue;
    if (act_together(from, known, other.actor)) continue;
    Event whole = event;
    (event.actor == known ? whole.recipient : whole.actor) = other.actor;
    whole.is_recipient_guessed = false;
    return whole;
  }
  return event;
}

// The armed group that the sentence of an act tells of, not at home with who acts: a side of
// another hostile act, or the one that is named behind it; or kNoEntity.
EntityIndex group_beside(const SignalSource& from, const Event& event) {
  const std::size_t sentence = from.text.sentence_of(event.evidence.begin);
  const auto is_foe = [&](EntityIndex index) {
    return index != kNoEntity && from.gazetteer[index].part == Part::armed &&
           from.gazetteer[index].code != from.gazetteer[event.actor].code &&
           !act_together(from, index, event.actor);
  };
  for (const Event& other : from.assessment.events) {
    if (other.weight >= 0 || from.text.sentence_of(other.evidence.begin) != sentence) continue;
    for (const EntityIndex side : {other.recipient, other.actor}) {
      if (is_foe(side)) return side;
    }
  }
  if (!is_of_air(event)) return kNoEntity;
  EntityIndex named = kNoEntity;
  const std::uint32_t end = from.text.sentences[sentence].tokens.end;
  for (const Mention& mention : from.tagging.mentions) {
    if (mention.tokens.begin < event.evidence.end || mention.tokens.begin >= end) continue;
    const EntityIndex group = from.tagging.entities[mention.entity].gazetteer;
    if (!is_foe(group) || group == named) continue;
    if (named != kNoEntity) return kNoEntity;
    named = group;
  }
  return named;
}

// "The US sends troops to Mali to help its army fight the Brigade", "launches air strikes on
// fighters of the Brigade near Gao": an armed group is the enemy rather than where it is met.
Event against_group(const SignalSource& from, Event event) {
  const bool is_sent = event.type == EventType::mobilize && event.mode == "troops";
  const bool is_of_power = event.actor != kNoEntity && counts(from.gazetteer, event.actor) &&
                           from.gazetteer[event.actor].part != Part::armed;
  if (!is_of_power || !is_done(event)) return event;
  if (event.type != EventType::assault && !is_sent) return event;
  const bool is_open = event.recipient == kNoEntity || event.is_recipient_place;
  if (!is_open && !is_sent) return event;
  const EntityIndex group = group_beside(from, event);
  if (group == kNoEntity) return event;
  event.recipient = group;
  event.is_recipient_place = false;
  return event;
}

// "A bomb kills twelve in Lima. The Path claims the attack": by an armed group, on nobody else.
bool is_claimed(const SignalSource& from, const Event& event) {
  return event.actor != kNoEntity && from.gazetteer[event.actor].part == Part::armed;
}

// "Peru and Chile blame each other for the shelling; two Chilean soldiers are dead", "a blast kills
// the envoy of Peru in Quito. Lima blames Chile": the act that nobody is seen to do is laid at
// another's door by whom it hit. The accused, or kNoEntity.
EntityIndex blamed_for(const SignalSource& from, EntityIndex victim, const Event& event) {
  const std::size_t sentence = from.text.sentence_of(event.evidence.begin);
  for (const Event& other : from.assessment.events) {
    if (other.type != EventType::accuse || other.mode != "allege") continue;
    if (other.modality != Modality::actual || !is_said(other)) continue;
    if (other.is_recipient_guessed) continue;
    const std::size_t told = from.text.sentence_of(other.evidence.begin);
    if (told != sentence && told != sentence + 1) continue;
    if (!counts(from.gazetteer, other.actor) || !counts(from.gazetteer, other.recipient)) continue;
    if (other.actor == other.recipient) continue;
    if (other.actor == victim) return other.recipient;
    if (told == sentence && other.recipient == victim) return other.actor;
  }
  return kNoEntity;
}

// "The invasion of Iraq begins as American troops attack": of two assaults in one sentence one
// says by whom, the other on whom. `event` with the side that it leaves open, or as it is.
Event completed(const SignalSource& from, const Event& event) {
  if (event.type != EventType::assault || !is_done(event)) return event;
  const auto is_half_actor = [](const Event& one) {
    const bool is_open = one.recipient == kNoEntity || one.is_recipient_guessed;
    return one.actor != kNoEntity && is_open && one.recipient_text.empty();
  };
  // "A suicide bomber attacks an Indian convoy; the Lashkar claims the attack": who claims an
  // attack is the nameless one.
  const auto is_half_recipient = [](const Event& one) {
    return one.recipient != kNoEntity && !one.is_recipient_civil && !one.is_recipient_guessed &&
           (one.actor == kNoEntity || one.actor == one.recipient);
  };
  const auto may_be = [&](EntityIndex actor, const Event& nameless) {
    return nameless.actor_text.empty() || from.gazetteer[actor].part == Part::armed;
  };
  const bool wants_recipient = is_half_actor(event);
  if (!wants_recipient && !is_half_recipient(event)) return with_foe(from, event);
  const std::size_t sentence = from.text.sentence_of(event.evidence.begin);
  for (const Event& other : from.assessment.events) {
    if (other.type != EventType::assault || !is_done(other)) continue;
    const std::size_t told = from.text.sentence_of(other.evidence.begin);
    const bool is_claim = !wants_recipient && told == sentence + 1 && is_claimed(from, other);
    if (told != sentence && !is_claim) continue;
    if (!(wants_recipient ? is_half_recipient(other) : is_half_actor(other))) continue;
    const EntityIndex missing = wants_recipient ? other.recipient : other.actor;
    if (!counts(from.gazetteer, missing)) continue;
    if (missing == (wants_recipient ? event.actor : event.recipient)) continue;
    const bool is_likely =
        wants_recipient ? may_be(event.actor, other) : may_be(other.actor, event);
    if (!is_likely) continue;
    Event whole = event;
    (wants_recipient ? whole.recipient : whole.actor) = missing;
    return whole;
  }
  if (!wants_recipient && event.actor == kNoEntity) {
    Event whole = event;
    whole.actor = blamed_for(from, event.recipient, event);
    if (whole.actor != kNoEntity) return whole;
  }
  return with_foe(from, event);
}

// "Thai forces mass near Cambodia, with reports of an exchange of gunfire": shots that nobody fires
// and no place holds are between the two of their sentence.
Between pair_beside(const SignalSource& from, const Places& places, const Event& event) {
  const bool is_open = event.type == EventType::assault && is_done(event) &&
                       event.actor == kNoEntity && event.recipient == kNoEntity;
  if (!is_open || places.of(event).is_told) return {};
  const std::size_t sentence = from.text.sentence_of(event.evidence.begin);
  for (const Event& other : from.assessment.events) {
    if (from.text.sentence_of(other.evidence.begin) != sentence) continue;
    if (other.weight >= 0 || !is_done(other)) continue;
    if (other.is_guessed || other.is_recipient_guessed) continue;
    if (!counts(from.gazetteer, other.actor) || !counts(from.gazetteer, other.recipient)) continue;
    if (other.actor == other.recipient) continue;
    const auto [first, second] = std::minmax(other.actor, other.recipient);
    return {first, second, false};
  }
  return {};
}

Between between_of(const SignalSource& from, const Places& places, const Event& event) {
  if (const EntityIndex opponent = opponent_of(from, event); opponent != kNoEntity) {
    const auto [first, second] = std::minmax(event.actor, opponent);
    return {first, second, false};
  }
  const Between beside = pair_beside(from, places, event);
  if (beside.first != kNoEntity) return beside;
  Between between = parties_of(from.gazetteer, places, completed(from, event));
  // "Somali and African Union troops attack a Somali town": whose act it is, too, is no victim.
  const auto is_of_both = [&](const Event& other) {
    return other.actor != event.actor && other.evidence == event.evidence &&
           (other.actor == between.first || other.actor == between.second);
  };
  const std::vector<Event>& all = from.assessment.events;
  if (between.is_placed && std::any_of(all.begin(), all.end(), is_of_both)) {
    between = {event.actor, kNoEntity, false};
  }
  return between;
}

// "shoots down a Turkish jet": a guess that the act's own words name is none.
bool is_named_within(const SignalSource& from, const Event& event) {
  const std::vector<Mention>& mentions = from.tagging.mentions;
  auto mention = std::lower_bound(
      mentions.begin(), mentions.end(), event.evidence.begin,
      [](const Mention& one, std::uint32_t token) { return one.tokens.begin < token; });
  for (; mention != mentions.end() && mention->tokens.begin < event.evidence.end; ++mention) {
    if (from.tagging.entities[mention->entity].gazetteer == event.recipient) return true;
  }
  return false;
}

// "Tajikistan says Kyrgyz troops opened fire": who tells of an attack that is told on nobody else
// was attacked.
bool is_told_by_recipient(const SignalSource& from, const Event& event) {
  if (event.type != EventType::assault || event.attribution == kNoEntity) return false;
  if (event.is_recipient_civil) return false;  // "Peru says Chilean police killed 30 people"
  // A host tells of what its guests' alliance did.
  if (event.actor != kNoEntity && from.gazetteer[event.actor].part == Part::alliance) return false;
  if (from.gazetteer[event.recipient].part != Part::state) return false;
  const Entity& teller = from.gazetteer[event.attribution];
  return event.attribution == event.recipient || teller.acts_for == event.recipient;
}

// "Peru puts its forces on alert and calls Chile's tests an act of terror": whom the same sentence
// is hostile to.
bool is_meant(const SignalSource& from, const Event& event) {
  if (from.gazetteer[event.recipient].part == Part::alliance) return false;
  const std::size_t sentence = from.text.sentence_of(event.evidence.begin);
  return std::any_of(from.assessment.events.begin(), from.assessment.events.end(),
                     [&](const Event& other) {
                       return other.weight < 0 && is_said(other) && !other.is_recipient_guessed &&
                              !other.is_recipient_place && other.modality == Modality::actual &&
                              other.actor == event.actor && other.recipient == event.recipient &&
                              from.text.sentence_of(other.evidence.begin) == sentence;
                     });
}

// "Chad's soldiers cross the line and Sudan fires warning shots": two that act in one sentence,
// each on the other by a guess, do so on each other.
bool is_answered(const SignalSource& from, const Event& event) {
  const std::size_t sentence = from.text.sentence_of(event.evidence.begin);
  const auto is_act = [&](const Event& one) {
    return one.weight < 0 && one.type >= EventType::threaten && is_done(one) && !one.is_guessed;
  };
  if (!is_act(event)) return false;
  return std::any_of(from.assessment.events.begin(), from.assessment.events.end(),
                     [&](const Event& other) {
                       return is_act(other) && other.actor == event.recipient &&
                              other.recipient == event.actor && other.evidence != event.evidence &&
                              from.text.sentence_of(other.evidence.begin) == sentence;
                     });
}

// "Indian jets bomb what Delhi calls a camp of the Lashkar": a state that bombs, and the one armed
// group of the sentence.
bool is_strike_on_group(const SignalSource& from, const Event& event) {
  const bool is_strike = event.type == EventType::assault && event.actor != kNoEntity &&
                         event.recipient != kNoEntity && !event.is_aside && is_done(event) &&
                         is_of_air(event);
  return is_strike && from.gazetteer[event.actor].part == Part::state &&
         from.gazetteer[event.recipient].part == Part::armed;
}

// "Three Danes taken hostage in Niger are released": who is let go was taken before.
bool is_undone(const SignalSource& from, const Event& event) {
  const bool is_taking_people = event.mode == "abduct" || is_taking(event);
  if (!is_taking_people || (event.actor == kNoEntity && event.recipient == kNoEntity)) return false;
  const std::size_t sentence = from.text.sentence_of(event.evidence.begin);
  return std::any_of(
      from.assessment.events.begin(), from.assessment.events.end(), [&](const Event& other) {
        const bool is_freed = other.type == EventType::retreat && other.mode == "release" &&
                              (other.recipient == kNoEntity || other.recipient == event.recipient ||
                               other.recipient == event.actor);
        const bool is_rescued =
            other.mode == "rescue" && event.evidence.end <= other.evidence.begin;
        return ((is_freed && is_fact(other)) || (is_rescued && is_said(other))) &&
               from.text.sentence_of(other.evidence.begin) == sentence;
      });
}

// "threatens to limit cooperation with": what is threatened is no force.
bool is_about_ties(const SignalSource& from, const Event& event) {
  if (event.type != EventType::threaten || event.cameo != "130") return false;
  const std::size_t sentence = from.text.sentence_of(event.evidence.begin);
  return std::any_of(
      from.assessment.events.begin(), from.assessment.events.end(), [&](const Event& other) {
        return other.scale > 0 && other.actor == event.actor &&
               other.recipient == event.recipient && other.evidence.begin >= event.evidence.end &&
               from.text.sentence_of(other.evidence.begin) == sentence;
      });
}

struct PairEvents {
  SignalPair pair;
  std::vector<Event> events;
  bool is_placed = true;  // the place alone names a side of each of them
};

// "Three Australian soldiers were killed on patrol, Kabul said": one side that is known is no
// place, unless it is told as one or no other country is named.
bool is_elsewhere(const SignalSource& from, const Places& places, const Between& between,
                  const Event& told) {
  const EntityIndex side = between.first;
  if (between.second != kNoEntity || from.gazetteer[side].part != Part::state) return false;
  if (told.actor != side && told.recipient != side) return false;
  const bool is_sent = told.type == EventType::mobilize && told.mode == "troops";
  if (told.type != EventType::assault && !is_taking(told) && !is_sent) return false;
  if (is_taking(told) && told.is_recipient_guessed && told.recipient != side) return true;
  // "A US air strike kills a commander of al-Shabab": whose planes they are says nothing of where.
  const bool is_from_afar = is_of_air(told);
  const bool is_strikers = told.actor == side && told.recipient != side;
  if (is_from_afar && is_strikers) {
    const PlaceOfAct place = places.of(told);
    if (!place.is_told || place.country != side) return true;
  }
  EntityIndex teller = told.attribution;
  if (teller != kNoEntity && from.gazetteer[teller].acts_for != kNoEntity)
    teller = from.gazetteer[teller].acts_for;
  // "Malian insurgency: the army of Niger kills nine": whose forces act says little of where.
  if (told.is_armed && told.actor == side && places.names_people_of_other(told, side, teller))
    return true;
  return !places.may_be_in(told, side);
}

// "Nine die in Baghdad. A US soldier is killed by a bomb.": where it happened was told before.
Between placed_before(const Places& places, const Between& between, const Event& told) {
  const bool is_victim = between.second == kNoEntity && told.type == EventType::assault &&
                         told.recipient == between.first && told.actor == kNoEntity;
  if (!is_victim || places.names_any(told)) return between;
  const EntityIndex before = places.before(told);
  if (before == kNoEntity || before == between.first) return between;
  return {before, kNoEntity, false};
}

// "Iran strikes a base of Iranian rebels in Pakistan": whose soil it is, is struck, too.
Between struck_abroad(const SignalSource& from, const Places& places, const Event& event) {
  if (event.type != EventType::assault || event.is_aside || !is_done(event)) return {};
  if (!counts(from.gazetteer, event.actor) || !counts(from.gazetteer, event.recipient)) return {};
  const Entity& striker = from.gazetteer[event.actor];
  const Entity& group = from.gazetteer[event.recipient];
  const bool is_own =
      striker.part == Part::state && group.part == Part::armed && group.code == striker.code;
  const PlaceOfAct place = places.of(event);
  if (!is_own || !place.is_told || place.country == event.actor) return {};
  const auto [first, second] = std::minmax(event.actor, place.country);
  return {first, second, false};
}

// Events of each pair; one whose counterpart is unknown belongs to the known actor alone.
std::map<std::pair<EntityIndex, EntityIndex>, PairEvents> events_by_pair(const SignalSource& from) {
  std::map<std::pair<EntityIndex, EntityIndex>, PairEvents> pairs;
  const Places places(from);
  for (const Event& told : from.assessment.events) {
    if (told.weight == 0 || is_undone(from, told)) continue;
    Event event = told;
    if (event.is_aside) event.weight = std::clamp(event.weight, -kAsideMost, kAsideMost);
    // Whom only a guess names is no side of it.
    const bool is_fight = event.type == EventType::assault || event.type == EventType::coerce;
    const bool is_sure =
        !event.is_recipient_guessed || (is_fight && is_mutual(from.lexicon, event.rule)) ||
        is_named_within(from, event) || is_told_by_recipient(from, event) ||
        is_answered(from, event) || is_meant(from, event) || is_strike_on_group(from, event);
    if (!is_sure) event.recipient = kNoEntity;
    event = against_group(from, std::move(event));
    const Between between = placed_before(places, between_of(from, places, event), told);
    if (between.first == kNoEntity || is_elsewhere(from, places, between, told)) continue;
    // An alliance or the United Nations alone are no country where something happens.
    const bool is_alone = between.second == kNoEntity;
    if (is_alone && from.gazetteer[between.first].part == Part::alliance) continue;
    if (const Between struck = struck_abroad(from, places, event); struck.first != kNoEntity) {
      PairEvents& others = pairs[{struck.first, struck.second}];
      others.is_placed = false;
      others.events.push_back(event);
    }
    PairEvents& its = pairs[{between.first, between.second}];
    its.is_placed = its.is_placed && (between.is_placed || event.is_aside || !is_done(event));
    its.events.push_back(std::move(event));
  }
  return pairs;
}

SignalPair signal_pair(const SignalSource& from, EntityIndex first, EntityIndex second,
                       const std::vector<Event>& events) {
  const Tension tension = add_up(events);
  SignalPair pair;
  pair.name = name_of(from.gazetteer, first, second);
  pair.score = tenths_of(tension.score);
  pair.threat = tenths_of(tension.threat);
  pair.act = tenths_of(tension.act);
  pair.cooperation = tenths_of(tension.cooperation);
  std::size_t assault_sentence = from.text.sentences.size();
  for (const Event& event : events) {
    pair.peace = std::max(pair.peace, peace_of(from, event));
    if (!is_done(event)) continue;
    pair.events = static_cast<std::uint16_t>(pair.events | 1U << static_cast<unsigned>(event.type));
    if (const std::optional<ActKind> kind = kind_of(event)) {
      pair.kinds = static_cast<std::uint16_t>(pair.kinds | 1U << static_cast<unsigned>(*kind));
    }
    if (event.type != EventType::assault) continue;
    pair.toll = std::max(pair.toll, toll_of(from.text, event));
    const std::size_t sentence = from.text.sentence_of(event.evidence.begin);
    if (sentence != assault_sentence && pair.assaults < 255) ++pair.assaults;
    assault_sentence = sentence;
  }
  return pair;
}

std::vector<PairEvents> worthy_pairs(const SignalSource& from) {
  std::vector<PairEvents> worthy;
  for (auto& [pair, its] : events_by_pair(from)) {
    its.pair = signal_pair(from, pair.first, pair.second, its.events);
    const bool is_worth = std::max(its.pair.score, its.pair.cooperation) >= kWorthTenths;
    if (is_worth || its.pair.peace != Peace::none) worthy.push_back(std::move(its));
  }
  return worthy;
}

// Whether some pair of the article may be worth a signal: by all its events together, which no
// pair outweighs, or by a peace.
bool may_be_worthy(const std::vector<Event>& events) {
  constexpr double kLeast = (kWorthTenths - 1) / 1000.0;  // what rounds up to it is more
  double hostile = 0;
  double friendly = 0;
  for (const Event& event : events) {
    (event.weight < 0 ? hostile : friendly) += event.weight < 0 ? -event.weight : event.weight;
    const bool may_be_peace =
        event.weight > 0 && (event.type == EventType::retreat || event.type == EventType::support);
    if (may_be_peace) return true;
  }
  return std::max(hostile, friendly) >= kLeast;
}

// Those that meet a rule first, then the most hostile.
void keep_foremost(std::vector<PairEvents>& pairs) {
  std::sort(pairs.begin(), pairs.end(), [](const PairEvents& left, const PairEvents& right) {
    const SignalPair& a = left.pair;
    const SignalPair& b = right.pair;
    if ((a.rules != 0) != (b.rules != 0)) return a.rules != 0;
    if (a.score != b.score) return a.score > b.score;
    if (a.cooperation != b.cooperation) return a.cooperation > b.cooperation;
    return a.name.key() < b.name.key();
  });
  if (pairs.size() > AlertSignal::kPairsMax) pairs.resize(AlertSignal::kPairsMax);
}

// What is news stands at the top; what comes later is the story so far.
bool is_in_lead(const Text& text, const Event& event) {
  const Sentence& sentence = text.sentences[text.sentence_of(event.evidence.begin)];
  return sentence.field == Field::title || sentence.index < kLeadSentences;
}

// "A US air strike kills 25 Taliban and 8 civilians in Afghanistan": the two that are named say
// better whom it is between than one of them and the place.
bool is_named_better(const std::vector<PairEvents>& pairs, const PairEvents& placed) {
  if (!placed.is_placed || placed.pair.name.second.empty()) return false;
  const PairName& name = placed.pair.name;
  return std::any_of(pairs.begin(), pairs.end(), [&](const PairEvents& other) {
    const PairName& others = other.pair.name;
    if (other.is_placed || others.second.empty() || other.pair.events == 0) return false;
    if (other.pair.score < kNamedTenths) return false;
    return others.first == name.first || others.second == name.first ||
           others.first == name.second || others.second == name.second;
  });
}

// "Hezbollah shells posts in Israel, whose jets hit villages in Lebanon": the state where a group
// is at home is no second enemy where the group is one.
bool is_told_by_its_group(const Gazetteer& gazetteer, const PairName& name,
                          std::span<SignalPair* const> met) {
  const auto is_state = [&](const std::string& id, const std::string& code) {
    const EntityIndex state = gazetteer.by_code(code);
    return state != kNoEntity && gazetteer[state].id == id;
  };
  const auto has_group = [&](const std::string& code, const std::string& other) {
    return std::any_of(met.begin(), met.end(), [&](const SignalPair* each) {
      const PairName& its = each->name;
      return (its.first == other && its.second_code == code && !is_state(its.second, code)) ||
             (its.second == other && its.first_code == code && !is_state(its.first, code));
    });
  };
  if (name.second.empty() || name.first_code == name.second_code) return false;
  return (is_state(name.first, name.first_code) && has_group(name.first_code, name.second)) ||
         (is_state(name.second, name.second_code) && has_group(name.second_code, name.first));
}

// What only sounds like a threat ("said that his policies lead to war") opens nothing.
bool is_mere_sound(const Lexicon& lexicon, const Event& event) {
  return event.type == EventType::threaten && is_fallback(lexicon, event.rule);
}

// What a rule does not name raises the score of a pair and opens nothing: between two, what it does
// name must reach the score where it opens, whatever is said besides.
bool is_enough(const AlertRule& rule, const std::vector<Event>& events) {
  if (rule.pair_level_min > 0 || rule.only_alone) return true;
  std::vector<Event> named;
  std::copy_if(events.begin(), events.end(), std::back_inserter(named),
               [&](const Event& event) { return is_named(rule, event) && is_done(event); });
  return tenths_of(add_up(named).score) >= rule.open_at;
}

void match_rules(const SignalSource& from, const AlertRules& rules, std::vector<PairEvents>& pairs,
                 AlertSignal& signal) {
  KeywordSearch search(from.text);
  for (const AlertRule& rule : rules.all()) {
    if (signal.rules.size() == AlertSignal::kRulesMax) return;
    const auto bit = static_cast<std::uint16_t>(1U << signal.rules.size());
    std::vector<SignalPair*> met;
    std::vector<SignalPair*> met_by_arms;
    for (PairEvents& each : pairs) {
      if (is_named_better(pairs, each)) continue;
      if (!is_about(rule, each.pair.name) || each.pair.toll < rule.toll_min) continue;
      if (!is_enough(rule, each.events)) continue;
      const auto is_met = [&](const Event& event) {
        const bool is_sure = !event.is_guessed || each.pair.name.second.empty();
        return is_done(event) && is_sure && !event.is_aside && is_named(rule, event) &&
               !is_mere_sound(from.lexicon, event) && is_in_lead(from.text, event) &&
               !is_about_ties(from, event);
      };
      const auto is_met_by_arms = [&](const Event& event) {
        return is_armed_act(event) && is_met(event);
      };
      if (std::any_of(each.events.begin(), each.events.end(), is_met)) met.push_back(&each.pair);
      if (std::any_of(each.events.begin(), each.events.end(), is_met_by_arms))
        met_by_arms.push_back(&each.pair);
    }
    const TopicShares& topics = from.assessment.topics;
    if (met.empty()) continue;
    if (!holds_for_article(rule, from.source, topics, false, search)) {
      if (met_by_arms.empty()) continue;
      if (!holds_for_article(rule, from.source, topics, true, search)) continue;
      met = std::move(met_by_arms);
    }
    for (SignalPair* pair : met) {
      if (is_told_by_its_group(from.gazetteer, pair->name, met)) continue;
      pair->rules = static_cast<std::uint16_t>(pair->rules | bit);
    }
    signal.rules.push_back(rule.id);
  }
}

}  // namespace

std::optional<AlertSignal> make_alert_signal(const SignalSource& from, const AlertRules& rules) {
  if (!from.assessment.tension || !may_be_worthy(from.assessment.events)) return std::nullopt;
  std::vector<PairEvents> pairs = worthy_pairs(from);
  if (pairs.empty()) return std::nullopt;
  AlertSignal signal;
  match_rules(from, rules, pairs, signal);
  keep_foremost(pairs);
  for (PairEvents& each : pairs) signal.pairs.push_back(std::move(each.pair));

  const Article& article = from.article;
  signal.published_at_ms = article.published_at_ms;
  const bool is_dated = article.published_at_source == PublishedAtSource::record ||
                        article.published_at_source == PublishedAtSource::clamped;
  if (is_dated) signal.flags |= AlertSignal::kDated;
  if (is_opinion(article, from.text)) signal.flags |= AlertSignal::kOpinion;
  if (is_history(article, from.text, from.assessment)) signal.flags |= AlertSignal::kHistory;
  signal.tier = static_cast<std::uint8_t>(std::clamp(from.source.tier * 100 + 0.5, 0.0, 100.0));
  signal.title = beginning_of(on_one_line(article.title), AlertSignal::kTitleBytesMax);
  signal.url = beginning_of(article.url, AlertSignal::kUrlBytesMax);
  const std::vector<Event>& events = pairs.front().events;
  const auto strongest = std::max_element(
      events.begin(), events.end(),
      [](const Event& a, const Event& b) { return a.weight * a.weight < b.weight * b.weight; });
  signal.evidence = sentence_at(from.text, strongest->evidence);
  signal.evidence_rule =
      beginning_of(from.lexicon.rule_id(strongest->rule), AlertSignal::kNameBytesMax);
  return signal;
}

// version u8 | published_at i64 | flags u8 | tier u8 | pairs | rules | title, url, evidence, rule.
std::string encode(const AlertSignal& signal) {
  ByteWriter writer;
  writer.integer(kVersion);
  writer.integer(signal.published_at_ms);
  writer.integer(signal.flags);
  writer.integer(signal.tier);
  writer.length(signal.pairs.size());
  for (const SignalPair& pair : signal.pairs) {
    for (const std::string* text :
         {&pair.name.first, &pair.name.second, &pair.name.first_code, &pair.name.second_code,
          &pair.name.first_name, &pair.name.second_name}) {
      writer.text(*text);
    }
    for (const std::uint16_t number : {pair.score, pair.threat, pair.act, pair.cooperation,
                                       pair.events, pair.kinds, pair.toll, pair.rules}) {
      writer.integer(number);
    }
    writer.integer(pair.assaults);
    writer.integer(static_cast<std::uint8_t>(pair.peace));
  }
  writer.length(signal.rules.size());
  for (const std::string& rule : signal.rules) writer.text(rule);
  for (const std::string* text :
       {&signal.title, &signal.url, &signal.evidence, &signal.evidence_rule}) {
    writer.text(*text);
  }
  return writer.bytes();
}

std::optional<AlertSignal> decode_alert_signal(std::string_view bytes) {
  ByteReader reader(bytes);
  if (reader.integer<std::uint8_t>() != kVersion) return std::nullopt;
  AlertSignal signal;
  signal.published_at_ms = reader.integer<std::int64_t>();
  signal.flags = reader.integer<std::uint8_t>();
  signal.tier = reader.integer<std::uint8_t>();
  const std::size_t pairs = reader.length();
  if (pairs > AlertSignal::kPairsMax) return std::nullopt;
  for (std::size_t i = 0; i < pairs; ++i) {
    SignalPair& pair = signal.pairs.emplace_back();
    for (std::string* text :
         {&pair.name.first, &pair.name.second, &pair.name.first_code, &pair.name.second_code,
          &pair.name.first_name, &pair.name.second_name}) {
      *text = reader.text();
    }
    for (std::uint16_t* number : {&pair.score, &pair.threat, &pair.act, &pair.cooperation,
                                  &pair.events, &pair.kinds, &pair.toll, &pair.rules}) {
      *number = reader.integer<std::uint16_t>();
    }
    pair.assaults = reader.integer<std::uint8_t>();
    pair.peace = static_cast<Peace>(reader.integer<std::uint8_t>());
    if (pair.peace > Peace::ceasefire) return std::nullopt;
  }
  const std::size_t rules = reader.length();
  if (rules > AlertSignal::kRulesMax) return std::nullopt;
  for (std::size_t i = 0; i < rules; ++i) signal.rules.push_back(reader.text());
  for (std::string* text : {&signal.title, &signal.url, &signal.evidence, &signal.evidence_rule}) {
    *text = reader.text();
  }
  if (!reader.ok() || !reader.at_end()) return std::nullopt;
  return signal;
}

}  // namespace tocsin
