/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/read/bundle.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "policy/read/read.h"
#include "policy/validate/validate.h"

/* The tree of the largest source, the arrays of every section and their texts. */
#define BUNDLE_ARENA_BYTES (128u << 20)

static const char *const sections[] = {
    "amends", "currency", "time_zone",  "tiers",      "calendars", "ladder", "failures",
    "clocks", "promises", "close_gate", "assignment", "priority",  NULL};
/* Of these, single settings are taken over too, not only the whole section. */
static const char *const settings[] = {"promises", "close_gate", "assignment", "priority", NULL};

/* -- what is left out -------------------------------------------------------------------------- */

static void mark_inherited(struct ynode *node)
{
    node->inherited = true;
    for (struct ynode *c = node->first; c; c = c->next)
        mark_inherited(c);
}

static void adopt(struct ynode *map, struct ynode *child)
{
    mark_inherited(child);
    child->parent = map;
    child->next = NULL;
    child->index = map->n++;
    if (map->last)
        map->last->next = child;
    else
        map->first = child;
    map->last = child;
}

/* Puts what `from` has and `map` has not into `map`; within maps too. */
static void inherit_settings(struct ynode *map, struct ynode *from)
{
    if (map->kind != YNODE_MAP || from->kind != YNODE_MAP)
        return;
    for (struct ynode *c = from->first, *next; c; c = next) {
        struct ynode *own = ynode_get(map, c->key);
        next = c->next;
        if (own)
            inherit_settings(own, c);
        else
            adopt(map, c);
    }
}

/* Sections that are left out are those of the bundle that ships. */
static bool inherit(struct bundle *b)
{
    struct ynode *ships = ynode_read(bundle_default_source(), b->arena, b->problems);
    if (!ships)
        return false; /* the bundle's own tree has taken the memory, and that is said */
    for (size_t i = 0; settings[i]; i++) {
        struct ynode *own = ynode_get(b->root, settings[i]);
        if (own)
            inherit_settings(own, ynode_get(ships, settings[i]));
    }
    for (struct ynode *c = ships->first, *next; c; c = next) {
        next = c->next;
        if (strcmp(c->key, "amends") != 0 && !ynode_get(b->root, c->key))
            adopt(b->root, c);
    }
    return true;
}

/* -- problems ---------------------------------------------------------------------------------- */

/* Whether `path` is that of an error, within it or around it. */
static bool is_part(const char *path, const char *error)
{
    size_t n = strlen(path), m = strlen(error);
    size_t less = n < m ? n : m;
    const char *rest = n < m ? error + n : path + m;
    return strncmp(path, error, less) == 0 && strchr(".[", *rest) != NULL;
}

/* What follows from a value that could not be read is no problem of its own. */
static bool follows(const struct bundle_problems *problems, size_t n_read, const char *path)
{
    for (size_t i = 0; i < n_read; i++)
        if (!problems->items[i].warning && problems->items[i].path[0] &&
            is_part(path, problems->items[i].path))
            return true;
    return false;
}

/* A clock with one target has it under `target`: its path in the policy is targets[0]. */
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

/* Gives the problems that were found in the policy their places in the text. */
static void locate(struct bundle *b, size_t n_read)
{
    struct bundle_problems *all = b->problems;
    size_t kept = n_read;
    for (size_t i = n_read; i < all->n; i++) {
        struct bundle_problem p = all->items[i];
        p.path = path_in_text(b, p.path);
        if (follows(all, n_read, p.path)) {
            all->n_errors -= !p.warning;
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
static void sort(struct bundle_problems *problems)
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
    known_keys(b, b->root, sections);
    if (!inherit(b))
        return false;
    read_company(b);
    read_ladder(b);
    read_failures(b);
    policy_sort_failures(b->policy);
    read_calendars(b);
    read_clocks(b);
    read_settings(b);
    return true;
}

static void compile(struct bundle *b, const char *source)
{
    b->root = ynode_read(source, b->arena, b->problems);
    if (!b->root || !is_map(b, b->root, "begin with `amends: 1`"))
        return;
    if (!read_sections(b))
        return;
    size_t n_read = b->problems->n;
    policy_validate(b->policy, b->problems);
    locate(b, n_read);
}

struct policy *bundle_compile(int32_t version, const char *source, struct bundle_problems *problems)
{
    struct arena arena;
    arena_init(&arena, BUNDLE_ARENA_BYTES);
    struct policy *p = policy_new(version);
    struct bundle b = {.policy = p, .problems = problems, .arena = &arena};
    compile(&b, source);
    sort(problems);
    arena_free(&arena);
    if (problems->n_errors == 0)
        return p;
    policy_free(p);
    return NULL;
}
