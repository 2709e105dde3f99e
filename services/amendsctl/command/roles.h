/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The table of roles, as a command.
 *
 * Threading: one thread. Ownership: nothing is kept.
 */

#include "amendsctl/call.h"

/* `roles`: prints which roles may make which call. */
int roles_run(const struct ctl *c);
