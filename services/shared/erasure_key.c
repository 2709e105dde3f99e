/* SPDX-License-Identifier: Apache-2.0 */

#include "shared/erasure_key.h"

/* Until a key that was read before is not used for sealing any more, and what was sealed with it is
 * committed. */
#define WAIT_US (CUSTOMER_KEY_SEALS_US + 4 * US_PER_S)

int64_t erasure_begins_us(struct service *s)
{
    const int64_t now_us = time_now_us(loop_time(s->loop));
    return store_seals(s->store) ? now_us + WAIT_US : now_us;
}

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
    if (fault) {
        erasure_note_fault(e, fault);
        e->then(e);
        return;
    }
    e->key_destroyed = true;
    e->timer = loop_timer_new(e->service->loop, waited, e);
    loop_timer_start(e->timer, e->row.begun_at - time_now_us(loop_time(e->service->loop)));
}

void erasure_destroy_key(struct erasure *e, void (*then)(struct erasure *e))
{
    e->key_destroyed = false;
    e->then = then;
    e->key_wait.done = destroyed;
    if (store_seals(e->service->store))
        store_destroy_key(e->service->store, e->tenant->id, e->row.customer_id, e->row.begun_at,
                          &e->key_wait);
    else
        then(e);
}
