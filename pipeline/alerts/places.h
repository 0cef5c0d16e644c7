// Where an act happened, by the places that its article names.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "pipeline/alerts/alert_signal.h"

namespace tocsin {

struct PlaceOfAct {
  EntityIndex country = kNoEntity;
  bool is_told = false;  // "in Mali", "in northern Mali", "Gao, Mali": not only named nearby
};

// The places that an article names, for whoever asks where an act happened. Read once: a sentence
// may hold thousands of acts and names. What only lies beside ("near the border with Mali") is
// none.
class Places {
 public:
  explicit Places(const SignalSource& from);

  // The country where an act happened: the place named nearest to it in its sentence, after it
  // rather than before, by its name rather than by its people; of equals the first.
  [[nodiscard]] PlaceOfAct of(const Event& event) const;
  // The one country that the sentence of an act is told in; kNoEntity where it tells of none or
  // several.
  [[nodiscard]] EntityIndex told_beside(const Event& event) const;
  // Whether the sentence of an act says that it happened in the country, or names no other by its
  // name.
  [[nodiscard]] bool may_be_in(const Event& event, EntityIndex country) const;
  // Whether the sentence of an act, told in no place of `country`, names the people of another that
  // does not tell of it.
  [[nodiscard]] bool names_people_of_other(const Event& event, EntityIndex country,
                                           EntityIndex teller) const;
  // Whether the sentence of an act names the country, or a place in it, by its name.
  [[nodiscard]] bool names(const Event& event, EntityIndex country) const;
  // Whether the sentence of an act names any place by its name.
  [[nodiscard]] bool names_any(const Event& event) const;
  // The country named last before the sentence of an act that names none; kNoEntity.
  [[nodiscard]] EntityIndex before(const Event& event) const;

 private:
  struct Named {
    std::uint32_t begin = 0;  // token
    EntityIndex country = kNoEntity;
    bool is_demonym = false;
    bool is_told = false;
    bool is_country = false;  // by its own name
  };

  [[nodiscard]] std::span<const Named> in_sentence_of(const Event& event) const;
  [[nodiscard]] std::vector<Named>::const_iterator from(std::uint32_t token) const;
  static std::uint32_t penalty(const Named& named, const Event& event);

  const Text& text_;
  std::vector<Named> named_;                            // by position
  std::set<std::pair<std::size_t, EntityIndex>> told_;  // sentence, "in Helmand in Afghanistan"
};

}  // namespace tocsin
