"""The chat in two real browsers and a terminal: chat.py URL."""
import subprocess
import sys

from webdriver import Browser

ENTER, TAB = "\ue007", "\ue004"
HAS = """const items = document.querySelectorAll("#log p");
    return [...items].some(item => [...item.childNodes].slice(1)
        .map(node => node.textContent).join("") === arguments[0])"""
TEXT = """return document.querySelector(arguments[0]).textContent
    === arguments[1]"""
FOCUS = "return document.activeElement.id === arguments[0]"
PROTOCOL = """return performance.getEntriesByType("navigation")[0]
    .nextHopProtocol"""


def members(group):
    return int(subprocess.check_output(["chgroup", "count", group]))


def all_have(browsers, text):
    for browser in browsers:
        browser.until(HAS, text)


def by_keyboard(browser):
    """A guest says who it is, and something, with the keyboard alone."""
    browser.until(FOCUS, "name")
    browser.keys(*"Bob", TAB)
    assert browser.run(FOCUS, "line")
    browser.keys(*"hi all", ENTER)
    browser.until(HAS, "guest Bob: hi all")


def terminal(browsers):
    """Somebody takes part from a terminal."""
    tail = subprocess.Popen(
        ["chtail", "-i", "-c", "2", "-t", "60", "-F", "{text}", "chat"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    while members("chat") < 3:
        pass
    line = "h\u00e9llo <b>\"you\"</b> & 'me' \\ $(id)"
    browsers[0].type("#line", line + ENTER)
    all_have(browsers, "guest Bob: " + line)
    tail.stdin.write("from a terminal\n")
    tail.stdin.flush()
    all_have(browsers, "from a terminal")
    seen = tail.communicate(timeout=60)[0]
    assert seen == "guest Bob: " + line + "\nfrom a terminal\n", seen


def rooms(browser):
    """Another room hears nothing of this one."""
    first = browser.call("GET", "/window")
    browser.tab(browser.url)
    browser.until(TEXT, "#here", "here: 3 pages")
    browser.type("#other", "side" + ENTER)
    browser.until(TEXT, "#room", "side")
    browser.until(TEXT, "#here", "here: 1 page")
    subprocess.run(["chsend", "-g", "chat-side", "text=only here"], check=True)
    browser.until(HAS, "only here")
    assert not browser.run(HAS, "from a terminal")
    browser.go(first)
    browser.until(TEXT, "#here", "here: 2 pages")
    assert not browser.run(HAS, "only here")


def main(url):
    over_tls = url.startswith("https:")
    flags = ["--ignore-certificate-errors"] * over_tls
    browsers = []
    try:
        for _ in range(2):
            browsers.append(Browser(*flags))
            browsers[-1].url = url
            browsers[-1].tab(url)
        one, two = browsers
        assert one.run(PROTOCOL) == ("h2" if over_tls else "http/1.1")
        for browser in browsers:
            browser.until(TEXT, "#here", "here: 2 pages")
            browser.until(TEXT, "#state", "connected")
        by_keyboard(one)
        all_have(browsers, "guest Bob: hi all")
        terminal(browsers)
        subprocess.run(["chsend", "-g", "chat", "text=from a script"],
                       check=True)
        all_have(browsers, "from a script")
        rooms(two)
        if not over_tls:
            one.looks_good("chat")
        two.close()
        browsers.remove(two)
        one.until(TEXT, "#here", "here: 1 page")
    finally:
        for browser in browsers:
            browser.close()


main(sys.argv[1])
