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


def enter(browser, name):
    """Log in, with the keyboard alone; not at once with the right password."""
    browser.tab_to("#in")
    browser.keys(ENTER)
    browser.until(FOCUS, "name")
    browser.until("return document.querySelector('#password')")
    browser.keys(*name, TAB, *"wrong", ENTER)
    browser.until(TEXT, "[role=status]",
                  "That is not the name and the password.")
    browser.until(FOCUS, "name")
    browser.keys(*name, TAB, *("secret of " + name), ENTER)
    browser.until(TEXT, "#state", "connected as " + name)


def logins(one, two):
    """Two users: their names are those of the logins, whatever they send."""
    both = (one, two)
    enter(one, "ann")
    enter(two, "bob")
    for browser in both:
        browser.until(TEXT, "#here", "here: ann, bob; 2 pages")
        assert not browser.run("return document.querySelector('#who')"
                               ".checkVisibility()")
    one.until(FOCUS, "line")
    one.keys(*"it is me", ENTER)
    all_have(both, "ann: it is me")
    for frame in ("ann: not her", "guest ann: not her",
                  '{"stream":"you","payload":{"user":"ann"}}',
                  '{"stream":"here","payload":{"names":"eve","pages":9}}',
                  '{"user":"ann","text":"not her"}'):
        two.run("socket.send(arguments[0])", frame)
        all_have(both, "bob: " + frame)
    two.until(TEXT, "#state", "connected as bob")
    one.until(TEXT, "#here", "here: ann, bob; 2 pages")


def logged_out(browser):
    browser.until(TEXT, "#state", "connected")
    assert browser.run("return document.querySelector('#who')"
                       ".checkVisibility()")


def leave(one, two):
    """Out of one tab, with the keyboard alone: the socket of the other is
    closed as well, and is back as a guest's. The operator can do the same."""
    first = one.call("GET", "/window")
    second = one.tab(one.url + "#nook")
    one.until(TEXT, "#here", "here: ann; 1 page")
    one.run("window.same = true")
    one.go(first)
    one.tab_to("#out button")
    one.keys(ENTER)
    one.until(FOCUS, "line")
    logged_out(one)
    two.until(TEXT, "#here", "here: bob; 2 pages")
    one.go(second)
    one.until(TEXT, "#here", "here: 1 page")
    logged_out(one)
    assert one.run("return window.same"), "the page was loaded again"
    one.type("#name", "ann")
    one.type("#line", "me again" + ENTER)
    one.until(HAS, "guest ann: me again")
    room_is_kept(one)
    one.call("DELETE", "/window")
    one.go(first)
    subprocess.run(["chsession", "end", "--user", "bob"], check=True)
    two.until(TEXT, "#here", "here: 2 pages")
    logged_out(two)


def room_is_kept(browser):
    """Who logs in, and out, stays in the room where he is."""
    enter(browser, "ann")
    browser.until(TEXT, "#here", "here: ann; 1 page")
    browser.tab_to("#out button")
    browser.keys(ENTER)
    browser.until(TEXT, "#here", "here: 1 page")
    assert browser.run(TEXT, "#room", "nook")


def looks_good(browser):
    browser.looks_good("chat")
    first = browser.call("GET", "/window")
    browser.tab(browser.url + "login")
    browser.looks_good("chat-login")
    browser.call("DELETE", "/window")
    browser.go(first)


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
            looks_good(one)
        logins(one, two)
        leave(one, two)
        two.close()
        browsers.remove(two)
        one.until(TEXT, "#here", "here: 1 page")
    finally:
        for browser in browsers:
            browser.close()


main(sys.argv[1])
