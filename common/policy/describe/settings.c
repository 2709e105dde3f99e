/* SPDX-License-Identifier: Apache-2.0 */

/* Values by their rows in settings.def, as a bundle writes them. */

#include "base/assert.h"
#include "policy/describe/describe.h"
#include "policy/words.h"

/* The value in `field` as a text; NULL when it was not given, which takes no line. */
typedef const char *value_fn(struct description *d, const struct policy *p, const struct setting *s,
                             const void *field);

static const char *text(struct description *d, const struct policy *p, const struct setting *s,
                        const void *field)
{
    (void)d;
    (void)p;
    (void)s;
    return *(const char *const *)field;
}

static const char *skill(struct description *d, const struct policy *p, const struct setting *s,
                         const void *field)
{
    const char *code = text(d, p, s, field);
    return *code ? code : "none";
}

static const char *duration(struct description *d, const struct policy *p, const struct setting *s,
                            const void *field)
{
    int64_t ms = *(const int64_t *)field;
    (void)p;
    return s->range.optional && ms == 0 ? NULL : text_duration(d->arena, ms);
}

static const char *amount(struct description *d, const struct policy *p, const struct setting *s,
                          const void *field)
{
    (void)p;
    (void)s;
    return text_micros(d->arena, *(const int64_t *)field);
}

static const char *whole(struct description *d, const struct policy *p, const struct setting *s,
                         const void *field)
{
    int value = *(const int16_t *)field;
    (void)p;
    return s->range.optional && value == 0 ? NULL : text_whole(d->arena, value);
}

/* What is kept for ever takes no line. */
static const char *years(struct description *d, const struct policy *p, const struct setting *s,
                         const void *field)
{
    const char *number = whole(d, p, s, field);
    const char *text = number ? arena_printf(d->arena, "%sy", number) : NULL;
    AM_ASSERT(!number || text);
    return text;
}

static const char *yes_no(struct description *d, const struct policy *p, const struct setting *s,
                          const void *field)
{
    (void)d;
    (void)p;
    (void)s;
    return *(const bool *)field ? "yes" : "no";
}

static const char *word(struct description *d, const struct policy *p, const struct setting *s,
                        const void *field)
{
    (void)p;
    return text_word(d->arena, s->range.words, *(const int16_t *)field);
}

static const char *words(struct description *d, const struct policy *p, const struct setting *s,
                         const void *field)
{
    (void)p;
    return text_bits(d->arena, s->range.words, *(const uint32_t *)field);
}

static const char *calendar(struct description *d, const struct policy *p, const struct setting *s,
                            const void *field)
{
    int place = *(const int16_t *)field;
    (void)d;
    (void)s;
    return place < 0 ? "always" : p->calendars[place].name;
}

static const char *zone(struct description *d, const struct policy *p, const struct setting *s,
                        const void *field)
{
    const struct zone *const *z = field;
    (void)d;
    (void)p;
    (void)s;
    return *z ? zone_name(*z) : "the company's";
}

static const char *customer(struct description *d, const struct policy *p, const struct setting *s,
                            const void *field)
{
    (void)d;
    (void)p;
    (void)s;
    return *(const bool *)field ? "customer" : "company";
}

static const char *condition(struct description *d, const struct policy *p, const struct setting *s,
                             const void *field)
{
    (void)s;
    return text_condition(d->arena, p, field);
}

/* What has none here takes another number of lines than one. */
static value_fn *const values[SETTING_TYPES] = {
    [SETTING_TEXT] = text,   [SETTING_PRINCIPAL] = text,    [SETTING_CURRENCY] = text,
    [SETTING_SKILL] = skill, [SETTING_DURATION] = duration, [SETTING_AMOUNT] = amount,
    [SETTING_WHOLE] = whole, [SETTING_YES_NO] = yes_no,     [SETTING_WORD] = word,
    [SETTING_YEARS] = years, [SETTING_WORDS] = words,       [SETTING_CALENDAR] = calendar,
    [SETTING_ZONE] = zone,   [SETTING_CUSTOMER] = customer, [SETTING_CONDITION] = condition,
};

static void describe_by_severity(const struct setting *s, const int64_t *ms, const char *at,
                                 const char *dot, struct description *d)
{
    for (int severity = 1; severity < POLICY_SEVERITIES; severity++)
        describe_line(d, text_duration(d->arena, ms[severity]), "%s%s%s.%d", at, dot, s->path,
                      severity);
}

void describe_entry(const struct policy *p, enum setting_scope scope, const void *entry,
                    const char *at, struct description *d)
{
    const char *dot = *at ? "." : "";
    for (const struct setting *s = setting_first(scope); s; s = setting_next(s)) {
        const void *field = (const char *)entry + s->offset;
        if (s->type == SETTING_BY_SEVERITY)
            describe_by_severity(s, field, at, dot, d);
        const char *value = values[s->type] ? values[s->type](d, p, s, field) : NULL;
        if (value)
            describe_line(d, value, "%s%s%s", at, dot, s->path);
    }
}
