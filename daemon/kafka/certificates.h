// Our own certificate and the authorities we trust, renewed while clients live. librdkafka reads
// their files when a client begins and has no call to change them, so OpenSSL is asked: a callback
// of the client's context gives each new connection what the files hold by then.
#pragma once

#include <openssl/ssl.h>

#include <map>
#include <memory>
#include <string>

#include "daemon/kafka/client.h"

namespace tocsin::kafka {

// The OpenSSL context that rd_kafka_new() makes on this thread; nullptr: it made none.
class CreatedTls {
 public:
  CreatedTls();
  [[nodiscard]] SSL_CTX* get() const;
};

// A certificate with its chain and key, as two files hold them, which may be one.
class Identity;

// Of one client. Both calls under one lock of the caller's; what the callback reads has its own.
class Certificates {
 public:
  // `context` outlives it, or may be nullptr: nothing is renewed. Right after the client was made:
  // a connection that is quicker shows what librdkafka read a moment ago.
  Certificates(SSL_CTX* context, const Conf& conf);
  // Looks at the files; logs what is new, and what cannot be used.
  void renew();
  [[nodiscard]] bool is_watched() const { return identity_ || !authorities_file_.empty(); }

 private:
  SSL_CTX* context_;
  std::shared_ptr<Identity> identity_;  // clients of the same files share it
  std::string authorities_file_;
  std::string authorities_;  // what it held
};

}  // namespace tocsin::kafka
