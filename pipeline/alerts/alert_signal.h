// What an alert needs of one tense or cooperative article: it travels inside the sighting.
// Promises: scores are quantised here, bytes are bounded, decoding trusts nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/article.h"
#include "pipeline/entities/gazetteer.h"
#include "pipeline/outlets/sources.h"
#include "pipeline/tension/lexicon.h"
#include "pipeline/tension/tension.h"
#include "pipeline/text/text.h"

namespace tocsin {

inline constexpr std::int64_t kHourMs = 3'600'000;

class AlertRules;

// Two states, alliances or armed groups; or one of them alone, whose counterpart is not known.
struct PairName {
  std::string first;   // ids, sorted
  std::string second;  // "": alone
  std::string first_code;
  std::string second_code;
  std::string first_name;
  std::string second_name;

  // "Q159|Q212", "Q159": the key on news.pairs.
  [[nodiscard]] std::string key() const { return second.empty() ? first : first + '|' + second; }
  friend bool operator==(const PairName&, const PairName&) = default;
};

// Kinds of hostile acts: an open alert is revised when a kind is told for the first time.
enum class ActKind : std::uint8_t {
  threat,        // of force, or an ultimatum
  mobilisation,  // troops, weapons, tests of them
  rupture,       // embassies closed, ties cut, sanctions
  seizure,
  restriction,  // blockades, closed borders, curfews, martial law
  cyber,
  abduction,
  clash,    // with small arms, or how is not said
  bombing,  // explosives, suicide attacks
  strike,   // from the air, artillery, rockets
  invasion,
  killing,  // of one who was chosen
  unconventional,
  riot,
};

// How a conflict ended, or stands still, between the two: done, not promised.
enum class Peace : std::uint8_t { none, agreement, withdrawal, ceasefire };

// Scores are tenths of a point, 0..1000.
struct SignalPair {
  PairName name;
  std::uint16_t score = 0;
  std::uint16_t threat = 0;
  std::uint16_t act = 0;
  std::uint16_t cooperation = 0;
  std::uint16_t events = 0;   // bit of each EventType that is asserted between them
  std::uint16_t kinds = 0;    // bit of each ActKind that is told as done
  std::uint16_t toll = 0;     // the largest number told with an assault
  std::uint8_t assaults = 0;  // sentences that tell an assault as done
  Peace peace = Peace::none;
  std::uint16_t rules =
      0;  // bit of each of AlertSignal::rules that is about them and met by an event
  friend bool operator==(const SignalPair&, const SignalPair&) = default;
};

struct AlertSignal {
  static constexpr std::uint8_t kDated = 1;  // the article says when; else the record's time
  static constexpr std::uint8_t kOpinion = 2;
  static constexpr std::uint8_t kHistory = 4;

  std::int64_t published_at_ms = 0;
  std::uint8_t flags = 0;
  std::uint8_t tier = 60;          // of the source, hundredths
  std::vector<SignalPair> pairs;   // at most kPairsMax: those that meet a rule first, then by score
  std::vector<std::string> rules;  // alert rules whose conditions on an article hold, kRulesMax
  std::string title;
  std::string url;
  std::string evidence;       // the sentence of the first pair's strongest event
  std::string evidence_rule;  // its rule of the lexicon

  static constexpr std::size_t kPairsMax = 4;
  static constexpr std::size_t kRulesMax = 16;
  static constexpr std::size_t kTitleBytesMax = 160;
  static constexpr std::size_t kUrlBytesMax = 240;
  static constexpr std::size_t kEvidenceBytesMax = 200;
  static constexpr std::size_t kNameBytesMax = 48;

  [[nodiscard]] bool is(std::uint8_t flag) const { return (flags & flag) != 0; }
  // Fresh reporting: may open an alert if it is not too old.
  [[nodiscard]] bool is_report() const { return flags == kDated; }
  friend bool operator==(const AlertSignal&, const AlertSignal&) = default;
};

// Everything about the article that a signal is made of.
struct SignalSource {
  const Article& article;
  const Source& source;
  const Text& text;
  const Tagging& tagging;
  const Assessment& assessment;
  const Gazetteer& gazetteer;
  const Lexicon& lexicon;
};

// nullopt for an article that is neither tense nor cooperative between countable actors.
[[nodiscard]] std::optional<AlertSignal> make_alert_signal(const SignalSource& from,
                                                           const AlertRules& rules);

[[nodiscard]] std::string encode(const AlertSignal& signal);
// nullopt for bytes that are damaged or of a newer version: such an article alerts of nothing.
[[nodiscard]] std::optional<AlertSignal> decode_alert_signal(std::string_view bytes);

}  // namespace tocsin
