// Texts that try to make one stage or another take more than linear time, of any length.
// Promises: the same bytes in every run; valid UTF-8.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace tocsin {

// Repeated until the text is long enough.
inline constexpr std::array<std::string_view, 36> kHostilePieces = {
    // Names: one, many of one surname, titles, what is resolved by looking around.
    "VLADIMIR PUTIN JOHN SMITH NATO ",
    "John Smith ",
    "Georgia ",
    "President Mossberg of the Bank of ",
    "New York City, Georgia, ",
    "Mr A. B. C. van de la ",
    "The Ministry of Foreign Affairs of Russia and the Bank of Canada, ",
    "Russian Ukrainian Israeli ",
    // Acts and how they are said, in a sentence that never ends.
    "Russia will attack Ukraine if Israel said it has not ",
    "said ",
    "it said it ",
    "not very really ",
    "threatened to invade and ",
    "the a the ",
    "reportedly attacked, according to Iran, which invaded ",
    "soldiers of the army and rebels ",
    "talks between Iran and Iraq and Israel and ",
    // Signs.
    "\"",
    "'",
    "a'",
    "(",
    "[] ",
    "- ",
    ". ",
    "A.",
    "1,000.5,",
    "7",
    "\n",
    "x\n\n",
    // Markup.
    "<",
    "<a b=\"",
    "<!--",
    "<script>",
    "<p '",
    "<?xml &",
    "&amp;",
};

inline std::string repeated(std::string_view piece, std::size_t bytes) {
  std::string text;
  text.reserve(bytes + piece.size());
  while (text.size() < bytes) text += piece;
  return text;
}

// "Kathy Abaa": as many names as fit, all different; `then` follows each.
inline std::string distinct_names(std::size_t bytes, std::string_view then) {
  std::string text;
  for (std::size_t number = 0; text.size() < bytes; ++number) {
    text += "Kathy B";
    for (std::size_t rest = number + 26; rest > 0; rest /= 26) {
      text += static_cast<char>('a' + rest % 26);
    }
    text += then;
  }
  return text;
}

// A name of half the text, then its surname again and again.
inline std::string endless_name(std::size_t bytes) {
  return "Kathy A" + std::string(bytes / 2, 'a') + " Smith. " + repeated("Smith. ", bytes / 2);
}

}  // namespace tocsin
