// The acts and how to say them, for one language: built from the rules of config/lexicon (parsed by
// config/), frozen, then shared const between threads. Knows no YAML and no files.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pipeline/entities/gazetteer.h"
#include "pipeline/language/language.h"
#include "pipeline/tension/said.h"
#include "pipeline/tension/tension.h"
#include "pipeline/topics/topics.h"

namespace tocsin {

struct SyntaxModel;

struct CueSpec {
  std::string pattern;
  CueKind kind = CueKind::negated;
  std::uint32_t line = 0;
};

// What a rule takes its slots from.
enum class Slot : std::uint8_t { none, subject, object, speaker };

struct RuleSpec {
  std::string id;
  EventType type = EventType::consult;
  std::string mode;
  std::string cameo;
  double scale = 0;
  std::vector<std::string> patterns;    // grammar: config/lexicon/README.md
  std::vector<std::string> recipients;  // prepositions, or "object", in order of preference
  bool is_swapped = false;              // grammatical subject is the recipient ("was hit", "faces")
  bool is_gated = false;     // everyday uses: counts little unless a state or armed actor does it
  bool needs_actor = false;  // counts only with a state, forces, alliance or armed actor
  bool needs_both = false;   // counts only with two different such parties
  bool is_lasting = false;   // a state of things ("the war in Mali"): no act, opens no alert
  bool is_fallback = false;  // takes only what no other rule reads
  bool is_mutual = false;    // two subjects act on each other ("Chad and Niger met")
  CueKind governs = CueKind::none;  // how the acts in its complement are said
  std::uint32_t line = 0;
};

class Lexicon {
 public:
  Lexicon();
  ~Lexicon();
  Lexicon(Lexicon&&) noexcept;
  Lexicon& operator=(Lexicon&&) noexcept;

  // "threaten.consequences.02": Event::rule of an event.
  [[nodiscard]] std::string_view rule_id(std::uint32_t rule) const;
  [[nodiscard]] std::size_t rule_count() const;

  // What tells topics apart in its language; without it all texts count alike.
  void set_topics(const TopicModel& topics);
  // The tagger and parser of the language; without one no sentence is read.
  void set_syntax(SyntaxModel syntax);

  [[nodiscard]] const std::string& language() const;
  // The words of its language, its own and those of the parser: texts that it assesses must be
  // looked up in them (Languages::look_up_in).
  [[nodiscard]] const std::shared_ptr<const Vocabulary>& vocabulary() const;

  struct State;
  [[nodiscard]] const State& state() const { return *state_; }

 private:
  friend class LexiconBuilder;
  std::unique_ptr<State> state_;
};

// Collects rules, cues, idioms and word classes, then freezes them. Faults are values: a lexicon
// with faults still freezes, without the faulty parts.
class LexiconBuilder {
 public:
  explicit LexiconBuilder(std::shared_ptr<const Language> language);
  ~LexiconBuilder();
  // Classes must be added before the patterns that use them.
  // False and a message when a word is none; the class then has the others.
  [[nodiscard]] bool add_class(const std::string& name, const std::vector<std::string>& words,
                               std::string& message);
  // False and a message when a pattern cannot be read.
  [[nodiscard]] bool add_rule(const RuleSpec& rule, std::string& message);
  [[nodiscard]] bool add_cue(const CueSpec& cue, std::string& message);
  // A fixed phrase whose words carry no act ("price war", "heart attack").
  [[nodiscard]] bool add_idiom(const std::string& pattern, std::string& message);
  // What operators make of acts; without them no cue changes anything.
  void set_operators(const OperatorTable& operators);
  [[nodiscard]] Lexicon freeze();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tocsin
