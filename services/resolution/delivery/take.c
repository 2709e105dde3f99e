/* SPDX-License-Identifier: Apache-2.0 */

/* Takes due rows and gives them to the channels: one tenant after the other. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "resolution/delivery/impl.h"

#define RECEIVERS 100 /* of a tenant, in one look */
#define LEASE_US (DELIVERY_LASTS_US + 60 * US_PER_S)
#define COLUMNS 17 /* of DELIVERY_COLUMNS; then the place to go on from, and two counts */

static void next_tenant(struct deliveries *d);

/* -- jobs -------------------------------------------------------------------------------------- */

struct delivery_channel *deliveries_channel(struct deliveries *d, int kind)
{
    for (size_t i = 0; i < d->n_channels; i++)
        if (d->channels[i].kinds & DELIVERY_BIT(kind))
            return &d->channels[i];
    return NULL;
}

/* The kinds that some channel has room for, and how much room there is. */
static uint32_t wanted(const struct deliveries *d, size_t *room)
{
    uint32_t kinds = 0;
    *room = 0;
    for (size_t i = 0; i < d->n_channels; i++) {
        const struct delivery_channel *c = &d->channels[i];
        if (d->busy[i] >= c->at_once)
            continue;
        kinds |= c->kinds;
        *room += c->at_once - d->busy[i];
    }
    return kinds;
}

struct delivery_job *deliveries_adopt(struct deliveries *d, const struct pg_rows *rows, int row,
                                      const char *tenant)
{
    struct delivery_job *job = calloc(1, sizeof *job);
    AM_ASSERT(job != NULL);
    arena_init(&job->arena, DELIVERY_ARENA_BYTES);
    AM_ASSERT(delivery_row_load(rows, row, 0, &job->arena, &job->row) == AM_OK);
    job->tenant = arena_strdup(&job->arena, tenant);
    AM_ASSERT(job->tenant != NULL);
    job->deliveries = d;
    d->n_jobs++;
    list_push_back(&d->jobs, &job->link);
    return job;
}

static void give(struct deliveries *d, const struct pg_rows *rows, int row, const char *tenant)
{
    struct delivery_job *job = deliveries_adopt(d, rows, row, tenant);
    job->channel = deliveries_channel(d, job->row.kind);
    AM_ASSERT(job->channel != NULL);
    d->busy[job->channel - d->channels]++;
    list_remove(&job->link);
    list_push_back(&d->fresh, &job->link);
}

/* A channel may answer at once, so it is called when the rows are no longer read. */
static void send_fresh(struct deliveries *d)
{
    for (struct list *it; (it = list_pop_front(&d->fresh));) {
        struct delivery_job *job = CONTAINER_OF(it, struct delivery_job, link);
        list_push_back(&d->jobs, &job->link);
        job->channel->send(job->channel->ctx, job);
    }
}

/* -- a tenant ---------------------------------------------------------------------------------- */

static void took_rows(struct pg_read *pg, size_t i, const struct pg_rows *rows)
{
    struct deliveries *d = ((struct sender_read *)pg->ctx)->ctx;
    struct delivery_tenant *t = &d->tenants[d->at];
    (void)i;
    for (int row = 0; row < pg_rows_count(rows); row++) {
        if (!pg_is_null(rows, row, 1)) {
            give(d, rows, row, t->name);
            continue;
        }
        t->more = pg_bool(rows, row, COLUMNS + 1);
        (void)snprintf(t->after, sizeof t->after, "%s", t->more ? pg_text(rows, row, COLUMNS) : "");
    }
}

static void took_ended(struct sender_read *r, const struct fault *fault)
{
    struct deliveries *d = r->ctx;
    struct delivery_tenant *t = &d->tenants[d->at++];
    if (fault)
        t->more = false;
    d->more = d->more || t->more;
    send_fresh(d);
    next_tenant(d);
}

static void take(struct deliveries *d, size_t room, uint32_t kinds)
{
    const struct delivery_tenant *t = &d->tenants[d->at];
    const int64_t shared_us = time_shared_us(loop_time(d->service->loop));
    const size_t share = room / (d->n_tenants - d->at);
    struct sender_read *r = deliveries_read(d, t->id, took_rows, took_ended);
    struct pg_args *args = sender_read_add(r, STMT_DELIVERY_TAKE);
    pg_arg_int8(args, t->id);
    pg_arg_text(args, t->after);
    pg_arg_int4(args, RECEIVERS);
    pg_arg_int4(args, DELIVERY_RECEIVER_MOST);
    pg_arg_time(args, deliveries_now_us(d));
    pg_arg_text(args, d->replica);
    pg_arg_time(args, shared_us + LEASE_US);
    pg_arg_time(args, shared_us);
    pg_arg_int4(args, share > 0 ? (int32_t)share : 1);
    pg_arg_int4(args, (int32_t)kinds);
    sender_read_start(r);
}

/* -- a look ------------------------------------------------------------------------------------ */

static void look_ended(struct deliveries *d)
{
    d->looking = false;
    if (d->again && !d->stopped)
        delivery_take_begin(d);
}

/* Behind the last tenant another round begins, for those that have more receivers. */
static void next_tenant(struct deliveries *d)
{
    size_t room;
    const uint32_t kinds = wanted(d, &room);
    if (d->at == d->n_tenants && d->more) {
        d->at = 0;
        d->more = false;
    }
    while (d->at < d->n_tenants && !d->tenants[d->at].more)
        d->at++;
    d->starved = kinds == 0;
    if (d->stopped || d->starved || d->at == d->n_tenants)
        look_ended(d);
    else
        take(d, room, kinds);
}

/* Where the look before stopped in the receivers of a tenant. */
static const char *place_of(const struct delivery_tenant *old, size_t n, int64_t id)
{
    for (size_t i = 0; i < n; i++)
        if (old[i].id == id)
            return old[i].after;
    return "";
}

static void tenants_rows(struct pg_read *pg, size_t i, const struct pg_rows *rows)
{
    struct deliveries *d = ((struct sender_read *)pg->ctx)->ctx;
    static struct delivery_tenant old[DELIVERY_TENANTS_MAX]; /* of the loop's one thread */
    const size_t n_old = d->n_tenants;
    (void)i;
    memcpy(old, d->tenants, n_old * sizeof *old);
    d->n_tenants = (size_t)pg_rows_count(rows);
    for (size_t row = 0; row < d->n_tenants; row++) {
        struct delivery_tenant *t = &d->tenants[row];
        *t = (struct delivery_tenant){.id = pg_int(rows, (int)row, 0), .more = true};
        (void)snprintf(t->name, sizeof t->name, "%s", pg_text(rows, (int)row, 1));
        (void)snprintf(t->after, sizeof t->after, "%s", place_of(old, n_old, t->id));
    }
    d->after_tenant = d->n_tenants == DELIVERY_TENANTS_MAX ? d->tenants[d->n_tenants - 1].id : 0;
}

static void tenants_ended(struct sender_read *r, const struct fault *fault)
{
    struct deliveries *d = r->ctx;
    if (fault)
        d->n_tenants = 0;
    d->again = d->again || (!fault && d->after_tenant != 0);
    next_tenant(d);
}

void delivery_take_begin(struct deliveries *d)
{
    if (d->looking) {
        d->again = true;
        return;
    }
    d->looking = true;
    d->again = d->more = false;
    d->at = 0;
    struct sender_read *r = deliveries_read(d, 0, tenants_rows, tenants_ended);
    struct pg_args *args = sender_read_add(r, STMT_DELIVERY_TENANTS);
    pg_arg_int8(args, d->after_tenant);
    pg_arg_int4(args, DELIVERY_TENANTS_MAX);
    sender_read_start(r);
}
