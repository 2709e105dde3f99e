/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mpsc.h"

#include <stddef.h>

void mpsc_init(struct mpsc *q)
{
    atomic_init(&q->top, NULL);
}

bool mpsc_push(struct mpsc *q, struct mpsc_node *node)
{
    struct mpsc_node *top = atomic_load_explicit(&q->top, memory_order_relaxed);
    do {
        node->next = top;
    } while (!atomic_compare_exchange_weak_explicit(&q->top, &top, node, memory_order_release,
                                                    memory_order_relaxed));
    return top == NULL;
}

struct mpsc_node *mpsc_take(struct mpsc *q)
{
    struct mpsc_node *node = atomic_exchange_explicit(&q->top, NULL, memory_order_acquire);
    struct mpsc_node *oldest = NULL;
    while (node) {
        struct mpsc_node *next = node->next;
        node->next = oldest;
        oldest = node;
        node = next;
    }
    return oldest;
}
