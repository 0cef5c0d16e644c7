// An article's id in fewer bytes, for what is kept of millions: a UUID takes 17 of them, other
// hexadecimal and decimal ids a little more than half. Any bytes come back as they were.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace tocsin {

class PackedId {
 public:
  PackedId() = default;
  explicit PackedId(std::string_view id);
  // Of bytes() of another.
  static PackedId of_bytes(std::string bytes) { return PackedId(Bytes{}, std::move(bytes)); }

  [[nodiscard]] std::string text() const;
  // Empty for the empty id.
  [[nodiscard]] std::string_view bytes() const { return bytes_; }

 private:
  struct Bytes {};
  PackedId(Bytes, std::string bytes) : bytes_(std::move(bytes)) {}

  std::string bytes_;  // its form, then what that form keeps
};

}  // namespace tocsin
