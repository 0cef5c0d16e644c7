"""SIGSTOP for longer than a transaction may take, again and again: nobody aborts, nothing is lost or doubled."""

import signal
import time
import unittest

import articles
from harness import ServiceTestCase, check_audit, check_outputs, produce, wait_processed, wait_until

INSTANCES, ROUNDS = 5, 6  # thirty freezes
FREEZE_S = 22


class FreezeTest(ServiceTestCase):
    def test_thirty_freezes(self):
        self.create_raw(INSTANCES)
        extra = "limits: {batch_records_max: 20}\n"
        daemons = [self.run_daemon("i%d" % i, extra=extra) for i in range(INSTANCES)]
        total = 0
        for turn in range(ROUNDS):
            records = articles.stream(3000, seed=turn)[0]
            produce(self.broker, self.topics.raw, records)
            total += len(records)
            wait_until(lambda: any(d.metrics().get("tocsin_inflight_batches", 0) > 0 for d in daemons), "work")
            for i, daemon in enumerate(daemons):  # at different moments of their transactions
                time.sleep(0.05 * i)
                daemon.process.send_signal(signal.SIGSTOP)
            time.sleep(FREEZE_S)
            for daemon in daemons:
                daemon.process.send_signal(signal.SIGCONT)
            wait_processed(self.broker, self.topics, 180)
            self.assertEqual([d.process.poll() for d in daemons], [None] * INSTANCES)
        self.assertEqual(sum(check_outputs(self.broker, self.topics).values()), total)
        check_audit(daemons[0])


if __name__ == "__main__":
    unittest.main(verbosity=2)
