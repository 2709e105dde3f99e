/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Commands that list: the first page, or with --all every page. A list that goes on says so, and an
 * empty one too.
 *
 * Threading: one thread. Ownership: the line is borrowed for the call.
 */

#include "amendsctl/call.h"

/* Returns the exit code. */
int list_run(const struct ctl *c) AM_MUSTCHECK;
