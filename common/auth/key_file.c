/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/key_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Longer than any line that it may hold, with white space around it. */
#define FILE_BYTES 512
#define OWNER_ONLY 0600

/* -- reading ----------------------------------------------------------------------------------- */

static int say(char why[KEY_FILE_WHY], int err, const char *path, const char *what)
{
    (void)snprintf(why, KEY_FILE_WHY, "%s: %s", path, what);
    return err;
}

/* The file's bytes, at most FILE_BYTES. */
static int read_all(const char *path, char text[FILE_BYTES], size_t *len, char why[KEY_FILE_WHY])
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : 0;
    *len = 0;
    while (n >= 0 && *len < FILE_BYTES && (n = read(fd, text + *len, FILE_BYTES - *len)) > 0)
        *len += (size_t)n;
    const int err = n < 0 ? errno : 0;
    if (fd >= 0)
        (void)close(fd);
    return n < 0 ? say(why, AM_EIO, path, strerror(err)) : AM_OK;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* What stands between white space; AM_EINVAL when that is not one line. */
static int only_line(const char *path, const char **text, size_t *len, char why[KEY_FILE_WHY])
{
    if (*len == FILE_BYTES)
        return say(why, AM_EINVAL, path, "is too long: it must hold one API key and nothing else");
    while (*len > 0 && is_space(**text)) {
        ++*text;
        --*len;
    }
    while (*len > 0 && is_space((*text)[*len - 1]))
        --*len;
    if (*len == 0)
        return say(why, AM_EINVAL, path, "is empty: it must hold an API key");
    if (memchr(*text, '\n', *len))
        return say(why, AM_EINVAL, path, "has several lines: it must hold one API key");
    return AM_OK;
}

static int refuse_form(const char *path, enum api_key_form form, char why[KEY_FILE_WHY])
{
    if (form == API_KEY_MISTYPED)
        return say(why, AM_EINVAL, path,
                   "the API key is mistyped: its checksum does not fit; copy it again");
    return say(why, AM_EINVAL, path,
               "holds no API key: a key has 70 characters, amends_<key id>_<secret>_<checksum>");
}

static int read_key(const char *path, const char *text, size_t len, struct api_key *key,
                    char why[KEY_FILE_WHY])
{
    const enum api_key_form form = api_key_read(text, len, &key->mark);
    if (form != API_KEY_GOOD)
        return refuse_form(path, form, why);
    memcpy(key->text, text, API_KEY_CHARS);
    key->text[API_KEY_CHARS] = '\0';
    return AM_OK;
}

int key_file_read(const char *path, struct api_key *key, char why[KEY_FILE_WHY])
{
    char bytes[FILE_BYTES];
    const char *text = bytes;
    size_t len = 0;
    int err = read_all(path, bytes, &len, why);
    if (!err)
        err = only_line(path, &text, &len, why);
    struct api_key_mark hash;
    if (!err && api_key_read_hash_line(text, len, &hash) == AM_OK)
        err =
            say(why, AM_EINVAL, path, "holds the hash line of a key, and the key itself is needed");
    if (!err)
        err = read_key(path, text, len, key, why);
    explicit_bzero(bytes, sizeof bytes);
    return err;
}

int key_file_read_mark(const char *path, struct api_key_mark *mark, char why[KEY_FILE_WHY])
{
    char bytes[FILE_BYTES];
    const char *text = bytes;
    size_t len = 0;
    int err = read_all(path, bytes, &len, why);
    if (!err)
        err = only_line(path, &text, &len, why);
    if (!err && api_key_read_hash_line(text, len, mark) != AM_OK) {
        const enum api_key_form form = api_key_read(text, len, mark);
        err = form == API_KEY_GOOD ? AM_OK : refuse_form(path, form, why);
    }
    explicit_bzero(bytes, sizeof bytes);
    return err;
}

/* -- writing ----------------------------------------------------------------------------------- */

int key_out_open(struct key_out *o, const char *path, char why[KEY_FILE_WHY])
{
    *o = (struct key_out){.fd = STDOUT_FILENO};
    if (!path || !*path) {
        if (isatty(STDOUT_FILENO))
            return AM_OK;
        (void)snprintf(why, KEY_FILE_WHY,
                       "a key is shown on a terminal only, and standard output is none; give --out "
                       "FILE, which gets the key and can be read by you alone");
        return AM_EINVAL;
    }
    o->path = path;
    o->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, OWNER_ONLY);
    if (o->fd >= 0)
        return AM_OK;
    return say(why, AM_EINVAL, path,
               errno == EEXIST ? "is there already, and is not written over; name another file"
                               : strerror(errno));
}

static int put(int fd, const char *text, size_t len)
{
    while (len > 0) {
        const ssize_t n = write(fd, text, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return AM_EIO;
        text += n;
        len -= (size_t)n;
    }
    return AM_OK;
}

int key_out_write(struct key_out *o, const struct api_key *key, char why[KEY_FILE_WHY])
{
    char line[API_KEY_CHARS + 1];
    memcpy(line, key->text, API_KEY_CHARS);
    line[API_KEY_CHARS] = '\n';
    int err = put(o->fd, line, sizeof line);
    explicit_bzero(line, sizeof line);
    if (!err && o->path && fsync(o->fd) && errno != EINVAL)
        err = AM_EIO;
    if (err)
        return say(why, err, o->path ? o->path : "standard output", strerror(errno));
    o->written = true;
    return AM_OK;
}

void key_out_close(struct key_out *o)
{
    if (!o->path)
        return;
    (void)close(o->fd);
    if (!o->written)
        (void)unlink(o->path);
}
