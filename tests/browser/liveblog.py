"""The live blog in two real browsers: liveblog.py URL, with the server to be
stopped and started by descriptors 3 and 4."""
import os
import subprocess
import sys

from webdriver import Browser

ENTER, TAB, END = "\ue007", "\ue004", "\ue010"
STATE = """return document.querySelector("#state").textContent
    .startsWith(arguments[0])"""
SHOWN = """return [...document.querySelectorAll("article div")]
    .map(item => item.textContent).join("|") === arguments[0]"""


def server(step):
    os.write(3, step.encode() + b"\n")
    assert os.read(4, 100) == b"done\n"


def post(**keys):
    subprocess.run(["chsend", "liveblog.post"] +
                   ["%s=%s" % pair for pair in keys.items()], check=True)


def shown(browsers, *texts):
    for browser in browsers:
        browser.until(SHOWN, "|".join(texts))


def enter(author):
    """Logs in, with the keyboard alone."""
    author.keys(TAB, ENTER)
    author.until("return document.querySelector('#password')")
    author.keys(TAB, *"ann", TAB, *"wrong", ENTER)
    author.until(STATE, "That is not the name")
    author.looks_good("liveblog-login")
    author.keys(TAB, *"ann", TAB, *"secret of ann", ENTER)
    author.until("return document.querySelector('textarea')")
    author.until(STATE, "live")


def by_keyboard(author, both):
    """Posts, changes and deletes, with the keyboard alone."""
    author.keys(TAB, TAB, *"first <b>one</b>", TAB, ENTER)
    shown(both, "first <b>one</b>", "from a script")
    author.tab_to("article a")
    author.keys(ENTER)
    author.until("return document.querySelector('h1').textContent"
                 " === 'Edit an entry'")
    author.keys(TAB, END, "!", TAB, ENTER)
    shown(both, "first <b>one</b>!", "from a script")


def deleted(author, both):
    author.tab_to("article:nth-of-type(3) a")
    author.keys(ENTER)
    author.until("return document.querySelector('button[value=\"\"]')")
    author.looks_good("liveblog-edit")
    author.keys(TAB, TAB, TAB, ENTER)
    shown(both, "by ann", "while it was away", "from a script")


def main(url):
    browsers = []
    try:
        for _ in "author", "reader":
            browsers.append(Browser())
            browsers[-1].tab(url)
            browsers[-1].until(STATE, "live")
        author, reader = browsers
        reader.run("window.same = true")
        enter(author)
        post(text="from a script")
        shown(browsers, "from a script")
        by_keyboard(author, browsers)
        assert not reader.run("return document.querySelector('form, article a')")
        server("stop")
        for browser in browsers:
            browser.until(STATE, "not connected")
        # nobody is told of it
        subprocess.run(["./post"], check=True, text=True,
                       input='{"user":"bob","text":"while it was away"}')
        server("start")
        for browser in browsers:
            browser.until(STATE, "live")
        shown(browsers, "while it was away", "first <b>one</b>!",
              "from a script")
        post(user="ann", text="by ann")
        shown(browsers, "by ann", "while it was away", "first <b>one</b>!",
              "from a script")
        author.looks_good("liveblog")
        deleted(author, browsers)
        assert reader.run("return window.same"), "the page was loaded again"
    finally:
        for browser in browsers:
            browser.close()


main(sys.argv[1])
