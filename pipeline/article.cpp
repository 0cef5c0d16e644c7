#include "pipeline/article.h"

namespace tocsin {

std::string_view name(PublishedAtSource source) noexcept {
  switch (source) {
    case PublishedAtSource::record:
      return "record";
    case PublishedAtSource::clamped:
      return "clamped";
    case PublishedAtSource::kafka:
      return "kafka";
    case PublishedAtSource::none:
      return "none";
  }
  return "";
}

std::string default_article_id(const Position& position) {
  return position.topic + '-' + std::to_string(position.partition) + '-' +
         std::to_string(position.offset);
}

}  // namespace tocsin
