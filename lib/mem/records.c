/* records.c - texts, records and lists of them. */
#include "mem/mem.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

struct ch_mem_text *
ch_mem_text_new(const char *bytes, size_t len)
{
	struct ch_mem_text *text = malloc(sizeof(*text) + len + 1);

	if (!text)
		return NULL;
	text->refs = 1;
	text->len = len;
	memcpy(text->bytes, bytes, len);
	text->bytes[len] = '\0';
	return text;
}

void
ch_mem_text_free(struct ch_mem_text *text)
{
	if (text && --text->refs == 0)
		free(text);
}

struct ch_mem_record *
ch_mem_record_new(struct ch_mem_text *text, enum ch_kind kind, size_t n)
{
	struct ch_mem_record *record;

	record = calloc(1, sizeof(*record) + n * sizeof(record->channels[0]));
	if (!record)
		return NULL;
	text->refs++;
	record->text = text;
	record->kind = kind;
	record->time = ch_clock_real();
	record->expiry = CH_NEVER;
	record->n = n;
	return record;
}

void
ch_mem_record_free(struct ch_mem_record *record)
{
	if (!record)
		return;
	ch_mem_text_free(record->text);
	free(record);
}

int64_t
ch_mem_record_end(const struct ch_mem_record *record)
{
	return record->expiry >= CH_NEVER - record->due ? CH_NEVER :
	    record->due + record->expiry;
}

void
ch_mem_list_add(struct ch_mem_list *list, struct ch_mem_record *record)
{
	record->next = NULL;
	if (list->last)
		list->last->next = record;
	else
		list->first = record;
	list->last = record;
	list->n++;
}

void
ch_mem_list_insert(struct ch_mem_list *list, struct ch_mem_record *record)
{
	struct ch_mem_record **at = &list->first;

	if (!list->last || list->last->due <= record->due) {
		ch_mem_list_add(list, record);
		return;
	}
	while ((*at)->due <= record->due)
		at = &(*at)->next;
	record->next = *at;
	*at = record;
	list->n++;
}

struct ch_mem_record *
ch_mem_list_remove(struct ch_mem_list *list, struct ch_mem_record *before)
{
	struct ch_mem_record **at = before ? &before->next : &list->first;
	struct ch_mem_record *record = *at;

	*at = record->next;
	if (list->last == record)
		list->last = before;
	list->n--;
	return record;
}

uint64_t
ch_mem_list_clear(struct ch_mem_list *list)
{
	uint64_t n = list->n;

	while (list->first)
		ch_mem_record_free(ch_mem_list_remove(list, NULL));
	return n;
}
