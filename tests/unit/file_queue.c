/* file_queue.c - the ring in a file: commit, growth, damage. */
#include "file/queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "tap.h"

static int
new_queue(struct ch_queue *queue)
{
	int fd = memfd_create("queue", MFD_CLOEXEC);

	memset(queue, 0, sizeof(*queue));
	if (fd < 0 || ch_queue_make(fd, "jobs", NULL) ||
	    ch_queue_map(queue, fd, "jobs", NULL) ||
	    ch_queue_load(queue, ch_clock_boot(), NULL))
		exit(1);
	return fd;
}

static struct ch_queue
open_again(int fd)
{
	struct ch_queue queue = { 0 };

	if (ch_queue_map(&queue, fd, "jobs", NULL) == CH_OK)
		ch_queue_load(&queue, ch_clock_boot(), NULL);
	return queue;
}

/* Append a message of n bytes that begins with the letter c. */
static int
append(struct ch_queue *queue, int c, size_t n)
{
	char *text = malloc(n);
	struct ch_entry entry = {
		.text = text,
		.text_len = n,
		.deadline = CH_NEVER,
	};
	int rc;

	memset(text, c, n);
	rc = ch_queue_append(queue, &entry);
	free(text);
	return rc;
}

/* The first letters of all records, in order; '!' if one is not whole. */
static const char *
letters(const struct ch_queue *queue)
{
	static char seen[256];
	const struct ch_record *record;
	const char *text;
	uint64_t at = 0;
	size_t n = 0, i;

	while (n < sizeof(seen) - 1 &&
	    ch_queue_walk(queue, &at, &record, NULL) == CH_OK && record) {
		text = ch_record_text(record);
		for (i = 0; i < record->text && text[i] == text[0]; i++)
			;
		seen[n++] = i < record->text ? '!' : text[0];
	}
	seen[n] = '\0';
	return seen;
}

static void
drop_first(struct ch_queue *queue)
{
	const struct ch_record *record;

	if (ch_queue_first(queue, &record, NULL) == CH_OK && record)
		ch_queue_drop(queue, record);
}

static void
test_commit(void)
{
	struct ch_queue queue, other;
	int fd = new_queue(&queue);

	append(&queue, 'a', 10);
	ch_queue_commit(&queue, NULL);
	append(&queue, 'b', 10);
	other = open_again(fd);
	is_str(letters(&other), "a",
	    "rule 1: what was not committed has not happened");
	ch_queue_unmap(&other);
	ch_queue_commit(&queue, NULL);
	other = open_again(fd);
	is_str(letters(&other), "ab",
	    "rule 1: what was committed has, whole");
	/* the slot that is being filled does not count yet */
	memset(&other.header->slot[(other.generation + 1) & 1], 0xff,
	    sizeof(struct ch_slot));
	ch_queue_unmap(&other);
	other = open_again(fd);
	is_str(letters(&other), "ab",
	    "rule 1: a half-filled slot is not looked at");
	other.header->slot[other.generation & 1].head += 8;
	ch_queue_unmap(&other);
	memset(&other, 0, sizeof(other));
	ch_queue_map(&other, fd, "jobs", NULL);
	is_int(ch_queue_load(&other, ch_clock_boot(), NULL), CH_REFUSED,
	    "rule 1: a slot whose checksum is wrong is refused");
	ch_queue_unmap(&other);
	ch_queue_unmap(&queue);
	close(fd);
}

static void
test_growth(void)
{
	struct ch_queue queue, other;
	int fd = new_queue(&queue), rc;
	struct stat st;

	/* fill the ring, make room at its start, and let it wrap */
	append(&queue, 'a', 5000);
	append(&queue, 'b', 5000);
	drop_first(&queue);
	is_int(append(&queue, 'c', 4000), CH_OK, "a record goes in the front");
	ch_queue_commit(&queue, NULL);
	other = open_again(fd);
	rc = append(&queue, 'd', 9000);
	is_int(rc, CH_NONE, "what does not fit asks for growth");
	is_int(ch_queue_grow(&queue, fd, 2 * 9100, NULL), CH_OK, "it grows");
	append(&queue, 'd', 9000);
	ch_queue_commit(&queue, NULL);
	is_str(letters(&queue), "bcd",
	    "rule 2: growth copies the wrapped part");
	is_int(ch_queue_load(&other, ch_clock_boot(), NULL), CH_NONE,
	    "rule 3: another handle sees that the file has grown");
	ch_queue_follow(&other, fd, NULL);
	ch_queue_load(&other, ch_clock_boot(), NULL);
	is_str(letters(&other), "bcd", "rule 3: and follows");
	ch_queue_unmap(&other);
	fstat(fd, &st);
	if (ftruncate(fd, st.st_size + 100000) == 0)
		other = open_again(fd);
	is_str(letters(&other), "bcd",
	    "rule 2: a file longer than its slot says is normal");
	ch_queue_unmap(&other);
	if (ftruncate(fd, st.st_size - CH_QUEUE_PAGE) == 0)
		ch_queue_map(&other, fd, "jobs", NULL);
	rc = ch_queue_load(&other, ch_clock_boot(), NULL);
	if (rc == CH_NONE)
		rc = ch_queue_follow(&other, fd, NULL);
	is_int(rc, CH_REFUSED, "rule 2: a shorter one is damaged");
	ch_queue_unmap(&other);
	ch_queue_unmap(&queue);
	close(fd);
}

static void
test_shrinking(void)
{
	struct ch_queue queue, other;
	int fd = new_queue(&queue), i;
	struct stat st;

	ch_queue_grow(&queue, fd, (size_t)1 << 20, NULL);
	for (i = 0; i < 10; i++)
		append(&queue, 'a' + i, 100000);
	ch_queue_commit(&queue, NULL);
	queue.clock += 10000;
	ok(!ch_queue_is_loose(&queue),
	    "rule 2: a full ring has nothing to give back");
	for (i = 0; i < 9; i++)
		drop_first(&queue);
	ch_queue_commit(&queue, NULL);
	ok(!ch_queue_is_loose(&queue),
	    "rule 2: nor one whose last message lies at its end");
	drop_first(&queue);
	ch_queue_commit(&queue, NULL);
	ok(ch_queue_is_loose(&queue), "an empty one has");
	is_int(ch_queue_shrink(&queue, fd, NULL), CH_OK, "it gives it back");
	fstat(fd, &st);
	ok(st.st_size < 65536, "rule 2: flip, then truncate");
	append(&queue, 'z', 100);
	ch_queue_commit(&queue, NULL);
	other = open_again(fd);
	is_str(letters(&other), "z", "and goes on");
	ch_queue_unmap(&other);
	ch_queue_unmap(&queue);
	close(fd);
}

static void
test_wrapping(void)
{
	struct ch_queue queue;
	int fd = new_queue(&queue), i, bad = 0;
	char want[3] = "";

	for (i = 0; i < 2000; i++) {
		if (append(&queue, 'a' + i % 26, 1 + (size_t)i * 37 % 3000) !=
		    CH_OK)
			bad++;
		if (i == 0)
			continue;
		want[0] = (char)('a' + (i - 1) % 26);
		want[1] = (char)('a' + i % 26);
		bad += strcmp(letters(&queue), want) != 0;
		drop_first(&queue);
		ch_queue_commit(&queue, NULL);
	}
	is_int(bad, 0, "records of any size go round the ring unharmed");
	ch_queue_unmap(&queue);
	close(fd);
}

static void
test_expiry(void)
{
	struct ch_queue queue;
	struct ch_entry entry = { .text = "{}", .text_len = 2 };
	const struct ch_record *record;
	int fd = new_queue(&queue);

	append(&queue, 'a', 2);
	entry.deadline = queue.clock + 50;
	ch_queue_append(&queue, &entry);
	append(&queue, 'c', 2);
	queue.clock += 100;
	ch_queue_expire(&queue, NULL);
	is_int((long long)queue.now.pending, 2,
	    "what expired between others does not count");
	is_int((long long)queue.now.expired, 1, "but is counted");
	drop_first(&queue);
	ch_queue_first(&queue, &record, NULL);
	ok(record && ch_record_text(record)[0] == 'c', "and is passed over");
	ch_queue_drop(&queue, record);
	is_int((long long)queue.now.pending, 0, "nothing is left");
	is_int((long long)queue.now.expired, 1, "nothing is counted twice");
	ch_queue_unmap(&queue);
	close(fd);
}

static void
test_damage(void)
{
	struct ch_queue queue, other = { 0 };
	const struct ch_record *record;
	struct ch_err err = CH_ERR_INIT;
	int fd = new_queue(&queue);
	uint64_t at = 0;

	append(&queue, 'a', 100);
	ch_queue_commit(&queue, NULL);
	ch_queue_walk(&queue, &at, &record, NULL);
	*((char *)queue.header + ((const char *)record -
	    (char *)queue.header) + sizeof(*record) + 50) ^= 1;
	is_int(ch_queue_first(&queue, &record, &err), CH_REFUSED,
	    "a changed byte in a record is noticed");
	ok(strstr(err.text, "jobs") != NULL, "and said with the name: %s",
	    err.text);
	is_int(ch_queue_map(&other, fd, "tasks", &err), CH_REFUSED,
	    "a queue under another's name is refused: %s", err.text);
	queue.header->version++;
	is_int(ch_queue_map(&other, fd, "jobs", &err), CH_REFUSED,
	    "a newer version is refused: %s", err.text);
	queue.header->version--;
	queue.header->magic[0] = 'X';
	is_int(ch_queue_map(&other, fd, "jobs", &err), CH_REFUSED,
	    "a foreign file is refused: %s", err.text);
	queue.header->magic[0] = 'c';
	ch_queue_unmap(&queue);
	if (ftruncate(fd, 100) == 0)
		is_int(ch_queue_map(&other, fd, "jobs", &err), CH_REFUSED,
		    "a file cut short is refused: %s", err.text);
	close(fd);
}

static void
test_parts(void)
{
	static const char list[] = "\001a\202bb\003ccc\005dd";
	const char *part;
	size_t at = 0, len, n = 0;
	char seen[16] = "";

	while (ch_part_next(list, sizeof(list) - 1, &at, &part, &len) &&
	    ++n < 10)
		strncat(seen, part, len);
	is_str(seen, "accc", "a list: who has left, and what is cut off, are "
	    "passed over");
}

int
main(void)
{
	test_commit();
	test_growth();
	test_shrinking();
	test_wrapping();
	test_expiry();
	test_damage();
	test_parts();
	return done_testing();
}
