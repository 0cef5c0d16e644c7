#include "daemon/heartbeat.h"

#include <gtest/gtest.h>

#include "daemon/kafka/client.h"
#include "daemon/wait.h"

namespace tocsin {
namespace {

TEST(Heartbeat, AQuestionToBrokersThatDoNotAnswerIsASignOfLife) {
  Heartbeat asking;
  Heartbeat stuck;
  const std::int64_t begun_ms = steady_ms();
  Thread thread("asking", [&] {
    asking.begin();
    sleep_for(std::chrono::milliseconds(20));
    kafka::wait_to_ask_again("a question", kafka::Failure(-185, "timed out"), 1);
  });
  Thread other("stuck", [&] { stuck.begin(); });
  thread.join();
  other.join();
  beat_for_this_thread();  // which has none
  EXPECT_GE(asking.ms(), begun_ms + 20);
  EXPECT_LT(stuck.ms(), begun_ms + 20);
}

}  // namespace
}  // namespace tocsin
