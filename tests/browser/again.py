"""The page of an example comes back when its server does: again.py URL."""
import os
import subprocess
import sys

from webdriver import Browser

STATE = """return document.querySelector("#state").textContent
    .startsWith(arguments[0])"""


def server(step):
    os.write(3, step.encode() + b"\n")
    assert os.read(4, 100) == b"done\n"


def main(url):
    browser = Browser()
    try:
        browser.tab(url)
        browser.until(STATE, "connected")
        browser.run("window.same = true")
        server("stop")
        browser.until(STATE, "not connected")
        server("start")
        browser.until(STATE, "connected")
        assert browser.run("return window.same"), "the page was loaded again"
        subprocess.run(["chsend", "-g", "chat", "text=after all"], check=True)
        browser.until("""return document.querySelector("#log").textContent
            .endsWith("after all")""")
    finally:
        browser.close()


main(sys.argv[1])
