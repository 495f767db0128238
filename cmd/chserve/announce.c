/* Saying where we listen. */
#include "chserve/announce.h"

#include "chserve/address.h"
#include "chserve/console.h"

#include "common/out.h"
#include "common/put.h"
#include "common/say.h"

#include <stdio.h>

void
announce_line(char *text, size_t size)
{
	struct ch_buf line = CH_BUF_INIT;
	struct place *place;

	for (place = places; place; place = place->next) {
		put_string(&line, place == places ? "listening on " : ", ");
		address_put(&line, &place->at);
	}
	snprintf(text, size, "%s", line.data ? line.data : "");
	ch_buf_release(&line);
}

int
announce(struct ch_err *err)
{
	struct place *place;

	for (place = places; place; place = place->next) {
		put_format(&out, "chserve: %s on ", place->use->words);
		if (!place->at.local)
			put_format(&out, "%s://", place->use->scheme);
		address_put(&out, &place->at);
		put_string(&out, place->at.local ? "\n" : "/\n");
	}
	return out_flush(CH_NEVER, err);
}

void
announce_console(const struct places_use *use)
{
	struct ch_buf at = CH_BUF_INIT;
	const struct place *place = places;

	while (place && (place->use != use || place->at.local))
		place = place->next;
	if (!place)
		return;
	address_put(&at, &place->at);
	say_note("console at %s://%s" CONSOLE_PATH, use->scheme, at.data);
	ch_buf_release(&at);
}
