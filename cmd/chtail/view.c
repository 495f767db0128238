/* view.c - how a message is shown: which ones, with what before them. */
#include "chtail/view.h"

#include "common/json.h"
#include "common/out.h"
#include "common/put.h"
#include "common/say.h"
#include "common/term.h"
#include "common/when.h"

#include <locale.h>
#include <regex.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_STAMP "%H:%M:%S"

struct view view;

static regex_t regex;

void
view_start(const struct opt_program *program)
{
	char why[128];
	int rc;

	if (!view.pattern)
		view.show.field = view.field;
	show_start(&view.show, program);
	view.people = view.show.terminal || view.color == TERM_ALWAYS;
	view.show.pretty = view.people;
	view.show.colors = term_colors(STDOUT_FILENO,
	    (enum term_when)view.color);
	if (view.stamp && !view.people)
		say_note("no terminal, no times: -F '{@time} ...' writes them "
			 "anywhere");
	if (view.stamp || view.pattern) {
		setlocale(LC_CTYPE, "");
		setlocale(LC_TIME, "");
	}
	if (!view.pattern)
		return;
	rc = regcomp(&regex, view.pattern, REG_EXTENDED | REG_NOSUB);
	if (!rc)
		return;
	regerror(rc, &regex, why, sizeof(why));
	opt_wrong(program, "--grep: '%s': %s", view.pattern, why);
}

static int
matches(const struct ch_message *message)
{
	struct json text = { message->text, message->len };
	struct ch_buf bare = CH_BUF_INIT;
	int found;

	if (!view.pattern)
		return 1;
	if (view.field)
		text = json_get(text, view.field, strlen(view.field));
	if (!text.text)
		return 0;
	json_bare(&bare, text);
	found = !regexec(&regex, bare.data ? bare.data : "", 0, NULL, 0);
	ch_buf_release(&bare);
	return found;
}

static void
put_label(const char *name)
{
	if (view.show.colors)
		put_format(&out, "%s%s:" TERM_RESET " ", term_color(name),
		    name);
	else
		put_format(&out, "%s: ", name);
}

static void
put_stamp(int64_t time)
{
	char text[256];

	if (when_local(time, *view.stamp ? view.stamp : DEFAULT_STAMP, text,
	    sizeof(text)))
		put_format(&out, "%s ", text);
}

int
view_message(const struct watch *watch, const struct ch_message *message)
{
	const char *group = watch_group(watch, message);
	const struct show *show = &view.show;

	if (!matches(message))
		return 0;
	if (view.people && view.stamp)
		put_stamp(message->time);
	if (view.people && !show->envelope && !show->format &&
	    watch_is_many(watch))
		put_label(group ? group : message->channel);
	show_message(show, message, group);
	return 1;
}
