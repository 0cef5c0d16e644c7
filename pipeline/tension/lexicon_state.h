// The frozen tables of a Lexicon, shared by the matcher, the readers and the scorer; internal.
// Promises: built once by LexiconBuilder::freeze, never changed after.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "pipeline/language/language.h"
#include "pipeline/syntax/model.h"
#include "pipeline/tension/lexicon.h"

namespace tocsin {

// Grammatical classes, filled by the classes of these names in classes.yaml.
enum class Grammar : std::uint8_t {
  preposition,
  negation,
  relative,
  pronoun,
  pronoun_first,
  say,
  forces,
  armed,
  government,
  civil,
  victim,
  blow,
  casualty,
  stand_in,
  backing,
  reciprocal,
  light,
  undergo,
  blaming,
  quantity,
  owning,
  responsibility,
  nature,
  commerce,
  leading,
  agent_of,
  owner_of,
  source_of,
  place_at,
  goal_to,
  beside,
  sides,
  count_,
};
inline constexpr std::array<const char*, static_cast<std::size_t>(Grammar::count_)> kGrammarNames =
    {"preposition", "negation", "relative",   "pronoun",        "pronoun_first", "say",
     "forces",      "armed",    "government", "civil",          "victim",        "blow",
     "casualty",    "stand_in", "backing",    "reciprocal",     "light",         "undergo",
     "blaming",     "quantity", "owning",     "responsibility", "nature",        "commerce",
     "leading",     "agent_of", "owner_of",   "source_of",      "place_at",      "goal_to",
     "beside",      "sides"};

[[nodiscard]] constexpr std::uint32_t bit(Grammar grammar) noexcept {
  return 1U << static_cast<unsigned>(grammar);
}

inline constexpr std::uint32_t kNoWord = 0xFFFFFFFF;
inline constexpr std::size_t kElementsMax = 8;  // fits Start::elements
inline constexpr std::size_t kGapMax = 8;

struct Membership {
  std::uint32_t set = 0;
  std::uint16_t forms = 0;
};

inline constexpr std::uint32_t kNoSet = 0xFFFFFFFF;
// Of a word, in patterns; the classes of grammar come on top, and 16 bits count all.
inline constexpr std::size_t kMembershipsMax = 65'000;
static_assert(kMembershipsMax + kGrammarNames.size() <= 0xFFFF);

// What the matcher needs of a pattern that a word can begin, side by side; four to a cache line.
struct Start {
  // Of the sets that it must find besides the one that is seldom seen, numbered among those of all
  // patterns: where the sentence has none of its words, the pattern is not tried. kNoSet: no other.
  std::uint32_t rarest = kNoSet;
  std::uint32_t pattern = 0;
  std::uint32_t elements_begin = 0;  // into Lexicon::State::elements
  std::uint16_t forms = 0;           // of the word as the first element
  std::uint8_t elements : 4 = 0;
  std::uint8_t head : 4 = 0;  // as Pattern::head
  bool is_slot = false;       // `rarest` may stand before the word too, anywhere in the sentence
};
static_assert(sizeof(Start) == 16);

// Where its parts stand in the tables of Lexicon::State; two words to a cache line.
struct Word {
  std::uint32_t grammar = 0;  // Grammar bits
  std::uint16_t forms = 0;    // of all sets it belongs to
  std::uint16_t membership_count = 0;
  std::uint32_t memberships_begin = 0;
  std::uint32_t rare_begin = 0;       // sets of its memberships that some pattern's start names:
  std::uint16_t rule_rare_count = 0;  // first of rules,
  std::uint16_t rare_count = 0;       // then of cues and idioms alone
  std::uint32_t starts_begin = 0;     // first of rules,
  std::uint32_t rule_starts_end = 0;
  std::uint32_t starts_end = 0;  // then of cues and idioms
};
static_assert(sizeof(Word) == 32);

struct Element {
  std::uint32_t set = 0;
  std::uint8_t gap = 0;  // tokens that may stand before it
  bool is_optional = false;
};

// Where in the clause of a pattern's head a word must stand: who does it, to whom, in a phrase with
// a preposition, as the verb's particle, within quotation marks, or anywhere in the sentence.
enum class Argument : std::uint8_t { subject, object, phrase, particle, quoted, anywhere };

// "object:<weapon>", "off|from:list.n": the head of the slot is one of the words.
struct SlotWord {
  Argument argument = Argument::object;
  std::uint32_t prepositions = kNoSet;  // of a phrase
  std::uint32_t set = kNoSet;           // kNoSet: none but parties
  bool takes_party = false;             // whoever is a party, too
  bool takes_armed = false;             // ... who bears arms: forces, armed groups, their weapons
  bool takes_place = false;             // ... a place by its name, known or not
  // Whether more than its words may fill it.
  [[nodiscard]] bool is_open() const { return takes_party || takes_armed || takes_place; }
};
inline constexpr std::size_t kSlotWordsMax = 3;

enum class Use : std::uint8_t { rule, cue, idiom };

struct Pattern {
  Use use = Use::rule;
  std::uint32_t owner = 0;        // index of the rule or cue
  std::uint8_t head = 0;          // element that carries the grammar
  std::uint16_t specificity = 0;  // more for fewer words an element; breaks ties
  std::vector<Element> elements;
  std::vector<SlotWord> slots;  // read from the tree, once the elements match
};

// A rule with its prepositions as hashes.
struct Rule {
  RuleSpec spec;
  bool takes_object = false;
  bool is_object_first = false;             // the object is the recipient before any phrase is
  std::vector<std::uint64_t> prepositions;  // in order of preference
};

// Hashes of the few words that are asked for by name.
struct KeyWords {
  std::uint64_t to, by, of, that, conj_and, conj_or, conj_but, between, in, from, with, against, on,
      according, at, near, for_, may, since, a, an, what, as, under, across, over, through, armed,
      armoured, armored, jet, tank, during, after, fire, shellfire, they, them, their, unless;
};

struct Lexicon::State {
  std::string language;
  std::shared_ptr<const SyntaxModel> syntax;
  std::shared_ptr<const Vocabulary> vocabulary;
  std::vector<std::uint32_t> word_of;  // by word of the vocabulary: into `words`, kNoWord
  std::vector<Word> words;
  std::vector<Membership> memberships;  // of each word, by set
  std::vector<std::uint32_t> rare;      // of each word
  std::vector<Start> starts;            // of each word
  std::vector<Element> elements;        // of each pattern
  std::vector<Pattern> patterns;
  std::uint32_t set_count = 0;             // sets of words
  std::uint32_t aircraft_models = kNoSet;  // letters of "F-16"
  std::uint32_t firing = kNoSet;           // "artillery fire"
  std::uint32_t missions = kNoSet;         // embassies: soil of whoever sent them
  std::uint32_t tank_models = kNoSet;      // ... of "T-72"
  std::uint32_t rare_count = 0;            // sets that are the rarest of some pattern
  std::vector<Rule> rules;
  std::vector<CueSpec> cues;
  OperatorTable operators;
  TopicModel topics;
  KeyWords key{};

  // What the token is to the lexicon: into `words`, or kNoWord.
  [[nodiscard]] std::uint32_t find(const Token& token) const noexcept {
    return token.word < word_of.size() ? word_of[token.word] : kNoWord;
  }
  // The word with this fold_hash, in `words`; kNoWord.
  [[nodiscard]] std::uint32_t find(std::uint64_t hash) const noexcept {
    const WordId id = vocabulary->find(hash);
    return id < word_of.size() ? word_of[id] : kNoWord;
  }
  // Forms of the word in the set; 0 when it is not a member.
  [[nodiscard]] std::uint16_t forms_in(std::uint32_t word, std::uint32_t set) const {
    const Membership* const begin = memberships.data() + words[word].memberships_begin;
    const Membership* const end = begin + words[word].membership_count;
    const Membership* const at = std::lower_bound(
        begin, end, set, [](const Membership& m, std::uint32_t s) { return m.set < s; });
    return at != end && at->set == set ? at->forms : std::uint16_t{0};
  }
};

}  // namespace tocsin
