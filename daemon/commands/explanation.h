// One article for a person: the text with entities and evidence marked, who is in it, who did what
// to whom, and the score as the sum of its evidence.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "daemon/commands/output.h"
#include "pipeline/pipeline.h"
#include "pipeline/syntax/tree.h"

namespace tocsin {

struct ExplanationStyle {
  bool has_colour = false;  // ANSI; otherwise [entities] and {evidence}
  std::size_t width = 80;   // columns of the terminal
  bool has_trees = false;   // the tree of each sentence that was read
};

// Pure. Control characters of the article are shown as "·", so that it cannot steer a terminal.
[[nodiscard]] std::string explanation(const Pipeline& pipeline, const Reading& reading,
                                      const Analysis& analysis, const ExplanationStyle& style);

// The marked and wrapped text alone.
[[nodiscard]] std::string marked_text(const Reading& reading, const Analysis& analysis,
                                      const ExplanationStyle& style);

// A tree on its side, a word a line in the order of the text, with tag and relation.
[[nodiscard]] std::string tree_text(const Text& text, const Tree& tree,
                                    const ExplanationStyle& style);

// Columns of a printable UTF-8 text, each code point one.
[[nodiscard]] std::size_t width_of(std::string_view text);

// A page of its own of a coloured explanation: every other character is escaped.
[[nodiscard]] std::string html_page(std::string_view coloured);

// ANSI styles; each is one letter of what paint() takes.
enum class Paint : std::uint8_t { plain, bold, dim, entity, hostile, cooperative };
[[nodiscard]] std::string paint(Paint paint, std::string_view text, const ExplanationStyle& style);

}  // namespace tocsin
