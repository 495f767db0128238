"""The records in two real browsers and in files: binding.py URL, run in the
directory of the example, with the server to be stopped and started by
descriptors 3 and 4."""
import json
import os
import sys

from webdriver import Browser

ENTER, SPACE = "\ue007", " "
COUNT = "return document.querySelectorAll('#list li').length === arguments[0]"
TITLES = """return [...document.querySelectorAll('#list li')].some(
    li => li.querySelector('span').textContent === arguments[0]
        && li.querySelector('input').checked === arguments[1])"""
SAID = "return document.querySelector('#state').textContent === arguments[0]"


def record(pk):
    with open("records/%s.json" % pk) as file:
        return json.load(file)


def write(pk, data):
    with open("records/%s.json" % pk, "w") as file:
        json.dump(data, file)


def created(one, two):
    """By keyboard alone, in one of them."""
    one.tab_to("#title")
    one.keys(*"a <new> one", ENTER)
    for browser in (one, two):
        browser.until(TITLES, "a <new> one", False)
    assert any(record(name[:-5])["title"] == "a <new> one"
               for name in os.listdir("records"))


def updated(one, two):
    """By keyboard alone, in the other."""
    two.tab_to("#record-tea input")
    two.keys(SPACE)
    for browser in (one, two):
        browser.until(TITLES, "Buy tea", True)
    assert record("tea") == {"title": "Buy tea", "done": True}


def in_files(one, two):
    write("file", {"title": "from a file", "done": True})
    for browser in (one, two):
        browser.until(TITLES, "from a file", True)
    write("file", {"title": "again", "done": False})
    for browser in (one, two):
        browser.until(TITLES, "again", False)
    os.rename("records/file.json", "records/other.json")
    for browser in (one, two):
        browser.until("return document.querySelector('#record-other')")
        browser.until("return !document.querySelector('#record-file')")
    os.unlink("records/other.json")
    for browser in (one, two):
        browser.until(COUNT, 4)


def refused(one, two):
    """What they may not: guests neither delete nor change what is locked."""
    one.tab_to("#record-tea button")
    one.keys(ENTER)
    one.until(SAID, "you may not delete tea")
    one.tab_to("#record-kind input")
    one.keys(SPACE)
    one.until(SAID, "you may not update kind")
    assert two.run(SAID, "connected")
    assert not record("kind")["done"]
    for change, why in ((dict(action="update", pk="../may", data={}),
                         "../may is no name of a record"),
                        (dict(action="update", pk="none", data={}),
                         "none is not there"),
                        (dict(action="create", pk="tea", data={}),
                         "tea is there already"),
                        (dict(action="update", pk="tea", data=[1]),
                         "data is no object"),
                        (dict(action="shout", pk="tea"),
                         "shout is not known")):
        one.run("records.send(arguments[0])", change)
        one.until(SAID, why)
    assert record("tea") == {"title": "Buy tea", "done": True}


def server(step):
    os.write(3, step.encode() + b"\n")
    assert os.read(4, 100) == b"done\n"


def comes_back(one, two):
    """What changed while the server was away is there after it."""
    one.run("window.same = true")
    server("stop")
    for browser in (one, two):
        browser.until(SAID, "not connected")
    write("away", {"title": "while it was away", "done": True})
    server("start")
    for browser in (one, two):
        browser.until(SAID, "connected")
        browser.until(TITLES, "while it was away", True)
    assert one.run("return window.same"), "the page was loaded again"


def main(url):
    browsers = []
    try:
        for _ in range(2):
            browsers.append(Browser())
            browsers[-1].tab(url)
            browsers[-1].until(COUNT, 3)
        created(*browsers)
        updated(*browsers)
        in_files(*browsers)
        refused(*browsers)
        comes_back(*browsers)
        browsers[0].looks_good("binding")
    finally:
        for browser in browsers:
            browser.close()


main(sys.argv[1])
