/* SPDX-License-Identifier: Apache-2.0 */

/* Which events of a text count: the newest version of each, and what is chosen. */

#include "calendar/ical_impl.h"

#include <string.h>
#include <strings.h>

/* -- versions ---------------------------------------------------------------------------------- */

/* Both are about the same: an event, or the same occurrence of it. */
static bool is_same(const struct ical_event *a, const struct ical_event *b)
{
    if (!a->uid || !b->uid || a->has_id != b->has_id || strcmp(a->uid, b->uid) != 0)
        return false;
    return !a->has_id || (a->id.wall_s == b->id.wall_s && a->id.from == b->id.from);
}

static bool is_newer(const struct ical_event *a, const struct ical_event *b)
{
    if (a->sequence != b->sequence)
        return a->sequence > b->sequence;
    return *a->stamp && *b->stamp && strcmp(a->stamp, b->stamp) > 0;
}

static void supersede(struct ical_event *events, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = i + 1; k < n; k++) {
            if (!is_same(&events[i], &events[k]))
                continue;
            events[i].superseded = events[i].superseded || is_newer(&events[k], &events[i]);
            events[k].superseded = events[k].superseded || is_newer(&events[i], &events[k]);
        }
}

/* -- occurrences ------------------------------------------------------------------------------- */

/* An event that stands in place of one occurrence of another takes that occurrence away. Who
 * cancels the series cancels what stands in place of its occurrences. */
static void take_over(struct ical_event *events, size_t n, struct ical_event *by,
                      struct arena *arena)
{
    for (size_t i = 0; i < n; i++) {
        struct ical_event *e = &events[i];
        if (e->has_id || e->superseded || !e->uid || strcmp(e->uid, by->uid) != 0)
            continue;
        if (!ical_append(&e->except, by->id, arena))
            ical_event_error(e, by->line, "RECURRENCE-ID", "has too many others beside it");
        by->cancelled = by->cancelled || e->cancelled;
    }
}

/* -- the choice -------------------------------------------------------------------------------- */

static bool means_text(const char *word, const char *text, size_t len)
{
    size_t n = strlen(word);
    if (n > 0 && word[n - 1] == '*')
        return len >= n - 1 && strncasecmp(word, text, n - 1) == 0;
    return len == n && strncasecmp(word, text, n) == 0;
}

static bool means_category(const char *word, const char *list)
{
    while (*list) {
        size_t len = strcspn(list, ",");
        const char *from = list + strspn(list, " ");
        if (from < list + len && means_text(word, from, (size_t)(list + len - from)))
            return true;
        list += len + (list[len] == ',');
    }
    return false;
}

/* Up to the first line's end, which stands there as "\n". */
static size_t first_line(const char *text)
{
    const char *end = text;
    while (*end && !(end[0] == '\\' && (end[1] == 'n' || end[1] == 'N')))
        end++;
    return (size_t)(end - text);
}

static bool means(const char *word, const struct ical_event *e)
{
    return means_text(word, e->name, strlen(e->name)) || means_category(word, e->categories) ||
           means_text(word, e->about, first_line(e->about));
}

static bool is_meant(const struct ical_event *e, const char *const *words, size_t n, bool *used)
{
    bool meant = false;
    for (size_t i = 0; i < n; i++) {
        bool this = means(words[i], e);
        used[i] = used[i] || this;
        meant = meant || this;
    }
    return meant;
}

void ical_choose_events(struct ical_event *events, size_t n, const struct ical_choice *choice,
                        bool *used, struct arena *arena)
{
    supersede(events, n);
    for (size_t i = 0; i < n; i++)
        if (events[i].has_id && events[i].uid && !events[i].superseded)
            take_over(events, n, &events[i], arena);
    for (size_t i = 0; i < n; i++) {
        bool only = is_meant(&events[i], choice->only, choice->n_only, used);
        bool except = is_meant(&events[i], choice->except, choice->n_except, used + choice->n_only);
        events[i].left_out = except || (choice->n_only > 0 && !only);
    }
}
