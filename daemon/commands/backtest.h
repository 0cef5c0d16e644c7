// The bell over an archive: what `tocsin backtest` prints and what the examples of the rules are
// checked with. Promises: the alerts the service would publish for the same ledger.
#pragma once

#include <functional>

#include "daemon/commands/archive.h"
#include "pipeline/bell/bell_fold.h"

namespace tocsin {

// Hands every record of the archive's ledger to the bell; both must outlive the archive's use.
void ring_alerts(Archive& archive, BellFold& bell,
                 std::function<void(const AlertRecord& record)> on_alert);

}  // namespace tocsin
