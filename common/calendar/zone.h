/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Time zones of the system's tz database, by their IANA names, as tables of transitions between the
 * years 2000 and 2100 (CALENDAR_FROM_S .. CALENDAR_UNTIL_S). A wall time is a number of seconds
 * since 1970-01-01 00:00 on the wall, whatever the zone: 86,400 a day.
 *
 * Threading: any thread; zone_get() takes a lock, a zone never changes. Ownership: zones belong to
 * the process and live as long as it does; there are no more of them than the tz database has
 * names.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

#define CALENDAR_FROM_S 946684800LL   /* 2000-01-01T00:00:00Z */
#define CALENDAR_UNTIL_S 4102444800LL /* 2100-01-01T00:00:00Z */

struct zone;

/* The zone of that name ("Europe/London", "UTC"), or NULL when the tz database has none: an offset
 * such as "+02:00", a file's path or an empty name are no zones. Old names ("Asia/Calcutta") are
 * zones too, even where the system leaves out their files (calendar/zone_links.h). */
const struct zone *zone_get(const char *name);
const char *zone_name(const struct zone *z);

/* Seconds east of UTC at an instant. Before the table begins and after it ends, the offset is the
 * one at that end. */
int32_t zone_offset_s(const struct zone *z, int64_t at_s);
/* The first transition after the instant, or INT64_MAX: when the offset changes next. */
int64_t zone_next_transition_s(const struct zone *z, int64_t at_s);

/* Which of its two occurrences an ambiguous wall time means. */
enum zone_occurrence { ZONE_FIRST, ZONE_SECOND };
/* The instant of a wall time. A wall time that does not exist moves forward by the gap: 02:30 in a
 * gap from 02:00 to 03:00 is taken for 03:30. Of one that exists twice, the occurrence asked for is
 * given. */
int64_t zone_instant_s(const struct zone *z, int64_t wall_s, enum zone_occurrence occurrence);
/* What a clock on the wall shows at an instant. */
static inline int64_t zone_wall_s(const struct zone *z, int64_t at_s)
{
    return at_s + zone_offset_s(z, at_s);
}

/* A zone of its own, which is no zone of the process: in `arena`, with `n` transitions in ascending
 * order, offset_s[0] before the first and offset_s[i + 1] from the i-th on. NULL when its walls do
 * not grow from one transition to the next, or when the arena is full. */
const struct zone *zone_of_transitions(const char *name, const int64_t *at_s,
                                       const int32_t *offset_s, size_t n, struct arena *arena);
