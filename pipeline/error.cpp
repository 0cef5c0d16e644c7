#include "pipeline/error.h"

namespace tocsin {

std::string_view name(Stage stage) noexcept {
  switch (stage) {
    case Stage::decode:
      return "decode";
    case Stage::analyse:
      return "analyse";
    case Stage::encode:
      return "encode";
    case Stage::publish:
      return "publish";
  }
  return "";
}

std::string_view name(Errc code) noexcept {
  switch (code) {
    case Errc::invalid_json:
      return "invalid_json";
    case Errc::invalid_utf8:
      return "invalid_utf8";
    case Errc::wrong_type:
      return "wrong_type";
    case Errc::no_text:
      return "no_text";
    case Errc::too_deep:
      return "too_deep";
    case Errc::too_large:
      return "too_large";
    case Errc::id_too_long:
      return "id_too_long";
    case Errc::over_budget:
      return "over_budget";
    case Errc::output_too_large:
      return "output_too_large";
    case Errc::poison:
      return "poison";
  }
  return "";
}

}  // namespace tocsin
