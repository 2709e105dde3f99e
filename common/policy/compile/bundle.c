/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/compile/bundle.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "contract/reasons.h"
#include "policy/build.h"
#include "policy/read/read.h"
#include "policy/validate/validate.h"

/* The tree of the largest source, the arrays of every section and their texts. */
#define BUNDLE_ARENA_BYTES (128u << 20)
#define PROBLEMS_ARENA_BYTES (4u << 20)

/* -- problems ---------------------------------------------------------------------------------- */

/* True when `path` is that of an error, or within it, or around it. */
static bool is_part(const char *path, const char *error)
{
    size_t n = strlen(path), m = strlen(error);
    size_t less = n < m ? n : m;
    const char *rest = n < m ? error + n : path + m;
    return strncmp(path, error, less) == 0 && strchr(".[", *rest) != NULL;
}

/* True when a problem follows from a value that could not be read: that is told already. */
static bool follows_from_another(const struct bundle_problems *problems, size_t n_read,
                                 const char *path)
{
    for (size_t i = 0; i < n_read; i++) {
        const struct bundle_problem *p = &problems->items[i];
        if (!p->warning && !p->refusal && p->path[0] && is_part(path, p->path))
            return true;
    }
    return false;
}

/* A clock with one target has it under `target`, and the policy knows it as targets[0]. */
static const char *path_in_text(struct bundle *b, const char *path)
{
    const char *targets = strstr(path, ".targets");
    if (!targets)
        return path;
    const char *clock = arena_strndup(b->arena, path, (size_t)(targets - path));
    const struct ynode *node = clock ? ynode_at(b->root, clock) : NULL;
    if (!node || !ynode_get(node, "target") || ynode_get(node, "targets"))
        return path;
    const char *one = arena_printf(b->problems->arena, "%s.target", clock);
    return one ? one : path;
}

/* Gives the problems that were found in the policy (from `n_read` on) their places in the text. */
static void locate_problems(struct bundle *b, size_t n_read)
{
    struct bundle_problems *all = b->problems;
    size_t kept = n_read;
    for (size_t i = n_read; i < all->n; i++) {
        struct bundle_problem p = all->items[i];
        p.path = path_in_text(b, p.path);
        if (follows_from_another(all, n_read, p.path)) {
            all->n_errors -= !p.warning;
            all->n_refusals -= p.refusal;
            continue;
        }
        const struct ynode *node = ynode_at(b->root, p.path);
        ynode_place(node, &p);
        if (node->inherited) {
            const char *text = arena_printf(all->arena,
                                            "%s (as in the bundle that ships: this "
                                            "bundle leaves it out)",
                                            p.text);
            p.text = text ? text : p.text;
        }
        all->items[kept++] = p;
    }
    all->n = kept;
}

static bool is_before(const struct bundle_problem *a, const struct bundle_problem *b)
{
    if (!a->line != !b->line)
        return a->line != 0;
    return a->line != b->line ? a->line < b->line : a->column < b->column;
}

/* By line and column, those without a line last; stable. */
static void sort_problems(struct bundle_problems *problems)
{
    for (size_t i = 1; i < problems->n; i++) {
        struct bundle_problem p = problems->items[i];
        size_t k = i;
        for (; k > 0 && is_before(&p, &problems->items[k - 1]); k--)
            problems->items[k] = problems->items[k - 1];
        problems->items[k] = p;
    }
}

/* -- the whole --------------------------------------------------------------------------------- */

static bool read_sections(struct bundle *b)
{
    read_known_settings(b, b->root, 1u << SCOPE_SECTION | 1u << SCOPE_SETTINGS, "");
    if (!read_inherited(b, bundle_default_source()) ||
        !read_inherited_texts(b, bundle_templates_source()))
        return false;
    read_company(b);
    read_ladder(b);
    read_failures(b);
    policy_sort_failures(b->policy);
    read_calendars(b);
    read_clocks(b);
    read_templates(b);
    read_notify(b);
    read_settings(b, SCOPE_SETTINGS, b->root, b->policy);
    return true;
}

static void compile(struct bundle *b, const char *source)
{
    b->root = ynode_read(source, b->arena, b->problems);
    if (!b->root || !read_is_map(b, b->root, "begin with `amends: 1`"))
        return;
    if (!read_sections(b))
        return;
    size_t n_read = b->problems->n;
    policy_validate(b->policy, b->problems);
    locate_problems(b, n_read);
}

/* The policy of a source, whatever problems it has. */
static struct policy *compile_all(int32_t version, const char *source, bool stored,
                                  struct bundle_problems *problems)
{
    struct arena arena;
    arena_init(&arena, BUNDLE_ARENA_BYTES);
    struct policy *p = policy_new(version);
    struct bundle b = {.policy = p, .problems = problems, .arena = &arena, .stored = stored};
    compile(&b, source);
    sort_problems(problems);
    arena_free(&arena);
    return p;
}

struct policy *bundle_compile(int32_t version, const char *source, struct bundle_problems *problems)
{
    struct policy *p = compile_all(version, source, false, problems);
    if (problems->n_errors == 0)
        return p;
    policy_free(p);
    return NULL;
}

/* Keeps how many refusals there are, and the first one. */
static void keep_refusals(struct policy *p, const struct bundle_problems *problems)
{
    p->n_refusals = problems->n_refusals;
    p->refusal = p->n_refusals ? "it has more problems than are kept" : "";
    for (size_t i = 0; i < problems->n; i++) {
        const struct bundle_problem *first = &problems->items[i];
        if (!first->refusal)
            continue;
        const char *path = arena_strdup(&p->arena, first->path);
        const char *text = arena_strdup(&p->arena, first->text);
        p->refusal_path = path ? path : "";
        p->refusal = text ? text : p->refusal;
        return;
    }
}

struct policy *bundle_compile_stored(int32_t version, const char *source,
                                     struct bundle_problems *problems)
{
    struct policy *p = compile_all(version, source, true, problems);
    if (problems->n_errors == problems->n_refusals) {
        keep_refusals(p, problems);
        return p;
    }
    policy_free(p);
    return NULL;
}

/* -- without a list of problems ---------------------------------------------------------------- */

const char *bundle_of_stored(const char *source)
{
    return strcmp(source, "default") == 0 ? bundle_default_source() : source;
}

static void uncompilable(int32_t version, const struct bundle_problems *problems,
                         struct fault *fault)
{
    const char *zone = problems->missing_zone;
    if (zone) {
        fault_set(fault, FAULT_UNAVAILABLE, ERROR_REASON_TIME_ZONE_MISSING,
                  "policy version %d needs the time zone %s, which the tz database of this replica "
                  "does not have",
                  (int)version, zone);
        fault_meta(fault, "time_zone", "%s", zone);
    }
    bundle_problems_fault(problems, fault);
}

struct policy *policy_compile(int32_t version, const char *source, struct fault *fault)
{
    struct arena arena;
    struct bundle_problems problems;
    arena_init(&arena, PROBLEMS_ARENA_BYTES);
    bundle_problems_init(&problems, &arena);
    struct policy *p = bundle_compile_stored(version, bundle_of_stored(source), &problems);
    if (!p)
        uncompilable(version, &problems, fault);
    arena_free(&arena);
    return p;
}

struct policy *policy_default(int32_t version)
{
    struct arena arena;
    struct bundle_problems problems;
    arena_init(&arena, PROBLEMS_ARENA_BYTES);
    bundle_problems_init(&problems, &arena);
    struct policy *p = bundle_compile(version, bundle_default_source(), &problems);
    AM_ASSERT(p != NULL);
    arena_free(&arena);
    return p;
}
