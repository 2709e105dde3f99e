/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the files of clocks share. Every change of a clock goes through clock_touch(), so that its
 * generation moves on and the next event shows it. Private to common/case.
 *
 * Threading: pure. Ownership: rows lie in the case; pointers to them are void after a new clock.
 */

#include "case/clocks/deadline.h"
#include "case/rules.h"

#define DUE_PERCENT 100
/* The thresholds of one instance, with the one at 100 % that a definition may lack. */
#define FIRINGS_MAX (POLICY_THRESHOLDS_MAX + 1)

/* A threshold that has come and is recorded after the event: the clock as it was then, because it
 * may have begun again since. */
struct clock_found {
    struct row row;
    struct clock_row clock;
    struct policy_threshold threshold;
    int64_t due_us;
};

/* One look at all clocks of a case. */
struct settling {
    struct decision *d;
    struct case_facts facts; /* of the round */
};

/* -- rows (clocks.c) --------------------------------------------------------------------------- */

void clock_touch(struct clock_row *clock);
/* A new row; when the case has CASE_CLOCKS_MAX, the one that ended first begins another instance
 * for the new purpose. */
struct clock_row *clock_add(struct decision *d, int kind);
/* The inputs of its deadline; those of what it is due by alone when the row is not understood. */
void clock_line(const struct decision *d, const struct clock_row *clock, struct deadline *out);
/* Computes due_at and next_at from the row. */
void clock_arm(struct decision *d, struct clock_row *clock);
/* Begins an instance of the definition at an instant: target, calendar and zone by the facts. */
void clock_begin(struct settling *s, struct clock_row *clock, const struct policy_clock *def,
                 int64_t start_us);
/* Target, calendar and zone of the definition by the facts; the start stands. */
void clock_lay_out(struct settling *s, struct clock_row *clock, const struct policy_clock *def);
/* Ends it now: CANCELLED, unless it was late by then. Thresholds that came before are recorded. */
void clock_cancel(struct decision *d, struct clock_row *clock);
/* The clock of that kind which measures the subject, the latest one, or NULL. */
struct clock_row *clock_measuring(struct case_state *c, int kind, const struct uuid *subject);
/* OFFER, APPROVAL, PROMISE, FULFILMENT. */
bool clock_measures_subject(int kind);

/* -- thresholds (thresholds.c) ----------------------------------------------------------------- */

/* The definition of a clock; NULL = none, its deadline is all it has. */
const struct policy_clock *clock_definition(const struct policy *p, const struct clock_row *clock);
/* The lowest threshold above those that fired; percent 0 = none is left. */
struct policy_threshold threshold_next(const struct policy_clock *def, int32_t fired);
/* Takes note of every threshold that has come by `until_us`; at 100 % the clock is BREACHED. True
 * when there was any: the caller calls clock_touch(). */
bool thresholds_find(struct decision *d, struct clock_row *clock, int64_t until_us);
/* Records what was found, unless that is under way already. */
void thresholds_record(struct decision *d);
/* True when the end of the clock closes the case: it is never breached. */
bool clock_closes(const struct policy_clock *def);

/* -- pauses (clock_pause.c) -------------------------------------------------------------------- */

/* Pauses, resumes, or moves the end of a pause, as the case and the definition say now. */
void clock_settle_pause(struct settling *s, struct clock_row *clock,
                        const struct policy_clock *def);
/* Ends the pause under way at `at_us`, or by its own end if that is before. */
void clock_end_pause(struct decision *d, struct clock_row *clock, int64_t at_us);
/* Leaves out what of the ended pauses comes after an instant: of a clock that stopped then. */
void clock_cut_pauses(struct decision *d, struct clock_row *clock, int64_t at_us);

/* -- subjects (clock_subjects.c) --------------------------------------------------------------- */

/* FULFILMENT and APPROVAL follow the remedies. */
void clocks_settle_subjects(struct settling *s);
