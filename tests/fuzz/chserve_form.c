/*
 * chserve_form.c - fuzzes forms: any bytes as a body of any type.
 *
 * The first byte chooses the type (the last kind: what the first line says),
 * the second how long the pieces are. In pieces or whole a body comes to the
 * same; what is taken is part of a message, within the limits, with its files
 * in place; and afterwards no file is left.
 */
#include "chserve/form.h"
#include "chserve/spool.h"

#include "channel.h"
#include "common/json.h"
#include "common/put.h"

#include <dirent.h>
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const types[] = {
	"application/x-www-form-urlencoded",
	"multipart/form-data; boundary=XYZ",
	"multipart/form-data; boundary=\"- '()+_,./:=?-\"",
	NULL
};

static const struct form_limits limits = { 8, 64, 400, 3, 100 };

static char state[64] = "/tmp/form-fuzz.XXXXXX";

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static void
remove_state(void)
{
	nftw(state, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	if (!mkdtemp(state))
		abort();
	atexit(remove_state);
	return spool_open(state, NULL) == CH_OK ? 0 : -1;
}

/* The file is there and as large as it says; its path is made the same. */
static void
check_file(struct json file)
{
	struct json path = json_get(file, "path", 4);
	struct json size = json_get(file, "size", 4);
	struct ch_buf bare = CH_BUF_INIT;
	struct stat st;
	size_t i;

	json_bare(&bare, path);
	if (stat(bare.data, &st) < 0 || st.st_size > limits.file_size ||
	    st.st_size != strtol(size.text, NULL, 10))
		abort();
	ch_buf_release(&bare);
	for (i = 1; i + 1 < path.len; i++)
		((char *)(uintptr_t)path.text)[i] = '/';
}

static void
check_files(const struct ch_buf *message)
{
	struct json files = json_get(json_value(message->data, message->len),
	    "files", 5);
	struct json_walk walk = json_walk(files);

	if (json_kind(files) != '[')
		abort();
	while (json_next(&walk))
		check_file(walk.value);
}

/* What the body comes to: a status, or 0 and the message. */
static int
read_form(const char *type, const uint8_t *body, size_t n, size_t piece,
    struct ch_buf *message)
{
	struct form *form;
	size_t at, len;
	int status;
	char *exact;

	form = form_new(type, &limits, &status);
	if (!form)
		return status ? status : 1;
	for (at = 0; at < n && !status; at += len) {
		len = n - at < piece ? n - at : piece;
		exact = malloc(len);
		memcpy(exact, body + at, len);
		status = form_feed(form, exact, len);
		free(exact);
	}
	if (form_held(form) > 8192 + PATH_MAX)
		abort();
	if (!status)
		status = form_end(form);
	if (!status) {
		put_char(message, '{');
		form_put(form, message);
		put_char(message, '}');
		if (ch_message_check(message->data, message->len, NULL) !=
		    CH_OK)
			abort();
		check_files(message);
	} else if (status != 400 && status != 413) {
		abort();
	}
	form_free(form);
	return status;
}

/* Our directory and the lock are all there may be. */
static void
check_left(void)
{
	char path[128];
	struct dirent *entry;
	DIR *list;
	int n = 0;

	snprintf(path, sizeof(path), "%s/spool", state);
	list = opendir(path);
	while (list && (entry = readdir(list)))
		if (entry->d_name[0] != '.')
			snprintf(path, sizeof(path), "%s/spool/%s", state,
			    entry->d_name);
	if (list)
		closedir(list);
	list = opendir(path);
	while (list && (entry = readdir(list)))
		n += entry->d_name[0] != '.';
	if (list)
		closedir(list);
	if (n > 1)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ch_buf whole = CH_BUF_INIT, pieces = CH_BUF_INIT;
	const char *type;
	const uint8_t *line;
	char *said = NULL;
	size_t piece;
	int status;

	if (size < 2)
		return 0;
	type = types[data[0] % 4];
	piece = data[1] ? data[1] : 1;
	data += 2;
	size -= 2;
	if (!type) {
		line = memchr(data, '\n', size);
		if (!line)
			return 0;
		type = said = strndup((const char *)data,
		    (size_t)(line - data));
		size -= (size_t)(line + 1 - data);
		data = line + 1;
	}
	status = read_form(type, data, size, size + 1, &whole);
	if (read_form(type, data, size, piece, &pieces) != status)
		abort();
	if (whole.len != pieces.len ||
	    (whole.len && memcmp(whole.data, pieces.data, whole.len) != 0))
		abort();
	check_left();
	ch_buf_release(&whole);
	ch_buf_release(&pieces);
	free(said);
	return 0;
}
