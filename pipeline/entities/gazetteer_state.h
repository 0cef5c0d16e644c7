// The inside of a Gazetteer, for the files of this folder only: tables for matching and resolution.
// Promises: const after freeze; every index is valid.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "pipeline/entities/gazetteer.h"
#include "pipeline/text/phrase_table.h"

namespace tocsin {

// Payload of Gazetteer::State::names.
struct NameSense {
  EntityIndex entity = kNoEntity;
  Via via = Via::name;

  [[nodiscard]] static NameSense of(std::uint32_t payload) noexcept {
    return {payload >> 3, static_cast<Via>(payload & 7U)};
  }
  [[nodiscard]] std::uint32_t payload() const noexcept {
    return entity << 3 | static_cast<std::uint32_t>(via);
  }
};

// Somebody's time in an office.
struct Term {
  EntityIndex person = kNoEntity;
  std::int32_t from_day = 0;
  std::int32_t to_day = 0;
};

// Says of most hashes that a set has not got them, by one bit in memory.
class HashFilter {
 public:
  void reset(std::size_t members) {
    bits_.assign(std::bit_ceil(members / 4 + 1), 0);  // 16 to 32 bits a member
  }
  void add(std::uint64_t hash) noexcept { word(hash) |= bit(hash); }
  [[nodiscard]] bool may_have(std::uint64_t hash) const noexcept {
    return (bits_[hash >> 6 & (bits_.size() - 1)] & bit(hash)) != 0;
  }

 private:
  [[nodiscard]] std::uint64_t& word(std::uint64_t hash) noexcept {
    return bits_[hash >> 6 & (bits_.size() - 1)];
  }
  [[nodiscard]] static std::uint64_t bit(std::uint64_t hash) noexcept {
    return std::uint64_t{1} << (hash & 63U);
  }

  std::vector<std::uint64_t> bits_ = std::vector<std::uint64_t>(1);
};

struct Gazetteer::State {
  std::vector<Entity> entities;
  std::vector<std::uint32_t> populations;  // by entity; 0 unknown
  std::vector<EntityIndex> by_id;          // all entities, sorted by id
  std::unordered_map<std::string, EntityIndex> codes;
  PhraseTable names;
  // Folded surname tokens → persons; sorted by hash, then entity.
  std::vector<std::pair<std::uint64_t, EntityIndex>> surnames;
  // The same by person, a person's most usual one first.
  std::vector<std::pair<EntityIndex, std::uint64_t>> follow_ups;
  std::vector<std::uint64_t> given_names;  // hashes of persons' first names; sorted
  std::unordered_map<std::string, std::vector<Term>> terms;  // by "title:code"
  HashFilter may_be_surname;
  HashFilter may_be_given_name;

  [[nodiscard]] EntityIndex with_id(std::string_view id) const;  // kNoEntity
  // Fills by_id, codes and terms from `entities`, the filters from `surnames` and `given_names`.
  void index();
  [[nodiscard]] bool is_given_name(std::uint64_t hash) const {
    return may_be_given_name.may_have(hash) &&
           std::binary_search(given_names.begin(), given_names.end(), hash);
  }
  [[nodiscard]] std::span<const std::pair<EntityIndex, std::uint64_t>> follow_ups_of(
      EntityIndex person) const;
  // Persons with this surname.
  [[nodiscard]] std::pair<const std::pair<std::uint64_t, EntityIndex>*,
                          const std::pair<std::uint64_t, EntityIndex>*>
  with_surname(std::uint64_t hash) const {
    if (!may_be_surname.may_have(hash)) return {surnames.data(), surnames.data()};
    const auto less = [](const auto& a, const auto& b) { return a.first < b.first; };
    const auto [begin, end] = std::equal_range(
        surnames.begin(), surnames.end(), std::pair<std::uint64_t, EntityIndex>{hash, 0}, less);
    const std::pair<std::uint64_t, EntityIndex>* const first = surnames.data();
    return {first + (begin - surnames.begin()), first + (end - surnames.begin())};
  }
  // The one person in the office on the day; kNoEntity when none or several.
  [[nodiscard]] EntityIndex in_office(std::string_view title, std::string_view code,
                                      std::int32_t day) const;
};

// Token hashes under which a person is known after the first mention, most usual first: the last
// name with its particles' last word, or the first word where the family name comes first.
[[nodiscard]] std::vector<std::uint64_t> surname_hashes(const Entity& person);

// One parsed row of a gazetteer file.
struct AliasCell {
  std::string text;
  Via via = Via::alias;
  CaseRule rule = CaseRule::title_or_upper;
};
struct GazetteerRow {
  Entity entity;
  std::uint32_t population = 0;
  std::string follow_up;  // name of a person after the first mention, where the rule would err
  std::vector<AliasCell> aliases;  // the name first
  std::size_t file = 0;
  std::uint32_t line = 0;
};

// Parses a file's text into rows; faults get `file` as their place.
void parse_gazetteer_tsv(std::string_view file, std::string_view text,
                         std::vector<GazetteerRow>& rows, std::vector<DataFault>& faults);
// Days since 1970-01-01 of YYYY[-MM[-DD]]; the last day of the month or year when `is_end`.
[[nodiscard]] std::optional<std::int32_t> parse_day(std::string_view date, bool is_end);
// Warnings about rows that are well-formed and yet likely to be wrong.
void lint_gazetteer(const std::vector<GazetteerRow>& rows, const std::vector<std::string>& files,
                    const Language& words, std::vector<DataFault>& faults);

}  // namespace tocsin
