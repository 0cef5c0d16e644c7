// The process as Prometheus' client libraries describe it: process_* (CPU, memory, descriptors,
// threads, start), read from /proc at each call.
#pragma once

#include <prometheus/metric_family.h>

#include <vector>

namespace tocsin {

// What cannot be read is left out.
[[nodiscard]] std::vector<prometheus::MetricFamily> process_metrics();

// Text exposition format 0.0.4 of the families and of the process.
[[nodiscard]] std::string exposition(std::vector<prometheus::MetricFamily> families);

}  // namespace tocsin
