/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/describe/describe.h"

#include <string.h>

#include "amends/v1/types.pb-c.h"
#include "contract/words.h"
#include "policy/validate/validate.h"
#include "policy/words.h"

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

static const char *word(struct description *d, const ProtobufCEnumDescriptor *e, int value)
{
    char name[WORD_MAX];
    word_enum_name(e, value, name);
    return arena_strdup(d->arena, name);
}

static const char *whole(struct description *d, int64_t value)
{
    return arena_printf(d->arena, "%lld", (long long)value);
}

static const char *duration(struct description *d, int64_t ms)
{
    return text_duration(d->arena, ms);
}

/* -- ladder and failures ----------------------------------------------------------------------- */

static void describe_level(const struct policy *p, int i, struct description *d)
{
    const struct policy_level *l = &p->levels[i];
    int n = i - 1;
    describe_line(d, l->name, "ladder[%d].name", n);
    describe_line(d, l->steward, "ladder[%d].steward.id", n);
    describe_line(d, l->steward_name, "ladder[%d].steward.name", n);
    describe_line(d, l->steward_contact, "ladder[%d].steward.contact", n);
    describe_line(d, l->steward_hours, "ladder[%d].steward.hours", n);
    describe_line(d, word(d, &amends__v1__ladder_action__descriptor, l->action),
                  "ladder[%d].action", n);
    describe_line(d, text_micros(d->arena, l->cost_per_touch_micros), "ladder[%d].cost_per_touch",
                  n);
    for (int kind = 1; kind < REMEDY_KIND_COUNT; kind++) {
        char name[WORD_MAX];
        word_enum_name(&amends__v1__remedy_kind__descriptor, kind, name);
        describe_line(d, text_micros(d->arena, l->limit_micros[kind]), "ladder[%d].authority.%s", n,
                      name);
    }
}

static void describe_failure(const struct policy_failure *f, struct description *d)
{
    describe_line(d, f->name, "failures.%s.name", f->code);
    describe_line(d, whole(d, f->severity), "failures.%s.severity", f->code);
    describe_line(d, word(d, &amends__v1__remedy_kind__descriptor, f->typical_remedy),
                  "failures.%s.remedy", f->code);
    describe_line(d, text_micros(d->arena, f->typical_micros), "failures.%s.amount", f->code);
    describe_line(d, f->skill[0] ? f->skill : "none", "failures.%s.skill", f->code);
    if (f->skill[0])
        describe_line(d, whole(d, f->skill_level), "failures.%s.skill_level", f->code);
}

/* -- settings ---------------------------------------------------------------------------------- */

static void describe_promises(const struct policy *p, struct description *d)
{
    describe_line(d, p->contact_calendar < 0 ? "always" : p->calendars[p->contact_calendar].name,
                  "promises.contact_hours");
    describe_line(d, p->contact_customer_zone ? "customer" : "company", "promises.zone");
    describe_line(d, duration(d, p->promise_ahead_max_ms), "promises.ahead");
}

static void describe_gate(const struct policy *p, struct description *d)
{
    describe_line(d, whole(d, p->unreachable_attempts), "close_gate.unreachable.attempts");
    describe_line(d, whole(d, p->unreachable_channels), "close_gate.unreachable.channels");
    describe_line(d, duration(d, p->unreachable_window_ms), "close_gate.unreachable.window");
    describe_line(d, text_bits(d->arena, &amends__v1__act_kind__descriptor, p->acts_any_of),
                  "close_gate.acts_any_of");
}

static void describe_assignment(const struct policy *p, struct description *d)
{
    describe_line(d, duration(d, p->offer_timeout_ms), "assignment.offer_timeout");
    describe_line(d, duration(d, p->decline_cooldown_ms), "assignment.decline_cooldown");
    describe_line(d, duration(d, p->away_after_ms), "assignment.away_after");
    describe_line(d, whole(d, p->transfer_limit), "assignment.transfer_limit");
}

static void describe_priority(const struct policy *p, struct description *d)
{
    for (int s = 1; s < POLICY_SEVERITIES; s++)
        describe_line(d, duration(d, p->boost_severity_ms[s]), "priority.severity.%d", s);
    describe_line(d, duration(d, p->boost_repeat_ms), "priority.repeat");
    describe_line(d, duration(d, p->boost_broken_promise_ms), "priority.broken_promise");
    describe_line(d, duration(d, p->boost_per_stake_unit_ms), "priority.per_stake_unit");
    describe_line(d, duration(d, p->boost_max_ms), "priority.max");
}

void policy_describe(const struct policy *p, struct description *d)
{
    describe_line(d, p->currency, "currency");
    describe_line(d, zone_name(p->zone), "time_zone");
    for (size_t i = 0; i < p->n_tiers; i++)
        describe_line(d, p->tiers[i], "tiers[%zu]", i);
    describe_calendars(p, d);
    for (int i = 1; i <= p->n_levels; i++)
        describe_level(p, i, d);
    for (size_t i = 0; i < p->n_failures; i++)
        describe_failure(&p->failures[i], d);
    describe_clocks(p, d);
    describe_promises(p, d);
    describe_gate(p, d);
    describe_assignment(p, d);
    describe_priority(p, d);
}
