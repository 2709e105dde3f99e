/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A file that an operator may exchange while we run, such as a mounted ConfigMap: read as a whole,
 * and looked at whether it is still the one that was read.
 *
 * Threading: blocks; any thread. Ownership: the text is the caller's memory.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/err.h"

#define TEXT_FILE_WHY_BYTES 256

/* Reads at most `size` bytes into `text` and remembers which file that was. AM_EIO: it cannot be
 * read, is no file, or is longer; `why` says so. */
int text_file_read(const char *path, char *text, size_t size, size_t *len, struct stat *was,
                   char why[TEXT_FILE_WHY_BYTES]) AM_MUSTCHECK;

/* True when another file is at the path, or it was written to: by number, size and time. False when
 * none is there, because somebody may be putting one there. */
bool text_file_changed(const char *path, const struct stat *was);
