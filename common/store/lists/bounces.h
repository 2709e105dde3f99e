/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Mails that came back after they had been delivered to a mail server.
 *
 * Threading: io loop's thread. Ownership: as all reads (store/store.h); arguments are copied.
 */

#include "store/store.h"

struct bounce {
    struct uuid id; /* of a notification, or of the mail with several of them */
    bool hard;
    int code;
    const char *text;
    int64_t now_us;
};

/* What became of it. */
struct bounce_seen {
    const char *receiver;
    bool repeated;       /* nothing has changed */
    int64_t hard_before; /* mails to the receiver that came back hard before, within 30 days */
    /* What the mail was about, or the newest of several cases; has_case false = not known. */
    bool has_case;
    struct uuid case_id;
    int16_t level; /* of the case now */
    int64_t last_seq;
};

/* Marks the delivery as dead, if it is not; r->found is one bounce_seen, or none when there is no
 * such mail. */
void store_report_bounce(struct store *s, struct store_read *r, const struct bounce *b);

/* How many are counted at most. */
#define BOUNCES_COUNTED 100

/* Writes a notification that an address fails, of which the recipient, the case, its level, `seq`,
 * `about` and the time are read, and its deliveries. Nothing when it is there already. */
void store_tell_bounce(struct store *s, struct store_read *r, const struct notification_row *n,
                       const struct delivery_row *deliveries, size_t n_deliveries);
