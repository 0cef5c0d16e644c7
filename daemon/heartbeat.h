// Signs of life of a thread that has to come back to its loop (/livez). A question to the brokers
// is one, however long they are away: whoever asks them beats for the thread it runs on.
#pragma once

#include <atomic>
#include <cstdint>

namespace tocsin {

class Heartbeat {
 public:
  // Of the calling thread from now on, see beat_for_this_thread(); it lives until that ends.
  void begin();
  void beat();
  // The last beat, steady clock. Any thread.
  [[nodiscard]] std::int64_t ms() const { return ms_; }

 private:
  std::atomic<std::int64_t> ms_{0};
};

// Nothing on a thread that has none.
void beat_for_this_thread();

}  // namespace tocsin
