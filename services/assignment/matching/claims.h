/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The cases that this process is trying for somebody who asked: the next one who asks is shown
 * others, instead of all of them waiting for the key of the best case and finding it gone. A hint
 * only, known to this process alone: what is decided under the case's key counts.
 *
 * Threading: io loop's thread. Ownership: a claim is embedded in its holder's struct and must be
 * dropped before that goes.
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

/* True when nobody had it. `claim` must hold nothing. */
bool claims_take(struct claims *c, struct claim *claim, const struct uuid *case_id);
/* Allowed when it holds nothing. */
void claims_drop(struct claims *c, struct claim *claim);
bool claims_has(const struct claims *c, const struct uuid *case_id);
