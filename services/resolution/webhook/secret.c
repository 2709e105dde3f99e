/* SPDX-License-Identifier: Apache-2.0 */

/* Rows of webhooks and their keys. A secret lies under the first master key where there is one; it
 * is bound to its webhook. Without master keys it is worth no more than the database. */

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "contract/words.h"
#include "resolution/webhook/impl.h"
#include "vault/seal.h"

_Static_assert(SEAL_KEY_BYTES == HOOK_SECRET_BYTES, "a secret is wrapped as a key is");
_Static_assert(SEAL_WRAPPED_BYTES <= HOOK_STORED_MAX, "a wrapped secret fits");

static struct slice where_of(const struct hook_row *hook, char out[128])
{
    const int n =
        snprintf(out, 128, "webhook %lld %s", (long long)hook->tenant_id, hook->webhook_id);
    return slice_of(out, (size_t)n);
}

void hook_secret_store(const struct masters *masters, const struct hook_row *hook,
                       const struct hook_key *key, struct hook_stored *out)
{
    char where[128];
    *out = (struct hook_stored){.master = "", .len = HOOK_SECRET_BYTES};
    memcpy(out->bytes, key->secret, HOOK_SECRET_BYTES);
    if (!masters || masters->n == 0)
        return;
    struct seal_key inner = {.id = {0}};
    struct sealer *sealer = sealer_new();
    memcpy(inner.key, key->secret, HOOK_SECRET_BYTES);
    seal_wrap(sealer, &masters->keys[0], where_of(hook, where), &inner, out->bytes);
    sealer_free(sealer);
    OPENSSL_cleanse(&inner, sizeof inner);
    out->len = SEAL_WRAPPED_BYTES;
    out->master = masters->keys[0].name;
}

bool hook_secret_open(const struct masters *masters, const struct hook_row *hook,
                      const char *master, struct slice bytes, struct hook_key *key)
{
    char where[128];
    if (!*master) {
        if (bytes.len == HOOK_SECRET_BYTES)
            memcpy(key->secret, bytes.data, HOOK_SECRET_BYTES);
        return bytes.len == HOOK_SECRET_BYTES;
    }
    const struct master_key *m = masters ? masters_find(masters, master) : NULL;
    if (!m)
        return false;
    struct seal_key inner = {.id = {0}};
    struct sealer *sealer = sealer_new();
    const int rc = seal_unwrap(sealer, m, where_of(hook, where), bytes, &inner);
    sealer_free(sealer);
    memcpy(key->secret, inner.key, HOOK_SECRET_BYTES);
    OPENSSL_cleanse(&inner, sizeof inner);
    return rc == AM_OK;
}

/* -- rows -------------------------------------------------------------------------------------- */

static const char *copied(const struct pg_rows *rows, int row, int col, struct arena *arena,
                          bool *full)
{
    const char *text = arena_strdup(arena, pg_text(rows, row, col));
    *full = *full || !text;
    return text;
}

static void load_serving(const struct pg_rows *rows, int row, struct arena *arena,
                         struct hook_row *out, bool *full)
{
    out->cursor = (struct feed_position){.epoch = (int32_t)pg_int(rows, row, 13),
                                         .xid = pg_int(rows, row, 14),
                                         .case_id = pg_uuid(rows, row, 15),
                                         .seq = pg_int(rows, row, 16)};
    out->current_at = pg_time_us(rows, row, 17);
    out->paused_until = pg_time_us(rows, row, 18);
    out->failures = (int32_t)pg_int(rows, row, 19);
    out->delivered = pg_int(rows, row, 20);
    out->last_at = pg_time_us(rows, row, 21);
    out->last_status = (int32_t)pg_int(rows, row, 22);
    out->last_error = copied(rows, row, 23, arena, full);
    out->lease_number = pg_int(rows, row, 24);
    out->tenant = copied(rows, row, 25, arena, full);
    out->epoch = (int32_t)pg_int(rows, row, 26);
}

int hook_row_load(const struct pg_rows *rows, int row, struct arena *arena, struct hook_row *out)
{
    bool full = false;
    const struct slice filter = pg_bytes(rows, row, 3);
    *out = (struct hook_row){.tenant_id = pg_int(rows, row, 0)};
    (void)snprintf(out->webhook_id, sizeof out->webhook_id, "%s", pg_text(rows, row, 1));
    out->url = copied(rows, row, 2, arena, &full);
    out->filter = slice_of(arena_dup(arena, filter.data, filter.len), filter.len);
    out->signing = (int16_t)pg_int(rows, row, 4);
    out->personal = pg_bool(rows, row, 5);
    out->notifications = pg_bool(rows, row, 6);
    out->state = (int16_t)pg_int(rows, row, 7);
    out->reason = copied(rows, row, 8, arena, &full);
    out->created_at = pg_time_us(rows, row, 9);
    out->created_by = copied(rows, row, 10, arena, &full);
    out->changed_at = pg_time_us(rows, row, 11);
    out->generation = pg_int(rows, row, 12);
    load_serving(rows, row, arena, out, &full);
    return full || (filter.len && !out->filter.data) ? AM_ENOMEM : AM_OK;
}

void hook_key_load(const struct pg_rows *rows, int row, const struct masters *masters,
                   struct hook_row *out)
{
    if (out->n_keys == HOOK_KEYS_MAX)
        return;
    struct hook_key *key = &out->keys[out->n_keys];
    const struct slice public_key = pg_bytes(rows, row, 5);
    *key = (struct hook_key){.number = (int32_t)pg_int(rows, row, 1),
                             .signing = (int16_t)pg_int(rows, row, 2),
                             .created_at = pg_time_us(rows, row, 6),
                             .ends_at = pg_time_us(rows, row, 7)};
    if (public_key.len == sizeof key->public_key)
        memcpy(key->public_key, public_key.data, public_key.len);
    out->n_keys++;
    if (!hook_secret_open(masters, out, pg_text(rows, row, 4), pg_bytes(rows, row, 3), key))
        out->locked = true;
}
