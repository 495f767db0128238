/*
 * chutils.js - a WebSocket that comes back, for pages that chserve serves.
 *
 *     <script src="/chutils.js"></script>
 *
 *     const chat = new ChSocket("/chat");
 *     chat.addEventListener("message", event => show(event.data));
 *     chat.send("hello");                   // text as it is,
 *     chat.send({ name: "ann", n: 1 });     // anything else as JSON
 *     await chat.open();                    // once it is connected
 *
 *     const notes = chat.stream("notes");   // {"stream": "notes", "payload": …}
 *     notes.addEventListener("message", event => draw(event.data));
 *     notes.send({ action: "create", data: { title: "new" } });
 *     const event = await notes.next();     // the next one that comes
 *
 * new ChSocket(where, options): `where` is a path, or an address, relative to
 * the page's: http becomes ws. Of the options each may be left out:
 *
 *     protocols  a subprotocol, or a list of them
 *     minWait    ms before the first new try (500); each later one waits
 *     maxWait    twice as long, but no longer than this (30000); and every
 *                wait is cut by up to a half by chance, so that not all pages
 *                come back at once. A connection that lasted 5 s starts anew,
 *                and a network that is back ends the wait.
 *     queue      how many messages are kept while there is no connection (100)
 *     final      a function of the code with which the server closed: whether
 *                that was the end (code 1000, and 4000 to 4999)
 *
 * Its events:
 *
 *     open       connected. What is sent here goes out before what was kept.
 *     message    .data: a string, or an ArrayBuffer; .json: the string parsed,
 *                undefined if it is not JSON. Frames of a stream that somebody
 *                asked for come to that stream only: there .data is the payload.
 *     close      .code, .reason; .wait: ms until the next try, null if it was
 *                the end
 *     state      .state, which the socket has too, became another: "connecting",
 *                "open", "waiting" (for the next try) or "closed" (the end)
 *
 * send(value) returns whether the message was sent or kept; false: too many are
 * kept, or it was the end. A message that was sent may be lost with its
 * connection. chserve takes 1 MiB in one, more closes it with 1009.
 * open() and next() are promises, which fail at the end. close(code, reason)
 * is the end: no new try. stream(name) is the same object for the same name,
 * with send(payload), next() and the event message. A page that is left has no
 * connection, also if the browser keeps it; gone back to, it connects again.
 */
"use strict";

(() => {

const LASTING = 5000;

class ChMessage extends MessageEvent {
	get json() {
		try {
			return JSON.parse(this.data);
		} catch (e) {
			return undefined;
		}
	}
}

function happen(target, type, values) {
	target.dispatchEvent(Object.assign(new Event(type), values));
}

/* The next event of a type; fails once the socket is closed. */
function nextOf(target, type, socket) {
	return new Promise((resolve, reject) => {
		const end = () => {
			target.removeEventListener(type, found);
			socket.removeEventListener("state", look);
		};
		const found = event => {
			end();
			resolve(event);
		};
		const look = () => {
			if (socket.state !== "closed")
				return;
			end();
			reject(new Error("the connection is closed"));
		};

		target.addEventListener(type, found);
		socket.addEventListener("state", look);
		look();
	});
}

class ChStream extends EventTarget {
	#socket;

	constructor(socket, name) {
		super();
		this.#socket = socket;
		this.name = name;
	}

	send(payload) {
		return this.#socket.send({ stream: this.name, payload });
	}

	next() {
		return nextOf(this, "message", this.#socket);
	}
}

class ChSocket extends EventTarget {
	#options = { protocols: [], minWait: 500, maxWait: 30000, queue: 100,
		final: code => code === 1000 || code >= 4000 && code < 5000 };
	#socket = null;
	#streams = new Map();
	#kept = [];
	#tries = 0;
	#since = 0;
	#timer = 0;
	state = "connecting";

	constructor(where, options) {
		super();
		this.url = new URL(where, document.baseURI);
		this.url.protocol = this.url.protocol.replace("http", "ws");
		this.url.hash = "";
		Object.assign(this.#options, options);
		window.addEventListener("online", () => {
			if (this.state === "waiting")
				this.#connect();
		});
		window.addEventListener("pagehide", event => {
			if (event.persisted)
				this.#leave();
		});
		window.addEventListener("pageshow", event => {
			if (event.persisted && this.state === "waiting")
				this.#connect();
		});
		this.#connect();
	}

	send(value) {
		const data = typeof value === "string" || value instanceof Blob ||
			value instanceof ArrayBuffer || ArrayBuffer.isView(value) ?
			value : JSON.stringify(value);

		if (this.state === "open")
			this.#socket.send(data);
		else if (this.state !== "closed" &&
		    this.#kept.length < this.#options.queue)
			this.#kept.push(data);
		else
			return false;
		return true;
	}

	open() {
		return this.state === "open" ? Promise.resolve(this) :
			nextOf(this, "open", this).then(() => this);
	}

	next() {
		return nextOf(this, "message", this);
	}

	stream(name) {
		if (!this.#streams.has(name))
			this.#streams.set(name, new ChStream(this, name));
		return this.#streams.get(name);
	}

	close(code = 1000, reason = "") {
		const socket = this.#socket;

		if (this.state === "closed")
			return;
		clearTimeout(this.#timer);
		this.#socket = null; /* what it still says is not heard */
		socket?.close(code, reason);
		this.#end(code, reason);
	}

	/* Who is not looked at is not here, and hears nothing. */
	#leave() {
		const socket = this.#socket;

		if (this.state === "closed")
			return;
		clearTimeout(this.#timer);
		this.#socket = null;
		socket.close();
		this.#become("waiting");
	}

	#become(state) {
		this.state = state;
		happen(this, "state", { state });
	}

	#connect() {
		const socket = new WebSocket(this.url, this.#options.protocols);

		clearTimeout(this.#timer);
		this.#socket = socket;
		socket.binaryType = "arraybuffer";
		for (const [type, hear] of [["open", () => this.#opened()],
		    ["message", event => this.#arrived(event.data)],
		    ["close", event => this.#closed(event)]])
			socket.addEventListener(type, event => {
				if (this.#socket === socket)
					hear(event);
			});
		this.#become("connecting");
	}

	#opened() {
		this.#since = performance.now();
		this.protocol = this.#socket.protocol;
		this.#become("open");
		happen(this, "open");
		while (this.state === "open" && this.#kept.length)
			this.#socket.send(this.#kept.shift());
	}

	#arrived(data) {
		const event = new ChMessage("message", { data });
		const frame = this.#streams.size && typeof data === "string" ?
			event.json : null;
		const stream = frame && this.#streams.get(frame.stream);

		if (stream)
			stream.dispatchEvent(new MessageEvent("message",
				{ data: frame.payload }));
		else
			this.dispatchEvent(event);
	}

	#end(code, reason) {
		this.#kept = [];
		this.#become("closed");
		happen(this, "close", { code, reason, wait: null });
	}

	#closed(event) {
		const { minWait, maxWait, final } = this.#options;
		const lasted = this.state === "open" &&
			performance.now() - this.#since > LASTING;
		let wait;

		if (final(event.code)) {
			this.#end(event.code, event.reason);
			return;
		}
		this.#tries = lasted ? 0 : this.#tries;
		wait = Math.min(maxWait, minWait * 2 ** this.#tries++);
		wait *= 1 - Math.random() / 2;
		this.#timer = setTimeout(() => this.#connect(), wait);
		this.#become("waiting");
		happen(this, "close",
			{ code: event.code, reason: event.reason, wait });
	}
}

globalThis.ChSocket = ChSocket;

})();
