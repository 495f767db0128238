"""Groups as event streams, and a form, in a real browser: events.py URL."""
import json
import os
import subprocess
import sys

from webdriver import Browser

HAS = """const items = document.querySelectorAll(arguments[0] + " li");
    return [...items].some(i => i.textContent === arguments[1])"""
OPEN = "return document.title.includes(arguments[0])"


def request():
    """The next request for something that is no icon."""
    while True:
        message = json.loads(subprocess.check_output(
            ["chrecv", "-c", "1", "-t", "60", "http.request"]))
        if message["path"] != "/favicon.ico":
            return message
        reply(message, status=404)


def reply(message, **keys):
    subprocess.run(["chsend", message["reply_channel"], json.dumps(keys)],
                   check=True)


def main(url):
    browser = Browser()
    try:
        browser.tab(url)
        made = request()
        assert made["path"] == "/made"
        reply(made, status=200, more_content=True,
              headers=[["Content-Type", "text/event-stream"]])
        subprocess.run(["chgroup", "add", "news", made["reply_channel"]],
                       check=True)
        browser.until(OPEN, "ready")
        browser.until(OPEN, "made")
        subprocess.run(["chsend", "-g", "news", "text=two\nlines", "id=7"],
                       check=True)
        for where in "#ready", "#made":
            browser.until(HAS, where, "7 two\nlines")

        with open("photo.txt", "w", encoding="utf-8") as file:
            file.write("a file")
        browser.type("[name=doc]", os.path.abspath("photo.txt"))
        browser.type("[name=title]", "T\u00e9a \"x\"")
        submit = browser.submit("form")
        post = request()
        assert post["method"] == "POST" and post["path"] == "/post"
        assert post["form"] == {"title": "T\u00e9a \"x\""}, post["form"]
        upload = post["files"][0]
        assert upload["name"] == "photo.txt" and upload["field"] == "doc"
        with open(upload["path"], encoding="utf-8") as file:
            assert file.read() == "a file"
        reply(post, status=200, headers=[["Content-Type", "text/html"]],
              content="<title>posted</title>")
        submit.join()
        browser.until(OPEN, "posted")
        assert not os.path.exists(upload["path"])
    finally:
        browser.close()


main(sys.argv[1])
