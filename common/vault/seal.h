/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Texts and bytes under a customer's key, and that key under a master key: AES-256-GCM with a
 * random nonce of 96 bits. What is sealed names the key it was sealed with, so that what a former
 * key of the customer sealed is told from what is damaged. `where` (the table, column and row) is
 * authenticated with it: a sealed text that was moved to another row does not open.
 *
 * A sealed text begins with U+FDD0, which no text that people exchange has, and goes on in base64;
 * sealed bytes begin with a zero byte, which no packed message does. An empty text stays empty.
 *
 *   key id (8) | nonce (12) | encrypted | tag (16)
 *
 * Threading: one sealer a thread. Ownership: results lie in the arena given.
 */

#include <stdbool.h>

#include "base/arena.h"
#include "base/slice.h"
#include "vault/master.h"

#define SEAL_ID_BYTES 8
#define SEAL_KEY_BYTES 32
#define SEAL_WRAPPED_BYTES (12 + SEAL_KEY_BYTES + 16)

/* A customer's key. The id is random and no secret. */
struct seal_key {
    uint8_t id[SEAL_ID_BYTES];
    uint8_t key[SEAL_KEY_BYTES];
};

struct sealer;

/* Never NULL. */
struct sealer *sealer_new(void);
/* NULL is allowed. */
void sealer_free(struct sealer *s);

/* A new key of random bits. */
void seal_key_make(struct seal_key *key);

/* The key under a master key; `where` names the customer. */
void seal_wrap(struct sealer *s, const struct master_key *master, struct slice where,
               const struct seal_key *key, uint8_t wrapped[SEAL_WRAPPED_BYTES]);
/* `key->id` is given. AM_EPROTO: this master key did not wrap it for this customer. */
int seal_unwrap(struct sealer *s, const struct master_key *master, struct slice where,
                struct slice wrapped, struct seal_key *key) AM_MUSTCHECK;

/* By its form alone. */
bool seal_is_text(const char *text);
bool seal_is_bytes(struct slice bytes);

/* AM_ENOMEM: the arena is full. */
int seal_text(struct sealer *s, const struct seal_key *key, struct slice where, const char *text,
              struct arena *arena, const char **out) AM_MUSTCHECK;
int seal_bytes(struct sealer *s, const struct seal_key *key, struct slice where, struct slice bytes,
               struct arena *arena, struct slice *out) AM_MUSTCHECK;

/* AM_ENOENT: sealed with another key than this, which was destroyed then. AM_EPROTO: damaged,
 * moved, or not sealed at all. AM_ENOMEM. */
int seal_open_text(struct sealer *s, const struct seal_key *key, struct slice where,
                   const char *sealed, struct arena *arena, const char **out) AM_MUSTCHECK;
int seal_open_bytes(struct sealer *s, const struct seal_key *key, struct slice where,
                    struct slice sealed, struct arena *arena, struct slice *out) AM_MUSTCHECK;
