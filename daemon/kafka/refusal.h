// Why brokers turned a connection away as of last: a login, a certificate; or why we have no login.
// Noted by all clients of the process, so that a start can say it instead of "do not answer".
// Thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace tocsin::kafka {

// A line of librdkafka's log; nothing unless it tells of a refusal.
void note_if_refused(std::string_view line);
// `x509_error`: OpenSSL's X509_V_ERR_...; `broker`: as librdkafka names it.
void note_bad_certificate(std::string_view broker, int x509_error);
// A login that we cannot even begin; `reason` names the file.
void note_no_token(const std::string& reason);
// For a person; empty: there was none.
[[nodiscard]] std::string refusal();

}  // namespace tocsin::kafka
