/* SPDX-License-Identifier: Apache-2.0 */

#include "shared/erasure_key.h"

/* Until a key that was read before is not used for sealing any more, and what was sealed with it is
 * committed. */
#define WAIT_US (CUSTOMER_KEY_SEALS_US + 4 * US_PER_S)

static bool went_wrong(struct erasure *e, const struct fault *fault)
{
    if (!fault || !fault_is_set(fault))
        return false;
    erasure_note_fault(e, fault);
    e->then(e);
    return true;
}

/* -- 3. the wait ------------------------------------------------------------------------------- */

static void waited(void *ctx)
{
    struct erasure *e = ctx;
    loop_timer_free(e->timer);
    e->timer = NULL;
    e->then(e);
}

static void destroyed(struct customer_keys_wait *wait, const struct fault *fault)
{
    struct erasure *e = CONTAINER_OF(wait, struct erasure, key_wait);
    if (went_wrong(e, fault))
        return;
    e->key_destroyed = true;
    e->timer = loop_timer_new(e->service->loop, waited, e);
    loop_timer_start(e->timer, e->row.begun_at - time_now_us(loop_time(e->service->loop)));
}

/* -- 2. the row moves, before the key goes ----------------------------------------------------- */

static void moved(struct store_read *read)
{
    struct erasure *e = read->ctx;
    if (went_wrong(e, &read->fault))
        return;
    e->key_wait.done = destroyed;
    store_destroy_key(e->service->store, e->tenant->id, e->row.customer_id, e->row.key_until,
                      &e->key_wait);
}

static void move(struct erasure *e)
{
    if (e->row.key_until == 0)
        e->row.key_until = e->row.begun_at;
    e->row.begun_at = time_now_us(loop_time(e->service->loop)) + WAIT_US;
    erasure_begin_read(e, moved);
    store_move_erasure(e->service->store, &e->read, &e->row);
}

/* -- 1. is there a key to be destroyed? -------------------------------------------------------- */

static void known(struct customer_keys_wait *wait, const struct fault *fault)
{
    struct erasure *e = CONTAINER_OF(wait, struct erasure, key_wait);
    if (went_wrong(e, fault))
        return;
    const int64_t until = e->row.key_until ? e->row.key_until : e->row.begun_at;
    const int64_t made = store_key_made_us(e->service->store, e->tenant->id, e->row.customer_id);
    if (made != 0 && made <= until) {
        move(e);
        return;
    }
    e->key_destroyed = true;
    e->then(e);
}

void erasure_destroy_key(struct erasure *e, void (*then)(struct erasure *e))
{
    e->key_destroyed = false;
    e->then = then;
    e->key_wait.done = known;
    if (store_seals(e->service->store))
        store_ask_key(e->service->store, e->tenant->id, e->row.customer_id, &e->key_wait);
    else
        then(e);
}
