/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What is wrong with a bundle, or in doubt: the list that reading and checking add to, and that
 * lint and ApplyPolicy show.
 *
 * A problem has a path in the bundle ("ladder[1].steward.id", "clocks.reply.targets[0]"; lists
 * count from 0). Whoever reads the text gives the line and the column too. Whoever checks the
 * policy leaves them 0, and the compiler finds them by the path.
 *
 * There are three kinds. An error: the bundle means nothing. A refusal: the bundle means something,
 * but nobody should begin to work by it; a version that was stored before the compiler knew better
 * is used all the same. A warning: a doubt. What a release accepted never becomes an error.
 *
 * Threading: one list belongs to one thread. Ownership: the list and its texts lie in the arena
 * given to bundle_problems_init().
 */

#include <stdbool.h>
#include <stddef.h>

#include "amends/v1/policy_service.pb-c.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/fault.h"

#define BUNDLE_BYTES_MAX (512u << 10)
#define BUNDLE_PROBLEMS_MAX 500

/* One mistake, or a doubt; an error when neither of the two kinds below is set. */
struct bundle_problem {
    int line, column; /* from 1; 0 = concerns the whole, or what the bundle leaves out */
    const char *path; /* "clocks.first_response.targets[2].severity" */
    const char *text; /* what is wrong, and what would be right */
    bool warning;     /* a doubt: the bundle may be used all the same */
    bool refusal;     /* it may not be applied, but a stored version of it is used */
};

struct bundle_problems {
    struct arena *arena;
    size_t n;                 /* kept, at most BUNDLE_PROBLEMS_MAX */
    size_t n_errors;          /* all errors and refusals, kept or not */
    size_t n_refusals;        /* those of them that are refusals */
    size_t n_left_out;        /* problems that were counted, but not kept */
    const char *missing_zone; /* a time zone of a stored version that is not known here, or NULL */
    struct bundle_problem *items;
};

/* An empty list. The arena must live as long as the list. */
void bundle_problems_init(struct bundle_problems *problems, struct arena *arena);

/* Adds a problem at the line, column and path of `where`; its `warning` says which kind. The path
 * and the text are copied. When the arena is full, a constant stands in for them. */
void bundle_problem_add(struct bundle_problems *problems, const struct bundle_problem *where,
                        const char *fmt, ...) AM_PRINTF(3, 4);

/* Adds an error, or a doubt, at a path. The line is found later. No error may stand in the way of a
 * bundle that an earlier release accepted: see problem_refusal(). */
void problem_error(struct bundle_problems *problems, const char *path, const char *fmt, ...)
    AM_PRINTF(3, 4);
void problem_warning(struct bundle_problems *problems, const char *path, const char *fmt, ...)
    AM_PRINTF(3, 4);
/* The same for what only a new version is refused for. Every check that is stricter than that of an
 * earlier release adds its problems with this. */
void problem_refusal(struct bundle_problems *problems, const char *path, const char *fmt, ...)
    AM_PRINTF(3, 4);

/* The text of a path, in the list's arena; "" when the arena is full. */
const char *problem_path(struct bundle_problems *problems, const char *fmt, ...) AM_PRINTF(2, 3);

/* Adds the errors and refusals, not the warnings, to a fault: field = path, text = "line 3, column
 * 7: ...". */
void bundle_problems_fault(const struct bundle_problems *problems, struct fault *fault);

/* The problem as the contract shows it, in `arena`. It borrows the problem's texts. */
Amends__V1__PolicyProblem *bundle_problem_message(const struct bundle_problem *p,
                                                  struct arena *arena);
