/* SPDX-License-Identifier: Apache-2.0 */
#include "calendar/ical_impl.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <libical/ical.h>

#include "base/assert.h"

#define VALUE_BYTES (1u << 14)
#define DURATION_MOST_S (36525LL * CALENDAR_DAY_S)

/* A build of libical can be one that aborts at errors. */
static void set_errors_harmless(void)
{
    icalerror_set_errors_are_fatal(false);
}

void ical_make_errors_harmless(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    AM_ASSERT(pthread_once(&once, set_errors_harmless) == 0);
}

/* -- moments ----------------------------------------------------------------------------------- */

/* "20261225" or "20261225T090000". */
static bool has_form(const char *text, size_t len)
{
    if (len != 8 && len != 15)
        return false;
    for (size_t i = 0; i < len; i++)
        if (i == 8 ? text[i] != 'T' : text[i] < '0' || text[i] > '9')
            return false;
    return true;
}

static bool date_exists(const struct icaltimetype *t)
{
    return t->year >= 1 && t->month >= 1 && t->month <= 12 && t->day >= 1 &&
           t->day <= icaltime_days_in_month(t->month, t->year) && t->hour < 24 && t->minute < 60 &&
           t->second <= 60;
}

static bool read_wall(const char *text, size_t len, struct ical_moment *moment)
{
    char copy[16];
    if (!has_form(text, len))
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    struct icaltimetype t = icaltime_from_string(copy);
    if (!date_exists(&t))
        return false;
    moment->is_date = len == 8;
    moment->wall_s = calendar_date(t.year, t.month, t.day) * (int64_t)CALENDAR_DAY_S;
    if (!moment->is_date)
        moment->wall_s += t.hour * 3600 + t.minute * 60 + t.second;
    return true;
}

/* One DATE or DATE-TIME; what is wrong with it, or NULL. */
static const char *read_moment(struct ical_line_zone z, const char *text, size_t len,
                               struct ical_moment *moment)
{
    bool is_utc = len == 16 && text[15] == 'Z';
    *moment = (struct ical_moment){0};
    if (!read_wall(text, is_utc ? 15 : len, moment))
        return "is no date or time";
    if (is_utc)
        moment->from = zone_get("UTC");
    else if (!moment->is_date && z.named)
        moment->from = z.zone;
    else
        return NULL;
    return moment->from ? NULL : "names a time zone that is not known";
}

bool ical_append(struct ical_moments *list, struct ical_moment moment, struct arena *arena)
{
    if (list->n == list->room) {
        size_t room = list->room ? list->room * 2 : 8;
        struct ical_moment *all = arena_alloc(arena, room * sizeof(*all));
        if (!all)
            return false;
        if (list->n)
            memcpy(all, list->all, list->n * sizeof(*all));
        list->all = all;
        list->room = room;
    }
    list->all[list->n++] = moment;
    return true;
}

static const char *read_moments(const struct ical_event *e, struct ical_moments *list,
                                const struct ical_line *line, struct arena *arena)
{
    const char *error = NULL;
    struct ical_line_zone z = ical_zone_of_line(e->zones, line);
    for (const char *text = line->value; text && !error;) {
        size_t len = strcspn(text, ",");
        struct ical_moment moment;
        error = read_moment(z, text, len, &moment);
        if (!error && !ical_append(list, moment, arena))
            error = "has too many dates";
        text = text[len] ? text + len + 1 : NULL;
    }
    return error;
}

static const char *read_only_moment(const struct ical_event *e, const struct ical_line *line,
                                    bool *has, struct ical_moment *moment)
{
    if (*has)
        return "stands there twice";
    *has = true;
    return read_moment(ical_zone_of_line(e->zones, line), line->value, strlen(line->value), moment);
}

/* -- properties: each gives what is wrong with it, or NULL ------------------------------------- */

static const char *take_start(struct ical_event *e, const struct ical_line *line,
                              struct arena *arena)
{
    (void)arena;
    e->at[ICAL_AT_START] = line->number;
    return read_only_moment(e, line, &e->has_start, &e->start);
}

static const char *take_end(struct ical_event *e, const struct ical_line *line, struct arena *arena)
{
    (void)arena;
    e->at[ICAL_AT_END] = line->number;
    return read_only_moment(e, line, &e->has_end, &e->end);
}

static const char *take_id(struct ical_event *e, const struct ical_line *line, struct arena *arena)
{
    (void)arena;
    char range[32];
    if (ical_param(line, "RANGE", range, sizeof(range)))
        return "has a RANGE: end the rule and write an event with another one";
    return read_only_moment(e, line, &e->has_id, &e->id);
}

static const char *take_duration(struct ical_event *e, const struct ical_line *line,
                                 struct arena *arena)
{
    (void)arena;
    e->at[ICAL_AT_END] = line->number;
    if (e->has_duration)
        return "stands there twice";
    struct icaldurationtype d = icaldurationtype_from_string(line->value);
    if (icaldurationtype_is_bad_duration(d) || d.is_neg)
        return "is no duration";
    e->has_duration = true;
    e->duration_s = ((d.weeks * 7LL + d.days) * 24 + d.hours) * 3600 + d.minutes * 60LL + d.seconds;
    return NULL;
}

static const char *take_rule(struct ical_event *e, const struct ical_line *line,
                             struct arena *arena)
{
    if (e->rule)
        return "stands there twice";
    e->at[ICAL_AT_RULE] = line->number;
    e->rule = arena_strdup(arena, line->value);
    return e->rule ? NULL : "is too long";
}

static const char *take_more(struct ical_event *e, const struct ical_line *line,
                             struct arena *arena)
{
    char kind[16];
    e->at[ICAL_AT_MORE] = line->number;
    if (ical_param(line, "VALUE", kind, sizeof(kind)) && strcasecmp(kind, "PERIOD") == 0)
        return "has periods: write an event for each";
    return read_moments(e, &e->more, line, arena);
}

static const char *take_except(struct ical_event *e, const struct ical_line *line,
                               struct arena *arena)
{
    return read_moments(e, &e->except, line, arena);
}

static const char *take_name(struct ical_event *e, const struct ical_line *line,
                             struct arena *arena)
{
    const char *name = ical_text(line->value, arena);
    if (name && *name)
        e->name = name;
    return name ? NULL : "is not UTF-8";
}

static const char *take_uid(struct ical_event *e, const struct ical_line *line, struct arena *arena)
{
    e->uid = arena_strdup(arena, line->value);
    return e->uid ? NULL : "is too long";
}

static const char *take_status(struct ical_event *e, const struct ical_line *line,
                               struct arena *arena)
{
    (void)arena;
    e->cancelled = strcasecmp(line->value, "CANCELLED") == 0;
    return NULL;
}

/* What the choice of events looks at. What cannot be read there is like nothing. */
static const char *take_categories(struct ical_event *e, const struct ical_line *line,
                                   struct arena *arena)
{
    const char *more = *e->categories ? arena_printf(arena, "%s,%s", e->categories, line->value)
                                      : arena_strdup(arena, line->value);
    e->categories = more && strlen(more) <= VALUE_BYTES ? more : e->categories;
    return NULL;
}

static const char *take_about(struct ical_event *e, const struct ical_line *line,
                              struct arena *arena)
{
    const char *about = arena_strdup(arena, line->value);
    e->about = about ? about : "";
    return NULL;
}

static const char *take_sequence(struct ical_event *e, const struct ical_line *line,
                                 struct arena *arena)
{
    (void)arena;
    e->sequence = strtol(line->value, NULL, 10);
    return NULL;
}

static const char *take_stamp(struct ical_event *e, const struct ical_line *line,
                              struct arena *arena)
{
    const char *stamp = arena_strdup(arena, line->value);
    e->stamp = stamp ? stamp : "";
    return NULL;
}

static const char *take_all_day(struct ical_event *e, const struct ical_line *line,
                                struct arena *arena)
{
    (void)arena;
    e->all_day = strcasecmp(line->value, "TRUE") == 0;
    return NULL;
}

static const char *refuse_exrule(struct ical_event *e, const struct ical_line *line,
                                 struct arena *arena)
{
    (void)e, (void)line, (void)arena;
    return "is not part of RFC 5545 any more";
}

static const struct {
    const char *name;
    const char *(*take)(struct ical_event *, const struct ical_line *, struct arena *);
} PROPERTIES[] = {
    {"DTSTART", take_start},     {"DTEND", take_end},
    {"DURATION", take_duration}, {"RRULE", take_rule},
    {"RDATE", take_more},        {"EXDATE", take_except},
    {"EXRULE", refuse_exrule},   {"RECURRENCE-ID", take_id},
    {"SUMMARY", take_name},      {"STATUS", take_status},
    {"UID", take_uid},           {"CATEGORIES", take_categories},
    {"DESCRIPTION", take_about}, {"SEQUENCE", take_sequence},
    {"DTSTAMP", take_stamp},     {"X-MICROSOFT-CDO-ALLDAYEVENT", take_all_day},
};

void ical_event_begin(struct ical_event *e, const struct ical_zones *zones, unsigned line)
{
    *e = (struct ical_event){.zones = zones,
                             .line = line,
                             .name = "holiday",
                             .categories = "",
                             .about = "",
                             .stamp = ""};
}

void ical_event_error(struct ical_event *e, unsigned line, const char *property, const char *error)
{
    if (e->error)
        return;
    e->error = error;
    e->error_property = property;
    e->error_line = line;
}

/* A long description says nothing about days. */
static const char *too_long(const char *property)
{
    return strcasecmp(property, "DESCRIPTION") == 0 ? NULL : "is too long";
}

void ical_event_line(struct ical_event *e, const struct ical_line *line, struct arena *arena)
{
    for (size_t i = 0; i < sizeof(PROPERTIES) / sizeof(PROPERTIES[0]); i++) {
        if (strcasecmp(line->name, PROPERTIES[i].name) != 0)
            continue;
        const char *error = "is no property: it has no colon";
        if (line->value)
            error = strlen(line->value) > VALUE_BYTES ? too_long(line->name)
                                                      : PROPERTIES[i].take(e, line, arena);
        if (error)
            ical_event_error(e, line->number, PROPERTIES[i].name, error);
    }
}

int32_t ical_day(struct ical_moment m, const struct ical_zones *zones)
{
    if (m.is_date || m.from != zone_get("UTC") || m.wall_s % CALENDAR_DAY_S == 0)
        return ical_date(m.wall_s);
    return ical_date(ical_wall_s(m, zones->own));
}

/* -- the whole event --------------------------------------------------------------------------- */

int64_t ical_wall_s(struct ical_moment m, const struct zone *zone)
{
    if (!m.from || m.from == zone)
        return m.wall_s;
    return zone_wall_s(zone, zone_instant_s(m.from, m.wall_s, ZONE_FIRST));
}

/* The length from DTSTART to DTEND, on the wall of the first. */
static const char *measure_event(struct ical_event *e)
{
    if (e->end.is_date != e->start.is_date || !e->end.from != !e->start.from)
        return "and DTSTART are not of the same kind";
    int64_t end_s = e->start.from ? ical_wall_s(e->end, e->start.from) : e->end.wall_s;
    e->duration_s = end_s - e->start.wall_s;
    return NULL;
}

/* The day of every moment of a series of DATEs; a series of times has times only. */
static void check_more(struct ical_event *e)
{
    for (size_t i = 0; i < e->more.n; i++) {
        struct ical_moment *m = &e->more.all[i];
        if (e->start.is_date && !m->is_date)
            *m = (struct ical_moment){.is_date = true,
                                      .wall_s = ical_day(*m, e->zones) * (int64_t)CALENDAR_DAY_S};
        else if (m->is_date != e->start.is_date)
            ical_event_error(e, e->at[ICAL_AT_MORE], "RDATE",
                             "and DTSTART are not of the same kind");
    }
}

static bool is_midnight(struct ical_moment m)
{
    return m.wall_s % CALENDAR_DAY_S == 0;
}

/* Outlook writes an event of whole days as times, from midnight to midnight where its author is. */
static void make_all_day(struct ical_event *e)
{
    struct ical_moment *ends[] = {&e->start, &e->end, &e->id};
    if (!e->all_day || !e->has_start || e->start.is_date)
        return;
    if (e->start.from != zone_get("UTC") && !is_midnight(e->start))
        return;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        *ends[i] = (struct ical_moment){
            .is_date = true, .wall_s = ical_day(*ends[i], e->zones) * (int64_t)CALENDAR_DAY_S};
}

static const char *measure(struct ical_event *e)
{
    const char *error = NULL;
    if (e->has_end)
        error = measure_event(e);
    else if (!e->has_duration && e->start.is_date)
        e->duration_s = CALENDAR_DAY_S;
    if (!error && e->start.is_date && e->has_end && e->duration_s == 0)
        e->duration_s = CALENDAR_DAY_S;
    if (!error && e->start.is_date && e->duration_s % CALENDAR_DAY_S != 0)
        error = "is not of whole days, as DTSTART is";
    if (!error && e->duration_s <= 0)
        error = e->duration_s == 0 ? "gives the event no length" : "is before DTSTART";
    if (!error && e->duration_s > DURATION_MOST_S)
        error = "is further from DTSTART than a century";
    return error;
}

void ical_event_end(struct ical_event *e, unsigned line)
{
    const char *property = e->has_duration ? "DURATION" : "DTEND";
    e->end_line = line;
    if (!e->has_start)
        ical_event_error(e, line, "DTSTART", "is missing");
    else if (e->has_end && e->has_duration)
        ical_event_error(e, e->at[ICAL_AT_END], "DTEND", "stands beside a DURATION");
    else if (!e->has_end && !e->has_duration && !e->start.is_date && !e->all_day)
        ical_event_error(e, line, "DTEND",
                         "is missing, and so is a DURATION: the event takes no time");
    make_all_day(e);
    check_more(e);
    const char *error = e->error ? NULL : measure(e);
    if (error)
        ical_event_error(e, e->at[ICAL_AT_END] ? e->at[ICAL_AT_END] : line, property, error);
}
