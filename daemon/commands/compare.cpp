#include <cstdio>
#include <map>

#include "daemon/commands/archive.h"
#include "daemon/commands/explanation.h"
#include "daemon/commands/output.h"

namespace tocsin {
namespace {

struct Counts {
  std::uint64_t articles = 0;
  std::uint64_t raised = 0;
  std::uint64_t lowered = 0;
  std::uint64_t moved = 0;  // another score at the same level
};

// An event as far as two lexicons can agree on it, for a person.
std::string line_of(const Pipeline& pipeline, const Reading& reading, const Event& event) {
  const auto who = [&](EntityIndex index, const std::string& text) {
    if (index != kNoEntity) return printable(pipeline.gazetteer[index].name);
    return text.empty() ? std::string("?") : printable("“" + text + "”");
  };
  return std::string(name(event.type)) + " " + who(event.actor, event.actor_text) + " → " +
         who(event.recipient, event.recipient_text) + ", " + std::string(name(event.modality)) +
         ", " + std::string(name(event.polarity)) + " “" +
         printable(reading.text.slice(reading.text.bytes_of(event.evidence))) + "” " +
         std::string(pipeline.lexicon.rule_id(event.rule));
}

// The same text with its words looked up in those of another pipeline.
Reading read_by(const Pipeline& pipeline, Reading reading) {
  const std::uint32_t told_end = reading.text.told_end;
  const Article& article = reading.article;
  reading.text = make_text(article.title, article.body, article.language, pipeline.languages);
  reading.text.told_end = told_end;
  return reading;
}

std::map<std::string, double> weights_of(const Pipeline& pipeline, const Reading& reading,
                                         const Assessment& assessment) {
  std::map<std::string, double> weights;
  for (const Event& event : assessment.events)
    weights[line_of(pipeline, reading, event)] += event.weight;
  return weights;
}

void add_line(char sign, const std::string& line, double before, double after, std::string& out) {
  constexpr double kShown = 0.005;  // what the records round away is no reason
  const double change = after - before;
  if (change < kShown && change > -kShown) return;
  char numbers[48];
  std::snprintf(numbers, sizeof numbers, "  %c %+.2f → %+.2f  ", sign, before, after);
  out += numbers + line + "\n";
}

// The events that one of the two lacks, or weighs otherwise.
std::string reasons(const std::map<std::string, double>& before,
                    const std::map<std::string, double>& after) {
  std::string out;
  for (const auto& [line, weight] : before) {
    const auto found = after.find(line);
    if (found == after.end()) add_line('-', line, weight, 0, out);
    if (found != after.end()) add_line('~', line, weight, found->second, out);
  }
  for (const auto& [line, weight] : after) {
    if (!before.contains(line)) add_line('+', line, 0, weight, out);
  }
  return out;
}

std::string level_text(const Assessment& assessment) {
  if (!assessment.tension) return "not scored";
  char score[16];
  std::snprintf(score, sizeof score, " %.1f", assessment.tension->score);
  return std::string(name(assessment.tension->level)) + score;
}

class Comparison {
 public:
  Comparison(const Pipeline& before, const Pipeline& after) : before_(before), after_(after) {}

  // One article; what there is to print of it.
  std::string add(const Reading& reading) {
    ++counts_.articles;
    const Assessment before = analyse(before_, reading).assessment;
    const Assessment after = analyse(after_, read_by(after_, reading)).assessment;
    const double old_score = before.tension ? before.tension->score : 0;
    const double new_score = after.tension ? after.tension->score : 0;
    const Level old_level = before.tension ? before.tension->level : Level::none;
    const Level new_level = after.tension ? after.tension->level : Level::none;
    if (old_level == new_level && before.tension.has_value() == after.tension.has_value()) {
      if (old_score != new_score) ++counts_.moved;
      return {};
    }
    ++(new_level > old_level ? counts_.raised : counts_.lowered);
    return printable(reading.article.id) + "  " + level_text(before) + " → " + level_text(after) +
           "  " + printable(reading.article.title) + "\n" +
           reasons(weights_of(before_, reading, before), weights_of(after_, reading, after));
  }

  [[nodiscard]] std::string summary() const {
    return std::to_string(counts_.articles) + " articles: " + std::to_string(counts_.raised) +
           " at a higher level, " + std::to_string(counts_.lowered) + " at a lower, " +
           std::to_string(counts_.moved) + " with another score at the same level\n";
  }

 private:
  const Pipeline& before_;
  const Pipeline& after_;
  Counts counts_;
};

}  // namespace

ExitCode compare(const ReplayOptions& options) {
  const Setup before = load_setup(options.config, options.format);
  if (!before.pipeline) return ExitCode::bad_input;
  const Setup after = load_setup(options.compare, options.format);
  if (!after.pipeline) return ExitCode::bad_input;
  Comparison comparison(*before.pipeline, *after.pipeline);
  bool is_written = true;
  Archive archive(before.config, before.pipeline, options.workers);
  archive.on_reading = [&](const Reading& reading) {
    is_written = is_written && write_output(comparison.add(reading));
  };
  archive.on_outcomes = [&](const std::string&) { return is_written; };
  const ExitCode code = replay_files(before, options.files, archive);
  if (code != ExitCode::fine) return code;
  return write_output(comparison.summary()) ? ExitCode::fine : ExitCode::failed;
}

}  // namespace tocsin
