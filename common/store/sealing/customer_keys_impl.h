/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Between the cache of customers' keys and what asks the database for them.
 *
 * Threading: io loop's thread. Private to common/store. Ownership: entries belong to the cache.
 */

#include "store/sealing/customer_keys.h"

#define KEYS_SETS 4096
#define KEYS_WAYS 4
#define KEYS_BATCH 256

struct key_entry {
    int64_t tenant_id;
    char *customer_id;
    uint64_t hash;
    enum customer_key_state state;
    struct seal_key key;
    int64_t confirmed_us, used_us; /* monotonic; 0 = never */
    int64_t made_us;               /* 0 = there is no key */
    bool asked;                    /* in a line or in a batch */
    bool make;                     /* somebody needs one */
    int64_t destroy_until_us; /* somebody wants it to go if it was made until then; 0 = nobody */
    struct list line;
    struct list waiters;
};

/* In the order of customer_keys_stmts. */
enum keys_batch_kind { KEYS_READ, KEYS_MAKE, KEYS_DESTROY, KEYS_KINDS };

struct keys_batch {
    struct customer_keys *keys;
    enum keys_batch_kind kind;
    struct pg_read read;
    struct arena arena;
    size_t n; /* 0 = none is on its way */
    struct key_entry *entries[KEYS_BATCH];
    bool found[KEYS_BATCH];
};

struct customer_keys {
    struct loop *loop;
    struct pg *pg;
    unsigned first_stmt;
    const struct masters *masters;
    struct sealer *sealer;
    struct key_entry *sets[KEYS_SETS][KEYS_WAYS];
    struct list lines[KEYS_KINDS];
    struct keys_batch batches[KEYS_KINDS];
    struct loop_idle flush;
    size_t n_asked;
};

/* Puts an entry that is not asked for yet into a line; it leaves at the end of this turn. */
void keys_line_up(struct customer_keys *k, struct key_entry *e, enum keys_batch_kind kind);

/* Prepares the batches and their lines. */
void keys_load_begin(struct customer_keys *k);
void keys_load_end(struct customer_keys *k);

/* "<tenant id> <customer id>", which a wrapped key is bound to. In `arena`. */
struct slice keys_where(struct arena *arena, int64_t tenant_id, const char *customer_id);
