/* SPDX-License-Identifier: Apache-2.0 */
#include "intake/feed/impl.h"

void window_init(struct window *w)
{
    *w = (struct window){.first = 1, .end = 1};
}

struct feed_block *window_block(const struct window *w, uint64_t number)
{
    if (number < w->first || number >= w->end)
        return NULL;
    return w->blocks[number % FEED_WINDOW_BLOCKS];
}

static void drop_first(struct window *w)
{
    struct feed_block *b = window_block(w, w->first);
    w->first++;
    w->bytes -= b->bytes;
    w->from = b->next;
    feed_block_drop(b);
}

/* The newest stays, however large it is. */
void window_add(struct window *w, struct feed_block *b, const struct feed_position *from)
{
    while (w->first < w->end &&
           (w->end - w->first == FEED_WINDOW_BLOCKS || w->bytes + b->bytes > FEED_WINDOW_BYTES))
        drop_first(w);
    if (w->first == w->end)
        w->from = *from;
    w->blocks[w->end++ % FEED_WINDOW_BLOCKS] = b;
    w->bytes += b->bytes;
}

void window_clear(struct window *w)
{
    while (w->first < w->end)
        drop_first(w);
}

uint64_t window_find(const struct window *w, const struct feed_position *at)
{
    uint64_t number = w->first;
    if (w->first == w->end || feed_position_cmp(at, &w->from) < 0)
        return 0;
    while (number < w->end && feed_position_cmp(&window_block(w, number)->next, at) <= 0)
        number++;
    return number;
}
