// What is counted of one target of notify.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>

namespace tocsin {

struct TargetMetrics {
  prometheus::Counter& delivered;
  prometheus::Counter& failed_attempts;
  prometheus::Counter& given_up;  // attempts or time used up
  prometheus::Counter& refused;   // the receiver will never take it
  prometheus::Counter& muted;     // a silence of people holds
  prometheus::Counter& unreadable;
  prometheus::Gauge& retrying;  // 1 while an alert waits for its next attempt
};

}  // namespace tocsin
