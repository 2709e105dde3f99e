/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy.h"

#include <string.h>

/* -- failures and levels ----------------------------------------------------------------------- */

/* Compares the first `len` bytes of `code`, as a whole code, with a failure's. */
static int compare_code(const char *code, size_t len, const struct policy_failure *f)
{
    int order = strncmp(code, f->code, len);
    if (order != 0)
        return order;
    return f->code[len] == '\0' ? 0 : -1;
}

static const struct policy_failure *find_exact(const struct policy *p, const char *code, size_t len)
{
    size_t low = 0;
    size_t high = p->n_failures;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_code(code, len, &p->failures[middle]);
        if (order == 0)
            return &p->failures[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

const struct policy_failure *policy_failure_find(const struct policy *p, const char *code)
{
    size_t len = strlen(code);
    while (len > 0) {
        const struct policy_failure *f = find_exact(p, code, len);
        if (f)
            return f;
        while (len > 0 && code[len - 1] != '.')
            len--;
        if (len > 0)
            len--;
    }
    return NULL;
}

int policy_level_that_may(const struct policy *p, int remedy_kind, int64_t micros)
{
    if (remedy_kind < 1 || remedy_kind >= REMEDY_KIND_COUNT)
        return 0;
    for (int level = 1; level <= p->n_levels; level++) {
        int64_t limit = p->levels[level].limit_micros[remedy_kind];
        if (limit > 0 && limit >= micros)
            return level;
    }
    return 0;
}

/* -- clocks ------------------------------------------------------------------------------------ */

int32_t policy_threshold_id(const struct policy_threshold *t)
{
    return t->before_ms > 0 ? (int32_t)(-t->before_ms / 1000) : t->percent;
}

/* -- by name ----------------------------------------------------------------------------------- */

const struct policy_clock *policy_clock_find(const struct policy *p, const char *name)
{
    for (size_t i = 0; i < p->n_clocks; i++)
        if (strcmp(p->clocks[i].name, name) == 0)
            return &p->clocks[i];
    return NULL;
}

const struct policy_clock *policy_clock_of_kind(const struct policy *p, int kind)
{
    for (size_t i = 0; i < p->n_clocks; i++)
        if (p->clocks[i].kind == kind)
            return &p->clocks[i];
    return NULL;
}

int policy_calendar_find(const struct policy *p, const char *name)
{
    for (size_t i = 0; i < p->n_calendars; i++)
        if (strcmp(p->calendars[i].name, name) == 0)
            return (int)i;
    return -1;
}

int policy_tier(const struct policy *p, const char *name)
{
    for (size_t i = 0; i < p->n_tiers; i++)
        if (strcmp(p->tiers[i], name) == 0)
            return (int)i + 1;
    return 0;
}
