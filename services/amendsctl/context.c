/* SPDX-License-Identifier: Apache-2.0 */

#include "amendsctl/context.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "amendsctl/contexts.h"
#include "base/assert.h"

#define WRONG 1

static const char *chosen_name(const struct ctl *c, const struct contexts *all)
{
    const char *given = globals_get(&c->line->values, GLOBAL_CONTEXT);
    return given ? given : all->current;
}

static int read_contexts(const struct ctl *c, struct contexts **out)
{
    *out = ARENA_NEW(c->arena, struct contexts);
    return contexts_read(*out, c->arena);
}

/* -- list -------------------------------------------------------------------------------------- */

static json_t *as_json(const struct context *one)
{
    json_t *values = json_object();
    AM_ASSERT(values != NULL);
    for (int i = 0; i < GLOBALS; i++)
        if (one->values[i])
            AM_ASSERT(json_object_set_new(values, globals[i].name, json_string(one->values[i])) ==
                      0);
    return values;
}

static void print_json(const struct context *one, const char *chosen)
{
    const bool current = chosen && strcmp(chosen, one->name) == 0;
    json_t *whole = json_pack("{s:s,s:b,s:o}", "name", one->name, "current", (int)current,
                              "options", as_json(one));
    AM_ASSERT(whole != NULL);
    char *text = json_dumps(whole, JSON_COMPACT);
    AM_ASSERT(text != NULL);
    out_line("%s", text);
    free(text);
    json_decref(whole);
}

/* Where it leads: the one address, or those of the services. */
static const char *where(const struct context *one, struct arena *arena)
{
    static const enum global_id addresses[] = {GLOBAL_SERVER, GLOBAL_INTAKE, GLOBAL_ASSIGNMENT,
                                               GLOBAL_RESOLUTION};
    const char *text = "";
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses && text; i++) {
        const char *value = one->values[addresses[i]];
        if (value)
            text = arena_printf(arena, "%s%s%s", text, *text ? "," : "", value);
    }
    AM_ASSERT(text != NULL);
    return *text ? text : "-";
}

static void print_row(const struct context *one, const char *chosen, struct arena *arena)
{
    const bool current = chosen && strcmp(chosen, one->name) == 0;
    const char *tenant = one->values[GLOBAL_TENANT];
    out_line("%s %-16s %-12s %s", current ? "*" : " ", one->name, tenant ? tenant : "-",
             where(one, arena));
}

int context_run_list(const struct ctl *c)
{
    struct contexts *all;
    if (read_contexts(c, &all))
        return WRONG;
    const char *chosen = chosen_name(c, all);
    if (all->n == 0 && !c->line->json)
        out_line("no contexts in %s", all->path);
    else if (!c->line->json)
        out_line("  %-16s %-12s %s", "NAME", "TENANT", "ADDRESS");
    for (size_t i = 0; i < all->n; i++) {
        if (c->line->json)
            print_json(&all->items[i], chosen);
        else
            print_row(&all->items[i], chosen, c->arena);
    }
    return 0;
}

/* -- use --------------------------------------------------------------------------------------- */

int context_run_use(const struct ctl *c)
{
    const char *name = c->line->word;
    struct contexts *all;
    if (read_contexts(c, &all))
        return WRONG;
    if (!contexts_find(all, name)) {
        contexts_tell_unknown(all, name, c->arena);
        return WRONG;
    }
    if (contexts_write_current(all, name, c->arena))
        return WRONG;
    out_line("%s is the current context", name);
    if (c->line->values.env[GLOBAL_CONTEXT])
        out_error("amendsctl: but AMENDS_CONTEXT says %s, which goes before it",
                  c->line->values.env[GLOBAL_CONTEXT]);
    return 0;
}

/* -- show -------------------------------------------------------------------------------------- */

static void print_option(const struct ctl *c, const struct context *one, enum global_id id)
{
    const char *instead = c->line->values.env[id];
    if (instead && contexts_may_hold(id))
        out_line("  %-18s %s (%s says it%s%s)", globals[id].name, instead,
                 globals_env_name(id, c->arena), one->values[id] ? " instead of " : "",
                 one->values[id] ? one->values[id] : "");
    else if (one->values[id])
        out_line("  %-18s %s", globals[id].name, one->values[id]);
}

int context_run_show(const struct ctl *c)
{
    struct contexts *all;
    if (read_contexts(c, &all))
        return WRONG;
    const char *name = c->line->word ? c->line->word : chosen_name(c, all);
    if (!name) {
        out_line("no context is chosen: amendsctl context use NAME (%s)", all->path);
        return 0;
    }
    const struct context *one = contexts_find(all, name);
    if (!one) {
        contexts_tell_unknown(all, name, c->arena);
        return WRONG;
    }
    if (c->line->json) {
        print_json(one, chosen_name(c, all));
        return 0;
    }
    out_line("%s (%s:%d)", one->name, all->path, one->line);
    for (int i = 0; i < GLOBALS; i++)
        print_option(c, one, (enum global_id)i);
    return 0;
}
