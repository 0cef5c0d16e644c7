// The YAML loader: any text gives a configuration or faults with a place inside it, never neither.
#include "config/config.h"
#include "tests/fuzz/fuzz.h"

using namespace tocsin;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::view_of(data, size);
  const ConfigResult result = parse_config(text, "tocsin.yaml");
  for (const Fault& fault : result.faults) fuzz::require(!fault.message.empty());
  if (result.ok()) fuzz::require(!result.config.instance.empty());
  return 0;
}
