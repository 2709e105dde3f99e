/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Deadlines as a pure function of a clock's inputs: start, target, calendar and pauses. The same
 * inputs give the same instant wherever and whenever they are looked at; a clock's row and its
 * policy version hold all of them.
 *
 *   deadline(p %) = the earliest instant by which p % of the target has been used up since the
 * start, where time counts that is working time of the calendar and in no pause
 *   deadline(-t) = the same of the target without its last t; the start when t is not less
 *
 * A share that had been used up before a re-target put it there is due at the re-target.
 *
 * So pausing over closed hours changes nothing, and two pauses that join equal one. Targets in days
 * are no stretch of time: their 100 % is given by the days, other shares by the share of the time
 * between start and deadline, and -t by the t of the calendar before the deadline; they do not
 * pause.
 *
 * Threading: pure. Ownership: inputs borrow.
 */

#include "case/model/rows.h"
#include "policy/policy.h"

#define PAUSES_MAX 64 /* of one instance; after that it is not paused any more */

struct pause {
    int64_t from_us, until_us;
    int16_t reason;
};

struct deadline {
    const struct calendar *calendar; /* NULL = any time counts */
    const struct zone *zone;         /* for the units of days */
    int64_t start_us;
    enum policy_unit unit;
    int64_t target_ms;
    int32_t target_rest_us; /* what a re-target adds to it, less than a millisecond */
    int32_t target_days;
    int64_t not_before_us; /* no share comes before a re-target that moved it; 0 = there was none */
    size_t n_pauses;       /* in order, apart; the last may be one under way, with its resume_at */
    struct pause pauses[PAUSES_MAX + 1];
};

/* The inputs of a clock by its policy version. AM_EINVAL when the row's calendar, zone or pauses
 * are not what this version or program knows (never written so). */
int deadline_of(const struct clock_row *clock, const struct policy *p,
                struct deadline *out) AM_MUSTCHECK;
/* The instant of a threshold by itself: per cent of the target, or, below zero, as many seconds
 * before its end (policy_threshold_id()). Not 0. */
int64_t deadline_at(const struct deadline *k, int32_t threshold);
/* The working time used up between the start and `at_us`, without pauses, in microseconds. */
int64_t deadline_used_us(const struct deadline *k, int64_t at_us);
/* What `target` of a definition comes to for a start: fills unit, target_ms (for days the time
 * between start and deadline) and target_days. */
void deadline_target(struct deadline *k, const struct policy_target *target);

/* The ended pauses as the row keeps them: "from-until:reason" in microseconds, a blank between. */
const char *pauses_text(const struct pause *pauses, size_t n, struct arena *arena);
int pauses_parse(const char *text, struct pause *pauses, size_t *n) AM_MUSTCHECK; /* PAUSES_MAX */

/* -- explaining -------------------------------------------------------------------------------- */

enum deadline_part_kind {
    DEADLINE_WORKING = 1, /* the numbers of DeadlinePartKind */
    DEADLINE_CLOSED = 2,
    DEADLINE_HOLIDAY = 3,
    DEADLINE_PAUSED = 4
};
struct deadline_part {
    enum deadline_part_kind kind;
    int64_t from_us, until_us;
    const char *label; /* the holiday's name, or the pause's reason ("CUSTOMER_ASKED"); "" else */
    int32_t shift_s;   /* how far the zone's clocks were moved within it */
    bool counts;       /* it uses up some of the target: its length */
};
/* The part that begins at `from_us` and ends at `until_us` (deadline_at()) at the latest. Parts
 * join without a gap, and those that count add up to the share of the target. Of a target in
 * business days, a part is a date on the zone's wall: WORKING when it has working time. All of
 * these count, because the thresholds of such a target are shares of the whole time. */
struct deadline_part deadline_part_at(const struct deadline *k, int64_t from_us, int64_t until_us);
