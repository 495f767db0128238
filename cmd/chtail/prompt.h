/*
 * prompt.h - the line at the bottom of the terminal that is being typed, and
 * its history: readline, by its callback interface.
 *
 *     prompt_start("chat", line, arg);
 *     poll standard input: prompt_read() when it is readable
 *     prompt_hide(); whatever is to be written; prompt_show();
 *     prompt_stop();
 *
 * What is typed disappears when Enter is pressed: `line` gets it, and may
 * write without more ado. So a message that comes back is there once.
 */
#ifndef CHTAIL_PROMPT_H
#define CHTAIL_PROMPT_H

/* Gets a line, a paste with newlines in it; NULL at the end (Ctrl-D). */
typedef void prompt_line(void *arg, const char *line);

/* `name` stands before what is typed. */
void prompt_start(const char *name, prompt_line *line, void *arg);

/* Another name from the next line on. */
void prompt_name(const char *name);

/* Take the key that was pressed. */
void prompt_read(void);

/* Make room for output, where the prompt was; and show it again. */
void prompt_hide(void);
void prompt_show(void);

/* Give up what was being typed; whether there was anything. */
int prompt_clear(void);

/* The terminal has another size. */
void prompt_resize(void);

/* Let the terminal be as others want it, and take it again. */
void prompt_suspend(void);
void prompt_resume(void);

/* The terminal is as it was before prompt_start, the prompt gone. */
void prompt_stop(void);

/*
 * Lines of earlier runs, kept in a file that its owner only reads. Without a
 * directory for it there are none. A line is kept unless it is the one before
 * it again, or begins with a blank; a paste of several is not written there.
 */
void prompt_history_open(void);
void prompt_history_add(const char *line);

#endif
