/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A source of API keys that a test of the keyring holds in its hand, in place of the database.
 *
 * Threading: one thread. Ownership: all is static but `stored`, which the test allocates.
 */

#include <stdbool.h>
#include <stddef.h>

#include "auth/keyring.h"
#include "contract/words.h"

#define STORED_MAX 20000
#define ROLES (ROLE_BIT(ROLE_CLIENT) | ROLE_BIT(ROLE_GATEWAY))

/* What it has. */
struct stored {
    struct api_key key;
    struct keyring_record record;
};
extern struct stored *stored;
extern size_t n_stored;
/* How it answers: not at all, or only when it is let go. */
extern bool away, holds_back;
/* What it was asked: how often, for how many ids, for how many at once. */
extern unsigned asked[KEYRING_JOBS];
extern size_t asked_ids[KEYRING_JOBS], largest[KEYRING_JOBS];
extern struct keyring_use noted[16];
extern size_t n_noted;

/* Empties it. */
void source_reset(void);
/* A keyring_source's function; it needs no context. */
void source_ask(void *ctx, enum keyring_jobs sort, struct keyring_job *job);
/* Answers what was held back, and holds back no more. */
void let_go(void);

/* A new key, kept as one of CLIENT and GATEWAY that does not end. */
struct stored *store_key_of(const struct api_key_id *id, const char *tenant, const char *principal);
struct stored *store_key(const char *tenant, const char *principal);
