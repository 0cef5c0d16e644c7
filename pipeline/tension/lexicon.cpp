#include "pipeline/tension/lexicon.h"

namespace tocsin {
struct Lexicon::State {
  std::vector<std::string> ids;
};
Lexicon::Lexicon() : state_(std::make_unique<State>()) {}
Lexicon::~Lexicon() = default;
Lexicon::Lexicon(Lexicon&&) noexcept = default;
Lexicon& Lexicon::operator=(Lexicon&&) noexcept = default;
std::string_view Lexicon::rule_id(std::uint32_t rule) const {
  return state_->ids[rule];
}
std::size_t Lexicon::rule_count() const {
  return state_->ids.size();
}
}  // namespace tocsin
