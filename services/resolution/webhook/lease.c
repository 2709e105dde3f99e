/* SPDX-License-Identifier: Apache-2.0 */

/* Which webhooks are served here. */

#include <string.h>

#include "base/log.h"
#include "resolution/webhook/impl.h"

#define CLAIM_US US_PER_S
#define RENEW_US (3 * US_PER_S)
#define CLAIMS 16
#define MARGIN_US (10 * US_PER_S) /* beside the time of a request */
#define READ_ARENA_BYTES (8u << 20)

static int64_t shared_us(const struct webhooks *w)
{
    return time_shared_us(loop_time(w->service->loop));
}

static int64_t lease_us(const struct webhooks *w)
{
    return w->config.timeout_ms * US_PER_MS + MARGIN_US;
}

/* A request that is begun now ends before the lease does. */
bool hook_lease_lasts(const struct hook *h)
{
    return h->leased_until_us - shared_us(h->all) > h->all->config.timeout_ms * US_PER_MS;
}

static struct hook *find(struct webhooks *w, int64_t tenant_id, const char *id)
{
    LIST_FOR_EACH (it, &w->served) {
        struct hook *h = CONTAINER_OF(it, struct hook, link);
        if (h->row.tenant_id == tenant_id && strcmp(h->row.webhook_id, id) == 0)
            return h;
    }
    return NULL;
}

/* -- taking ------------------------------------------------------------------------------------ */

static void claimed_rows(struct pg_read *pg, size_t i, const struct pg_rows *rows)
{
    struct webhooks *w = ((struct sender_read *)pg->ctx)->ctx;
    (void)i;
    for (int row = 0; row < pg_rows_count(rows); row++) {
        struct hook *old = find(w, pg_int(rows, row, 0), pg_text(rows, row, 1));
        /* It was moved by hand, and is here still: the old one ends when nothing of it is left. */
        if (old)
            old->gone = true;
        struct hook *h = hook_new(w, rows, row);
        h->leased_until_us = w->claimed_until_us;
        log_info("webhook", "served_here", LOG_STR("tenant", h->row.tenant),
                 LOG_STR("webhook", h->row.webhook_id));
    }
    if (pg_rows_count(rows) == CLAIMS)
        w->claim_us = 0;
}

static void claimed(struct sender_read *r, const struct fault *fault)
{
    struct webhooks *w = r->ctx;
    w->claiming = false;
    if (fault)
        return;
    LIST_FOR_EACH_SAFE (it, &w->served) {
        struct hook *h = CONTAINER_OF(it, struct hook, link);
        if (!h->ready && !h->loading && !h->gone)
            hook_load(h);
        else if (h->gone)
            hook_pump(h);
    }
}

static void claim(struct webhooks *w)
{
    const int64_t now_us = shared_us(w);
    struct sender_read *r = webhooks_read(w, 0, claimed_rows, claimed, w);
    struct pg_args *args = sender_read_add(r, STMT_HOOK_CLAIM);
    w->claiming = true;
    w->claimed_until_us = now_us + lease_us(w);
    pg_arg_time(args, now_us);
    pg_arg_time(args, w->claimed_until_us);
    pg_arg_text(args, deliveries_replica(w->config.deliveries));
    pg_arg_int4(args, CLAIMS);
    sender_read_start(r);
}

/* -- keeping ----------------------------------------------------------------------------------- */

static void add_hooks(struct webhooks *w, struct sender_read *r, struct pg_args *args,
                      bool (*wanted)(const struct hook *h))
{
    struct pg_array tenants, ids, numbers;
    pg_array_init(&tenants, &r->arena, PG_INT8, w->n_served);
    pg_array_init(&ids, &r->arena, PG_TEXT, w->n_served);
    pg_array_init(&numbers, &r->arena, PG_INT8, w->n_served);
    LIST_FOR_EACH (it, &w->served) {
        const struct hook *h = CONTAINER_OF(it, struct hook, link);
        if (!wanted(h))
            continue;
        pg_array_int(&tenants, h->row.tenant_id);
        pg_array_text(&ids, h->row.webhook_id);
        pg_array_int(&numbers, h->row.lease_number);
    }
    pg_arg_array(args, &tenants);
    pg_arg_array(args, &ids);
    pg_arg_array(args, &numbers);
    pg_arg_text(args, deliveries_replica(w->config.deliveries));
}

static bool renews(const struct hook *h)
{
    return h->renewing;
}

static void renewed_rows(struct pg_read *pg, size_t i, const struct pg_rows *rows)
{
    struct webhooks *w = ((struct sender_read *)pg->ctx)->ctx;
    (void)i;
    for (int row = 0; row < pg_rows_count(rows); row++) {
        LIST_FOR_EACH (it, &w->served) {
            struct hook *h = CONTAINER_OF(it, struct hook, link);
            if (!h->renewing || h->row.tenant_id != pg_int(rows, row, 0) ||
                h->row.lease_number != pg_int(rows, row, 2) ||
                strcmp(h->row.webhook_id, pg_text(rows, row, 1)) != 0)
                continue;
            h->leased_until_us = w->renewed_until_us;
            h->kept = true;
            h->reload = h->reload || h->row.locked || h->row.generation != pg_int(rows, row, 3);
        }
    }
}

static void renewed(struct sender_read *r, const struct fault *fault)
{
    struct webhooks *w = r->ctx;
    w->renewing = false;
    LIST_FOR_EACH_SAFE (it, &w->served) {
        struct hook *h = CONTAINER_OF(it, struct hook, link);
        const bool asked = h->renewing;
        h->renewing = false;
        h->gone = h->gone || (asked && !fault && !h->kept);
        h->kept = false;
        hook_pump(h);
    }
}

static void renew(struct webhooks *w)
{
    struct sender_read *r = webhooks_read(w, 0, renewed_rows, renewed, w);
    w->renewing = true;
    w->renewed_until_us = shared_us(w) + lease_us(w);
    /* A row that is being written is left for the next time: two writers would disturb each
     * other. */
    LIST_FOR_EACH (it, &w->served) {
        struct hook *h = CONTAINER_OF(it, struct hook, link);
        h->renewing = h->ready && !h->gone && !h->writing;
        h->kept = false;
    }
    struct pg_args *args = sender_read_add(r, STMT_HOOK_RENEW);
    add_hooks(w, r, args, renews);
    pg_arg_time(args, w->renewed_until_us);
    sender_read_start(r);
}

void hook_lease_tick(struct webhooks *w)
{
    const int64_t now_us = time_mono_us();
    if (!w->claiming && now_us >= w->claim_us && w->n_served + CLAIMS <= HOOKS_SERVED_MAX) {
        w->claim_us = now_us + CLAIM_US;
        claim(w);
    }
    if (!w->renewing && w->n_served > 0 && now_us >= w->renew_us) {
        w->renew_us = now_us + RENEW_US;
        renew(w);
    }
}

/* -- giving back ------------------------------------------------------------------------------- */

static bool is_served(const struct hook *h)
{
    return !h->gone;
}

static void released(struct sender_read *r, const struct fault *fault)
{
    (void)r;
    (void)fault; /* they run out by themselves */
}

void hook_lease_release(struct webhooks *w)
{
    if (w->n_served == 0)
        return;
    struct sender_read *r = webhooks_read(w, 0, NULL, released, w);
    add_hooks(w, r, sender_read_add(r, STMT_HOOK_RELEASE), is_served);
    sender_read_start(r);
}
