"""Instances that die, freeze, get stuck, come and go, or are stopped at the worst moment."""

import signal
import time
import unittest

from chaos import ChaosTest, long_only
from harness import outcomes, wait_until

SMALL_BATCHES = "limits: {batch_records_max: 40}\n"
STEPS = ("before_sight", "after_sight", "before_begin", "before_send_offsets", "before_commit", "after_commit")


class ProcessTest(ChaosTest):
    def received(self, daemon):
        return daemon.metrics().get("tocsin_articles_received_total", 0)

    def kill_again_and_again(self, instances, count, seconds):
        self.create_raw(4)
        for number in range(instances):
            self.run_daemon("i%d" % number, ready=False, extra=SMALL_BATCHES)
        feed = self.feed(count, seconds)
        kills = 0
        while feed.is_alive():
            time.sleep(self.random.uniform(0.2, 3.0))
            victim = self.random.choice(self.daemons)
            if victim.process.poll() is None:
                victim.kill()
                kills += 1
            self.restart(victim, extra=SMALL_BATCHES)
        self.healed()
        self.check("SIGKILL of %d instance(s), %d times" % (instances, kills))

    def test_sigkill_of_two_instances(self):
        self.kill_again_and_again(2, 700, 6)

    @long_only
    def test_sigkill_of_one_instance(self):
        self.kill_again_and_again(1, 2000, 25)

    @long_only
    def test_sigkill_of_three_instances(self):
        self.kill_again_and_again(3, 4000, 45)

    @long_only
    def test_crash_at_each_step_beside_another_instance(self):
        self.create_raw(4)
        self.run_daemon("heir", extra=SMALL_BATCHES)
        feed = self.feed(6000, 60)
        for step in STEPS:
            point = "%s:%d" % (step, self.random.randrange(1, 5))
            daemon = self.run_daemon("victim", ready=False, extra=SMALL_BATCHES, env={"TOCSIN_FAIL_AT": point})
            self.assertEqual(daemon.wait_exit(40), 137, point)
        self.assertTrue(feed.is_alive(), "the feed must outlast the faults")
        feed.finish()
        self.healed()
        self.check("crash before and after each step, another at work")

    def freeze(self, times):
        self.create_raw(4)
        zombie = self.run_daemon("zombie", extra=SMALL_BATCHES)
        self.run_daemon("heir", extra=SMALL_BATCHES)
        self.feed(1500 * times, 10 * times)
        for _ in range(times):
            seen = self.received(zombie)
            wait_until(lambda: self.received(zombie) > seen + 20, "the zombie-to-be to work")
            zombie.process.send_signal(signal.SIGSTOP)
            time.sleep(self.random.uniform(4.5, 7))  # past its session: the heir has the partitions
            zombie.process.send_signal(signal.SIGCONT)
            self.healed()
            zombie.wait_ready()
        self.check("instance frozen past its session, %d time(s)" % times)

    @long_only
    def test_frozen_instance(self):
        self.freeze(4)

    @long_only
    def test_frozen_instance_past_the_transaction_timeout(self):
        self.create_raw(4)
        zombie = self.run_daemon("zombie", extra=SMALL_BATCHES, env={"TOCSIN_FAIL_AT": "before_commit:5:1500"})
        self.run_daemon("heir", extra=SMALL_BATCHES)
        self.feed(2500, 25)
        wait_until(lambda: self.received(zombie) > 20, "work")
        time.sleep(1)
        zombie.process.send_signal(signal.SIGSTOP)
        time.sleep(18)
        zombie.process.send_signal(signal.SIGCONT)
        self.healed()
        zombie.wait_ready()
        self.check("instance frozen past transaction.timeout")

    @long_only
    def test_thread_stuck_past_the_poll_interval(self):
        self.create_raw(4)
        limits = "limits: {batch_records_max: 40, poll_interval_max: 10s}\n"
        stuck = self.run_daemon("stuck", extra=limits, env={"TOCSIN_FAIL_AT": "after_sight:5:14000"})
        self.run_daemon("heir", extra=limits)
        self.feed(2500, 22)
        wait_until(lambda: "max.poll" in stuck.log.read_text() or "MAX_POLL" in stuck.log.read_text(),
                   "max.poll.interval to pass", 40)
        self.healed()
        self.check("intake thread stuck past max.poll.interval")

    @long_only
    def test_transaction_longer_than_its_timeout(self):
        self.create_raw(2)
        stuck = self.run_daemon("stuck", extra="limits: {batch_records_max: 40, transaction_timeout: 10s}\n",
                                env={"TOCSIN_FAIL_AT": "before_commit:2:11500"})
        self.feed(300, 2)
        wait_until(lambda: stuck.metrics()['tocsin_transactions_total{result="unknown"}'] > 0,
                   "the broker to abort the transaction", 40)
        self.healed()
        self.check("transaction time-out before the commit")

    @long_only
    def test_rebalance_storm(self):
        self.create_raw(6)
        feed = self.feed(5000, 45)
        names = ["i%d" % number for number in range(5)]
        changes, drained = 0, []
        while feed.is_alive():
            running = {daemon.instance: daemon for daemon in self.live()}
            name = self.random.choice(names)
            if name not in running:
                self.run_daemon(name, ready=False, extra=SMALL_BATCHES)
            elif running[name] in drained:
                continue
            elif self.random.random() < 0.5:
                running[name].kill()
            else:
                running[name].process.send_signal(signal.SIGTERM)
                drained.append(running[name])
            changes += 1
            time.sleep(1)
        self.run_daemon("last", extra=SMALL_BATCHES)
        self.healed()
        for daemon in drained:
            self.assertEqual(daemon.wait_exit(40), 0, daemon.tail())
        self.check("rebalance storm, %d starts and stops" % changes)

    @long_only
    def test_twins(self):
        self.create_raw(4)
        feed = self.feed(3000, 25)
        twins = [self.run_daemon("same", ready=False, extra=SMALL_BATCHES) for _ in range(2)]
        wait_until(lambda: any(twin.process.poll() is not None for twin in twins), "one of the twins to leave", 60)
        feed.finish()
        self.assertEqual({twin.process.poll() for twin in twins} - {None}, {3})
        if not self.live():
            self.run_daemon("same", extra=SMALL_BATCHES)
        self.healed()
        self.check("two instances of one name (one leaves with exit 3)")

    # ---- SIGTERM in every phase

    def expect_drained(self, daemon, seconds):
        started = time.monotonic()
        self.assertEqual(daemon.terminate(seconds), 0, daemon.tail())
        return time.monotonic() - started

    @long_only
    def test_sigterm_while_starting(self):
        self.create_raw(2)
        self.feed(200, 1)
        for _ in range(6):
            daemon = self.run_daemon("one", ready=False, extra=SMALL_BATCHES)
            wait_until(lambda: daemon.get("/livez")[0] != 0, "the signal handlers")
            time.sleep(self.random.uniform(0, 0.5))
            self.expect_drained(daemon, 20)
        self.healed()
        self.run_daemon("one")
        self.check("SIGTERM while starting, joining, reading; 6 times")

    def test_sigterm_while_publishing(self):
        self.create_raw(2)
        self.feed(400, 2)
        daemon = self.run_daemon("one", extra=SMALL_BATCHES, env={"TOCSIN_FAIL_AT": "before_commit:3:2500"})
        wait_until(lambda: daemon.metrics()["tocsin_inflight_batches"] >= 3, "batches in flight")
        drained_s = self.expect_drained(daemon, 20)
        self.assertGreaterEqual(len(outcomes(self.broker, self.topics)), 40 * 3, "what was in flight is published before the end")
        self.healed()
        self.run_daemon("one")
        self.check("SIGTERM while publishing (drained in %.1f s)" % drained_s)

    @long_only
    def test_sigterm_at_each_step(self):
        self.create_raw(4)
        self.feed(6000, 40)
        longest_s = 0
        for step in STEPS:
            daemon = self.run_daemon("one", extra=SMALL_BATCHES, env={"TOCSIN_FAIL_AT": step + ":3:1500"})
            wait_until(lambda: self.received(daemon) > 80, "work")
            time.sleep(self.random.uniform(0, 1.5))
            longest_s = max(longest_s, self.expect_drained(daemon, 20))
        self.healed()
        self.run_daemon("one", extra=SMALL_BATCHES)
        self.check("SIGTERM at each step (drained in %.1f s at most)" % longest_s)

    @long_only
    def test_sigterm_while_the_broker_is_away(self):
        self.create_raw(2)
        daemon = self.run_daemon("one", extra="limits: {batch_records_max: 40, drain_timeout: 3s}\n")
        self.feed(3000, 6)
        wait_until(lambda: self.received(daemon) > 200, "work")
        self.broker.kill()
        started = time.monotonic()
        code = daemon.terminate(30)
        seconds = time.monotonic() - started
        self.assertEqual(code, 0, daemon.tail())
        self.assertLess(seconds, 20, "the deadline holds although the broker is away")
        self.broker.start()
        self.healed()
        self.run_daemon("one")
        self.check("SIGTERM while the broker is down (gone after %.1f s)" % seconds)


if __name__ == "__main__":
    unittest.main(verbosity=2)
