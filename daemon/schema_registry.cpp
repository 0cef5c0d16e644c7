#include "daemon/schema_registry.h"

#include <simdjson.h>
#include <spdlog/spdlog.h>

#include <array>
#include <chrono>
#include <utility>

#include "config/scalars.h"
#include "daemon/http/client.h"
#include "daemon/stop.h"

namespace tocsin {
namespace {

constexpr std::chrono::seconds kAnswerWait{5};

// "JSON"; "AVRO" where the registry says nothing, as its interface defines.
std::string type_of(const std::string& body) {
  simdjson::dom::parser parser;
  simdjson::dom::element answer;
  std::string_view type;
  std::string_view schema;
  if (parser.parse(body).get(answer) != simdjson::SUCCESS ||
      answer["schema"].get(schema) != simdjson::SUCCESS) {
    return "";
  }
  return answer["schemaType"].get(type) == simdjson::SUCCESS ? std::string(type) : "AVRO";
}

RegistryFinding judge(const HttpAnswer& answer, const std::string& what, const std::string& url) {
  const std::string at = " at " + url;
  if (answer.status == 404) return {true, false, what + " does not exist" + at};
  if (!answer.is_success()) {
    return {false, false,
            what + " could not be looked up" + at + ": " +
                (answer.status == 0 ? answer.error : "status " + std::to_string(answer.status))};
  }
  const std::string type = type_of(answer.body);
  if (type.empty()) return {false, false, what + ": no registry answers" + at};
  const bool is_json = type == "JSON";
  return {true, is_json, what + (is_json ? " is a JSON Schema" : " is of type " + type) + at};
}

}  // namespace

std::vector<RegistryFinding> registry_findings(const Config& config) {
  std::vector<RegistryFinding> findings;
  const std::string& address = config.schema_registry.url;
  const std::optional<Url> root = parse_url(address);
  if (address.empty() || !root) return findings;
  HttpHeaders headers = {{"Accept", "application/vnd.schemaregistry.v1+json"}};
  if (!config.schema_registry.login_file.empty()) {
    const SecretResult login = read_secret(config.schema_registry.login_file);
    if (!login.error.empty()) {
      throw StopError(ExitCode::bad_input,
                      "schema_registry.login_file: " + config.schema_registry.login_file.string() +
                          " " + login.error);
    }
    headers.emplace_back("Authorization", basic_authorization(login.secret));
  }
  const HttpClient client(config.schema_registry.ca_file);
  for (const auto& [key, id] :
       {std::pair<std::string, std::uint32_t>{"input.schema_id", config.input.fields.schema_id},
        {"output.schema_ids.enriched", config.schema_ids.enriched},
        {"output.schema_ids.duplicates", config.schema_ids.duplicates},
        {"output.schema_ids.alerts", config.schema_ids.alerts},
        {"output.schema_ids.pairs", config.schema_ids.pairs}}) {
    if (id == 0) continue;
    Url url = *root;
    if (!url.target.ends_with('/')) url.target += '/';
    url.target += "schemas/ids/" + std::to_string(id);
    const HttpAnswer answer = client.get(url, kAnswerWait, headers);
    findings.push_back(judge(answer, key + ": schema " + std::to_string(id), address));
    if (answer.status == 0) break;  // nor will it answer for the others
  }
  return findings;
}

void check_schema_ids(const Config& config) {
  for (const RegistryFinding& finding : registry_findings(config)) {
    if (finding.is_fine) continue;
    if (finding.is_known) throw StopError(ExitCode::bad_input, finding.text);
    spdlog::warn("service: ids of schemas: {}", finding.text);
  }
}

}  // namespace tocsin
