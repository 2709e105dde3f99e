/* SPDX-License-Identifier: Apache-2.0 */

/* What Redis is told of a commit. Nobody waits for it; the sweeps find what it lacks. */

#include "assignment/engine.h"
#include "assignment/keys.h"
#include "assignment/scripts.h"

#define ARENA_BYTES (16u << 10)

/* In Redis an offered case (level 0) is in no queue. */
void queues_put(struct assignment *a, const struct route_queue *q)
{
    struct arena arena;
    struct redis_args args;
    if (!redis_up(a->redis) || q->level < 1)
        return;
    arena_init(&arena, ARENA_BYTES);
    redis_args_init(&args, &arena);
    redis_arg(&args, key_queue(&arena, q->tenant_id, q->level, q->signature));
    redis_arg(&args, key_heads(&arena, q->tenant_id, q->level));
    redis_arg(&args, member_case(&arena, &q->case_id, q->generation));
    if (q->removed)
        redis_arg(&args, "");
    else
        redis_arg_int(&args, q->score_ms);
    redis_arg(&args, q->signature);
    redis_eval(a->redis, SCRIPT_QUEUE, 2, &args, NULL, NULL);
    arena_free(&arena);
}
