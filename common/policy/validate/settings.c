/* SPDX-License-Identifier: Apache-2.0 */

/* Whether each value is within the range of its row in settings.def. */

#include "policy/validate/validate.h"

#define AT(...) problem_path(problems, __VA_ARGS__)

/* Checks the value in `field`; `at` is its path in the bundle. */
typedef void check_fn(const struct policy *p, const struct setting *s, const void *field,
                      const char *at, struct bundle_problems *problems);

static void check_text(const struct policy *p, const struct setting *s, const void *field,
                       const char *at, struct bundle_problems *problems)
{
    const char *const *text = field;
    (void)p;
    if (!s->fallback.set && (*text)[0] == '\0')
        problem_error(problems, at, "is required");
}

static void check_ms(const struct setting *s, int64_t ms, const char *at,
                     struct bundle_problems *problems)
{
    const struct setting_range *r = &s->range;
    if (r->optional && ms == 0)
        return;
    if (ms < r->min)
        problem_error(problems, at, r->min > 0 ? "needs a time of more than zero" : "is negative");
    else if (ms > r->max)
        problem_error(problems, at, "is not 0 to %d days%s%s", (int)(r->max / POLICY_DAY_MS),
                      r->why ? ": " : "", r->why ? r->why : "");
}

static void check_duration(const struct policy *p, const struct setting *s, const void *field,
                           const char *at, struct bundle_problems *problems)
{
    (void)p;
    check_ms(s, *(const int64_t *)field, at, problems);
}

static void check_by_severity(const struct policy *p, const struct setting *s, const void *field,
                              const char *at, struct bundle_problems *problems)
{
    const int64_t *ms = field;
    (void)p;
    for (int severity = 1; severity < POLICY_SEVERITIES; severity++) {
        check_ms(s, ms[severity], AT("%s.%d", at, severity), problems);
        if (severity > 1 && ms[severity] >= 0 && ms[severity] < ms[severity - 1])
            problem_error(problems, AT("%s.%d", at, severity),
                          "is less than for the slighter severity %d", severity - 1);
    }
}

static void check_amount(const struct policy *p, const struct setting *s, const void *field,
                         const char *at, struct bundle_problems *problems)
{
    (void)p;
    if (*(const int64_t *)field < s->range.min)
        problem_error(problems, at, "is negative");
}

static void check_whole(const struct policy *p, const struct setting *s, const void *field,
                        const char *at, struct bundle_problems *problems)
{
    const struct setting_range *r = &s->range;
    int value = *(const int16_t *)field;
    (void)p;
    if ((value < r->min || value > r->max) && !(r->optional && value == 0))
        problem_error(problems, at, "is %d, not %d to %d", value, (int)r->min, (int)r->max);
}

static void check_word(const struct policy *p, const struct setting *s, const void *field,
                       const char *at, struct bundle_problems *problems)
{
    int value = *(const int16_t *)field;
    (void)p;
    if (value < 1 || !protobuf_c_enum_descriptor_get_value(s->range.words, value))
        problem_error(problems, at, "is no word of the contract: %d", value);
}

static void check_words(const struct policy *p, const struct setting *s, const void *field,
                        const char *at, struct bundle_problems *problems)
{
    (void)p;
    for (uint32_t left = *(const uint32_t *)field; left; left &= left - 1) {
        int16_t value = (int16_t)__builtin_ctz(left);
        check_word(p, s, &value, at, problems);
    }
}

static void check_calendar(const struct policy *p, const struct setting *s, const void *field,
                           const char *at, struct bundle_problems *problems)
{
    int calendar = *(const int16_t *)field;
    (void)s;
    if (calendar < -1 || calendar >= (int)p->n_calendars)
        problem_error(problems, at, "is no calendar of the policy");
}

/* The others have no range, or one that hangs on other values: the file of their part checks it. */
static check_fn *const checks[SETTING_TYPES] = {
    [SETTING_TEXT] = check_text,         [SETTING_DURATION] = check_duration,
    [SETTING_AMOUNT] = check_amount,     [SETTING_BY_SEVERITY] = check_by_severity,
    [SETTING_WHOLE] = check_whole,       [SETTING_YEARS] = check_whole,
    [SETTING_WORD] = check_word,         [SETTING_WORDS] = check_words,
    [SETTING_CALENDAR] = check_calendar,
};

void policy_validate_entry(const struct policy *p, enum setting_scope scope, const void *entry,
                           const char *at, struct bundle_problems *problems)
{
    for (const struct setting *s = setting_first(scope); s; s = setting_next(s))
        if (checks[s->type])
            checks[s->type](p, s, (const char *)entry + s->offset,
                            *at ? AT("%s.%s", at, s->path) : s->path, problems);
}

/* What settings ask of each other. Attempts that could not be read are 0, which is told already. */
void policy_validate_settings(const struct policy *p, struct bundle_problems *problems)
{
    policy_validate_entry(p, SCOPE_SETTINGS, p, "", problems);
    if (p->unreachable_attempts > 0 && p->unreachable_channels > p->unreachable_attempts)
        problem_error(problems, "close_gate.unreachable.channels", "is more than the attempts");
}
