"""The forms of index.html, posted by a real browser: forms.py URL."""
import json
import subprocess
import sys

from webdriver import Browser

FILES = {
    "plain.txt": b"one\r\ntwo\n",
    "na\u00efve \u20ac.bin": bytes(range(256)) * 5000,
    "a\"b;c=%22.txt": b"",
    "back\\slash\\": b"\r\n--",
}


def answer(message, status=200):
    subprocess.run(["chsend", message["reply_channel"], json.dumps(
        {"status": status, "headers": [["Content-Type", "text/plain"]],
         "content": "thanks"})], check=True)


def posted():
    """The next form; a browser asks for icons as well."""
    while True:
        message = json.loads(subprocess.check_output(
            ["chrecv", "-c", "1", "-t", "60", "http.request"]))
        if message["method"] == "POST":
            return message
        answer(message, 404)


def fill(browser, selector, *values):
    browser.run("""const [form, ...values] = arguments;
        const inputs = document.querySelectorAll(
            form + " input:not([type=file]), " + form + " textarea");
        values.forEach((value, i) => { inputs[i].value = value; });
        """, selector, *values)


def main(url):
    for name, content in FILES.items():
        with open(name, "wb") as file:
            file.write(content)
    browser = Browser()
    try:
        browser.tab(url)
        fill(browser, "#plain", "1 + 1", "100% \u00fc", "x&y\nz")
        submit = browser.submit("#plain")
        message = posted()
        assert message["form"] == {"a": ["1 + 1", "100% \u00fc"],
                                   "b & \"c\"": "x&yz"}, message
        assert message["files"] == [], message
        answer(message)
        submit.join()
        browser.until("return document.body.textContent === 'thanks'")

        browser.tab(url)
        fill(browser, "#files", "v", "two\nlines \u00e9")
        base = subprocess.check_output(["pwd"], text=True).strip()
        browser.type("[name=many]", "\n".join(
            base + "/" + name for name in FILES))
        submit = browser.submit("#files")
        message = posted()
        assert message["form"] == {"quo\"te\\": "v",
                                   "text": "two\r\nlines \u00e9"}, message
        names = [file["name"] for file in message["files"]]
        assert names == ["plain.txt", "na\u00efve \u20ac.bin",
                         "a\"b;c=\".txt", ""], message
        for file, content in zip(message["files"], FILES.values()):
            assert file["field"] == "many", message
            assert file["size"] == len(content), message
            with open(file["path"], "rb") as spooled:
                assert spooled.read() == content, message
        assert message["files"][0]["type"] == "text/plain", message
        answer(message)
        submit.join()
        browser.until("return document.body.textContent === 'thanks'")
    finally:
        browser.close()


main(sys.argv[1])
