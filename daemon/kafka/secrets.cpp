#include "daemon/kafka/secrets.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <simdjson.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <utility>

#include "config/kafka_properties.h"
#include "daemon/kafka/refusal.h"
#include "daemon/wait.h"

namespace tocsin::kafka {

using namespace std::chrono_literals;

namespace {

constexpr auto kLookInterval = 2s;
constexpr std::size_t kReasonBytes = 256;

// RFC 4648, 5, without padding; nullopt: something else stands in it.
std::optional<std::string> from_base64url(std::string_view text) {
  std::string padded(text);
  std::replace(padded.begin(), padded.end(), '-', '+');
  std::replace(padded.begin(), padded.end(), '_', '/');
  const std::size_t padding = (4 - padded.size() % 4) % 4;
  padded.append(padding, '=');
  std::string out(padded.size() / 4 * 3, '\0');
  const auto* in = reinterpret_cast<const unsigned char*>(padded.data());
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()), in,
                                   static_cast<int>(padded.size()));
  if (size < 0 || padding > 2) return std::nullopt;
  out.resize(static_cast<std::size_t>(size) - padding);
  return out;
}

// Why the file holds no token; empty: it does.
std::string read_token(const std::string& file, std::string& token, TokenClaims& claims) {
  SecretResult read = read_secret(file);
  if (!read.error.empty()) return file + ": " + read.error;
  const std::optional<TokenClaims> its = claims_of(read.secret);
  if (!its) return file + " holds no JSON Web Token with a time of expiry";
  token = std::move(read.secret);
  claims = *its;
  return "";
}

// Why the client has no new token; empty: it has.
std::string give_token(rd_kafka_t* client, const std::string& file) {
  std::string token;
  TokenClaims claims;
  if (std::string fault = read_token(file, token, claims); !fault.empty()) return fault;
  std::array<char, kReasonBytes> reason{};
  const rd_kafka_resp_err_t error = rd_kafka_oauthbearer_set_token(
      client, token.c_str(), claims.expires_ms, claims.subject.c_str(), nullptr, 0, reason.data(),
      reason.size());
  return error == RD_KAFKA_RESP_ERR_NO_ERROR ? "" : file + ": " + reason.data();
}

// librdkafka's background thread asks, as often as a token nears its end; after a failure again in
// ten seconds.
void on_token_wanted(rd_kafka_t* client, const char* file, void*) {
  const std::string fault = give_token(client, file == nullptr ? "" : file);
  if (fault.empty()) return;
  note_no_token(fault);
  rd_kafka_oauthbearer_set_token_failure(client, fault.c_str());
}

std::string file_of(const Conf& conf, std::string_view property) {
  for (const auto& [key, value] : conf) {
    if (key == kFileMark + std::string(property)) return value;
  }
  return "";
}

std::string value_of(const Conf& conf, std::string_view property) {
  std::string last;
  for (const auto& [key, value] : conf) {
    if (key == property) last = value;
  }
  return last;
}

// A user and a password, each of a file or fixed; or a token's file.
struct Login {
  std::string user;
  std::string password;
  std::string user_file;
  std::string password_file;
  std::string token_file;
  std::string token;  // as of the last look

  [[nodiscard]] bool is_watched() const {
    return !user_file.empty() || !password_file.empty() || !token_file.empty();
  }

  // Reads the files again; true when something else stands in them.
  bool read() {
    const auto renew = [](std::string& held, const std::string& file) {
      if (file.empty()) return false;
      SecretResult now = read_secret(file);
      if (!now.error.empty() || now.secret == held) return false;  // in the middle of a change
      held = std::move(now.secret);
      return true;
    };
    const bool is_new_user = renew(user, user_file);
    const bool is_new_password = renew(password, password_file);
    return renew(token, token_file) || is_new_user || is_new_password;
  }
};

// All clients of the process with secrets in files, and the thread that looks at them.
class Keeper {
 public:
  static Keeper& one() {
    static Keeper keeper;
    return keeper;
  }
  // A child (daemon/sandbox.h) makes and drops clients of its own: the lock must not come to it as
  // held by a thread that it does not have.
  Keeper() {
    ::pthread_atfork([] { one().mutex_.lock(); }, [] { one().mutex_.unlock(); },
                     [] { one().mutex_.unlock(); });
  }
  ~Keeper() {
    {
      const std::lock_guard lock(mutex_);
      if (!is_running_) return;  // nor is there a scheduler left where one is simulated
      is_stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  void add(rd_kafka_t* client, Login login, SSL_CTX* context, const Conf& conf) {
    const std::lock_guard lock(mutex_);
    Held held{std::move(login), Certificates(context, conf)};
    if (!held.login.is_watched() && !held.certificates.is_watched()) return;
    if (held.login.read()) give(client, held.login);  // renewed since the configuration was read
    held_.emplace(client, std::move(held));
    if (!std::exchange(is_running_, true)) thread_ = Thread("secrets", [this] { run(); });
  }
  void remove(rd_kafka_t* client) {
    const std::lock_guard lock(mutex_);
    held_.erase(client);
  }

 private:
  struct Held {
    Login login;
    Certificates certificates;
  };

  void run() {
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, kLookInterval, [this] { return is_stopping_; })) {
      for (auto& [client, held] : held_) {
        if (held.login.read()) give(client, held.login);
        held.certificates.renew();
      }
    }
  }

  static void give(rd_kafka_t* client, const Login& login) {
    std::string fault;
    if (!login.token_file.empty()) {
      fault = give_token(client, login.token_file);
    } else if (const ErrorHandle error{rd_kafka_sasl_set_credentials(client, login.user.c_str(),
                                                                     login.password.c_str())}) {
      fault = rd_kafka_error_string(error.get());
    }
    if (fault.empty()) {
      spdlog::info("kafka: client={} took the renewed secret", rd_kafka_name(client));
    } else {
      spdlog::warn("kafka: client={} cannot take the renewed secret: {}", rd_kafka_name(client),
                   fault);
    }
  }

  std::mutex mutex_;
  std::map<rd_kafka_t*, Held> held_;
  bool is_running_ = false;
  bool is_stopping_ = false;
  Condition changed_;
  Thread thread_;
};

}  // namespace

std::optional<TokenClaims> claims_of(std::string_view token) {
  const std::size_t first = token.find('.');
  const std::size_t second = first == token.npos ? token.npos : token.find('.', first + 1);
  if (second == token.npos) return std::nullopt;
  const auto payload = from_base64url(token.substr(first + 1, second - first - 1));
  if (!payload) return std::nullopt;
  simdjson::dom::parser parser;
  simdjson::dom::element claims;
  if (parser.parse(*payload).get(claims) != simdjson::SUCCESS) return std::nullopt;
  double expires_s = 0;
  constexpr double kLatestS = 253'402'300'799;  // the year 9999
  if (claims["exp"].get(expires_s) != simdjson::SUCCESS || !(expires_s > 0) ||
      expires_s > kLatestS) {
    return std::nullopt;
  }
  std::string_view subject;
  const bool has_subject = claims["sub"].get(subject) == simdjson::SUCCESS;
  return TokenClaims{has_subject ? std::string(subject) : "tocsin",
                     static_cast<std::int64_t>(expires_s * 1000)};
}

std::string token_fault(const Conf& conf) {
  const std::string file = file_of(conf, kTokenProperty);
  std::string token;
  TokenClaims claims;
  return file.empty() ? "" : read_token(file, token, claims);
}

void serve_tokens(rd_kafka_conf_t* handle, const Conf& conf) {
  const std::string file = file_of(conf, kTokenProperty);
  if (file.empty()) return;
  rd_kafka_conf_set(handle, "sasl.oauthbearer.config", file.c_str(), nullptr, 0);
  rd_kafka_conf_set_oauthbearer_token_refresh_cb(handle, on_token_wanted);
  rd_kafka_conf_enable_sasl_queue(handle, 1);  // so that it is asked without a poll
}

void keep_secrets(rd_kafka_t* client, const Conf& conf, SSL_CTX* context) {
  Login login{value_of(conf, "sasl.username"), value_of(conf, "sasl.password"),
              file_of(conf, "sasl.username"),  file_of(conf, "sasl.password"),
              file_of(conf, kTokenProperty),   ""};
  if (!login.token_file.empty()) {
    static_cast<void>(login.read());
    const ErrorHandle error{rd_kafka_sasl_background_callbacks_enable(client)};
    if (error)
      spdlog::error("kafka: tokens cannot be asked for: {}", rd_kafka_error_string(error.get()));
  }
  Keeper::one().add(client, std::move(login), context, conf);
}

void forget_secrets(rd_kafka_t* client) {
  Keeper::one().remove(client);
}

}  // namespace tocsin::kafka
