/* SPDX-License-Identifier: Apache-2.0 */

/* The cache: sets of four entries, of which the longest unused one makes room. */

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/assert.h"
#include "base/time.h"
#include "contract/reasons.h"
#include "store/sealing/customer_keys_impl.h"

#define FRESH_US (2 * US_PER_S)
#define HOLD_US (60 * US_PER_S)

static uint64_t hash_of(int64_t tenant_id, const char *customer_id)
{
    uint64_t hash = 0xcbf29ce484222325u ^ (uint64_t)tenant_id;
    for (const char *c = customer_id; *c; c++)
        hash = (hash ^ (uint8_t)*c) * 0x100000001b3u;
    return hash ^ hash >> 32;
}

static struct key_entry **set_of(struct customer_keys *k, uint64_t hash)
{
    return k->sets[hash % KEYS_SETS];
}

static struct key_entry *find(struct customer_keys *k, int64_t tenant_id, const char *customer_id)
{
    const uint64_t hash = hash_of(tenant_id, customer_id);
    struct key_entry **set = set_of(k, hash);
    for (size_t i = 0; i < KEYS_WAYS; i++)
        if (set[i] && set[i]->hash == hash && set[i]->tenant_id == tenant_id &&
            strcmp(set[i]->customer_id, customer_id) == 0)
            return set[i];
    return NULL;
}

static void entry_free(struct key_entry *e)
{
    if (!e)
        return;
    free(e->customer_id);
    OPENSSL_cleanse(&e->key, sizeof e->key);
    free(e);
}

/* The place of the set that is free or was used longest ago. NULL: all are asked for. */
static struct key_entry **make_room(struct key_entry **set)
{
    struct key_entry **oldest = NULL;
    for (size_t i = 0; i < KEYS_WAYS; i++) {
        if (!set[i])
            return &set[i];
        if (!set[i]->asked && (!oldest || set[i]->used_us < (*oldest)->used_us))
            oldest = &set[i];
    }
    if (oldest) {
        entry_free(*oldest);
        *oldest = NULL;
    }
    return oldest;
}

static struct key_entry *add(struct customer_keys *k, int64_t tenant_id, const char *customer_id)
{
    const uint64_t hash = hash_of(tenant_id, customer_id);
    struct key_entry **place = make_room(set_of(k, hash));
    if (!place)
        return NULL;
    struct key_entry *e = calloc(1, sizeof *e);
    AM_ASSERT(e != NULL);
    *e = (struct key_entry){.tenant_id = tenant_id, .hash = hash, .used_us = time_mono_us()};
    e->customer_id = strdup(customer_id);
    AM_ASSERT(e->customer_id != NULL);
    list_init(&e->waiters);
    *place = e;
    return e;
}

struct customer_keys *customer_keys_new(struct loop *loop, struct pg *pg, unsigned first_stmt,
                                        const struct masters *masters)
{
    struct customer_keys *k = calloc(1, sizeof *k);
    AM_ASSERT(k != NULL);
    k->loop = loop;
    k->pg = pg;
    k->first_stmt = first_stmt;
    k->masters = masters;
    k->sealer = sealer_new();
    keys_load_begin(k);
    return k;
}

void customer_keys_free(struct customer_keys *k)
{
    if (!k)
        return;
    keys_load_end(k);
    for (size_t i = 0; i < KEYS_SETS; i++)
        for (size_t j = 0; j < KEYS_WAYS; j++)
            entry_free(k->sets[i][j]);
    sealer_free(k->sealer);
    free(k);
}

void customer_keys_masters_changed(struct customer_keys *k)
{
    for (size_t i = 0; i < KEYS_SETS; i++)
        for (size_t j = 0; j < KEYS_WAYS; j++)
            if (k->sets[i][j] && k->sets[i][j]->state == CUSTOMER_KEY_LOCKED)
                k->sets[i][j]->confirmed_us = 0;
}

enum customer_key_state customer_keys_find(struct customer_keys *k, int64_t tenant_id,
                                           const char *customer_id, enum customer_key_use use,
                                           const struct seal_key **out)
{
    const int64_t now = time_mono_us();
    struct key_entry *e = find(k, tenant_id, customer_id);
    *out = NULL;
    const int64_t hold_us = use == CUSTOMER_KEY_SEALS ? CUSTOMER_KEY_SEALS_US : HOLD_US;
    if (!e || !e->confirmed_us || now - e->confirmed_us > hold_us)
        return CUSTOMER_KEY_UNKNOWN;
    e->used_us = now;
    if (now - e->confirmed_us > FRESH_US && !e->asked)
        keys_line_up(k, e, KEYS_READ);
    if (e->state == CUSTOMER_KEY_HERE)
        *out = &e->key;
    return e->state;
}

int64_t customer_keys_read_us(struct customer_keys *k, int64_t tenant_id, const char *customer_id)
{
    const struct key_entry *e = find(k, tenant_id, customer_id);
    return e ? e->confirmed_us : 0;
}

int64_t customer_keys_made_us(struct customer_keys *k, int64_t tenant_id, const char *customer_id)
{
    const struct key_entry *e = find(k, tenant_id, customer_id);
    return e ? e->made_us : 0;
}

static struct key_entry *find_or_add(struct customer_keys *k, int64_t tenant_id,
                                     const char *customer_id)
{
    struct key_entry *e = find(k, tenant_id, customer_id);
    return e ? e : add(k, tenant_id, customer_id);
}

static void wait_for(struct customer_keys *k, struct key_entry *e, enum keys_batch_kind kind,
                     struct customer_keys_wait *wait)
{
    static const struct fault full = {.code = FAULT_RESOURCE_EXHAUSTED,
                                      .reason = ERROR_REASON_OVERLOADED,
                                      .message = "too many keys of customers are asked for",
                                      .retry_ms = 100};
    if (!e) {
        wait->done(wait, &full);
        return;
    }
    list_push_back(&e->waiters, &wait->link);
    if (!e->asked)
        keys_line_up(k, e, kind);
}

void customer_keys_ask(struct customer_keys *k, int64_t tenant_id, const char *customer_id,
                       bool make, struct customer_keys_wait *wait)
{
    struct key_entry *e = find_or_add(k, tenant_id, customer_id);
    if (e)
        e->make = e->make || make;
    wait_for(k, e, KEYS_READ, wait);
}

void customer_keys_prefetch(struct customer_keys *k, int64_t tenant_id, const char *customer_id)
{
    struct key_entry *e = find_or_add(k, tenant_id, customer_id);
    if (e && !e->asked)
        keys_line_up(k, e, KEYS_READ);
}

void customer_keys_destroy(struct customer_keys *k, int64_t tenant_id, const char *customer_id,
                           int64_t made_until_us, struct customer_keys_wait *wait)
{
    struct key_entry *e = find_or_add(k, tenant_id, customer_id);
    if (e)
        e->destroy_until_us = made_until_us;
    wait_for(k, e, KEYS_DESTROY, wait);
}

bool customer_keys_quiet(const struct customer_keys *k)
{
    return k->n_asked == 0;
}

struct sealer *customer_keys_sealer(struct customer_keys *k)
{
    return k->sealer;
}
