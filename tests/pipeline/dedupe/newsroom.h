// Invents news: stories, the templates that agencies fill in every day, the frames that sites put
// around a story, and what becomes of one on its way (cut, edited, updated). Equal seeds, equal
// texts; nothing in it is from a real article.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin::test {

using Paragraphs = std::vector<std::string>;

[[nodiscard]] std::string join(const Paragraphs& paragraphs, std::string_view by = "\n\n");

class Newsroom {
 public:
  explicit Newsroom(std::uint64_t seed) : random_(seed) {}

  std::uint64_t below(std::uint64_t end) { return random_() % end; }

  // Of about 20 words, with names and mostly a number in it.
  std::string sentence();
  // With names and numbers or, `plain`, without any.
  std::string plain_sentence();
  Paragraphs story(std::size_t paragraphs);

  // One item of a kind that is published daily; two of a kind share their frame only.
  static constexpr std::size_t kTemplates = 10;
  std::string item(std::size_t which);

  // A site's own words, the same under (over, amid) all of its stories; about `words` long.
  std::string frame(std::size_t words);
  // Short lines of the same kind: "Read more", share buttons, bylines.
  std::string loose_line();
  std::string dateline();

  // The same story on its way.
  Paragraphs edited(Paragraphs paragraphs, std::size_t percent_of_words);
  Paragraphs dropped(Paragraphs paragraphs, std::size_t percent_of_paragraphs);
  static std::string cut(const Paragraphs& paragraphs, std::size_t percent_of_words);

  std::string name();
  std::string place();
  std::string number(std::uint64_t from, std::uint64_t to);

 private:
  std::string_view one_of(std::initializer_list<std::string_view> words);
  std::string figures_item(std::size_t which);
  std::string_view noun();
  std::string_view verb();
  std::string_view adjective();
  std::string outlet();
  std::string day();

  std::mt19937_64 random_;
};

}  // namespace tocsin::test
