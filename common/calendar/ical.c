/* SPDX-License-Identifier: Apache-2.0 */
#include "calendar/ical.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/assert.h"
#include "calendar/ical_impl.h"

#define SCRATCH_BYTES (24u << 20)
#define DEPTH_MAX 8
#define COMPONENT_BYTES 32

struct parse {
    const struct zone *zone;
    const struct ical_choice *choice;
    const char *field;
    struct fault *fault;
    bool failed;
    bool strict; /* an odd event is a mistake */
    struct arena scratch;
    char stack[DEPTH_MAX][COMPONENT_BYTES]; /* open components, from the outermost */
    size_t depth;
    bool in_calendar; /* one was begun */
    bool zones_only;  /* the first reading, for the zones that events name before or after it */
    bool cancels;     /* METHOD:CANCEL */
    struct ical_zones zones;
    struct ical_event *events;
    size_t n_events;
    struct ical_note notes[ICAL_NOTES_MAX];
    size_t n_notes, n_notes_left_out;
};

static void refuse(struct parse *p, unsigned line, const char *what)
{
    fault_violation(p->fault, p->field, "line %u: %s", line, what);
    p->failed = true;
}

static void AM_PRINTF(3, 4) note(struct parse *p, unsigned line, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    const char *text = p->n_notes < ICAL_NOTES_MAX ? arena_vprintf(&p->scratch, fmt, args) : NULL;
    va_end(args);
    if (text)
        p->notes[p->n_notes++] = (struct ical_note){line, text};
    else
        p->n_notes_left_out++;
}

static void refuse_event(struct parse *p, const struct ical_event *e, unsigned line,
                         const char *property, const char *error)
{
    fault_violation(p->fault, p->field, "line %u, event \"%s\": %s %s", line, e->name, property,
                    error);
    p->failed = true;
}

/* An odd event is left out, and the others count. */
static void leave_out(struct parse *p, const struct ical_event *e, unsigned line,
                      const char *property, const char *error)
{
    if (p->strict)
        refuse_event(p, e, line, property, error);
    else
        note(p, line, "event \"%s\" is left out: %s %s", e->name, property, error);
}

/* -- components -------------------------------------------------------------------------------- */

static bool is_at(const struct parse *p, size_t depth, const char *name)
{
    return p->depth >= depth && strcasecmp(p->stack[depth - 1], name) == 0;
}

static bool is_event(const struct parse *p)
{
    return p->depth == 2 && is_at(p, 2, "VEVENT") && !p->zones_only;
}

static bool is_zone(const struct parse *p)
{
    return p->depth >= 2 && is_at(p, 2, "VTIMEZONE") && p->zones_only;
}

/* False when reading is to stop. */
static bool begin_event(struct parse *p, const struct ical_line *line)
{
    if (p->n_events == CALENDAR_HOLIDAYS_MAX) {
        refuse(p, line->number, "more than 4096 events");
        return false;
    }
    struct ical_event *e = &p->events[p->n_events++];
    ical_event_begin(e, &p->zones, line->number);
    e->cancelled = p->cancels;
    return true;
}

/* False when reading is to stop. */
static bool begin_component(struct parse *p, const struct ical_line *line)
{
    const char *error = NULL;
    if (p->depth == 0 && strcasecmp(line->value, "VCALENDAR") != 0)
        error = "not an iCalendar text: it does not begin with BEGIN:VCALENDAR";
    else if (p->depth == DEPTH_MAX || strlen(line->value) >= COMPONENT_BYTES)
        error = "a component that does not belong here";
    if (error) {
        refuse(p, line->number, error);
        return false;
    }
    (void)snprintf(p->stack[p->depth++], COMPONENT_BYTES, "%s", line->value);
    p->in_calendar = true;
    if (is_zone(p) && p->depth == 2)
        ical_zone_begin(&p->zones, &p->scratch);
    else if (is_zone(p) && p->depth == 3)
        ical_zone_begin_change(&p->zones);
    return !is_event(p) || begin_event(p, line);
}

static bool end_component(struct parse *p, const struct ical_line *line)
{
    if (p->depth == 0 || strcasecmp(line->value, p->stack[p->depth - 1]) != 0) {
        refuse(p, line->number, "an END without its BEGIN");
        return false;
    }
    if (is_event(p))
        ical_event_end(&p->events[p->n_events - 1], line->number);
    else if (is_zone(p) && p->depth == 3)
        ical_zone_end_change(&p->zones);
    else if (is_zone(p) && p->depth == 2)
        ical_zone_end(&p->zones, &p->scratch);
    p->depth--;
    return true;
}

/* A line of the calendar itself. Google names the zone of its author there. */
static void calendar_line(struct parse *p, const struct ical_line *line)
{
    const struct zone *own = NULL;
    if (!line->value || !p->zones_only)
        return;
    if (strcasecmp(line->name, "METHOD") == 0)
        p->cancels = strcasecmp(line->value, "CANCEL") == 0;
    else if (strcasecmp(line->name, "X-WR-TIMEZONE") == 0)
        own = ical_zone_find(&p->zones, line->value);
    if (own)
        p->zones.own = own;
}

/* Lines of other components and unknown properties are left out. */
static bool take_line(struct parse *p, const struct ical_line *line)
{
    if (line->value && strcasecmp(line->name, "BEGIN") == 0)
        return begin_component(p, line);
    if (line->value && strcasecmp(line->name, "END") == 0)
        return end_component(p, line);
    if (p->depth == 0) {
        refuse(p, line->number, "not an iCalendar text: it does not begin with BEGIN:VCALENDAR");
        return false;
    }
    if (p->depth == 1)
        calendar_line(p, line);
    else if (is_event(p))
        ical_event_line(&p->events[p->n_events - 1], line, &p->scratch);
    else if (is_zone(p) && p->depth == 2)
        ical_zone_line(&p->zones, line, &p->scratch);
    else if (is_zone(p) && p->depth == 3)
        ical_zone_change_line(&p->zones, line, &p->scratch);
    return true;
}

/* The line that the text ends with. */
static unsigned last_line(const struct ical_reader *reader)
{
    return reader->next_number > 1 ? reader->next_number - 1 : 1;
}

static bool read_lines(struct parse *p, const char *text, char *buffer)
{
    struct ical_reader reader = {.next = text, .next_number = 1, .buffer = buffer};
    struct ical_line line = {0};
    bool good = true;
    p->depth = 0;
    while (good && ical_next_line(&reader, &line))
        good = take_line(p, &line);
    if (good && (p->depth > 0 || !p->in_calendar)) {
        refuse(p, last_line(&reader), "it ends before END:VCALENDAR");
        good = false;
    }
    return good;
}

/* Twice: what an event's times mean may stand behind it. */
static bool take_lines(struct parse *p, const char *text)
{
    static const char BYTE_ORDER_MARK[] = "\xef\xbb\xbf";
    char *buffer = arena_alloc(&p->scratch, strlen(text) + 1);
    p->events = arena_alloc(&p->scratch, CALENDAR_HOLIDAYS_MAX * sizeof(*p->events));
    if (!buffer || !p->events)
        return false;
    if (strncmp(text, BYTE_ORDER_MARK, 3) == 0)
        text += 3;
    p->zones_only = true;
    if (!read_lines(p, text, buffer))
        return false;
    p->zones_only = false;
    return read_lines(p, text, buffer);
}

/* -- events ------------------------------------------------------------------------------------ */

/* A text whose rules take too long, or that has too many days, is refused whole: which of its
 * events count must not depend on their order. */
static void expand_event(struct parse *p, struct ical_found *found, const struct ical_event *e)
{
    const size_t n = found->n;
    const char *error = ical_expand(found, e);
    if (!error)
        return;
    const unsigned line = e->rule ? e->at[ICAL_AT_RULE] : e->line;
    const char *what = e->rule ? "RRULE" : "it";
    if (found->too_much) {
        refuse_event(p, e, line, what, error);
        return;
    }
    found->n = n;
    leave_out(p, e, line, what, error);
}

/* Every event is looked at, so that one answer has all mistakes it has room for. */
static void expand_all(struct parse *p, struct ical_found *found)
{
    for (size_t i = 0; i < p->n_events && p->fault->n_violations < FAULT_ITEMS_MAX; i++) {
        const struct ical_event *e = &p->events[i];
        if (e->superseded || e->left_out)
            continue;
        if (e->error)
            leave_out(p, e, e->error_line, e->error_property, e->error);
        else if (!e->cancelled)
            expand_event(p, found, e);
    }
}

/* Google's calendars of public holidays have days on which everybody works, too. */
static void tell_observances(struct parse *p)
{
    static const char word[] = "Observance";
    size_t n = 0;
    for (size_t i = 0; i < p->n_events; i++)
        n += !p->events[i].left_out && strncasecmp(p->events[i].about, word, sizeof(word) - 1) == 0;
    if (n > 0)
        note(p, 0,
             "%zu of its events are observances by their description, and count as days off: leave "
             "them out with `except: Observance`",
             n);
}

static void tell_unused(struct parse *p, const bool *used)
{
    const struct ical_choice *c = p->choice;
    for (size_t i = 0; i < c->n_only + c->n_except; i++)
        if (!used[i])
            note(p, 0, "no event has `%s` as its summary, category or description",
                 i < c->n_only ? c->only[i] : c->except[i - c->n_only]);
}

static void choose_and_expand(struct parse *p, struct ical_found *found)
{
    bool used[2 * ICAL_WORDS_MAX] = {false};
    ical_choose_events(p->events, p->n_events, p->choice, used, &p->scratch);
    expand_all(p, found);
    tell_unused(p, used);
    tell_observances(p);
}

static int by_date(const void *a, const void *b)
{
    const struct calendar_holiday *left = a, *right = b;
    if (left->date != right->date)
        return left->date < right->date ? -1 : 1;
    if (left->from_s != right->from_s)
        return left->from_s < right->from_s ? -1 : 1;
    if (left->until_s != right->until_s)
        return left->until_s < right->until_s ? -1 : 1;
    int yearly = (int)left->yearly - (int)right->yearly;
    return yearly ? yearly : strcmp(left->name, right->name);
}

/* Sorts the holidays and leaves out those that are there twice. */
static void put_in_order(struct ical_found *found)
{
    size_t n = 0;
    qsort(found->all, found->n, sizeof(*found->all), by_date);
    for (size_t i = 0; i < found->n; i++)
        if (n == 0 || by_date(&found->all[n - 1], &found->all[i]) != 0)
            found->all[n++] = found->all[i];
    found->n = n;
}

static int give_notes(const struct parse *p, struct arena *arena, struct ical_days *days)
{
    days->notes = arena_alloc(arena, (p->n_notes + 1) * sizeof(*days->notes));
    if (!days->notes)
        return AM_ENOMEM;
    for (size_t i = 0; i < p->n_notes; i++) {
        const char *text = arena_strdup(arena, p->notes[i].text);
        if (!text)
            return AM_ENOMEM;
        days->notes[days->n_notes++] = (struct ical_note){p->notes[i].line, text};
    }
    days->n_notes_left_out = p->n_notes_left_out;
    return AM_OK;
}

/* Names lie in the scratch arena: they are copied too. */
static int give_holidays(const struct ical_found *found, struct arena *arena,
                         struct ical_days *days)
{
    const char *from = NULL, *copy = NULL; /* days of an event share their name */
    struct calendar_holiday *all = arena_alloc(arena, (found->n + 1) * sizeof(*all));
    if (!all)
        return AM_ENOMEM;
    for (size_t i = 0; i < found->n; i++) {
        all[i] = found->all[i];
        copy = all[i].name == from ? copy : arena_strdup(arena, all[i].name);
        from = all[i].name;
        all[i].name = copy;
        if (!copy)
            return AM_ENOMEM;
    }
    days->holidays = all;
    days->n = found->n;
    return AM_OK;
}

static int read_text(struct parse *p, const char *text, struct arena *arena, struct ical_days *days)
{
    struct ical_found found = {.zone = p->zone};
    if (strnlen(text, ICAL_BYTES_MAX + 1) > ICAL_BYTES_MAX) {
        refuse(p, 1, "more than 1 MiB of text");
        return AM_EINVAL;
    }
    found.all = arena_alloc(&p->scratch, CALENDAR_HOLIDAYS_MAX * sizeof(*found.all));
    if (!take_lines(p, text) || !found.all)
        return p->failed ? AM_EINVAL : AM_ENOMEM;
    found.turns = p->zones.turns;
    choose_and_expand(p, &found);
    if (p->failed)
        return AM_EINVAL;
    put_in_order(&found);
    int err = give_holidays(&found, arena, days);
    return err ? err : give_notes(p, arena, days);
}

int ical_holidays(const char *text, const struct zone *zone, const struct ical_choice *choice,
                  struct arena *arena, const char *field, struct ical_days *days,
                  struct fault *fault)
{
    struct parse *p = calloc(1, sizeof(*p));
    AM_ASSERT(p && choice->n_only <= ICAL_WORDS_MAX && choice->n_except <= ICAL_WORDS_MAX);
    *p = (struct parse){.zone = zone,
                        .choice = choice,
                        .field = field,
                        .fault = fault,
                        .strict = choice->strict,
                        .zones = {.own = zone}};
    *days = (struct ical_days){0};
    ical_make_errors_harmless();
    arena_init(&p->scratch, SCRATCH_BYTES);
    int err = read_text(p, text, arena, days);
    arena_free(&p->scratch);
    free(p);
    return err;
}
