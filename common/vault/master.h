/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The master keys, under which the keys of customers are kept (vault/seal.h). They are in a file
 * that never goes into the database, one on each line: a name and 64 hexadecimal digits, as
 * `openssl rand -hex 32` gives them. The first one wraps what is new; the others are there so that
 * what they wrapped can be read until it was wrapped again. Lines that begin with # are comments.
 *
 *   2027-01 8f2c...
 *   2026-01 03ab...
 *
 * Threading: pure. Ownership: the keys lie in the struct; whoever holds it forgets them.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define MASTER_KEY_BYTES 32
#define MASTER_NAME_MAX 32
#define MASTERS_MAX 16
#define MASTER_WHY_BYTES 160

struct master_key {
    char name[MASTER_NAME_MAX + 1]; /* [a-z0-9._-], stored beside what the key wrapped */
    uint8_t key[MASTER_KEY_BYTES];
};

struct masters {
    size_t n; /* at least 1 */
    struct master_key keys[MASTERS_MAX];
};

/* Reads the file. AM_EINVAL or AM_EIO: `why` says what is wrong and in which line, without quoting
 * what could be a key. */
int masters_read(const char *path, struct masters *out, char why[MASTER_WHY_BYTES]) AM_MUSTCHECK;

/* The same from text. */
int masters_parse(const char *text, struct masters *out, char why[MASTER_WHY_BYTES]) AM_MUSTCHECK;

/* NULL: there is none of that name. */
const struct master_key *masters_find(const struct masters *m, const char *name);

/* Overwrites the keys. */
void masters_forget(struct masters *m);
