// The alert engine over an archive: what `tocsin backtest` prints and what the examples of the
// rules are checked with. Promises: the alerts the service would publish for the same ledger.
#pragma once

#include <functional>

#include "daemon/commands/archive.h"
#include "pipeline/alerts/alert_engine.h"

namespace tocsin {

// Hands every record of the archive's ledger to the alert engine; both must outlive the archive's
// use.
void fold_alerts(Archive& archive, AlertEngine& engine,
                 std::function<void(const AlertRecord& record)> on_alert);

}  // namespace tocsin
