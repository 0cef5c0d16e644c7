#include "daemon/kafka/certificates.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <spdlog/spdlog.h>

#include <mutex>
#include <utility>

#include "config/kafka_properties.h"

namespace tocsin::kafka {
namespace {

constexpr std::size_t kFileBytesMax = 1 << 20;

struct Free {
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(STACK_OF(X509) * chain) const { sk_X509_pop_free(chain, X509_free); }
};
template <class T>
using Freed = std::unique_ptr<T, Free>;

thread_local SSL_CTX* last_made = nullptr;

void note_context(void* context, void*, CRYPTO_EX_DATA*, int, long, void*) {
  last_made = static_cast<SSL_CTX*>(context);
}

std::string last_of(const Conf& conf, const std::string& property) {
  std::string last;
  for (const auto& [key, value] : conf) {
    if (key == property) last = value;
  }
  return last;
}

// The file that holds ssl.<what>, given as its place or by kafka.client_files.
std::string file_of(const Conf& conf, const std::string& what) {
  const std::string place = last_of(conf, "ssl." + what + ".location");
  return place.empty() ? last_of(conf, std::string(kFileMark) + "ssl." + what + ".pem") : place;
}

std::string content_of(const std::string& file) {
  std::string text;
  return read_file(file, kFileBytesMax, text).empty() ? text : "";
}

Freed<BIO> bio_of(const std::string& text) {
  return Freed<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string end_of(const X509& certificate) {
  const Freed<BIO> out(BIO_new(BIO_s_mem()));
  ASN1_TIME_print(out.get(), X509_get0_notAfter(&certificate));
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

}  // namespace

class Identity {
 public:
  Identity(std::string certificate_file, std::string key_file, std::string password)
      : certificate_file_(std::move(certificate_file)),
        key_file_(std::move(key_file)),
        password_(std::move(password)) {
    seen_ = {content_of(certificate_file_), content_of(key_file_)};  // librdkafka reads it itself
  }

  void renew() {
    std::pair<std::string, std::string> now{content_of(certificate_file_), content_of(key_file_)};
    if (now == seen_ || now.first.empty() || now.second.empty()) return;
    seen_ = std::move(now);
    const bool is_taken = take();
    ERR_clear_error();
    if (is_taken) {
      spdlog::info("kafka: new connections show the renewed certificate file={} valid_until={}",
                   certificate_file_, end_of(*certificate_));
    } else {
      spdlog::warn(
          "kafka: no certificate with its key, connections show the one before file={} key={}",
          certificate_file_, key_file_);
    }
  }

  // Whenever a broker asks for our certificate. One that cannot be used leaves the one before.
  static int show(SSL* connection, void* self) {
    const auto* identity = static_cast<Identity*>(self);
    if (identity == nullptr) return 1;
    const std::lock_guard lock(identity->mutex_);
    if (identity->certificate_) {
      SSL_use_cert_and_key(connection, identity->certificate_.get(), identity->key_.get(),
                           identity->chain_.get(), 1);
    }
    return 1;
  }

 private:
  bool take() {
    const Freed<BIO> certificates = bio_of(seen_.first);
    Freed<X509> certificate(PEM_read_bio_X509(certificates.get(), nullptr, nullptr, nullptr));
    Freed<STACK_OF(X509)> chain(sk_X509_new_null());
    while (X509* next = PEM_read_bio_X509(certificates.get(), nullptr, nullptr, nullptr)) {
      sk_X509_push(chain.get(), next);
    }
    // Without a function for it OpenSSL takes its argument for the password.
    Freed<EVP_PKEY> key(
        PEM_read_bio_PrivateKey(bio_of(seen_.second).get(), nullptr, nullptr, password_.data()));
    if (!certificate || !key || X509_check_private_key(certificate.get(), key.get()) != 1) {
      return false;
    }
    const std::lock_guard lock(mutex_);
    certificate_ = std::move(certificate);
    chain_ = std::move(chain);
    key_ = std::move(key);
    return true;
  }

  const std::string certificate_file_;
  const std::string key_file_;
  std::string password_;
  std::pair<std::string, std::string> seen_;  // contents of both

  mutable std::mutex mutex_;  // handshakes are on librdkafka's threads
  Freed<X509> certificate_;   // nullptr: still the one that librdkafka read
  Freed<STACK_OF(X509)> chain_;
  Freed<EVP_PKEY> key_;
};

CreatedTls::CreatedTls() {
  static const int index =
      CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_SSL_CTX, 0, nullptr, note_context, nullptr, nullptr);
  static_cast<void>(index);
  last_made = nullptr;
}

SSL_CTX* CreatedTls::get() const {
  return last_made;
}

Certificates::Certificates(SSL_CTX* context, const Conf& conf) : context_(context) {
  if (context == nullptr) return;
  // One of all clients, so that a renewal is read and told once.
  static std::map<std::pair<std::string, std::string>, std::shared_ptr<Identity>> identities;
  std::pair files{file_of(conf, "certificate"), file_of(conf, "key")};
  if (!files.first.empty() && !files.second.empty()) {
    std::shared_ptr<Identity>& shared = identities[files];
    if (!shared) {
      shared =
          std::make_shared<Identity>(files.first, files.second, last_of(conf, "ssl.key.password"));
    }
    identity_ = shared;
    SSL_CTX_set_cert_cb(context, &Identity::show, identity_.get());
  }
  authorities_file_ = last_of(conf, "ssl.ca.location");
  authorities_ = content_of(authorities_file_);
  if (authorities_.empty()) authorities_file_.clear();  // a folder, or the system's
}

void Certificates::renew() {
  if (identity_) identity_->renew();
  if (authorities_file_.empty()) return;
  std::string now = content_of(authorities_file_);
  if (now.empty() || now == authorities_) return;
  authorities_ = std::move(now);
  const bool is_read =
      X509_STORE_load_file(SSL_CTX_get_cert_store(context_), authorities_file_.c_str()) == 1;
  ERR_clear_error();
  if (is_read) {
    spdlog::info("kafka: new connections trust the renewed authorities, too file={}",
                 authorities_file_);
  } else {
    spdlog::warn("kafka: no certificates of authorities file={}", authorities_file_);
  }
}

}  // namespace tocsin::kafka
