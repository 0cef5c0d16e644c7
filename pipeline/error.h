// What inputs and brokers can cause, as a value. Every fallible function of the pipeline returns
// Result<T>; nothing on the data path throws.
#pragma once

#include <boost/system/result.hpp>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace tocsin {

// The stage an article failed in; becomes `stage` of a dead letter.
enum class Stage : std::uint8_t { decode, analyse, encode, publish };

// Why an article failed; becomes `code` of a dead letter. Names stand in docs/records.md.
enum class Errc : std::uint8_t {
  invalid_json,      // not one JSON object
  invalid_utf8,      // bytes are not UTF-8, or an escape makes a lone surrogate
  wrong_type,        // a mapped field is not of its type (title is a number, ...)
  no_text,           // neither title nor body
  too_deep,          // nested deeper than limits.json_depth_max
  too_large,         // longer than limits.article_bytes_max
  id_too_long,       // `id` longer than limits.id_bytes_max
  over_budget,       // more tokens than limits.tokens_max
  output_too_large,  // the record to publish is longer than limits.output_bytes_max
  poison,            // the broker refused the record again and again
};

[[nodiscard]] std::string_view name(Stage) noexcept;
[[nodiscard]] std::string_view name(Errc) noexcept;

struct Error {
  Stage stage = Stage::decode;
  Errc code = Errc::invalid_json;
  std::string message;  // for a person; never text of the article
};

// Lets Result<T>::value() compile; reaching it is a bug of ours, not of the input.
[[noreturn]] inline void throw_exception_from_error(const Error& error,
                                                    const boost::source_location&) {
  throw std::logic_error("Result::value() on an error: " + error.message);
}

template <class T>
using Result = boost::system::result<T, Error>;

}  // namespace tocsin
