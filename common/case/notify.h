/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Telling people: the one place that writes notifications. Each names the case, why somebody is
 * told, the step or event it tells of, and what is asked.
 *
 * The id of a notification follows from the case, what it tells of, and who is told. So nobody is
 * told twice of the same, however many reasons there are for it: the second time is passed over
 * within a command, and the table's key would refuse it later.
 *
 * For each channel but reading that policy names (policy/notify.h) a delivery is written, too.
 *
 * Threading: pure. Ownership: rows lie in the case; texts must live as long as the decision.
 */

#include "case/model/decision.h"

/* What is told. */
struct tidings {
    int kind, cause, ask; /* NotificationKind, NotificationCause, NotificationAsk */
    bool urgent;          /* at the top of the ladder everything is */
    /* The clock whose step it is, and the threshold's id; NULL = it tells of the event. */
    const struct clock_row *clock;
    int32_t threshold;
    int64_t seq; /* of the event that tells of the same; 0 = the case's last one */
};

/* Tells the recipient, once. Call it when the event has been stated. */
void notify_tell(struct decision *d, const struct tidings *t, const char *recipient);

/* Tells the owner, unless the principal is the owner: nobody needs to be told what they just did.
 */
void notify_owner(struct decision *d, const struct tidings *t);
