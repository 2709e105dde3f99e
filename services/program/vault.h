/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the options say of sealing (store/sealing/sealed.h): the file of master keys, which is read
 * again when it has changed, and the database with the keys of customers. A file that cannot be
 * used any more is logged, and the keys that were read before stay.
 *
 * Threading: the io loop's thread, and the main thread before the loop runs and after its end.
 * Ownership: the program_vault owns what it starts.
 */

#include <sys/stat.h>

#include "program/settings.h"
#include "store/store.h"

struct program_vault {
    const char *path; /* "" = nothing is sealed */
    struct stat seen;
    struct masters masters;
    struct customer_keys *keys;
    struct pg *pg; /* of its own; NULL = the keys are in the same database */
    struct loop_timer *look;
};

/* AM_EINVAL: the file of master keys cannot be used (logged). */
int program_vault_start(struct program_vault *v, struct loop *loop, const struct settings *s,
                        struct pg *pg, struct store *store) AM_MUSTCHECK;

/* Closes the connections of its own; `done` may be called at once. */
void program_vault_close(struct program_vault *v, void (*done)(void *ctx), void *ctx);

/* After the loop's end. */
void program_vault_end(struct program_vault *v);
