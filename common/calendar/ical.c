/* SPDX-License-Identifier: Apache-2.0 */
#include "calendar/ical.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "calendar/ical_impl.h"

#define SCRATCH_BYTES (16u << 20)
#define DEPTH_MAX 8
#define COMPONENT_BYTES 32

struct parse {
    const struct zone *zone;
    const char *field;
    struct fault *fault;
    bool failed;
    struct arena scratch;
    char stack[DEPTH_MAX][COMPONENT_BYTES]; /* open components, from the outermost */
    size_t depth;
    unsigned begun_line; /* of the innermost one */
    struct ical_event *events;
    size_t n_events;
    bool in_calendar; /* one was begun */
};

static void refuse(struct parse *p, unsigned line, const char *what)
{
    fault_violation(p->fault, p->field, "line %u: %s", line, what);
    p->failed = true;
}

static void refuse_event(struct parse *p, const struct ical_event *e, unsigned line,
                         const char *property, const char *error)
{
    fault_violation(p->fault, p->field, "line %u, event \"%s\": %s %s", line, e->name, property,
                    error);
    p->failed = true;
}

/* -- components -------------------------------------------------------------------------------- */

static bool is_event(const struct parse *p)
{
    return p->depth == 2 && strcasecmp(p->stack[1], "VEVENT") == 0;
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
    if (!is_event(p))
        return true;
    if (p->n_events == CALENDAR_HOLIDAYS_MAX) {
        refuse(p, line->number, "more than 4096 events");
        return false;
    }
    p->events[p->n_events++] = (struct ical_event){.line = line->number, .name = "holiday"};
    return true;
}

static bool end_component(struct parse *p, const struct ical_line *line)
{
    if (p->depth == 0 || strcasecmp(line->value, p->stack[p->depth - 1]) != 0) {
        refuse(p, line->number, "an END without its BEGIN");
        return false;
    }
    if (is_event(p))
        ical_event_end(&p->events[p->n_events - 1]);
    p->depth--;
    return true;
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
    if (is_event(p))
        ical_event_line(&p->events[p->n_events - 1], line, &p->scratch);
    return true;
}

static bool take_lines(struct parse *p, const char *text)
{
    static const char BYTE_ORDER_MARK[] = "\xef\xbb\xbf";
    size_t len = strlen(text);
    char *buffer = arena_alloc(&p->scratch, len + 1);
    p->events = arena_alloc(&p->scratch, CALENDAR_HOLIDAYS_MAX * sizeof(*p->events));
    if (!buffer || !p->events)
        return false;
    if (strncmp(text, BYTE_ORDER_MARK, 3) == 0)
        text += 3;
    struct ical_reader reader = {.next = text, .next_number = 1, .buffer = buffer};
    struct ical_line line = {0};
    bool good = true;
    while (good && ical_next_line(&reader, &line))
        good = take_line(p, &line);
    if (good && (p->depth > 0 || !p->in_calendar)) {
        refuse(p, reader.next_number, "it ends before END:VCALENDAR");
        good = false;
    }
    return good;
}

/* -- events ------------------------------------------------------------------------------------ */

/* An event that stands in place of one occurrence of another takes that occurrence away. */
static void take_over(struct parse *p, const struct ical_event *by)
{
    for (size_t i = 0; i < p->n_events; i++) {
        struct ical_event *e = &p->events[i];
        if (e->has_id || !e->uid || strcmp(e->uid, by->uid) != 0)
            continue;
        if (!ical_append(&e->except, by->id, &p->scratch))
            ical_event_error(e, by->line, "RECURRENCE-ID", "has too many others beside it");
    }
}

/* Every event is looked at, so that one answer has all mistakes it has room for. */
static void expand_all(struct parse *p, struct ical_found *found)
{
    for (size_t i = 0; i < p->n_events; i++)
        if (p->events[i].has_id && p->events[i].uid)
            take_over(p, &p->events[i]);
    for (size_t i = 0; i < p->n_events && p->fault->n_violations < FAULT_ITEMS_MAX; i++) {
        const struct ical_event *e = &p->events[i];
        const char *error = NULL;
        if (e->error)
            refuse_event(p, e, e->error_line, e->error_property, e->error);
        else if (!e->cancelled && (error = ical_expand(found, e)))
            refuse_event(p, e, e->line, e->rule ? "RRULE" : "it", error);
    }
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

/* Names lie in the scratch arena: they are copied too. */
static int give_holidays(const struct ical_found *found, struct arena *arena,
                         struct calendar_holiday **holidays, size_t *n)
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
    *holidays = all;
    *n = found->n;
    return AM_OK;
}

static int read_text(struct parse *p, const char *text, struct arena *arena,
                     struct calendar_holiday **holidays, size_t *n)
{
    struct ical_found found = {.zone = p->zone};
    if (strnlen(text, ICAL_BYTES_MAX + 1) > ICAL_BYTES_MAX) {
        refuse(p, 1, "more than 1 MiB of text");
        return AM_EINVAL;
    }
    found.all = arena_alloc(&p->scratch, CALENDAR_HOLIDAYS_MAX * sizeof(*found.all));
    if (!take_lines(p, text) || !found.all)
        return p->failed ? AM_EINVAL : AM_ENOMEM;
    expand_all(p, &found);
    if (p->failed)
        return AM_EINVAL;
    put_in_order(&found);
    return give_holidays(&found, arena, holidays, n);
}

int ical_holidays(const char *text, const struct zone *zone, struct arena *arena, const char *field,
                  struct calendar_holiday **holidays, size_t *n, struct fault *fault)
{
    struct parse p = {.zone = zone, .field = field, .fault = fault};
    *holidays = NULL;
    *n = 0;
    ical_make_errors_harmless();
    arena_init(&p.scratch, SCRATCH_BYTES);
    int err = read_text(&p, text, arena, holidays, n);
    arena_free(&p.scratch);
    return err;
}
