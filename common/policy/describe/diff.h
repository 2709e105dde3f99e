/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What differs between two policies, for people who are about to apply one.
 *
 * Threading: any thread. Ownership: lines lie in the arena given.
 */

#include "policy/policy.h"

#define BUNDLE_CHANGES_MAX 1000

/* Writes a line for each difference: "clocks.reply.targets[0]: 8h -> 4h", with "none" for what one
 * of the two does not have. A NULL `from` means that everything is new. `lines` gets an array of
 * `*n` texts in the order of bundles; past BUNDLE_CHANGES_MAX the last line counts the rest. */
void bundle_diff(const struct policy *from, const struct policy *to, struct arena *arena,
                 const char ***lines, size_t *n);
