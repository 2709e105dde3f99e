/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Intrusive many-producers, one-consumer list: producers push with one compare-and-swap, the
 * consumer takes everything at once, oldest first.
 *
 * Threading: mpsc_push from any thread; mpsc_take from the consumer only. Ownership: a pushed node
 * belongs to the consumer.
 */

#include <stdatomic.h>
#include <stdbool.h>

struct mpsc_node {
    struct mpsc_node *next;
};

struct mpsc {
    _Atomic(struct mpsc_node *) top;
};

void mpsc_init(struct mpsc *q);

/* Adds a node. Returns true when the list was empty: only then does the producer have to wake the
 * consumer. */
bool mpsc_push(struct mpsc *q, struct mpsc_node *node);

/* Takes all nodes, linked oldest first; NULL when there are none. */
struct mpsc_node *mpsc_take(struct mpsc *q);
