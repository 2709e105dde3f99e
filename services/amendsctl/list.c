/* SPDX-License-Identifier: Apache-2.0 */

#include "amendsctl/list.h"

#include <string.h>

#include "amendsctl/cell.h"
#include "amendsctl/out.h"
#include "amendsctl/table.h"
#include "base/assert.h"

#define PAGE_BYTES (64u << 20)

static char **text_at(ProtobufCMessage *m, const char *field)
{
    const ProtobufCFieldDescriptor *f =
        protobuf_c_message_descriptor_get_field_by_name(m->descriptor, field);
    AM_ASSERT(f != NULL && f->type == PROTOBUF_C_TYPE_STRING);
    return (char **)(void *)((char *)m + f->offset);
}

static const char *next_page(const ProtobufCMessage *reply)
{
    const ProtobufCFieldDescriptor *f =
        protobuf_c_message_descriptor_get_field_by_name(reply->descriptor, "next_page_token");
    AM_ASSERT(f != NULL);
    return *(char *const *)cell_at(reply, f);
}

static void tell_end(const struct ctl *c, const struct table *t, size_t shown, bool more)
{
    const char *list = c->line->command->list;
    if (shown == 0)
        out_line("no %s", list);
    if (more)
        out_line("%zu %s shown of more; --all shows all", shown, list);
    if (t->n_shown < t->n)
        out_line("%zu columns find no room; --wide shows them", t->n - t->n_shown);
}

/* One page. Returns the exit code and sets the token of the next page, "" at the end. */
static int page(const struct ctl *c, struct table *t, size_t *shown, const char **token)
{
    const struct line *line = c->line;
    struct arena arena;
    struct ctl own = *c;
    const ProtobufCMessage *reply = NULL;
    arena_init(&arena, PAGE_BYTES);
    own.arena = &arena;
    int code = ctl_call(&own, line->command->method, line->request, &reply);
    *token = "";
    if (code == 0 && line->json)
        out_json(reply);
    else if (code == 0)
        *shown += table_page(t, reply, line->command->list, &line->view, &arena);
    if (code == 0)
        *token = arena_strdup(c->arena, next_page(reply));
    AM_ASSERT(*token != NULL);
    arena_free(&arena);
    return code;
}

/* A filter that few cases pass may have empty pages before the first one that has something. */
static bool goes_on(const struct line *line, size_t shown)
{
    return line->all || (shown == 0 && !line->json);
}

int list_run(const struct ctl *c)
{
    const struct line *line = c->line;
    const char *token = "";
    struct table table;
    size_t shown = 0;
    table_init(&table, line->command->columns, c->arena);
    int code = page(c, &table, &shown, &token);
    while (code == 0 && goes_on(line, shown) && *token && out_flush()) {
        *text_at(line->request, "page_token") = (char *)(uintptr_t)token;
        code = page(c, &table, &shown, &token);
    }
    if (code == 0 && !line->json)
        tell_end(c, &table, shown, *token);
    return code;
}
