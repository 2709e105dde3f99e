/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/assert.h"
#include "pg/metrics.h"
#include "pg/segment_impl.h"

void pg_seg_queue_init(struct pg_seg_lane *l)
{
    size_t capacity = l->pg->config.queue;
    for (size_t i = 0; i < PG_SEG_CLASSES; i++) {
        struct pg_seg_line *line = &l->lines[i];
        line->capacity = capacity;
        /* The accounts decide about admission, and never let more than half of this be ready. So
         * the line never refuses. */
        line->ready = fair_new(2 * capacity);
        for (size_t b = 0; b < PG_SEG_ACCOUNT_BUCKETS; b++)
            list_init(&line->accounts[b]);
    }
    pg_seg_keys_init(&l->keys, 2 * capacity);
    list_init(&l->parked);
    list_init(&l->delayed);
    list_init(&l->again);
}

void pg_seg_queue_free(struct pg_seg_lane *l)
{
    AM_ASSERT(l->held == 0);
    for (size_t i = 0; i < PG_SEG_CLASSES; i++)
        fair_free(l->lines[i].ready);
    pg_seg_keys_free(&l->keys);
}

void pg_seg_queue_show(const struct pg_seg_lane *l)
{
    for (size_t i = 0; i < PG_SEG_CLASSES; i++)
        metric_set(&pg_metric_queue, i, (int64_t)l->lines[i].held);
}

bool pg_seg_expired(const struct pg_seg_cmd *cmd, int64_t now_us)
{
    return cmd->deadline_us && now_us >= cmd->deadline_us;
}

/* -- accounts ---------------------------------------------------------------------------------- */

static struct list *account_bucket(struct pg_seg_line *line, uint64_t tenant)
{
    return &line->accounts[(tenant * 2654435761u >> 16) % PG_SEG_ACCOUNT_BUCKETS];
}

static struct pg_seg_account *find_account(struct pg_seg_line *line, uint64_t tenant)
{
    struct list *bucket = account_bucket(line, tenant);
    LIST_FOR_EACH (at, bucket) {
        struct pg_seg_account *a = CONTAINER_OF(at, struct pg_seg_account, link);
        if (a->tenant == tenant)
            return a;
    }
    return NULL;
}

static struct pg_seg_account *open_account(struct pg_seg_line *line, uint64_t tenant)
{
    struct pg_seg_account *a = calloc(1, sizeof(*a));
    AM_ASSERT(a != NULL);
    a->line = line;
    a->tenant = tenant;
    list_push_back(account_bucket(line, tenant), &a->link);
    return a;
}

/* A tenant may hold as many places as are still free. So one tenant alone gets half of the places,
 * and two get a third each. There is always room for a tenant that has nothing yet, and only a
 * tenant above its share is refused. */
int pg_seg_queue_admit(struct pg_seg_lane *l, struct pg_seg_cmd *cmd)
{
    struct pg_seg_line *line = &l->lines[cmd->cls];
    struct pg_seg_account *a = find_account(line, cmd->item.tenant);
    if ((a ? a->held : 0) >= line->capacity - line->held)
        return AM_EAGAIN;
    cmd->account = a ? a : open_account(line, cmd->item.tenant);
    cmd->account->held++;
    line->held++;
    l->held++;
    return AM_OK;
}

static void close_account(struct pg_seg_lane *l, struct pg_seg_cmd *cmd)
{
    struct pg_seg_account *a = cmd->account;
    cmd->account = NULL;
    l->held--;
    a->line->held--;
    if (--a->held > 0)
        return;
    list_remove(&a->link);
    free(a);
}

/* -- waiting: parked, delayed or ready --------------------------------------------------------- */

static struct pg_seg_cmd *cmd_of(struct list *link)
{
    return CONTAINER_OF(link, struct pg_seg_cmd, link);
}

static void make_ready(struct pg_seg_lane *l, struct pg_seg_cmd *cmd)
{
    AM_ASSERT(fair_push(l->lines[cmd->cls].ready, &cmd->item) == AM_OK);
    cmd->ready = true;
}

void pg_seg_queue_freed(struct pg_seg_cmd *cmd, void *lane)
{
    list_remove(&cmd->link);
    make_ready(lane, cmd);
}

static void stop_waiting(struct pg_seg_lane *l, struct pg_seg_cmd *cmd)
{
    if (cmd->ready)
        fair_remove(l->lines[cmd->cls].ready, &cmd->item);
    else
        list_remove(&cmd->link);
    cmd->ready = false;
}

static void displaced(struct pg_seg_cmd *cmd, void *lane)
{
    struct pg_seg_lane *l = lane;
    stop_waiting(l, cmd);
    list_push_back(&l->parked, &cmd->link);
}

void pg_seg_queue_enter(struct pg_seg_lane *l, struct pg_seg_cmd *cmd)
{
    pg_seg_keys_enter(&l->keys, cmd, displaced, l);
    if (cmd->blocked)
        list_push_back(&l->parked, &cmd->link);
    else
        make_ready(l, cmd);
}

static void delay_command(struct pg_seg_lane *l, struct pg_seg_cmd *cmd, int64_t delay_us)
{
    cmd->not_before_us = time_mono_us() + delay_us;
    struct list *at = l->delayed.prev;
    while (at != &l->delayed && cmd_of(at)->not_before_us > cmd->not_before_us)
        at = at->prev;
    list_push_front(at, &cmd->link);
}

void pg_seg_queue_back(struct pg_seg_lane *l, struct pg_seg_cmd *cmd, int64_t delay_us,
                       bool new_keys)
{
    cmd->running = false;
    if (new_keys) {
        pg_seg_keys_leave(&l->keys, cmd, pg_seg_queue_freed, l);
        pg_seg_keys_enter(&l->keys, cmd, displaced, l);
    }
    if (cmd->blocked)
        list_push_back(&l->parked, &cmd->link);
    else
        delay_command(l, cmd, delay_us);
}

int64_t pg_seg_queue_undelay(struct pg_seg_lane *l, int64_t now_us)
{
    while (!list_empty(&l->delayed)) {
        struct pg_seg_cmd *cmd = cmd_of(l->delayed.next);
        if (cmd->not_before_us > now_us)
            return cmd->not_before_us;
        list_remove(&cmd->link);
        fair_push_head(l->lines[cmd->cls].ready, &cmd->item);
        cmd->ready = true;
    }
    return INT64_MAX;
}

/* -- answering --------------------------------------------------------------------------------- */

/* The fault to tell. A command that may have been committed is always told so, whatever else
 * happened to it; that commits wait for a standby tells it, too. */
static const struct fault *true_fault(const struct pg_seg_cmd *cmd, const struct fault *fault)
{
    const bool tells = fault == &pg_fault_defect || fault == &pg_fault_standby;
    return fault && cmd->unknown && !tells ? &pg_fault_unknown : fault;
}

void pg_seg_queue_answer(struct pg_seg_lane *l, struct pg_seg_cmd *cmd, const struct fault *fault)
{
    pg_seg_keys_leave(&l->keys, cmd, pg_seg_queue_freed, l);
    close_account(l, cmd);
    cmd->running = false;
    cmd->done(cmd, true_fault(cmd, fault));
}

static struct pg_seg_cmd *any_waiting(struct pg_seg_lane *l)
{
    if (!list_empty(&l->parked))
        return cmd_of(l->parked.next);
    if (!list_empty(&l->delayed))
        return cmd_of(l->delayed.next);
    for (size_t i = 0; i < PG_SEG_CLASSES; i++) {
        struct fair_item *item = fair_take(l->lines[i].ready);
        if (!item)
            continue;
        fair_push_head(l->lines[i].ready, item);
        return CONTAINER_OF(item, struct pg_seg_cmd, item);
    }
    return NULL;
}

void pg_seg_queue_fail(struct pg_seg_lane *l, const struct fault *why)
{
    for (struct pg_seg_cmd *cmd; (cmd = any_waiting(l));) {
        stop_waiting(l, cmd);
        pg_seg_queue_answer(l, cmd, why);
    }
    pg_seg_queue_show(l);
}

/* -- batches ----------------------------------------------------------------------------------- */

static void first_try(struct pg_seg_cmd *cmd, int64_t now_us)
{
    cmd->first_tried_us = now_us;
    metric_observe_us(&pg_metric_queue_wait, cmd->cls, now_us - cmd->queued_us);
}

static struct fair_item *take_one(struct pg_seg_lane *l, enum pg_seg_class cls)
{
    struct fair *ready = l->lines[cls].ready;
    return l->kept && cls == PG_SEG_CALL ? fair_take_but(ready, l->kept_from) : fair_take(ready);
}

static void add_to_batch(struct pg_seg_lane *l, struct pg_seg_batch *b, struct pg_seg_cmd *cmd,
                         int64_t now_us)
{
    cmd->ready = false;
    if (pg_seg_expired(cmd, now_us)) {
        pg_seg_queue_answer(l, cmd, &pg_fault_deadline);
        return;
    }
    if (!cmd->first_tried_us)
        first_try(cmd, now_us);
    cmd->running = true;
    b->cmds[b->n++] = cmd;
    b->n_keys += cmd->n_waits;
    b->weight += pg_seg_weight_of(l, cmd);
}

/* Commands that would have made the batch too heavy. The first of them begins the next batch of
 * their class: nothing is too heavy for an empty one. */
struct passed {
    struct pg_seg_cmd *cmds[PG_SEG_COMMANDS];
    size_t n;
};

static bool pass_heavy(const struct pg_seg_lane *l, const struct pg_seg_batch *b,
                       struct pg_seg_cmd *cmd, struct passed *passed)
{
    if (b->n == 0 || b->weight + pg_seg_weight_of(l, cmd) <= PG_SEG_READ_BYTES)
        return false;
    passed->cmds[passed->n++] = cmd;
    return true;
}

static void put_back(struct fair *ready, struct passed *passed)
{
    while (passed->n > 0)
        fair_push_next(ready, &passed->cmds[--passed->n]->item);
}

/* Fills the batch up to `limit` commands and `max_keys` keys, taking from the tenants of one class
 * in turn. So a tenant gets more than its share only of what the others leave. True when it passed
 * heavy commands over. */
static bool fill_batch(struct pg_seg_lane *l, struct pg_seg_batch *b, enum pg_seg_class cls,
                       size_t limit, size_t max_keys)
{
    struct fair *ready = l->lines[cls].ready;
    struct passed passed = {.n = 0};
    struct fair_item *item;
    int64_t now = time_mono_us();
    while (b->n < limit && passed.n < PG_SEG_COMMANDS && (item = take_one(l, cls))) {
        struct pg_seg_cmd *cmd = CONTAINER_OF(item, struct pg_seg_cmd, item);
        if (pass_heavy(l, b, cmd, &passed))
            continue;
        if (b->n_keys + cmd->n_waits > max_keys) {
            fair_push_head(ready, &cmd->item);
            break;
        }
        add_to_batch(l, b, cmd, now);
    }
    const bool any_passed = passed.n > 0;
    put_back(ready, &passed);
    return any_passed;
}

static bool is_ready(const struct pg_seg_lane *l, enum pg_seg_class cls)
{
    return fair_len(l->lines[cls].ready) > 0;
}

/* Bulk work has segments of its own, one at a time. It gets one when nothing else waits, and in any
 * case every 100 ms. */
static bool bulk_is_due(const struct pg_seg_lane *l)
{
    if (!is_ready(l, PG_SEG_BULK) || l->bulk_running)
        return false;
    if (!is_ready(l, PG_SEG_CALL) && !is_ready(l, PG_SEG_TIMER))
        return true;
    return time_mono_us() - l->bulk_last_us >= PG_SEG_BULK_EVERY_US;
}

/* Calls come first. A timer's command that is too heavy beside them begins every other batch. */
static void fill_all(struct pg_seg_lane *l, struct pg_seg_batch *b, size_t max_keys)
{
    const bool timer_first = l->timer_first;
    if (timer_first)
        (void)fill_batch(l, b, PG_SEG_TIMER, 1, max_keys);
    size_t timers = fair_len(l->lines[PG_SEG_TIMER].ready);
    size_t places = PG_SEG_COMMANDS / PG_SEG_TIMER_SHARE;
    size_t kept = timers < places ? timers : places;
    size_t kept_keys = timers ? max_keys / PG_SEG_TIMER_SHARE : 0;
    size_t calls = pg_seg_share_call_places(l, time_mono_us());
    size_t first = calls < PG_SEG_COMMANDS - kept ? calls : PG_SEG_COMMANDS - kept;
    (void)fill_batch(l, b, PG_SEG_CALL, first, max_keys - kept_keys);
    if (l->others_first && b->n == 0)
        l->kept = false; /* all others had expired */
    const bool passed = fill_batch(l, b, PG_SEG_TIMER, PG_SEG_COMMANDS, max_keys);
    l->timer_first = passed && !timer_first;
    (void)fill_batch(l, b, PG_SEG_CALL, calls, max_keys);
}

static void fill_bulk(struct pg_seg_lane *l, struct pg_seg_batch *b, size_t max_keys)
{
    if (bulk_is_due(l))
        (void)fill_batch(l, b, PG_SEG_BULK, pg_seg_share_bulk_places(l, time_mono_us()), max_keys);
    b->bulk = b->n > 0;
}

/* What has expired is answered on the way and takes nobody's turn: nothing else would wake what
 * waits behind it. */
struct pg_seg_batch *pg_seg_queue_take(struct pg_seg_lane *l, size_t max_keys)
{
    struct pg_seg_batch *b = pg_seg_batch_new();
    fill_bulk(l, b, max_keys);
    if (b->n == 0)
        fill_all(l, b, max_keys);
    if (b->n == 0)
        fill_bulk(l, b, max_keys);
    pg_seg_share_taken(l, b);
    if (b->n > 0)
        return b;
    free(b);
    return NULL;
}
