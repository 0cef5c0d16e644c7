#include "config/load_pipeline.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "config/embedded.h"
#include "config/mapped_file.h"
#include "pipeline/entities/gazetteer_image.h"
#include "pipeline/syntax/model.h"

namespace tocsin {
namespace {

constexpr std::uintmax_t kDataFileBytesMax = 256 << 20;

DataFault file_fault(const std::filesystem::path& path, std::string message) {
  return {path.string(), 0, 0, std::move(message), false};
}

std::vector<DataFile> embedded(std::string_view folder, std::string_view ending) {
  std::vector<DataFile> files;
  for (const EmbeddedFile& file : embedded_files()) {
    if (file.name.starts_with(folder) && file.name.ends_with(ending)) {
      files.push_back({std::string(file.name), std::string(file.content)});
    }
  }
  return files;
}

void read_file(const std::filesystem::path& path, std::vector<DataFile>& files,
               std::vector<DataFault>& faults) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  std::ifstream stream(path, std::ios::binary);
  if (error || !stream) {
    faults.push_back(file_fault(path, "cannot be read"));
  } else if (size > kDataFileBytesMax) {
    faults.push_back(file_fault(path, "larger than 256 MiB"));
  } else {
    std::ostringstream text;
    text << stream.rdbuf();
    files.push_back({path.string(), std::move(text).str()});
  }
}

// Files as given; of a folder those with the ending, by name, folders below it too.
std::vector<DataFile> read_paths(const std::vector<std::filesystem::path>& paths,
                                 std::string_view ending, std::vector<DataFault>& faults) {
  std::vector<DataFile> files;
  for (const std::filesystem::path& path : paths) {
    std::error_code error;
    if (!std::filesystem::is_directory(path, error)) {
      read_file(path, files, faults);
      continue;
    }
    std::vector<std::filesystem::path> found;
    for (std::filesystem::recursive_directory_iterator entry(path, error), end;
         !error && entry != end; entry.increment(error)) {
      if (entry->path().string().ends_with(ending)) found.push_back(entry->path());
    }
    if (error) faults.push_back(file_fault(path, error.message()));
    if (found.empty()) {
      faults.push_back(file_fault(path, "holds no " + std::string(ending) + " file"));
    }
    std::sort(found.begin(), found.end());
    for (const std::filesystem::path& file : found) read_file(file, files, faults);
  }
  return files;
}

std::string hex(std::uint64_t value) {
  std::string digits(16, '0');
  for (std::size_t i = 16; i-- > 0; value >>= 4) digits[i] = "0123456789abcdef"[value & 15];
  return digits;
}

// Content, not names: the same data under another path gives the same records.
std::string hash_of(const std::vector<DataFile>& files) {
  XXH3_state_t* state = XXH3_createState();
  XXH3_64bits_reset(state);
  for (const DataFile& file : files) {
    XXH3_64bits_update(state, file.text.data(), file.text.size());
    XXH3_64bits_update(state, "", 1);
  }
  const std::uint64_t hash = XXH3_64bits_digest(state);
  XXH3_freeState(state);
  return hex(hash);
}

// Everything in the configuration that can change an outcome, and nothing else.
std::string config_hash(const Config& config, const std::string& data_hash) {
  const FieldMap& fields = config.input.fields;
  std::string text = data_hash;
  for (const std::string* pointer :
       {&fields.title, &fields.body, &fields.url, &fields.source, &fields.published_at,
        &fields.language, &fields.id, &fields.author, &fields.section}) {
    text += '\0' + *pointer;
  }
  if (fields.schema_id != 0) text += '\0' + std::to_string(fields.schema_id);
  const Epoch epoch = config.dedupe.epoch();
  for (const std::uint64_t number :
       {static_cast<std::uint64_t>(config.input.format),
        static_cast<std::uint64_t>(config.output.include_body),
        static_cast<std::uint64_t>(config.output.detail),
        static_cast<std::uint64_t>(config.limits.article_bytes_max),
        static_cast<std::uint64_t>(config.limits.json_depth_max),
        static_cast<std::uint64_t>(config.limits.id_bytes_max),
        static_cast<std::uint64_t>(config.limits.output_bytes_max),
        static_cast<std::uint64_t>(config.limits.tokens_max),
        static_cast<std::uint64_t>(epoch.revision), static_cast<std::uint64_t>(epoch.window_ms),
        static_cast<std::uint64_t>(epoch.jaccard_percent_min),
        static_cast<std::uint64_t>(epoch.containment_percent_min),
        static_cast<std::uint64_t>(epoch.band_candidates_max), epoch.entries_max}) {
    text += '\0' + std::to_string(number);
  }
  return hex(XXH3_64bits(text.data(), text.size()));
}

// With the source line, for the caret.
void add_faults(const std::vector<DataFault>& from, const std::vector<DataFile>& files,
                std::vector<Fault>& to) {
  for (const DataFault& fault : from) {
    Fault shown{fault.file, fault.line, fault.column, fault.message, fault.is_warning, ""};
    for (const DataFile& file : files) {
      if (file.name == fault.file && fault.line > 0) {
        shown.source_line = line_of(file.text, fault.line);
      }
    }
    to.push_back(std::move(shown));
  }
}

// The names of a configuration: the hash of their data, and what was wrong.
struct LoadedNames {
  Gazetteer gazetteer;
  std::string data_hash;
  std::vector<Fault> faults;
};

std::vector<DataFile> gazetteer_files(const Config& config, std::vector<DataFault>& faults) {
  return config.gazetteer.empty() ? embedded("gazetteer/", ".tsv")
                                  : read_paths(config.gazetteer, ".tsv", faults);
}

LoadedNames parse_names(const std::vector<DataFile>& files,
                        const std::vector<DataFault>& unreadable, const Languages& languages) {
  LoadedNames loaded;
  add_faults(unreadable, {}, loaded.faults);
  GazetteerBuilder builder;
  for (const DataFile& file : files) builder.add_tsv(file.name, file.text);
  loaded.gazetteer = builder.freeze(*languages.reader_of("").language);
  loaded.data_hash = hash_of(files);
  add_faults(builder.faults(), files, loaded.faults);
  return loaded;
}

bool is_image(const std::filesystem::path& path) {
  std::array<char, kImageMagic.size()> start = {};
  std::ifstream file(path, std::ios::binary);
  file.read(start.data(), start.size());
  return file.gcount() == static_cast<std::streamsize>(start.size()) &&
         std::string_view(start.data(), start.size()) == kImageMagic;
}

// The first source that stands where it stood when the image was made, but says something else.
std::string changed_source(const LoadedImage& image) {
  for (const ImageSource& source : image.sources) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(source.path, error)) continue;
    std::string fault;
    const std::shared_ptr<const MappedFile> file = MappedFile::open(source.path, fault);
    if (!file || XXH3_64bits(file->bytes().data(), file->bytes().size()) != source.content_hash) {
      return source.path;
    }
  }
  return "";
}

LoadedNames map_names(const std::filesystem::path& path) {
  LoadedNames loaded;
  std::string fault;
  if (const std::shared_ptr<const MappedFile> file = MappedFile::open(path, fault); file) {
    LoadedImage image = read_gazetteer_image(file->bytes(), file);
    fault = std::move(image.fault);
    if (fault.empty()) {
      if (const std::string changed = changed_source(image); !changed.empty()) {
        fault = "stale: " + changed + " has changed; run tocsin compile-gazetteer again";
      }
      loaded.gazetteer = *std::move(image.gazetteer);
      loaded.data_hash = std::move(image.data_hash);
    }
  }
  if (!fault.empty()) loaded.faults.push_back({path.string(), 0, 0, fault, false, ""});
  return loaded;
}

LoadedNames load_names(const Config& config, const Languages& languages) {
  if (config.gazetteer.size() == 1 && is_image(config.gazetteer.front())) {
    return map_names(config.gazetteer.front());
  }
  std::vector<DataFault> unreadable;
  const std::vector<DataFile> files = gazetteer_files(config, unreadable);
  return parse_names(files, unreadable, languages);
}

// A view into the binary itself.
TopicModel shipped_topics() {
  TopicModel topics;
  for (const EmbeddedFile& file : embedded_files()) {
    if (file.name == "topics/topics.bin") {
      topics = TopicModel::parse(file.content).value_or(TopicModel());
    }
  }
  return topics;
}

std::vector<DataFile> lexicon_files(const Config& config, std::vector<DataFault>& faults) {
  return config.lexicon.empty() ? embedded("lexicon/", ".yaml")
                                : read_paths(config.lexicon, ".yaml", faults);
}

LoadedLexicon parse_lexicon(const std::vector<DataFile>& files,
                            const std::vector<DataFault>& unreadable, const Languages& languages) {
  LoadedLexicon loaded = load_lexicon(files, languages);
  loaded.lexicon.set_topics(shipped_topics());
  for (const DataFile& file : embedded("language/", "model.bin")) {
    LoadedSyntaxModel syntax = read_model(file.text);
    if (!syntax.fault.empty()) loaded.faults.push_back({file.name, 0, 0, syntax.fault, false, ""});
    loaded.lexicon.set_syntax(std::move(syntax.model));
  }
  add_faults(unreadable, {}, loaded.faults);
  loaded.ok = loaded.ok && !has_errors(loaded.faults);
  return loaded;
}

std::vector<DataFile> language_files() {
  return embedded("language/", ".yaml");
}

}  // namespace

LoadedLexicon load_lexicon(const Config& config, const Languages& languages) {
  std::vector<DataFault> unreadable;
  const std::vector<DataFile> files = lexicon_files(config, unreadable);
  return parse_lexicon(files, unreadable, languages);
}

LoadedLanguages load_languages() {
  return load_languages(language_files());
}

CompiledGazetteer compile_gazetteer(const Config& config) {
  CompiledGazetteer compiled;
  std::vector<DataFault> unreadable;
  const std::vector<DataFile> files = gazetteer_files(config, unreadable);
  LoadedNames names = parse_names(files, unreadable, load_languages().languages);
  sort_faults(names.faults);
  compiled.faults = std::move(names.faults);
  if (has_errors(compiled.faults)) return compiled;
  std::vector<ImageSource> sources;
  for (const DataFile& file : files) {
    if (config.gazetteer.empty()) break;  // those inside the binary have no path
    sources.push_back({std::filesystem::absolute(file.name).string(),
                       XXH3_64bits(file.text.data(), file.text.size())});
  }
  compiled.image = write_gazetteer_image(names.gazetteer, sources, names.data_hash);
  compiled.entities = names.gazetteer.entities().size();
  return compiled;
}

LoadedNameExamples load_name_examples(const Config& config) {
  LoadedNameExamples loaded;
  std::vector<DataFault> faults;
  std::vector<DataFile> files;
  if (config.gazetteer.empty()) {
    files = embedded("gazetteer/", ".examples");
  } else {
    for (const std::filesystem::path& path : config.gazetteer) {
      std::error_code error;
      if (!std::filesystem::is_directory(path, error)) continue;
      // A folder without examples is no fault.
      std::vector<DataFault> none;
      for (DataFile& file : read_paths({path}, ".examples", none)) files.push_back(std::move(file));
    }
  }
  for (const DataFile& file : files) {
    parse_name_examples(file.name, file.text, loaded.examples, faults);
  }
  add_faults(faults, files, loaded.faults);
  return loaded;
}

namespace {

// A rule of the same id stands for the shipped one.
void add_shipped(const Gazetteer& gazetteer, LoadedAlertRules& loaded) {
  std::vector<AlertRule> rules = loaded.rules.all();
  for (const DataFile& file : embedded("alerts", ".yaml")) {
    LoadedAlertRules shipped = load_alert_rules(file.name, file.text, gazetteer);
    for (const AlertRule& rule : shipped.rules.all()) {
      if (loaded.rules.find(rule.id) == nullptr) rules.push_back(rule);
    }
    for (AlertExample& example : shipped.examples) {
      if (loaded.rules.find(example.rule) == nullptr) loaded.examples.push_back(std::move(example));
    }
  }
  loaded.rules = AlertRules(std::move(rules));
}

}  // namespace

LoadedAlertRules load_alert_rules(const Config& config, const Gazetteer& gazetteer) {
  std::vector<DataFault> unreadable;
  const std::vector<DataFile> files = config.alerts.rules.empty()
                                          ? embedded("alerts", ".yaml")
                                          : read_paths({config.alerts.rules}, ".yaml", unreadable);
  LoadedAlertRules loaded;
  for (const DataFile& file : files) loaded = load_alert_rules(file.name, file.text, gazetteer);
  add_faults(unreadable, {}, loaded.faults);
  if (loaded.with_defaults) add_shipped(gazetteer, loaded);
  return loaded;
}

LoadedPipeline load_pipeline(const Config& config) {
  LoadedPipeline loaded;
  std::vector<DataFault> unreadable;
  const std::vector<DataFile> outlets = config.sources.empty()
                                            ? embedded("sources", ".tsv")
                                            : read_paths({config.sources}, ".tsv", unreadable);
  add_faults(unreadable, {}, loaded.faults);

  auto pipeline = std::make_shared<Pipeline>();
  std::vector<DataFault> unreadable_lexicon;
  const std::vector<DataFile> rules = lexicon_files(config, unreadable_lexicon);
  const std::vector<DataFile> words = language_files();
  LoadedLanguages languages = load_languages(words);
  loaded.faults.insert(loaded.faults.end(), languages.faults.begin(), languages.faults.end());
  pipeline->languages = std::move(languages.languages);
  LoadedNames names = load_names(config, pipeline->languages);
  pipeline->gazetteer = std::move(names.gazetteer);
  loaded.faults.insert(loaded.faults.end(), names.faults.begin(), names.faults.end());
  LoadedLexicon lexicon = parse_lexicon(rules, unreadable_lexicon, pipeline->languages);
  loaded.faults.insert(loaded.faults.end(), lexicon.faults.begin(), lexicon.faults.end());
  pipeline->lexicon = std::move(lexicon.lexicon);
  pipeline->languages.look_up_in(pipeline->lexicon.language(), pipeline->lexicon.vocabulary());

  LoadedAlertRules alerts = load_alert_rules(config, pipeline->gazetteer);
  loaded.faults.insert(loaded.faults.end(), alerts.faults.begin(), alerts.faults.end());
  pipeline->alert_rules = std::move(alerts.rules);

  std::vector<DataFault> source_faults;
  for (const DataFile& file : outlets) {
    pipeline->sources.add_tsv(file.name, file.text, source_faults);
  }
  add_faults(source_faults, outlets, loaded.faults);
  sort_faults(loaded.faults);

  pipeline->fields = config.input.fields;
  pipeline->format = config.input.format;
  pipeline->limits = config.limits;
  pipeline->output = config.output;
  std::vector<DataFile> reading = rules;  // and the models that read with them
  for (const auto& [folder, ending] : {std::pair{"language/", "model.bin"}, {"topics/", ".bin"}}) {
    for (DataFile& file : embedded(folder, ending)) reading.push_back(std::move(file));
  }
  pipeline->stamp = {TOCSIN_VERSION,
                     config_hash(config, names.data_hash + hash_of(words) + hash_of(outlets)),
                     hash_of(reading)};
  if (!has_errors(loaded.faults)) loaded.pipeline = std::move(pipeline);
  return loaded;
}

}  // namespace tocsin
