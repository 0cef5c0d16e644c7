#include "pipeline/tension/page.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "pipeline/tension/repairs.h"
#include "pipeline/text/word_set.h"

namespace tocsin {
namespace {

// What a letter and a number name: "F-16", "T-72"; 0: nothing.
std::uint64_t model_kind(const Page& page, std::uint32_t letters) {
  const Lexicon::State& lexicon = page.lexicon;
  const std::uint32_t word = page.word[letters];
  if (word == kNoWord) return 0;
  if (lexicon.forms_in(word, lexicon.aircraft_models) != 0) return lexicon.key.jet;
  return lexicon.forms_in(word, lexicon.tank_models) != 0 ? lexicon.key.tank : 0;
}

// "A Cuban MiG-29", "an A-37": letters with two digits or more behind a hyphen are what they are a
// model of, in both parts, whichever of them the tree makes the head. A named weapon, of which the
// gazetteer tells no kind, is read as a jet where its name ends in no noun of arms.
void name_weapons(Page& page) {
  const auto is_digit = [&](const Token& token, std::uint32_t at) {
    const std::string_view bytes = page.text.slice(ByteSpan{token.begin, token.end});
    return at < bytes.size() && bytes[at] >= '0' && bytes[at] <= '9';
  };
  const KeyWords& key = page.lexicon.key;
  for (std::uint32_t t = 1; t < page.word.size(); ++t) {
    const Token& letters = page.text.tokens[t - 1];
    if (!page.marked(t, before::kJoinedHyphen) || (letters.shape & shape::kLower) != 0) continue;
    const Token& number = page.text.tokens[t];
    if (!is_digit(number, 0) || !is_digit(number, 1) || page.mention[t] != kNoMention) continue;
    const std::uint64_t kind = model_kind(page, t - 1);
    if (kind != 0) page.word[t - 1] = page.word[t] = page.lexicon.find(kind);
  }
  for (const Mention& mention : page.tagging.mentions) {
    if (page.tagging.entities[mention.entity].type != EntityType::weapon) continue;
    const std::uint32_t last = mention.tokens.end - 1;
    if ((page.grammar(last) & (bit(Grammar::forces) | bit(Grammar::blow))) == 0)
      page.word[last] = page.lexicon.find(key.jet);
  }
}

}  // namespace

Page::Page(const Lexicon::State& the_lexicon, const Gazetteer& the_gazetteer, const Text& the_text,
           const Tagging& the_tagging)
    : lexicon(the_lexicon), gazetteer(the_gazetteer), text(the_text), tagging(the_tagging) {
  word.resize(text.tokens.size());
  for (std::size_t t = 0; t < word.size(); ++t) {
    word[t] = lexicon.find(text.tokens[t]);
    if (word[t] != kNoWord) __builtin_prefetch(&lexicon.words[word[t]]);  // the matcher reads it
  }
  mention.assign(text.tokens.size(), kNoMention);
  for (std::uint32_t m = 0; m < tagging.mentions.size(); ++m) {
    const Mention& one = tagging.mentions[m];
    if (tagging.entities[one.entity].type == EntityType::weapon) continue;
    for (std::uint32_t t = one.tokens.begin; t < one.tokens.end; ++t) mention[t] = m;
  }
  name_weapons(*this);
  // "Mortar fire kills four": no house burns
  for (std::uint32_t t = 1; t < word.size(); ++t) {
    const bool is_fire = hash(t) == lexicon.key.fire && word[t - 1] != kNoWord &&
                         lexicon.forms_in(word[t - 1], lexicon.firing) != 0;
    if (is_fire && !marked(t, before::kComma)) word[t] = lexicon.find(lexicon.key.shellfire);
  }
  // "on May 3", "Theresa May": neither is a doubt.
  for (std::uint32_t t = 1; t < word.size(); ++t) {
    if (hash(t) != lexicon.key.may || (text.tokens[t].shape & shape::kTitle) == 0) continue;
    const bool is_date = is(t - 1, Grammar::preposition) ||
                         (t + 1 < word.size() && (text.tokens[t + 1].shape & shape::kNumber) != 0);
    if (is_date || mention[t] != kNoMention) word[t] = kNoWord;
  }
}

Party Page::named(std::uint32_t mention_index) const {
  Party party;
  const Mention& m = tagging.mentions[mention_index];
  const TaggedEntity& tagged = tagging.entities[m.entity];
  party.valid = true;
  party.tokens = m.tokens;
  party.is_team = tagged.is_team;
  party.is_demonym = m.via == Via::demonym;
  if (tagged.gazetteer == kNoEntity) return party;
  const Entity& entity = gazetteer[tagged.gazetteer];
  party.itself = tagged.gazetteer;
  party.entity = entity.acts_for;
  if (party.entity == kNoEntity && !entity.code.empty()) {
    party.entity = gazetteer.by_code(entity.code);
  }
  // "Yonhap reports": what tells of it acts for nobody, but is somebody's.
  if (entity.type == EntityType::org && entity.part == Part::none) {
    party.whose = party.entity;
    party.entity = kNoEntity;
    party.is_bystander = true;
    return party;
  }
  // The Red Sea is nobody.
  if (party.entity == kNoEntity && entity.type == EntityType::place) {
    party.valid = false;
    return party;
  }
  if (party.entity == kNoEntity) party.entity = tagged.gazetteer;
  party.part = gazetteer[party.entity].part;
  if (entity.part == Part::society) party.part = Part::society;
  if (entity.part == Part::forces) party.grammar |= bit(Grammar::forces);
  return party;
}

namespace {

std::vector<std::uint8_t> traits_of(const Page& page, TokenSpan tokens) {
  constexpr std::uint32_t kHanding =
      bit(Grammar::owner_of) | bit(Grammar::source_of) | bit(Grammar::goal_to);
  std::vector<std::uint8_t> traits(tokens.size(), 0);
  for (std::uint32_t t = tokens.begin; t < tokens.end; ++t) {
    const std::uint32_t grammar = page.grammar(t);
    std::uint8_t bits = 0;
    if ((grammar & bit(Grammar::relative)) != 0) bits |= trait::kRelative;
    if ((grammar & kHanding) != 0) bits |= trait::kHanded;
    traits[t - tokens.begin] = bits;
  }
  return traits;
}

}  // namespace

ParsedSentence::ParsedSentence(const Page& the_page, const Sentence& the_sentence, Tree the_tree)
    : page(the_page),
      sentence(the_sentence),
      tree(repaired(the_page, the_sentence, std::move(the_tree))),
      clauses(tree, traits_of(the_page, the_sentence.tokens)) {}

}  // namespace tocsin
