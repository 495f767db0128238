"""The console in a real browser: console.py URL-OF-THE-SERVER."""
import json
import subprocess
import sys

from webdriver import Browser

ENTER, UP, DOWN = "\ue007", "\ue013", "\ue015"
STATE = """return document.querySelector("#state").textContent
    .startsWith(arguments[0])"""
ROW = """return [...document.querySelectorAll("#log > ." + arguments[0] +
    " .body")].some(body => body.textContent === arguments[1])"""
VALUE = "return document.querySelector(arguments[0]).value"
SET = "document.querySelector(arguments[0]).value = arguments[1]"
CLICK = "document.querySelector(arguments[0]).click()"


def take(channel):
    return json.loads(subprocess.check_output(
        ["chrecv", "-c", "1", "-t", "60", channel]))


def reply(message, *pairs):
    subprocess.run(["chsend", message["reply_channel"], *pairs], check=True)


def connect(browser, path):
    """Accept the page's next connection; its message."""
    browser.run(SET, "#path", path)
    browser.run(CLICK, "#connect")
    message = take("websocket.connect")
    reply(message, "accept:=true")
    browser.until(STATE, "connected to " + path)
    return message


def frames(browser):
    message = connect(browser, "/echo?x=1")
    assert message["path"] == "/echo", message
    assert message["query_string"] == "x=1", message
    browser.type("#message", '{"a":[1,"<b>"]}' + ENTER)
    text = take("websocket.receive")["text"]
    assert text == '{"a":[1,"<b>"]}', text
    reply(message, "text=" + text)
    shown = '{\n  "a": [\n    1,\n    "<b>"\n  ]\n}'
    browser.until(ROW, "sent", shown)
    browser.until(ROW, "got", shown)
    assert browser.run("""return / ms after/.test(
        document.querySelector("#log > .got .meta").textContent)""")

    browser.run(SET, "#kind", "hex")
    browser.type("#message", "00 FF,41" + ENTER)
    data = take("websocket.receive")["bytes"]
    assert data == "\uffffAP9B", data
    reply(message, "bytes=" + data)
    dump = "00000000  " + "00 ff 41".ljust(48) + " |..A|"
    browser.until(ROW, "sent", dump)
    browser.until(ROW, "got", dump)
    browser.type("#message", "0" + ENTER)
    browser.until(ROW, "bad", "bytes are pairs of hex digits, such as 00 ff")
    browser.run(SET, "#kind", "text")
    browser.run(SET, "#message", "")
    return message


def history(browser):
    browser.type("#message", "draft" + UP)
    assert browser.run(VALUE, "#message") == "00 FF,41"
    browser.type("#message", UP + UP)
    assert browser.run(VALUE, "#message") == '{"a":[1,"<b>"]}'
    browser.type("#message", DOWN + DOWN)
    assert browser.run(VALUE, "#message") == "draft"
    browser.run(SET, "#message", "")


def ends(browser, message):
    reply(message, "close:=4321")
    browser.until(STATE, "closed with 4321 (the application's own) after ")
    assert browser.run("""return document.querySelector("#send").disabled""")
    message = connect(browser, "/b")
    browser.run(CLICK, "#connect")
    browser.until(STATE, "closed with 1000 (normal) after ")
    browser.run(SET, "#path", "/c")
    browser.run(CLICK, "#connect")
    reply(take("websocket.connect"), "accept:=false")
    browser.until(STATE, "closed with 1006 (lost, or refused) after ")

    message = connect(browser, "/d")
    browser.run(CLICK, "#again")
    reply(message, "close:=1012")
    reply(take("websocket.connect"), "accept:=true")
    browser.until(STATE, "connected to /d")
    browser.run(CLICK, "#clear")
    assert browser.run(
        "return document.querySelector('#log').childElementCount") == 0


def main(url):
    browser = Browser("--ignore-certificate-errors")
    try:
        browser.tab(url + "console#/from/the/address")
        assert browser.run(VALUE, "#path") == "/from/the/address"
        message = frames(browser)
        history(browser)
        ends(browser, message)
        assert browser.run("""return [...document.querySelectorAll(
            "input, textarea, select")].every(e => e.labels.length)""")
        assert browser.run(
            "return performance.getEntriesByType('resource').length") == 0
        browser.looks_good("console")
    finally:
        browser.close()


main(sys.argv[1])
