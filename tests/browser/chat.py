"""The chat in two tabs of a real browser: chat.py URL."""
import subprocess
import sys

from webdriver import Browser

HAS = """const items = document.querySelectorAll("#log li");
    return [...items].some(i => i.lastChild.textContent === arguments[0])"""
PROTOCOL = """return performance.getEntriesByType("navigation")[0]
    .nextHopProtocol"""


def members(group):
    return int(subprocess.check_output(["chgroup", "count", group]))


def main(url):
    over_tls = url.startswith("https:")
    browser = Browser(*["--ignore-certificate-errors"] * over_tls)
    try:
        one = browser.tab(url)
        assert browser.run(PROTOCOL) == ("h2" if over_tls else "http/1.1")
        browser.until(HAS, "browsers here: 1")
        tail = subprocess.Popen(
            ["chtail", "-c", "2", "-t", "60", "-F", "{text}", "chat"],
            stdout=subprocess.PIPE, text=True)
        while members("chat") < 2:
            pass
        two = browser.tab(url)
        for tab in (two, one):
            browser.go(tab)
            browser.until(HAS, "browsers here: 2")

        line = "h\u00e9llo <b>\"you\"</b> & 'me' \\ $(id)"
        browser.go(one)
        browser.type("#line", line)
        browser.run("document.querySelector('#form').requestSubmit()")
        for tab in (one, two):
            browser.go(tab)
            browser.until(HAS, line)
        seen = tail.communicate(timeout=60)[0]
        assert seen == "browsers here: 2\n" + line + "\n", seen

        subprocess.run(["chsend", "-g", "chat", "text=from a script"],
                       check=True)
        for tab in (one, two):
            browser.go(tab)
            browser.until(HAS, "from a script")

        other = browser.tab(url + "#side")
        browser.until(HAS, "browsers here: 1")
        subprocess.run(["chsend", "-g", "chat-side", "text=only here"],
                       check=True)
        browser.until(HAS, "only here")
        assert not browser.run(HAS, "from a script")
        browser.go(one)
        assert not browser.run(HAS, "only here")
        browser.go(other)
        assert browser.run("return document.querySelector('#state')"
                           ".textContent") == "connected"
    finally:
        browser.close()


main(sys.argv[1])
