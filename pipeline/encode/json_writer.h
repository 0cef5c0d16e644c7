// A compact JSON writer that appends to one string: no tree, no locale, no floating-point printing.
// The caller gives keys in the order of docs/records.md; numbers are rounded half away from zero.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tocsin {

class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  // Inside an object: `"key":`, with the comma before it where one is due.
  JsonWriter& key(std::string_view name);
  // Values; inside an array with the comma before them where one is due.
  void string(std::string_view text);
  void integer(std::int64_t number);
  void boolean(bool value);
  void null();
  // `decimals` places (0..6), trailing zeros kept, never -0: 48.6, 0.41.
  void fixed(double number, int decimals);
  void open_object();
  void close_object();
  void open_array();
  void close_array();

 private:
  [[nodiscard]] bool is_behind_value() const;
  void separate();

  std::string& out_;
};

// The text with JSON's mandatory escapes and nothing more, without quotes.
void append_escaped(std::string_view text, std::string& out);

}  // namespace tocsin
