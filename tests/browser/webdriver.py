"""A browser by WebDriver, with Python's standard library: chromedriver over
HTTP, as far as these tests need it."""
import base64
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
         "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync",
         "--disable-dev-shm-usage"]
BUILD = os.path.join(os.path.dirname(__file__), "../../build")
AXE_RUN = """const done = arguments[0];
    axe.run().then(found => done(found.violations.flatMap(one => one.nodes.map(
        node => one.help + ": " + node.html))), e => done([String(e)]))"""
UNTIL = """
    const args = [...arguments], done = args.pop();
    const look = function () { %s };
    const end = Date.now() + 2000;
    const timer = setInterval(() => {
        const found = look(...args);
        if (found || Date.now() > end) {
            clearInterval(timer);
            done(found);
        }
    }, 20);"""
WAIT_MS = 5000
LEFT = ["script timeout", "document unloaded", "aborted by navigation"]
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


class Browser:
    def __init__(self, *more):
        self.profile = tempfile.mkdtemp()
        self.driver = subprocess.Popen(
            ["chromedriver", "--port=0"], stdout=subprocess.PIPE, text=True)
        for line in self.driver.stdout:
            if "started successfully on port" in line:
                port = int(line.rstrip(".\n").split()[-1])
                break
        self.base = "http://127.0.0.1:%d/session" % port
        flags = FLAGS + ["--user-data-dir=" + self.profile, *more]
        try:
            answer = self.call("POST", "", {"capabilities": {"alwaysMatch": {
                "goog:chromeOptions": {"args": flags}}}})
        except Exception:
            self.end()
            raise
        self.base += "/" + answer["sessionId"]

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.base + path, data, {"Content-Type": "application/json"},
            method=method)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(error.read().decode()) from None

    def tab(self, url):
        """A new tab that shows url; its handle."""
        handle = self.call("POST", "/window/new", {"type": "tab"})["handle"]
        self.go(handle)
        self.call("POST", "/url", {"url": url})
        return handle

    def go(self, handle):
        self.call("POST", "/window", {"handle": handle})

    def run(self, script, *args):
        return self.call("POST", "/execute/sync",
                         {"script": script, "args": list(args)})

    def type(self, selector, text):
        found = self.call("POST", "/element",
                          {"using": "css selector", "value": selector})
        self.call("POST", "/element/%s/value" % found[ELEMENT], {"text": text})

    def submit(self, selector):
        """Submit a form, in a thread to be joined: the browser's answer may
        wait for the page that comes of it."""
        thread = threading.Thread(target=self.run, args=(
            "document.querySelector(arguments[0]).requestSubmit()", selector))
        thread.start()
        return thread

    def size(self, width, height):
        self.call("POST", "/window/rect", {"width": width, "height": height})

    def looks_good(self, name):
        """On a phone and a desk, in light and dark: nothing is wider than
        the window, axe finds nothing. Pictures go to build/screenshots."""
        os.makedirs(BUILD + "/screenshots", exist_ok=True)
        modules = subprocess.check_output(["npm", "root", "-g"], text=True)
        with open(modules.strip() + "/axe-core/axe.min.js") as file:
            axe = file.read()
        for width, scheme in ((360, "light"), (1280, "dark")):
            self.size(width, 740)
            self.call("POST", "/goog/cdp/execute", {
                "cmd": "Emulation.setEmulatedMedia", "params": {"features": [
                    {"name": "prefers-color-scheme", "value": scheme}]}})
            path = "%s/screenshots/%s-%d.png" % (BUILD, name, width)
            with open(path, "wb") as file:
                file.write(base64.b64decode(self.call("GET", "/screenshot")))
            wide = self.run("return document.documentElement.scrollWidth")
            assert wide <= width, "%s is %d wide" % (name, wide)
            self.run(axe)
            found = self.wait(AXE_RUN, 60000)
            assert not found, "\n".join(found)

    def keys(self, *keys):
        """Press these, one after the other, wherever the focus is."""
        actions = [{"type": kind, "value": key} for key in keys
                   for kind in ("keyDown", "keyUp")]
        self.call("POST", "/actions", {"actions": [
            {"type": "key", "id": "keyboard", "actions": actions}]})

    def tab_to(self, selector):
        """Press Tab until the focus is there, as who has no mouse does."""
        for _ in range(50):
            self.keys("\ue004")
            if self.run("""return document.activeElement ===
                    document.querySelector(arguments[0])""", selector):
                return
        raise AssertionError("no Tab leads to " + selector)

    def until(self, script, *args, what=""):
        """Wait, inside the page, until the script returns something true. A
        page that is left meanwhile never answers; then the next one is asked."""
        end = time.monotonic() + 60
        answer = None
        while not answer and time.monotonic() < end:
            try:
                answer = self.wait(UNTIL % script, WAIT_MS, *args)
            except RuntimeError as error:
                if not any(one in str(error) for one in LEFT):
                    raise
        assert answer, what or script
        return answer

    def wait(self, script, ms, *args):
        """What the script hands to its last argument, in time."""
        self.call("POST", "/timeouts", {"script": ms})
        return self.call("POST", "/execute/async",
                         {"script": script, "args": list(args)})

    def close(self):
        try:
            self.call("DELETE", "")
        finally:
            self.end()

    def end(self):
        self.driver.terminate()
        self.driver.wait()
        end = time.monotonic() + 10
        while time.monotonic() < end:  # chromium lets go of its files
            shutil.rmtree(self.profile, ignore_errors=True)
            try:
                open(self.profile).close()
            except FileNotFoundError:
                break
            except OSError:
                pass
