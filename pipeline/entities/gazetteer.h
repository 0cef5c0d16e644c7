// Names and what they name: build with add(), freeze() once, then share const between threads.
// Promises: whole-token, leftmost-longest matching of a million aliases in one pass; no I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/text/text.h"

namespace tocsin {

enum class EntityType : std::uint8_t { country, city, place, person, org, group, weapon };
enum class Via : std::uint8_t { name, alias, demonym, title, surname, metonym, acronym };
[[nodiscard]] std::string_view name(EntityType) noexcept;
[[nodiscard]] std::string_view name(Via) noexcept;

using EntityIndex = std::uint32_t;
inline constexpr EntityIndex kNoEntity = 0xFFFFFFFF;

// What part an entity can play in a conflict; from the `kind` column (config/gazetteer/README.md).
enum class Part : std::uint8_t {
  none,        // things that do not act: cities, weapons, media
  state,       // a country or a territory that acts as one
  government,  // acts for its country: governments, ministries, leaders, spokespeople
  forces,      // acts for its country with arms: armies, navies, police, intelligence
  armed,       // a non-state armed group: its own actor
  alliance,    // NATO, EU, ECOWAS, UN: its own actor
  society,     // parties, companies, NGOs, unions: its own actor, weak
};

// An office held, for "the Russian president" on a date. Days since 1970-01-01; open ends are
// INT32_MIN and INT32_MAX.
struct Office {
  std::string title;  // president, prime_minister, foreign_minister, defence_minister, ...
  std::string code;   // alpha-3 of the country, or id of the organisation
  std::int32_t from_day = 0;
  std::int32_t to_day = 0;
};

struct Entity {
  std::string id;  // Q159, geonames:524901, iso:RUS, tocsin:wagner-group; "" for unknown names
  std::string name;
  EntityType type = EntityType::org;
  std::string code;  // alpha-3 of the country it is or belongs to; ""
  Part part = Part::none;
  EntityIndex acts_for = kNoEntity;  // the state (or group) whose act its act is; itself for actors
  std::vector<Office> offices;
};

// One occurrence of an entity. Offsets are tokens of the Text; sorted, not overlapping.
struct Mention {
  TokenSpan tokens;
  EntityIndex entity = kNoEntity;  // into Tagging::entities
  Via via = Via::name;
};

// An entity of one article.
struct TaggedEntity {
  EntityIndex gazetteer = kNoEntity;  // into the gazetteer; kNoEntity for an unknown name
  std::string name;                   // of an unknown name
  EntityType type =
      EntityType::org;  // as used here (a country on a sports page is an org: its team)
  bool is_team = false;
  double salience = 0;  // 0..1, by position and count
};

struct Tagging {
  std::vector<TaggedEntity> entities;  // by falling salience, then first mention
  std::vector<Mention> mentions;       // by position
  bool is_sport = false;               // the article is a sports page: countries are their teams
};

class Gazetteer;
struct LoadedImage;

// Finds, disambiguates and resolves all names of the text. `published_at_ms` decides who held an
// office. Pure; linear in the tokens.
[[nodiscard]] Tagging tag(const Gazetteer& gazetteer, const Text& text,
                          std::int64_t published_at_ms);

class Gazetteer {
 public:
  Gazetteer();
  ~Gazetteer();
  Gazetteer(Gazetteer&&) noexcept;
  Gazetteer& operator=(Gazetteer&&) noexcept;

  [[nodiscard]] std::span<const Entity> entities() const;
  [[nodiscard]] const Entity& operator[](EntityIndex index) const { return entities()[index]; }
  // Index of the entity with this id, or of the country with this alpha-3 code; kNoEntity.
  [[nodiscard]] EntityIndex by_id(std::string_view id) const;
  [[nodiscard]] EntityIndex by_code(std::string_view alpha3) const;

  struct State;
  [[nodiscard]] const State& state() const { return *state_; }

 private:
  friend class GazetteerBuilder;
  friend LoadedImage read_gazetteer_image(std::span<const std::byte> image,
                                          std::shared_ptr<const void> owner);
  std::unique_ptr<State> state_;
};

// A fault in a data file, for `file:line:column: message`.
struct DataFault {
  std::string file;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::string message;
  bool is_warning = false;
};

// Collects TSV files (format: config/gazetteer/README.md) and freezes them into a Gazetteer.
class GazetteerBuilder {
 public:
  GazetteerBuilder();
  ~GazetteerBuilder();
  // Parses one file's text; faults are appended to faults() with `file` as their place.
  void add_tsv(std::string_view file, std::string_view text);
  [[nodiscard]] const std::vector<DataFault>& faults() const;
  // Resolves acts_for, checks across files, builds the matching table. Names that are plain words
  // or bare titles of the language are warned of.
  [[nodiscard]] Gazetteer freeze(const Language& words = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tocsin
