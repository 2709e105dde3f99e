/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/assert.h"
#include "pg/segment_impl.h"

void pg_seg_keys_init(struct pg_seg_keys *k, size_t expect)
{
    size_t n = 64;
    while (n < expect)
        n *= 2;
    k->mask = n - 1;
    k->buckets = calloc(n, sizeof(*k->buckets));
    AM_ASSERT(k->buckets != NULL);
    for (size_t i = 0; i < n; i++)
        list_init(&k->buckets[i]);
}

void pg_seg_keys_free(struct pg_seg_keys *k)
{
    free(k->buckets);
    k->buckets = NULL;
}

static struct list *bucket_of(const struct pg_seg_keys *k, uint64_t key)
{
    return &k->buckets[(key * UINT64_C(0x9e3779b97f4a7c15) >> 32) & k->mask];
}

static struct pg_seg_wait *wait_of(struct list *link)
{
    return CONTAINER_OF(link, struct pg_seg_wait, link);
}

/* The next place for the same key at or after `from`, or NULL. */
static struct pg_seg_wait *same_key(struct list *bucket, struct list *from, uint64_t key)
{
    for (struct list *at = from; at != bucket; at = at->next)
        if (wait_of(at)->key == key)
            return wait_of(at);
    return NULL;
}

/* -- entering ---------------------------------------------------------------------------------- */

/* A new command goes to the end. One that comes back with more keys goes before commands that
 * arrived later, unless these already run. */
static bool goes_before(const struct pg_seg_cmd *cmd, const struct pg_seg_cmd *other)
{
    return !other->running && cmd->seq < other->seq;
}

/* The place behind the last command of the same key that it may not pass. The search begins at the
 * end, where new commands go. */
static struct list *place_for(struct list *bucket, const struct pg_seg_wait *w)
{
    struct list *place = bucket;
    for (struct list *at = bucket->prev; at != bucket; at = at->prev) {
        if (wait_of(at)->key != w->key)
            continue;
        if (!goes_before(w->cmd, wait_of(at)->cmd))
            break;
        place = at;
    }
    return place;
}

static void take_place(struct list *bucket, struct pg_seg_wait *w,
                       void (*displaced)(struct pg_seg_cmd *cmd, void *ctx), void *ctx)
{
    struct pg_seg_wait *first = same_key(bucket, bucket->next, w->key);
    struct list *place = place_for(bucket, w);
    list_insert_before(place, &w->link);
    if (!first)
        return;
    if (place != &first->link)
        w->cmd->blocked++;
    else if (first->cmd->blocked++ == 0)
        displaced(first->cmd, ctx);
}

static bool has_key(const struct pg_seg_cmd *cmd, uint64_t key)
{
    for (unsigned i = 0; i < cmd->n_waits; i++)
        if (cmd->waits[i].key == key)
            return true;
    return false;
}

void pg_seg_keys_enter(struct pg_seg_keys *k, struct pg_seg_cmd *cmd,
                       void (*displaced)(struct pg_seg_cmd *cmd, void *ctx), void *ctx)
{
    AM_ASSERT(cmd->n_keys <= PG_SEG_KEYS_CMD);
    cmd->n_waits = 0;
    cmd->blocked = 0;
    for (size_t i = 0; i < cmd->n_keys; i++) {
        if (has_key(cmd, cmd->keys[i]))
            continue;
        struct pg_seg_wait *w = &cmd->waits[cmd->n_waits++];
        w->key = cmd->keys[i];
        w->cmd = cmd;
        take_place(bucket_of(k, w->key), w, displaced, ctx);
    }
}

/* -- leaving ----------------------------------------------------------------------------------- */

static void leave_one(struct pg_seg_keys *k, struct pg_seg_wait *w,
                      void (*freed)(struct pg_seg_cmd *cmd, void *ctx), void *ctx)
{
    struct list *bucket = bucket_of(k, w->key);
    bool was_first = same_key(bucket, bucket->next, w->key) == w;
    struct pg_seg_wait *next = same_key(bucket, w->link.next, w->key);
    list_remove(&w->link);
    if (was_first && next && --next->cmd->blocked == 0)
        freed(next->cmd, ctx);
}

void pg_seg_keys_leave(struct pg_seg_keys *k, struct pg_seg_cmd *cmd,
                       void (*freed)(struct pg_seg_cmd *cmd, void *ctx), void *ctx)
{
    for (unsigned i = 0; i < cmd->n_waits; i++)
        leave_one(k, &cmd->waits[i], freed, ctx);
    cmd->n_waits = 0;
}

void pg_seg_keys_haunt(struct pg_seg_cmd *cmd, struct pg_seg_wait *ghosts, struct pg_seg_cmd *ghost)
{
    ghost->running = true;
    for (unsigned i = 0; i < cmd->n_waits; i++) {
        ghosts[i].key = cmd->waits[i].key;
        ghosts[i].cmd = ghost;
        list_insert_before(&cmd->waits[i].link, &ghosts[i].link);
        list_remove(&cmd->waits[i].link);
    }
    cmd->n_waits = 0;
}

void pg_seg_keys_leave_ghosts(struct pg_seg_keys *k, struct pg_seg_wait *ghosts, size_t n,
                              void (*freed)(struct pg_seg_cmd *cmd, void *ctx), void *ctx)
{
    for (size_t i = 0; i < n; i++)
        leave_one(k, &ghosts[i], freed, ctx);
}
