/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/describe/diff.h"

#include <stdlib.h>
#include <string.h>

#include "policy/describe/describe.h"

/* A policy's lines within the bounds of a bundle take less. */
#define DESCRIBE_ARENA_BYTES (96u << 20)

struct changes {
    struct arena *arena;
    const char **lines;
    size_t n, left_out;
};

static void add_change(struct changes *c, const char *path, const char *from, const char *to)
{
    if (c->n == BUNDLE_CHANGES_MAX - 1) {
        c->left_out++;
        return;
    }
    const char *line =
        arena_printf(c->arena, "%s: %s -> %s", path, from ? from : "none", to ? to : "none");
    if (line)
        c->lines[c->n++] = line;
    else
        c->left_out++;
}

/* By path; lines of the same path keep their order, so that the n-th meets the n-th. */
static int by_path(const void *a, const void *b)
{
    const struct described *const *x = a;
    const struct described *const *y = b;
    int order = strcmp((*x)->path, (*y)->path);
    return order ? order : (*x > *y) - (*x < *y);
}

/* The lines in the order of their paths, by pointers; NULL for none or no memory. */
static const struct described **sorted(const struct description *d)
{
    const struct described **refs = arena_alloc(d->arena, (d->n + 1) * sizeof(*refs));
    for (size_t i = 0; refs && i < d->n; i++)
        refs[i] = &d->lines[i];
    if (refs)
        qsort(refs, d->n, sizeof(*refs), by_path);
    return refs;
}

/* Marks, for each line, its partner in the other one: the value there, or NULL. */
static void pair_lines(const struct description *a, const struct description *b, const char **in_b,
                       bool *paired_b)
{
    const struct described **x = sorted(a), **y = sorted(b);
    size_t i = 0, k = 0;
    while (x && y && i < a->n && k < b->n) {
        int order = strcmp(x[i]->path, y[k]->path);
        if (order == 0) {
            in_b[x[i] - a->lines] = y[k]->value;
            paired_b[y[k] - b->lines] = true;
        }
        i += order <= 0;
        k += order >= 0;
    }
}

static void compare_lines(const struct description *from, const struct description *to,
                          struct changes *c)
{
    const char **old = arena_alloc(to->arena, (to->n + 1) * sizeof(*old));
    bool *kept = arena_alloc(to->arena, from->n + 1);
    if (!old || !kept) {
        c->left_out++;
        return;
    }
    pair_lines(to, from, old, kept);
    for (size_t i = 0; i < to->n; i++)
        if (!old[i] || strcmp(old[i], to->lines[i].value) != 0)
            add_change(c, to->lines[i].path, old[i], to->lines[i].value);
    for (size_t i = 0; i < from->n; i++)
        if (!kept[i])
            add_change(c, from->lines[i].path, from->lines[i].value, NULL);
}

void bundle_diff(const struct policy *from, const struct policy *to, struct arena *arena,
                 const char ***lines, size_t *n)
{
    struct arena memory;
    arena_init(&memory, DESCRIBE_ARENA_BYTES);
    struct description before = {.arena = &memory}, after = {.arena = &memory};
    struct changes c = {.arena = arena,
                        .lines = arena_alloc(arena, BUNDLE_CHANGES_MAX * sizeof(*c.lines))};
    *n = 0;
    *lines = c.lines;
    if (c.lines) {
        if (from)
            policy_describe(from, &before);
        policy_describe(to, &after);
        c.left_out += before.full || after.full;
        compare_lines(&before, &after, &c);
        if (c.left_out > 0) {
            const char *rest = arena_printf(arena, "and %zu more", c.left_out);
            c.lines[c.n++] = rest ? rest : "and more";
        }
        *n = c.n;
    }
    arena_free(&memory);
}
