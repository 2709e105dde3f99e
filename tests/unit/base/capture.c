/* SPDX-License-Identifier: Apache-2.0 */
#include "capture.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static int saved = -1;
static int memory = -1;

static void require(int ok)
{
    if (!ok)
        abort();
}

void capture_begin(void)
{
    (void)fflush(stderr);
    memory = memfd_create("stderr", MFD_CLOEXEC);
    saved = dup(STDERR_FILENO);
    require(memory >= 0 && saved >= 0 && fcntl(memory, F_SETFL, O_APPEND) == 0);
    require(dup2(memory, STDERR_FILENO) >= 0);
}

char *capture_end(void)
{
    (void)fflush(stderr);
    require(dup2(saved, STDERR_FILENO) >= 0);
    (void)close(saved);
    off_t len = lseek(memory, 0, SEEK_END);
    require(len >= 0);
    char *text = calloc(1, (size_t)len + 1);
    require(text != NULL && pread(memory, text, (size_t)len, 0) == len);
    (void)close(memory);
    return text;
}
