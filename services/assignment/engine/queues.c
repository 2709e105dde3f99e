/* SPDX-License-Identifier: Apache-2.0 */

/* Tells Redis what a commit changed in the queues. Nobody waits for the answer; the sweeps find
 * what Redis lacks. */

#include <string.h>

#include "assignment/engine/engine.h"
#include "assignment/engine/keys.h"
#include "assignment/engine/scripts.h"

#define ARENA_BYTES (256u << 10)
#define ITEMS_MOST 512 /* of one queue in one command; a batch of more is cut */

struct batch {
    const struct route_queue *items;
    size_t n;
    bool put[ITEMS_MOST];
};

static bool same_queue(const struct route_queue *x, const struct route_queue *y)
{
    return x->tenant_id == y->tenant_id && x->level == y->level &&
           strcmp(x->signature, y->signature) == 0;
}

static void arg_item(struct redis_args *args, const struct route_queue *q)
{
    redis_arg(args, member_case(args->arena, &q->case_id, q->generation));
    if (q->removed)
        redis_arg(args, "");
    else
        redis_arg_int(args, q->score_ms);
}

/* All items of one queue from the first one on, in their order. */
static void put_queue(struct assignment *a, struct batch *b, size_t first)
{
    struct arena arena;
    struct redis_args args;
    const struct route_queue *q = &b->items[first];
    arena_init(&arena, ARENA_BYTES);
    redis_args_init(&args, &arena);
    redis_arg(&args, key_queue(&arena, q->tenant_id, q->level, q->signature));
    redis_arg(&args, key_heads(&arena, q->tenant_id, q->level));
    redis_arg(&args, q->signature);
    for (size_t i = first; i < b->n; i++) {
        if (b->put[i] || !same_queue(q, &b->items[i]))
            continue;
        b->put[i] = true;
        arg_item(&args, &b->items[i]);
    }
    redis_eval(a->redis, SCRIPT_QUEUE, 2, &args, NULL, NULL);
    arena_free(&arena);
}

/* In Redis an offered case (level 0) is in no queue. */
void engine_queues_put(struct assignment *a, const struct route_queue *items, size_t n)
{
    while (n > 0 && redis_up(a->redis)) {
        struct batch b = {.items = items, .n = n < ITEMS_MOST ? n : ITEMS_MOST};
        for (size_t i = 0; i < b.n; i++) {
            if (!b.put[i] && items[i].level > 0)
                put_queue(a, &b, i);
        }
        items += b.n;
        n -= b.n;
    }
}
