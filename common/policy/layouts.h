/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The calendars of a policy laid out in zones, kept for as long as they are among the
 * POLICY_LAYOUTS_MAX used last: behind policy_calendar_in().
 *
 * Threading: one thread at a time. Ownership: it owns the calendars it hands out.
 */

struct policy_layouts;

struct policy_layouts *layouts_new(void);
void layouts_free(struct policy_layouts *layouts); /* NULL is nothing */
