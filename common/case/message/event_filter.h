/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Which events a reader of the feed, or a webhook, asks for: the message EventFilter, checked, made
 * ready for many events, and asked about one.
 *
 * Threading: pure. Ownership: a filter that was made ready lies in the arena given and borrows
 * nothing from the message.
 */

#include "amends/v1/event.pb-c.h"
#include "base/arena.h"
#include "base/fault.h"
#include "base/uuid.h"

/* Most items of each list of a filter; the contract tells it. */
#define EVENT_FILTER_ITEMS_MAX 100

/* What a filter looks at. Texts are never NULL. */
struct event_facts {
    int kind; /* EventKind */
    struct uuid case_id;
    const char *customer_id, *failure_code; /* of the case as it is now */
    int level;                              /* of the ladder, as it was after the event */
    const char *owner_id;                   /* the same */
};

struct event_filter {
    uint64_t kinds; /* a bit each; 0 = any */
    size_t n_case_ids, n_customer_ids, n_failure_codes, n_levels, n_owner_ids; /* 0 = any */
    struct uuid *case_ids;                                                     /* in order */
    const char **customer_ids, **owner_ids;                                    /* in order */
    const char **failure_codes;
    int32_t *levels;
};

/* Adds a violation for each list that a filter may not hold. `field` is its path in the request and
 * a constant. NULL is a filter that asks for all. */
void event_filter_check(const Amends__V1__EventFilter *filter, const char *field,
                        struct fault *fault);

/* Makes a filter ready that was checked. AM_ENOMEM when the arena is full. */
int event_filter_make(struct event_filter *out, const Amends__V1__EventFilter *filter,
                      struct arena *arena) AM_MUSTCHECK;

/* True when the event passes: each list that is not empty has an item that fits. */
bool event_filter_passes(const struct event_filter *filter, const struct event_facts *event);
