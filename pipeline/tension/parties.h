// Who a noun phrase stands for: the state, armed group or nameless agent that is answerable for
// what its head does or suffers. Internal to tension/.
#pragma once

#include "pipeline/tension/page.h"

namespace tocsin {

// How much of the phrase may be read: an owner's owner's owner is nobody's concern.
inline constexpr unsigned kOwnersMax = 4;

// The party of the phrase whose head is `node`: the name itself, the common noun with whose it is
// ("Russian troops", "the president of Chad"), or whose the thing is (`is_owner`). A pronoun is the
// speaker or left open.
[[nodiscard]] Party party_of(const ParsedSentence& sentence, NodeIndex node);
// Of the phrase and what is joined to it; pronouns are resolved, never to `apart`.
[[nodiscard]] Parties parties_of(const ParsedSentence& sentence, NodeIndex node,
                                 EntityIndex apart = kNoEntity);
// The same of whom something is done to.
[[nodiscard]] Parties done_to_of(const ParsedSentence& sentence, NodeIndex node,
                                 EntityIndex apart = kNoEntity);
// Who owns, rules, sent or made up what `noun` names: "Iran's", "Danish", "of Mali"; invalid.
[[nodiscard]] Party owner_of(const ParsedSentence& sentence, NodeIndex noun, unsigned depth = 0);

// "dozens of drones", "a group of gunmen": what there is so much of.
[[nodiscard]] NodeIndex measured(const ParsedSentence& sentence, NodeIndex node);
// The word of the phrase's preposition; 0.
[[nodiscard]] std::uint64_t preposition_of(const ParsedSentence& sentence, NodeIndex node);

[[nodiscard]] bool is_power(const Party& party);
[[nodiscard]] bool is_armed_noun(const Party& party);
[[nodiscard]] bool is_known(const Parties& parties);
[[nodiscard]] bool is_same(const Party& a, const Party& b);  // who is answerable

}  // namespace tocsin
