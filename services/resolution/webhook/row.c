/* SPDX-License-Identifier: Apache-2.0 */

/* Rows of deliveries to a webhook: events that it did not take at once, what is sent again by hand,
 * and notifications. Only the replica that serves the webhook sends them. */

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/minmax.h"
#include "contract/words.h"
#include "resolution/delivery/schedule.h"
#include "resolution/webhook/impl.h"
#include "store/tenants.h"
#include "store/table.h"

#define LOOK_US US_PER_S
#define ARENA_BYTES (16u << 20)
#define DEADLINE_US (3 * US_PER_S)
#define LEASE_US (60 * US_PER_S)

/* A notification has the number of the event that it tells of, too, but nothing of its case waits
 * for it. */
static bool is_event(const struct delivery_row *row)
{
    return row->kind == DELIVERY_KIND_EVENT_WEBHOOK;
}

/* -- cases of which rows wait ------------------------------------------------------------------ */

struct held *hook_held_find(struct hook *h, const struct uuid *case_id)
{
    for (size_t i = 0; i < h->n_held; i++)
        if (uuid_eq(&h->held[i].case_id, case_id))
            return &h->held[i];
    return NULL;
}

struct held *hook_held_add(struct hook *h, const struct uuid *case_id)
{
    struct held *e = hook_held_find(h, case_id);
    if (e)
        return e;
    if (h->n_held == HOOK_HELD_MAX) {
        h->many_held = true;
        return NULL;
    }
    e = &h->held[h->n_held++];
    *e = (struct held){.case_id = *case_id};
    return e;
}

static void waked(struct sender_read *r, const struct fault *fault)
{
    struct hook *h = r->ctx;
    (void)fault; /* they go by themselves when their time has come */
    h->busy--;
    h->rows_us = 0;
    hook_pump(h);
}

static void wake(struct hook *h, const struct uuid *case_id)
{
    struct sender_read *r = webhooks_read(h->all, h->row.tenant_id, NULL, waked, h);
    struct pg_args *args = sender_read_add(r, STMT_HOOK_WAKE);
    const int64_t now_us = webhooks_now_us(h->all);
    pg_arg_int8(args, h->row.tenant_id);
    pg_arg_text(args, h->receiver);
    pg_arg_uuid(args, case_id);
    pg_arg_time(args, now_us);
    pg_arg_time(args, now_us + HOOK_HOLD_US);
    h->busy++;
    sender_read_start(r);
}

/* A row of the case that the database does not have yet: it would not be woken. */
static bool has_unwritten(struct hook *h, const struct uuid *case_id)
{
    for (uint64_t i = h->first; i != h->first + h->n; i++) {
        const struct item *it = hook_window_at(h, i);
        if (it->state == ITEM_ROW && uuid_eq(&it->at.case_id, case_id))
            return true;
    }
    return false;
}

void hook_held_pump(struct hook *h)
{
    for (size_t i = 0; i < h->n_held && !h->writing; i++) {
        struct held *e = &h->held[i];
        if (!e->wake || has_unwritten(h, &e->case_id))
            continue;
        e->wake = false;
        wake(h, &e->case_id);
    }
}

/* The row has ended, whether it was delivered or not. */
static void release_case(struct hook *h, const struct delivery_row *row)
{
    struct held *e = hook_held_find(h, &row->case_id);
    if (!e)
        return;
    if (e->first_seq == row->seq)
        e->first_seq = 0;
    if (--e->rows <= 0)
        *e = h->held[--h->n_held];
    else
        e->wake = webhooks_now_us(h->all) < e->until_us; /* later they go by themselves */
}

static void hold_case(struct hook *h, const struct delivery_row *row)
{
    struct held *e = hook_held_add(h, &row->case_id);
    if (!e)
        return;
    e->rows = e->rows > 0 ? e->rows : 1;
    e->first_seq = row->seq;
    e->until_us = larger(e->until_us, row->created_at + HOOK_HOLD_US);
}

/* -- the end of a job -------------------------------------------------------------------------- */

static void end_job(struct row_job *j, const struct delivery_answer *a)
{
    struct hook *h = j->hook;
    const struct delivery_row *row = &j->job->row;
    const bool last = a->outcome == DELIVERY_FAILED && row->attempts >= SCHEDULE_ATTEMPTS;
    if (is_event(row) && (last || a->outcome == DELIVERY_TAKEN || a->outcome == DELIVERY_REFUSED ||
                          a->outcome == DELIVERY_NOT_NEEDED))
        release_case(h, row);
    else if (is_event(row) && a->outcome == DELIVERY_FAILED)
        hold_case(h, row);
    delivery_done(j->job, a);
    list_remove(&j->link);
    h->n_jobs--;
    arena_free(&j->arena);
    free(j);
}

static void answered(struct http_request *r)
{
    struct sending *s = r->ctx;
    struct row_job *j = s->owner;
    struct hook *h = s->hook;
    const struct delivery_answer a = hook_send_judge(r);
    h->sending--;
    hook_heard(h, r);
    h->delivered += a.outcome == DELIVERY_TAKEN;
    end_job(j, &a);
    hook_sending_free(s);
    hook_pump(h);
}

static void put_off(struct row_job *j, int64_t wait_us)
{
    const struct delivery_answer a = {.outcome = DELIVERY_PUT_OFF, .wait_us = wait_us};
    end_job(j, &a);
}

/* -- what is sent ------------------------------------------------------------------------------ */

/* Without a body the event cannot be read now, or what is personal in it cannot be recorded. */
static void take_body(struct row_job *j, const char *body)
{
    j->body = body;
    if (!body)
        put_off(j, US_PER_S);
}

static void have_event(struct store_read *r)
{
    struct row_job *j = r->ctx;
    struct hook *h = j->hook;
    const char *body = NULL;
    h->busy--;
    h->job_reads--;
    if (!fault_is_set(&r->fault) && r->feed.n == 1 && h->all->service->secret)
        body = hook_body_event(h->all->service, &h->row, ROW_AT(&r->feed, struct feed_row, 0),
                               r->feed_now->epoch, &j->arena);
    take_body(j, body);
    hook_pump(h);
}

/* By its place: the one event behind the place before it. */
static void read_event(struct row_job *j)
{
    struct hook *h = j->hook;
    struct feed_position before = j->at;
    before.seq--;
    h->busy++;
    h->job_reads++;
    j->read = (struct store_read){.arena = &j->arena,
                                  .tenant_id = h->row.tenant_id,
                                  .tenant = h->row.tenant,
                                  .deadline_us = time_mono_us() + DEADLINE_US,
                                  .done = have_event,
                                  .ctx = j};
    store_read_feed(h->all->service->store, &j->read, &before, 1, 1, h->row.personal);
}

static void on_tenant(void *ctx, const struct tenant *tenant, const struct fault *fault)
{
    struct row_job *j = ctx;
    struct hook *h = j->hook;
    struct tenants *all = h->all->service->tenants;
    const struct policy *p = NULL;
    h->busy--;
    if (!fault && tenant)
        p = tenants_policy(all, tenant->id, tenant->policy_version);
    take_body(j, p ? hook_body_notification(&h->row, &j->notification, j->reference, p->notify.link,
                                            &j->arena)
                   : NULL);
    hook_pump(h);
}

/* The pattern of links is policy's. */
static void make_notification(struct row_job *j)
{
    const struct delivery_answer gone = {.outcome = DELIVERY_NOT_NEEDED,
                                         .text = "the notification is gone"};
    struct hook *h = j->hook;
    if (j->gone) {
        end_job(j, &gone);
        return;
    }
    h->busy++;
    tenants_get(h->all->service->tenants, h->row.tenant, &j->arena, on_tenant, j);
}

static void read_bodies(struct hook *h)
{
    LIST_FOR_EACH_SAFE (it, &h->jobs) {
        struct row_job *j = CONTAINER_OF(it, struct row_job, link);
        if (j->asked || h->job_reads >= HOOK_JOB_READS)
            continue;
        j->asked = true;
        if (is_event(&j->job->row))
            read_event(j);
        else
            make_notification(j);
    }
}

static bool is_out_of_order(struct hook *h, const struct row_job *j)
{
    const struct held *e = hook_held_find(h, &j->job->row.case_id);
    if (!is_event(&j->job->row))
        return false;
    return j->job->row.out_of_order || h->many_held ||
           (e && e->first_seq && e->first_seq < j->job->row.seq);
}

static void send_job(struct row_job *j)
{
    struct hook *h = j->hook;
    char id[HOOK_EVENT_ID];
    if (is_event(&j->job->row))
        hook_body_event_id(&j->job->row.case_id, j->job->row.seq, id);
    else
        (void)uuid_format(&j->job->row.notification_id, id);
    const char *body = is_out_of_order(h, j) ? hook_body_out_of_order(j->body, &j->arena) : j->body;
    struct sending *s = hook_sending_new(h->all, &h->row, id, body ? body : j->body, answered);
    s->hook = h;
    s->owner = j;
    if (!http_send(h->all->http, &s->request)) {
        hook_sending_free(s); /* there is no room: later */
        return;
    }
    j->sent = true;
    h->sending++;
}

/* An earlier one of its case is under way. */
static bool has_earlier(struct hook *h, const struct row_job *j)
{
    LIST_FOR_EACH (it, &h->jobs) {
        const struct row_job *o = CONTAINER_OF(it, struct row_job, link);
        if (o == j)
            return false;
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): a job that has ended is in no list. */
        if (is_event(&o->job->row) && uuid_eq(&o->job->row.case_id, &j->job->row.case_id))
            return true;
    }
    return false;
}

/* How long the row waits for an earlier one that failed; 0 = it does not. */
static int64_t waits_us(struct hook *h, const struct row_job *j)
{
    const struct delivery_row *row = &j->job->row;
    const struct held *e = is_event(row) ? hook_held_find(h, &row->case_id) : NULL;
    const int64_t now_us = webhooks_now_us(h->all);
    if (!e || !e->first_seq || e->first_seq >= row->seq || row->out_of_order)
        return 0;
    return larger(0, e->until_us - now_us);
}

static bool start_jobs(struct hook *h, unsigned most)
{
    bool ended = false;
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): a job that has ended is in no list. */
    LIST_FOR_EACH_SAFE (it, &h->jobs) {
        struct row_job *j = CONTAINER_OF(it, struct row_job, link);
        if (j->sent || !j->body || (is_event(&j->job->row) && has_earlier(h, j)))
            continue;
        const int64_t wait_us = waits_us(h, j);
        if (wait_us > 0) {
            put_off(j, wait_us);
            ended = true;
        } else if (h->sending < most && hook_lease_lasts(h)) {
            send_job(j);
        }
    }
    return ended;
}

/* Each keeps its place, and is a moment ahead because the clock goes on meanwhile: those of its
 * case that are not here yet must not pass it. */
void hook_rows_give_back(struct hook *h)
{
    const int64_t now_us = webhooks_now_us(h->all);
    LIST_FOR_EACH_SAFE (it, &h->jobs) {
        struct row_job *j = CONTAINER_OF(it, struct row_job, link);
        if (!j->sent && (!j->asked || j->body))
            put_off(j, smaller(0, j->job->row.next_at - now_us) - US_PER_MS);
    }
}

/* -- looking for them -------------------------------------------------------------------------- */

#define AFTER (int)tables[TABLE_DELIVERY].n_cols /* the columns behind those of the row */

static void due_rows(struct pg_read *pg, size_t i, const struct pg_rows *rows)
{
    struct hook *h = ((struct sender_read *)pg->ctx)->ctx;
    (void)i;
    h->rows_fresh = pg_rows_count(rows) == 0;
    for (int row = 0; row < pg_rows_count(rows); row++) {
        struct row_job *j = calloc(1, sizeof *j);
        AM_ASSERT(j != NULL);
        arena_init(&j->arena, ARENA_BYTES);
        j->hook = h;
        j->job = deliveries_adopt(h->all->config.deliveries, rows, row, h->row.tenant);
        j->at = (struct feed_position){.epoch = (int32_t)pg_int(rows, row, AFTER),
                                       .xid = pg_int(rows, row, AFTER + 1),
                                       .case_id = j->job->row.case_id,
                                       .seq = j->job->row.seq};
        j->reference = arena_strdup(&j->arena, pg_text(rows, row, AFTER + 2));
        j->gone = pg_is_null(rows, row, AFTER + 3);
        AM_ASSERT(j->reference != NULL);
        AM_ASSERT(j->gone || table_decode(&tables[TABLE_NOTIFICATION], true, rows, row, AFTER + 3,
                                          &j->notification, &j->arena) == AM_OK);
        list_push_back(&h->jobs, &j->link);
        h->n_jobs++;
    }
    if (pg_rows_count(rows) > 0)
        h->rows_us = 0;
}

static void due_ended(struct sender_read *r, const struct fault *fault)
{
    struct hook *h = r->ctx;
    h->rows_asked = false;
    h->busy--;
    if (fault)
        h->rows_fresh = false;
    hook_pump(h);
}

static void look(struct hook *h, size_t most)
{
    const int64_t shared_us = time_shared_us(loop_time(h->all->service->loop));
    struct sender_read *r = webhooks_read(h->all, h->row.tenant_id, due_rows, due_ended, h);
    struct pg_args *args = sender_read_add(r, STMT_HOOK_TAKE);
    h->rows_asked = true;
    h->busy++;
    h->rows_us = time_mono_us() + LOOK_US;
    pg_arg_int8(args, h->row.tenant_id);
    pg_arg_text(args, h->row.webhook_id);
    pg_arg_text(args, deliveries_replica(h->all->config.deliveries));
    pg_arg_int8(args, h->row.lease_number);
    pg_arg_text(args, h->receiver);
    pg_arg_time(args, webhooks_now_us(h->all));
    pg_arg_int4(args, (int32_t)(most - h->n_jobs));
    pg_arg_time(args, shared_us);
    pg_arg_time(args, shared_us + LEASE_US);
    sender_read_start(r);
}

void hook_rows_pump(struct hook *h, unsigned most)
{
    const size_t here = h->probing ? most : HOOK_JOBS_MAX;
    read_bodies(h);
    while (start_jobs(h, most))
        ;
    if (!h->rows_asked && h->n_jobs <= here / 2 && time_mono_us() >= h->rows_us)
        look(h, here);
}
