/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/describe/describe.h"

#include <string.h>

#include "contract/words.h"
#include "amends/v1/types.pb-c.h"

#define LINES_FIRST 256

/* -- lines ------------------------------------------------------------------------------------- */

static bool make_room(struct description *d)
{
    if (d->n < d->capacity)
        return true;
    size_t more = d->capacity ? d->capacity * 2 : LINES_FIRST;
    struct described *lines = arena_alloc(d->arena, more * sizeof(*lines));
    if (!lines)
        return false;
    if (d->n > 0)
        memcpy(lines, d->lines, d->n * sizeof(*lines));
    d->lines = lines;
    d->capacity = more;
    return true;
}

void describe_line(struct description *d, const char *value, const char *path_fmt, ...)
{
    va_list args;
    va_start(args, path_fmt);
    const char *path = arena_vprintf(d->arena, path_fmt, args);
    va_end(args);
    if (path && value && make_room(d))
        d->lines[d->n++] = (struct described){.path = path, .value = value};
    else
        d->full = true;
}

/* -- parts ------------------------------------------------------------------------------------- */

static void describe_level(const struct policy *p, int i, struct description *d)
{
    const struct policy_level *l = &p->levels[i];
    const char *at = arena_printf(d->arena, "ladder[%d]", i - 1);
    if (!at) {
        d->full = true;
        return;
    }
    describe_entry(p, SCOPE_LEVEL, l, at, d);
    for (int kind = 1; kind < REMEDY_KIND_COUNT; kind++)
        describe_line(d, text_micros(d->arena, l->limit_micros[kind]), "%s.authority.%s", at,
                      text_word(d->arena, &amends__v1__remedy_kind__descriptor, kind));
}

static void describe_failure(const struct policy *p, const struct policy_failure *f,
                             struct description *d)
{
    const char *at = arena_printf(d->arena, "failures.%s", f->code);
    if (at)
        describe_entry(p, SCOPE_FAILURE, f, at, d);
    else
        d->full = true;
}

/* Of the texts only those that the bundle itself has, without their ends of lines. */
static void describe_text(const struct policy_text *t, struct description *d)
{
    static const struct {
        const char *name;
        const ProtobufCEnumDescriptor *words;
    } parts[] = {[POLICY_TEXT_MAIL] = {"", NOTIFICATION_KIND_WORDS},
                 [POLICY_TEXT_DIGEST] = {"digest", NULL},
                 [POLICY_TEXT_CAUSE] = {"causes.", NOTIFICATION_CAUSE_WORDS},
                 [POLICY_TEXT_ASK] = {"asks.", NOTIFICATION_ASK_WORDS}};
    const char *word = parts[t->part].words ? "other" : "";
    if (t->number > 0)
        word = text_word(d->arena, parts[t->part].words, t->number);
    const char *at =
        arena_printf(d->arena, "templates.%s.%s%s", t->language, parts[t->part].name, word);
    char *text = arena_strdup(d->arena, t->text);
    for (char *c = text; c && *c; c++)
        *c = *c == '\n' ? ' ' : *c;
    if (t->part <= POLICY_TEXT_DIGEST)
        describe_line(d, t->subject, "%s.subject", at ? at : "");
    describe_line(d, at ? text : NULL, "%s%s", at ? at : "",
                  t->part <= POLICY_TEXT_DIGEST ? ".text" : "");
    if (t->part == POLICY_TEXT_DIGEST)
        describe_line(d, t->line, "%s.line", at ? at : "");
}

static void describe_texts(const struct policy *p, struct description *d)
{
    if (strcmp(p->mail_from, "Amends") != 0)
        describe_line(d, p->mail_from, "templates.from");
    for (size_t i = 0; i < p->n_texts; i++)
        if (!p->texts[i].inherited)
            describe_text(&p->texts[i], d);
}

void policy_describe(const struct policy *p, struct description *d)
{
    if (p->format > 1)
        describe_line(d, arena_printf(d->arena, "%d", (int)p->format), "amends");
    describe_entry(p, SCOPE_SECTION, p, "", d);
    for (size_t i = 0; i < p->n_tiers; i++)
        describe_line(d, p->tiers[i], "tiers[%zu]", i);
    describe_calendars(p, d);
    for (int i = 1; i <= p->n_levels; i++)
        describe_level(p, i, d);
    for (size_t i = 0; i < p->n_failures; i++)
        describe_failure(p, &p->failures[i], d);
    describe_clocks(p, d);
    describe_texts(p, d);
    describe_notify(p, d);
    describe_entry(p, SCOPE_SETTINGS, p, "", d);
}
