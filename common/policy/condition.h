/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Conditions over the facts of a case: they start, stop and pause clocks and pick their targets.
 *
 * A case's facts are small numbers, one of each kind. A box allows a set of values for every fact,
 * and a condition is a union of boxes. That makes it decidable whether one condition is within
 * another and whether two overlap: the compiler of bundles asks it here, and refuses a start within
 * its stop, a pause that never holds, and the like.
 *
 * Threading: pure. Ownership: a condition borrows its boxes.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONDITION_BOXES_MAX 6
#define CONDITION_FAILURE_WORDS 4 /* 256 failures, by their place in the sorted taxonomy */

/* Each fact has a value 0 .. 31. */
enum fact {
    FACT_STATUS,   /* CaseStatus */
    FACT_SEVERITY, /* 1 .. 5 */
    FACT_CHANNEL,  /* Channel that opened the case */
    FACT_TRIGGER,  /* Trigger that opened it */
    FACT_TIER,     /* 0 = none, else the place in the policy's tiers + 1 */
    FACT_OWNER,    /* OwnerKind */
    FACT_LEVEL,    /* 1 .. 8 */
    /* 1 = an outbound contact has reached the customer: for a stop and a reset since the clock
     * began, for everything else in this round. 0 = none has. */
    FACT_CONTACT,
    FACT_CUSTOMER,     /* 1 = the last contact was inbound and is not answered */
    FACT_REMEDY,       /* 1 = some remedy was accepted and has not arrived */
    FACT_PROMISE,      /* 1 = some promise is open */
    FACT_PAUSED,       /* 1 = the case was paused by hand */
    FACT_ACKNOWLEDGED, /* 1 = the present level acknowledged the case */
    /* 1 = since the case entered its level the customer was reached, or a remedy was proposed,
     * accepted or fulfilled. */
    FACT_PROGRESS,
    FACTS
};

/* The two values of a fact from CONTACT on, as bits of a box. */
#define FACT_IS_NO (1u << 0)
#define FACT_IS_YES (1u << 1)

struct condition_box {
    uint32_t allowed[FACTS]; /* bit v = value v; ~0 = any */
    uint64_t failures[CONDITION_FAILURE_WORDS];
};

/* Holds when one of its boxes does; without any it never holds. */
struct policy_condition {
    size_t n;
    const struct condition_box *boxes;
};

/* The values of one case. `failure` is the place in the sorted taxonomy, -1 for an unknown code. */
struct fact_values {
    uint8_t value[FACTS];
    int failure;
};

/* The values that a fact can have at all: bits. TIER has one more than there are tiers, LEVEL as
 * many as there are levels. */
uint32_t fact_domain(enum fact fact, size_t n_tiers, int n_levels);
/* The name as bundles write it: "status". */
const char *fact_name(enum fact fact);
/* The word for 0 or 1 of a fact from CONTACT on: "reached". */
const char *fact_word(enum fact fact, bool value);

/* -- one case ---------------------------------------------------------------------------------- */

/* A box that allows everything. */
struct condition_box condition_any(void);
/* Whether a case is one of the condition's, or one of the box's. */
bool condition_holds(const struct policy_condition *c, const struct fact_values *v);
bool box_holds(const struct condition_box *b, const struct fact_values *v);

/* -- all cases --------------------------------------------------------------------------------- */

/* These ask about every case that there can be under the policy `p`. The answers are exact; the
 * work is bounded by 2^12 states of each fact and box. */
struct policy;
/* Whether every case of `a` is one of `b`. */
bool condition_within(const struct policy *p, const struct policy_condition *a,
                      const struct policy_condition *b);
/* Whether every case of `a` is one of `b` or of `c`. */
bool condition_within_either(const struct policy *p, const struct policy_condition *a,
                             const struct policy_condition *b, const struct policy_condition *c);
/* Whether some case is one of both. */
bool condition_overlaps(const struct policy *p, const struct policy_condition *a,
                        const struct policy_condition *b);
/* Whether there is any case of `a`. */
bool condition_possible(const struct policy *p, const struct policy_condition *a);

/* -- sets of failures -------------------------------------------------------------------------- */

/* A bit for each failure of the taxonomy; the last word has one bit for every code that is not in
 * it. A box allows such codes only when it allows any failure. */
#define FAILURE_SET_WORDS (CONDITION_FAILURE_WORDS + 1)
struct failure_set {
    uint64_t words[FAILURE_SET_WORDS];
};

/* True when the box allows any failure. */
bool box_any_failure(const struct condition_box *b);
/* The failures that a box allows, those of the taxonomy, and operations on such sets. */
struct failure_set failure_set_of(const struct condition_box *b);
struct failure_set failure_set_all(const struct policy *p);
bool failure_set_empty(const struct failure_set *set);
struct failure_set failure_set_and(struct failure_set a, const struct failure_set *b);
struct failure_set failure_set_without(struct failure_set a, const struct failure_set *b);
