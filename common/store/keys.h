/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * API keys as rows, and the keyring's source of them (auth/keyring.h).
 *
 * Threading: io loop's thread. Ownership: as in store/store.h; a source belongs to its caller.
 */

#include "auth/keyring.h"
#include "store/store.h"

/* How many keys a tenant may have: those that work, and all together. One that ended is kept for a
 * while, so that it can be seen whose it was; the next key that is made after that forgets it. */
#define KEYS_WORKING_MAX 1000
#define KEYS_MAX 10000
#define KEYS_KEPT_US (90 * 86400 * US_PER_S)
/* How long a rotated key goes on working. */
#define KEYS_OVERLAP_US (86400 * US_PER_S)

/* Times are domain time, 0 = none. */
struct key_row {
    struct api_key_mark mark;
    const char *principal, *description;
    uint32_t roles;
    int64_t created_at, expires_at, last_used_at;
    const char *created_by;
    int64_t valid_until; /* of one that was rotated, and the key that took its place */
    const char *replaced_by;
    int64_t revoked_at;
    const char *revoked_by;
    struct slice request_hash; /* of the request that made it */
};

/* The instant from which it does not work; INT64_MAX = never. */
int64_t key_row_ends(const struct key_row *row);

/* Of all reads below the result is in `keys`: struct key_row. Whoever writes also hears how many
 * the tenant has: n_keys_all, n_keys_working, and n_keys_admin of those with the role ADMIN. */

/* The key of this id: none when the tenant has no such key. */
void store_read_key(struct store *s, struct store_read *r, const struct api_key_id *id);

struct key_filter {
    const char *principal; /* NULL or "" = any */
    int64_t working_at;    /* only keys that work then; 0 = all */
    /* The page begins behind (created_at, id), strictly older ones; 0 = at the newest. */
    int64_t before_created_at;
    struct api_key_id before_id;
    int limit;
};
/* Newest first. */
void store_list_keys(struct store *s, struct store_read *r, const struct key_filter *f);

/* A key to be made. */
struct key_new {
    struct api_key_mark mark;
    const char *principal, *description; /* not used by a rotation */
    uint32_t roles;                      /* the same */
    const char *creator;
    int64_t now_us, expires_at; /* 0 = never; by a rotation: as long a life as the old one */
    struct slice request_hash;
};

/* Makes the key, unless there is one of this id (then that one is the result: the call was made
 * before), or the tenant has too many (then there is no result, and the counts tell). Repeating it
 * is harmless. */
void store_create_key(struct store *s, struct store_read *r, const struct key_new *key);

/* Makes `key` in place of the old one, which works on for KEYS_OVERLAP_US. The results are the old
 * key, if there is one, and the new one, if there is one of this id now. It is not made when the
 * old one does not work or was replaced already, or the tenant has KEYS_MAX. */
void store_rotate_key(struct store *s, struct store_read *r, const struct api_key_id *old,
                      const struct key_new *key);

/* Ends the key now, unless it was revoked before. */
void store_revoke_key(struct store *s, struct store_read *r, const struct api_key_id *id,
                      const char *revoker, int64_t now_us);

/* -- the keyring's source ---------------------------------------------------------------------- */

struct key_source;

/* Reads through the read lane of `pg`. */
struct key_source *key_source_new(struct pg *pg);
struct keyring_source key_source_of(struct key_source *s);
/* After pg_close(). */
void key_source_free(struct key_source *s);
