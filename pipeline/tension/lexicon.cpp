#include "pipeline/tension/lexicon.h"

#include <algorithm>
#include <array>
#include <bit>
#include <map>
#include <span>
#include <string_view>
#include <unordered_map>

#include "pipeline/tension/lexicon_state.h"

namespace tocsin {

Lexicon::Lexicon() : state_(std::make_unique<State>()) {
  state_->vocabulary = std::make_shared<const Vocabulary>();
}
Lexicon::~Lexicon() = default;
Lexicon::Lexicon(Lexicon&&) noexcept = default;
Lexicon& Lexicon::operator=(Lexicon&&) noexcept = default;

void Lexicon::set_syntax(SyntaxModel syntax) {
  auto vocabulary = std::make_shared<Vocabulary>(*state_->vocabulary);
  syntax.words.join(*vocabulary);
  state_->vocabulary = std::move(vocabulary);
  state_->syntax = std::make_shared<const SyntaxModel>(std::move(syntax));
}

const std::string& Lexicon::language() const {
  return state_->language;
}
const std::shared_ptr<const Vocabulary>& Lexicon::vocabulary() const {
  return state_->vocabulary;
}

std::string_view Lexicon::rule_id(std::uint32_t rule) const {
  return state_->rules[rule].spec.id;
}
std::size_t Lexicon::rule_count() const {
  return state_->rules.size();
}

void Lexicon::set_topics(const TopicModel& topics) {
  state_->topics = topics;
}

// Words while building are kept by their folded text.
struct LexiconBuilder::State {
  std::shared_ptr<const Language> language;
  Lexicon lexicon;
  std::map<std::string, std::vector<std::string>> classes;
  std::unordered_map<std::string, std::uint32_t> words;  // folded text → word
  std::unordered_map<std::string, std::uint32_t> sets;   // alternatives as written → set
  std::vector<std::vector<std::uint32_t>> set_words;
  std::vector<std::uint16_t> set_forms;
  std::vector<std::vector<Membership>> memberships;  // by word
  std::size_t memberships_max = kMembershipsMax;
  std::vector<bool> is_function;  // by word

  [[nodiscard]] Lexicon::State& tables() { return *lexicon.state_; }
  std::uint32_t word(const std::string& text);
  [[nodiscard]] bool add_forms(std::uint32_t set, const std::string& item, std::string& message);
  [[nodiscard]] bool set_of(const std::string& alternatives, std::uint32_t& set,
                            std::string& message);
  [[nodiscard]] bool fill(std::uint32_t set, const std::string& alternatives, unsigned depth,
                          std::string& message);
  [[nodiscard]] std::size_t frequency_of(std::uint32_t set) const;
  [[nodiscard]] std::uint32_t rarest_of(const Pattern& pattern, bool& is_slot) const;
  void index_starts();
  void number_words();
  [[nodiscard]] bool add_slot(const std::string& part, Pattern& pattern, std::string& message);
  [[nodiscard]] bool is_preposition(const std::string& alternatives) const;
  [[nodiscard]] std::string with_slots(const std::string& text) const;
  void rank(Pattern& pattern) const;
  [[nodiscard]] bool is_omissible(const std::string& word) const;
  [[nodiscard]] bool add_pattern(const std::string& text, Use use, std::uint32_t owner,
                                 std::string& message);
};

LexiconBuilder::LexiconBuilder(std::shared_ptr<const Language> language)
    : state_(std::make_unique<State>()) {
  state_->tables().language = language->code();
  state_->language = std::move(language);
}
LexiconBuilder::~LexiconBuilder() = default;

std::uint32_t LexiconBuilder::State::word(const std::string& text) {
  const std::string folded = fold(text);
  const auto [at, is_new] =
      words.try_emplace(folded, static_cast<std::uint32_t>(tables().words.size()));
  if (is_new) {
    tables().words.emplace_back();
    memberships.emplace_back();
    is_function.push_back(language->is(language->find(fold_hash(text)), WordClass::function_word));
  }
  return at->second;
}

// `attack.v`, `attack.n`, `attacked`: adds every form it stands for to the set.
bool LexiconBuilder::State::add_forms(std::uint32_t set, const std::string& item,
                                      std::string& message) {
  const std::size_t dot = item.rfind('.');
  const std::string lemma = item.substr(0, dot);
  const std::string kind = dot == std::string::npos ? "" : item.substr(dot + 1);
  Forms forms;
  if (kind == "n") {
    forms = language->inflection().noun_forms(lemma);
  } else if (kind.empty()) {
    forms = {{lemma, form::kLiteral}};
  } else {
    forms = language->inflection().verb_forms(lemma);
    std::uint16_t wanted = form::kVerb;
    if (kind == "ed") wanted = form::kPast | form::kParticiple;
    if (kind == "ing") wanted = form::kIng;
    if (kind == "base") wanted = form::kBase;
    if (kind == "fin") wanted = form::kBase | form::kThird | form::kPast;
    std::erase_if(forms, [wanted](const auto& f) { return (f.second & wanted) == 0; });
  }
  for (const auto& [text, bits] : forms) {
    const std::uint32_t index = word(text);
    std::vector<Membership>& own = memberships[index];
    // Sets are filled one after the other.
    if (!own.empty() && own.back().set == set) {
      own.back().forms |= bits;
    } else if (own.size() < memberships_max) {
      own.push_back({set, bits});
      set_words[set].push_back(index);
    } else {
      message = "'" + text + "' stands in more than " + std::to_string(memberships_max) +
                " lists of alternatives";
      return false;
    }
    tables().words[index].forms |= bits;
    set_forms[set] |= bits;
  }
  return true;
}

namespace {

std::vector<std::string> split(const std::string& text, char by) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t end = std::min(text.find(by, begin), text.size());
    if (end > begin) parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

constexpr unsigned kClassDepthMax = 4;

constexpr std::array<std::string_view, 5> kVerbForms = {".v", ".ed", ".ing", ".base", ".fin"};
constexpr std::array<std::string_view, 1> kNounForms = {".n"};

// `fire.v|launch.v`: each of the alternatives has one of the forms.
bool is_all_of(const std::string& alternatives, std::span<const std::string_view> forms) {
  const std::vector<std::string> words = split(alternatives, '|');
  return !words.empty() && std::all_of(words.begin(), words.end(), [&](const std::string& word) {
    return std::any_of(forms.begin(), forms.end(),
                       [&](std::string_view form) { return word.ends_with(form); });
  });
}

// `ship.n|<vessel>|aid`: a noun among the alternatives, or a class, and no verb.
bool is_thing(const std::string& alternatives) {
  bool has_noun = false;
  for (const std::string& word : split(alternatives, '|')) {
    if (is_all_of(word, kVerbForms)) return false;
    has_noun = has_noun || word.front() == '<' || word.ends_with(".n");
  }
  return has_noun;
}

// "attack.v": one token and a known form.
bool is_item(const std::string& item, std::string& message) {
  const std::size_t dot = item.rfind('.');
  const std::string kind = dot == std::string::npos ? "" : item.substr(dot + 1);
  constexpr std::string_view kKinds[] = {"", "v", "n", "ed", "ing", "base", "fin"};
  if (std::find(std::begin(kKinds), std::end(kKinds), kind) == std::end(kKinds)) {
    message = "unknown form '." + kind + "' in '" + item + "' (v, n, ed, ing, base, fin)";
    return false;
  }
  if (tokenize(item.substr(0, dot)).size() == 1) return true;
  message = "'" + item + "' is not one token; write its parts apart";
  return false;
}

}  // namespace

bool LexiconBuilder::State::fill(std::uint32_t set, const std::string& alternatives, unsigned depth,
                                 std::string& message) {
  for (const std::string& item : split(alternatives, '|')) {
    if (item.front() != '<') {
      if (!is_item(item, message)) return false;
      if (!add_forms(set, item, message)) return false;
      continue;
    }
    const auto at = classes.find(item.substr(1, item.size() - 2));
    if (at == classes.end() || depth >= kClassDepthMax) {
      message =
          at == classes.end() ? "unknown class " + item : "classes nested too deep at " + item;
      return false;
    }
    for (const std::string& member : at->second) {
      if (!fill(set, member, depth + 1, message)) return false;
    }
  }
  return true;
}

bool LexiconBuilder::State::set_of(const std::string& alternatives, std::uint32_t& set,
                                   std::string& message) {
  const auto [at, is_new] =
      sets.try_emplace(alternatives, static_cast<std::uint32_t>(set_words.size()));
  set = at->second;
  if (!is_new) return true;
  set_words.emplace_back();
  set_forms.push_back(0);
  return fill(set, alternatives, 0, message);
}

// `object:<weapon>`, `on|at:<place_hit>`, `prt:down`, `subject:@party`.
bool LexiconBuilder::State::add_slot(const std::string& part, Pattern& pattern,
                                     std::string& message) {
  const std::size_t colon = part.find(':');
  const std::string name = part.substr(0, colon);
  const std::string wanted = part.substr(colon + 1);
  SlotWord slot;
  if (name == "subject") {
    slot.argument = Argument::subject;
  } else if (name == "object") {
    slot.argument = Argument::object;
  } else if (name == "prt") {
    slot.argument = Argument::particle;
  } else if (name == "quoted") {
    slot.argument = Argument::quoted;
  } else if (name == "anywhere") {
    slot.argument = Argument::anywhere;
  } else {
    slot.argument = Argument::phrase;
    if (!set_of(name, slot.prepositions, message)) return false;
  }
  if (wanted.empty() || pattern.slots.size() >= kSlotWordsMax) {
    message = "a pattern has up to " + std::to_string(kSlotWordsMax) +
              " slots, each with its words: '" + part + "'";
    return false;
  }
  std::string others;  // of the alternatives, those that are no party
  for (const std::string& alternative : split(wanted, '|')) {
    if (alternative == "@party") {
      slot.takes_party = true;
    } else if (alternative == "@armed") {
      slot.takes_armed = true;
    } else if (alternative == "@place") {
      slot.takes_place = true;
    } else {
      others += (others.empty() ? "" : "|") + alternative;
    }
  }
  if (!others.empty() && !set_of(others, slot.set, message)) return false;
  pattern.slots.push_back(slot);
  return true;
}

// Fewer words an element and more elements make a pattern more specific.
void LexiconBuilder::State::rank(Pattern& pattern) const {
  const auto add = [&](std::uint32_t set) {
    constexpr unsigned kBits = 16;  // an element of 65,536 words would say nothing
    const auto size = static_cast<std::uint32_t>(set_words[set].size());
    const auto bits = static_cast<unsigned>(std::bit_width(size));
    if (bits < kBits)
      pattern.specificity = static_cast<std::uint16_t>(pattern.specificity + kBits - bits);
  };
  for (const Element& element : pattern.elements) {
    if (!element.is_optional) add(element.set);
  }
  for (const SlotWord& slot : pattern.slots) {
    if (slot.set != kNoSet && !slot.is_open()) add(slot.set);
  }
  // "lifted sanctions" before "sanctions on": the verb knows who did it.
  constexpr std::uint16_t kVerbLeads = 20;
  const std::size_t parts = pattern.elements.size() + pattern.slots.size();
  if ((set_forms[pattern.elements.front().set] & form::kVerb) != 0 && parts > 1)
    pattern.specificity = static_cast<std::uint16_t>(pattern.specificity + kVerbLeads);
  const bool is_rule = pattern.use == Use::rule;
  if (is_rule && lexicon.state_->rules[pattern.owner].spec.governs != CueKind::none)
    pattern.specificity = static_cast<std::uint16_t>(pattern.specificity + kVerbLeads / 2);
}

bool LexiconBuilder::State::is_preposition(const std::string& alternatives) const {
  const auto known = classes.find("preposition");
  if (known == classes.end()) return false;
  const std::vector<std::string> parts = split(alternatives, '|');
  return !parts.empty() && std::all_of(parts.begin(), parts.end(), [&](const std::string& word) {
    return std::find(known->second.begin(), known->second.end(), word) != known->second.end();
  });
}

// What a pattern of words beside each other says of the tree, so that what stands between them does
// not matter: `sink.v ..4 ship.n` → `sink.v object:ship.n`, `offensive.n against` → `offensive.n
// against:@party`; not `march.v into`, for who marches others does something else. Empty for
// others.
std::string LexiconBuilder::State::with_slots(const std::string& text) const {
  std::vector<std::string> parts;
  for (const std::string& each : split(text, ' ')) {
    if (each.starts_with("?") || each.starts_with("^") || each.find(':') != std::string::npos)
      return {};
    if (!each.starts_with("..")) parts.push_back(each);
  }
  if (parts.size() < 2 || parts.size() > 3 || is_preposition(parts[0])) return {};
  const bool is_verb = is_all_of(parts[0], kVerbForms);
  const bool is_noun = is_all_of(parts[0], kNounForms);
  if (!is_verb && !is_noun) return {};
  if (is_preposition(parts[1])) {
    if (is_verb) return {};
    const std::string what = parts.size() == 2 ? "@party" : parts[2];
    if (parts.size() == 3 && !is_thing(what)) return {};
    return parts[0] + " " + parts[1] + ":" + what;
  }
  if (!is_verb || !is_thing(parts[1])) return {};
  const std::string slot = parts[0] + " object:" + parts[1];
  if (parts.size() == 2) return slot;
  return is_preposition(parts[2]) ? slot + " " + parts[2] + ":@party" : std::string();
}

bool LexiconBuilder::State::is_omissible(const std::string& word) const {
  const auto found = classes.find("omissible");
  return found != classes.end() &&
         std::find(found->second.begin(), found->second.end(), word) != found->second.end();
}

// `impose.v ..3 ^sanction.n ?on`: elements with gaps, options and a marked head, then slots.
bool LexiconBuilder::State::add_pattern(const std::string& text, Use use, std::uint32_t owner,
                                        std::string& message) {
  Pattern pattern;
  pattern.use = use;
  pattern.owner = owner;
  std::uint8_t gap = 0;
  int head = -1;
  for (std::string part : split(text, ' ')) {
    if (part.starts_with("..")) {
      const std::string digits = part.substr(2);
      if (digits.size() != 1 || digits[0] < '1' || digits[0] > '0' + static_cast<char>(kGapMax)) {
        message = "a gap is ..1 to ..8, not '" + part + "'";
        return false;
      }
      gap = static_cast<std::uint8_t>(digits[0] - '0');
      continue;
    }
    if (part.find(':') != std::string::npos) {
      if (!add_slot(part, pattern, message)) return false;
      continue;
    }
    Element element;
    element.gap = std::exchange(gap, std::uint8_t{0});
    while (part.size() > 1 && (part[0] == '?' || part[0] == '^')) {
      if (part[0] == '?') element.is_optional = true;
      if (part[0] == '^') head = static_cast<int>(pattern.elements.size());
      part.erase(0, 1);
    }
    if (!set_of(part, element.set, message)) return false;
    // "Peru, Chile bury hatchet": headlines leave articles out
    if (use == Use::rule && is_omissible(part) && !pattern.elements.empty())
      element.is_optional = true;
    pattern.elements.push_back(element);
  }
  if (pattern.elements.empty() || pattern.elements.size() > kElementsMax ||
      pattern.elements.front().is_optional || pattern.elements.front().gap != 0) {
    message = "a pattern has 1 to 8 elements and starts with a word: '" + text + "'";
    return false;
  }
  const auto first_with = [&](std::uint16_t bits) {
    for (std::size_t i = 0; i < pattern.elements.size(); ++i) {
      if (!pattern.elements[i].is_optional && (set_forms[pattern.elements[i].set] & bits) != 0)
        return static_cast<int>(i);
    }
    return -1;
  };
  if (head < 0) head = first_with(form::kVerb);
  if (head < 0) head = first_with(form::kNoun);
  pattern.head = static_cast<std::uint8_t>(std::max(head, 0));
  rank(pattern);
  tables().patterns.push_back(std::move(pattern));
  return true;
}

// How often words of the set stand in a text, roughly: a function word as often as many others.
std::size_t LexiconBuilder::State::frequency_of(std::uint32_t set) const {
  constexpr std::size_t kFunctionWord = 200;
  std::size_t frequency = 0;
  for (const std::uint32_t word : set_words[set])
    frequency += is_function[word] ? kFunctionWord : 1;
  return frequency;
}

// A slot with fewer words than any element; where none has, of the elements the one that texts have
// least. What an element asks for is tried anyhow, so which of them is named changes no match; what
// a slot asks for is read from the tree only.
std::uint32_t LexiconBuilder::State::rarest_of(const Pattern& pattern, bool& is_slot) const {
  std::uint32_t rarest = kNoSet;
  std::uint32_t fewest = kNoSet;
  const auto is_fewer = [&](std::uint32_t set) {
    return fewest == kNoSet || set_words[set].size() < set_words[fewest].size();
  };
  for (std::size_t i = 1; i < pattern.elements.size(); ++i) {
    const Element& element = pattern.elements[i];
    if (element.is_optional) continue;
    if (is_fewer(element.set)) fewest = element.set;
    if (rarest == kNoSet || frequency_of(element.set) < frequency_of(rarest)) rarest = element.set;
  }
  is_slot = false;
  for (const SlotWord& slot : pattern.slots) {
    const bool is_open = slot.is_open() || slot.set == kNoSet;
    // Whoever is a party may be any word; the preposition before it is one of a few.
    const std::uint32_t set = is_open ? slot.prepositions : slot.set;
    if (set == kNoSet || !is_fewer(set)) continue;
    rarest = fewest = set;
    is_slot = true;
  }
  return rarest;
}

bool LexiconBuilder::add_class(const std::string& name, const std::vector<std::string>& words,
                               std::string& message) {
  auto& members = state_->classes[name];
  for (const std::string& item : words) {
    if (item.front() == '<' || is_item(item, message)) members.push_back(item);
  }
  return message.empty();
}

bool LexiconBuilder::add_rule(const RuleSpec& spec, std::string& message) {
  const auto index = static_cast<std::uint32_t>(state_->tables().rules.size());
  Rule rule;
  rule.spec = spec;
  for (const std::string& slot : spec.recipients) {
    if (slot == "object") {
      rule.takes_object = true;
      rule.is_object_first = rule.prepositions.empty();
    } else {
      rule.prepositions.push_back(fold_hash(slot));
    }
  }
  state_->tables().rules.push_back(std::move(rule));
  bool ok = true;
  for (const std::string& pattern : spec.patterns) {
    ok = state_->add_pattern(pattern, Use::rule, index, message) && ok;
    const std::string wider = state_->with_slots(pattern);
    const bool is_written =
        std::find(spec.patterns.begin(), spec.patterns.end(), wider) != spec.patterns.end();
    if (!wider.empty() && !is_written)
      ok = state_->add_pattern(wider, Use::rule, index, message) && ok;
  }
  return ok;
}

bool LexiconBuilder::add_cue(const CueSpec& cue, std::string& message) {
  const auto index = static_cast<std::uint32_t>(state_->tables().cues.size());
  state_->tables().cues.push_back(cue);
  return state_->add_pattern(cue.pattern, Use::cue, index, message);
}

bool LexiconBuilder::add_idiom(const std::string& pattern, std::string& message) {
  return state_->add_pattern(pattern, Use::idiom, 0, message);
}

void LexiconBuilder::set_operators(const OperatorTable& operators) {
  state_->tables().operators = operators;
}

namespace {

KeyWords key_words() {
  KeyWords key{};
  key.to = fold_hash("to");
  key.by = fold_hash("by");
  key.of = fold_hash("of");
  key.that = fold_hash("that");
  key.conj_and = fold_hash("and");
  key.conj_or = fold_hash("or");
  key.conj_but = fold_hash("but");
  key.between = fold_hash("between");
  key.in = fold_hash("in");
  key.from = fold_hash("from");
  key.with = fold_hash("with");
  key.against = fold_hash("against");
  key.on = fold_hash("on");
  key.according = fold_hash("according");
  key.at = fold_hash("at");
  key.near = fold_hash("near");
  key.for_ = fold_hash("for");
  key.may = fold_hash("may");
  key.under = fold_hash("under");
  key.across = fold_hash("across");
  key.over = fold_hash("over");
  key.through = fold_hash("through");
  key.jet = fold_hash("jet");
  key.tank = fold_hash("tank");
  key.armed = fold_hash("armed");
  key.armoured = fold_hash("armoured");
  key.armored = fold_hash("armored");
  key.unless = fold_hash("unless");
  key.since = fold_hash("since");
  key.a = fold_hash("a");
  key.an = fold_hash("an");
  key.what = fold_hash("what");
  key.they = fold_hash("they");
  key.them = fold_hash("them");
  key.their = fold_hash("their");
  key.as = fold_hash("as");
  key.during = fold_hash("during");
  key.after = fold_hash("after");
  key.fire = fold_hash("fire");
  key.shellfire = fold_hash("shellfire");
  return key;
}

}  // namespace

// Which patterns a word can begin, and which rare sets it is in; rare sets are numbered on their
// own, so that the matcher's table of them stays small.
void LexiconBuilder::State::index_starts() {
  Lexicon::State& to = tables();
  std::vector<std::uint32_t> rare(set_words.size(), kNoSet);
  std::vector<bool> is_of_rule;                                            // by rare set
  std::vector<std::array<std::vector<Start>, 2>> starts(to.words.size());  // of rules, of others
  for (std::uint32_t i = 0; i < to.patterns.size(); ++i) {
    const Pattern& pattern = to.patterns[i];
    const bool is_rule = pattern.use == Use::rule;
    Start start;
    start.pattern = i;
    start.elements_begin = static_cast<std::uint32_t>(to.elements.size());
    start.elements = pattern.elements.size() & 0xF;
    start.head = pattern.head & 0xF;
    to.elements.insert(to.elements.end(), pattern.elements.begin(), pattern.elements.end());
    const std::uint32_t set = rarest_of(pattern, start.is_slot);
    if (set != kNoSet && rare[set] == kNoSet) {
      rare[set] = to.rare_count++;
      is_of_rule.push_back(false);
    }
    if (set != kNoSet) start.rarest = rare[set];
    if (set != kNoSet && is_rule) is_of_rule[start.rarest] = true;
    const std::uint32_t first = pattern.elements.front().set;
    for (const std::uint32_t word : set_words[first]) {
      const auto own = std::find_if(memberships[word].begin(), memberships[word].end(),
                                    [first](const Membership& m) { return m.set == first; });
      start.forms = own->forms;
      starts[word][is_rule ? 0 : 1].push_back(start);
    }
  }
  for (std::size_t w = 0; w < to.words.size(); ++w) {
    Word& word = to.words[w];
    word.starts_begin = static_cast<std::uint32_t>(to.starts.size());
    to.starts.insert(to.starts.end(), starts[w][0].begin(), starts[w][0].end());
    word.rule_starts_end = static_cast<std::uint32_t>(to.starts.size());
    to.starts.insert(to.starts.end(), starts[w][1].begin(), starts[w][1].end());
    word.starts_end = static_cast<std::uint32_t>(to.starts.size());
    std::vector<Membership>& own = memberships[w];
    std::sort(own.begin(), own.end(),
              [](const Membership& a, const Membership& b) { return a.set < b.set; });
    word.memberships_begin = static_cast<std::uint32_t>(to.memberships.size());
    word.membership_count = static_cast<std::uint16_t>(own.size());
    to.memberships.insert(to.memberships.end(), own.begin(), own.end());
    word.rare_begin = static_cast<std::uint32_t>(to.rare.size());
    for (const bool of_rules : {true, false}) {
      for (const Membership& membership : own) {
        const std::uint32_t set = rare[membership.set];
        if (set != kNoSet && is_of_rule[set] == of_rules) to.rare.push_back(set);
      }
      const auto count = static_cast<std::uint16_t>(to.rare.size() - word.rare_begin);
      (of_rules ? word.rule_rare_count : word.rare_count) = count;
    }
  }
}

// The words of the language keep their numbers, those of the lexicon follow by hash.
void LexiconBuilder::State::number_words() {
  std::vector<std::pair<std::uint64_t, std::uint32_t>> entries;
  entries.reserve(words.size());
  for (const auto& [text, index] : words) entries.emplace_back(fold_hash(text), index);
  std::sort(entries.begin(), entries.end());
  auto vocabulary = std::make_shared<Vocabulary>(*language->words());
  std::vector<std::uint32_t>& word_of = tables().word_of;
  for (const auto& [hash, index] : entries) {
    const WordId id = vocabulary->add(hash);
    if (id >= word_of.size()) word_of.resize(id + std::size_t{1}, kNoWord);
    word_of[id] = index;
  }
  tables().vocabulary = std::move(vocabulary);
}

Lexicon LexiconBuilder::freeze() {
  Lexicon::State& tables = state_->tables();
  std::string ignored;
  state_->memberships_max += kGrammarNames.size();
  for (std::size_t i = 0; i < kGrammarNames.size(); ++i) {
    if (!state_->classes.contains(kGrammarNames[i])) continue;
    std::uint32_t set = 0;
    const std::string alternatives = "<" + std::string(kGrammarNames[i]) + ">";
    if (!state_->set_of(alternatives, set, ignored)) continue;
    for (const std::uint32_t word : state_->set_words[set]) tables.words[word].grammar |= 1U << i;
  }
  const auto class_set = [&](const char* name) {
    std::uint32_t set = kNoSet;
    if (!state_->classes.contains(name)) return set;
    const bool is_set = state_->set_of("<" + std::string(name) + ">", set, ignored);
    return is_set ? set : kNoSet;
  };
  tables.aircraft_models = class_set("aircraft_model");
  tables.firing = class_set("fire_of");
  tables.missions = class_set("foreign_mission");
  tables.tank_models = class_set("tank_model");
  tables.set_count = static_cast<std::uint32_t>(state_->set_words.size());
  state_->index_starts();
  state_->number_words();
  tables.key = key_words();
  return std::move(state_->lexicon);
}

}  // namespace tocsin
