/* main.c - chsession: sessions, logins and passwords for scripts. */
#include "chsession/verbs.h"

#include "common/out.h"
#include "common/say.h"
#include "common/state.h"

#include <string.h>

#define PATIENCE_MS 5000

static struct context context;
static const char *store, *state;

static const struct opt options[] = {
	OPT_STRING(0, "user", &context.user, "NAME",
	    "new: logged in; list, end: the sessions of NAME"),
	OPT_DURATION(0, "idle", &context.idle, "D",
	    "new, login: it ends if not used for D (7d)"),
	OPT_DURATION(0, "max-age", &context.max_age, "D",
	    "new, login: it ends after D in any case (30d)"),
	OPT_STRING('f', "file", &context.file, "FILE",
	    "login, passwd: where the passwords are"),
	OPT_STRING(0, "session", &context.session, "ID",
	    "login: the session that it goes on with"),
	OPT_FLAG(0, "all", &context.all, "end: all of them"),
	OPT_FLAG(0, "json", &context.json,
	    "get, list: one object a line, with all that is known"),
	OPT_STRING(0, "state", &state, "DIR",
	    "where they are kept (the store's directory)"),
	OPT_COMMON(&store),
	OPT_END,
};

const struct opt_program program = {
	.name = "chsession",
	.usage = "new [--user NAME] [--idle D] [--max-age D] [KEY=TEXT...]\n"
		 "       chsession get [--json] [ID] [KEY...]\n"
		 "       chsession set [ID] KEY=TEXT...\n"
		 "       chsession unset [ID] KEY...\n"
		 "       chsession list [--json] [--user NAME]\n"
		 "       chsession end [--user NAME] [--all] [ID...]\n"
		 "       chsession login -f FILE [--session ID] NAME\n"
		 "       chsession passwd -f FILE NAME\n"
		 "       chsession sweep",
	.options = options,
	.examples =
	    "  chsession passwd -f users ana     asks for a new password\n"
	    "  chsession login -f users ana < password\n"
	    "  chsession set \"$CH_SESSION\" color=blue\n"
	    "  chsession end --user ana          and close her pages\n",
};

/* What there is to do, and which options go with it. */
static const struct verb {
	const char *name;
	const char *takes;
	size_t least, most; /* operands */
	int (*run)(struct context *context, char **operands,
	    struct ch_err *err);
} verbs[] = {
	{ "new", "user idle max-age", 0, SIZE_MAX, verb_new },
	{ "get", "json", 0, SIZE_MAX, verb_get },
	{ "set", "", 1, SIZE_MAX, verb_set },
	{ "unset", "", 1, SIZE_MAX, verb_unset },
	{ "list", "json user", 0, 0, verb_list },
	{ "end", "user all", 0, SIZE_MAX, verb_end },
	{ "login", "file session idle max-age", 1, 1, verb_login },
	{ "passwd", "file", 1, 1, verb_passwd },
	{ "sweep", "", 0, 0, verb_sweep },
};

#define VERBS (sizeof(verbs) / sizeof(*verbs))

static const struct verb *
find_verb(const char *name)
{
	const char *names[VERBS + 1] = { NULL };

	for (size_t i = 0; i < VERBS; i++)
		names[i] = verbs[i].name;
	return &verbs[opt_verb(&program, name, names)];
}

static void
check_option(const struct verb *verb, int given, const char *name)
{
	if (given && !strstr(verb->takes, name))
		opt_wrong(&program, "%s takes no --%s", verb->name, name);
}

static void
check(const struct verb *verb, char *const *operands)
{
	size_t n = opt_operands(operands);

	check_option(verb, context.user != NULL, "user");
	check_option(verb, context.idle != 0, "idle");
	check_option(verb, context.max_age != 0, "max-age");
	check_option(verb, context.file != NULL, "file");
	check_option(verb, context.session != NULL, "session");
	check_option(verb, context.all, "all");
	check_option(verb, context.json, "json");
	if (strstr(verb->takes, "file") && !context.file)
		opt_wrong(&program, "%s: no -f FILE", verb->name);
	if (n < verb->least)
		opt_wrong(&program, "%s: no %s", verb->name,
		    verb->most == 1 ? "NAME" : "KEY");
	if (n > verb->most)
		opt_wrong(&program, "%s: what is %s for?", verb->name,
		    operands[verb->most]);
}

static int
open_state(struct ch_err *err)
{
	static char path[PATH_MAX];
	int rc = ch_open(&context.layer, store, err);

	if (rc != CH_OK)
		return rc;
	state_path(state, ch_location(context.layer), path);
	say_more("state: %s", path);
	context.state = path;
	rc = state_make(path, err);
	return rc == CH_OK ? ch_sessions_open(&context.sessions, path,
	    PATIENCE_MS, err) : rc;
}

int
main(int argc, char *argv[])
{
	struct ch_err err = CH_ERR_INIT;
	const struct verb *verb;
	int rc = CH_OK, last;

	argv = opt_parse(&program, argc, argv);
	verb = find_verb(*argv);
	check(verb, ++argv);
	if (verb->run != verb_passwd)
		rc = open_state(&err);
	if (rc == CH_OK)
		rc = verb->run(&context, argv, &err);
	last = out_flush(CH_NEVER, rc == CH_OK ? &err : NULL);
	rc = rc == CH_OK ? last : rc;
	ch_sessions_close(context.sessions);
	ch_close(context.layer);
	return say_status(rc, &err);
}
