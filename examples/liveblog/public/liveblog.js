/*
 * What is new appears by itself: {id, user, html} comes for each change, html
 * is null for an entry that is gone. After each connection the entries are
 * fetched once, so that none is missed; what comes meanwhile waits for that.
 */
"use strict";

(() => {

const entries = document.getElementById("entries");
const state = document.getElementById("state");
const me = document.body.dataset.user;
let before = Promise.resolve();

async function refresh() {
	const answer = await fetch("");
	const page = new DOMParser().parseFromString(await answer.text(),
		"text/html");
	const now = page.getElementById("entries");

	if (!answer.ok || !now)
		throw new Error("status " + answer.status);
	if (entries.innerHTML !== now.innerHTML)
		entries.replaceChildren(...now.childNodes);
}

function put({ id, html }) {
	const old = document.getElementById("e" + id);
	const first = entries.firstElementChild;

	if (old && html)
		old.outerHTML = html;
	else if (old)
		old.remove();
	else if (html && (!first || first.id < "e" + id))
		entries.insertAdjacentHTML("afterbegin", html);
}

function next(work) {
	before = before.then(work).catch(() => {
		state.textContent = "not up to date; trying again …";
		setTimeout(() => next(refresh), 2000);
	});
}

if (entries && !("old" in document.body.dataset)) {
	const socket = new ChSocket("live");

	socket.addEventListener("open", () => next(async () => {
		await refresh();
		state.textContent = "live";
	}));
	socket.addEventListener("message", event => next(() =>
		me && event.json.user === me ? refresh() : put(event.json)));
	socket.addEventListener("close", () => {
		state.textContent = "not connected; trying again …";
	});
}

})();
