/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A customer who comes back after the case was resolved or closed: what becomes of the case.
 *
 * About a RESOLVED case it goes back to work in the same round: the clocks that ended with the
 * resolution go on, without the time in between, and the first resolution stays as evidence. About
 * a case that was CLOSED not longer ago than policy's `reopen.within` it begins the next round.
 * About one that has ended for longer or whose personal data was erased, or while another case of
 * the same failure and order is open, nothing changes but that the word is kept, and the steward of
 * its level is told.
 *
 * The owner keeps the case if not OFFLINE and still fit for it, however many cases that agent has;
 * else the steward of the level gets it. Both are told, and a former owner who lost it. The level
 * stays, but for a bad answer to a survey, and for the first word after a denial: that appeals
 * against it.
 *
 * Threading: pure. Ownership: as the decision.
 */

#include "case/model/decision.h"

/* What brings it back. */
enum comeback_cause {
    COMEBACK_CONTACT,
    COMEBACK_CLAIM,
    COMEBACK_SURVEY,   /* a claim that is a bad answer to a survey */
    COMEBACK_REVERSAL, /* a remedy was taken back */
    COMEBACK_PROMISE,  /* a promise was broken */
    COMEBACK_DETECTED, /* the company noticed the failure again: no word of the customer */
};

/* What becomes of the case when its customer speaks now. */
enum comeback {
    COMEBACK_NONE, /* it is worked on */
    COMEBACK_SAME_ROUND,
    COMEBACK_NEXT_ROUND,
    COMEBACK_LATE, /* the word is kept and the steward told */
};
enum comeback comeback_of(const struct decision *d);

/* Call it before any row is changed. A case that comes back needs the keys of its claim and of its
 * owner, which a request does not name. False: they are named now and d->again is set, or naming
 * them set a fault; return at once. True for a case that is worked on, without any key. */
bool comeback_prepare(struct decision *d);

/* Does what comeback_of() says, with its events, after those of the command that brought it. The
 * owner of a case that is worked on is told what came, unless the owner is who recorded it. */
void comeback_run(struct decision *d, enum comeback_cause cause);

/* Begins the next round of a RESOLVED or CLOSED case, one level higher if `climbs` (at the top it
 * stays there) or if it appeals. `reason` is the personal part of CASE_REOPENED, NULL = none. */
void comeback_reopen(struct decision *d, enum comeback_cause cause, bool climbs, char *reason);
