/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Cases whose policy has the clocks that a test defines, and what happens to them.
 *
 * Threading: one test.
 */

#include "world.h"

#include "base/bits.h"
#include "case/clocks/deadline.h"

#define YES BIT_OF(1)
#define NO BIT_OF(0)
#define RESOLVED BIT_OF(CASE_STATUS_RESOLVED)

/* A condition that holds when the fact has one of the values; with two facts, when both do. It is
 * valid until the end of the test, for a few hundred calls. */
struct policy_condition when(enum fact fact, uint32_t bits);
struct policy_condition when_both(enum fact a, uint32_t a_bits, enum fact b, uint32_t b_bits);
struct policy_condition always(void);

/* A definition with a target in hours and no condition at all. */
struct policy_clock define(const char *name, int kind, int hours);
/* Starts while the case lives, stops when it is resolved. */
struct policy_clock define_resolution(const char *name, int hours);

/* A world whose policy has these definitions alone, without a case. */
struct world *clock_world(const struct policy_clock *defs, size_t n);
/* The same with an open case; its owner is ann. */
struct world *clock_case(const struct policy_clock *defs, size_t n);
#define CLOCK_CASE(...)                                                                            \
    clock_case((struct policy_clock[]){__VA_ARGS__},                                               \
               sizeof((struct policy_clock[]){__VA_ARGS__}) / sizeof(struct policy_clock))

/* The latest clock of that name; NULL when there is none. */
struct clock_row *clock_named(struct world *w, const char *name);
/* Asserts the state and the due instant of the clock; prints both when they differ. */
void assert_clock(struct world *w, const char *name, int state, int64_t due_us);

/* A contact at an instant, told now: its row and the event. */
void tell_contact(struct world *w, int direction, int outcome, int64_t at_us);
#define TELL_REACHED(w, at_us)                                                                     \
    tell_contact((w), CONTACT_DIRECTION_OUTBOUND, CONTACT_OUTCOME_REACHED, (at_us))
#define TELL_INBOUND(w, at_us)                                                                     \
    tell_contact((w), CONTACT_DIRECTION_INBOUND, CONTACT_OUTCOME_REACHED, (at_us))
/* States an event that changes no fact. */
void tell_nothing(struct world *w);
/* The status, with the times that go with it; and the event. */
void tell_status(struct world *w, int status);
/* A pause of the case by hand, from now; and its end, now. */
void tell_pause(struct world *w, int64_t until_us);
void tell_resume(struct world *w);

/* Asserts what must hold of every clock at every instant: its deadline is that of its row, the
 * parts add up to it, and next_at is what the thresholds say. */
void assert_clocks_whole(struct world *w);
