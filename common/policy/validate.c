/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/validate.h"

#include <string.h>

#define CODE_MAX_BYTES 64
#define PRINCIPAL_MAX_BYTES 128
#define CHANNELS 10
#define ACT_BITS 0xeu /* THANKS, APOLOGY, EXPLANATION */
#define LADDER_ACTIONS 3
#define SKILL_LEVELS 5
/* No boost may hold others back for longer: it is the starvation bound. */
#define BOOST_BOUND_MS (30LL * 24 * 3600 * 1000)
#define CODE_CHARS "abcdefghijklmnopqrstuvwxyz0123456789._-"
#define PRINCIPAL_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._@:-"

const char *policy_remedy_name(int kind)
{
    static const char *const names[POLICY_REMEDY_KINDS] = {
        "?",      "APOLOGY", "EXPLANATION", "EXPEDITE", "REDO",   "REPLACEMENT",
        "REFUND", "CREDIT",  "UPGRADE",     "GIFT",     "WAIVER", "PROCESS_FIX"};
    return kind > 0 && kind < POLICY_REMEDY_KINDS ? names[kind] : names[0];
}

/* A field's path; a constant stands in when the fault's arena is full. */
static const char *AM_PRINTF(2, 3) path(struct fault *fault, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    const char *text = arena_vprintf(fault->arena, fmt, args);
    va_end(args);
    return text ? text : "policy";
}

static bool made_of(const char *text, const char *chars, size_t max)
{
    size_t len = strlen(text);
    return len > 0 && len <= max && strspn(text, chars) == len;
}

/* -- levels ----------------------------------------------------------------------------------- */

static void check_level_people(const struct policy *p, int i, struct fault *fault)
{
    const struct policy_level *l = &p->levels[i];
    if (l->name[0] == '\0')
        fault_violation(fault, path(fault, "levels[%d].name", i), "is required");
    if (!made_of(l->steward, PRINCIPAL_CHARS, PRINCIPAL_MAX_BYTES))
        fault_violation(fault, path(fault, "levels[%d].steward", i),
                        "nobody would be accountable: needs a principal id");
    if (l->steward_name[0] == '\0')
        fault_violation(fault, path(fault, "levels[%d].steward_name", i), "is required");
    if (l->steward_contact[0] == '\0')
        fault_violation(fault, path(fault, "levels[%d].steward_contact", i),
                        "is required: customers must be able to reach the desk");
    if (l->action < 1 || l->action > LADDER_ACTIONS)
        fault_violation(fault, path(fault, "levels[%d].action", i), "is not a ladder action: %d",
                        l->action);
    if (l->cost_per_touch_micros < 0)
        fault_violation(fault, path(fault, "levels[%d].cost_per_touch", i), "is negative");
}

/* Going up must never lose authority: an escalation would end where less is possible. */
static void check_level_limits(const struct policy *p, int i, struct fault *fault)
{
    for (int kind = 1; kind < POLICY_REMEDY_KINDS; kind++) {
        int64_t limit = p->levels[i].limit_micros[kind];
        const char *name = policy_remedy_name(kind);
        if (limit < 0)
            fault_violation(fault, path(fault, "levels[%d].limits.%s", i, name), "is negative");
        else if (i > 1 && limit < p->levels[i - 1].limit_micros[kind])
            fault_violation(fault, path(fault, "levels[%d].limits.%s", i, name),
                            "is less than the level below may give");
    }
}

static void check_levels(const struct policy *p, struct fault *fault)
{
    if (p->n_levels < 1) {
        fault_violation(fault, "levels", "needs at least one level");
        return;
    }
    for (int i = 1; i <= p->n_levels; i++) {
        check_level_people(p, i, fault);
        check_level_limits(p, i, fault);
    }
    for (int kind = 1; kind < POLICY_REMEDY_KINDS; kind++) {
        if (policy_level_that_may(p, kind, 0) == 0)
            fault_violation(fault, path(fault, "levels.limits.%s", policy_remedy_name(kind)),
                            "is an authority that no level has");
    }
}

/* -- failures --------------------------------------------------------------------------------- */

static bool has_code(const struct policy *p, const char *code, size_t len, size_t before)
{
    for (size_t i = 0; i < before; i++) {
        const char *other = p->failures[i].code;
        if (strncmp(other, code, len) == 0 && other[len] == '\0')
            return true;
    }
    return false;
}

static void check_failure_code(const struct policy *p, size_t i, struct fault *fault)
{
    const char *code = p->failures[i].code;
    const char *field = path(fault, "failures[%zu].code", i);
    const char *dot = strrchr(code, '.');
    if (!made_of(code, CODE_CHARS, CODE_MAX_BYTES) || code[0] == '.' || strstr(code, "..") ||
        (dot && dot[1] == '\0'))
        fault_violation(fault, field,
                        "'%s' is not a code: [a-z0-9_-] parts with dots between, "
                        "at most %d bytes",
                        code, CODE_MAX_BYTES);
    else if (has_code(p, code, strlen(code), i))
        fault_violation(fault, field, "'%s' is there twice", code);
    else if (dot && !has_code(p, code, (size_t)(dot - code), p->n_failures))
        fault_violation(fault, field, "'%s' has no branch '%.*s'", code, (int)(dot - code), code);
}

static void check_failure_skill(const struct policy_failure *f, size_t i, struct fault *fault)
{
    if (f->skill[0] == '\0')
        return;
    if (!made_of(f->skill, CODE_CHARS, CODE_MAX_BYTES))
        fault_violation(fault, path(fault, "failures[%zu].skill", i), "'%s' is not a skill code",
                        f->skill);
    if (f->skill_level < 1 || f->skill_level > SKILL_LEVELS)
        fault_violation(fault, path(fault, "failures[%zu].skill_level", i),
                        "is %d; skills have level 1 to 5", f->skill_level);
}

static void check_failure_remedy(const struct policy *p, size_t i, struct fault *fault)
{
    const struct policy_failure *f = &p->failures[i];
    if (f->typical_remedy < 1 || f->typical_remedy >= POLICY_REMEDY_KINDS)
        fault_violation(fault, path(fault, "failures[%zu].typical_remedy", i),
                        "is not a remedy kind: %d", f->typical_remedy);
    else if (f->typical_micros < 0)
        fault_violation(fault, path(fault, "failures[%zu].typical_amount", i), "is negative");
    else if (p->n_levels > 0 && policy_level_that_may(p, f->typical_remedy, f->typical_micros) == 0)
        fault_violation(fault, path(fault, "failures[%zu].typical_amount", i),
                        "is more than any level may give");
}

static void check_failures(const struct policy *p, struct fault *fault)
{
    if (p->n_failures == 0)
        fault_violation(fault, "failures", "needs at least one failure");
    for (size_t i = 0; i < p->n_failures; i++) {
        const struct policy_failure *f = &p->failures[i];
        check_failure_code(p, i, fault);
        if (f->name[0] == '\0')
            fault_violation(fault, path(fault, "failures[%zu].name", i), "is required");
        check_failure_skill(f, i, fault);
        if (f->severity < 1 || f->severity >= POLICY_SEVERITIES)
            fault_violation(fault, path(fault, "failures[%zu].severity", i), "is %d, not 1 to 5",
                            f->severity);
        check_failure_remedy(p, i, fault);
    }
}

/* -- clocks ----------------------------------------------------------------------------------- */

static void check_target(const int64_t *ms, int severity, const char *name, struct fault *fault)
{
    const char *field = path(fault, "%s[%d]", name, severity);
    if (ms[severity] <= 0)
        fault_violation(fault, field, "needs a time of more than zero");
    else if (severity > 1 && ms[severity] > ms[severity - 1])
        fault_violation(fault, field, "is slower than for the slighter severity %d", severity - 1);
}

static void check_clocks(const struct policy *p, struct fault *fault)
{
    for (int s = 1; s < POLICY_SEVERITIES; s++) {
        check_target(p->first_response_ms, s, "first_response", fault);
        check_target(p->resolution_ms, s, "resolution", fault);
        if (p->first_response_ms[s] > p->resolution_ms[s])
            fault_violation(fault, path(fault, "first_response[%d]", s),
                            "is later than the resolution");
    }
    if (p->offer_timeout_ms <= 0)
        fault_violation(fault, "offer_timeout", "needs a time of more than zero");
    if (p->decline_cooldown_ms < 0)
        fault_violation(fault, "decline_cooldown", "is negative");
    if (p->away_after_ms <= 0)
        fault_violation(fault, "away_after", "needs a time of more than zero");
    if (p->transfer_limit < 1)
        fault_violation(fault, "transfer_limit", "needs at least 1");
}

/* -- gate and boosts -------------------------------------------------------------------------- */

static void check_gate(const struct policy *p, struct fault *fault)
{
    if (p->unreachable_attempts < 1)
        fault_violation(fault, "unreachable.attempts", "needs at least 1");
    if (p->unreachable_channels < 1 || p->unreachable_channels > CHANNELS)
        fault_violation(fault, "unreachable.channels", "is not 1 to %d", CHANNELS);
    else if (p->unreachable_channels > p->unreachable_attempts)
        fault_violation(fault, "unreachable.channels", "is more than the attempts");
    if (p->unreachable_window_ms < 0)
        fault_violation(fault, "unreachable.window", "is negative");
    if ((p->acts_any_of & ~ACT_BITS) != 0)
        fault_violation(fault, "acts_any_of", "names an act that does not exist");
    if (p->follow_up_window_ms < 0)
        fault_violation(fault, "follow_up_window", "is negative");
}

static void check_boosts(const struct policy *p, struct fault *fault)
{
    for (int s = 1; s < POLICY_SEVERITIES; s++) {
        if (p->boost_severity_ms[s] < 0)
            fault_violation(fault, path(fault, "boost.severity[%d]", s), "is negative");
        else if (s > 1 && p->boost_severity_ms[s] < p->boost_severity_ms[s - 1])
            fault_violation(fault, path(fault, "boost.severity[%d]", s),
                            "is less than for the slighter severity %d", s - 1);
    }
    if (p->boost_repeat_ms < 0)
        fault_violation(fault, "boost.repeat", "is negative");
    if (p->boost_per_stake_unit_ms < 0)
        fault_violation(fault, "boost.per_stake_unit", "is negative");
    if (p->boost_max_ms < 0 || p->boost_max_ms > BOOST_BOUND_MS)
        fault_violation(fault, "boost.max", "is not 0 to 30 days: it bounds how long others wait");
}

void policy_validate(const struct policy *p, struct fault *fault)
{
    if (p->version < 1)
        fault_violation(fault, "version", "needs at least 1");
    check_levels(p, fault);
    check_failures(p, fault);
    check_clocks(p, fault);
    check_gate(p, fault);
    check_boosts(p, fault);
}
