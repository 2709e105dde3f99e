/* SPDX-License-Identifier: Apache-2.0 */
#include "resolution/mail/compose.h"

#include <string.h>

#include "base/digest.h"
#include "base/minmax.h"
#include "base/time.h"
#include "calendar/calendar.h"
#include "calendar/zone.h"
#include "contract/statuses.h"
#include "contract/words.h"
#include "policy/template.h"
#include "policy/words.h"

#define DAY_S 86400

/* -- whether ----------------------------------------------------------------------------------- */

/* What nobody can do any more once the case has ended. */
static bool asks_of_a_live_case(int ask)
{
    return ask == NOTIFICATION_ASK_MEET_DEADLINE || ask == NOTIFICATION_ASK_ACT_NOW ||
           ask == NOTIFICATION_ASK_ACKNOWLEDGE || ask == NOTIFICATION_ASK_ASSIGN ||
           ask == NOTIFICATION_ASK_CONTINUE || ask == NOTIFICATION_ASK_OVERSEE ||
           ask == NOTIFICATION_ASK_KEEP_PROMISE;
}

bool mail_is_needed(const struct mail_facts *f)
{
    const bool runs = f->clock_state == CLOCK_STATE_RUNNING || f->clock_state == CLOCK_STATE_PAUSED;
    if (f->acknowledged)
        return false;
    if (f->cause == NOTIFICATION_CAUSE_WARNING && *f->clock && !runs)
        return false;
    return !status_is_final(f->case_status) || !asks_of_a_live_case(f->ask);
}

/* -- values ------------------------------------------------------------------------------------ */

const char *mail_reference(const struct mail_facts *f, struct arena *arena)
{
    char id[UUID_TEXT_LEN + 1];
    if (*f->reference)
        return f->reference;
    return arena_strdup(arena, uuid_format(&f->case_id, id));
}

const char *mail_time(const struct policy *p, const struct mail_recipient *to, int64_t at_us,
                      struct arena *arena)
{
    const struct zone *zone = *to->zone ? zone_get(to->zone) : NULL;
    int year, month, day;
    if (at_us == 0)
        return "";
    zone = zone ? zone : p->zone;
    const int64_t wall_s = zone_wall_s(zone, at_us / US_PER_S);
    const int64_t of_day = wall_s % DAY_S;
    calendar_date_parts((int32_t)(wall_s / DAY_S), &year, &month, &day);
    return arena_printf(arena, "%04d-%02d-%02d %02d:%02d %s", year, month, day,
                        (int)(of_day / 3600), (int)(of_day / 60 % 60), zone_name(zone));
}

const char *mail_link(const char *pattern, const struct uuid *case_id, const char *reference,
                      const char *tenant, struct arena *arena)
{
    char id[UUID_TEXT_LEN + 1];
    const struct {
        const char *name, *value;
    } names[] = {
        {"{reference}", reference}, {"{case_id}", uuid_format(case_id, id)}, {"{tenant}", tenant}};
    const char *text = pattern;
    for (size_t i = 0; text && i < sizeof names / sizeof *names; i++) {
        const char *at = strstr(text, names[i].name);
        if (at)
            text = arena_printf(arena, "%.*s%s%s", (int)(at - text), text, names[i].value,
                                at + strlen(names[i].name));
    }
    return text;
}

/* "first_response" reads better as "first response". */
static const char *clock_of(const char *name, struct arena *arena)
{
    char *text = arena_strdup(arena, name);
    for (char *c = text; c && *c; c++)
        *c = *c == '_' ? ' ' : *c;
    return text;
}

static const char *words(const struct policy *p, const struct mail_recipient *to,
                         enum policy_text_part part, int number)
{
    const struct policy_text *t =
        number > 0 ? policy_text_find(p, to->language, part, number) : NULL;
    return t ? t->text : "";
}

/* False when the arena is full. */
static bool find_values(const struct policy *p, const char *link, const struct mail_recipient *to,
                        const struct mail_facts *f, struct arena *arena,
                        const char *values[VARIABLES])
{
    const struct policy_failure *failure = policy_failure_find(p, f->failure_code);
    const int level = f->level ? f->level : f->case_level;
    memset(values, 0, VARIABLES * sizeof *values);
    values[VARIABLE_REFERENCE] = mail_reference(f, arena);
    values[VARIABLE_LEVEL] = level >= 1 && level <= p->n_levels ? p->levels[level].name : "";
    values[VARIABLE_FAILURE] = failure ? failure->name : f->failure_code;
    values[VARIABLE_ABOUT] = f->about;
    values[VARIABLE_SEVERITY] = arena_printf(arena, "%d", (int)f->severity);
    values[VARIABLE_CLOCK] = clock_of(f->clock, arena);
    values[VARIABLE_DUE] = mail_time(p, to, f->due_at, arena);
    values[VARIABLE_CAUSE] = words(p, to, POLICY_TEXT_CAUSE, f->cause);
    values[VARIABLE_ASK] = words(p, to, POLICY_TEXT_ASK, f->ask);
    if (values[VARIABLE_REFERENCE])
        values[VARIABLE_LINK] =
            mail_link(link, &f->case_id, values[VARIABLE_REFERENCE], f->tenant, arena);
    return values[VARIABLE_REFERENCE] && values[VARIABLE_SEVERITY] && values[VARIABLE_CLOCK] &&
           values[VARIABLE_DUE] && values[VARIABLE_LINK];
}

/* A row of release 1 does not say why: then its kind does, in the contract's words. */
static void say_something(const struct mail_facts *f, struct arena *arena,
                          const char *values[VARIABLES])
{
    char word[WORD_MAX];
    if (*values[VARIABLE_CAUSE])
        return;
    word_enum_name(NOTIFICATION_KIND_WORDS, f->kind, word);
    values[VARIABLE_CAUSE] = clock_of(word, arena);
}

/* -- the mails --------------------------------------------------------------------------------- */

static int compose_one(const struct policy *p, const char *link, const struct mail_recipient *to,
                       const struct mail_facts *f, struct arena *arena, struct mail *out)
{
    const char *values[VARIABLES];
    const struct policy_text *t = policy_text_find(p, to->language, POLICY_TEXT_MAIL, f->kind);
    if (!t || !find_values(p, link, to, f, arena, values))
        return AM_ENOMEM;
    char word[WORD_MAX];
    say_something(f, arena, values);
    word_enum_name(NOTIFICATION_KIND_WORDS, f->kind, word);
    out->kind = arena_strdup(arena, word);
    out->subject = template_render(t->subject, TEMPLATE_SUBJECT, values, arena);
    out->text = template_render(t->text, TEMPLATE_TEXT, values, arena);
    out->language = t->language;
    out->about = f->case_id;
    return out->kind && out->subject && out->text ? AM_OK : AM_ENOMEM;
}

/* All lines, one below the other; NULL when the arena is full. */
static const char *digest_lines(const struct policy *p, const char *link,
                                const struct mail_recipient *to, const struct policy_text *t,
                                const struct mail_facts *facts, size_t n, struct arena *arena)
{
    const char *lines = "";
    for (size_t i = 0; i < n && lines; i++) {
        const char *values[VARIABLES];
        if (!find_values(p, link, to, &facts[i], arena, values))
            return NULL;
        say_something(&facts[i], arena, values);
        const char *line = template_render(t->line, TEMPLATE_DIGEST_LINE, values, arena);
        lines = line ? arena_printf(arena, "%s%s%s", lines, i ? "\n" : "", line) : NULL;
    }
    return lines;
}

static int compose_digest(const struct policy *p, const char *link, const struct mail_recipient *to,
                          const struct mail_facts *facts, size_t n, struct arena *arena,
                          struct mail *out)
{
    const char *values[VARIABLES] = {0};
    const struct policy_text *t = policy_text_find(p, to->language, POLICY_TEXT_DIGEST, 0);
    if (!t)
        return AM_ENOMEM;
    values[VARIABLE_COUNT] = arena_printf(arena, "%zu", n);
    values[VARIABLE_LINES] = digest_lines(p, link, to, t, facts, n, arena);
    if (!values[VARIABLE_COUNT] || !values[VARIABLE_LINES])
        return AM_ENOMEM;
    out->kind = "digest";
    out->subject = template_render(t->subject, TEMPLATE_DIGEST_SUBJECT, values, arena);
    out->text = template_render(t->text, TEMPLATE_DIGEST_TEXT, values, arena);
    out->language = t->language;
    return out->subject && out->text ? AM_OK : AM_ENOMEM;
}

int mail_compose(const struct policy *p, const char *link, const struct mail_recipient *to,
                 const struct mail_facts *facts, size_t n, struct arena *arena, struct mail *out)
{
    out->to = to->address;
    out->from_name = p->mail_from;
    out->id = mail_id_of(facts, n);
    out->urgent = n == 1 && facts[0].urgent;
    return n == 1 ? compose_one(p, link, to, facts, arena, out)
                  : compose_digest(p, link, to, facts, n, arena, out);
}

/* -- the id ------------------------------------------------------------------------------------ */

/* The sum does not depend on the order, and nobody gains anything by a collision. */
struct uuid mail_id_of(const struct mail_facts *facts, size_t n)
{
    uint8_t sum[DIGEST_LEN] = {0}, one[DIGEST_LEN];
    int64_t newest_us = 0;
    if (n == 1)
        return facts[0].notification_id;
    for (size_t i = 0; i < n; i++) {
        digest_sha256(facts[i].notification_id.b, sizeof facts[i].notification_id.b, one);
        for (size_t k = 0; k < DIGEST_LEN; k++)
            sum[k] ^= one[k];
        newest_us = larger(newest_us, facts[i].created_at);
    }
    return uuid_v7(newest_us, sum);
}
