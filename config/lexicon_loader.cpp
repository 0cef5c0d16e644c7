#include "config/lexicon_loader.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

namespace tocsin {
namespace {

struct Place {
  std::string file;
  std::vector<DataFault>& faults;

  void fault(const YAML::Node& node, const std::string& message) const {
    faults.push_back({file, static_cast<std::uint32_t>(node.Mark().line + 1),
                      static_cast<std::uint32_t>(node.Mark().column + 1), message, false});
  }
};

std::string text_of(const YAML::Node& node, const char* key) {
  const YAML::Node value = node[key];
  return value && value.IsScalar() ? value.Scalar() : std::string();
}

std::vector<std::string> list_of(const YAML::Node& node) {
  std::vector<std::string> items;
  if (!node) return items;
  if (node.IsScalar()) {
    items.push_back(node.Scalar());
  } else if (node.IsSequence()) {
    for (const YAML::Node& item : node) items.push_back(item.IsScalar() ? item.Scalar() : "");
  }
  return items;
}

bool flag_of(const YAML::Node& node, const char* key) {
  return text_of(node, key) == "true";
}

// The rule's own value, else that of its file.
std::string inherited(const YAML::Node& node, const YAML::Node& root, const char* key) {
  return node[key] ? text_of(node, key) : text_of(root, key);
}

bool event_type(const std::string& text, EventType& type) {
  for (unsigned i = 0; i < 16; ++i) {
    type = static_cast<EventType>(i);
    if (name(type) == text) return true;
  }
  return false;
}

constexpr std::pair<const char*, CueKind> kCueKinds[] = {{"negated", CueKind::negated},
                                                         {"denied", CueKind::denied},
                                                         {"refused", CueKind::refused},
                                                         {"conditional", CueKind::conditional},
                                                         {"hypothetical", CueKind::hypothetical},
                                                         {"future", CueKind::future},
                                                         {"demanded", CueKind::demanded},
                                                         {"urged", CueKind::urged},
                                                         {"historical", CueKind::historical},
                                                         {"hedged", CueKind::hedged},
                                                         {"ended", CueKind::ended},
                                                         {"resumed", CueKind::resumed},
                                                         {"failed", CueKind::failed},
                                                         {"threatened", CueKind::threatened},
                                                         {"exercise", CueKind::exercise},
                                                         {"intended", CueKind::intended},
                                                         {"topic", CueKind::topic},
                                                         {"none", CueKind::none}};

bool cue_kind(const std::string& text, CueKind& kind) {
  const auto at = std::find_if(std::begin(kCueKinds), std::end(kCueKinds),
                               [&](const auto& entry) { return text == entry.first; });
  if (at != std::end(kCueKinds)) kind = at->second;
  return at != std::end(kCueKinds);
}

void known_keys(const Place& place, const YAML::Node& node, const std::set<std::string>& keys) {
  for (const auto& entry : node) {
    if (!keys.contains(entry.first.Scalar()))
      place.fault(entry.first, "unknown key '" + entry.first.Scalar() + "'");
  }
}

LexiconExample example_of(const Place& place, const YAML::Node& node, const std::string& rule,
                          bool is_negative) {
  LexiconExample example;
  example.rule = rule;
  example.file = place.file;
  example.line = static_cast<std::uint32_t>(node.Mark().line + 1);
  example.is_negative = is_negative;
  if (node.IsScalar()) {
    example.text = node.Scalar();
    return example;
  }
  if (!node.IsMap()) return example;
  known_keys(place, node, {"text", "event", "actor", "recipient", "modality", "polarity"});
  example.text = text_of(node, "text");
  example.event = text_of(node, "event");
  example.actor = text_of(node, "actor");
  example.recipient = text_of(node, "recipient");
  example.modality = text_of(node, "modality");
  example.polarity = text_of(node, "polarity");
  return example;
}

void add_rules(const Place& place, const YAML::Node& root, LexiconBuilder& builder,
               std::vector<LexiconExample>& examples) {
  RuleSpec base;
  if (!event_type(text_of(root, "event"), base.type)) {
    place.fault(root["event"], "unknown event type");
    return;
  }
  for (const YAML::Node& node : root["rules"]) {
    if (!node.IsMap()) {
      place.fault(node, "a rule is a map");
      continue;
    }
    known_keys(place, node,
               {"id", "mode", "cameo", "scale", "match", "recipient", "swapped", "gated", "needs",
                "mutual", "governs", "examples", "not"});
    RuleSpec rule = base;
    rule.id = text_of(node, "id");
    rule.mode = text_of(node, "mode");
    rule.cameo = text_of(node, "cameo");
    rule.scale = node["scale"] ? node["scale"].as<double>(0.0) : 0.0;
    rule.patterns = list_of(node["match"]);
    rule.recipients = node["recipient"] ? list_of(node["recipient"]) : list_of(root["recipient"]);
    rule.is_swapped = flag_of(node, "swapped");
    rule.is_gated = inherited(node, root, "gated") == "true";
    rule.is_mutual = inherited(node, root, "mutual") == "true";
    const std::string governs = inherited(node, root, "governs");
    if (!governs.empty() && !cue_kind(governs, rule.governs))
      place.fault(node, "unknown kind of cue '" + governs + "'");
    rule.needs_actor = text_of(node, "needs") == "actor";
    rule.needs_both = text_of(node, "needs") == "both";
    rule.line = static_cast<std::uint32_t>(node.Mark().line + 1);
    if (rule.id.empty() || rule.patterns.empty() || !(rule.scale >= -10 && rule.scale <= 10)) {
      place.fault(node, "a rule needs id, match and a scale from -10 to 10");
      continue;
    }
    std::string message;
    if (!builder.add_rule(rule, message)) place.fault(node, rule.id + ": " + message);
    for (const YAML::Node& item : node["examples"])
      examples.push_back(example_of(place, item, rule.id, false));
    for (const YAML::Node& item : node["not"])
      examples.push_back(example_of(place, item, rule.id, true));
  }
}

void add_cues(const Place& place, const YAML::Node& cues, LexiconBuilder& builder) {
  for (const YAML::Node& node : cues) {
    known_keys(place, node, {"kind", "reach", "tokens", "match"});
    const std::string kind = text_of(node, "kind");
    CueSpec cue;
    if (!cue_kind(kind, cue.kind)) {
      place.fault(node, "unknown kind of cue '" + kind + "'");
      continue;
    }
    const std::string reach = text_of(node, "reach");
    cue.reach = reach == "backward" ? Reach::backward
                : reach == "both"   ? Reach::both
                                    : Reach::forward;
    cue.tokens_max = static_cast<std::uint8_t>(std::clamp(node["tokens"].as<int>(8), 1, 60));
    for (const std::string& pattern : list_of(node["match"])) {
      cue.pattern = pattern;
      std::string message;
      if (!builder.add_cue(cue, message)) place.fault(node, message);
    }
  }
}

void add_idioms(const Place& place, const YAML::Node& idioms, LexiconBuilder& builder) {
  std::string message;
  for (const YAML::Node& node : idioms) {
    if (!builder.add_idiom(node.Scalar(), message)) place.fault(node, message);
  }
}

// Classes and irregular verbs first: the patterns of every other file use them.
void add_words(const Place& place, const YAML::Node& root, LexiconBuilder& builder) {
  for (const auto& entry : root["irregular"]) {
    const std::vector<std::string> forms = list_of(entry.second);
    if (forms.size() == 2) builder.add_irregular(entry.first.Scalar(), forms[0], forms[1]);
  }
  for (const auto& entry : root["classes"]) {
    std::vector<std::string> words;
    for (const std::string& line : list_of(entry.second)) {
      std::size_t begin = 0;
      while (begin < line.size()) {
        const std::size_t end = std::min(line.find(' ', begin), line.size());
        if (end > begin) words.push_back(line.substr(begin, end - begin));
        begin = end + 1;
      }
    }
    std::string message;
    if (!builder.add_class(entry.first.Scalar(), words, message)) place.fault(entry.first, message);
  }
}

}  // namespace

std::vector<LexiconFile> read_lexicon_files(const std::filesystem::path& path,
                                            std::vector<DataFault>& faults) {
  std::vector<std::filesystem::path> paths;
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path, error)) {
      if (entry.path().extension() == ".yaml") paths.push_back(entry.path());
    }
  } else {
    paths.push_back(path);
  }
  std::sort(paths.begin(), paths.end());
  std::vector<LexiconFile> files;
  for (const auto& file : paths) {
    std::ifstream stream(file, std::ios::binary);
    if (!stream) {
      faults.push_back({file.string(), 0, 0, "cannot be read", false});
      continue;
    }
    files.push_back({file.string(), std::string(std::istreambuf_iterator<char>(stream), {})});
  }
  return files;
}

LoadedLexicon load_lexicon(std::span<const LexiconFile> files) {
  LoadedLexicon loaded;
  std::vector<std::pair<std::string, YAML::Node>> roots;
  // Sorted before they are parsed: assigning a YAML::Node changes the document it stands for.
  std::vector<LexiconFile> sorted(files.begin(), files.end());
  std::sort(sorted.begin(), sorted.end(),
            [](const LexiconFile& a, const LexiconFile& b) { return a.name < b.name; });
  for (const LexiconFile& file : sorted) {
    try {
      const YAML::Node root = YAML::Load(file.text);
      if (root.IsMap() || root.IsNull()) {
        roots.emplace_back(file.name, root);
      } else {
        Place{file.name, loaded.faults}.fault(root,
                                              "a lexicon file is a mapping: rules, cues, ...");
      }
    } catch (const YAML::Exception& error) {
      loaded.faults.push_back({file.name, static_cast<std::uint32_t>(error.mark.line + 1),
                               static_cast<std::uint32_t>(error.mark.column + 1), error.msg,
                               false});
    }
  }
  std::string language = "en";
  for (const auto& [file, root] : roots) {
    if (const std::string own = text_of(root, "language"); !own.empty()) language = own;
  }
  LexiconBuilder builder(language);
  try {
    for (const auto& [file, root] : roots) add_words({file, loaded.faults}, root, builder);
    for (const auto& [file, root] : roots) {
      const Place place{file, loaded.faults};
      if (root["rules"]) add_rules(place, root, builder, loaded.examples);
      if (root["cues"]) add_cues(place, root["cues"], builder);
      if (root["idioms"]) add_idioms(place, root["idioms"], builder);
    }
  } catch (const YAML::Exception& error) {
    loaded.faults.push_back(
        {"", static_cast<std::uint32_t>(error.mark.line + 1), 0, error.msg, false});
  }
  loaded.lexicon = builder.freeze();
  loaded.ok = std::all_of(loaded.faults.begin(), loaded.faults.end(),
                          [](const DataFault& fault) { return fault.is_warning; });
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

ExampleReport run_examples(const LoadedLexicon& loaded, const Gazetteer& gazetteer) {
  ExampleReport report;
  std::set<std::string> covered;
  for (const LexiconExample& example : loaded.examples) {
    ++report.examples;
    if (!example.is_negative) covered.insert(example.rule);
    const Text text = make_text("", example.text, "en");
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
