/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * `amendsctl events`: follows the feed, or reads it page by page.
 *
 * Threading: one thread. Ownership: the line is borrowed for the call.
 */

#include "amendsctl/call.h"

/* Both return the exit code. */
int events_run_watch(const struct ctl *c) AM_MUSTCHECK;
int events_run_read(const struct ctl *c) AM_MUSTCHECK;
