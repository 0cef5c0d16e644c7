// The process as Prometheus' client libraries describe it: process_* (CPU, memory, descriptors,
// threads, start), read from /proc at each call.
#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <vector>

namespace tocsin {

// What cannot be read is left out.
[[nodiscard]] std::vector<prometheus::MetricFamily> process_metrics();

// Prometheus' text format 0.0.4, or OpenMetrics 1.0.
enum class Exposition { text, open_metrics };
[[nodiscard]] const char* content_type(Exposition format);
// The families and those of the process.
[[nodiscard]] std::string exposition(std::vector<prometheus::MetricFamily> families,
                                     Exposition format);

}  // namespace tocsin
