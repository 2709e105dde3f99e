/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The cases that this process is trying for agents who asked. The next agent who asks is shown
 * other cases, instead of waiting for the key of the best case and then finding it taken. It is
 * only a hint within this process: the decision under the key of the case counts.
 *
 * Threading: io loop's thread. Ownership: a claim is embedded in its holder's struct and must be
 * dropped before that is freed.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/uuid.h"

struct claims {
    void *held; /* tsearch() tree of struct claim */
    size_t n;
};

struct claim {
    struct uuid case_id;
    bool held;
};

/* Claims the case. Returns true when nobody had claimed it. `claim` must hold nothing. */
bool claims_take(struct claims *c, struct claim *claim, const struct uuid *case_id);
/* Drops the claim; it may hold nothing. */
void claims_drop(struct claims *c, struct claim *claim);
bool claims_has(const struct claims *c, const struct uuid *case_id);
