/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The old names of time zones. The tz database keeps a table of links ("L Asia/Kolkata
 * Asia/Calcutta") in its text form, tzdata.zi, which systems have beside the zones' files. Some
 * leave out the files of old names; then the table tells which zone is meant.
 *
 * Threading: the caller has a lock. Ownership: none.
 */

/* The name that `name` is a link to, itself perhaps a link; NULL when the table has none. It lives
 * as long as the process. The table is read once, from the folder that TZDIR names. */
const char *zone_link(const char *name);
