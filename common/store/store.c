/* SPDX-License-Identifier: Apache-2.0 */

#include "store/store.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "case/command/keys.h"
#include "contract/reasons.h"
#include "store/impl.h"
#include "store/sealing/sealed.h"

#define ZONE_RETRY_MS 1000 /* another replica answers, or this one when its zones are complete */

struct store *store_new(struct pg *pg, struct loop *loop, struct tenants *tenants,
                        void (*route)(void *ctx, const struct route *r), void *ctx)
{
    struct store *s = calloc(1, sizeof(*s));
    AM_ASSERT(s != NULL);
    *s = (struct store){.pg = pg, .loop = loop, .tenants = tenants, .route = route, .ctx = ctx};
    const struct pg_seg_ops ops = {
        .read = store_seg_read,
        .load = store_seg_load,
        .fits = store_seg_fits,
        .decide = store_seg_decide,
        .write = store_seg_write,
        .committed = store_seg_committed,
        .ctx = s,
    };
    pg_seg_setup(pg, &ops);
    return s;
}

void store_free(struct store *s)
{
    free(s);
}

static const char *copy_text(struct arena *arena, const char *text)
{
    const char *copy = text ? arena_strdup(arena, text) : NULL;
    return copy ? copy : "";
}

void fault_copy(struct fault *to, struct arena *arena, const struct fault *from)
{
    fault_init(to, arena);
    if (!fault_is_set(from))
        return;
    fault_set(to, from->code, from->reason, "%s", from->message ? from->message : "");
    for (size_t i = 0; i < from->n_metadata; i++)
        fault_meta(to, copy_text(arena, from->metadata[i].key), "%s", from->metadata[i].text);
    to->retry_ms = from->retry_ms;
}

void fault_locked(struct fault *fault)
{
    fault_set(fault, FAULT_UNAVAILABLE, ERROR_REASON_CUSTOMER_KEY_LOCKED,
              "this replica cannot open what is sealed of this customer: it has no master key, or "
              "not the one that was used (--master-keys)");
    fault->retry_ms = ZONE_RETRY_MS;
}

void fault_time_zone(struct fault *fault, const char *zone)
{
    fault_set(fault, FAULT_UNAVAILABLE, ERROR_REASON_TIME_ZONE_MISSING,
              "the tz database of this replica lacks the time zone %s, which this call needs",
              zone);
    fault_meta(fault, "time_zone", "%s", zone);
    fault->retry_ms = ZONE_RETRY_MS;
}

/* -- commands --------------------------------------------------------------------------------- */

static void submit(struct submission *sub);

static void fail(struct submission *sub, const struct fault *fault)
{
    fault_copy(&sub->cmd.fault, sub->cmd.arena, fault);
    sub->finished(sub);
}

static void policy_here(struct tenants_wait *wait, const struct policy *policy,
                        const struct fault *fault)
{
    struct submission *sub = CONTAINER_OF(wait, struct submission, policy_wait);
    if (policy)
        submit(sub);
    else
        fail(sub, fault);
}

static void key_here(struct customer_keys_wait *wait, const struct fault *fault)
{
    struct submission *sub = CONTAINER_OF(wait, struct submission, key_wait);
    if (fault)
        fail(sub, fault);
    else
        submit(sub);
}

static void ask_for_key(struct submission *sub)
{
    sub->key_wait.done = key_here;
    customer_keys_ask(sub->store->keys, sub->cmd.tenant_id, sub->lacks_key, sub->makes_key,
                      &sub->key_wait);
}

static void command_done(struct pg_seg_cmd *seg, const struct fault *fault)
{
    struct submission *sub = CONTAINER_OF(seg, struct submission, seg);
    if (fault)
        fail(sub, fault);
    else if (sub->lacks_version)
        tenants_load(sub->store->tenants, sub->cmd.tenant_id, sub->lacks_version,
                     &sub->policy_wait);
    else if (sub->lacks_key)
        ask_for_key(sub);
    else
        sub->finished(sub);
}

void store_take_keys(struct submission *sub)
{
    struct command_keys keys;
    _Static_assert(COMMAND_KEYS_MAX <= PG_SEG_KEYS_CMD, "a segment takes all keys of a command");
    command_keys(&sub->cmd, &keys);
    memcpy(sub->seg.keys, keys.keys, keys.n * sizeof(keys.keys[0]));
    sub->seg.n_keys = keys.n;
    sub->seg.weight_key = keys.case_key;
}

static void submit(struct submission *sub)
{
    sub->cmd.open_case_id = (struct uuid){{0}};
    sub->lacks_version = 0;
    sub->lacks_key = NULL;
    fault_init(&sub->cmd.fault, sub->cmd.arena);
    store_take_keys(sub);
    sub->seg.item.tenant = (uint64_t)sub->cmd.tenant_id;
    sub->seg.idempotent = true;
    sub->seg.method = sub->cmd.kind->name;
    sub->seg.done = command_done;
    sub->policy_wait.done = policy_here;
    pg_seg_submit(sub->store->pg, &sub->seg);
}

/* A claim of a new customer will need a key: it is made before, and not when the claim has been
 * decided in vain. */
static bool needs_key_first(struct store *s, struct submission *sub)
{
    const struct seal_key *key;
    const struct command *cmd = &sub->cmd;
    if (!s->keys || !cmd->kind->needs_customer)
        return false;
    sub->lacks_key = command_claim_of(cmd).customer_id;
    sub->makes_key = true;
    return customer_keys_find(s->keys, cmd->tenant_id, sub->lacks_key, CUSTOMER_KEY_SEALS, &key) <=
           CUSTOMER_KEY_NONE;
}

void store_submit(struct store *s, struct submission *sub)
{
    sub->loads = sub->asks = 0;
    sub->since_us = time_mono_us();
    sub->store = s;
    if (needs_key_first(s, sub))
        ask_for_key(sub);
    else
        submit(sub);
}

void store_use_keys(struct store *s, struct customer_keys *keys)
{
    s->keys = keys;
    sealed_metrics();
}

bool store_seals(const struct store *s)
{
    return s->keys != NULL;
}

void store_destroy_key(struct store *s, int64_t tenant_id, const char *customer_id,
                       int64_t made_until_us, struct customer_keys_wait *wait)
{
    if (s->keys)
        customer_keys_destroy(s->keys, tenant_id, customer_id, made_until_us, wait);
    else
        wait->done(wait, NULL);
}

void store_ask_key(struct store *s, int64_t tenant_id, const char *customer_id,
                   struct customer_keys_wait *wait)
{
    AM_ASSERT(s->keys != NULL);
    customer_keys_ask(s->keys, tenant_id, customer_id, false, wait);
}

int64_t store_key_made_us(struct store *s, int64_t tenant_id, const char *customer_id)
{
    return customer_keys_made_us(s->keys, tenant_id, customer_id);
}
