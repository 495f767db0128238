/* secret.c - passwords: read, hashed, compared. */
#include "chsession/secret.h"

#include "base/err.h"
#include "base/io.h"

#include <crypt.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* --- reading -------------------------------------------------------------- */

static volatile sig_atomic_t caught;

static void
catch(int number)
{
	caught = number;
}

/* Up to the line's end, byte by byte: what follows is the next reader's. */
static ssize_t
read_line(char *line, size_t size)
{
	size_t n = 0;
	ssize_t got = 1;
	char c;

	while (!caught && (got = read(STDIN_FILENO, &c, 1)) == 1 && c != '\n')
		if (n < size)
			line[n++] = c;
	return got < 0 ? -1 : (ssize_t)n;
}

static void
say(const char *text)
{
	(void)!write(STDERR_FILENO, text, strlen(text));
}

/*
 * The terminal is as before when this returns, or when a signal ends us while
 * somebody types.
 */
static ssize_t
ask(const char *prompt, const struct termios *before, char *line, size_t size)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct sigaction action = { .sa_handler = catch }, was[4];
	struct termios silent = *before;
	ssize_t n;
	size_t i;

	caught = 0;
	for (i = 0; i < 4; i++)
		sigaction(signals[i], &action, &was[i]);
	silent.c_lflag &= ~(tcflag_t)ECHO;
	say(prompt);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
	n = read_line(line, size);
	tcsetattr(STDIN_FILENO, TCSANOW, before);
	say("\n");
	for (i = 0; i < 4; i++)
		sigaction(signals[i], &was[i], NULL);
	if (caught)
		raise(caught);
	return n;
}

int
secret_read(const char *prompt, char password[SECRET_MAX], struct ch_err *err)
{
	struct termios before;
	ssize_t n;

	memset(password, 0, SECRET_MAX);
	n = tcgetattr(STDIN_FILENO, &before) == 0
	    ? ask(prompt, &before, password, SECRET_MAX)
	    : read_line(password, SECRET_MAX);
	if (n < 0)
		return ch_err_os(err, errno, "standard input");
	if (n && password[n - 1] == '\r')
		password[--n] = '\0';
	if (n == SECRET_MAX)
		return ch_err_set(err, CH_REFUSED, "a password has %d bytes "
		    "at most", SECRET_MAX - 1);
	if (memchr(password, '\0', (size_t)n))
		return ch_err_set(err, CH_REFUSED, "the password has a NUL");
	if (!n)
		return ch_err_set(err, CH_REFUSED, "there is no password on "
		    "standard input");
	return CH_OK;
}

void
secret_clear(char password[SECRET_MAX])
{
	explicit_bzero(password, SECRET_MAX);
}

/* --- hashes --------------------------------------------------------------- */

int
secret_hash(const char *password, char hash[SECRET_HASH_MAX],
    struct ch_err *err)
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	struct crypt_data data;
	const char *made = NULL;

	memset(&data, 0, sizeof(data));
	if (crypt_gensalt_rn(NULL, 0, NULL, 0, setting, sizeof(setting)))
		made = crypt_r(password, setting, &data);
	if (!made || *made == '*' || strlen(made) >= SECRET_HASH_MAX)
		return ch_err_os(err, errno, "hash a password");
	strcpy(hash, made);
	explicit_bzero(&data, sizeof(data));
	return CH_OK;
}

int
secret_is_hash(const char *hash)
{
	return *hash == '$' && crypt_checksalt(hash) == CRYPT_SALT_OK;
}

int
secret_matches(const char *password, const char *hash)
{
	struct crypt_data data;
	const char *made;
	size_t i, n = strlen(hash);
	unsigned differ = 1;

	memset(&data, 0, sizeof(data));
	made = crypt_r(password, hash, &data);
	if (made && *made != '*' && strlen(made) == n)
		for (i = differ = 0; i < n; i++)
			differ |= (unsigned char)(made[i] ^ hash[i]);
	explicit_bzero(&data, sizeof(data));
	return !differ;
}
