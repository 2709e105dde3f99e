/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Who joined the owner of a case: one entry a level at most, as canonical text
 * "level:action:principal" with a blank between, by level.
 *
 * Threading: pure. Ownership: texts lie in the arena given.
 */

#include "base/arena.h"
#include "base/err.h"
#include "policy/policy.h"

struct contributor {
    int16_t level, action; /* LadderAction: CO_OWN or TAKE_OVER */
    const char *principal;
};

/* The text with the level's entry added, or replaced by a stronger action. */
const char *contributors_add(const char *text, const struct contributor *c, struct arena *arena);
/* At most POLICY_LEVELS_MAX; AM_EINVAL when it is no such text. */
int contributors_parse(const char *text, struct contributor out[POLICY_LEVELS_MAX], size_t *n,
                       struct arena *arena) AM_MUSTCHECK;
/* True when the principal joined with TAKE_OVER: it may deny, resolve and transfer. */
bool contributors_take_over(const char *text, const char *principal);
