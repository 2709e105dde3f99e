/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Who is told how, by a policy: the channels of a notification, and when each of them may send it.
 * Without the section `notify` every notification is only there to be read.
 *
 * Threading: as policy_calendar_in(): one thread at a time. Ownership: texts are the policy's.
 */

#include "policy/policy.h"

/* One notification, as rules look at it. */
struct policy_notice {
    const char *recipient;
    int level, kind;   /* of the case; NotificationKind */
    int32_t threshold; /* its id (policy_threshold_id()); 0 = it tells of none */
    bool urgent;
};

/* The highest level that the recipient is the steward of; 0 = of none: it is an agent. */
int policy_steward_level(const struct policy *p, const char *recipient);

/* The channels that policy names: bit n = NotificationChannel n. Without EMAIL for a desk without
 * address, and without WEBHOOK where none is named. */
uint32_t policy_channels(const struct policy *p, const struct policy_notice *notice);

/* The webhook of a notification: that of the desk, else that of the policy; "" = none. */
const char *policy_webhook(const struct policy *p, const char *recipient);

/* When a channel may send it at the earliest, from `now_us` on. What is urgent is never held back.
 * Anything else waits for the hours that are not quiet, and in mails for the next digest:
 * `*digest` says whether it is gathered. */
int64_t policy_send_at(const struct policy *p, int channel, bool urgent, int64_t now_us,
                       bool *digest);
