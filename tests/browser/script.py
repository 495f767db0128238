"""chutils.js in a real browser: script.py URL. What the server is to do is
written to descriptor 3; that it is done is read from descriptor 4."""
import json
import os
import subprocess
import sys

from webdriver import Browser

BEGIN = """window.heard = [];
    window.socket = new ChSocket(arguments[0], { minWait: 40, maxWait: 300,
        queue: 3 });
    window.notes = socket.stream("notes");
    for (const type of ["open", "message", "close", "state"])
        socket.addEventListener(type, event => heard.push([type,
            event.code || event.state || event.data || null, event.json,
            event.wait]));
    notes.addEventListener("message",
        event => heard.push(["note", event.data]));
    socket.addEventListener("open", () => socket.send("first"),
        { once: true });
    for (const value of ["text", { a: [1] }, new Uint8Array([0, 255]), 4])
        heard.push(["sent", socket.send(value)])"""
HEARD = """return heard.some(
    one => JSON.stringify(one.slice(0, arguments[1])) === arguments[0])"""


def take(channel):
    return json.loads(subprocess.check_output(
        ["chrecv", "-c", "1", "-t", "60", channel]))


def reply(message, text):
    subprocess.run(["chsend", message["reply_channel"], text], check=True)


def accept():
    message = take("websocket.connect")
    reply(message, '{"accept":true}')
    return message


def server(step):
    os.write(3, step.encode() + b"\n")
    assert os.read(4, 100) == b"done\n"


def heard(browser, *one):
    browser.until(HEARD, json.dumps(one, separators=(",", ":")), len(one))


def frames(browser):
    browser.run(BEGIN, "/frames?x=1#y")
    message = accept()
    assert message["path"] == "/frames" and message["query_string"] == "x=1"
    got = [take("websocket.receive") for _ in range(4)]
    assert [one.get("text") for one in got] == [
        "first", "text", '{"a":[1]}', None], got
    assert got[3]["bytes"] == "\uffffAP8=", got
    heard(browser, "open")
    heard(browser, "sent", False)  # the fourth had no room
    reply(message, json.dumps({"text": '{"n":1}'}))
    heard(browser, "message", '{"n":1}', {"n": 1})
    reply(message, json.dumps({"text": "plain"}))
    heard(browser, "message", "plain")
    return message


def streams(browser, message):
    reply(message, json.dumps(
        {"text": '{"stream":"notes","payload":{"pk":7}}'}))
    heard(browser, "note", {"pk": 7})
    other = '{"stream":"other","payload":1}'
    reply(message, json.dumps({"text": other}))
    heard(browser, "message", other)
    browser.run("notes.send({action:'create'})")
    text = take("websocket.receive")["text"]
    assert json.loads(text) == {"stream": "notes",
                                "payload": {"action": "create"}}, text
    assert browser.run("return socket.stream('notes') === notes")


def comes_back(browser):
    server("stop")
    heard(browser, "close", 1001)
    heard(browser, "state", "waiting")
    browser.run("socket.send('kept')")
    browser.until("return heard.filter(one => one[0] === 'close').length > 2")
    waits = browser.run(
        "return heard.filter(one => one[0] === 'close').map(one => one[3])")
    assert 20 <= waits[0] <= 40 <= waits[1] <= 80 <= waits[2] <= 160, waits
    browser.run("socket.open().then(() => heard.push(['back']))")
    server("start")
    message = accept()
    heard(browser, "back")
    assert take("websocket.receive")["text"] == "kept"
    return message


def left(browser, message):
    """The browser keeps a page that is left; its connection ends all the
    same, and there is another when somebody comes back to it."""
    browser.run("window.same = true; location.href = 'other.html'")
    while True:
        gone = take("websocket.disconnect")
        if gone["reply_channel"] == message["reply_channel"]:
            break
    browser.until("return document.title === 'other'")
    browser.call("POST", "/back", {})
    message = accept()
    browser.until("return socket.state === 'open'")
    assert browser.run("return window.same"), "the page was loaded again"
    return message


def ends(browser, message):
    browser.run("notes.next().catch(e => heard.push(['failed', e.message]))")
    reply(message, '{"close":4001}')
    heard(browser, "close", 4001, None, None)
    heard(browser, "state", "closed")
    heard(browser, "failed", "the connection is closed")
    assert browser.run("return socket.send('late')") is False
    browser.run(BEGIN + "; socket.send('x')", "frames")
    message = accept()
    heard(browser, "open")
    browser.run("socket.close(4321)")
    heard(browser, "close", 4321)
    gone = take("websocket.disconnect")
    while gone["reply_channel"] != message["reply_channel"]:
        gone = take("websocket.disconnect")
    assert gone["code"] == 4321, gone
    assert browser.run("return socket.state") == "closed"


def main(url):
    browser = Browser()
    try:
        browser.tab(url)
        message = frames(browser)
        streams(browser, message)
        ends(browser, left(browser, comes_back(browser)))
        assert browser.run("return performance.getEntriesByType('resource')"
                           ".map(r => r.name)") == [url + "chutils.js"]
    finally:
        browser.close()


main(sys.argv[1])
