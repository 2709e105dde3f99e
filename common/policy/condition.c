/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/condition.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "contract/words.h"
#include "policy/policy.h"

/* A set of values is 32 bits. */
_Static_assert(CASE_STATUS_COUNT <= 32 && CHANNEL_COUNT <= 32 && TRIGGER_COUNT <= 32 &&
                   OWNER_KIND_COUNT <= 32,
               "each value of a fact is a bit");

static const char *const names[] = {
    [FACT_STATUS] = "status",
    [FACT_SEVERITY] = "severity",
    [FACT_CHANNEL] = "channel",
    [FACT_TRIGGER] = "trigger",
    [FACT_TIER] = "tier",
    [FACT_OWNER] = "owner",
    [FACT_LEVEL] = "level",
    [FACT_CONTACT] = "contact",
    [FACT_CUSTOMER] = "customer",
    [FACT_REMEDY] = "remedy",
    [FACT_PROMISE] = "promise",
    [FACT_PAUSED] = "paused",
    [FACT_ACKNOWLEDGED] = "acknowledged",
    [FACT_PROGRESS] = "progress",
};
_Static_assert(sizeof(names) / sizeof(names[0]) == FACTS, "each fact has a name");

const char *fact_name(enum fact fact)
{
    return names[fact];
}

const char *fact_word(enum fact fact, bool value)
{
    switch (fact) {
    case FACT_CONTACT:
        return value ? "reached" : "none";
    case FACT_CUSTOMER:
        return value ? "waits" : "quiet";
    case FACT_REMEDY:
        return value ? "owed" : "none";
    case FACT_PROMISE:
        return value ? "open" : "none";
    default:
        return value ? "yes" : "no";
    }
}

/* The bits first .. last. */
static uint32_t bits(int first, int last)
{
    uint32_t upto = last >= 31 ? UINT32_MAX : (1u << (last + 1)) - 1;
    return upto & ~((1u << first) - 1);
}

uint32_t fact_domain(enum fact fact, size_t n_tiers, int n_levels)
{
    switch (fact) {
    case FACT_STATUS:
        return bits(1, CASE_STATUS_COUNT - 1);
    case FACT_SEVERITY:
        return bits(1, POLICY_SEVERITY_MAX);
    case FACT_CHANNEL:
        return bits(1, CHANNEL_COUNT - 1);
    case FACT_TRIGGER:
        return bits(1, TRIGGER_COUNT - 1);
    case FACT_TIER:
        return bits(0, (int)n_tiers);
    case FACT_OWNER:
        return bits(1, OWNER_KIND_COUNT - 1);
    case FACT_LEVEL:
        return n_levels < 1 ? bits(1, 1) : bits(1, n_levels);
    default:
        return bits(0, 1);
    }
}

struct condition_box condition_any(void)
{
    struct condition_box box;
    memset(&box, 0xff, sizeof(box));
    return box;
}

/* -- failures: a bit each, and one for all that the taxonomy does not have --------------------- */

#define UNKNOWN_WORD CONDITION_FAILURE_WORDS

bool box_any_failure(const struct condition_box *b)
{
    uint64_t all = UINT64_MAX;
    for (size_t w = 0; w < CONDITION_FAILURE_WORDS; w++)
        all &= b->failures[w];
    return all == UINT64_MAX;
}

struct failure_set failure_set_of(const struct condition_box *b)
{
    struct failure_set set;
    memcpy(set.words, b->failures, sizeof(b->failures));
    set.words[UNKNOWN_WORD] = box_any_failure(b);
    return set;
}

struct failure_set failure_set_all(const struct policy *p)
{
    struct failure_set set = {.words = {[UNKNOWN_WORD] = 1}};
    for (size_t i = 0; i < p->n_failures; i++)
        set.words[i / 64] |= 1ull << (i % 64);
    return set;
}

bool failure_set_empty(const struct failure_set *set)
{
    uint64_t any = 0;
    for (size_t w = 0; w < FAILURE_SET_WORDS; w++)
        any |= set->words[w];
    return any == 0;
}

struct failure_set failure_set_and(struct failure_set a, const struct failure_set *b)
{
    for (size_t w = 0; w < FAILURE_SET_WORDS; w++)
        a.words[w] &= b->words[w];
    return a;
}

struct failure_set failure_set_without(struct failure_set a, const struct failure_set *b)
{
    for (size_t w = 0; w < FAILURE_SET_WORDS; w++)
        a.words[w] &= ~b->words[w];
    return a;
}

/* -- one case ---------------------------------------------------------------------------------- */

static bool failure_holds(const struct condition_box *b, int failure)
{
    if (failure < 0 || failure >= CONDITION_FAILURE_WORDS * 64)
        return box_any_failure(b);
    return (b->failures[failure / 64] >> (failure % 64)) & 1;
}

bool box_holds(const struct condition_box *b, const struct fact_values *v)
{
    for (int f = 0; f < FACTS; f++)
        if (v->value[f] > 31 || !((b->allowed[f] >> v->value[f]) & 1))
            return false;
    return failure_holds(b, v->failure);
}

bool condition_holds(const struct policy_condition *c, const struct fact_values *v)
{
    for (size_t i = 0; i < c->n; i++)
        if (box_holds(&c->boxes[i], v))
            return true;
    return false;
}

/* -- sets of cases ----------------------------------------------------------------------------- */

/* A box cut down to the cases that there can be. */
struct cut {
    uint32_t allowed[FACTS];
    struct failure_set failures;
};

/* False when nothing of the box is left. */
static bool cut_box(const struct policy *p, const struct condition_box *b, struct cut *out)
{
    for (int f = 0; f < FACTS; f++) {
        out->allowed[f] = b->allowed[f] & fact_domain((enum fact)f, p->n_tiers, p->n_levels);
        if (out->allowed[f] == 0)
            return false;
    }
    struct failure_set all = failure_set_all(p);
    out->failures = failure_set_and(failure_set_of(b), &all);
    return !failure_set_empty(&out->failures);
}

static bool cuts_meet(const struct cut *a, const struct cut *b)
{
    for (int f = 0; f < FACTS; f++)
        if ((a->allowed[f] & b->allowed[f]) == 0)
            return false;
    struct failure_set both = failure_set_and(a->failures, &b->failures);
    return !failure_set_empty(&both);
}

bool condition_possible(const struct policy *p, const struct policy_condition *a)
{
    struct cut cut;
    for (size_t i = 0; i < a->n; i++)
        if (cut_box(p, &a->boxes[i], &cut))
            return true;
    return false;
}

bool condition_overlaps(const struct policy *p, const struct policy_condition *a,
                        const struct policy_condition *b)
{
    struct cut x, y;
    for (size_t i = 0; i < a->n; i++)
        for (size_t k = 0; k < b->n; k++)
            if (cut_box(p, &a->boxes[i], &x) && cut_box(p, &b->boxes[k], &y) && cuts_meet(&x, &y))
                return true;
    return false;
}

/* Whether one box is within the union of others is found fact by fact. At each fact the box's
 * values fall into groups, each allowed by the same of the others. A state (fact, others that are
 * left) that was found covered is remembered, so that no more than (FACTS + 1) * 2^COVER_MAX states
 * are looked at, whatever the conditions are. */
#define COVER_MAX (2 * CONDITION_BOXES_MAX)

struct cover {
    const struct cut *box;
    size_t n;
    struct cut others[COVER_MAX];
    uint64_t *covered; /* a bit for each (fact, set of others) */
};

/* The others of `alive` that allow a value. */
static uint32_t allowing(const struct cover *k, uint32_t alive, int fact, int value)
{
    uint32_t left = 0;
    for (size_t i = 0; i < k->n; i++)
        if ((alive >> i) & (k->others[i].allowed[fact] >> value) & 1)
            left |= 1u << i;
    return left;
}

static bool failures_covered(const struct cover *k, uint32_t alive)
{
    struct failure_set left = k->box->failures;
    for (size_t i = 0; i < k->n; i++)
        if ((alive >> i) & 1)
            left = failure_set_without(left, &k->others[i].failures);
    return failure_set_empty(&left);
}

static bool covered(struct cover *k, int fact, uint32_t alive);

static bool values_covered(struct cover *k, int fact, uint32_t alive)
{
    uint32_t seen[32];
    size_t n_seen = 0;
    for (uint32_t left = k->box->allowed[fact]; left; left &= left - 1) {
        uint32_t next = allowing(k, alive, fact, __builtin_ctz(left));
        size_t s = 0;
        while (s < n_seen && seen[s] != next)
            s++;
        if (s < n_seen)
            continue;
        seen[n_seen++] = next;
        if (!covered(k, fact + 1, next))
            return false;
    }
    return true;
}

static bool covered(struct cover *k, int fact, uint32_t alive)
{
    if (alive == 0)
        return false;
    if (fact == FACTS)
        return failures_covered(k, alive);
    size_t state = ((size_t)fact << k->n) | alive;
    uint64_t bit = 1ull << (state % 64);
    if (k->covered[state / 64] & bit)
        return true;
    if (!values_covered(k, fact, alive))
        return false;
    k->covered[state / 64] |= bit;
    return true;
}

static bool box_covered(struct cover *k, const struct cut *box)
{
    k->box = box;
    size_t words = (((size_t)FACTS << k->n) + 63) / 64;
    k->covered = calloc(words, sizeof(*k->covered));
    AM_ASSERT(k->covered);
    bool yes = covered(k, 0, (1u << k->n) - 1);
    free(k->covered);
    return yes;
}

/* The others that have anything in common with the box. */
static void gather(const struct policy *p, const struct policy_condition *c, const struct cut *box,
                   struct cover *k)
{
    for (size_t i = 0; i < c->n && k->n < COVER_MAX; i++)
        if (cut_box(p, &c->boxes[i], &k->others[k->n]) && cuts_meet(box, &k->others[k->n]))
            k->n++;
}

bool condition_within_either(const struct policy *p, const struct policy_condition *a,
                             const struct policy_condition *b, const struct policy_condition *c)
{
    AM_ASSERT(b->n <= CONDITION_BOXES_MAX && c->n <= CONDITION_BOXES_MAX);
    for (size_t i = 0; i < a->n; i++) {
        struct cut box;
        if (!cut_box(p, &a->boxes[i], &box))
            continue;
        struct cover k = {.n = 0};
        gather(p, b, &box, &k);
        gather(p, c, &box, &k);
        if (!box_covered(&k, &box))
            return false;
    }
    return true;
}

bool condition_within(const struct policy *p, const struct policy_condition *a,
                      const struct policy_condition *b)
{
    static const struct policy_condition never = {0};
    return condition_within_either(p, a, b, &never);
}
