/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Files that hold one API key, or its hash line, and the one way in which a program lets a new key
 * out: into a file that only its owner can read, or onto a terminal. A pipe or a log would keep it.
 *
 * Threading: blocking; any thread. Ownership: texts are written into the caller's memory, and wiped
 * by the caller.
 */

#include <stdbool.h>

#include "auth/api_key.h"

#define KEY_FILE_WHY 256

/* Reads the key that the file holds in its only line, into `key->text` and `key->mark`. AM_EINVAL
 * or AM_EIO: `why` says what is wrong and what to do, and nothing of what the file holds. */
int key_file_read(const char *path, struct api_key *key, char why[KEY_FILE_WHY]) AM_MUSTCHECK;

/* The same for a file that holds a key or its hash line, for whoever needs to know it only. */
int key_file_read_mark(const char *path, struct api_key_mark *mark,
                       char why[KEY_FILE_WHY]) AM_MUSTCHECK;

/* Where a key that is about to be made will go. */
struct key_out {
    const char *path; /* NULL: the terminal */
    int fd;
    bool written;
};

/* Opens it before the key is made, so that no key is made that nobody can have. `path` is of a file
 * that must not be there yet; it gets the mode 0600. NULL or "": standard output, which must be a
 * terminal. AM_EINVAL: `why` says what to do instead. */
int key_out_open(struct key_out *o, const char *path, char why[KEY_FILE_WHY]) AM_MUSTCHECK;

/* Writes the key as a line, to disk too. AM_EIO: `why` says so; the key is lost then. */
int key_out_write(struct key_out *o, const struct api_key *key,
                  char why[KEY_FILE_WHY]) AM_MUSTCHECK;

/* Closes it. A file to which nothing was written goes. */
void key_out_close(struct key_out *o);
