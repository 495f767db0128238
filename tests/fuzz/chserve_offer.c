/*
 * chserve_offer.c - fuzzes what clients offer: lists of subprotocols and of
 * extensions. Each line is the value of a field, by turns of either kind.
 */
#include "chserve/offer.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct offer *offer)
{
	struct ws_offer agreed = { .window = offer->window,
		.says_window = offer->says_window };
	struct ch_buf out = CH_BUF_INIT;
	size_t i, j;

	for (i = 0; i < offer->n_protocols; i++) {
		if (!offer_is_name(offer->protocols[i]) ||
		    offer_find(offer, offer->protocols[i]) !=
			offer->protocols[i])
			abort();
		for (j = 0; j < i; j++)
			if (!strcmp(offer->protocols[i], offer->protocols[j]))
				abort();
	}
	if (!offer->window)
		return;
	if (offer->window < 8 || offer->window > OFFER_WINDOW)
		abort();
	offer_put_extension(&out, &agreed);
	ch_buf_release(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "sec-websocket-protocol",
		"sec-websocket-extensions" };
	char *text = malloc(size + 1), *line, *rest = text;
	struct head head = { .n_fields = 0 };
	struct offer offer;
	int status;

	memcpy(text, data, size);
	text[size] = '\0';
	while ((line = strsep(&rest, "\n")) && head.n_fields < HEAD_FIELDS) {
		head.fields[head.n_fields] = (struct field){
			names[head.n_fields % 2], line };
		head.n_fields++;
	}
	status = offer_read(&offer, &head);
	if (status && status != 400)
		abort();
	if (!status)
		check(&offer);
	offer_release(&offer);
	free(text);
	return 0;
}
