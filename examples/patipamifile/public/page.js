"use strict";
// The boxes, as /boxes lists them, kept true by the socket of /live.

const $ = id => document.getElementById(id);
const boxes = new Map(); // what was told of each, by its id
let user = "", people = [], socket = null, said = [];

// Say a word of words.js, in whatever language is chosen later.
function say(...words) {
    said = words;
    $("state").textContent = words.length ? word(...words) : "";
}

function inWords() {
    document.documentElement.lang = language;
    for (const node of document.querySelectorAll("[data-word]"))
        node.textContent = word(node.dataset.word);
    $("language").textContent = word("language");
    $("language").lang = word("other");
    for (const box of boxes.values())
        draw(box);
    say(...said);
}

function element(name, text, more) {
    return Object.assign(document.createElement(name),
        { textContent: text }, more);
}

function fileOf(box, file) {
    const item = document.createElement("li");
    const link = element("a", "", { download: "",
        href: `boxes/${box.id}/${file.id}` });
    const about = document.createElement("div");

    link.append(element("bdi", file.name));
    about.append(link, element("small",
        word("from", sizeOf(file.size), file.by)));
    item.append(about);
    if (file.by === user || box.members[0] === user) {
        const remove = element("button", word("removeShort"));

        remove.setAttribute("aria-label", word("remove", file.name));
        remove.onclick = async () => {
            const answer = await fetch(link.href, { method: "DELETE" });

            if (!answer.ok)
                say("failed");
        };
        item.append(remove);
    }
    return item;
}

// Sends the files of the form; fetch() could not tell how far it is.
function upload(form, box) {
    const bar = form.querySelector("progress");
    const button = form.querySelector("button");
    const request = new XMLHttpRequest();
    const share = new Intl.NumberFormat(language, { style: "percent" });

    request.upload.onprogress = ({ loaded, total }) => {
        bar.value = total ? loaded / total : 0;
        say("uploading", share.format(bar.value));
    };
    request.onloadend = () => {
        bar.hidden = true;
        button.disabled = false;
        if (request.status === 204) {
            form.reset();
            say("uploaded");
        } else {
            say({ 413: "tooLarge", 507: "full" }[request.status] ||
                "failed");
        }
    };
    bar.hidden = false;
    bar.value = 0;
    button.disabled = true;
    request.open("POST", `boxes/${box.id}`);
    request.send(new FormData(form));
}

function articleOf(box) {
    let found = $(`box-${box.id}`);

    if (found)
        return found;
    found = $("template").content.cloneNode(true).firstElementChild;
    found.id = `box-${box.id}`;
    const form = found.querySelector("form");
    const input = form.querySelector("input");

    input.id = `files-${box.id}`;
    form.querySelector("label").htmlFor = input.id;
    form.querySelector("progress").setAttribute("aria-labelledby", "state");
    form.onsubmit = event => {
        event.preventDefault();
        upload(form, box);
    };
    $("boxes").append(found);
    return found;
}

function draw(box) {
    const found = articleOf(box);

    found.querySelector("h2").replaceChildren(element("bdi", box.name), " ",
        element("small", `(${word("files", box.files.length)})`));
    found.querySelector(".members").textContent = word("members",
        new Intl.ListFormat(language).format(box.members));
    found.querySelector("ul").replaceChildren(
        ...box.files.map(file => fileOf(box, file)));
    found.querySelector("label").textContent = word("choose", box.name);
    found.querySelector("form button").textContent = word("upload");
}

function heard({ box, in: id, file, gone }) {
    const known = boxes.get(id);

    if (box) {
        boxes.set(box.id, box);
        draw(box);
    } else if (known) {
        known.files = known.files.filter(one =>
            one.id !== gone && one.id !== file?.id);
        if (file)
            known.files.push(file);
        draw(known);
    }
}

function personOf(name) {
    const label = document.createElement("label");

    label.append(Object.assign(document.createElement("input"),
        { type: "checkbox", name: "member", value: name }), ` ${name}`);
    return label;
}

// What the server knows now. Who is not logged in is asked to.
async function load() {
    const answer = await fetch("boxes").catch(() => null);

    if (!answer || answer.status !== 401 && !answer.ok) {
        say("away");
        return;
    }
    const inside = answer.ok;
    const all = inside ? await answer.json() : { user: "", people: [],
        boxes: [] };

    ({ user, people } = all);
    $("user").textContent = user;
    $("login").hidden = inside;
    $("inside").hidden = $("logout").hidden = !inside;
    boxes.clear();
    $("boxes").replaceChildren();
    for (const box of all.boxes)
        heard({ box });
    $("people").replaceChildren(
        ...people.filter(name => name !== user).map(personOf));
    say();
    if (!inside)
        leave();
    else if (!socket)
        enter();
}

// From now on what happens is told; what happened before that, by load().
function enter() {
    socket = new ChSocket("live");
    socket.stream("boxes").addEventListener("message",
        event => heard(event.data));
    socket.addEventListener("open", load);
    socket.addEventListener("close", event => {
        say("away");
        if (event.wait === null)
            load();
    });
}

function leave() {
    socket?.close();
    socket = null;
}

async function post(path, form) {
    const answer = await fetch(path, { method: "POST",
        body: form && new URLSearchParams(new FormData(form)) });

    return answer.ok;
}

$("login").onsubmit = async event => {
    event.preventDefault();
    if (!await post("login", $("login"))) {
        say("wrong");
        return;
    }
    $("login").reset();
    await load();
    $("box").focus();
};
$("logout").onclick = async () => {
    await post("logout");
    await load();
    $("name").focus();
};
$("make").onsubmit = async event => {
    event.preventDefault();
    if (await post("boxes", $("make")))
        $("make").reset();
    else
        say("failed");
};
$("language").onclick = () => {
    language = word("other");
    localStorage.setItem("language", language);
    inWords();
};
inWords();
load();
