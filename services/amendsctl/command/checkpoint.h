/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The commands about checkpoints, and the verification of a whole tenant.
 *
 * Threading: one thread. Ownership: as the call.
 */

#include "amendsctl/call.h"

/* `verify --all`: 1 when anything was found. Progress goes to standard error, and only when that is
 * a terminal. */
int checkpoint_run_verify_all(const struct ctl *c);

/* `checkpoint export --out FILE` */
int checkpoint_run_export(const struct ctl *c);

/* `checkpoint verify FILE` and `checkpoint check FILE`: 1 when the file, or the server's chain
 * against it, is not as it should be. */
int checkpoint_run_verify(const struct ctl *c);
int checkpoint_run_check(const struct ctl *c);
