/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/text_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int problem(char why[TEXT_FILE_WHY_BYTES], const char *what)
{
    (void)snprintf(why, TEXT_FILE_WHY_BYTES, "the file cannot be read: %s", what);
    return AM_EIO;
}

static int read_all(int fd, char *text, size_t size, size_t *len, char why[TEXT_FILE_WHY_BYTES])
{
    char more;
    for (*len = 0; *len < size;) {
        const ssize_t n = read(fd, text + *len, size - *len);
        if (n < 0)
            return problem(why, strerror(errno));
        if (n == 0)
            return AM_OK;
        *len += (size_t)n;
    }
    if (read(fd, &more, 1) == 0)
        return AM_OK;
    (void)snprintf(why, TEXT_FILE_WHY_BYTES, "the file is longer than %zu bytes", size);
    return AM_EIO;
}

/* Without O_NONBLOCK a pipe at the path would be waited for. */
int text_file_read(const char *path, char *text, size_t size, size_t *len, struct stat *was,
                   char why[TEXT_FILE_WHY_BYTES])
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return problem(why, strerror(errno));
    int err = AM_OK;
    if (fstat(fd, was) < 0)
        err = problem(why, strerror(errno));
    else if (!S_ISREG(was->st_mode))
        err = problem(why, "it is no file");
    else
        err = read_all(fd, text, size, len, why);
    (void)close(fd);
    return err;
}

bool text_file_changed(const char *path, const struct stat *was)
{
    struct stat now;
    if (stat(path, &now) < 0)
        return false;
    return now.st_ino != was->st_ino || now.st_dev != was->st_dev || now.st_size != was->st_size ||
           now.st_mtim.tv_sec != was->st_mtim.tv_sec || now.st_mtim.tv_nsec != was->st_mtim.tv_nsec;
}
