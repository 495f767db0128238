"""Two users share files: patipamifile.py URL, in the example's directory."""
import os
import subprocess
import sys

from webdriver import Browser

ENTER, TAB, SPACE = "\ue007", "\ue004", " "
INSIDE = """return !document.querySelector("#inside").hidden
    && document.querySelector("#user").textContent === arguments[0]"""
BOX = """return [...document.querySelectorAll("article h2")]
    .some(one => one.textContent === arguments[0])"""
FILE = """return [...document.querySelectorAll("article li a")]
    .some(one => one.textContent === arguments[0])"""
STATE = "return document.querySelector('#state').textContent === arguments[0]"


def server(step):
    os.write(3, step.encode() + b"\n")
    assert os.read(4, 100) == b"done\n"


def enter(browser, url, name):
    """By keyboard alone."""
    browser.tab(url)
    browser.until("return !document.querySelector('#login').hidden")
    browser.tab_to("#name")
    browser.keys(*name, TAB, *"wrong", ENTER)
    browser.until(STATE, "That is not the name and the password.")
    browser.tab_to("#password")
    browser.keys(*("secret of " + name), ENTER)
    browser.until(INSIDE, name)


def share(ann, bob):
    """By keyboard alone: a box, and its members."""
    ann.tab_to("#box")
    ann.keys(*"Our <i>box", TAB, SPACE, TAB, ENTER)
    for browser in (ann, bob):
        browser.until(BOX, "Our <i>box (0 files)")
    ann.type("article input[type=file]", os.path.abspath("a <b>file.txt"))
    ann.tab_to("article form button")
    ann.keys(ENTER)
    ann.until(STATE, "Uploaded.")
    for browser in (ann, bob):
        browser.until(FILE, "a <b>file.txt")
        browser.until(BOX, "Our <i>box (1 file)")
    assert bob.wait("""fetch(document.querySelector("article li a").href)
        .then(answer => answer.text()).then(arguments[0])""", 60000) \
        == "some text\n"
    assert bob.run("return !document.querySelector('article li button')")


def spanish(browser):
    browser.tab_to("#language")
    browser.keys(ENTER)
    browser.until(BOX, "Our <i>box (1 archivo)")
    assert browser.run("return document.documentElement.lang") == "es"
    assert browser.run("return document.body.innerText.includes('Salir')")


def comes_back(ann, bob):
    """What happened while the server was away is there after it."""
    server("stop")
    bob.until(STATE, "Sin conexión.")
    for root, _, names in os.walk("boxes"):
        for name in names:
            if name.endswith(".json"):
                os.unlink(os.path.join(root, name))
    server("start")
    bob.until(BOX, "Our <i>box (0 archivos)")
    ann.until(BOX, "Our <i>box (0 files)")


def leave(ann, bob):
    """Logged out here, and by the operator."""
    ann.tab_to("#logout")
    ann.keys(ENTER)
    ann.until("return !document.querySelector('#login').hidden")
    assert ann.run("return !document.querySelector('article')")
    subprocess.run(["chsession", "end", "--user", "bob"], check=True)
    bob.until("return !document.querySelector('#login').hidden")


def main(url):
    ann = bob = None
    try:
        ann, bob = Browser(), Browser()
        enter(ann, url, "ann")
        enter(bob, url, "bob")
        share(ann, bob)
        ann.looks_good("patipamifile")
        spanish(bob)
        bob.looks_good("patipamifile-es")
        comes_back(ann, bob)
        leave(ann, bob)
    finally:
        for browser in (ann, bob):
            if browser:
                browser.close()


main(sys.argv[1])
