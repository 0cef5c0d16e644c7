// The files of the page that are inside the binary (daemon/page/web).
#pragma once

#include <span>

#include "config/embedded.h"

namespace tocsin {

[[nodiscard]] std::span<const EmbeddedFile> page_files();

}  // namespace tocsin
