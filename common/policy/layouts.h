/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The cache behind policy_calendar_in(): a policy's calendars laid out in zones, as long as they
 * are among the POLICY_LAYOUTS_MAX used last.
 *
 * Threading: one thread at a time. Ownership: it owns the calendars that it hands out.
 */

struct policy_layouts;

/* An empty cache. */
struct policy_layouts *layouts_new(void);
/* Ends the cache and all its calendars. NULL is nothing. */
void layouts_free(struct policy_layouts *layouts);
