/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The keys of customers, under which what is personal is sealed (vault/seal.h). They lie in the
 * table customer_key, wrapped by a master key, in the same database or in one of their own. A key
 * is made when the first text of a customer is to be sealed, and destroyed when the customer is
 * erased.
 *
 * Keys are kept for as long as they are used, at most 16,384 of them, and those in use are read
 * again every two seconds. A replica seals only with a key that it has read within
 * CUSTOMER_KEY_SEALS_US; whoever destroyed a key and waits for so long knows that nothing more will
 * be sealed with it. With the database of the keys away, known keys open what they sealed for a
 * minute.
 *
 * Threading: io loop's thread. Ownership: the keys belong to the cache; a waiter is embedded in its
 * owner's struct until `done`.
 */

#include "base/fault.h"
#include "base/list.h"
#include "base/time.h"
#include "pg/pg.h"
#include "vault/seal.h"

struct customer_keys;

#define CUSTOMER_KEY_SEALS_US (5 * US_PER_S)

enum customer_key_state {
    CUSTOMER_KEY_UNKNOWN, /* to be asked for: customer_keys_ask() */
    CUSTOMER_KEY_NONE,    /* never made, or destroyed */
    CUSTOMER_KEY_HERE,
    CUSTOMER_KEY_LOCKED, /* its master key is not in this process's file, or the row is damaged */
};

struct customer_keys_wait {
    struct list link;
    /* Called once, perhaps from within customer_keys_ask(). The fault, if any, is UNAVAILABLE or
     * RESOURCE_EXHAUSTED. */
    void (*done)(struct customer_keys_wait *wait, const struct fault *fault);
};

/* The statements; they are also part of store_stmts, for keys that lie in the same database. */
#define CUSTOMER_KEYS_STMTS 3
extern const struct pg_stmt customer_keys_stmts[CUSTOMER_KEYS_STMTS];

/* The statements are in `pg` from `first_stmt` on. `masters` is borrowed and may change:
 * customer_keys_masters_changed(). */
struct customer_keys *customer_keys_new(struct loop *loop, struct pg *pg, unsigned first_stmt,
                                        const struct masters *masters);
/* NULL is allowed. Nobody may wait any more: to be called when `pg` is closed. */
void customer_keys_free(struct customer_keys *k);

/* The master keys were read anew: what was locked may open now. */
void customer_keys_masters_changed(struct customer_keys *k);

/* The present key of a customer, for opening or for sealing. `*out` is NULL but for HERE, and stays
 * until the next turn of the loop. */
enum customer_key_use { CUSTOMER_KEY_OPENS, CUSTOMER_KEY_SEALS };
enum customer_key_state customer_keys_find(struct customer_keys *k, int64_t tenant_id,
                                           const char *customer_id, enum customer_key_use use,
                                           const struct seal_key **out);

/* When what is known of the customer's key was read, on the clock of time_mono_us(); 0 = never. */
int64_t customer_keys_read_us(struct customer_keys *k, int64_t tenant_id, const char *customer_id);

/* When the key was made that was read last, in time of the clock; 0 = there was none. */
int64_t customer_keys_made_us(struct customer_keys *k, int64_t tenant_id, const char *customer_id);

/* Finds out; with `make` there is a key afterwards. */
void customer_keys_ask(struct customer_keys *k, int64_t tenant_id, const char *customer_id,
                       bool make, struct customer_keys_wait *wait);

/* As customer_keys_ask(), but nobody waits. */
void customer_keys_prefetch(struct customer_keys *k, int64_t tenant_id, const char *customer_id);

/* Destroys the customer's key, if there is one that was made at or before an instant. Repeating it
 * is harmless. Other replicas go on sealing with it for CUSTOMER_KEY_SEALS_US at most. */
void customer_keys_destroy(struct customer_keys *k, int64_t tenant_id, const char *customer_id,
                           int64_t made_until_us, struct customer_keys_wait *wait);

/* Nothing is asked for. */
bool customer_keys_quiet(const struct customer_keys *k);

/* The sealer of the cache's thread. */
struct sealer *customer_keys_sealer(struct customer_keys *k);
