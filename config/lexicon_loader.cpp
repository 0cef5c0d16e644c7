#include "config/lexicon_loader.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <set>

#include "config/operator_reader.h"

namespace tocsin {
namespace {

using Kind = YamlNode::Kind;

// The rule's own value, else that of its file.
std::string inherited(const YamlReader& reader, const YamlNode& node, std::string_view key) {
  return node.find(key) != nullptr ? reader.text_of(node, key) : reader.text_of(reader.root(), key);
}

bool event_type(const std::string& text, EventType& type) {
  for (unsigned i = 0; i < 16; ++i) {
    type = static_cast<EventType>(i);
    if (name(type) == text) return true;
  }
  return false;
}

LexiconExample example_of(const YamlReader& reader, const YamlNode& node, const std::string& rule,
                          bool is_negative) {
  LexiconExample example;
  example.rule = rule;
  example.file = reader.file();
  example.line = node.place.line;
  example.is_negative = is_negative;
  if (node.kind == Kind::scalar) {
    example.text = node.value;
    return example;
  }
  reader.known_keys(node, {"text", "event", "actor", "recipient", "modality", "polarity", "over"});
  example.text = reader.text_of(node, "text");
  example.event = reader.text_of(node, "event");
  example.actor = reader.text_of(node, "actor");
  example.recipient = reader.text_of(node, "recipient");
  example.modality = reader.text_of(node, "modality");
  example.polarity = reader.text_of(node, "polarity");
  return example;
}

RuleSpec rule_of(const YamlReader& reader, const YamlNode& node, EventType type) {
  RuleSpec rule;
  rule.type = type;
  rule.id = reader.text_of(node, "id");
  rule.mode = reader.text_of(node, "mode");
  rule.cameo = reader.text_of(node, "cameo");
  rule.scale = reader.number_of(node, "scale", 0, -10, 10);
  rule.patterns = reader.texts_of(node, "match");
  rule.recipients =
      reader.texts_of(node.find("recipient") != nullptr ? node : reader.root(), "recipient");
  rule.is_swapped = reader.flag_of(node, "swapped");
  rule.is_gated = inherited(reader, node, "gated") == "true";
  rule.is_lasting = reader.flag_of(node, "lasting");
  rule.is_fallback = reader.flag_of(node, "fallback");
  rule.is_mutual = inherited(reader, node, "mutual") == "true";
  const std::string governs = inherited(reader, node, "governs");
  if (!governs.empty() && !cue_kind(governs, rule.governs))
    reader.fault(node, "unknown kind of cue '" + governs + "'");
  const std::string needs = reader.text_of(node, "needs");
  if (!needs.empty() && needs != "actor" && needs != "both")
    reader.fault(node, "a rule needs actor or both, not '" + needs + "'");
  rule.needs_actor = needs == "actor";
  rule.needs_both = needs == "both";
  rule.line = node.place.line;
  return rule;
}

// `ids`: of the rules so far.
void add_rules(const YamlReader& reader, LexiconBuilder& builder, std::set<std::string>& ids,
               std::vector<LexiconExample>& examples) {
  const std::vector<YamlNode>& rules = reader.items_of(reader.root(), "rules");
  if (rules.empty()) return;
  EventType type = EventType::consult;
  if (!event_type(reader.text_of(reader.root(), "event"), type)) {
    reader.fault(reader.root(), "expected `event:` with a type, as in `event: ASSAULT`");
    return;
  }
  for (const YamlNode& node : rules) {
    if (!reader.known_keys(
            node, {"id", "mode", "cameo", "scale", "match", "recipient", "swapped", "gated",
                   "needs", "lasting", "fallback", "mutual", "governs", "examples", "not"})) {
      continue;
    }
    const RuleSpec rule = rule_of(reader, node, type);
    if (rule.id.empty() || rule.patterns.empty()) {
      reader.fault(node, "a rule needs id, match and a scale from -10 to 10");
      continue;
    }
    if (!ids.insert(rule.id).second) {
      reader.fault(node, "another rule is called '" + rule.id + "'");
      continue;
    }
    std::string message;
    if (!builder.add_rule(rule, message)) reader.fault(node, rule.id + ": " + message);
    for (const YamlNode& item : reader.items_of(node, "examples"))
      examples.push_back(example_of(reader, item, rule.id, false));
    for (const YamlNode& item : reader.items_of(node, "not"))
      examples.push_back(example_of(reader, item, rule.id, true));
  }
}

void add_cues(const YamlReader& reader, LexiconBuilder& builder) {
  for (const YamlNode& node : reader.items_of(reader.root(), "cues")) {
    reader.known_keys(node, {"kind", "match"});
    const std::string kind = reader.text_of(node, "kind");
    CueSpec cue;
    if (!cue_kind(kind, cue.kind)) {
      reader.fault(node, "unknown kind of cue '" + kind + "'");
      continue;
    }
    for (const std::string& pattern : reader.texts_of(node, "match")) {
      cue.pattern = pattern;
      std::string message;
      if (!builder.add_cue(cue, message)) reader.fault(node, message);
    }
  }
}

// The table of operators, in one file of a lexicon; true when this is it.
bool add_operators(const YamlReader& reader, LexiconBuilder& builder,
                   std::vector<LexiconExample>& examples) {
  const std::vector<YamlNode>& operators = reader.items_of(reader.root(), "operators");
  if (operators.empty()) return false;
  builder.set_operators(read_operators(reader));
  for (const YamlNode& node : operators) {
    const std::string kind = reader.text_of(node, "kind");
    for (const YamlNode& item : reader.items_of(node, "examples")) {
      const std::string over = reader.text_of(item, "over");
      const std::string pair = kind + (over.empty() ? "" : " over " + over);
      LexiconExample example = example_of(reader, item, "operators." + pair, false);
      example.is_of_operator = true;
      CueKind inner = CueKind::none;
      if (!over.empty() && !cue_kind(over, inner))
        reader.fault(item, "unknown kind of operator '" + over + "'");
      if (example.event.empty()) reader.fault(item, "an example of an operator needs an event");
      examples.push_back(std::move(example));
    }
  }
  return true;
}

void add_idioms(const YamlReader& reader, LexiconBuilder& builder) {
  for (const YamlNode& node : reader.items_of(reader.root(), "idioms")) {
    std::string message;
    if (!builder.add_idiom(node.value, message)) reader.fault(node, message);
  }
}

// First: the patterns of every other file use them.
void add_classes(const YamlReader& reader, LexiconBuilder& builder) {
  for (const YamlEntry& entry : reader.entries_of(reader.root(), "classes")) {
    std::string message;
    if (!builder.add_class(entry.key.value, reader.words_of(entry.value), message))
      reader.fault(entry.key, message);
  }
}

// What the files say; a second language is a fault of the file that says it.
std::string language_of_files(const std::vector<std::unique_ptr<YamlReader>>& readers) {
  std::string language;
  for (const auto& reader : readers) {
    const std::string own = reader->text_of(reader->root(), "language");
    if (own.empty() || own == language) continue;
    if (language.empty()) {
      language = own;
    } else {
      reader->fault(*reader->root().find("language"),
                    "language '" + own + "' beside '" + language +
                        "': the files of a lexicon are of one language");
    }
  }
  return language.empty() ? "en" : language;
}

}  // namespace

LoadedLexicon load_lexicon(std::span<const DataFile> files, const Languages& languages) {
  LoadedLexicon loaded;
  std::vector<const DataFile*> sorted;
  for (const DataFile& file : files) sorted.push_back(&file);
  std::sort(sorted.begin(), sorted.end(),
            [](const DataFile* a, const DataFile* b) { return a->name < b->name; });
  std::vector<std::unique_ptr<YamlReader>> readers;
  for (const DataFile* file : sorted) {
    readers.push_back(std::make_unique<YamlReader>(*file, loaded.faults));
    readers.back()->known_keys(readers.back()->root(),
                               {"language", "event", "recipient", "gated", "mutual", "governs",
                                "rules", "cues", "idioms", "classes", "operators", "moods"});
  }
  const std::string language = language_of_files(readers);
  if (languages.find(language) == nullptr) {
    loaded.faults.push_back({sorted.empty() ? "" : sorted.front()->name, 0, 0,
                             "there is no data for the language '" + language + "'", false, ""});
  }
  LexiconBuilder builder(languages.reader_of(language).language);
  for (const auto& reader : readers) add_classes(*reader, builder);
  bool has_operators = false;
  std::set<std::string> ids;
  const YamlReader* with_cues = nullptr;
  for (const auto& reader : readers) {
    add_rules(*reader, builder, ids, loaded.examples);
    add_cues(*reader, builder);
    if (!reader->items_of(reader->root(), "cues").empty()) with_cues = reader.get();
    has_operators = add_operators(*reader, builder, loaded.examples) || has_operators;
    add_idioms(*reader, builder);
  }
  if (with_cues != nullptr && !has_operators)
    with_cues->fault(with_cues->root(), "cues need `operators:`, what each kind does to an act");
  loaded.lexicon = builder.freeze();
  loaded.ok = !has_errors(loaded.faults);
  return loaded;
}

namespace {

bool is_party(const Gazetteer& gazetteer, EntityIndex index, const std::string& text,
              const std::string& wanted) {
  if (wanted.empty()) return true;
  if (index == kNoEntity) return text.find(wanted) != std::string::npos;
  const Entity& entity = gazetteer[index];
  return entity.code == wanted || entity.id == wanted || entity.name == wanted;
}

std::string describe(const Lexicon& lexicon, const Gazetteer& gazetteer, const Event& event) {
  const auto who = [&](EntityIndex index, const std::string& text) {
    return index == kNoEntity ? "\"" + text + "\"" : gazetteer[index].name;
  };
  return std::string(name(event.type)) + " " + who(event.actor, event.actor_text) + " > " +
         who(event.recipient, event.recipient_text) + " " + std::string(name(event.polarity)) +
         " " + std::string(name(event.modality)) + " by " +
         std::string(lexicon.rule_id(event.rule));
}

constexpr double kCounts =
    0.1;  // a gated everyday use may stay in the record, as long as it weighs less

// A positive example wants one event that fits in all that is asked; a negative one none of the
// rule's own type that counts.
bool fits(const LoadedLexicon& loaded, const Gazetteer& gazetteer, const LexiconExample& example,
          const Event& event) {
  if (!example.event.empty() ? example.event != name(event.type)
                             : example.rule != loaded.lexicon.rule_id(event.rule)) {
    return false;
  }
  if (example.is_negative) {
    return event.polarity == Polarity::asserted &&
           (event.weight <= -kCounts || event.weight >= kCounts);
  }
  return is_party(gazetteer, event.actor, event.actor_text, example.actor) &&
         is_party(gazetteer, event.recipient, event.recipient_text, example.recipient) &&
         (example.modality.empty() || example.modality == name(event.modality)) &&
         (example.polarity.empty() || example.polarity == name(event.polarity));
}

}  // namespace

ExampleReport run_examples(const LoadedLexicon& loaded, Languages languages,
                           const Gazetteer& gazetteer) {
  ExampleReport report;
  languages.look_up_in(loaded.lexicon.language(), loaded.lexicon.vocabulary());
  std::set<std::string> covered;
  for (const LexiconExample& example : loaded.examples) {
    ++report.examples;
    if (!example.is_negative && !example.is_of_operator) covered.insert(example.rule);
    const Text text = make_text("", example.text, "en", languages);
    const Tagging tagging = tag(gazetteer, text, kExampleTime_ms);
    const Assessment assessment = assess(loaded.lexicon, gazetteer, text, tagging, kExampleTime_ms);
    const bool any =
        std::any_of(assessment.events.begin(), assessment.events.end(),
                    [&](const Event& event) { return fits(loaded, gazetteer, example, event); });
    if (any != example.is_negative) continue;
    ExampleFailure failure;
    failure.example = example;
    failure.expected = (example.is_negative ? "nothing asserted by " : "an event by ") +
                       example.rule + " " + example.event + " " + example.actor + " > " +
                       example.recipient + " " + example.polarity + " " + example.modality;
    for (const Event& event : assessment.events) {
      failure.got += (failure.got.empty() ? "" : "; ") + describe(loaded.lexicon, gazetteer, event);
    }
    if (failure.got.empty()) failure.got = "no event";
    report.failures.push_back(std::move(failure));
  }
  report.rules_without_example = loaded.lexicon.rule_count() - covered.size();
  return report;
}

}  // namespace tocsin
