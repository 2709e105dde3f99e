/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the files of clocks share. Every change of a clock goes through clock_touch(), so that its
 * generation moves on and the next event shows it. Private to case/clocks and case/ladder.
 *
 * Threading: pure. Ownership: rows lie in the case; pointers to them are void after a new clock.
 */

#include "case/clocks/clocks.h"
#include "case/clocks/deadline.h"
#include "case/clocks/facts.h"
#include "case/clocks/retarget.h"
#include "case/clocks/thresholds.h"

#define DUE_PERCENT 100
/* The thresholds of one instance, with the one at 100 % that a definition may lack. */
#define FIRINGS_MAX (POLICY_THRESHOLDS_MAX + 1)

/* The ended pauses of an instance; the time for which the case was resolved is not in the total. */
struct ended_pauses {
    struct pause pauses[PAUSES_MAX];
    size_t n;
    int64_t total_us, last_us;
};

/* One look at all clocks of a case. */
struct clocks_look {
    struct decision *d;
    struct case_facts facts; /* of the round */
};

/* -- rows, instances (rows.c, arm.c, start.c, stop.c) ------------------------------------------ */

void clock_touch(struct clock_row *clock);
/* A new row; when the case has CASE_CLOCKS_MAX, the one that ended first begins another instance
 * for the new purpose. */
struct clock_row *clock_add(struct decision *d, int kind);
/* The inputs of its deadline; those of what it is due by alone when the row is not understood. */
void clock_line(const struct decision *d, const struct clock_row *clock, struct deadline *out);
/* Computes due_at and next_at from the row. */
void clock_arm(struct decision *d, struct clock_row *clock);
/* Begins an instance of the definition at an instant: target, calendar and zone by the facts. */
void clock_begin(struct clocks_look *look, struct clock_row *clock, const struct policy_clock *def,
                 int64_t start_us);
/* The definition's target by the facts as they stand. */
const struct policy_target *clock_target(const struct clocks_look *look,
                                         const struct policy_clock *def);
/* Target, calendar and zone of the definition by the facts; the start stands. */
void clock_lay_out(struct clocks_look *look, struct clock_row *clock,
                   const struct policy_clock *def);
/* Ends it now: CANCELLED, unless it was late by then. Thresholds that came before are recorded. */
void clock_cancel(struct decision *d, struct clock_row *clock);
/* The clock of that kind which measures the subject, the latest one, or NULL. */
struct clock_row *clock_measuring(struct case_state *c, int kind, const struct uuid *subject);

/* -- definitions (definition.c) ---------------------------------------------------------------- */

/* The definition of a clock; NULL = none, its deadline is all it has. */
const struct policy_clock *clock_definition(const struct policy *p, const struct clock_row *clock);
/* The threshold of an id (policy_threshold_id()) in the definition; NULL = it has none. */
const struct policy_threshold *threshold_of(const struct policy_clock *def, int32_t id);
/* The one behind the last that fired, by its place in the definition, with one at 100 % that a
 * definition may lack; id 0 = none is left. What fired by another definition stands by its instant.
 */
struct policy_threshold threshold_next(const struct policy_clock *def, const struct deadline *line,
                                       int32_t fired);
/* The instant of a threshold: its own, and not before those that stand before it. This alone says
 * when a threshold of a clock comes. Of an id that the definition has not: its own instant. */
int64_t threshold_at(const struct policy_clock *def, const struct deadline *line, int32_t id);
/* What has fired, as a clock of another definition keeps it: a time before the deadline that `def`
 * has not becomes the last threshold of `def` that comes no later; 0 when that is none. */
int32_t threshold_carried(const struct policy_clock *def, const struct deadline *line,
                          int32_t fired);
/* True when the end of the clock closes the case: it is never breached. */
bool clock_closes(const struct policy_clock *def);

/* -- pauses (pause.c, pause_end.c) ------------------------------------------------------------- */

/* Pauses, resumes, or moves the end of a pause, as the case and the definition say now. */
void clock_refresh_pause(struct clocks_look *look, struct clock_row *clock,
                         const struct policy_clock *def);
/* The ended pauses of the row. False when it cannot be parsed: such a clock pauses no more. */
bool pauses_read(const struct clock_row *clock, struct ended_pauses *e);
/* Ends the pause under way at `at_us`, or by its own end if that is before. */
void clock_end_pause(struct decision *d, struct clock_row *clock, int64_t at_us);
/* Leaves out what of the ended pauses comes after an instant: of a clock that stopped then. */
void clock_cut_pauses(struct decision *d, struct clock_row *clock, int64_t at_us);

/* -- rules (rules.c, subjects.c) --------------------------------------------------------------- */

/* The definition's clock of the round: the one that began last; NULL when it has none. */
struct clock_row *clock_of_definition(struct decision *d, const struct policy_clock *def);
/* The definition would start now, since `since_us`. */
bool definition_starts(const struct clocks_look *look, const struct policy_clock *def,
                       int64_t *since_us);

/* FULFILMENT and APPROVAL follow the remedies. */
void clocks_refresh_subjects(struct clocks_look *look);

/* -- another policy (migrate.c) --------------------------------------------------------------- */

/* Makes the clock one of d->policy: target, calendar and zone of its definition there, unless
 * they are given or the same. `def` is NULL when the policy has none for a clock that is given. Arm
 * the clock after that. */
void clock_follow_policy(struct clocks_look *look, struct clock_row *clock,
                         const struct policy_clock *def);

/* -- other targets (retarget.c) ---------------------------------------------------------------- */

/* Whether this is the target that was chosen for the clock last. */
bool clock_has_target(const struct clock_row *clock, const struct policy_target *target);
/* Moves the open clocks whose target would be another one by the facts as they stand. */
void clocks_retarget(struct clocks_look *look);
