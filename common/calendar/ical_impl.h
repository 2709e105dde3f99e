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

struct ical_event {
    unsigned line;
    bool has_start, has_end, has_duration, has_id, cancelled;
    struct ical_moment start, end, id; /* id: of the occurrence that this event is in place of */
    int64_t duration_s;
    const char *rule; /* NULL: none */
    const char *uid, *name;
    struct ical_moments more, except; /* RDATE, EXDATE */
    unsigned error_line;
    const char *error_property, *error; /* the first mistake; NULL = none */
};

/* To be called before any other function of libical: some builds of it abort at errors. */
void ical_make_errors_harmless(void);

/* Notes what is wrong with a property of an event; the first note stays. */
void ical_event_error(struct ical_event *e, unsigned line, const char *property, const char *error);
/* Takes one property of the event; those that say nothing about its dates are left out. */
void ical_event_line(struct ical_event *e, const struct ical_line *line, struct arena *arena);
/* Checks that what was taken makes an event, once its last line is read, and sets its duration. */
void ical_event_end(struct ical_event *e);
/* False when the arena is full. */
bool ical_append(struct ical_moments *list, struct ical_moment moment,
                 struct arena *arena) AM_MUSTCHECK;
/* What the wall of `zone` shows at that moment; a floating one is on every wall. */
int64_t ical_wall_s(struct ical_moment m, const struct zone *zone);

/* The date of a wall time. */
int32_t ical_date(int64_t wall_s);

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
    size_t turns; /* the effort that rules took */
};

/* Adds the holidays of an event without errors. NULL, or what is wrong with its rule. */
const char *ical_expand(struct ical_found *found, const struct ical_event *e);
