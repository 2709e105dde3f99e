/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The files of common/store/migrations, built into the program, by version.
 *
 * Threading: constants. Ownership: constants.
 */

#include <stddef.h>
#include <stdint.h>

struct migration {
    int32_t version;
    const char *name; /* "0003_initial.sql" */
    const char *sql;
};

extern const struct migration migrations[];
extern const size_t n_migrations;
