/* SPDX-License-Identifier: Apache-2.0 */

/* What is written to the timers in Redis: commands over many members at once. */

#include "assignment/timers/timer_queue_impl.h"
#include "base/assert.h"

#define ADD_MOST 2000 /* timers in one round of commands */

/* Rounded up to the next millisecond: a timer is never early. */
static int64_t due_ms(int64_t due_us)
{
    return (due_us + US_PER_MS - 1) / US_PER_MS;
}

/* -- adding ------------------------------------------------------------------------------------ */

struct adding {
    const struct route_timer *timers;
    size_t n;
    int64_t until_us;
};

static void add_shard(struct timerq *q, unsigned shard, const struct adding *add)
{
    struct arena arena;
    struct redis_args args;
    bool any = false;
    arena_init(&arena, TIMERQ_ARENA_BYTES);
    for (size_t i = 0; i < add->n; i++) {
        const struct route_timer *t = &add->timers[i];
        if (key_timer_shard(&t->clock_id) != shard || t->due_us > add->until_us)
            continue;
        if (!any) {
            redis_args_init(&args, &arena);
            redis_arg(&args, "ZADD");
            redis_arg(&args, key_timers(shard));
            any = true;
        }
        redis_arg_int(&args, due_ms(t->due_us));
        redis_arg(&args, member_timer(&arena, t));
        timerq_hint(q, shard, t->due_us);
    }
    if (any)
        redis_command(q->redis, &args, NULL, NULL);
    arena_free(&arena);
}

void timerq_add(struct timerq *q, const struct route_timer *timers, size_t n, int64_t until_us)
{
    while (n > 0 && redis_up(q->redis)) {
        const struct adding add = {timers, n < ADD_MOST ? n : ADD_MOST, until_us};
        for (unsigned shard = 0; shard < KEY_TIMER_SHARDS; shard++)
            add_shard(q, shard, &add);
        timers += add.n;
        n -= add.n;
    }
}

void timerq_mark(struct timerq *q)
{
    struct arena arena;
    arena_init(&arena, TIMERQ_ARENA_BYTES);
    for (unsigned shard = 0; shard < KEY_TIMER_SHARDS; shard++) {
        struct redis_args args;
        redis_args_init(&args, &arena);
        redis_arg(&args, "ZADD");
        redis_arg(&args, key_timers(shard));
        redis_arg(&args, "+inf");
        redis_arg(&args, MEMBER_WHOLE);
        redis_command(q->redis, &args, NULL, NULL);
    }
    arena_free(&arena);
}

/* -- taking out -------------------------------------------------------------------------------- */

static void take_out(struct taking_out *out, const char *key, const char *member)
{
    if (out->n == 0) {
        arena_init(&out->arena, TIMERQ_ARENA_BYTES);
        redis_args_init(&out->args, &out->arena);
        redis_arg(&out->args, "ZREM");
        redis_arg_bytes(&out->args, slice_str(key));
    }
    char *copy = arena_strdup(&out->arena, member);
    AM_ASSERT(copy != NULL);
    redis_arg(&out->args, copy);
    out->n++;
}

static void take_out_send(struct timerq *q, struct taking_out *out)
{
    if (out->n == 0)
        return;
    out->n = 0;
    redis_command(q->redis, &out->args, NULL, NULL);
    arena_free(&out->arena);
}

static void flush(struct loop_idle *idle)
{
    struct timerq *q = CONTAINER_OF(idle, struct timerq, flush);
    take_out_send(q, &q->done);
    for (unsigned shard = 0; shard < KEY_TIMER_SHARDS; shard++)
        take_out_send(q, &q->removed[shard]);
}

void timerq_done_text(struct timerq *q, const char *member)
{
    take_out(&q->done, KEY_CLAIMED, member);
    if (q->done.n == TIMERQ_BATCH_MOST)
        take_out_send(q, &q->done);
    loop_before_sleep(q->loop, &q->flush);
}

static const char *member_of(const struct timer_member *m, char text[MEMBER_TIMER_BYTES])
{
    return member_timer_text(text, m->tenant_id, &m->case_id, &m->clock_id, m->generation);
}

void timerq_done(struct timerq *q, const struct timer_member *m)
{
    char text[MEMBER_TIMER_BYTES];
    if (redis_up(q->redis))
        timerq_done_text(q, member_of(m, text));
}

void timerq_remove(struct timerq *q, const struct timer_member *m)
{
    char text[MEMBER_TIMER_BYTES];
    const unsigned shard = key_timer_shard(&m->clock_id);
    if (!redis_up(q->redis))
        return;
    (void)member_of(m, text);
    take_out(&q->removed[shard], key_timers(shard), text);
    if (q->removed[shard].n == TIMERQ_BATCH_MOST)
        take_out_send(q, &q->removed[shard]);
    timerq_done_text(q, text);
}

void timerq_put_back(struct timerq *q, const struct timer_member *m, int64_t due_us)
{
    struct arena arena;
    struct redis_args args;
    char text[MEMBER_TIMER_BYTES];
    if (!redis_up(q->redis))
        return;
    arena_init(&arena, TIMERQ_ARENA_BYTES);
    redis_args_init(&args, &arena);
    redis_arg(&args, "ZADD");
    redis_arg(&args, key_timers(key_timer_shard(&m->clock_id)));
    redis_arg_int(&args, due_ms(due_us));
    redis_arg(&args, member_of(m, text));
    redis_command(q->redis, &args, NULL, NULL);
    arena_free(&arena);
    timerq_done_text(q, text);
}

void timerq_out_init(struct timerq *q)
{
    q->flush.run = flush;
}

static void drop_collected(struct taking_out *out)
{
    if (out->n > 0)
        arena_free(&out->arena);
    out->n = 0;
}

void timerq_out_free(struct timerq *q)
{
    drop_collected(&q->done);
    for (unsigned shard = 0; shard < KEY_TIMER_SHARDS; shard++)
        drop_collected(&q->removed[shard]);
}
