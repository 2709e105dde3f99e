/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The parts of the iCalendar reader: lines, events, and what an event's dates come to. Lines are
 * taken apart here and not by libical, which keeps no line numbers and silently drops what it
 * cannot read; values and rules are libical's.
 *
 * Threading: one thread a text. Ownership: everything lies in the scratch arena.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "calendar/calendar.h"
#include "calendar/ical.h"

#define ICAL_NAME_BYTES 200 /* of a holiday; longer ones are cut */

/* How much work a text may cause: the days looked at, times the conditions of the rule, and the
 * comparisons of an occurrence with exceptions, which count more. It is done in far less than a
 * second. */
#define ICAL_TURNS_MAX 50000000
#define ICAL_EXCEPT_TURNS 4
#define ICAL_TOO_LONG "takes, with those before it, too long to work out"

/* -- lines (ical_lines.c) ---------------------------------------------------------------------- */

struct ical_reader {
    const char *next;
    unsigned next_number;
    char *buffer; /* as large as the text */
};

/* NAME;params:value, each NUL-terminated, in the reader's buffer until the next line is read. */
struct ical_line {
    unsigned number; /* of its first physical line, from 1 */
    const char *name, *params, *value;
};

/* Reads the next line that is not empty and undoes its folds; false at the end of the text. The
 * value of a line without a colon is NULL. */
bool ical_next_line(struct ical_reader *reader, struct ical_line *line);
/* Copies a parameter's value without its quotes. False when there is none, or it is too long. */
bool ical_param(const struct ical_line *line, const char *name, char *value, size_t room);
/* A TEXT value as a name: escapes undone, control characters made spaces, cut. NULL when it is not
 * UTF-8 or the arena is full. */
const char *ical_text(const char *value, struct arena *arena);

/* -- zones (ical_zone.c) ----------------------------------------------------------------------- */

#define ICAL_ZONES_MAX 64

/* A name of Windows and the zone of the tz database; the last one has NULL. Made by the build. */
struct ical_windows_zone {
    const char *name, *zone;
};
extern const struct ical_windows_zone ical_windows_zones[];

struct ical_zones;

/* The zone that a line's times are in; `named` without one: it is not known. */
struct ical_line_zone {
    bool named;
    const struct zone *zone;
};
struct ical_line_zone ical_zone_of_line(const struct ical_zones *zones,
                                        const struct ical_line *line);
/* The zone of a TZID; NULL when it is not known. */
const struct zone *ical_zone_find(const struct ical_zones *zones, const char *tzid);

/* The lines of a VTIMEZONE, and within it those of each STANDARD or DAYLIGHT. One that makes no
 * sense is no zone. */
void ical_zone_begin(struct ical_zones *zones, struct arena *arena);
void ical_zone_line(struct ical_zones *zones, const struct ical_line *line, struct arena *arena);
void ical_zone_begin_change(struct ical_zones *zones);
void ical_zone_change_line(struct ical_zones *zones, const struct ical_line *line,
                           struct arena *arena);
void ical_zone_end_change(struct ical_zones *zones);
void ical_zone_end(struct ical_zones *zones, struct arena *arena);

/* -- events (ical_event.c) --------------------------------------------------------------------- */

/* A DATE or DATE-TIME. `from` is the zone whose wall it is on; NULL: it floats. */
struct ical_moment {
    int64_t wall_s;
    const struct zone *from;
    bool is_date;
};
struct ical_moments {
    struct ical_moment *all;
    size_t n, room;
};

/* The properties whose lines are kept, for problems that are found at the event's end. */
enum ical_at { ICAL_AT_START, ICAL_AT_END, ICAL_AT_RULE, ICAL_AT_MORE, ICAL_AT_COUNT };

struct ical_event {
    const struct ical_zones *zones;
    unsigned line, end_line;
    unsigned at[ICAL_AT_COUNT]; /* 0: it has none */
    bool has_start, has_end, has_duration, has_id, cancelled;
    bool all_day;                      /* by Outlook's mark */
    bool superseded;                   /* there is a newer version of it */
    bool left_out;                     /* by the choice */
    struct ical_moment start, end, id; /* id: of the occurrence that this event is in place of */
    int64_t duration_s;
    const char *rule; /* NULL: none */
    const char *uid, *name;
    const char *categories, *about; /* CATEGORIES as they stand, parted by commas; DESCRIPTION */
    long sequence;
    const char *stamp;                /* DTSTAMP, "" without one; in UTC, so that texts compare */
    struct ical_moments more, except; /* RDATE, EXDATE */
    unsigned error_line;
    const char *error_property, *error; /* the first mistake; NULL = none */
};

/* Lies in struct ical_zones: a VTIMEZONE while it is read. */
struct ical_transition {
    int64_t at_s;
    int32_t from_s, to_s;
};
struct ical_zone_draft {
    const char *id;
    const struct zone *known; /* named by X-LIC-LOCATION */
    struct ical_transition *all;
    size_t n;
    struct ical_event change; /* the STANDARD or DAYLIGHT being read */
    int32_t from_s, to_s;
    bool has_from, has_to, has_change, bad;
    int64_t last_wall_s; /* of the change that began last, and the offset that it leads to */
    int32_t last_s;
};
struct ical_zone {
    const char *id;
    const struct zone *zone; /* NULL: it makes no sense */
};
struct ical_zones {
    const struct zone *own; /* of X-WR-TIMEZONE; else the calendar's */
    struct ical_zone_draft draft;
    struct ical_zone all[ICAL_ZONES_MAX];
    size_t n;
    size_t turns; /* the effort that their rules took */
};

/* To be called before any other function of libical: some builds of it abort at errors. */
void ical_make_errors_harmless(void);

/* An event of which no property was read. */
void ical_event_begin(struct ical_event *e, const struct ical_zones *zones, unsigned line);
/* Notes what is wrong with a property of an event; the first note stays. */
void ical_event_error(struct ical_event *e, unsigned line, const char *property, const char *error);
/* Takes one property of the event; those that say nothing about its dates are left out. */
void ical_event_line(struct ical_event *e, const struct ical_line *line, struct arena *arena);
/* Checks that what was taken makes an event, once its last line is read, and sets its duration. */
void ical_event_end(struct ical_event *e, unsigned line);
/* False when the arena is full. */
bool ical_append(struct ical_moments *list, struct ical_moment moment,
                 struct arena *arena) AM_MUSTCHECK;
/* What the wall of `zone` shows at that moment; a floating one is on every wall. */
int64_t ical_wall_s(struct ical_moment m, const struct zone *zone);

/* The date of a wall time. */
int32_t ical_date(int64_t wall_s);
/* The day that a moment means among DATEs: the date it shows, or for a time in UTC the date that
 * this is in the text's own zone. Midnight UTC means the day that it names. */
int32_t ical_day(struct ical_moment m, const struct ical_zones *zones);

/* -- which events count (ical_versions.c) ------------------------------------------------------ */

/* Marks the versions that have newer ones, takes away the occurrences that an event stands in place
 * of, and marks what the choice leaves out; `used` gets, for each of its words, whether it meant
 * an event (first those of `only`). */
void ical_choose_events(struct ical_event *events, size_t n, const struct ical_choice *choice,
                        bool *used, struct arena *arena);

/* -- rules (ical_rule.c, ical_rule_read.c) ----------------------------------------------------- */

#define ICAL_LIST_MAX 386

/* One BY part of a rule: the numbers, and for BYDAY their weekdays, 0 = Monday. */
struct ical_list {
    size_t n;
    int16_t number[ICAL_LIST_MAX]; /* of a BYDAY: 0 = every one */
    int8_t weekday[ICAL_LIST_MAX];
};

enum ical_unit { ICAL_DAY, ICAL_WEEK, ICAL_MONTH, ICAL_YEAR };

struct ical_rule {
    enum ical_unit unit;
    int32_t interval, count; /* count 0: no end */
    int64_t until_s;         /* on the wall of the event's start; INT64_MAX: no end */
    int32_t week_start;      /* 0 = Monday */
    struct ical_list months, weeks, year_days, month_days, days, positions;
};

/* Reads the rule of an event; floating times are on the wall of `zone`. NULL, or what is wrong with
 * the rule. */
const char *ical_rule_read(struct ical_rule *rule, const struct ical_event *e,
                           const struct zone *zone);

/* True when the rule says "every year" and nothing else, on the month and day of the event's
 * start. */
bool ical_rule_is_every_year(const struct ical_rule *rule, const struct ical_event *e);

/* Calls `take`, in order, for each occurrence that the rule gives after the event's start, up to
 * 2099; occurrences before 2000 may be left out. `turns` counts the effort. NULL, or an error: one
 * that `take` returned, or that it took too long. */
const char *ical_rule_walk(const struct ical_rule *rule, const struct ical_event *e, size_t *turns,
                           const char *(*take)(void *ctx, int64_t wall_s), void *ctx);

/* -- holidays (ical_expand.c) ------------------------------------------------------------------ */

struct ical_found {
    const struct zone *zone;
    struct calendar_holiday *all; /* CALENDAR_HOLIDAYS_MAX */
    size_t n;
    size_t turns;  /* the effort that rules took */
    bool too_much; /* too many days or too much effort */
};

/* Adds the holidays of an event without errors. NULL, or what is wrong with its rule; or the text
 * is `too_much`. */
const char *ical_expand(struct ical_found *found, const struct ical_event *e);
