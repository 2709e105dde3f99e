/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The compiler of policy bundles: YAML in, a policy or all that is wrong with it out. A bundle is
 * described in common/policy/bundles/README.md; default.yaml there is the one that ships.
 *
 * Threading: any thread. Ownership: problems and changes lie in the arena given.
 */

#include "amends/v1/policy_service.pb-c.h"
#include "policy/policy.h"

#define BUNDLE_BYTES_MAX (512u << 10)
#define BUNDLE_PROBLEMS_MAX 500
#define BUNDLE_CHANGES_MAX 1000

/* One mistake, or a doubt. */
struct bundle_problem {
    int line, column; /* from 1; 0 = concerns the whole */
    const char *path; /* "clocks.first_response.targets[2].severity" */
    const char *text; /* what is wrong, and what would be right */
    bool warning;     /* the bundle may be used all the same */
};

struct bundle_problems {
    struct arena *arena;
    size_t n, n_errors; /* n counts at most BUNDLE_PROBLEMS_MAX; the rest is in n_left_out */
    size_t n_left_out;
    struct bundle_problem *items;
};

void bundle_problems_init(struct bundle_problems *problems, struct arena *arena);
/* The problem as the contract shows it; borrows its texts. */
Amends__V1__PolicyProblem *bundle_problem_message(const struct bundle_problem *p,
                                                  struct arena *arena);
/* Adds one. `path` and the text are copied; a constant stands in when the arena is full. */
void bundle_problem_add(struct bundle_problems *problems, const struct bundle_problem *where,
                        const char *fmt, ...) AM_PRINTF(3, 4);
/* Adds the errors to a fault: field = path, text = "line 3, column 7: ...". */
void bundle_problems_fault(const struct bundle_problems *problems, struct fault *fault);

/* Compiles the bundle as `version`. NULL when there is an error; warnings do not stop it. All
 * errors are found in one run, ordered by line and column. `source` need not be valid UTF-8 or
 * YAML. */
struct policy *bundle_compile(int32_t version, const char *source,
                              struct bundle_problems *problems);

/* The text of the bundle that ships; a constant. */
const char *bundle_default_source(void);

/* What differs between two policies, a line each: "clocks.reply.targets[0]: 8h -> 4h", with "none"
 * for what one of them has not. NULL `from` = everything is new. `lines` gets an array of `*n`
 * texts, in the order of bundles; past BUNDLE_CHANGES_MAX the last one counts the rest. */
void bundle_diff(const struct policy *from, const struct policy *to, struct arena *arena,
                 const char ***lines, size_t *n);
