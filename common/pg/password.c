/* SPDX-License-Identifier: Apache-2.0 */
#include "pg/password.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/log.h"

/* Reads the first bytes of the file into `out`. Returns their number, or AM_EIO. */
static int read_start(const char *path, char *out, size_t cap)
{
    FILE *file = fopen(path, "re");
    if (!file) {
        log_error("pg", "password_file", LOG_STR("path", path), LOG_STR("why", strerror(errno)));
        return AM_EIO;
    }
    size_t n = fread(out, 1, cap, file);
    int err = ferror(file) ? errno : 0;
    (void)fclose(file);
    if (err)
        log_error("pg", "password_file", LOG_STR("path", path), LOG_STR("why", strerror(err)));
    return err ? AM_EIO : (int)n;
}

static size_t without_line_end(const char *text, size_t n)
{
    if (n > 0 && text[n - 1] == '\n')
        n--;
    if (n > 0 && text[n - 1] == '\r')
        n--;
    return n;
}

int pg_password_file(const char *path)
{
    char text[PG_PASSWORD_MAX_BYTES + 3]; /* room for a line end, and for one byte too many */
    int got = read_start(path, text, sizeof(text));
    if (got < 0)
        return got;
    size_t n = without_line_end(text, (size_t)got);
    int err = AM_OK;
    if (n == 0 || n > PG_PASSWORD_MAX_BYTES || memchr(text, '\0', n)) {
        log_error("pg", "password_file", LOG_STR("path", path),
                  LOG_STR("why", n == 0 ? "empty" : "too long, or it has a zero byte"));
        err = AM_EINVAL;
    } else {
        text[n] = '\0';
        AM_ASSERT(setenv("PGPASSWORD", text, 1) == 0);
    }
    explicit_bzero(text, sizeof(text));
    return err;
}
