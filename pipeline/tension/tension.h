// Events, and the tension they add up to: who did, said or threatened what to whom, and how it is
// said. The score is the sum of its evidence; each piece has a span and a rule.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/entities/gazetteer.h"
#include "pipeline/text/text.h"
#include "pipeline/topics/topics.h"

namespace tocsin {

// The 16 event types of PLOVER (Halterman et al. 2023, PLOVER manual).
enum class EventType : std::uint8_t {
  agree,
  consult,
  support,
  concede,
  cooperate,
  aid,
  retreat,
  request,
  accuse,
  reject,
  threaten,
  protest,
  sanction,
  mobilize,
  coerce,
  assault,
};
enum class Polarity : std::uint8_t { asserted, negated };
enum class Modality : std::uint8_t {
  actual,
  conditional,
  hypothetical,
  future,
  historical,
  demanded
};
enum class Level : std::uint8_t { none, low, medium, high, critical };
[[nodiscard]] std::string_view name(EventType) noexcept;  // AGREE, ...
[[nodiscard]] std::string_view name(Polarity) noexcept;
[[nodiscard]] std::string_view name(Modality) noexcept;
[[nodiscard]] std::string_view name(Level) noexcept;
// none <20, low <40, medium <60, high <80, critical.
[[nodiscard]] Level level_of(double score) noexcept;

// Each in 0..1; their product with the sign of the scale is the weight.
struct Factors {
  double scale = 0;     // |scale| / 10
  double modality = 1;  // how it is said: modality, polarity, hedges, attribution
  double position = 1;  // where: title, lead, rest
  double dyad = 1;      // between whom
  double gate = 1;      // what the text is about, everyday uses (gate.h)
};

struct Event {
  EventType type = EventType::consult;
  std::string mode;
  std::string cameo;
  double scale = 0;               // -10 hostile .. +10 cooperative
  EntityIndex actor = kNoEntity;  // into the gazetteer (already resolved to who is answerable)
  EntityIndex recipient = kNoEntity;
  std::string actor_text;  // an actor known only by a common noun: "militants"
  std::string recipient_text;
  EntityIndex attribution = kNoEntity;  // who says so, when it is quoted or attributed
  Polarity polarity = Polarity::asserted;
  Modality modality = Modality::actual;
  Factors factors;
  double weight = 0;    // signed: negative hostile
  bool counts = false;  // part of the sum that the score is
  // The one other power of the sentence, where nobody is told to do it: the record names it,
  // nothing is reckoned by it.
  EntityIndex guessed_actor = kNoEntity;
  bool is_guessed = false;            // a party that no grammar ties to the act
  bool is_recipient_guessed = false;  // only the recipient: the one other power of the sentence
  // Told on the side ("amid the fighting", "the besieged town"), or a state of things.
  bool is_aside = false;
  // The recipient is named by whose people suffer: tourists, workers, "two Chileans". No power.
  bool is_recipient_civil = false;
  bool is_recipient_place = false;  // ... only by where it happened
  bool is_armed = false;            // the actor is an armed group or forces
  TokenSpan evidence;               // tokens of the Text
  std::uint32_t rule = 0;           // into Lexicon::rule_ids
};

struct Dyad {
  EntityIndex first = kNoEntity;  // sorted by id
  EntityIndex second = kNoEntity;
  double score = 0;  // 0..100, hostile
};

struct Tension {
  double score = 0;  // 0..100, one decimal
  Level level = Level::none;
  double threat = 0;       // 0..100 of verbal events and mobilisation
  double act = 0;          // 0..100 of material events
  double cooperation = 0;  // 0..100
  double escalation = 0;   // -100..100
  double confidence = 0;   // 0..1
};

struct Assessment {
  TopicShares topics;              // of the whole text; unknown without a lexicon
  std::vector<Event> events;       // by position
  std::optional<Tension> tension;  // nullopt: no lexicon for the text's language
  std::vector<Dyad> dyads;         // by falling score, then ids
  std::vector<TokenSpan> read;     // sentences, or pieces of long ones, that were parsed
};

class Lexicon;

// Pure; linear in the tokens but for a bounded window around each act.
[[nodiscard]] Assessment assess(const Lexicon& lexicon, const Gazetteer& gazetteer,
                                const Text& text, const Tagging& tagging,
                                std::int64_t published_at_ms);

// The acts and how to say them, for one language; immutable once frozen. Defined by lexicon.h.
}  // namespace tocsin
