/* SPDX-License-Identifier: Apache-2.0 */

/* The events between the cursor and what was read of the feed. */

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "contract/words.h"
#include "base/minmax.h"
#include "resolution/delivery/schedule.h"
#include "resolution/webhook/impl.h"

#define READ_ARENA_BYTES (16u << 20)
#define READ_DEADLINE_US (3 * US_PER_S)
#define WAIT_LEAST_US (10 * US_PER_MS)
#define WAIT_MOST_US (250 * US_PER_MS) /* for one who still writes */
#define WAIT_IDLE_US US_PER_S          /* a listener is woken before; but for a lost hint */
#define WAIT_FAULT_US (500 * US_PER_MS)

struct item *hook_window_at(struct hook *h, uint64_t number)
{
    return &h->items[number % HOOK_ITEMS];
}

void hook_window_drop_body(struct hook *h, struct item *it)
{
    if (it->body)
        h->bytes -= it->len;
    free(it->body);
    it->body = NULL;
}

static void drop_item(struct hook *h, struct item *it)
{
    hook_window_drop_body(h, it);
    free(it->error);
    it->error = NULL;
}

void hook_window_clear(struct hook *h)
{
    for (; h->n > 0; h->first++, h->n--)
        drop_item(h, hook_window_at(h, h->first));
    h->next_send = h->first;
}

void hook_window_pop(struct hook *h, uint64_t n)
{
    AM_ASSERT(n <= h->n);
    for (; n > 0; n--, h->first++, h->n--)
        drop_item(h, hook_window_at(h, h->first));
    if (h->next_send < h->first)
        h->next_send = h->first;
}

/* -- forgetting -------------------------------------------------------------------------------- */

static bool never_sent(const struct item *it)
{
    return it->state == ITEM_WAITS && it->failed_at == 0;
}

/* Behind this place everything is read again: before the first one that waits. */
static struct feed_position before_waiting(struct hook *h)
{
    struct feed_position at = h->row.cursor;
    for (uint64_t i = h->first; i != h->first + h->n; i++) {
        const struct item *it = hook_window_at(h, i);
        if (it->state == ITEM_WAITS)
            return at;
        at = it->at;
    }
    return feed_position_cmp(&at, &h->read_at) < 0 ? h->read_at : at;
}

void hook_window_forget(struct hook *h)
{
    const struct feed_position from = before_waiting(h);
    while (h->n > 0 && never_sent(hook_window_at(h, h->first + h->n - 1)))
        drop_item(h, hook_window_at(h, h->first + --h->n));
    for (uint64_t i = h->first; i != h->first + h->n; i++)
        hook_window_drop_body(h, hook_window_at(h, i));
    if (h->next_send > h->first + h->n)
        h->next_send = h->first + h->n;
    h->read_at = from;
    h->behind = true;
    h->fresh = false;
    h->forgot = h->reading;
    h->read_us = 0;
}

/* -- reading ----------------------------------------------------------------------------------- */

/* Of bodies, in memory and of one read. */
static size_t share_bytes(const struct hook *h)
{
    const size_t share = HOOKS_BYTES_MAX / h->all->n_served;
    return share < HOOK_BYTES_MAX ? share : HOOK_BYTES_MAX;
}

/* The number of the last event of the case that is here; 0 = none. */
static uint64_t last_of_case(struct hook *h, const struct uuid *case_id)
{
    for (uint64_t i = h->n; i-- > 0;)
        if (uuid_eq(&hook_window_at(h, h->first + i)->at.case_id, case_id))
            return h->first + i;
    return 0;
}

/* The item of the place; NULL = it was not read before, or not kept. */
static struct item *kept_item(struct hook *h, const struct feed_position *at)
{
    for (uint64_t i = h->first + h->n; i-- > h->first;) {
        const int order = feed_position_cmp(&hook_window_at(h, i)->at, at);
        if (order <= 0)
            return order == 0 ? hook_window_at(h, i) : NULL;
    }
    return NULL;
}

static struct item *new_item(struct hook *h, const struct feed_row *row)
{
    struct item *it = hook_window_at(h, h->first + h->n);
    *it = (struct item){.at = row->at,
                        .state = ITEM_WAITS,
                        .before = last_of_case(h, &row->at.case_id),
                        .event_at = row->event.at};
    h->n++;
    return it;
}

/* False: what is personal cannot be recorded now, or the memory is full. `it` is NULL for what is
 * new. */
static bool add_item(struct hook *h, struct item *it, const struct feed_row *row, int32_t epoch)
{
    struct arena scratch;
    arena_init(&scratch, READ_ARENA_BYTES);
    const char *body = hook_body_event(h->all->service, &h->row, row, epoch, &scratch);
    if (body) {
        it = it ? it : new_item(h, row);
        it->body = strdup(body);
        it->len = strlen(body);
        AM_ASSERT(it->body != NULL);
        h->bytes += it->len;
    }
    arena_free(&scratch);
    return body != NULL;
}

static void read_ended(struct hook *h, const struct feed_now *now)
{
    h->read_at = now->next;
    h->behind = now->more;
    h->fresh = !now->more && !now->held && !h->woken;
    if (now->more)
        h->wait_us = 0;
    else if (now->held)
        h->wait_us = smaller(larger(2 * h->wait_us, WAIT_LEAST_US), WAIT_MOST_US);
    else
        h->wait_us = WAIT_IDLE_US;
}

static bool reads_again(struct hook *h)
{
    return h->n > 0 &&
           feed_position_cmp(&h->read_at, &hook_window_at(h, h->first + h->n - 1)->at) < 0;
}

/* Of what is read again only what is kept and waits: it was looked at once, and its case may have
 * changed since. */
static bool is_wanted(struct hook *h, const struct item *it, const struct feed_row *row)
{
    if (it)
        return it->state == ITEM_WAITS && !it->body;
    return event_filter_passes(&h->filter, &row->facts) &&
           (h->n == 0 ||
            feed_position_cmp(&hook_window_at(h, h->first + h->n - 1)->at, &row->at) < 0);
}

static size_t bodies(struct hook *h)
{
    size_t n = 0;
    for (uint64_t i = h->first; i != h->first + h->n; i++)
        n += hook_window_at(h, i)->body != NULL;
    return n;
}

/* For one more. A receiver that takes nothing is asked with few: whatever is read again is recorded
 * again as shown, too. */
static bool has_room(struct hook *h)
{
    return h->n < HOOK_ITEMS && (!h->probing || bodies(h) < DELIVERY_RECEIVER_MOST);
}

static void take_rows(struct hook *h, const struct store_read *r)
{
    ROWS_EACH (row, struct feed_row, &r->feed) {
        struct item *it = kept_item(h, &row->at);
        if (!is_wanted(h, it, row))
            continue;
        const bool room = it || has_room(h);
        if (!room || !add_item(h, it, row, r->feed_now->epoch)) {
            h->behind = true;
            h->fresh = false;
            h->wait_us = room ? WAIT_FAULT_US : 0;
            return;
        }
        h->read_at = row->at;
    }
    read_ended(h, r->feed_now);
}

static void have_read(struct store_read *r)
{
    struct hook *h = r->ctx;
    const int64_t asked_at = h->asked_at;
    h->reading = false;
    h->busy--;
    if (h->forgot) {
        h->forgot = false;
        h->wait_us = 0;
    } else if (fault_is_set(&r->fault)) {
        h->fresh = false;
        h->wait_us = WAIT_FAULT_US;
    } else if (!h->gone && !h->reload) {
        take_rows(h, r);
        if (!h->behind)
            h->current_at = asked_at;
    }
    h->read_us = time_mono_us() + (h->woken ? smaller(h->wait_us, WAIT_LEAST_US) : h->wait_us);
    arena_reset(&h->read_arena);
    hook_pump(h);
}

void hook_window_woken(struct hook *h)
{
    const int64_t soon_us = time_mono_us() + WAIT_LEAST_US;
    h->fresh = false;
    if (h->reading)
        h->woken = true;
    else
        h->read_us = smaller(h->read_us, soon_us);
}

/* What is kept is read again however many it is. */
static bool may_read(struct hook *h)
{
    return (reads_again(h) || (h->n + HOOK_READ <= HOOK_ITEMS && has_room(h))) &&
           h->bytes <= share_bytes(h);
}

void hook_window_read(struct hook *h)
{
    /* Cursors are signed. */
    if (!h->all->service->secret)
        return;
    if (h->reading || !may_read(h) || time_mono_us() < h->read_us)
        return;
    h->reading = true;
    h->woken = false;
    h->busy++;
    h->asked_at = webhooks_now_us(h->all);
    h->read = (struct store_read){.arena = &h->read_arena,
                                  .tenant_id = h->row.tenant_id,
                                  .tenant = h->row.tenant,
                                  .deadline_us = time_mono_us() + READ_DEADLINE_US,
                                  .done = have_read,
                                  .ctx = h};
    store_read_feed(h->all->service->store, &h->read, &h->read_at, HOOK_READ, share_bytes(h),
                    h->row.personal);
}

/* -- sending ----------------------------------------------------------------------------------- */

/* The event before it in its case does not keep it back. One that has failed for long does so no
 * more: whoever takes no event but the later ones would never get one. */
static bool free_to_go(struct hook *h, const struct item *it, int64_t now_us, bool *out_of_order)
{
    if (it->before == 0 || it->before < h->first)
        return true;
    const struct item *before = hook_window_at(h, it->before);
    if (before->state == ITEM_DONE || before->state == ITEM_ROW)
        return true;
    const bool long_failed = before->state != ITEM_SENDS && before->failed_at &&
                             now_us - before->failed_at >= HOOK_HOLD_US;
    *out_of_order = *out_of_order || long_failed;
    return long_failed;
}

/* Behind a row of its case it becomes a row, too, or goes out of order. */
static bool held_back(struct hook *h, struct item *it, int64_t now_us, bool *out_of_order)
{
    struct held *e = hook_held_find(h, &it->at.case_id);
    if (!e) {
        *out_of_order = *out_of_order || h->many_held;
        return false;
    }
    if (now_us >= e->until_us) {
        *out_of_order = true;
        return false;
    }
    it->state = ITEM_ROW;
    it->row_state = DELIVERY_STATE_WAITING;
    it->row_attempts = 0;
    it->row_next_at = e->until_us; /* or as soon as the one before it has ended */
    e->rows++;
    hook_window_drop_body(h, it);
    return true;
}

uint64_t hook_window_next(struct hook *h, bool *out_of_order)
{
    const int64_t now_us = webhooks_now_us(h->all);
    bool leading = true;
    for (uint64_t i = h->next_send; i != h->first + h->n; i++) {
        struct item *it = hook_window_at(h, i);
        if (leading && it->state != ITEM_WAITS)
            h->next_send = i + 1;
        else
            leading = false;
        *out_of_order = it->failed_at && now_us - it->failed_at >= HOOK_HOLD_US;
        if (it->state == ITEM_WAITS && it->body && free_to_go(h, it, now_us, out_of_order) &&
            !held_back(h, it, now_us, out_of_order))
            return i;
    }
    return 0;
}

/* -- what failed ------------------------------------------------------------------------------- */

void hook_window_again(struct hook *h)
{
    for (uint64_t i = h->first; i != h->first + h->n; i++)
        if (hook_window_at(h, i)->state == ITEM_FAILED)
            hook_window_at(h, i)->state = ITEM_WAITS;
    h->next_send = h->first;
}

void hook_window_to_rows(struct hook *h)
{
    const int64_t now_us = webhooks_now_us(h->all);
    uint32_t dice;
    uuid_random_bytes(&dice, sizeof dice);
    for (uint64_t i = h->first; i != h->first + h->n; i++) {
        struct item *it = hook_window_at(h, i);
        if (it->state != ITEM_FAILED)
            continue;
        it->state = ITEM_ROW;
        it->row_state = DELIVERY_STATE_WAITING;
        it->row_attempts = 1;
        it->row_next_at = now_us + schedule_wait_us(1, dice, 0);
        hook_window_drop_body(h, it);
        struct held *e = hook_held_add(h, &it->at.case_id);
        if (!e)
            continue;
        e->rows++;
        e->first_seq = it->at.seq;
        e->until_us = larger(e->until_us, it->failed_at + HOOK_HOLD_US);
    }
}
