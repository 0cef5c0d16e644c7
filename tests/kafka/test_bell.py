"""The bell against a real broker: ticks, and what a board that differs from the others does."""

import unittest

import articles
from harness import ServiceTestCase, check_outputs, produce, wait_processed, wait_until

TICKS = "bell: {tick_interval: 300ms}\n"
DIVERGENCES = "tocsin_board_divergences_total"


class BellTest(ServiceTestCase):
    def setUp(self):
        super().setUp()
        self.broker.create(self.topics.raw, 4)

    def run_daemon(self, instance, **arguments):
        return super().run_daemon(instance, extra=TICKS, **arguments)

    def divergences(self):
        return [d.metrics().get(DIVERGENCES) for d in self.daemons]

    def feed(self, count, seed):
        produce(self.broker, self.topics.raw, articles.stream(count, seed=seed)[0])

    def wait_equal_boards(self):
        def boards():
            values = [d.metrics() for d in self.daemons]
            return len({(m["tocsin_board_next_offset"], m["tocsin_board_digest"]) for m in values}) == 1
        wait_until(boards, "equal boards")

    def owner_and_other(self, sick, failpoint):
        """Two daemons, the bell with the first in the order of names. The sick one will not apply its 100th
        sighting."""
        def env(instance):
            return {"TOCSIN_FAIL_AT": failpoint + ":100"} if instance == sick else None
        owner = self.run_daemon("a-owner", env=env("a-owner"))
        self.feed(60, seed=3)
        wait_processed(self.broker, self.topics)
        other = self.run_daemon("b-other", env=env("b-other"))
        wait_until(lambda: other.metrics()['tocsin_ticks_total{result="equal"}'] > 1, "equal ticks")
        self.assertEqual([d.metrics()["tocsin_bell_owner"] for d in self.daemons], [1, 0])
        self.assertEqual(self.divergences(), [0, 0])
        return owner, other

    def test_a_board_that_missed_a_record_is_found_and_healed(self):
        owner, other = self.owner_and_other("b-other", "skip_sighting")
        self.feed(200, seed=4)
        wait_until(lambda: self.divergences() == [0, 1], "the divergence", 5)
        other.wait_ready()
        self.feed(100, seed=5)
        wait_processed(self.broker, self.topics)
        self.wait_equal_boards()
        self.assertEqual(self.divergences(), [0, 1])
        self.assertEqual(sum(check_outputs(self.broker, self.topics).values()), 360)
        self.assertEqual([d.terminate() for d in (owner, other)], [0, 0])

    def test_the_owner_of_the_bell_hears_that_it_is_the_one_that_differs(self):
        owner, other = self.owner_and_other("a-owner", "skip_sighting")
        self.feed(200, seed=4)
        wait_until(lambda: self.divergences() == [1, 1], "both to rebuild", 10)
        self.feed(100, seed=5)
        wait_processed(self.broker, self.topics)
        self.wait_equal_boards()
        self.assertEqual(self.divergences(), [1, 1])
        self.assertEqual([d.terminate() for d in (owner, other)], [0, 0])

    def test_a_board_that_rebuilding_does_not_heal_ends_its_instance(self):
        owner, other = self.owner_and_other("b-other", "skip_sighting_always")
        self.feed(200, seed=4)
        self.assertEqual(other.wait_exit(60), 3)
        self.assertIn("second time", other.tail())
        owner.wait_ready()
        self.feed(100, seed=5)
        wait_processed(self.broker, self.topics)
        self.assertEqual(sum(check_outputs(self.broker, self.topics).values()), 360)

    def test_the_bell_moves_to_another_instance(self):
        owner = self.run_daemon("a-owner")
        other = self.run_daemon("b-other")
        wait_until(lambda: owner.metrics()["tocsin_bell_owner"] == 1, "an owner of the bell")
        owner.kill()
        wait_until(lambda: other.metrics()["tocsin_bell_owner"] == 1, "an heir", 30)
        ticks = other.metrics()['tocsin_ticks_total{result="equal"}']
        wait_until(lambda: other.metrics()['tocsin_ticks_total{result="equal"}'] > ticks, "its ticks", 10)


if __name__ == "__main__":
    unittest.main(verbosity=2)
