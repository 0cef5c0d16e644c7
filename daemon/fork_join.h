// Fork-join on a pool: one call runs a function for every index and returns when all are done.
#pragma once

#include <algorithm>
#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstddef>
#include <latch>

namespace tocsin {

// Calls function(i) for all i < count on up to `workers` threads of the pool. The function must not
// throw.
template <class F>
void for_each_on(boost::asio::thread_pool& pool, std::size_t workers, std::size_t count,
                 const F& function) {
  if (count == 0) return;
  const std::size_t jobs = std::min(workers, count);
  std::atomic<std::size_t> next{0};
  std::latch done(static_cast<std::ptrdiff_t>(jobs));
  for (std::size_t job = 0; job < jobs; ++job) {
    boost::asio::post(pool, [&] {
      for (std::size_t i = next++; i < count; i = next++) function(i);
      done.count_down();
    });
  }
  done.wait();
}

}  // namespace tocsin
