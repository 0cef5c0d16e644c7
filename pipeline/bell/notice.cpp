#include "pipeline/bell/notice.h"

#include <algorithm>
#include <array>
#include <map>

#include "pipeline/bell/alert_rules.h"
#include "pipeline/board/byte_codec.h"
#include "pipeline/tension/score.h"

namespace tocsin {
namespace {

constexpr std::uint8_t kVersion = 1;
// Below this neither hostility nor cooperation is worth a place in the ledger.
constexpr std::uint16_t kWorthTenths = 100;
constexpr double kEventWeightMin = 0.1;  // a weaker event says too little to be named

std::uint16_t tenths_of(double score) {
  return static_cast<std::uint16_t>(std::clamp(score * 10 + 0.5, 0.0, 1000.0));
}

// At most `bytes_max`, cut between code points.
std::string cut(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return std::string(text);
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80) --end;
  return std::string(text.substr(0, end));
}

std::string lower_ascii(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

template <std::size_t N>
bool has_any(std::string_view text, const std::array<std::string_view, N>& words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    return text.find(word) != std::string_view::npos;
  });
}

// "Opinion: ...", "Analysis | ...": the label of a piece that argues rather than reports.
bool is_opinion(const Article& article) {
  constexpr std::array<std::string_view, 9> kLabels = {"opinion", "analysis",   "editorial",
                                                       "comment", "commentary", "column",
                                                       "op-ed",   "letters",    "explainer"};
  constexpr std::array<std::string_view, 6> kPaths = {"/opinion",  "/commentisfree", "/editorial",
                                                      "/comment/", "/columnists",    "/op-ed"};
  const std::string title = lower_ascii(article.title);
  const std::string section = lower_ascii(article.section);
  for (const std::string_view label : kLabels) {
    if (section == label || section == "commentisfree") return true;
    if (!title.starts_with(label)) continue;
    const std::string_view rest = std::string_view(title).substr(label.size());
    if (rest.starts_with(':') || rest.starts_with(" |") || rest.starts_with(" -")) return true;
  }
  return has_any(lower_ascii(article.url), kPaths);
}

// A look back: an anniversary, a series on the past, or acts that are all of the past.
bool is_history(const Article& article, const Assessment& assessment) {
  constexpr std::array<std::string_view, 11> kWords = {
      "on this day",     "this day in history", "anniversary", "years ago",
      "years on",        "years after",         "years since", "throwback",
      "remembrance day", "commemorat",          "museum"};
  if (has_any(lower_ascii(article.title), kWords)) return true;
  bool has_hostile = false;
  for (const Event& event : assessment.events) {
    if (event.weight >= 0) continue;
    has_hostile = true;
    if (event.modality != Modality::historical) return false;
  }
  return has_hostile;
}

// The sentence around the evidence, or what follows it where that would be too long.
std::string sentence_at(const Text& text, TokenSpan evidence) {
  if (evidence.size() == 0) return "";
  const TokenSpan sentence = text.sentences[text.sentence_of(evidence.begin)].tokens;
  const std::string_view whole = text.slice(text.bytes_of(sentence));
  if (whole.size() <= Notice::kEvidenceBytesMax) return std::string(whole);
  return cut(text.slice(text.bytes_of({evidence.begin, sentence.end})), Notice::kEvidenceBytesMax);
}

bool counts(const Gazetteer& gazetteer, EntityIndex index) {
  if (index == kNoEntity) return false;
  const Part part = gazetteer[index].part;
  return part == Part::state || part == Part::armed || part == Part::alliance;
}

PairName name_of(const Gazetteer& gazetteer, EntityIndex first, EntityIndex second) {
  if (first == kNoEntity || (second != kNoEntity && gazetteer[second].id < gazetteer[first].id)) {
    std::swap(first, second);
  }
  const auto named = [&](const std::string& text) { return cut(text, Notice::kNameBytesMax); };
  PairName name;
  name.first = named(gazetteer[first].id);
  name.first_code = named(gazetteer[first].code);
  name.first_name = named(gazetteer[first].name);
  if (second != kNoEntity) {
    name.second = named(gazetteer[second].id);
    name.second_code = named(gazetteer[second].code);
    name.second_name = named(gazetteer[second].name);
  }
  return name;
}

// Events of each pair; one whose counterpart is unknown belongs to the known actor alone.
std::map<std::pair<EntityIndex, EntityIndex>, std::vector<Event>> events_by_pair(
    const NoticeSource& from) {
  std::map<std::pair<EntityIndex, EntityIndex>, std::vector<Event>> pairs;
  for (const Event& event : from.assessment.events) {
    if (event.weight == 0) continue;
    const EntityIndex actor = counts(from.gazetteer, event.actor) ? event.actor : kNoEntity;
    const EntityIndex recipient =
        counts(from.gazetteer, event.recipient) ? event.recipient : kNoEntity;
    if (actor == kNoEntity && recipient == kNoEntity) continue;
    // kNoEntity is the largest index: an actor alone stands first.
    if (actor == recipient) {
      pairs[{actor, kNoEntity}].push_back(event);
    } else {
      pairs[std::minmax(actor, recipient)].push_back(event);
    }
  }
  return pairs;
}

NoticePair notice_pair(const NoticeSource& from, EntityIndex first, EntityIndex second,
                       const std::vector<Event>& events) {
  const Tension tension = add_up(events);
  NoticePair pair;
  pair.name = name_of(from.gazetteer, first, second);
  pair.score = tenths_of(tension.score);
  pair.threat = tenths_of(tension.threat);
  pair.act = tenths_of(tension.act);
  pair.cooperation = tenths_of(tension.cooperation);
  for (const Event& event : events) {
    const double weight = event.weight < 0 ? -event.weight : event.weight;
    if (event.polarity != Polarity::asserted || weight < kEventWeightMin) continue;
    pair.events = static_cast<std::uint16_t>(pair.events | 1U << static_cast<unsigned>(event.type));
  }
  return pair;
}

}  // namespace

std::optional<Notice> make_notice(const NoticeSource& from, const AlertRules& rules) {
  if (!from.assessment.tension) return std::nullopt;
  Notice notice;
  for (const auto& [pair, events] : events_by_pair(from)) {
    NoticePair noticed = notice_pair(from, pair.first, pair.second, events);
    if (std::max(noticed.score, noticed.cooperation) < kWorthTenths) continue;
    notice.pairs.push_back(std::move(noticed));
  }
  if (notice.pairs.empty()) return std::nullopt;
  std::sort(notice.pairs.begin(), notice.pairs.end(), [](const NoticePair& a, const NoticePair& b) {
    if (a.score != b.score) return a.score > b.score;
    if (a.cooperation != b.cooperation) return a.cooperation > b.cooperation;
    return a.name.key() < b.name.key();
  });
  if (notice.pairs.size() > Notice::kPairsMax) notice.pairs.resize(Notice::kPairsMax);

  const Article& article = from.article;
  notice.published_at_ms = article.published_at_ms;
  const bool is_dated = article.published_at_source == PublishedAtSource::record ||
                        article.published_at_source == PublishedAtSource::clamped;
  if (is_dated) notice.flags |= Notice::kDated;
  if (is_opinion(article)) notice.flags |= Notice::kOpinion;
  if (is_history(article, from.assessment)) notice.flags |= Notice::kHistory;
  notice.tier = static_cast<std::uint8_t>(std::clamp(from.source.tier * 100 + 0.5, 0.0, 100.0));
  notice.rules = rules.matches(from);
  if (notice.rules.size() > Notice::kRulesMax) notice.rules.resize(Notice::kRulesMax);
  notice.title = cut(article.title, Notice::kTitleBytesMax);
  notice.url = cut(article.url, Notice::kUrlBytesMax);
  const auto strongest = std::max_element(
      from.assessment.events.begin(), from.assessment.events.end(),
      [](const Event& a, const Event& b) { return a.weight * a.weight < b.weight * b.weight; });
  notice.evidence = sentence_at(from.text, strongest->evidence);
  notice.evidence_rule = cut(from.lexicon.rule_id(strongest->rule), Notice::kNameBytesMax);
  return notice;
}

// version u8 | published_at i64 | flags u8 | tier u8 | pairs | rules | title, url, evidence, rule.
std::string encode(const Notice& notice) {
  ByteWriter writer;
  writer.integer(kVersion);
  writer.integer(notice.published_at_ms);
  writer.integer(notice.flags);
  writer.integer(notice.tier);
  writer.length(notice.pairs.size());
  for (const NoticePair& pair : notice.pairs) {
    for (const std::string* text :
         {&pair.name.first, &pair.name.second, &pair.name.first_code, &pair.name.second_code,
          &pair.name.first_name, &pair.name.second_name}) {
      writer.text(*text);
    }
    for (const std::uint16_t number :
         {pair.score, pair.threat, pair.act, pair.cooperation, pair.events}) {
      writer.integer(number);
    }
  }
  writer.length(notice.rules.size());
  for (const std::string& rule : notice.rules) writer.text(rule);
  for (const std::string* text :
       {&notice.title, &notice.url, &notice.evidence, &notice.evidence_rule}) {
    writer.text(*text);
  }
  return writer.bytes();
}

std::optional<Notice> decode_notice(std::string_view bytes) {
  ByteReader reader(bytes);
  if (reader.integer<std::uint8_t>() != kVersion) return std::nullopt;
  Notice notice;
  notice.published_at_ms = reader.integer<std::int64_t>();
  notice.flags = reader.integer<std::uint8_t>();
  notice.tier = reader.integer<std::uint8_t>();
  const std::size_t pairs = reader.length();
  if (pairs > Notice::kPairsMax) return std::nullopt;
  for (std::size_t i = 0; i < pairs; ++i) {
    NoticePair& pair = notice.pairs.emplace_back();
    for (std::string* text :
         {&pair.name.first, &pair.name.second, &pair.name.first_code, &pair.name.second_code,
          &pair.name.first_name, &pair.name.second_name}) {
      *text = reader.text();
    }
    for (std::uint16_t* number :
         {&pair.score, &pair.threat, &pair.act, &pair.cooperation, &pair.events}) {
      *number = reader.integer<std::uint16_t>();
    }
  }
  const std::size_t rules = reader.length();
  if (rules > Notice::kRulesMax) return std::nullopt;
  for (std::size_t i = 0; i < rules; ++i) notice.rules.push_back(reader.text());
  for (std::string* text : {&notice.title, &notice.url, &notice.evidence, &notice.evidence_rule}) {
    *text = reader.text();
  }
  if (!reader.ok() || !reader.at_end()) return std::nullopt;
  return notice;
}

}  // namespace tocsin
