/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * `amendsctl today`: what is overdue and what is due until midnight, in the reader's time zone, and
 * for each the command to type next.
 *
 * Threading: one thread. Ownership: the line is borrowed for the call.
 */

#include "amends/v1/work_service.pb-c.h"
#include "amendsctl/call.h"

/* Returns the exit code. */
int today_run(const struct ctl *c) AM_MUSTCHECK;

/* What is owed, for people: "promise to call back". Pure. */
const char *today_what(const Amends__V1__WorkItem *item);
/* The command that does it. Pure. */
const char *today_command(const Amends__V1__WorkItem *item, struct arena *arena);
/* When it is due, seen from `now_s`: "09:00", of another day "28 Nov 09:00", of another year
 * "2025-11-28 09:00"; and the distance where the view asks for it and it is less than a day. In the
 * process's time zone. */
const char *today_when(const Amends__V1__WorkItem *item, const struct view *view,
                       struct arena *arena);
/* The midnight that comes next, in the process's time zone. */
int64_t today_end_s(int64_t now_s);
