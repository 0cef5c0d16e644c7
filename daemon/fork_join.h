// Fork-join on a pool: one call runs a function for every index and returns when all are done.
// With one worker, or for one index, the caller runs it itself and no thread is involved.
#pragma once

#include <algorithm>
#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstddef>
#include <latch>
#include <optional>

namespace tocsin {

class ForkJoin {
 public:
  explicit ForkJoin(std::size_t workers) : workers_(workers) {
    if (workers > 1) pool_.emplace(workers);
  }

  // Calls function(i) for all i < count on up to `workers` threads. It must not throw.
  template <class F>
  void for_each(std::size_t count, const F& function) {
    const std::size_t jobs = std::min(workers_, count);
    if (jobs <= 1) {
      for (std::size_t i = 0; i < count; ++i) function(i);
      return;
    }
    std::atomic<std::size_t> next{0};
    std::latch done(static_cast<std::ptrdiff_t>(jobs));
    for (std::size_t job = 0; job < jobs; ++job) {
      boost::asio::post(*pool_, [&] {
        for (std::size_t i = next++; i < count; i = next++) function(i);
        done.count_down();
      });
    }
    done.wait();
  }

 private:
  std::size_t workers_;
  std::optional<boost::asio::thread_pool> pool_;
};

}  // namespace tocsin
