#include "tests/simulation/articles.h"

namespace tocsin::simulation {

namespace {

std::string word(Random& random) {
  static constexpr const char* kSyllables[] = {"ba", "co", "di", "fe", "gu", "ha", "jo", "ki",
                                               "lu", "me", "no", "pa", "ri", "so", "tu", "ve"};
  std::string result;
  for (int i = 0; i < 3; ++i) result += kSyllables[random.below(16)];
  return result;
}

}  // namespace

Writer::Writer(Random& random) : random_(random) {
  if (random_.chance(120)) refused_per_mille_ = 60;
  has_deadly_ = random_.chance(60);
  has_unreadable_ = random_.chance(60);
  has_bomb_ = !has_unreadable_ && random_.chance(60);
}

std::string Writer::words(std::int64_t count) {
  std::string text;
  for (std::int64_t i = 0; i < count; ++i) text += (i > 0 ? " " : "") + word(random_);
  return text;
}

Record Writer::write(std::int64_t now_ms, std::int64_t window_ms) {
  Record record;
  record.timestamp_ms = now_ms - random_.between(0, 3000);
  if (random_.chance(60)) record.timestamp_ms = now_ms - random_.between(0, 3 * window_ms);
  if (random_.chance(20)) record.timestamp_ms = now_ms + random_.between(0, 2 * window_ms);
  record.key = "key-" + std::to_string(random_.below(9));
  if (random_.chance(500)) record.headers.emplace_back("trace", "t");
  if (random_.chance(20)) {
    record.has_value = false;
    return record;
  }
  if (random_.chance(30)) {
    record.value = "{\"title\": broken";
    if (random_.chance(refused_per_mille_ * 5)) record.value += kTooLong;
    return record;
  }
  std::vector<std::string> story;
  if (stories_.empty() || random_.chance(400)) {
    for (int i = 0; i < 40; ++i) story.push_back(word(random_));
    stories_.push_back(story);
  } else {
    story = stories_[static_cast<std::size_t>(
        random_.below(static_cast<std::int64_t>(stories_.size())))];
    for (std::int64_t edits = random_.below(3); edits > 0; --edits) {
      story[static_cast<std::size_t>(random_.below(40))] = word(random_);
    }
  }
  std::string title = words(4);
  if (random_.chance(refused_per_mille_)) title += std::string(" ") + kRefused;
  if (random_.chance(refused_per_mille_ / 4)) title += std::string(" ") + kTooLong;
  if (has_deadly_ && random_.chance(100)) {
    has_deadly_ = false;
    title += std::string(" ") + kDeadly;
  }
  if (has_unreadable_ && random_.chance(100)) {
    has_unreadable_ = false;
    title += std::string(" ") + kUnreadable;
  }
  if (has_bomb_ && random_.chance(100)) {
    has_bomb_ = false;
    title += std::string(" ") + kBomb;
  }
  std::string body;
  for (const std::string& part : story) body += part + " ";
  record.value = "{\"title\":\"" + title + "\",\"body\":\"" + body + "\",\"source\":\"outlet " +
                 std::to_string(random_.below(4)) + "\"}";
  return record;
}

}  // namespace tocsin::simulation
