// A gazetteer as bytes on disk: written once by `tocsin compile-gazetteer`, mapped at every start.
// Promises: bytes that are damaged, cut short or of another version are refused with a reason.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/entities/gazetteer.h"

namespace tocsin {

// A TSV file the image was made from: a reader that finds it changed knows that the image is stale.
struct ImageSource {
  std::string path;
  std::uint64_t content_hash = 0;  // XXH3-64
};

struct LoadedImage {
  std::optional<Gazetteer> gazetteer;  // nothing when `fault` says why
  std::vector<ImageSource> sources;
  std::string data_hash;  // of all sources: what a pipeline stamps its records with
  std::string fault;
};

// Every image begins with these eight bytes.
inline constexpr std::string_view kImageMagic = "TOCSINGZ";

[[nodiscard]] std::string write_gazetteer_image(const Gazetteer& gazetteer,
                                                const std::vector<ImageSource>& sources,
                                                std::string_view data_hash);
// `image` stays in use while the gazetteer lives and is kept by `owner`; its start is aligned to
// eight bytes. The whole image is checksummed (XXH3-64) before a byte of it is believed.
[[nodiscard]] LoadedImage read_gazetteer_image(std::span<const std::byte> image,
                                               std::shared_ptr<const void> owner);

}  // namespace tocsin
