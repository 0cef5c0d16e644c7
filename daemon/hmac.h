// Keyed hashes (RFC 2104) of what leaves the process and may come back.
#pragma once

#include <string>
#include <string_view>

namespace tocsin {

// HMAC-SHA256 of `text`: 64 hexadecimal digits.
[[nodiscard]] std::string hmac_sha256_hex(std::string_view key, std::string_view text);

}  // namespace tocsin
