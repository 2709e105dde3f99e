/* SPDX-License-Identifier: Apache-2.0 */
#include "case/message/event_filter.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "contract/check.h"

#define CUSTOMER_ID_BYTES 128

/* -- checking ---------------------------------------------------------------------------------- */

/* "filter.case_ids[3]"; the list's own path when the arena is full. */
static const char *item_path(struct fault *fault, const char *field, const char *list, size_t i)
{
    const char *path = arena_printf(fault->arena, "%s.%s[%zu]", field, list, i);
    return path ? path : field;
}

static bool fits(struct fault *fault, const char *field, const char *list, size_t n)
{
    if (n <= EVENT_FILTER_ITEMS_MAX)
        return true;
    const char *path = arena_printf(fault->arena, "%s.%s", field, list);
    fault_violation(fault, path ? path : field, "has %zu items, more than %d", n,
                    EVENT_FILTER_ITEMS_MAX);
    return false;
}

static void check_kinds(const Amends__V1__EventFilter *f, const char *field, struct fault *fault)
{
    for (size_t i = 0; fits(fault, field, "kinds", f->n_kinds) && i < f->n_kinds; i++)
        check_enum(fault, item_path(fault, field, "kinds", i), &amends__v1__event_kind__descriptor,
                   (int)f->kinds[i], true);
}

static void check_texts(const Amends__V1__EventFilter *f, const char *field, struct fault *fault)
{
    for (size_t i = 0;
         fits(fault, field, "customer_ids", f->n_customer_ids) && i < f->n_customer_ids; i++)
        check_text(fault, item_path(fault, field, "customer_ids", i), f->customer_ids[i],
                   CUSTOMER_ID_BYTES, true);
    for (size_t i = 0; fits(fault, field, "owner_ids", f->n_owner_ids) && i < f->n_owner_ids; i++)
        check_principal(fault, item_path(fault, field, "owner_ids", i), f->owner_ids[i]);
    for (size_t i = 0;
         fits(fault, field, "failure_codes", f->n_failure_codes) && i < f->n_failure_codes; i++)
        check_code(fault, item_path(fault, field, "failure_codes", i), f->failure_codes[i],
                   CHECK_CODE_BYTES_MAX, true);
}

void event_filter_check(const Amends__V1__EventFilter *f, const char *field, struct fault *fault)
{
    if (!f)
        return;
    check_kinds(f, field, fault);
    for (size_t i = 0; fits(fault, field, "case_ids", f->n_case_ids) && i < f->n_case_ids; i++)
        (void)check_uuid(fault, item_path(fault, field, "case_ids", i), f->case_ids[i], NULL);
    check_texts(f, field, fault);
    for (size_t i = 0; fits(fault, field, "levels", f->n_levels) && i < f->n_levels; i++)
        check_range(fault, item_path(fault, field, "levels", i), f->levels[i], 1, INT32_MAX);
}

/* -- making ready ------------------------------------------------------------------------------ */

static int cmp_uuid(const void *a, const void *b)
{
    return uuid_cmp(a, b);
}

static int cmp_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* NULL when the arena is full; not NULL when there is none. */
static void *make_list(struct arena *arena, size_t n, size_t size)
{
    return arena_alloc(arena, (n + 1) * size);
}

static const char **copy_texts(struct arena *arena, char **texts, size_t n)
{
    const char **copy = make_list(arena, n, sizeof(*copy));
    for (size_t i = 0; copy && i < n; i++) {
        copy[i] = arena_strdup(arena, texts[i]);
        if (!copy[i])
            return NULL;
    }
    return copy;
}

static const char **sorted_texts(struct arena *arena, char **texts, size_t n)
{
    const char **copy = copy_texts(arena, texts, n);
    if (copy)
        qsort(copy, n, sizeof(*copy), cmp_text);
    return copy;
}

static struct uuid *sorted_ids(struct arena *arena, char **texts, size_t n)
{
    struct uuid *ids = make_list(arena, n, sizeof(*ids));
    if (!ids)
        return NULL;
    for (size_t i = 0; i < n; i++)
        AM_ASSERT(uuid_parse(texts[i], &ids[i]) == AM_OK); /* it was checked */
    qsort(ids, n, sizeof(*ids), cmp_uuid);
    return ids;
}

static uint64_t kinds_of(const Amends__V1__EventFilter *f)
{
    uint64_t kinds = 0;
    for (size_t i = 0; i < f->n_kinds; i++) {
        AM_ASSERT((unsigned)f->kinds[i] < 64); /* more kinds need a wider set */
        kinds |= UINT64_C(1) << f->kinds[i];
    }
    return kinds;
}

int event_filter_make(struct event_filter *out, const Amends__V1__EventFilter *f,
                      struct arena *arena)
{
    *out = (struct event_filter){0};
    if (!f)
        return AM_OK;
    *out = (struct event_filter){.kinds = kinds_of(f),
                                 .n_case_ids = f->n_case_ids,
                                 .n_customer_ids = f->n_customer_ids,
                                 .n_failure_codes = f->n_failure_codes,
                                 .n_levels = f->n_levels,
                                 .n_owner_ids = f->n_owner_ids};
    out->case_ids = sorted_ids(arena, f->case_ids, f->n_case_ids);
    out->customer_ids = sorted_texts(arena, f->customer_ids, f->n_customer_ids);
    out->failure_codes = copy_texts(arena, f->failure_codes, f->n_failure_codes);
    out->owner_ids = sorted_texts(arena, f->owner_ids, f->n_owner_ids);
    out->levels = make_list(arena, f->n_levels, sizeof(*out->levels));
    if (!out->case_ids || !out->customer_ids || !out->failure_codes || !out->owner_ids ||
        !out->levels)
        return AM_ENOMEM;
    if (f->n_levels > 0)
        memcpy(out->levels, f->levels, f->n_levels * sizeof(*out->levels));
    return AM_OK;
}

/* -- asking ------------------------------------------------------------------------------------ */

static bool has_text(const char *const *texts, size_t n, const char *text)
{
    return n == 0 || bsearch(&text, texts, n, sizeof(*texts), cmp_text) != NULL;
}

static bool has_level(const struct event_filter *f, int level)
{
    for (size_t i = 0; i < f->n_levels; i++)
        if (f->levels[i] == level)
            return true;
    return f->n_levels == 0;
}

/* A branch is the code and everything below it: "billing" is also "billing.overcharge". */
static bool is_below(const char *code, const char *branch)
{
    const size_t len = strlen(branch);
    return strncmp(code, branch, len) == 0 && (code[len] == '\0' || code[len] == '.');
}

static bool has_branch(const struct event_filter *f, const char *code)
{
    for (size_t i = 0; i < f->n_failure_codes; i++)
        if (is_below(code, f->failure_codes[i]))
            return true;
    return f->n_failure_codes == 0;
}

static bool has_kind(const struct event_filter *f, int kind)
{
    return f->kinds == 0 || ((unsigned)kind < 64 && (f->kinds >> kind & 1) != 0);
}

static bool has_case(const struct event_filter *f, const struct uuid *id)
{
    return f->n_case_ids == 0 ||
           bsearch(id, f->case_ids, f->n_case_ids, sizeof(*f->case_ids), cmp_uuid) != NULL;
}

bool event_filter_passes(const struct event_filter *f, const struct event_facts *e)
{
    return has_kind(f, e->kind) && has_level(f, e->level) && has_case(f, &e->case_id) &&
           has_text(f->customer_ids, f->n_customer_ids, e->customer_id) &&
           has_text(f->owner_ids, f->n_owner_ids, e->owner_id) && has_branch(f, e->failure_code);
}
