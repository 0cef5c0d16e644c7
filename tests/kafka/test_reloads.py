"""A hundred reloads under load: nothing is lost or doubled, none is swallowed, and memory stays flat."""

import signal
import threading
import time
import unittest

import articles
from harness import ServiceTestCase, check_audit, check_outputs, produce, wait_processed, wait_until

RELOADS = 100
WARM = 20             # reloads until memory has found its level
GROWTH_MAX = 25 << 20  # bytes, over the other ones


class ReloadsTest(ServiceTestCase):
    def feed(self, stop):
        self.fed = 0
        while not stop.is_set():
            records, _ = articles.stream(200, seed=1000 + self.fed, broken=5)
            produce(self.broker, self.topics.raw, [{"value": r["value"]} for r in records])
            self.fed += len(records)
            time.sleep(0.2)

    def reloads(self, daemon):
        return sum(value for name, value in daemon.metrics().items() if name.startswith("tocsin_config_reloads_total"))

    def test_a_hundred_under_load(self):
        self.create_raw(2)
        daemon = self.run_daemon()
        text = daemon.config.read_text()
        stop = threading.Event()
        feeder = threading.Thread(target=self.feed, args=(stop,))
        feeder.start()
        resident, took = [], []
        try:
            for i in range(RELOADS):
                daemon.config.write_text(text + "limits: {tokens_max: %d}\n" % (100000 + i))
                before, begun = self.reloads(daemon), time.monotonic()
                daemon.process.send_signal(signal.SIGHUP)
                wait_until(lambda: self.reloads(daemon) > before, "reload %d" % i, 120)
                took.append(time.monotonic() - begun)
                resident.append(daemon.metrics()["process_resident_memory_bytes"])
        finally:
            stop.set()
            feeder.join()
        wait_processed(self.broker, self.topics, 300)
        print("%d articles, reload p50 %.2f s, resident %d -> %d MB, most %d MB" % (
            self.fed, sorted(took)[RELOADS // 2], resident[WARM] / 1e6, resident[-1] / 1e6, max(resident) / 1e6))
        check_outputs(self.broker, self.topics)
        check_audit(daemon)
        self.assertLess(max(resident[-10:]) - max(resident[WARM - 10:WARM + 10]), GROWTH_MAX)
        self.assertEqual(daemon.get("/readyz")[0], 200)


if __name__ == "__main__":
    unittest.main(verbosity=2)
