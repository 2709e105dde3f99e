/* SPDX-License-Identifier: Apache-2.0 */
#include "assignment/checkpoints/checkpoints.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/log.h"
#include "base/metrics.h"
#include "contract/check.h"
#include "contract/checkpoint.h"

#define TENANTS 500    /* looked at in one statement */
#define EVENTS 2000    /* of the feed in one slice */
#define SLICES_MOST 50 /* of one checkpoint; the next one goes on behind it */
#define REST_MOST_US US_PER_S

static METRIC_DEFINE(key_gauge, METRIC_GAUGE, "amends_checkpoint_key_state",
                     "1 when checkpoints are signed here, 0 without a key.");
static METRIC_DEFINE(age_gauge, METRIC_GAUGE, "amends_checkpoint_age_seconds",
                     "Since all tenants that were due had their checkpoints; 0 where another "
                     "replica writes them.");
static METRIC_DEFINE(written_total, METRIC_COUNTER, "amends_checkpoints_total",
                     "Checkpoints written.");
static METRIC_DEFINE(heads_total, METRIC_COUNTER, "amends_checkpoint_heads_total",
                     "Heads of histories in them.");

struct due {
    int64_t tenant_id;
    char name[CHECK_TENANT_BYTES_MAX + 1];
    struct checkpoint last; /* number 0 = none */
};

struct checkpoints {
    struct assignment *a;
    const struct sign_keys *keys;
    struct loop_timer *rest;
    bool running, stopping;
    int64_t since_us;     /* monotonic; the last complete walk, or the begin of the lease */
    int64_t walk_from_us; /* when the present walk began */
    int64_t next_us;      /* monotonic; the next walk */
    int64_t slice_us;     /* when the present slice began */
    int64_t after_tenant;
    bool more; /* tenants behind after_tenant */
    struct due due[TENANTS];
    size_t n, at;
    /* The checkpoint under way. */
    struct checkpoint next;
    struct uuid draft;
    int32_t slices;
    struct digest_ctx *digest;
    struct checkpoint_head heads[EVENTS];
    size_t n_heads, n_events;
    bool signed_now;
};

static void look_for_due(struct checkpoints *c);
static void next_tenant(struct checkpoints *c);
static void next_slice(struct checkpoints *c);

/* -- resting ----------------------------------------------------------------------------------- */

static void end_walk(struct checkpoints *c, bool complete)
{
    if (c->digest) {
        uint8_t unused[DIGEST_LEN];
        digest_end(c->digest, unused);
        c->digest = NULL;
    }
    if (complete)
        c->since_us = c->walk_from_us;
    c->running = c->stopping = false;
}

static bool stops(struct checkpoints *c, const struct fault *fault)
{
    if (!fault && !c->stopping && !c->a->stopped)
        return false;
    end_walk(c, false); /* the next walk begins again */
    return true;
}

static void rested(void *ctx)
{
    struct checkpoints *c = ctx;
    if (!stops(c, NULL))
        next_slice(c);
}

static void rest(struct checkpoints *c)
{
    const int64_t took_us = time_mono_us() - c->slice_us;
    loop_timer_start(c->rest, took_us < REST_MOST_US ? took_us : REST_MOST_US);
}

/* -- the end of a checkpoint ------------------------------------------------------------------- */

static void forgotten(struct engine_read *r, const struct fault *fault)
{
    struct checkpoints *c = r->ctx;
    (void)fault; /* such slices only take room */
    if (!stops(c, NULL))
        next_tenant(c);
}

static void forget_drafts(struct checkpoints *c)
{
    struct engine_read *r = engine_read_new(c->a, c->due[c->at].tenant_id, NULL, forgotten, c);
    struct pg_args *args = engine_read_add(r, STMT_CHECKPOINT_FORGET);
    pg_arg_int8(args, c->due[c->at].tenant_id);
    pg_arg_int8(args, c->next.number);
    /* What is behind this checkpoint waits for the next one, unless this one was full. */
    if (c->n_events < EVENTS || !c->signed_now)
        c->at++;
    else
        c->due[c->at].last = c->next;
    engine_read_start(r);
}

static void signed_rows(struct pg_read *pg, size_t i, const struct pg_rows *rows)
{
    struct checkpoints *c = ((struct engine_read *)pg->ctx)->ctx;
    (void)i;
    c->signed_now = pg_rows_count(rows) > 0;
}

static void signed_ended(struct engine_read *r, const struct fault *fault)
{
    struct checkpoints *c = r->ctx;
    if (stops(c, fault))
        return;
    metric_add(&written_total, 0, c->signed_now);
    metric_add(&heads_total, 0, c->signed_now ? c->next.heads : 0);
    forget_drafts(c);
}

static void add_values(struct pg_args *args, const struct checkpoint *n)
{
    char xid[24];
    (void)snprintf(xid, sizeof(xid), "%" PRIu64, (uint64_t)n->through_xid);
    pg_arg_int8(args, n->heads);
    pg_arg_bytea(args, slice_of(n->heads_hash, sizeof(n->heads_hash)));
    pg_arg_int4(args, (int32_t)n->through_epoch);
    pg_arg_text(args, xid);
    pg_arg_uuid(args, &n->through_case_id);
    pg_arg_int8(args, n->through_seq);
    pg_arg_bytea(args, slice_of(n->prev_hash, sizeof(n->prev_hash)));
    pg_arg_bytea(args, slice_of(n->hash, sizeof(n->hash)));
    pg_arg_bytea(args, slice_of(n->public_key, sizeof(n->public_key)));
    pg_arg_bytea(args, slice_of(n->signature, sizeof(n->signature)));
}

static void sign(struct checkpoints *c)
{
    const struct due *due = &c->due[c->at];
    struct checkpoint *n = &c->next;
    struct engine_read *r = engine_read_new(c->a, due->tenant_id, signed_rows, signed_ended, c);
    struct pg_args *args = engine_read_add(r, STMT_CHECKPOINT_SIGN);
    digest_end(c->digest, n->heads_hash);
    c->digest = NULL;
    n->at = time_shared_us(loop_time(c->a->loop));
    memcpy(n->public_key, sign_keys_public(c->keys), sizeof(n->public_key));
    checkpoint_hash(due->name, n, n->hash);
    sign_message(c->keys, n->hash, sizeof(n->hash), n->signature);
    pg_arg_int8(args, due->tenant_id);
    pg_arg_int8(args, n->number);
    pg_arg_time(args, n->at);
    pg_arg_uuid(args, &c->draft);
    pg_arg_int4(args, c->slices);
    add_values(args, n);
    engine_read_start(r);
}

/* -- a slice ----------------------------------------------------------------------------------- */

static int by_case(const void *a, const void *b)
{
    const struct checkpoint_head *x = a, *y = b;
    const int order = memcmp(&x->case_id, &y->case_id, sizeof(x->case_id));
    if (order != 0)
        return order;
    return x->seq < y->seq ? -1 : x->seq > y->seq;
}

/* The last event of each case. */
static void keep_last(struct checkpoints *c)
{
    size_t n = 0;
    qsort(c->heads, c->n_heads, sizeof(c->heads[0]), by_case);
    for (size_t i = 0; i < c->n_heads; i++) {
        if (n > 0 && uuid_eq(&c->heads[n - 1].case_id, &c->heads[i].case_id))
            n--;
        c->heads[n++] = c->heads[i];
    }
    c->n_heads = n;
}

static void slice_ended(struct engine_read *r, const struct fault *fault)
{
    struct checkpoints *c = r->ctx;
    if (stops(c, fault))
        return;
    c->next.heads += (int64_t)c->n_heads;
    c->slices++;
    if (c->n_events < EVENTS || c->slices == SLICES_MOST)
        sign(c);
    else
        rest(c);
}

static void write_slice(struct checkpoints *c)
{
    const int64_t tenant_id = c->due[c->at].tenant_id;
    struct engine_read *r = engine_read_new(c->a, tenant_id, NULL, slice_ended, c);
    struct pg_args *args = engine_read_add(r, STMT_CHECKPOINT_SLICE_PUT);
    uint8_t *body = arena_must_array(&r->arena, CHECKPOINT_HEAD_BYTES, c->n_heads);
    for (size_t i = 0; i < c->n_heads; i++)
        checkpoint_head_write(&c->heads[i], body + i * CHECKPOINT_HEAD_BYTES);
    digest_add(c->digest, body, c->n_heads * CHECKPOINT_HEAD_BYTES);
    pg_arg_int8(args, tenant_id);
    pg_arg_int8(args, c->next.number);
    pg_arg_uuid(args, &c->draft);
    pg_arg_int4(args, c->slices);
    pg_arg_bytea(args, slice_of(body, c->n_heads * CHECKPOINT_HEAD_BYTES));
    engine_read_start(r);
}

static void feed_rows(struct pg_read *pg, size_t i, const struct pg_rows *rows)
{
    struct checkpoints *c = ((struct engine_read *)pg->ctx)->ctx;
    struct checkpoint *n = &c->next;
    (void)i;
    c->n_heads = c->n_events = (size_t)pg_rows_count(rows);
    for (int row = 0; row < (int)c->n_events; row++) {
        const struct slice hash = pg_bytes(rows, row, 4);
        struct checkpoint_head *head = &c->heads[row];
        *head =
            (struct checkpoint_head){.case_id = pg_uuid(rows, row, 2), .seq = pg_int(rows, row, 3)};
        if (hash.len == sizeof(head->hash))
            memcpy(head->hash, hash.data, sizeof(head->hash));
        n->through_epoch = pg_int(rows, row, 0);
        n->through_xid = pg_int(rows, row, 1);
        n->through_case_id = head->case_id;
        n->through_seq = head->seq;
    }
}

static void feed_ended(struct engine_read *r, const struct fault *fault)
{
    struct checkpoints *c = r->ctx;
    if (stops(c, fault))
        return;
    if (c->n_events > 0) {
        keep_last(c);
        write_slice(c);
    } else if (c->slices > 0) {
        sign(c);
    } else {
        uint8_t unused[DIGEST_LEN];
        digest_end(c->digest, unused); /* what there is, is not complete yet */
        c->digest = NULL;
        c->at++;
        next_tenant(c);
    }
}

static void next_slice(struct checkpoints *c)
{
    const struct checkpoint *n = &c->next;
    const int64_t tenant_id = c->due[c->at].tenant_id;
    struct engine_read *r = engine_read_new(c->a, tenant_id, feed_rows, feed_ended, c);
    struct pg_args *args = engine_read_add(r, STMT_CHECKPOINT_FEED);
    char xid[24];
    c->slice_us = time_mono_us();
    (void)snprintf(xid, sizeof(xid), "%" PRIu64, (uint64_t)n->through_xid);
    pg_arg_int8(args, tenant_id);
    pg_arg_int4(args, (int32_t)n->through_epoch);
    pg_arg_text(args, xid);
    pg_arg_uuid(args, &n->through_case_id);
    pg_arg_int8(args, n->through_seq);
    pg_arg_int4(args, EVENTS);
    engine_read_start(r);
}

/* -- tenants ----------------------------------------------------------------------------------- */

static void next_tenant(struct checkpoints *c)
{
    if (c->at == c->n && c->more)
        look_for_due(c);
    else if (c->at == c->n)
        end_walk(c, true);
    if (c->at == c->n)
        return;
    const struct checkpoint *last = &c->due[c->at].last;
    c->next = *last;
    c->next.number = last->number + 1;
    c->next.heads = 0;
    memcpy(c->next.prev_hash, last->hash, sizeof(last->hash));
    c->draft = uuid_new(time_shared_us(loop_time(c->a->loop)));
    c->slices = 0;
    c->digest = digest_begin();
    next_slice(c);
}

static void take_due(struct checkpoints *c, const struct pg_rows *rows, int row)
{
    struct due *due = &c->due[c->n++];
    const struct slice hash = pg_bytes(rows, row, 3);
    *due = (struct due){.tenant_id = pg_int(rows, row, 0)};
    (void)snprintf(due->name, sizeof(due->name), "%s", pg_text(rows, row, 1));
    due->last = (struct checkpoint){.number = pg_int(rows, row, 2),
                                    .through_epoch = pg_int(rows, row, 4),
                                    .through_xid = pg_int(rows, row, 5),
                                    .through_case_id = pg_uuid(rows, row, 6),
                                    .through_seq = pg_int(rows, row, 7)};
    if (hash.len == sizeof(due->last.hash))
        memcpy(due->last.hash, hash.data, sizeof(due->last.hash));
}

static void due_rows(struct pg_read *pg, size_t i, const struct pg_rows *rows)
{
    struct checkpoints *c = ((struct engine_read *)pg->ctx)->ctx;
    const int n = pg_rows_count(rows);
    (void)i;
    for (int row = 0; row < n; row++)
        if (pg_bool(rows, row, 8))
            take_due(c, rows, row);
    c->more = n == TENANTS;
    c->after_tenant = n > 0 ? pg_int(rows, n - 1, 0) : 0;
}

static void due_ended(struct engine_read *r, const struct fault *fault)
{
    struct checkpoints *c = r->ctx;
    if (!stops(c, fault))
        next_tenant(c);
}

static void look_for_due(struct checkpoints *c)
{
    const int64_t every_us = c->a->config.checkpoint_interval_s * US_PER_S;
    const int64_t now_us = time_shared_us(loop_time(c->a->loop));
    struct engine_read *r = engine_read_new(c->a, 0, due_rows, due_ended, c);
    struct pg_args *args = engine_read_add(r, STMT_CHECKPOINT_DUE);
    c->n = c->at = 0;
    pg_arg_int8(args, c->after_tenant);
    pg_arg_time(args, now_us - every_us);
    pg_arg_int4(args, TENANTS);
    pg_arg_time(args, now_us + every_us);
    engine_read_start(r);
}

/* -- life -------------------------------------------------------------------------------------- */

/* Often enough that a tenant waits little longer than it should. */
static int64_t look_every_us(const struct checkpoints *c)
{
    const int64_t tenth_us = c->a->config.checkpoint_interval_s * US_PER_S / 10;
    return tenth_us < 60 * US_PER_S ? tenth_us : 60 * US_PER_S;
}

void checkpoints_run(struct checkpoints *c)
{
    const int64_t now_us = time_mono_us();
    if (!sign_keys_can_sign(c->keys))
        return;
    if (c->since_us == 0)
        c->since_us = now_us;
    metric_set(&age_gauge, 0, (now_us - c->since_us) / US_PER_S);
    if (c->running || now_us < c->next_us)
        return;
    c->running = true;
    c->walk_from_us = now_us;
    c->next_us = now_us + look_every_us(c);
    c->after_tenant = 0;
    look_for_due(c);
}

void checkpoints_rest(struct checkpoints *c)
{
    c->stopping = c->running;
    c->since_us = c->next_us = 0;
    metric_set(&age_gauge, 0, 0);
}

struct checkpoints *checkpoints_new(struct assignment *a)
{
    struct metric *const metrics[] = {&key_gauge, &age_gauge, &written_total, &heads_total};
    struct checkpoints *c = calloc(1, sizeof(*c));
    AM_ASSERT(c != NULL);
    for (size_t i = 0; i < sizeof(metrics) / sizeof(*metrics); i++)
        metric_register(metrics[i]);
    c->a = a;
    c->keys = a->service->keys;
    c->rest = loop_timer_new(a->loop, rested, c);
    metric_set(&key_gauge, 0, sign_keys_can_sign(c->keys));
    if (!sign_keys_can_sign(c->keys))
        log_info("assignment", "checkpoints_off", LOG_STR("why", "no --checkpoint-key"));
    return c;
}

void checkpoints_free(struct checkpoints *c)
{
    if (!c)
        return;
    end_walk(c, false);
    loop_timer_free(c->rest);
    free(c);
}
