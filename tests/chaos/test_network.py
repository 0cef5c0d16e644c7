"""A broker that dies or freezes, answers that get lost, requests that arrive late, broken connections."""

import os
import signal
import time
import unittest

from chaos import ChaosTest, long_only
from harness import wait_until
from proxy import ADD_OFFSETS, ADD_PARTITIONS, COMMIT_OFFSETS, END_TRANSACTION, INIT_PRODUCER_ID, PRODUCE

SMALL_BATCHES = "limits: {batch_records_max: 30}\n"


class BrokerFaultTest(ChaosTest):
    @long_only
    def test_broker_killed_and_restarted(self):
        self.create_raw(4)
        for name in ("one", "two"):
            self.run_daemon(name, extra=SMALL_BATCHES)
        self.feed(3000, 30)
        for _ in range(3):
            time.sleep(self.random.uniform(2, 5))
            self.broker.kill()
            time.sleep(self.random.uniform(0, 3))
            self.broker.start()
            self.healed()
        self.check("broker killed and restarted, 3 times")
        self.assertEqual(len(self.live()), 2, "no instance ends because the broker did")

    @long_only
    def test_frozen_broker(self):
        self.create_raw(4)
        daemons = [self.run_daemon(name, extra=SMALL_BATCHES) for name in ("one", "two")]
        self.feed(2500, 15)
        time.sleep(5)
        os.kill(self.broker.pid(), signal.SIGSTOP)
        try:
            time.sleep(25)
            for daemon in daemons:
                self.assertEqual(daemon.get("/livez")[0], 200, "a broker that is away is not our fault")
        finally:
            os.kill(self.broker.pid(), signal.SIGCONT)
        self.healed()
        self.check("broker frozen for 25 s")
        self.assertEqual(len(self.live()), 2)


class ProxiedTest(ChaosTest):
    def setUp(self):
        super().setUp()
        self.proxy.lost = self.proxy.delayed = 0
        self.proxy.notes.clear()
        self.addCleanup(self.proxy.be_honest)

    def run_proxied(self, instance):
        return self.run_daemon(instance, extra=SMALL_BATCHES, brokers=self.proxy.address)

    def lose(self, what, api_keys, count, seconds, share):
        self.create_raw(2)
        self.run_proxied("one")
        self.proxy.lose_answers(api_keys, self.random, share)
        self.feed(count, seconds).finish()
        wait_until(lambda: self.proxy.lost > 1, "lost answers")
        self.proxy.be_honest()
        self.healed()
        self.check("%d answers to %s lost" % (self.proxy.lost, what))

    def delay(self, what, api_keys, count, seconds, share):
        self.create_raw(2)
        self.run_proxied("one")
        self.proxy.delay(api_keys, self.random, share, 0.6)
        self.feed(count, seconds).finish()
        wait_until(lambda: self.proxy.delayed > 1, "late requests")
        if END_TRANSACTION in api_keys:
            wait_until(lambda: self.is_late("alerts"), "a late end of the alert engine's transaction")
        self.proxy.be_honest()
        self.healed()
        self.check("%d times %s late" % (self.proxy.delayed, what))

    def requests(self, who):
        """(api_key, whether it was late) of the instance's or the alert engine's transactional id, in order."""
        name = ("tocsin.%s.%s" % (self.topics.prefix, who)).encode()
        return [(key, is_late) for key, frame, is_late in list(self.proxy.notes) if name in frame]

    def is_late(self, who):
        return (END_TRANSACTION, True) in self.requests(who)

    def check_epochs(self):
        """Behind an end that may arrive again no transaction begins without a new epoch."""
        for who in ("one", "alerts"):
            is_owed = False
            for key, is_late in self.requests(who):
                self.assertFalse(is_owed and key == ADD_PARTITIONS, who)
                is_owed = key != INIT_PRODUCER_ID and (is_owed or is_late)

    def test_answers_to_commits_are_lost(self):
        self.lose("EndTxn", {END_TRANSACTION}, 400, 3, 0.5)

    def test_commits_arrive_late(self):
        self.delay("EndTxn", {END_TRANSACTION}, 400, 3, 0.5)
        self.check_epochs()

    @long_only
    def test_answers_within_transactions_are_lost(self):
        self.lose("requests of transactions", {PRODUCE, INIT_PRODUCER_ID, ADD_PARTITIONS, ADD_OFFSETS, COMMIT_OFFSETS,
                                               END_TRANSACTION}, 1500, 15, 0.1)

    @long_only
    def test_commits_arrive_late_for_long(self):
        self.delay("EndTxn", {END_TRANSACTION}, 4000, 40, 0.3)

    @long_only
    def test_offsets_arrive_late(self):
        self.delay("TxnOffsetCommit", {COMMIT_OFFSETS}, 2000, 20, 0.3)

    @long_only
    def test_connections_break(self):
        self.create_raw(4)
        for name in ("one", "two"):
            self.run_proxied(name)
        feed = self.feed(3000, 25)
        breaks = 0
        while feed.is_alive():
            time.sleep(self.random.uniform(0.05, 1.5))
            self.proxy.cut_all()
            breaks += 1
        self.healed()
        self.check("all connections broken, %d times" % breaks)


if __name__ == "__main__":
    unittest.main(verbosity=2)
