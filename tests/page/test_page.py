"""The live page in a real browser, against a real daemon and broker: the demo's news and an invented crisis between Bolivia
and Chile.

TOCSIN_SHOTS=FOLDER keeps pictures of it.
"""

import http.client
import json
import os
import pathlib
import random
import re
import shutil
import signal
import sys
import tempfile
import unittest
import urllib.error
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "kafka"), str(HERE.parent / "alerts"), str(HERE.parents[1] / "deploy")]

import browser  # noqa: E402 (stands beside)
import crisis  # noqa: E402
import demo  # noqa: E402
from harness import Broker, Daemon, Topics, failed, free_port, produce, wait_until  # noqa: E402

HOUR_MS = 3_600_000
PAIR = "Chile – Bolivia"
SHOTS = os.environ.get("TOCSIN_SHOTS")
NUCLEAR = {"id": "nuclear", "title": "North Korea threatens nuclear strike on South Korea", "source": "apnews.com",
           "body": "North Korea threatened to attack South Korea with nuclear weapons on Tuesday, state television said."}
AFTERWARDS = {"id": "afterwards", "title": "Peru expels ambassador of Ecuador", "source": "quay.example",
              "body": "Peru expelled the ambassador of Ecuador on Monday over fishing boats seized near Tumbes."}
STRANGE = {
    "script": "<script>document.title = 'broken'</script><img src=x onerror=\"document.title='broken'\"> Chile attacks Bolivia",
    "bidi": "\u202eailob skcatta elihC\u202c \u2066Chile attacks Bolivia",
    "long": "Chile attacks Bolivia " + "w" * 10_000,
    "emoji": "\U0001f6a8\U0001f1e8\U0001f1f1 Chile attacks Bolivia \U0001f468\u200d\U0001f469\u200d\U0001f467 \u0e01\u0e33\u0e49\u0e49\u0e49\u0e49\u0e49\u0e49",
}


def records(first_hour, last_hour, everyday=0.1):
    """The crisis between these hours, with a tenth of its everyday news; timestamps are the articles' own."""
    kept = 0
    for at, phase, article in crisis.make():
        if not first_hour * HOUR_MS <= at - crisis.START_MS < last_hour * HOUR_MS:
            continue
        kept += phase == "everyday"
        if phase != "everyday" or kept % round(1 / everyday) == 0:
            yield {"value": article, "timestamp": at}


def copies(of, outlets):
    """The same story from other outlets, minutes later."""
    for i, outlet in enumerate(outlets):
        article = of["value"]
        yield {"value": {**article, "id": "%s-%d" % (article["id"], i), "source": outlet,
                         "published_at": article["published_at"] + 60 * (i + 1)}, "timestamp": of["timestamp"] + 60_000 * (i + 1)}


class PageCase(unittest.TestCase):
    """One broker, daemon and browser."""

    @classmethod
    def setUpClass(cls):
        browser.fetch()
        cls.broker = Broker()
        cls.addClassCleanup(cls.broker.close)
        cls.topics = Topics()
        cls.broker.create(cls.topics.raw, 2)
        cls.page_port = free_port()
        folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-page-"))
        cls.addClassCleanup(shutil.rmtree, folder)
        (folder / "silences.yaml").write_text(
            "version: 1\nsilences:\n  - {actor: ISR, until: 2036-01-01T00:00:00Z, by: mk, why: a known exercise}\n")
        cls.extra = ("page: {listen: '127.0.0.1:%d', history: 366d, memory_bytes_max: 64MiB}\n"
                     "alerts: {tick_interval: 300ms, silences: '%s'}\n" % (cls.page_port, folder / "silences.yaml"))
        cls.daemon = Daemon(cls.broker, cls.topics, extra=cls.extra).wait_ready()
        cls.addClassCleanup(lambda: cls.daemon.close())
        cls.browser = browser.Browser()
        cls.addClassCleanup(cls.browser.close)

    def setUp(self):
        self.url = "http://127.0.0.1:%d/" % self.page_port
        self.page = self.browser
        self.page.dark(False)
        self.page.resize(browser.WIDE)

    def tearDown(self):
        if failed(self):
            print("---- log of the daemon\n%s" % self.daemon.tail(15), flush=True)
            self.shoot("failed-" + self.id().rsplit(".", 1)[1])

    def shoot(self, name):
        if SHOTS:
            pathlib.Path(SHOTS).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(pathlib.Path(SHOTS) / (name + ".png"))

    def feed(self, items):
        produce(self.broker, self.topics.raw, items)

    def open(self, address=""):
        self.page.open(self.url + address)
        self.page.wait(lambda: self.page.text("#state-text").startswith("live"), "a live page")

    def go(self, address=""):
        self.page.go("/" + address)

    def get(self, path, port=None, **headers):
        request = urllib.request.Request("http://127.0.0.1:%d%s" % (port or self.page_port, path), headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read().decode(), answer.headers
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(), error.headers

    def api(self, path):
        return json.loads(self.get("/api/" + path)[1])

    def assert_clean(self):
        self.assertEqual(self.page.errors(), [])
        self.assertLessEqual(self.page.hosts(), {"127.0.0.1:%d" % self.page_port, ""})

    def wait_shown(self, name, address):
        place = "#detail-body" if name in VIEWS_OF_DETAIL else "#%s-list li" % name
        self.page.wait(lambda: self.page.visible(place), "the view %s" % name)
        self.page.wait(lambda: self.page.run("return document.getElementById('detail-body').children.length > 2"), "the detail")

    def looks(self, filtered):
        """{name: address} of every view, with the rows of one country or with all."""
        more = "who=PRK" if filtered else ""
        first = {what: urllib.parse.quote(str(self.api(path)[what][0][name])) for path, what, name in
                 (("pairs", "pairs", "key"), ("alerts", "alerts", "id"), ("feed?show=escalations", "rows", "place"))}
        story = self.api("feed?show=copies")["rows"][0]["story"]["id"]
        return {"overview": "?" + more, "pair": "?pair=%s&%s" % (first["pairs"], more),
                "alert": "?alert=%s&%s" % (first["alerts"], more), "pipeline": "?view=pipeline&" + more,
                "article": "?article=%s&%s" % (first["rows"], more), "story": "?story=%s&%s" % (story, more)}


ALERT = ("#alerts-list li:first-child button", None)
FIRST_PAIR = ("#pairs-list li:first-child button", None)
HEALTH = ("#health", None)
# What an analyst asks: where to click, and what is then to be read where.
QUESTIONS = {
    "what is the worst pair now": ([], "#pairs-list li:first-child", PAIR),
    "what changed since this morning": ([("#pairs-order button", "Changed today")], "#pairs-list li:first-child .change", r"[+−±][0-9.]+"),
    "why did this alert open": ([ALERT], "#detail-body", r"(?s)Opened .* by rule .*revision"),
    "is it one outlet or twenty": ([ALERT], "#detail-body", r"[0-9]+ independent outlets tell it"),
    "what did they do to each other last week": ([FIRST_PAIR], "#detail-body .acts", r"(?s)Chile → Bolivia.*assault [0-9]+"),
    "show me only nuclear": ([("#quick button", "Nuclear")], "#feed-list", "(?i)nuclear"),
    "is it calming": ([FIRST_PAIR], "#detail-body .verdict", r"(Calming|Rising|Steady): [0-9.]+ now, [0-9.]+ a day ago"),
    "what was dropped as a copy": ([("#feed-show button", "Copies")], "#feed-list", r"copy, (exact|near|lead) [0-9]+ %"),
    "is the pipeline behind": ([HEALTH], "#detail-body .verdict", "Not behind"),
    "what could not be read": ([HEALTH], "#detail-body ol.dead", r"(?s)invalid_json.*\{ not json"),
}
VIEWS_OF_DETAIL = ("overview", "pair", "alert", "pipeline", "article", "story")


class PageTest(PageCase):
    """In order; those that break something last."""

    def test_01_nothing_yet_is_said(self):
        self.open()
        self.page.wait(lambda: "No news yet" in self.page.text("#feed-empty"), "the empty feed to say so")
        self.assertIn("No alert yet", self.page.text("#alerts-list"))
        self.assertIn("No pair yet", self.page.text("#pairs-list"))
        self.assert_clean()

    def test_02_all_parts_change_as_articles_come(self):
        self.open()
        items = list(records(0, 100))
        attack = type(self).attack = next(item for item in items if "bombs" in item["value"]["title"])
        items += copies(attack, ["north.example", "east.example", "south.example", "west.example"])
        items += [{"timestamp": at, "key": key, "value": value} for at, key, value in demo.sample()]
        items.append({"value": "{ not json", "timestamp": attack["timestamp"]})
        items.append({"value": NUCLEAR, "timestamp": attack["timestamp"]})
        items.sort(key=lambda item: item["timestamp"])
        self.feed(items)
        page = self.page
        page.wait(lambda: "Chile" in page.text("#feed-list"), "the feed to change without a reload", 60)
        page.wait(lambda: PAIR in page.text("#alerts-list"), "an alert", 60)
        page.wait(lambda: PAIR in page.text("#pairs-list li:first-child"), "the pair to lead", 60)
        page.wait(lambda: page.texts(".matrix td button"), "a matrix")
        page.wait(lambda: " not read" in page.text("#health-text"), "the dead letter to be counted")
        page.wait(lambda: "no lag" in page.text("#health-text"), "the lag to be gone", 60)
        page.click("#detail-body .seg button", "Against usual")
        page.wait(lambda: re.search("^[+−±][0-9]+$", page.text(".matrix td button")), "the matrix against what is usual")
        self.assertIn("matrix=usual", page.run("return location.search"))
        page.click("#pairs-list li:first-child button")
        page.wait(lambda: page.visible(".series"), "the series")
        before = page.run("return document.querySelector('.series .level').getAttribute('points')")
        self.feed(records(100, 125))
        page.wait(lambda: page.run("return (document.querySelector('.series .level') || {getAttribute() {}}).getAttribute('points')")
                  not in (None, before), "the series to change", 60)
        page.wait(lambda: "critical" in page.text("#alerts-list"), "the alert to be revised", 60)
        # What came on an earlier day, when its hour was enough, has its date now.
        page.wait(lambda: page.run("const day = (iso) => new Date(iso).toDateString(), now = day(document.getElementById('clock').dateTime);"
                                   "return [...document.querySelectorAll('#feed-list time')].every((mark) =>"
                                   "(day(mark.dateTime) === now) === /^\\d\\d:\\d\\d$/.test(mark.textContent))"), "dates of earlier days")
        self.assert_clean()

    def answer(self, clicks, place, wanted):
        """What an analyst asks is to be read after these clicks, two at most."""
        self.assertLessEqual(len(clicks), 2)
        self.go()
        self.page.wait(lambda: PAIR in self.page.text("#pairs-list li:first-child"), "the pairs")
        for selector, text in clicks:
            self.page.click(selector, text)
        self.page.wait(lambda: re.search(wanted, self.page.text(place)), "%s in %s" % (wanted, place), 10)
        self.assert_clean()

    def test_04_why_story_and_filters(self):
        page = self.page
        self.open("?event=ASSAULT&level=medium")
        page.wait(lambda: len(page.texts("#feed-list li")) > 5, "the filtered feed")
        self.assertFalse([t for t in page.texts("#feed-list .badge") if "low" in t or "none" in t])
        page.click("#feed-list .row:has(mark) .title")
        page.wait(lambda: "rule assault" in page.text("#detail-body"), "the evidence")
        self.assertTrue(page.texts("#detail-body mark.hostile"))
        self.assertTrue(page.texts("#detail-body .factors"))
        page.click("#detail-body summary")
        page.wait(lambda: page.texts("#detail-body .tree tr"), "the tree of the sentence")
        self.assertRegex("\n".join(page.texts("#detail-body .tree .root")), r"VERB\s+root")
        missing = self.api("trees?place=" + urllib.parse.quote("%s/0/99999" % self.topics.raw))
        self.assertIn("cannot be read", missing["fault"])
        self.assertIn("no such record", self.api("trees?place=" + urllib.parse.quote(self.topics.ledger + "/0/0"))["fault"])
        self.shoot("why")
        self.open("?show=copies")
        page.click("#feed-list button.link")
        page.wait(lambda: "5 outlets" in page.text("#detail-body .verdict"), "the story")
        self.assertIn("4 copies", page.text("#detail-body .verdict"))
        self.shoot("story")
        address = page.run("return location.href")
        page.open(address)  # what is shown stands in the address
        page.wait(lambda: "4 copies" in page.text("#detail-body .verdict"), "the same after a reload")
        self.feed(list(copies(self.attack, ["north.example", "east.example", "south.example", "west.example", "far.example"]))[-1:])
        page.wait(lambda: "6 outlets" in page.text("#detail-body .verdict"), "the open story to change as a copy comes", 60)
        self.go()
        page.click("#alerts-list .row:has(.silenced)")
        page.wait(lambda: "Silenced by mk" in page.text("#detail-body"), "the silence and its reason")
        self.assertIn("a known exercise", page.text("#detail-body .note"))
        page.keys("/")
        page.keys("Antofagasta")
        page.wait(lambda: "q=Antofagasta" in page.run("return location.search"), "the search in the address")
        page.keys("\ue00c")  # Escape
        page.click("#clear")
        page.wait(lambda: "q=" not in page.run("return location.search"), "filters to be cleared")
        self.assert_clean()

    def test_04_each_filter_stands_in_the_address_and_holds_for_every_row(self):
        page = self.page
        for field, value, holds in (
                ("event", "ASSAULT", lambda record: "ASSAULT" in [event["event"] for event in record["events"]]),
                ("level", "high", lambda record: record["tension"]["level"] in ("high", "critical")),
                ("topic", "conflict", lambda record: "conflict" in record["topics"]),
                ("source", "apnews.com", lambda record: "apnews" in json.dumps(record["source"]).lower()),
                ("who", "PRK", lambda record: "PRK" in [entity.get("code") for entity in record["entities"]])):
            with self.subTest(field):
                self.go("?show=all")
                page.wait(lambda: len(page.texts("#feed-list li")) > 10, "all of the feed")
                page.run("const e = document.getElementById('filters').elements[arguments[0]]; e.value = arguments[1];"
                         "e.dispatchEvent(new Event('change', {bubbles: true}))", field, value)
                page.wait(lambda: "%s=%s" % (field, value) in page.run("return location.search"), "the filter in the address")
                rows = self.api("feed?show=all&%s=%s" % ({"who": "country"}.get(field, field), value))["rows"]
                self.assertTrue(rows)
                for row in rows:
                    self.assertTrue(holds(self.api("article?place=" + urllib.parse.quote(row["place"]))["record"]), row)
                titles = [row.get("title", "") for row in rows]
                page.wait(lambda: [shown if title else "" for shown, title in zip(page.texts("#feed-list .headline"), titles, strict=False)] == titles
                          and len(page.texts("#feed-list .headline")) == len(rows), "these rows and no others")
        self.assert_clean()

    def test_05_hostile_headlines_are_text(self):
        page = self.page
        self.open("?show=all")
        base = crisis.START_MS + 125 * HOUR_MS
        for i, (name, title) in enumerate(STRANGE.items()):
            body = "Chile attacked Bolivia with %d missiles on Monday and killed %d people in %s. %s" % (
                20 + i, 40 + 7 * i, ["Oruro", "Sucre", "La Paz", "Iquique"][i], crisis.body_of(random.Random(i), []))
            self.feed([{"value": {"id": "strange-" + name, "title": title, "body": body, "source": "%s.example" % name,
                                  "url": "javascript:alert(1)", "published_at": base // 1000 + i}, "timestamp": base + i}])
        page.wait(lambda: "<script>document.title" in page.text("#feed-list"), "the headline with a script", 60)
        page.wait(lambda: "\U0001f6a8" in page.text("#feed-list"), "the headline with emoji", 60)
        self.assertEqual(page.run("return document.title"), "tocsin")
        self.assertEqual(page.run("return document.querySelectorAll('#feed-list img, #feed-list script, a[href^=\"javascript\"]').length"), 0)
        self.assertLess(max(page.run("return [...document.querySelectorAll('#feed-list li')].map((e) => e.offsetHeight)")), 260)
        self.assertLessEqual(page.run("return document.scrollingElement.scrollWidth - innerWidth"), 0)
        self.assert_clean()

    def test_06_axe_finds_nothing_and_a_phone_has_room(self):
        page = self.page
        self.open()
        looks = self.looks(filtered=True)
        for number, (name, address) in enumerate(looks.items()):
            page.dark(number % 2 == 1)
            with self.subTest(view=name):
                self.go(address)
                self.wait_shown(name, address)
                self.assertEqual(page.axe("html" if name == "overview" else "#detail"), [])
                self.shoot(name)
        page.dark(False)
        page.resize(browser.PHONE)
        for name, address in {"feed": "?who=PRK", "pairs": "?tab=pairs", **looks}.items():
            with self.subTest(phone=name):
                self.go("?tab=detail" if name == "overview" else address)
                self.wait_shown(name, address)
                self.assertLessEqual(page.run("return document.scrollingElement.scrollWidth - innerWidth"), 0)
                self.shoot("phone-" + name)
        self.go("?who=PRK")
        self.wait_shown("feed", "")
        self.assertEqual(page.axe(), [])
        self.assert_clean()

    def test_07_keys_reach_everything(self):
        page = self.page
        self.open()
        page.wait(lambda: page.visible("#feed-list li"), "the feed")
        page.keys("3jj\ue007")  # the feed, its second article, Enter
        page.wait(lambda: page.text("#detail-title") == "Why", "why")
        page.keys("\ue00c")
        page.wait(lambda: page.text("#detail-title") == "Overview", "the overview")
        page.keys("p")
        page.wait(lambda: page.text("#detail-title") == "Pipeline", "the pipeline")
        page.keys("?")
        page.wait(lambda: page.visible("#help"), "the help")
        self.assert_clean()

    def test_08_the_token(self):
        secret = "correct horse battery staple"
        folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-page-"))
        (folder / "token").write_text(secret + "\n")
        port = free_port()
        extra = "page: {listen: '0.0.0.0:%d', history: 366d}\n" % port
        without = Daemon(self.broker, self.topics, "page", verb=("page",), extra=extra)
        self.addCleanup(without.close)
        self.assertEqual(without.wait_exit(), 2)  # off loopback without a token: refused
        admin = "admin: {listen: '127.0.0.1:%%d', token_file: '%s'}\nlog: {format: text}\n" % (folder / "token")
        daemon = Daemon(self.broker, self.topics, "page", verb=("page",), extra=admin + extra, listens=False)
        self.addCleanup(daemon.close)
        wait_until(lambda: self.probe(port), "the page alone to be ready")
        self.assertEqual(self.get("/api/feed", port)[0], 401)
        self.assertEqual(self.get("/events", port)[0], 401)
        self.assertIn("admin.token_file", self.get("/", port)[1])
        self.assertEqual(self.get("/api/status", port, Authorization="Bearer " + secret)[0], 200)
        self.assertEqual(self.get("/api/status", port, Authorization="Bearer " + secret[:-1])[0], 401)
        page = self.page
        page.open("http://127.0.0.1:%d/" % port)
        page.keys("wrong\ue007")
        page.wait(lambda: "not the token" in page.text("body"), "the refusal")
        page.run("document.getElementById('token').focus()")
        page.keys(secret + "\ue007")
        page.wait(lambda: page.text("#state-text").startswith("live"), "the page behind the token")
        page.wait(lambda: PAIR in page.text("#pairs-list"), "the same pairs from the topics alone")
        page.wait(lambda: "Chile" in page.text("#feed-list"), "and its history")
        cookie, = page.driver.get_cookies()
        self.assertEqual((cookie["httpOnly"], cookie["sameSite"], cookie["secure"]), (True, "Strict", False))
        self.assertNotIn(secret, cookie["value"])
        self.assertIn("; Secure", self.log_in(port, secret, {"X-Forwarded-Proto": "https"})["Set-Cookie"])
        page.errors(), page.hosts()

    def log_in(self, port, secret, headers):
        """Headers of the answer, as a proxy before the page gets it."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        self.addCleanup(connection.close)
        connection.request("POST", "/login", "token=" + urllib.parse.quote(secret), headers)
        return connection.getresponse().headers

    def probe(self, port):
        try:
            return self.get("/readyz", port)[0] == 200
        except OSError:
            return False

    def test_09_a_restart_of_the_daemon(self):
        page = self.page
        self.open()
        page.wait(lambda: page.visible("#feed-list li"), "the feed")
        shown = len(page.texts("#feed-list li"))
        self.daemon.process.send_signal(signal.SIGTERM)
        page.wait(lambda: "disconnected" in page.text("#state-text"), "the page to say that it is disconnected")
        self.assertEqual(len(page.texts("#feed-list li")), shown)  # what is shown stays
        self.daemon.wait_exit()
        type(self).daemon = Daemon(self.broker, self.topics, extra=self.extra).wait_ready()
        page.wait(lambda: page.text("#state-text").startswith("live"), "the page to come back by itself")
        page.wait(lambda: page.visible("#feed-list li"), "the history after the restart")
        page.errors()  # of the connection that was cut
        self.feed(records(144, 168))
        page.click("#feed-show button", "Easing")
        page.wait(lambda: "ceasefire" in page.text("#feed-list"), "the truce", 60)
        self.assert_clean()

    def test_10_a_restart_of_the_broker(self):
        page = self.page
        self.go("?show=all")
        self.broker.kill()
        page.wait(lambda: "brokers" in page.text("#state-text"), "the page to say that the brokers are away", 60)
        self.broker.start()
        page.wait(lambda: page.text("#state-text").startswith("live"), "the page to say that they are back", 60)
        self.feed([{"value": AFTERWARDS, "timestamp": crisis.START_MS + 168 * HOUR_MS}])
        page.wait(lambda: AFTERWARDS["title"] in page.text("#feed-list"), "what came after", 60)
        self.assert_clean()


for number, (question, answer) in enumerate(QUESTIONS.items(), 1):
    setattr(PageTest, "test_03_%02d_%s" % (number, question.replace(" ", "_")),
            lambda self, answer=answer: self.answer(*answer))


class LongTest(PageCase):
    """What takes minutes: every view with all of its rows."""

    def test_axe_finds_nothing_in_any_view(self):
        page = self.page
        self.feed(sorted([{"timestamp": at, "key": key, "value": value} for at, key, value in demo.sample()]
                         + list(records(0, 125)), key=lambda item: item["timestamp"]))
        self.open("?show=all")
        page.wait(lambda: len(self.api("feed?show=copies")["rows"]) > 3, "copies", 60)
        page.wait(lambda: self.api("alerts")["alerts"], "alerts", 60)
        looks = self.looks(filtered=False)
        for is_dark in (False, True):
            page.dark(is_dark)
            for size in (browser.WIDE, browser.PHONE):
                page.resize(size)
                for name, address in looks.items():
                    with self.subTest(view=name, dark=is_dark, size=size):
                        self.go("?tab=detail" if size is browser.PHONE and name == "overview" else address)
                        self.wait_shown(name, address)
                        self.assertEqual(page.axe(), [])
        self.assert_clean()


if __name__ == "__main__":
    unittest.main()
