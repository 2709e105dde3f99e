/* SPDX-License-Identifier: Apache-2.0 */

/* The zones that a text names: of the tz database, of Windows, or of its own (VTIMEZONE). */

#include "calendar/ical_impl.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TZID_BYTES 256
#define TRANSITIONS_MOST 2000 /* of one VTIMEZONE; twice a year are 200 */
#define OFFSET_MOST_S (26 * 3600)

/* -- by name ----------------------------------------------------------------------------------- */

/* Programs put a path of their own before a zone's name, which has three parts at most. */
static const struct zone *tz_name(const char *tzid)
{
    const struct zone *longest = NULL;
    const char *part = tzid + strlen(tzid);
    for (int parts = 0; parts < 3 && part > tzid; parts++) {
        do
            part--;
        while (part > tzid && part[-1] != '/');
        const struct zone *found = zone_get(part);
        longest = found ? found : longest;
    }
    return longest;
}

static const struct zone *windows_name(const char *tzid)
{
    for (const struct ical_windows_zone *w = ical_windows_zones; w->name; w++)
        if (strcasecmp(w->name, tzid) == 0)
            return zone_get(w->zone);
    return NULL;
}

const struct zone *ical_zone_find(const struct ical_zones *zones, const char *tzid)
{
    const struct zone *found = tz_name(tzid);
    if (!found)
        found = windows_name(tzid);
    for (size_t i = 0; !found && i < zones->n; i++)
        if (zones->all[i].id && strcmp(zones->all[i].id, tzid) == 0)
            found = zones->all[i].zone;
    return found;
}

struct ical_line_zone ical_zone_of_line(const struct ical_zones *zones,
                                        const struct ical_line *line)
{
    char tzid[TZID_BYTES] = "";
    struct ical_line_zone z = {.named = ical_param(line, "TZID", tzid, sizeof(tzid))};
    if (z.named)
        z.zone = ical_zone_find(zones, tzid);
    return z;
}

/* -- a VTIMEZONE ------------------------------------------------------------------------------- */

/* "+0530", "-001521". */
static bool read_offset(const char *text, int32_t *offset_s)
{
    size_t len = strlen(text);
    if ((len != 5 && len != 7) || strchr("+-", text[0]) == NULL ||
        strspn(text + 1, "0123456789") != len - 1)
        return false;
    long digits = strtol(text + 1, NULL, 10);
    if (len == 5)
        digits *= 100;
    int32_t s = (int32_t)(digits / 10000 * 3600 + digits / 100 % 100 * 60 + digits % 100);
    *offset_s = text[0] == '-' ? -s : s;
    return s <= OFFSET_MOST_S;
}

static void add_transition(struct ical_zone_draft *draft, int64_t wall_s)
{
    int64_t at_s = wall_s - draft->from_s;
    if (at_s < CALENDAR_FROM_S || at_s >= CALENDAR_UNTIL_S)
        return;
    if (draft->n == TRANSITIONS_MOST)
        draft->bad = true;
    else
        draft->all[draft->n++] = (struct ical_transition){at_s, draft->from_s, draft->to_s};
}

static const char *take_transition(void *ctx, int64_t wall_s)
{
    struct ical_zone_draft *draft = ctx;
    add_transition(draft, wall_s);
    return draft->bad ? "has too many changes" : NULL;
}

/* UNTIL is in UTC, and the walls are those before each change. */
static bool walk_rule(struct ical_zone_draft *draft, struct ical_event *e, size_t *turns)
{
    struct ical_rule rule;
    if (ical_rule_read(&rule, e, zone_get("UTC")))
        return false;
    if (rule.until_s < INT64_MAX)
        rule.until_s += draft->from_s;
    return ical_rule_walk(&rule, e, turns, take_transition, draft) == NULL;
}

static void end_change(struct ical_zone_draft *draft, size_t *turns)
{
    struct ical_event *e = &draft->change;
    if (!draft->has_from || !draft->has_to || !e->has_start || e->start.is_date || e->start.from) {
        draft->bad = true;
        return;
    }
    add_transition(draft, e->start.wall_s);
    for (size_t i = 0; i < e->more.n; i++)
        if (e->more.all[i].is_date || e->more.all[i].from)
            draft->bad = true;
        else
            add_transition(draft, e->more.all[i].wall_s);
    draft->bad = draft->bad || (e->rule && !walk_rule(draft, e, turns));
    if (!draft->has_change || draft->last_wall_s < e->start.wall_s) {
        draft->has_change = true;
        draft->last_wall_s = e->start.wall_s;
        draft->last_s = draft->to_s;
    }
}

static int by_instant(const void *a, const void *b)
{
    const struct ical_transition *left = a, *right = b;
    return (left->at_s > right->at_s) - (left->at_s < right->at_s);
}

/* The zone of the changes; NULL when they make none. */
static const struct zone *make_zone(struct ical_zone_draft *draft, const char *name,
                                    struct arena *arena)
{
    int64_t *at_s = arena_alloc(arena, (draft->n + 1) * sizeof(*at_s));
    int32_t *offset_s = arena_alloc(arena, (draft->n + 1) * sizeof(*offset_s));
    size_t n = 0;
    if (!at_s || !offset_s || draft->bad || !draft->has_change)
        return NULL;
    qsort(draft->all, draft->n, sizeof(*draft->all), by_instant);
    offset_s[0] = draft->n > 0 ? draft->all[0].from_s : draft->last_s;
    for (size_t i = 0; i < draft->n; i++) {
        if (draft->all[i].to_s == offset_s[n])
            continue;
        at_s[n] = draft->all[i].at_s;
        offset_s[++n] = draft->all[i].to_s;
    }
    return zone_of_transitions(name, at_s, offset_s, n, arena);
}

/* -- its lines --------------------------------------------------------------------------------- */

void ical_zone_begin(struct ical_zones *zones, struct arena *arena)
{
    struct ical_zone_draft *draft = &zones->draft;
    struct ical_transition *all = draft->all;
    if (!all)
        all = arena_alloc(arena, TRANSITIONS_MOST * sizeof(*all));
    *draft = (struct ical_zone_draft){.all = all, .bad = !all};
}

void ical_zone_line(struct ical_zones *zones, const struct ical_line *line, struct arena *arena)
{
    struct ical_zone_draft *draft = &zones->draft;
    if (!line->value)
        return;
    if (strcasecmp(line->name, "TZID") == 0)
        draft->id = arena_strdup(arena, line->value);
    else if (strcasecmp(line->name, "X-LIC-LOCATION") == 0)
        draft->known = tz_name(line->value);
}

void ical_zone_begin_change(struct ical_zones *zones)
{
    struct ical_zone_draft *draft = &zones->draft;
    ical_event_begin(&draft->change, zones, 0);
    draft->has_from = draft->has_to = false;
}

void ical_zone_change_line(struct ical_zones *zones, const struct ical_line *line,
                           struct arena *arena)
{
    struct ical_zone_draft *draft = &zones->draft;
    if (line->value && strcasecmp(line->name, "TZOFFSETFROM") == 0)
        draft->has_from = read_offset(line->value, &draft->from_s);
    else if (line->value && strcasecmp(line->name, "TZOFFSETTO") == 0)
        draft->has_to = read_offset(line->value, &draft->to_s);
    else
        ical_event_line(&draft->change, line, arena);
    draft->bad = draft->bad || draft->change.error;
}

void ical_zone_end_change(struct ical_zones *zones)
{
    end_change(&zones->draft, &zones->turns);
}

void ical_zone_end(struct ical_zones *zones, struct arena *arena)
{
    struct ical_zone_draft *draft = &zones->draft;
    if (!draft->id || zones->n == ICAL_ZONES_MAX)
        return;
    const struct zone *zone = draft->known ? draft->known : make_zone(draft, draft->id, arena);
    zones->all[zones->n++] = (struct ical_zone){draft->id, zone};
}
