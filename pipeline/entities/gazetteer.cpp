#include "pipeline/entities/gazetteer.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "pipeline/entities/gazetteer_state.h"

namespace tocsin {
namespace {

// Name particles that texts write with or without a capital: Al-Qaeda and al-Qaeda.
constexpr std::array<std::string_view, 26> kParticles = {
    "al", "el", "an", "ar",  "as",  "ash", "ad",  "bin", "ben", "ibn", "de",  "da", "do",
    "du", "la", "le", "van", "von", "der", "den", "of",  "the", "and", "for", "ul", "in"};

bool is_particle(std::string_view folded) {
  return std::find(kParticles.begin(), kParticles.end(), folded) != kParticles.end();
}

// The phrase with its particles in lower case, so that the case rule leaves them free.
std::string with_free_particles(std::string_view phrase) {
  std::string result(phrase);
  const std::vector<Token> tokens = tokenize(phrase);
  std::size_t others = 0;
  for (const Token& token : tokens) {
    others += is_particle(fold(phrase.substr(token.begin, token.end - token.begin))) ? 0U : 1U;
  }
  if (others == 0) {
    return result;
  }
  for (const Token& token : tokens) {
    if ((token.shape & shape::kTitle) != 0 &&
        is_particle(fold(phrase.substr(token.begin, token.end - token.begin)))) {
      result[token.begin] = static_cast<char>(result[token.begin] | 0x20);
    }
  }
  return result;
}

// Countries whose names put the family name first.
bool has_family_name_first(const Entity& person) {
  constexpr std::array<std::string_view, 5> kCodes = {"CHN", "TWN", "HKG", "PRK", "KOR"};
  return std::find(kCodes.begin(), kCodes.end(), person.code) != kCodes.end();
}

}  // namespace

std::string_view name(EntityType type) noexcept {
  constexpr std::array<std::string_view, 7> kNames = {"country", "city",  "place", "person",
                                                      "org",     "group", "weapon"};
  return kNames[static_cast<std::size_t>(type)];
}

std::string_view name(Via via) noexcept {
  constexpr std::array<std::string_view, 7> kNames = {"name",    "alias",   "demonym", "title",
                                                      "surname", "metonym", "acronym"};
  return kNames[static_cast<std::size_t>(via)];
}

std::vector<std::uint64_t> surname_hashes(const Entity& person) {
  const std::vector<Token> tokens = tokenize(person.name);
  if (tokens.size() < 2) {
    return {};
  }
  std::vector<std::uint64_t> hashes;
  // "Jr", "II", "III" end a name, they are not the family's.
  std::size_t last = tokens.size() - 1;
  constexpr std::array<std::string_view, 6> kEndings = {"jr", "sr", "ii", "iii", "iv", "vi"};
  const auto folded = [&person, &tokens](std::size_t i) {
    return fold(
        std::string_view(person.name).substr(tokens[i].begin, tokens[i].end - tokens[i].begin));
  };
  while (last > 1 && std::find(kEndings.begin(), kEndings.end(), folded(last)) != kEndings.end()) {
    --last;
  }
  // "Kim Jong Un" and "Xi Jinping" are Kim and Xi; "Carrie Lam" is Lam all the same.
  if (has_family_name_first(person) && folded(0).size() <= 5) {
    hashes.push_back(tokens[0].hash);
  }
  if (!has_family_name_first(person) || tokens.size() == 2) {
    hashes.push_back(tokens[last].hash);
  }
  return hashes;
}

EntityIndex Gazetteer::State::with_id(std::string_view id) const {
  const auto found = std::lower_bound(
      by_id.begin(), by_id.end(), id,
      [this](EntityIndex entity, std::string_view wanted) { return entities[entity].id < wanted; });
  return found == by_id.end() || entities[*found].id != id ? kNoEntity : *found;
}

void Gazetteer::State::index() {
  by_id.resize(entities.size());
  std::iota(by_id.begin(), by_id.end(), 0U);
  std::stable_sort(by_id.begin(), by_id.end(), [this](EntityIndex a, EntityIndex b) {
    return entities[a].id < entities[b].id;
  });
  for (EntityIndex i = 0; i < entities.size(); ++i) {
    const Entity& entity = entities[i];
    if (entity.type == EntityType::country && !entity.code.empty()) {
      codes.emplace(entity.code, i);  // the first row with a code has it
    }
    for (const Office& office : entity.offices) {
      terms[office.title + ':' + office.code].push_back({i, office.from_day, office.to_day});
    }
  }
  may_be_surname.reset(surnames.size());
  for (const auto& [hash, person] : surnames) may_be_surname.add(hash);
  may_be_given_name.reset(given_names.size());
  for (const std::uint64_t hash : given_names) may_be_given_name.add(hash);
}

std::span<const std::pair<EntityIndex, std::uint64_t>> Gazetteer::State::follow_ups_of(
    EntityIndex person) const {
  const auto [begin, end] = std::equal_range(
      follow_ups.begin(), follow_ups.end(), std::pair<EntityIndex, std::uint64_t>{person, 0},
      [](const auto& a, const auto& b) { return a.first < b.first; });
  return {begin, end};
}

EntityIndex Gazetteer::State::in_office(std::string_view title, std::string_view code,
                                        std::int32_t day) const {
  std::string key(title);
  key += ':';
  key += code;
  const auto found = terms.find(key);
  if (found == terms.end()) {
    return kNoEntity;
  }
  EntityIndex person = kNoEntity;
  for (const Term& term : found->second) {
    if (term.from_day <= day && day <= term.to_day) {
      if (person != kNoEntity && person != term.person) {
        return kNoEntity;
      }
      person = term.person;
    }
  }
  return person;
}

Gazetteer::Gazetteer() : state_(std::make_unique<State>()) {}
Gazetteer::~Gazetteer() = default;
Gazetteer::Gazetteer(Gazetteer&&) noexcept = default;
Gazetteer& Gazetteer::operator=(Gazetteer&&) noexcept = default;

std::span<const Entity> Gazetteer::entities() const {
  return state_->entities;
}

EntityIndex Gazetteer::by_id(std::string_view id) const {
  return state_->with_id(id);
}

EntityIndex Gazetteer::by_code(std::string_view alpha3) const {
  const auto found = state_->codes.find(std::string(alpha3));
  return found == state_->codes.end() ? kNoEntity : found->second;
}

struct GazetteerBuilder::State {
  std::vector<GazetteerRow> rows;
  std::vector<std::string> files;
  std::vector<DataFault> faults;
  std::unordered_map<std::string, std::size_t> first_with_id;
};

GazetteerBuilder::GazetteerBuilder() : state_(std::make_unique<State>()) {}
GazetteerBuilder::~GazetteerBuilder() = default;

void GazetteerBuilder::add_tsv(std::string_view file, std::string_view text) {
  std::vector<GazetteerRow> rows;
  parse_gazetteer_tsv(file, text, rows, state_->faults);
  for (GazetteerRow& row : rows) {
    row.file = state_->files.size();
    const auto [first, is_new] =
        state_->first_with_id.try_emplace(row.entity.id, state_->rows.size());
    if (is_new) {
      state_->rows.push_back(std::move(row));
      continue;
    }
    const GazetteerRow& other = state_->rows[first->second];
    const std::string_view other_file =
        other.file == row.file ? file : std::string_view(state_->files[other.file]);
    state_->faults.push_back({std::string(file), row.line, 1,
                              "id " + row.entity.id + " stands already in " +
                                  std::string(other_file) + ":" + std::to_string(other.line),
                              false});
  }
  state_->files.emplace_back(file);
}

const std::vector<DataFault>& GazetteerBuilder::faults() const {
  return state_->faults;
}

namespace {

void add_person(const Entity& person, std::string_view follow_up, EntityIndex index,
                Gazetteer::State& state) {
  std::vector<std::uint64_t> hashes = surname_hashes(person);
  if (const std::vector<Token> own = tokenize(follow_up); !own.empty()) {
    hashes = {own.front().hash};
  }
  for (const std::uint64_t hash : hashes) {
    state.surnames.emplace_back(hash, index);
    state.follow_ups.emplace_back(index, hash);
  }
  const std::vector<Token> tokens = tokenize(person.name);
  if (tokens.size() > 1 && !has_family_name_first(person)) {
    state.given_names.push_back(tokens[0].hash);
  }
}

// Whose act an entity's act is.
EntityIndex answerable(const Gazetteer::State& state, EntityIndex index) {
  const Entity& entity = state.entities[index];
  switch (entity.part) {
    case Part::state:
    case Part::alliance:
    case Part::society:
      return index;
    case Part::government:
    case Part::forces: {
      const auto country = state.codes.find(entity.code);
      return country == state.codes.end() ? index : country->second;
    }
    case Part::armed:
      for (const Office& office : entity.offices) {
        const EntityIndex group = state.with_id(office.code);
        if (group != kNoEntity) {
          return group;
        }
      }
      return index;
    case Part::none:
      return entity.type == EntityType::country ? index : kNoEntity;
  }
  return kNoEntity;
}

}  // namespace

Gazetteer GazetteerBuilder::freeze(const Language& words) {
  Gazetteer gazetteer;
  Gazetteer::State& state = *gazetteer.state_;
  PhraseTable::Builder names;
  lint_gazetteer(state_->rows, state_->files, words, state_->faults);
  for (GazetteerRow& row : state_->rows) {
    const auto index = static_cast<EntityIndex>(state.entities.size());
    for (const AliasCell& alias : row.aliases) {
      const std::string phrase =
          alias.rule == CaseRule::title_or_upper ? with_free_particles(alias.text) : alias.text;
      if (!names.add(phrase, NameSense{index, alias.via}.payload(), alias.rule)) {
        state_->faults.push_back(
            {state_->files[row.file], row.line, 1,
             "alias \"" + alias.text + "\" is left out: no word or more than 16", true});
      }
    }
    if (row.entity.type == EntityType::person) {
      add_person(row.entity, row.follow_up, index, state);
    }
    state.populations.push_back(row.population);
    state.entities.push_back(std::move(row.entity));
  }
  state.index();
  for (EntityIndex index = 0; index < state.entities.size(); ++index) {
    state.entities[index].acts_for = answerable(state, index);
  }
  std::sort(state.surnames.begin(), state.surnames.end());
  std::sort(state.given_names.begin(), state.given_names.end());
  state.names = names.freeze();
  state_->rows.clear();
  state_->first_with_id.clear();
  return gazetteer;
}

}  // namespace tocsin
