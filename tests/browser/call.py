"""The call in two real browsers: call.py URL, with the server to be stopped and
started by descriptors 3 and 4. There is no STUN server: the two know their own
addresses, which they would hide, and may be on a machine without a network."""
import os
import sys

from webdriver import Browser

ENTER = "\ue007"
FLAGS = ["--disable-features=WebRtcHideLocalIpsWithMdns",
         "--allow-loopback-in-peer-connection"]
BEGINS = """return document.querySelector(arguments[0]).textContent
    .startsWith(arguments[1])"""
HAS = """return [...document.querySelectorAll("#log p")].some(
    item => item.textContent === arguments[0])"""
FOCUS = "return document.activeElement.id === arguments[0]"


def server(step):
    os.write(3, step.encode() + b"\n")
    assert os.read(4, 100) == b"done\n"


def together(browsers):
    for browser in browsers:
        browser.until(BEGINS, "#state", "connected")
        browser.until(BEGINS, "#peer", "connected")


def says(one, two, text):
    """By keyboard alone, the focus is where one types."""
    assert one.run(FOCUS, "line")
    one.keys(*text, ENTER)
    one.until(HAS, "you: " + text)
    two.until(HAS, "they: " + text)


def third(browser, url):
    """A third page is told that there is no place, until there is."""
    first = browser.call("GET", "/window")
    browser.tab(url + "#blue")
    browser.until(BEGINS, "#state", "two are here")
    browser.call("DELETE", "/window")
    browser.go(first)


def by_keyboard(browser):
    """Into a room of one's own, with the keyboard."""
    browser.tab_to("#other")
    browser.keys(*"quiet", ENTER)
    browser.until(BEGINS, "#room", "quiet")
    browser.until(BEGINS, "#state", "connected")
    browser.until(BEGINS, "#peer", "nobody")


def main(url):
    browsers = []
    try:
        for _ in range(2):
            browsers.append(Browser(*FLAGS))
            browsers[-1].tab(url + "#blue")
        one, two = browsers
        together(browsers)
        says(one, two, "hello <b>you</b>")
        says(two, one, "hello yourself")
        third(two, url)
        server("stop")
        one.until(BEGINS, "#state", "not connected")
        says(one, two, "nobody serves us")
        server("start")
        together(browsers)
        says(two, one, "it is back")
        one.call("POST", "/refresh", {})
        together(browsers)
        says(one, two, "found again")
        one.looks_good("call")
        by_keyboard(one)
        two.until(BEGINS, "#peer", "nobody")
    finally:
        for browser in browsers:
            browser.close()


main(sys.argv[1])
