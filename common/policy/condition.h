/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Conditions over the facts of a case: what starts, stops and pauses clocks and picks their
 * targets.
 *
 * A case's facts are small numbers, one of each kind, so a condition is a union of boxes: a box
 * allows a set of values for every fact. That makes containment and overlap decidable: the policy
 * compiler refuses a start within its stop, a pause within its start and the like by asking here.
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
    FACT_TIER,     /* 0 = none, else place in the policy's tiers + 1 */
    FACT_OWNER,    /* OwnerKind */
    FACT_LEVEL,    /* 1 .. 8 */
    FACT_CONTACT,  /* 1 = an outbound contact has reached the customer, since the clock's start for
                      its stop and reset, in this round for all else; 0 = none has */
    FACT_CUSTOMER, /* 1 = waits: the last contact was inbound and is not answered; 0 = does not */
    FACT_REMEDY,   /* 1 = some remedy was accepted and has not arrived; 0 = none */
    FACT_PROMISE,  /* 1 = some promise is open */
    FACT_PAUSED,   /* 1 = paused by hand */
    FACT_ACKNOWLEDGED, /* 1 = the present level acknowledged the case */
    FACT_PROGRESS, /* 1 = since the case entered its level the customer was reached, or a remedy was
                      proposed, accepted or fulfilled */
    FACTS
};

struct condition_box {
    uint32_t allowed[FACTS]; /* bit v = value v; ~0 = any */
    uint64_t failures[CONDITION_FAILURE_WORDS];
};

/* n = 0: never. */
struct policy_condition {
    size_t n;
    const struct condition_box *boxes;
};

/* The values of one case; `failure` = place in the sorted taxonomy, -1 = unknown. */
struct fact_values {
    uint8_t value[FACTS];
    int failure;
};

/* The values a fact can have at all: bits. TIER has one more than the tiers, LEVEL the levels. */
uint32_t fact_domain(enum fact fact, size_t n_tiers, int n_levels);
const char *fact_name(enum fact fact); /* "status", as bundles write it */
/* The word for 0 or 1 of a fact from CONTACT on: "reached". */
const char *fact_word(enum fact fact, bool value);

/* A box that allows everything. */
struct condition_box condition_any(void);
bool condition_holds(const struct policy_condition *c, const struct fact_values *v);
bool box_holds(const struct condition_box *b, const struct fact_values *v);

/* Over the facts' domains of `p`: whether every case of `a` is one of `b`; whether some case is of
 * both; whether there is any case of `a`. Exact; the work is bounded by 2^12 states of each fact
 * and box. */
struct policy;
bool condition_within(const struct policy *p, const struct policy_condition *a,
                      const struct policy_condition *b);
bool condition_overlaps(const struct policy *p, const struct policy_condition *a,
                        const struct policy_condition *b);
bool condition_possible(const struct policy *p, const struct policy_condition *a);
/* Whether every case of `a` is one of `b` or of `c`. */
bool condition_within_either(const struct policy *p, const struct policy_condition *a,
                             const struct policy_condition *b, const struct policy_condition *c);

/* -- sets of failures -------------------------------------------------------------------------- */

/* A bit for each failure of the taxonomy, and in the last word one for every other code: a box
 * allows those only when it allows any. */
#define FAILURE_SET_WORDS (CONDITION_FAILURE_WORDS + 1)
struct failure_set {
    uint64_t words[FAILURE_SET_WORDS];
};

bool box_any_failure(const struct condition_box *b);
struct failure_set failure_set_of(const struct condition_box *b);
struct failure_set failure_set_all(const struct policy *p);
bool failure_set_empty(const struct failure_set *set);
struct failure_set failure_set_and(struct failure_set a, const struct failure_set *b);
struct failure_set failure_set_without(struct failure_set a, const struct failure_set *b);
