/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The clocks of a case: what starts, stops, resets, pauses and moves them. Nothing here
 * records an event or climbs the ladder: thresholds that were met are left in d->met.
 *
 *   definition.c  a clock's definition and its thresholds
 *   arm.c         its deadline and next instant
 *   start.c       beginning an instance
 *   stop.c        ending one
 *   thresholds.c  which thresholds were met
 *   pause.c       pausing and resuming
 *   pause_end.c   what of a pause counts
 *   go_on.c       going on after a resolution
 *   rules.c       all definitions of a case
 *   subjects.c    clocks of remedies
 *   retarget.c    another target while it runs: see retarget.h
 *   migrate.c     another policy
 *   rows.c        finding and adding rows
 *   facts.c, deadline*.c  see their headers
 *
 * Threading: pure. Ownership: rows lie in the case; pointers to them are void after a new clock.
 */

#include "case/model/decision.h"

/* After every change (case_refresh() calls it) each definition of the policy is looked at, in the
 * policy's order. For its open clock of the round, in this order; the first that applies ends it:
 *   1. cancel holds: CANCELLED now, or BREACHED if it was late by then
 *   2. stop holds: MET or BREACHED, by the instant since when it holds
 *   3. reset and start hold, and what holds in reset began after the clock's start: it is stopped
 *      as by 2 at that instant, and begins again at it: instance + 1, nothing fired
 *   4. the case is paused by hand, or `pause` holds and `resume` does not: a running clock pauses,
 *      since then, until the caps of the definition at the latest; a paused one resumes when
 *      neither holds any more (since `resume` holds, if it does) or resume_at has passed, and its
 *      deadline moves. Resumed by a cap it does not pause again until neither held
 *   5. no clock is open, none was in this round or `again`: start holds, cancel and stop do not: it
 *      starts, at the instant since when start holds. `again` uses the row of the clock before:
 *      instance + 1. A level's clock starts once each time the case comes to the level, and a
 *      FOLLOW_UP each time the case is resolved
 * Then every open clock whose definition chooses another target by the facts as they stand than the
 * one it has is re-targeted (retarget.h): its deadline may come earlier and never becomes later.
 * Its thresholds that came by the old target fire before that; those that the new target puts
 * behind the present instant fire now.
 *
 * A stop that came earlier and is told later is looked at for a clock that has ended, too. Before a
 * stop or a pause every threshold that came before it fires, whether a timer looked or not.
 *
 * FULFILMENT follows each remedy (ACCEPTED starts, FULFILLED stops at that time, another end
 * cancels), APPROVAL each pending approval; OFFER and PROMISE are started and stopped by their
 * commands; none of them pauses. Clocks of an earlier round are cancelled. A final case's clocks
 * end: by 2, BREACHED if they were late by then, else CANCELLED; those that were breached stay so.
 * STATUTORY and targets in days never pause. A pause of the case by hand ends here when its
 * resume_at has passed.
 *
 * Changed clocks appear in the event that is stated next. Thresholds that were met are added to
 * d->met, which the driver records at the end of the command. A case that has CASE_CLOCKS_MAX
 * clocks uses the row of the one that ended first again: instance + 1. */
void clocks_refresh(struct decision *d);

/* Starts a clock whose instant is given: OFFER, PROMISE. Thresholds come from the policy's
 * definition of the kind; without one, 100 % alone. Its start is moved back by less than a
 * millisecond when the two are not whole milliseconds apart. */
struct clock_row *clock_start_until(struct decision *d, int kind, const struct uuid *subject,
                                    int64_t start_us, int64_t due_us);
/* Ends it at `at_us`: MET when at_us <= due, else BREACHED with breached_at = due (a case that
 * breached and was resolved a second later is breached). Thresholds that came before at_us are
 * added to d->met. CANCELLED when `cancel`. An open
 * pause ends at at_us first. A FOLLOW_UP that closes its case ends at its due instant at the
 * latest. The timestamps decide, never who looked first: a clock that was found breached stays so
 * and gets its stop time, unless that lies within the target - then it was met, and the escalation
 * stays as the record of what was done. An earlier stop that is told later moves the stop of a
 * clock that was met or breached; else an ended one is left alone. */
void clock_stop(struct decision *d, struct clock_row *clock, int64_t at_us, bool cancel);
/* The clocks of the round that ended with the resolution at `resolved_us` go on, as if they had
 * stood still since; a target in days begins again, as much later as that. What was breached stays
 * so, what fired does not fire again. A policy that the case was moved to meanwhile counts for
 * them, too. STATUTORY stays as it ended: the law was answered. FOLLOW_UP begins with each
 * resolution. The caller has set the status. */
void clocks_go_on(struct decision *d, int64_t resolved_us);
/* True while it can still be stopped: it runs, is paused, or was found breached and not stopped
 * yet. */
bool clock_is_open(const struct clock_row *clock);
/* True for the definition of a clock of customers who wait for an answer: it starts when one does,
 * and only then. `def` may be NULL. */
bool clock_answers_customer(const struct policy_clock *def);
/* The running clock of the kind, or NULL. */
struct clock_row *clock_running(struct case_state *c, int kind);
/* The open clock of the kind in the case's present round, or NULL. */
struct clock_row *clock_open(struct case_state *c, int kind);
/* The clock that measures this offer, promise or remedy, the latest one, or NULL. */
struct clock_row *clock_of_subject(struct case_state *c, const struct uuid *subject);

/* The instant of a threshold of the clock, by its id (policy_threshold_id()). `p` is the clock's
 * policy version, `line` its inputs. An id that its definition has not gives its own instant. */
struct deadline;
int64_t clock_threshold_at(const struct policy *p, const struct clock_row *clock,
                           const struct deadline *line, int32_t id);

/* Moves the deadline of a running clock that has not come by hand, to `due_us` or to the end of the
 * hours of its calendar before it. Thresholds that came by the old one are found before, those that
 * the new one puts behind now are found now. False, and nothing is done, when it would be due by
 * now, or the clock has no definition. The event that is stated next tells of it. */
bool clock_move_deadline(struct decision *d, struct clock_row *clock, int64_t due_us);

/* True when this clock can stand still at all: by its kind, its definition's limits, and because
 * its target is a stretch of time. */
bool clock_may_pause(const struct clock_row *clock, const struct policy_clock *def);

/* Moves the case's open clocks to d->policy (row.policy_version is set to it already): targets (by
 * the facts as they stand), calendars and thresholds of the definition of the same name; start,
 * pauses and what fired are kept. A clock that was re-targeted to the very target that the new
 * definition gives keeps its deadline: a migration to equal targets changes nothing. A clock
 * that was found breached stays so, and is judged by the new deadline when it stops. One whose
 * definition is gone is cancelled, and begins again with a version that has it; new definitions
 * start by clocks_refresh(). `breaching` is valid until the next change of the case. */
struct clocks_migrated {
    bool changed;                      /* a deadline moved, a clock started or ended */
    size_t n_breaching;                /* running clocks past their new deadline: they fire now */
    const struct clock_row *breaching; /* the first of them, NULL = none */
    int64_t old_due_us;                /* its deadline before */
};
void clocks_migrate(struct decision *d, struct clocks_migrated *out);
