// How the sentences of an article were read, for whoever asks why. Pure.
#pragma once

#include <string>

#include "pipeline/pipeline.h"

namespace tocsin::page {

// JSON: {"trees":[{"events":[{"field":"title","start":7}],"rows":[["┌─ ","Russia","PROPN",
// "nsubj"]]}]}, one tree for each piece of the text that gave an event; `events` names them by
// where their evidence begins, as the record does. At most kTreesMax trees.
[[nodiscard]] std::string trees_json(const Pipeline& pipeline, const Reading& reading);

inline constexpr std::size_t kTreesMax = 40;

}  // namespace tocsin::page
