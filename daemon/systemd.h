// The service manager's side: sd_notify without its library (sd_notify(3), protocol section).
#pragma once

#include <string_view>

namespace tocsin {

// Sends "READY=1" and the like to $NOTIFY_SOCKET; nothing when there is none.
void notify_service_manager(std::string_view state);

}  // namespace tocsin
