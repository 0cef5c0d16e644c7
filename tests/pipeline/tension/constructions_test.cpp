// Sentences of the news in many constructions (constructions.tsv): who does what to whom, and
// whether it is hostile, cooperative or neither.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/pipeline/tension/shipped.h"

namespace tocsin {
namespace {

struct Construction {
  std::string kind;
  std::string direction;  // H, C, N: the sign of the escalation beyond 10
  std::string actor;      // code or name; several joined by "|"; "-": not asked for
  std::string recipient;
  std::string text;
  std::string event;
};

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

std::vector<Construction> read_constructions() {
  std::ifstream file(TOCSIN_CONSTRUCTIONS);
  std::vector<Construction> all;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.front() == '#') continue;
    const std::vector<std::string> fields = split(line, '\t');
    if (fields.size() != 6) {
      ADD_FAILURE() << "six fields, not " << fields.size() << ": " << line;
      continue;
    }
    all.push_back({fields[0], fields[1], fields[2], fields[3], fields[4], fields[5]});
  }
  return all;
}

bool is_wanted(const std::string& got, const std::string& wanted) {
  if (wanted == "-") return true;
  for (const std::string& each : split(wanted, '|')) {
    if (each == got) return true;
  }
  return false;
}

std::string direction_of(const Assessment& assessment) {
  constexpr double kBand = 10;
  if (!assessment.tension) return "N";
  const double escalation = assessment.tension->escalation;
  return escalation > kBand ? "H" : escalation < -kBand ? "C" : "N";
}

TEST(Constructions, EachIsReadAsItIsMeant) {
  const auto who = [&](EntityIndex index) {
    return index == kNoEntity ? std::string("nobody") : shipped().gazetteer[index].name;
  };
  const auto is_party = [&](EntityIndex index, const std::string& wanted) {
    if (index == kNoEntity) return is_wanted("-", wanted);
    const Entity& entity = shipped().gazetteer[index];
    return is_wanted(entity.name, wanted) ||
           (!entity.code.empty() && is_wanted(entity.code, wanted));
  };
  const std::vector<Construction> all = read_constructions();
  ASSERT_GT(all.size(), 100U);
  // Misread today: the report about Goma that is rejected as nonsense.
  constexpr std::size_t kKnown = 1;
  std::size_t wrong = 0;
  for (const Construction& each : all) {
    const Assessment assessment = assess_text("", each.text);
    bool is_right = direction_of(assessment) == each.direction;
    std::string got = direction_of(assessment);
    const auto top = std::max_element(
        assessment.events.begin(), assessment.events.end(),
        [](const Event& a, const Event& b) { return a.weight * a.weight < b.weight * b.weight; });
    if (each.direction != "N" && top != assessment.events.end()) {
      const EntityIndex actor = top->guessed_actor == kNoEntity ? top->actor : top->guessed_actor;
      is_right = is_right && is_wanted(std::string(name(top->type)), each.event) &&
                 is_party(actor, each.actor) && is_party(top->recipient, each.recipient);
      got += ' ' + std::string(name(top->type)) + ' ' + who(actor) + " > " + who(top->recipient);
    }
    if (is_right) continue;
    std::printf("  %s: %s\n    got %s\n", each.kind.c_str(), each.text.c_str(), got.c_str());
    ++wrong;
  }
  EXPECT_LE(wrong, kKnown);
}

}  // namespace
}  // namespace tocsin
