#include "daemon/commands/explanation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>
#include <vector>

#include "pipeline/tension/trees.h"

namespace tocsin {

namespace {

std::string padded(std::string text, std::size_t columns) {
  const std::size_t width = width_of(text);
  if (width < columns) text.append(columns - width, ' ');
  return text;
}

// A number as the records have it: one decimal or two, never "-0.0".
std::string decimal(double value, int digits) {
  std::string text = fmt::format("{:.{}f}", value, digits);
  if (text.find_first_not_of("-0.") == std::string::npos && text.front() == '-') text.erase(0, 1);
  return text;
}

std::string who(const Gazetteer& gazetteer, EntityIndex index, const std::string& text,
                std::string_view absent) {
  if (index != kNoEntity) return printable(gazetteer[index].name);
  return text.empty() ? std::string(absent) : printable("“" + text + "”");
}

std::string entity_line(const Pipeline& pipeline, const Reading& reading, const Tagging& tagging,
                        std::size_t index, const ExplanationStyle& style) {
  const TaggedEntity& tagged = tagging.entities[index];
  const bool is_known = tagged.gazetteer != kNoEntity;
  const Entity* entity = is_known ? &pipeline.gazetteer[tagged.gazetteer] : nullptr;
  // The forms it goes by, with their counts: "Russia ×3, Kremlin (metonym)".
  std::vector<std::pair<std::string, int>> forms;
  for (const Mention& mention : tagging.mentions) {
    if (mention.entity != index || mention.tokens.size() == 0) continue;
    std::string form = printable(reading.text.slice(reading.text.bytes_of(mention.tokens)));
    if (mention.via != Via::name) form += " (" + std::string(name(mention.via)) + ")";
    const auto found = std::find_if(forms.begin(), forms.end(),
                                    [&](const auto& known) { return known.first == form; });
    if (found == forms.end()) {
      forms.emplace_back(std::move(form), 1);
    } else {
      ++found->second;
    }
  }
  std::string listed;
  for (const auto& [form, count] : forms) {
    listed += (listed.empty() ? "" : ", ") + form;
    if (count > 1) listed += " ×" + std::to_string(count);
  }
  const std::string shown = printable(is_known ? entity->name : tagged.name);
  std::string type(name(tagged.type));
  if (tagged.is_team) type += " (team)";
  std::string out = "  " + decimal(tagged.salience, 2) + "  ";
  out += paint(Paint::entity, padded(shown, 24), style) + "  ";
  out += padded(type, 8) + "  " + padded(is_known ? entity->code : "", 4);
  out += padded(is_known ? entity->id : "–", 10) + "  ";
  return out + paint(Paint::dim, listed, style) + "\n";
}

// Parts of a score by event: noisy-OR is additive in log(1 - weight), so each distinct act (actor,
// type, recipient: repeats do not add) has its share of the sum of logarithms.
std::vector<double> shares(const std::vector<Event>& events, bool hostile, double score) {
  constexpr double kWeightMax = 0.999;
  std::map<std::tuple<EntityIndex, std::string, EventType, EntityIndex, std::string>, std::size_t>
      strongest;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const Event& event = events[i];
    if (event.weight == 0 || (event.weight < 0) != hostile) continue;
    const auto key = std::make_tuple(event.actor, event.actor_text, event.type, event.recipient,
                                     event.recipient_text);
    const auto [found, is_new] = strongest.emplace(key, i);
    if (!is_new && std::abs(event.weight) > std::abs(events[found->second].weight)) {
      found->second = i;
    }
  }
  std::vector<double> parts(events.size(), 0.0);
  double sum = 0;
  for (const auto& [key, i] : strongest) {
    parts[i] = -std::log1p(-std::min(kWeightMax, std::abs(events[i].weight)));
    sum += parts[i];
  }
  for (double& part : parts) part = sum > 0 ? part / sum * score : 0;
  return parts;
}

// "…2.1 scale × 0.90 position": only the factors that change something.
std::string factor_text(const Event& event) {
  std::string out = decimal(event.factors.scale, 2) + " scale";
  const auto add = [&out](double factor, std::string_view label) {
    if (std::abs(factor - 1.0) < 0.005) return;
    out += " × " + decimal(factor, 2) + " " + std::string(label);
  };
  add(event.factors.modality, "modality");
  add(event.factors.position, "position");
  add(event.factors.dyad, "dyad");
  add(event.factors.gate, "gate");
  return out;
}

std::string event_lines(const Pipeline& pipeline, const Reading& reading, const Event& event,
                        std::size_t number, const ExplanationStyle& style) {
  const Paint side = event.scale < 0 ? Paint::hostile : Paint::cooperative;
  std::string head(name(event.type));
  if (!event.mode.empty()) head += " " + event.mode;
  std::string out = padded("  " + std::to_string(number), 6);
  out += paint(side, padded(head, 22), style) + " ";
  out +=
      paint(Paint::bold, who(pipeline.gazetteer, event.actor, event.actor_text, "someone"), style);
  out += " → ";
  out +=
      paint(Paint::bold,
            who(pipeline.gazetteer, event.recipient, event.recipient_text, "no one named"), style);
  out += "  " + std::string(name(event.modality)) + ", " + std::string(name(event.polarity));
  if (event.attribution != kNoEntity) {
    out += ", says " + who(pipeline.gazetteer, event.attribution, "", "");
  }
  out += "\n";
  const std::string indent(6, ' ');
  if (event.evidence.size() > 0) {
    const std::string_view slice = reading.text.slice(reading.text.bytes_of(event.evidence));
    out += indent + paint(side, "“" + printable(slice) + "”", style) + "\n";
  }
  std::string why = decimal(event.weight, 2) + " = " + factor_text(event);
  why += "   scale " + decimal(event.scale, 1);
  if (!event.cameo.empty()) why += "   CAMEO " + event.cameo;
  why += "   rule " + std::string(pipeline.lexicon.rule_id(event.rule));
  return out + indent + paint(Paint::dim, why, style) + "\n";
}

std::string bar(double part, double whole) {
  constexpr double kBarColumns = 20;
  const auto columns = whole > 0 ? static_cast<int>(std::lround(part / whole * kBarColumns)) : 0;
  std::string out;
  for (int i = 0; i < columns; ++i) out += "█";
  return out;
}

// One side of the score as the sum of its evidence.
std::string sum_lines(const Pipeline& pipeline, const std::vector<Event>& events, bool hostile,
                      double score, const ExplanationStyle& style) {
  const std::vector<double> parts = shares(events, hostile, score);
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i] > 0) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return parts[a] > parts[b]; });
  // Tenths are handed out so that the lines add up to the score as printed.
  std::string out;
  double given = 0;
  double exact = 0;
  for (const std::size_t i : order) {
    exact += parts[i];
    const double rounded = std::round(exact * 10) / 10 - given;
    given += rounded;
    const Event& event = events[i];
    out += fmt::format("  {:>6}  ", decimal(rounded, 1));
    out += paint(hostile ? Paint::hostile : Paint::cooperative, padded(bar(parts[i], score), 20),
                 style);
    out += fmt::format("  {:<4}{:<10} ", i + 1, name(event.type));
    out += who(pipeline.gazetteer, event.actor, event.actor_text, "someone") + " → " +
           who(pipeline.gazetteer, event.recipient, event.recipient_text, "no one named") + "\n";
  }
  out += fmt::format("  {:>6}  ", decimal(score, 1));
  return out + paint(Paint::bold, hostile ? "tension" : "cooperation", style) + "\n";
}

std::string heading(std::string_view text, const ExplanationStyle& style) {
  return "\n" + paint(Paint::bold, text, style) + "\n";
}

std::string score_lines(const Pipeline& pipeline, const Assessment& assessment,
                        const std::string& language, const ExplanationStyle& style) {
  if (!assessment.tension) {
    return heading("Tension", style) + "  not scored: no lexicon for the language of the text (" +
           printable(language) + ")\n";
  }
  const Tension& tension = *assessment.tension;
  std::string out = heading("Tension " + decimal(tension.score, 1) + " of 100, " +
                                std::string(name(tension.level)) + ", as the sum of its evidence",
                            style);
  out += sum_lines(pipeline, assessment.events, true, tension.score, style);
  if (tension.cooperation > 0) {
    out += "\n" + sum_lines(pipeline, assessment.events, false, tension.cooperation, style);
  }
  out += fmt::format("\n  threat {}   act {}   escalation {}{}   confidence {}\n",
                     decimal(tension.threat, 1), decimal(tension.act, 1),
                     tension.escalation > 0 ? "+" : "", decimal(tension.escalation, 1),
                     decimal(tension.confidence, 2));
  for (const Dyad& dyad : assessment.dyads) {
    out += fmt::format("  {:>6}  {} – {}\n", decimal(dyad.score, 1),
                       who(pipeline.gazetteer, dyad.first, "", "?"),
                       who(pipeline.gazetteer, dyad.second, "", "?"));
  }
  return out;
}

// Of each piece of the text that was read, with the events it gave.
std::string tree_lines(const Pipeline& pipeline, const Reading& reading, const Analysis& analysis,
                       const ExplanationStyle& style) {
  std::string out = heading("Trees", style);
  bool is_first = true;
  for (const TokenSpan piece : analysis.assessment.read) {
    std::string numbers;
    for (std::size_t i = 0; i < analysis.assessment.events.size(); ++i) {
      const TokenSpan evidence = analysis.assessment.events[i].evidence;
      if (evidence.begin < piece.begin || evidence.begin >= piece.end) continue;
      numbers += (numbers.empty() ? "" : ", ") + std::to_string(i + 1);
    }
    if (!is_first) out += "\n";
    is_first = false;
    const std::string title = numbers.empty() ? "read, no event" : "of " + numbers;
    out += "  " + paint(Paint::dim, title, style) + "\n";
    out += tree_text(
        reading.text,
        tree_of(pipeline.lexicon, pipeline.gazetteer, reading.text, analysis.tagging, piece),
        style);
  }
  return is_first ? out + "  none\n" : out;
}

std::string facts(const Reading& reading) {
  const Article& article = reading.article;
  std::string out;
  const auto add = [&out](const std::string& fact) {
    if (fact.empty()) return;
    out += (out.empty() ? "" : " · ") + printable(fact);
  };
  add(reading.source.name);
  add(article.author);
  if (article.published_at_source != PublishedAtSource::none) {
    add(format_time(article.published_at_ms));
  }
  add(article.section);
  add(reading.text.language);
  add(fmt::format("{} words", reading.text.tokens.size()));
  add(article.url);
  return out;
}

}  // namespace

std::string explanation(const Pipeline& pipeline, const Reading& reading, const Analysis& analysis,
                        const ExplanationStyle& style) {
  std::string out = marked_text(reading, analysis, style);
  out += "\n  " + paint(Paint::dim, facts(reading), style) + "\n";
  const Tagging& tagging = analysis.tagging;
  out += heading("Who and what", style);
  if (tagging.entities.empty()) out += "  nobody that the gazetteer knows\n";
  for (std::size_t i = 0; i < tagging.entities.size(); ++i) {
    out += entity_line(pipeline, reading, tagging, i, style);
  }
  const std::vector<Event>& events = analysis.assessment.events;
  out += heading("Events", style);
  if (events.empty()) out += "  none\n";
  for (std::size_t i = 0; i < events.size(); ++i) {
    out += event_lines(pipeline, reading, events[i], i + 1, style);
  }
  if (style.has_trees) out += tree_lines(pipeline, reading, analysis, style);
  return out + score_lines(pipeline, analysis.assessment, reading.text.language, style);
}

}  // namespace tocsin
