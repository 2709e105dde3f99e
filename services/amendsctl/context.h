/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The commands about contexts (contexts.h): list them, use one from now on, show one.
 *
 * Threading: one thread. Ownership: nothing is kept.
 */

#include "amendsctl/call.h"

/* Prints all contexts; the exit code. */
int context_run_list(const struct ctl *c);

/* Makes the context of the line's word the current one; the exit code. */
int context_run_use(const struct ctl *c);

/* Prints what the context of the line's word says, or the one that is chosen, and what the
 * environment says instead; the exit code. */
int context_run_show(const struct ctl *c);
