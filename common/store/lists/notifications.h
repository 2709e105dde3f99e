/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Notifications as they are listed and acknowledged. They are written by segments, with what they
 * tell of (case/notify.h).
 *
 * Each function begins a read (store/store.h); the rows are in r->found, struct notification_seen.
 *
 * Threading: io loop's thread. Ownership: as all reads; arguments are copied.
 */

#include "store/store.h"

struct notification_seen {
    struct notification_row row;
    bool of_agent; /* the recipient is an agent now, else a desk */
};

/* Where a page begins: behind this notification. state 0 = at the first one. */
struct notification_place {
    int16_t state; /* enum notification_state */
    int64_t created_at;
    struct uuid id;
};

/* One list: of a recipient, or (`recipient` NULL) of a case. Those that nobody acknowledged come
 * first, and each part newest first. */
struct notification_filter {
    const char *recipient;
    struct uuid case_id;
    int16_t state; /* only these; 0 = all */
    struct notification_place after;
    int limit;
};
void store_list_notifications(struct store *s, struct store_read *r,
                              const struct notification_filter *f);

struct notification_name {
    struct uuid case_id, notification_id;
};

/* Those of these names, in any order; others are left out. `agent` also asks, for r->agents, for
 * the agent of this id. */
void store_read_notifications(struct store *s, struct store_read *r,
                              const struct notification_name *names, size_t n, const char *agent);

/* Acknowledges those that nobody has acknowledged, and reads all as they are then. The names are in
 * order, so that two calls about the same ones do not wait for each other in a circle. */
void store_acknowledge_notifications(struct store *s, struct store_read *r,
                                     const struct notification_name *names, size_t n,
                                     const char *who, int64_t now_us);

/* Deletes some of the tenant's notifications from before an instant, of some recipients behind
 * `after` ("" = the first ones), but for those that a delivery still names. r->deleted says how
 * many; r->found has one struct notification_sweep. */
struct notification_sweep {
    const char *last; /* of the recipients looked at; "" = there was none */
};
void store_purge_notifications(struct store *s, struct store_read *r, const char *after,
                               int64_t before_us);
