#include "daemon/kafka/refusal.h"

#include <openssl/x509_vfy.h>

#include <mutex>

namespace tocsin::kafka {
namespace {

std::mutex mutex;
std::string last;  // guarded by mutex

void note(std::string reason) {
  const std::lock_guard lock(mutex);
  last = std::move(reason);
}

}  // namespace

void note_if_refused(std::string_view line) {
  const auto tells = [line](std::string_view text) { return line.find(text) != line.npos; };
  if (tells("SASL authentication error") || tells("SASL mechanism")) {
    note("the brokers refuse the login (kafka.client, kafka.client_files: sasl...): " +
         std::string(line));
  } else if (tells("alert bad certificate") || tells("alert certificate") ||
             tells("alert unknown ca") || tells("certificate required")) {
    note(
        "the brokers refuse our certificate, or want one (kafka.client: ssl.certificate.location, "
        "ssl.key.location): " +
        std::string(line));
  }
}

void note_bad_certificate(std::string_view broker, int x509_error) {
  note("the certificate of " + std::string(broker) +
       " cannot be trusted: " + X509_verify_cert_error_string(x509_error) +
       " (kafka.client: ssl.ca.location; the names in the certificate and in kafka.brokers)");
}

void note_no_token(const std::string& reason) {
  note("there is no login without a token (kafka.client_files): " + reason);
}

std::string refusal() {
  const std::lock_guard lock(mutex);
  return last;
}

}  // namespace tocsin::kafka
