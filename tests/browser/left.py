"""A page that is left while the test waits in it: left.py URL. To chromedriver
that is a script timeout, at once; under a sanitizer the chat met it."""
import sys

from webdriver import Browser

LEAVE = "setTimeout(() => location.assign('?next'), 300)"
NEXT = "return location.search === '?next'"


def main(url):
    browser = Browser()
    try:
        browser.call("POST", "/url", {"url": url})
        browser.run(LEAVE)
        browser.until(NEXT)
    finally:
        browser.close()


main(sys.argv[1])
