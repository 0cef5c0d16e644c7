#!/usr/bin/env python3
"""Chromium for the tests of the live page, and axe-core, which looks for what shuts people out.

usage: browser.py --fetch    only brings axe-core into .cache/axe (pip, pinned by hash)
"""

import fcntl
import pathlib
import subprocess
import sys
import tempfile
import time
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
CACHE = HERE.parents[1] / ".cache/axe"
AXE = CACHE / "axe.min.js"
WIDE, PHONE = (1440, 900), (390, 844)


def fetch():
    if AXE.exists():
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if AXE.exists():
            return
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            subprocess.run(
                [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
                 "--require-hashes", "--requirement", HERE / "requirements.txt", "--dest", folder], check=True)
            wheel, = pathlib.Path(folder).glob("*.whl")
            with zipfile.ZipFile(wheel) as archive:
                partial = pathlib.Path(folder) / "script"
                partial.write_bytes(archive.read("axe_playwright_python/axe.min.js"))
            partial.rename(AXE)


class Browser:
    """A headless Chromium. Nothing it loads may come from elsewhere, and no error may stand in its console.

    `is_logged`: what it asks for is kept for hosts(); not for hours, because the log grows until it is read."""

    def __init__(self, is_logged=True):
        from selenium import webdriver  # not needed to fetch
        options = webdriver.ChromeOptions()
        for flag in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars",
                     "--lang=en-GB", "--disable-background-networking", "--force-color-profile=srgb"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", **({"performance": "ALL"} if is_logged else {})})
        options.binary_location = "/usr/bin/chromium"
        self.driver = webdriver.Chrome(service=webdriver.chrome.service.Service("/usr/bin/chromedriver"), options=options)
        self.driver.set_script_timeout(60)
        self.command("Emulation.setTimezoneOverride", timezoneId="Europe/Berlin")
        self.resize(WIDE)

    def command(self, name, **parameters):
        return self.driver.execute_cdp_cmd(name, parameters)

    def resize(self, size):
        self.command("Emulation.setDeviceMetricsOverride", width=size[0], height=size[1], deviceScaleFactor=1,
                     mobile=size is PHONE)

    def dark(self, is_dark):
        self.command("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce"}])

    def open(self, url):
        self.driver.get(url)

    def go(self, address):
        """Another address of the page that is open, as the back button brings it: nothing is loaded anew."""
        self.run("history.pushState(null, '', arguments[0]); dispatchEvent(new PopStateEvent('popstate'))", address)

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def text(self, selector):
        """The text of the first element as it is seen; "" when there is none."""
        return self.run("const e = document.querySelector(arguments[0]); return e ? e.innerText || '' : ''", selector)

    def texts(self, selector):
        return self.run("return [...document.querySelectorAll(arguments[0])].map((e) => e.innerText)", selector)

    def visible(self, selector):
        return self.run("const e = document.querySelector(arguments[0]); return Boolean(e && e.getClientRects().length)", selector)

    def click(self, selector, text=None):
        """Clicks what a person would: the first visible element with the text."""
        self.wait(lambda: self.run(
            "const [selector, text] = arguments;"
            "const e = [...document.querySelectorAll(selector)].find((e) => e.offsetParent && (!text || e.innerText.includes(text)));"
            "if (!e) return false; e.scrollIntoView({block: 'center'}); e.click(); return true", selector, text),
            "%s %s to click" % (selector, text or ""))

    def keys(self, text):
        from selenium.webdriver import ActionChains
        ActionChains(self.driver).send_keys(text).perform()

    def wait(self, condition, what, seconds=20.0):
        deadline = time.monotonic() + seconds
        while True:
            value = condition()
            if value:
                return value
            if time.monotonic() > deadline:
                raise AssertionError("gave up after %.0f s waiting for %s; the page says: %s"
                                     % (seconds, what, self.text("body")[:1500]))
            time.sleep(0.05)

    def errors(self):
        """What the console has said since the last call, but for a connection that was cut on purpose."""
        return [entry["message"] for entry in self.driver.get_log("browser")
                if entry["level"] in ("SEVERE", "WARNING") and "net::ERR_" not in entry["message"]
                and "ERR_CONNECTION" not in entry["message"]]

    def hosts(self):
        """Hosts that were asked for anything since the last call."""
        import json
        found = set()
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                found.add(message["params"]["request"]["url"].split("/")[2])
        return found

    def axe(self, within="html"):
        """["rule: element"] of everything that axe-core finds wrong. It looks at each element: show it few."""
        if not self.run("return Boolean(window.axe)"):
            self.run(AXE.read_text(encoding="utf-8") + "; window.axe = axe;")
        result = self.driver.execute_async_script(
            "const [within, done] = arguments;"
            "axe.run(within, {resultTypes: ['violations'], preload: false}).then((r) => done(r.violations))", within)
        return ["%s: %s" % (v["id"], n["target"][0]) + " " + n.get("failureSummary", "") for v in result for n in v["nodes"][:3]]

    def screenshot(self, path):
        self.driver.save_screenshot(str(path))

    def close(self):
        self.driver.quit()


if __name__ == "__main__":
    if sys.argv[1:] == ["--fetch"]:
        fetch()
    else:
        sys.exit(__doc__)
