/*
 * dir.h - the store's directory: made, checked, opened; files and folders in
 * it made with the owner, group and mode that the directory says.
 */
#ifndef CH_FILE_DIR_H
#define CH_FILE_DIR_H

#include "file/file.h"

/* Open or make the store at `path`: fills the descriptors, mode, limits. */
int ch_dir_open(struct ch_file *file, const char *path, struct ch_err *err);
void ch_dir_close(struct ch_file *file);

/*
 * Whoever stays holds the directory's flock, shared: systemd-tmpfiles leaves
 * alone what somebody has locked so.
 */
void ch_dir_hold(const struct ch_file *file);

/*
 * openat for a file of the store: always O_NOFOLLOW | O_CLOEXEC; refused unless
 * it is of `type` (S_IFREG, S_IFIFO, S_IFDIR). With O_CREAT its mode and group
 * are set whatever the umask. The descriptor, or -1 with errno (EBADF for a
 * file of the wrong type).
 */
int ch_dir_file(const struct ch_file *file, int dir, const char *name,
    int flags, mode_t type);

/* mkdirat and mkfifoat with the store's mode; 0, or -1 with errno. */
int ch_dir_mkdir(const struct ch_file *file, int dir, const char *name);
int ch_dir_mkfifo(const struct ch_file *file, int dir, const char *name);

/*
 * Call each(arg, entry) for every entry of the directory but . and .. and, if
 * not `hidden`, those that begin with a dot. The entries are collected first,
 * so the callback may change the directory. Ends as channel.h's walks do.
 */
int ch_dir_walk(int dir, int hidden, int (*each)(void *arg, const char *name),
    void *arg, struct ch_err *err);

/* Unlink all that is in the folder `name` (no folders inside) and itself. */
int ch_dir_remove(int dir, const char *name);

#endif
