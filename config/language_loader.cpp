#include "config/language_loader.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>

#include "config/sense_reader.h"
#include "pipeline/language/language_builder.h"

namespace tocsin {
namespace {

constexpr unsigned kGroupDepthMax = 4;
constexpr std::uint8_t kCutMax = 8;

struct FormName {
  std::string_view name;
  std::uint16_t bit;
};
constexpr FormName kFormNames[] = {
    {"base", form::kBase},    {"third", form::kThird},           {"past", form::kPast},
    {"ing", form::kIng},      {"participle", form::kParticiple}, {"singular", form::kSingular},
    {"plural", form::kPlural}};

template <class List, std::size_t N>
std::optional<List> named(const std::array<std::string_view, N>& names, std::string_view name) {
  const auto at = std::find(names.begin(), names.end(), name);
  if (at == names.end()) return std::nullopt;
  return static_cast<List>(at - names.begin());
}

// The files of one folder.
class LanguageReader {
 public:
  LanguageReader(std::vector<Fault>& faults, std::vector<NameExample>& examples)
      : faults_(faults), examples_(examples) {}

  void add(const DataFile& file) {
    readers_.push_back(std::make_unique<YamlReader>(file, faults_));
  }

  std::shared_ptr<const Language> read() {
    for (const auto& reader : readers_) collect(*reader);
    if (code_.empty()) {
      faults_.push_back({readers_.front()->file(), 0, 0,
                         "no file of this folder says `language:`, as in `language: en`", false,
                         ""});
      return nullptr;
    }
    LanguageBuilder builder(code_);
    for (const auto& reader : readers_) read_file(*reader, builder);
    return builder.freeze();
  }

 private:
  // A list of words by its name, and who wrote it.
  struct Words {
    const YamlReader* reader = nullptr;
    std::vector<std::string> words;
  };

  void collect(const YamlReader& reader) {
    const YamlNode& root = reader.root();
    reader.known_keys(root, {"language", "reads_others", "ascii", "groups", "classes", "phrases",
                             "offices", "leading_titles", "offices_before_name", "high_offices",
                             "shared_name", "presidential_states", "inflection",
                             "known_town_population", "senses", "numbers", "number_scales"});
    if (const std::string code = reader.text_of(root, "language"); !code.empty()) {
      if (!code_.empty()) reader.fault(*root.find("language"), "another file says it already");
      code_ = code;
    }
    collect_words(reader, "groups");
    collect_words(reader, "classes");
  }

  void collect_words(const YamlReader& reader, std::string_view key) {
    for (const YamlEntry& entry : reader.entries_of(reader.root(), key)) {
      const auto [at, is_new] =
          words_.try_emplace(entry.key.value, Words{&reader, reader.words_of(entry.value)});
      if (!is_new) {
        reader.fault(entry.key,
                     "'" + entry.key.value + "' is in " + at->second.reader->file() + " already");
      }
    }
  }

  void read_file(const YamlReader& reader, LanguageBuilder& builder) {
    const YamlNode& root = reader.root();
    if (root.find("reads_others") != nullptr)
      builder.set_reads_others(reader.flag_of(root, "reads_others"));
    if (root.find("ascii") != nullptr) builder.set_ascii(reader.flag_of(root, "ascii"));
    for (const YamlEntry& entry : reader.entries_of(root, "classes")) {
      add_class(reader, entry, builder);
    }
    read_phrases(reader, builder);
    read_titles(reader, builder);
    read_world(reader, builder);
    read_numbers(reader, "numbers", false, builder);
    read_numbers(reader, "number_scales", true, builder);
    if (root.find("senses") != nullptr) builder.set_senses(read_senses(reader, examples_));
    if (const YamlNode* node = root.find("inflection")) {
      builder.set_inflection(read_inflection(reader, *node));
    }
    for (const YamlEntry& entry : reader.entries_of(root, "groups")) {
      if (words_.contains(entry.key.value) && !is_used(entry.key.value)) {
        reader.fault(entry.key, "no class uses <" + entry.key.value + ">");
      }
    }
  }

  [[nodiscard]] bool is_used(const std::string& group) const {
    const std::string reference = "<" + group + ">";
    return std::any_of(words_.begin(), words_.end(), [&](const auto& entry) {
      const std::vector<std::string>& words = entry.second.words;
      return std::find(words.begin(), words.end(), reference) != words.end();
    });
  }

  void add_class(const YamlReader& reader, const YamlEntry& entry, LanguageBuilder& builder) {
    const auto its_class = named<WordClass>(kWordClassNames, entry.key.value);
    if (!its_class) {
      const std::vector<std::string> known(kWordClassNames.begin(), kWordClassNames.end());
      const std::string near = nearest(entry.key.value, known);
      reader.fault(entry.key, "unknown class '" + entry.key.value + "'" +
                                  (near.empty() ? "" : ", did you mean '" + near + "'?"));
      return;
    }
    add_words(reader, entry.value, reader.words_of(entry.value), *its_class, 0, builder);
  }

  void add_words(const YamlReader& reader, const YamlNode& node,
                 const std::vector<std::string>& words, WordClass its_class, unsigned depth,
                 LanguageBuilder& builder) {
    std::unordered_set<std::string_view> seen;  // groups may overlap
    for (const std::string& word : words) {
      if (word.size() > 2 && word.front() == '<' && word.back() == '>') {
        const auto group = words_.find(word.substr(1, word.size() - 2));
        if (group == words_.end() || depth >= kGroupDepthMax) {
          reader.fault(node, group == words_.end() ? "unknown group " + word
                                                   : "groups nested too deep at " + word);
          continue;
        }
        add_words(reader, node, group->second.words, its_class, depth + 1, builder);
      } else if (!seen.insert(word).second) {
        reader.fault(node, "'" + word + "' stands here twice");
      } else if (!builder.add_word(word, its_class)) {
        reader.fault(node, "'" + word + "' is not one token; write its parts apart");
      }
    }
  }

  static void read_phrases(const YamlReader& reader, LanguageBuilder& builder) {
    const YamlNode* phrases = reader.root().find("phrases");
    if (phrases == nullptr) return;
    for (const YamlEntry& entry : reader.entries_of(reader.root(), "phrases")) {
      const auto list = named<PhraseList>(kPhraseListNames, entry.key.value);
      if (!list) {
        reader.fault(entry.key, "unknown list of phrases '" + entry.key.value + "'");
        continue;
      }
      for (std::string& phrase : reader.texts_of(*phrases, entry.key.value)) {
        if (phrase.empty()) {
          reader.fault(entry.key, "an empty phrase stands everywhere");
        } else {
          builder.add_phrase(std::move(phrase), *list);
        }
      }
    }
  }

  static void read_titles(const YamlReader& reader, LanguageBuilder& builder) {
    const YamlNode& root = reader.root();
    const std::vector<std::string> leading = reader.texts_of(root, "leading_titles");
    for (const YamlEntry& entry : reader.entries_of(root, "offices")) {
      const bool leads =
          std::find(leading.begin(), leading.end(), entry.key.value) != leading.end();
      if (!builder.add_role({entry.key.value, reader.words_of(entry.value), leads}))
        reader.fault(entry.key, "expected a title of words, and its offices");
    }
    for (const YamlEntry& entry : reader.entries_of(root, "offices_before_name")) {
      if (!builder.add_title(entry.key.value, reader.words_of(entry.value)))
        reader.fault(entry.key, "'" + entry.key.value + "' is not one token");
    }
    if (root.find("high_offices") != nullptr)
      builder.set_high_offices(reader.words_of(root, "high_offices"));
  }

  static void read_numbers(const YamlReader& reader, std::string_view key, bool is_scale,
                           LanguageBuilder& builder) {
    constexpr double kValueMax = 1e12;
    for (const YamlEntry& entry : reader.entries_of(reader.root(), key)) {
      const double value =
          reader.number_of(*reader.root().find(key), entry.key.value, 0, 1, kValueMax);
      if (!builder.add_number(entry.key.value, static_cast<std::uint64_t>(value), is_scale))
        reader.fault(entry.key, "'" + entry.key.value + "' is not one token");
    }
  }

  static void read_world(const YamlReader& reader, LanguageBuilder& builder) {
    const YamlNode& root = reader.root();
    if (root.find("presidential_states") != nullptr)
      builder.set_presidential_states(reader.words_of(root, "presidential_states"));
    const YamlNode* shared = root.find("shared_name");
    if (shared == nullptr) return;
    reader.known_keys(*shared, {"name", "state_of", "unless_country"});
    builder.set_shared_name({reader.text_of(*shared, "name"), reader.text_of(*shared, "state_of"),
                             reader.text_of(*shared, "unless_country")});
  }

  static Inflection read_inflection(const YamlReader& reader, const YamlNode& node) {
    reader.known_keys(
        node, {"vowels", "stressed", "spellings", "verb", "verb_also", "noun", "irregular"});
    Inflection inflection;
    inflection.vowels = reader.text_of(node, "vowels");
    inflection.stressed = reader.words_of(node, "stressed");
    inflection.spellings = read_rules(reader, reader.items_of(node, "spellings"));
    inflection.verb = read_forms(reader, node, "verb");
    inflection.verb_also = read_forms(reader, node, "verb_also");
    inflection.noun = read_forms(reader, node, "noun");
    for (const YamlEntry& entry : reader.entries_of(node, "irregular")) {
      const std::vector<std::string> forms = reader.words_of(entry.value);
      if (forms.size() == 2) {
        inflection.irregular[entry.key.value] = {forms[0], forms[1]};
      } else {
        reader.fault(entry.key, "expected past and participle");
      }
    }
    return inflection;
  }

  // `past participle: [rule, ...]`
  static std::vector<FormRules> read_forms(const YamlReader& reader, const YamlNode& node,
                                           std::string_view key) {
    std::vector<FormRules> tables;
    for (const YamlEntry& entry : reader.entries_of(node, key)) {
      FormRules table;
      for (const std::string& name : reader.words_of(entry.key)) {
        const auto* const at =
            std::find_if(std::begin(kFormNames), std::end(kFormNames),
                         [&](const FormName& each) { return each.name == name; });
        if (at == std::end(kFormNames)) {
          reader.fault(entry.key, "unknown form '" + name + "'");
        } else {
          table.forms |= at->bit;
        }
      }
      if (entry.value.kind != YamlNode::Kind::sequence) reader.fault(entry.key, "expected a list");
      table.rules = read_rules(reader, entry.value.items);
      tables.push_back(std::move(table));
    }
    return tables;
  }

  static std::vector<SpellingRule> read_rules(const YamlReader& reader,
                                              const std::vector<YamlNode>& items) {
    std::vector<SpellingRule> rules;
    for (const YamlNode& item : items) {
      if (!reader.known_keys(
              item, {"end", "not", "listed", "letters_min", "vowels", "cut", "double", "add"})) {
        continue;
      }
      const auto small = [&](std::string_view key) {
        return static_cast<std::uint8_t>(reader.number_of(item, key, 0, 0, kCutMax));
      };
      SpellingRule rule;
      rule.endings = reader.words_of(item, "end");
      rule.not_endings = reader.words_of(item, "not");
      rule.is_listed = reader.flag_of(item, "listed");
      rule.letters_min = small("letters_min");
      rule.vowels_exact = small("vowels");
      rule.cut = small("cut");
      rule.is_doubled = reader.flag_of(item, "double");
      rule.add = reader.text_of(item, "add");
      rules.push_back(std::move(rule));
    }
    return rules;
  }

  std::vector<Fault>& faults_;
  std::vector<NameExample>& examples_;
  std::vector<std::unique_ptr<YamlReader>> readers_;
  std::string code_;
  std::map<std::string, Words> words_;  // groups and classes by name
};

std::string folder_of(const std::string& file) {
  return file.substr(0, file.find_last_of('/') + 1);
}

}  // namespace

LoadedLanguages load_languages(std::span<const DataFile> files) {
  LoadedLanguages loaded;
  std::map<std::string, std::vector<const DataFile*>> folders;
  for (const DataFile& file : files) folders[folder_of(file.name)].push_back(&file);
  for (auto& [folder, own] : folders) {
    std::sort(own.begin(), own.end(),
              [](const DataFile* a, const DataFile* b) { return a->name < b->name; });
    LanguageReader reader(loaded.faults, loaded.examples);
    for (const DataFile* file : own) reader.add(*file);
    std::shared_ptr<const Language> language = reader.read();
    if (!language) continue;
    if (loaded.languages.find(language->code()) != nullptr) {
      loaded.faults.push_back({own.front()->name, 0, 0,
                               "language '" + language->code() + "' has another folder already",
                               false, ""});
      continue;
    }
    loaded.languages.add(std::move(language));
  }
  return loaded;
}

}  // namespace tocsin
