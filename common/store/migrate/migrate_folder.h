/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Migrations from a folder, with which tests try kinds of steps and releases to come. What ships
 * has no way to name one.
 *
 * Threading: blocking, on the caller's thread. Ownership: migrate_folder_read() allocates names and
 * texts; migrate_folder_free() frees them.
 */

#include <stddef.h>

#include "base/err.h"
#include "store/migrate/migrations.h"

#define MIGRATE_FOLDER_MAX 16

struct migrate_folder {
    struct migration files[MIGRATE_FOLDER_MAX];
    size_t n;
};

/* Reads NNNN_words.sql, in order. AM_EINVAL (told on standard error) for a folder or file that
 * cannot be read, and for a name of another form; nothing is then to be freed. */
int migrate_folder_read(const char *folder, struct migrate_folder *out) AM_MUSTCHECK;
void migrate_folder_free(struct migrate_folder *f);
