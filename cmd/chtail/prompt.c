/* prompt.c - the line at the bottom of the terminal: readline's callbacks. */
#include "chtail/prompt.h"

#include "common/put.h"
#include "common/say.h"

#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <readline/readline.h>

static struct {
	prompt_line *line;
	void *arg;
	struct ch_buf text; /* of the prompt */
	char *taken; /* the line that Enter took, or NULL */
	int dumb;    /* the terminal cannot erase a line */
} prompt;

/* --- what is on the screen ----------------------------------------------- */

void
prompt_hide(void)
{
	int rows, columns;

	if (!prompt.dumb) {
		rl_clear_visible_line();
		fflush(rl_outstream);
		return;
	}
	/* there what is typed has one row, and scrolls in it */
	rl_get_screen_size(&rows, &columns);
	fprintf(rl_outstream, "\r%*s\r", columns - 1, "");
	fflush(rl_outstream);
}

void
prompt_show(void)
{
	rl_on_new_line();
	rl_redisplay();
}

void
prompt_resize(void)
{
	rl_resize_terminal();
}

/* --- a line -------------------------------------------------------------- */

/*
 * Enter: the line vanishes and is kept, and an empty one, of which nothing is
 * displayed, is what readline accepts.
 */
static int
take(int count, int key)
{
	free(prompt.taken);
	prompt.taken = strdup(rl_line_buffer);
	if (!prompt.taken)
		say_memory();
	prompt_hide();
	rl_delete_text(0, rl_end);
	rl_point = 0;
	return rl_newline(count, key);
}

static void
accepted(char *line)
{
	char *taken = prompt.taken;

	prompt.taken = NULL;
	if (!line)
		prompt_hide();
	prompt.line(prompt.arg, line && taken ? taken : line);
	free(taken);
	rl_free(line);
}

static void
install(void)
{
	rl_callback_handler_install(prompt.text.data, accepted);
}

int
prompt_clear(void)
{
	int any = rl_end > 0 || RL_ISSTATE(RL_STATE_ISEARCH |
	    RL_STATE_NSEARCH | RL_STATE_NUMERICARG | RL_STATE_VIMOTION);

	if (!any)
		return 0;
	rl_callback_sigcleanup();
	rl_free_line_state(); /* which displays the line again */
	prompt_hide();
	rl_on_new_line();
	install();
	return 1;
}

void
prompt_read(void)
{
	rl_callback_read_char();
}

/* --- from start to end --------------------------------------------------- */

void
prompt_name(const char *name)
{
	ch_buf_clear(&prompt.text);
	put_format(&prompt.text, "%s> ", name);
	rl_set_prompt(prompt.text.data);
}

/* An inputrc, which is read later, may bind it otherwise. */
static void
bind_enter(void)
{
	static const char *const maps[] = { "emacs-standard", "vi-insert",
		"vi-command" };

	for (size_t i = 0; i < sizeof(maps) / sizeof(*maps); i++) {
		rl_bind_key_in_map('\r', take, rl_get_keymap_by_name(maps[i]));
		rl_bind_key_in_map('\n', take, rl_get_keymap_by_name(maps[i]));
	}
}

/*
 * Messages are UTF-8, and so is what is typed, whatever the locale: readline
 * would take other bytes than ASCII for commands where that says "C".
 */
static void
set_locale(void)
{
	if (setlocale(LC_CTYPE, "") &&
	    !strcmp(nl_langinfo(CODESET), "UTF-8"))
		return;
	setenv("LC_ALL", "C.UTF-8", 1);
	setlocale(LC_CTYPE, "C.UTF-8");
}

void
prompt_start(const char *name, prompt_line *line, void *arg)
{
	const char *erase;

	set_locale();
	prompt.line = line;
	prompt.arg = arg;
	rl_readline_name = "chtail";
	rl_catch_signals = 0;
	rl_catch_sigwinch = 0;
	rl_change_environment = 0;
	rl_erase_empty_line = 1;
	bind_enter();
	prompt_history_open();
	prompt_name(name);
	install();
	erase = rl_get_termcap("ce");
	prompt.dumb = !erase || !*erase;
}

void
prompt_suspend(void)
{
	prompt_hide();
	rl_deprep_terminal();
}

void
prompt_resume(void)
{
	rl_prep_terminal(1);
	rl_resize_terminal();
	prompt_show();
}

void
prompt_stop(void)
{
	prompt_hide();
	rl_callback_handler_remove();
	ch_buf_release(&prompt.text);
}
