/* SPDX-License-Identifier: Apache-2.0 */

/* Where a node is: by its path, by line and column. */

#include <string.h>

#include "policy/read/yaml_tree.h"

struct ynode *ynode_get(const struct ynode *map, const char *key)
{
    if (!map || map->kind != YNODE_MAP)
        return NULL;
    for (struct ynode *c = map->first; c; c = c->next)
        if (strcmp(c->key, key) == 0)
            return c;
    return NULL;
}

/* The child whose key the path begins with, the longest such: keys may have dots. */
static const struct ynode *child_by_key(const struct ynode *map, const char *path, size_t *len)
{
    const struct ynode *found = NULL;
    for (const struct ynode *c = map->first; c; c = c->next) {
        size_t n = strlen(c->key);
        bool ends = strncmp(c->key, path, n) == 0 && strchr(".[", path[n]) != NULL;
        if (ends && (!found || n > *len)) {
            found = c;
            *len = n;
        }
    }
    return found;
}

static const struct ynode *child_by_index(const struct ynode *list, const char *path, size_t *len)
{
    size_t index = 0, n = 1;
    for (; path[n] >= '0' && path[n] <= '9' && index < YAML_NODES_MAX; n++)
        index = index * 10 + (size_t)(path[n] - '0');
    if (path[n] != ']')
        return NULL;
    *len = n + 1;
    const struct ynode *c = list->first;
    while (c && c->index != index)
        c = c->next;
    return c;
}

const struct ynode *ynode_at(const struct ynode *root, const char *path)
{
    const struct ynode *node = root;
    while (*path) {
        size_t len = 0;
        const struct ynode *child = NULL;
        if (*path == '.')
            path++;
        if (node->kind == YNODE_LIST && *path == '[')
            child = child_by_index(node, path, &len);
        else if (node->kind == YNODE_MAP)
            child = child_by_key(node, path, &len);
        if (!child)
            break;
        node = child;
        path += len;
    }
    return node;
}

/* How much of a text is shown: whole characters. */
int ynode_shown(const char *text)
{
    size_t n = strnlen(text, YAML_SHOWN_BYTES + 1);
    if (n <= YAML_SHOWN_BYTES)
        return (int)n;
    n = YAML_SHOWN_BYTES;
    while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
        n--;
    return (int)n;
}

const char *ynode_path(const struct ynode *node, struct arena *arena)
{
    const char *path = "";
    for (; node && node->parent; node = node->parent) {
        const char *dot = *path && *path != '[' ? "." : "";
        path = node->key
                   ? arena_printf(arena, "%.*s%s%s", ynode_shown(node->key), node->key, dot, path)
                   : arena_printf(arena, "[%zu]%s%s", node->index, dot, path);
        if (!path)
            return "";
    }
    return path;
}

void ynode_place(const struct ynode *node, struct bundle_problem *where)
{
    bool by_key = node->kind != YNODE_SCALAR && node->key;
    where->line = by_key ? node->key_line : node->line;
    where->column = by_key ? node->key_column : node->column;
    if (node->inherited)
        where->line = where->column = 0;
}

/* Past what is kept, problems are only counted: a bundle may have a hundred thousand. */
static bool only_counted(struct bundle_problems *problems, bool warning)
{
    if (problems->n < BUNDLE_PROBLEMS_MAX)
        return false;
    problems->n_errors += !warning;
    problems->n_left_out++;
    return true;
}

static void AM_PRINTF(3, 0) add(struct bundle_problems *problems,
                                const struct bundle_problem *where, const char *fmt, va_list args)
{
    const char *text = arena_vprintf(problems->arena, fmt, args);
    bundle_problem_add(problems, where, "%s", text ? text : "is wrong");
}

void ynode_problem(struct bundle_problems *problems, const struct ynode *node, bool warning,
                   const char *fmt, ...)
{
    if (node->refused || only_counted(problems, warning))
        return;
    struct bundle_problem where = {.warning = warning, .path = ynode_path(node, problems->arena)};
    ynode_place(node, &where);
    va_list args;
    va_start(args, fmt);
    add(problems, &where, fmt, args);
    va_end(args);
}

void ynode_key_problem(struct bundle_problems *problems, const struct ynode *node, const char *fmt,
                       ...)
{
    if (node->refused || only_counted(problems, false))
        return;
    struct bundle_problem where = {.path = ynode_path(node, problems->arena),
                                   .line = node->inherited ? 0 : node->key_line,
                                   .column = node->inherited ? 0 : node->key_column};
    va_list args;
    va_start(args, fmt);
    add(problems, &where, fmt, args);
    va_end(args);
}

void ynode_missing(struct bundle_problems *problems, const struct ynode *map, const char *key,
                   const char *needs)
{
    if (map->refused || only_counted(problems, false))
        return;
    const char *in = ynode_path(map, problems->arena);
    struct bundle_problem where = {
        .path = arena_printf(problems->arena, "%s%s%s", in, *in ? "." : "", key)};
    ynode_place(map, &where);
    bundle_problem_add(problems, &where, "is missing: %s", needs);
}
