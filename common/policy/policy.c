/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "policy/validate.h"

#define POLICY_MAGIC 0x9011c701u
#define POLICY_ARENA_BYTES (1u << 20)

/* What an empty text becomes: a policy has no NULL texts. */
static const char *keep(struct policy *p, const char *text)
{
    char *copy = arena_strdup(&p->arena, text ? text : "");
    AM_ASSERT(copy != NULL);
    return copy;
}

struct policy *policy_new(int32_t version)
{
    struct policy *p = calloc(1, sizeof(*p));
    AM_ASSERT(p != NULL);
    p->magic = POLICY_MAGIC;
    p->version = version;
    arena_init(&p->arena, POLICY_ARENA_BYTES);
    return p;
}

int policy_add_level(struct policy *p, const struct policy_level *level)
{
    AM_ASSERT(p->magic == POLICY_MAGIC);
    if (p->n_levels == POLICY_LEVELS_MAX)
        return AM_ENOMEM;
    struct policy_level *l = &p->levels[++p->n_levels];
    *l = *level;
    l->name = keep(p, level->name);
    l->steward = keep(p, level->steward);
    l->steward_name = keep(p, level->steward_name);
    l->steward_contact = keep(p, level->steward_contact);
    l->steward_hours = keep(p, level->steward_hours);
    return AM_OK;
}

int policy_add_failure(struct policy *p, const struct policy_failure *failure)
{
    AM_ASSERT(p->magic == POLICY_MAGIC);
    if (p->n_failures == POLICY_FAILURES_MAX)
        return AM_ENOMEM;
    struct policy_failure *f = &p->failures[p->n_failures++];
    *f = *failure;
    f->code = keep(p, failure->code);
    f->name = keep(p, failure->name);
    f->skill = keep(p, failure->skill);
    return AM_OK;
}

static int by_code(const void *a, const void *b)
{
    const struct policy_failure *x = a;
    const struct policy_failure *y = b;
    return strcmp(x->code, y->code);
}

int policy_finish(struct policy *p, struct fault *fault)
{
    AM_ASSERT(p->magic == POLICY_MAGIC);
    policy_validate(p, fault);
    if (fault_is_set(fault))
        return AM_EINVAL;
    qsort(p->failures, p->n_failures, sizeof(p->failures[0]), by_code);
    return AM_OK;
}

void policy_free(struct policy *p)
{
    if (!p)
        return;
    AM_ASSERT(p->magic == POLICY_MAGIC);
    arena_free(&p->arena);
    p->magic = 0;
    free(p);
}

struct policy *policy_compile(int32_t version, const char *source, struct fault *fault)
{
    if (strcmp(source, "default") == 0)
        return policy_default(version);
    fault_violation(fault, "source", "is '%s'; only 'default' is known", source);
    return NULL;
}

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

static int clamp_severity(int severity)
{
    if (severity < 1)
        return 1;
    return severity < POLICY_SEVERITIES ? severity : POLICY_SEVERITIES - 1;
}

int64_t policy_first_response_ms(const struct policy *p, int severity)
{
    return p->first_response_ms[clamp_severity(severity)];
}

int64_t policy_resolution_ms(const struct policy *p, int severity)
{
    return p->resolution_ms[clamp_severity(severity)];
}

int policy_level_that_may(const struct policy *p, int remedy_kind, int64_t micros)
{
    if (remedy_kind < 1 || remedy_kind >= POLICY_REMEDY_KINDS)
        return 0;
    for (int level = 1; level <= p->n_levels; level++) {
        int64_t limit = p->levels[level].limit_micros[remedy_kind];
        if (limit > 0 && limit >= micros)
            return level;
    }
    return 0;
}
