/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * When a promise is due: the instant told to the customer, and the hours of contact before it.
 *
 * Threading: pure. Ownership: as the decision.
 */

#include "amends/v1/case.pb-c.h"
#include "case/model/decision.h"

/* A wall time "2026-11-24T17:00" or "2026-11-24T17:00:30" of the years 2000 to 2099, as seconds
 * since 1970-01-01 00:00 on the wall. AM_EINVAL when it is none. */
int promise_wall_time_parse(const char *text, int64_t *wall_s) AM_MUSTCHECK;

/* The instant told to the customer, and the instant at which that is due: brought forward into the
 * hours in which this customer may be contacted. */
struct promised {
    int64_t at_us, due_us;
};

/* Works out the instants from the one of both that is given; the other is NULL or "". A local time
 * is in the zone of the customer, else of the company. Returns false after it has set a violation
 * of the field: the instant is not in the future, is too far in it, or there are no hours before it
 * in which the customer may be contacted. */
bool promise_instants(struct decision *d, const Google__Protobuf__Timestamp *promise_time,
                      const char *local_time, struct promised *out);
