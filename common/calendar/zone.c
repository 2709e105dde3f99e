/* SPDX-License-Identifier: Apache-2.0 */
#include "calendar/zone.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "base/assert.h"
#include "calendar/zone_file.h"
#include "calendar/zone_links.h"

/* The years of the table have some 200 transitions where clocks move twice a year, 400 where they
 * are moved for Ramadan too. */
#define TRANSITIONS_MAX 4096
#define NAME_MAX_BYTES 64
#define LINKS_MAX 4 /* from an old name over older ones to the zone */

/* Where in the table to begin: an entry for each some 24 days, 2^21 seconds. */
#define HINT_SHIFT 21
#define HINTS ((size_t)((CALENDAR_UNTIL_S - CALENDAR_FROM_S) >> HINT_SHIFT) + 1)
#define OFFSET_MOST_S (2 * 86400) /* more than any; RFC 8536 has 26 hours at most */

/* Offset i holds from transition i - 1 up to transition i. Both walls around a transition grow from
 * one transition to the next (zone_load checks it), so wall times are searched like instants. */
struct zone {
    char name[NAME_MAX_BYTES];
    size_t n;
    int64_t *at_s;     /* n transitions, ascending */
    int32_t *offset_s; /* n + 1 */
    uint16_t hints[HINTS];
};

/* -- names ------------------------------------------------------------------------------------- */

/* Every part of a tz name begins with a capital; the files beside the zones ("posixrules",
 * "zone.tab") and the copies in other time scales ("right/Europe/London") do not. */
static bool is_name(const char *name)
{
    bool begins = true;
    size_t n = 0;
    for (; name[n]; n++) {
        char c = name[n];
        bool other = g_ascii_isalnum(c) || c == '_' || c == '-' || c == '+';
        if (begins ? !g_ascii_isupper(c) : !other && c != '/')
            return false;
        begins = c == '/';
    }
    return !begins && n < NAME_MAX_BYTES;
}

/* -- the table --------------------------------------------------------------------------------- */

static int interval_at(GTimeZone *tz, int64_t at_s)
{
    return g_time_zone_find_interval(tz, G_TIME_TYPE_UNIVERSAL, at_s);
}

/* The first instant after `from_s` that lies in another interval, at `until_s` at the latest. */
static int64_t interval_end(GTimeZone *tz, int64_t from_s, int64_t until_s)
{
    int here = interval_at(tz, from_s);
    while (until_s - from_s > 1) {
        int64_t middle = from_s + (until_s - from_s) / 2;
        if (interval_at(tz, middle) == here)
            from_s = middle;
        else
            until_s = middle;
    }
    return until_s;
}

/* False when the walls do not grow: no zone of the tz database is like that. */
static bool add_transition(struct zone *z, int64_t at_s, int32_t offset_s)
{
    int32_t before_s = z->offset_s[z->n];
    if (z->n == TRANSITIONS_MAX)
        return false;
    if (z->n > 0) {
        int64_t last_s = z->at_s[z->n - 1];
        if (at_s + before_s <= last_s + z->offset_s[z->n - 1] ||
            at_s + offset_s <= last_s + before_s)
            return false;
    }
    z->at_s[z->n++] = at_s;
    z->offset_s[z->n] = offset_s;
    return true;
}

/* The transitions of `tz` within a stretch of time, with the one that leads into it. */
static bool read_transitions(struct zone *z, GTimeZone *tz, int64_t from_s, int64_t until_s)
{
    bool good = true;
    for (int64_t at_s = from_s; good && at_s < until_s; at_s = interval_end(tz, at_s, until_s)) {
        int32_t offset_s = g_time_zone_get_offset(tz, interval_at(tz, at_s));
        /* Intervals may differ in nothing but their names. */
        if (offset_s != z->offset_s[z->n])
            good = add_transition(z, at_s, offset_s);
    }
    return good;
}

/* All of them; `later` is for the time from `turn_s` on. */
static bool read_all(struct zone *z, GTimeZone *tz, GTimeZone *later, int64_t turn_s)
{
    turn_s = turn_s < CALENDAR_FROM_S ? CALENDAR_FROM_S : turn_s;
    turn_s = turn_s > CALENDAR_UNTIL_S ? CALENDAR_UNTIL_S : turn_s;
    GTimeZone *first = turn_s > CALENDAR_FROM_S ? tz : later;
    z->offset_s[0] = g_time_zone_get_offset(first, interval_at(first, CALENDAR_FROM_S));
    return read_transitions(z, tz, CALENDAR_FROM_S, turn_s) &&
           read_transitions(z, later, turn_s, CALENDAR_UNTIL_S);
}

/* Transitions that were passed, on any wall, when a hint's stretch begins. */
static void set_hints(struct zone *z)
{
    size_t passed = 0;
    for (size_t i = 0; i < HINTS; i++) {
        int64_t begin_s = CALENDAR_FROM_S + ((int64_t)i << HINT_SHIFT);
        while (passed < z->n && z->at_s[passed] + OFFSET_MOST_S <= begin_s)
            passed++;
        z->hints[i] = (uint16_t)passed;
    }
}

static void free_zone(struct zone *z)
{
    free(z->at_s);
    free(z->offset_s);
    free(z);
}

static void *shrunk(void *block, size_t bytes)
{
    void *smaller = realloc(block, bytes ? bytes : 1);
    if (smaller)
        block = smaller;
    return block;
}

static struct zone *zone_load(const char *name, GTimeZone *tz, GTimeZone *later, int64_t turn_s)
{
    struct zone *z = calloc(1, sizeof(*z));
    AM_ASSERT(z);
    z->at_s = calloc(TRANSITIONS_MAX, sizeof(*z->at_s));
    z->offset_s = calloc(TRANSITIONS_MAX + 1, sizeof(*z->offset_s));
    AM_ASSERT(z->at_s && z->offset_s);
    (void)snprintf(z->name, sizeof(z->name), "%s", name);
    if (!read_all(z, tz, later, turn_s)) {
        free_zone(z);
        return NULL;
    }
    set_hints(z);
    z->at_s = shrunk(z->at_s, z->n * sizeof(*z->at_s));
    z->offset_s = shrunk(z->offset_s, (z->n + 1) * sizeof(*z->offset_s));
    return z;
}

const struct zone *zone_of_transitions(const char *name, const int64_t *at_s,
                                       const int32_t *offset_s, size_t n, struct arena *arena)
{
    struct zone *z = n < TRANSITIONS_MAX ? arena_alloc(arena, sizeof(*z)) : NULL;
    if (!z)
        return NULL;
    *z = (struct zone){.at_s = arena_alloc(arena, (n + 1) * sizeof(*at_s)),
                       .offset_s = arena_alloc(arena, (n + 1) * sizeof(*offset_s))};
    if (!z->at_s || !z->offset_s)
        return NULL;
    (void)snprintf(z->name, sizeof(z->name), "%s", name);
    z->offset_s[0] = offset_s[0];
    for (size_t i = 0; i < n; i++)
        if (!add_transition(z, at_s[i], offset_s[i + 1]))
            return NULL;
    set_hints(z);
    return z;
}

/* -- the zones of the process ------------------------------------------------------------------ */

static pthread_mutex_t known_lock = PTHREAD_MUTEX_INITIALIZER;
static GHashTable *known; /* name -> struct zone */

/* The name under which the system has the zone: its own, or the one that it is an old name of. NULL
 * when there is no file of any. */
static const char *file_name(const char *name, struct zone_file *file)
{
    for (int links = 0; name && is_name(name) && links <= LINKS_MAX; links++) {
        if (zone_file_read(name, file))
            return name;
        name = zone_link(name);
    }
    return NULL;
}

/* GLib also takes offsets and POSIX rules ("UTC+1", "Z") for names: a zone is what has a file. It
 * keeps the name it was asked for by, which is the one that is stored. */
static struct zone *load_known(const char *name)
{
    struct zone_file file;
    const char *present = file_name(name, &file);
    GTimeZone *tz = present ? g_time_zone_new_identifier(present) : NULL;
    if (!tz)
        return NULL;
    GTimeZone *later = *file.rule ? g_time_zone_new_identifier(file.rule) : NULL;
    struct zone *z = zone_load(name, tz, later ? later : tz, file.last_s);
    if (later)
        g_time_zone_unref(later);
    g_time_zone_unref(tz);
    if (z)
        g_hash_table_insert(known, z->name, z);
    return z;
}

const struct zone *zone_get(const char *name)
{
    if (!is_name(name))
        return NULL;
    AM_ASSERT(pthread_mutex_lock(&known_lock) == 0);
    if (!known)
        known = g_hash_table_new(g_str_hash, g_str_equal);
    struct zone *z = g_hash_table_lookup(known, name);
    if (!z)
        z = load_known(name);
    AM_ASSERT(pthread_mutex_unlock(&known_lock) == 0);
    return z;
}

const char *zone_name(const struct zone *z)
{
    return z->name;
}

/* -- instants and walls ------------------------------------------------------------------------ */

static size_t hint(const struct zone *z, int64_t at_s)
{
    if (at_s < CALENDAR_FROM_S)
        return 0;
    return z->hints[at_s < CALENDAR_UNTIL_S ? (size_t)((at_s - CALENDAR_FROM_S) >> HINT_SHIFT)
                                            : HINTS - 1];
}

/* How many transitions are at or before the instant: the index of its offset. */
static size_t offset_index(const struct zone *z, int64_t at_s)
{
    size_t i = hint(z, at_s);
    while (i < z->n && z->at_s[i] <= at_s)
        i++;
    return i;
}

int32_t zone_offset_s(const struct zone *z, int64_t at_s)
{
    return z->offset_s[offset_index(z, at_s)];
}

int64_t zone_next_transition_s(const struct zone *z, int64_t at_s)
{
    size_t next = offset_index(z, at_s);
    return next < z->n ? z->at_s[next] : INT64_MAX;
}

/* How many transitions a wall has passed: at each, the clock stood at `at_s` + the offset that
 * `side` (0 = before it, 1 = after it) says. */
static size_t passed_on_wall(const struct zone *z, int64_t wall_s, size_t side)
{
    size_t i = hint(z, wall_s);
    while (i < z->n && z->at_s[i] + z->offset_s[i + side] <= wall_s)
        i++;
    return i;
}

int64_t zone_instant_s(const struct zone *z, int64_t wall_s, enum zone_occurrence occurrence)
{
    /* By the wall after each transition, the last offset under which the clock can have shown it.
     * In a gap that is the offset before the gap, which is what moves it forward. */
    size_t second = passed_on_wall(z, wall_s, 1);
    if (occurrence == ZONE_SECOND)
        return wall_s - z->offset_s[second];
    /* By the wall before each, the first such offset, or in a gap the one after it. */
    size_t first = passed_on_wall(z, wall_s, 0);
    return wall_s - z->offset_s[first < second ? first : second];
}
