/* SPDX-License-Identifier: Apache-2.0 */

/* What a bundle leaves out: single settings have the fallback of their row in settings.def, whole
 * sections are those of the bundle that ships. */

#include <string.h>

#include "policy/read/read.h"
#include "policy/settings.h"

static void mark_inherited(struct ynode *node)
{
    node->inherited = true;
    for (struct ynode *c = node->first; c; c = c->next)
        mark_inherited(c);
}

/* Puts a node behind the others of a map, under a key that the map has not. */
static void adopt(struct ynode *map, struct ynode *child, const char *key)
{
    mark_inherited(child);
    child->key = key;
    child->parent = map;
    child->next = NULL;
    child->index = map->n++;
    if (map->last)
        map->last->next = child;
    else
        map->first = child;
    map->last = child;
}

/* -- single settings --------------------------------------------------------------------------- */

/* The map under a key, a new one if there is none; NULL when something else is there, or when there
 * is no memory. */
static struct ynode *group(struct bundle *b, struct ynode *map, const char *key, size_t len)
{
    char *name = arena_strndup(b->arena, key, len);
    struct ynode *own = name ? ynode_get(map, name) : NULL;
    if (own)
        return own->kind == YNODE_MAP ? own : NULL;
    struct ynode *made = name ? arena_alloc(b->arena, sizeof(*made)) : NULL;
    if (made) {
        *made = (struct ynode){.kind = YNODE_MAP};
        adopt(map, made, name);
    }
    return made;
}

/* Gives a map that is there the keys of the fallback that it has not: single severities. */
static void complete(struct ynode *own, const struct ynode *fallback)
{
    if (own->kind != YNODE_MAP || fallback->kind != YNODE_MAP)
        return;
    for (struct ynode *c = fallback->first, *next; c; c = next) {
        next = c->next;
        if (!ynode_get(own, c->key))
            adopt(own, c, c->key);
    }
}

static bool inherit_setting(struct bundle *b, const struct setting *s)
{
    struct ynode *map = b->root;
    const char *key = s->path;
    for (const char *dot = strchr(key, '.'); dot && map; dot = strchr(key, '.')) {
        map = group(b, map, key, (size_t)(dot - key));
        key = dot + 1;
    }
    struct ynode *own = map ? ynode_get(map, key) : NULL;
    if (!map || (own && own->kind != YNODE_MAP))
        return true;
    struct ynode *fallback = ynode_read(s->fallback.value, b->arena, b->problems);
    if (fallback && own)
        complete(own, fallback);
    else if (fallback)
        adopt(map, fallback, key);
    return fallback != NULL;
}

static bool inherit_settings(struct bundle *b, enum setting_scope scope)
{
    bool all = true;
    for (const struct setting *s = setting_first(scope); s && all; s = setting_next(s))
        if (s->fallback.value)
            all = inherit_setting(b, s);
    return all;
}

/* -- whole sections ---------------------------------------------------------------------------- */

static bool inherit_sections(struct bundle *b, const char *ships)
{
    struct ynode *root = ynode_read(ships, b->arena, b->problems);
    if (!root)
        return false; /* the bundle's own tree has taken the memory, and that is said */
    for (struct ynode *c = root->first, *next; c; c = next) {
        next = c->next;
        if (strcmp(c->key, "amends") != 0 && !ynode_get(b->root, c->key))
            adopt(b->root, c, c->key);
    }
    return true;
}

bool read_inherited(struct bundle *b, const char *ships)
{
    return inherit_settings(b, SCOPE_SECTION) && inherit_settings(b, SCOPE_SETTINGS) &&
           inherit_sections(b, ships);
}

/* -- texts ------------------------------------------------------------------------------------- */

/* Gives a language that the bundle has what it leaves out: whole texts, and single words. */
static void complete_language(struct ynode *own, const struct ynode *fallback)
{
    if (own->kind != YNODE_MAP)
        return;
    static const char *const words[] = {"causes", "asks"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        struct ynode *mine = ynode_get(own, words[i]);
        if (mine)
            complete(mine, ynode_get(fallback, words[i]));
    }
    complete(own, fallback);
}

bool read_inherited_texts(struct bundle *b, const char *ships)
{
    const struct ynode *root = ynode_read(ships, b->arena, b->problems);
    struct ynode *texts = ynode_get(root, "templates"), *own = ynode_get(b->root, "templates");
    if (!texts)
        return false;
    if (!own)
        adopt(b->root, texts, "templates");
    if (!own || own->kind != YNODE_MAP)
        return true;
    for (const struct ynode *c = texts->first; c; c = c->next) {
        struct ynode *mine = ynode_get(own, c->key);
        if (mine && c->kind == YNODE_MAP)
            complete_language(mine, c);
    }
    complete(own, texts);
    return true;
}
