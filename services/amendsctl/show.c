/* SPDX-License-Identifier: Apache-2.0 */

#include "amendsctl/show.h"

#include <string.h>

#include "amendsctl/cell.h"
#include "amendsctl/text.h"
#include "amendsctl/values.h"
#include "amendsctl/when.h"
#include "base/assert.h"

#define NAME_WIDTH 26

static const char *must(const char *text)
{
    AM_ASSERT(text != NULL);
    return text;
}

/* A value on a line of its own has room: a time is told in full, with the distance behind it. */
static const char *roomy(const ProtobufCFieldDescriptor *f, const void *at, const struct view *view,
                         struct arena *arena)
{
    const struct view exact = {.now_s = view->now_s};
    const char *text = cell_value(f, at, &exact, arena);
    const ProtobufCMessage *m =
        f->type == PROTOBUF_C_TYPE_MESSAGE ? *(ProtobufCMessage *const *)at : NULL;
    if (!m || m->descriptor != &google__protobuf__timestamp__descriptor)
        return text;
    const char *near = when_near((const Google__Protobuf__Timestamp *)m, view, arena);
    return near ? must(arena_printf(arena, "%s (%s)", text, near)) : text;
}

static void print_pair(int indent, const char *name, const char *text)
{
    out_line("%*s%-*s%s", indent, "", NAME_WIDTH - indent, name, text);
}

/* -- parts ------------------------------------------------------------------------------------- */

/* Everything given in a part, on one line, which goes on below where the terminal ends. */
static void print_part(const ProtobufCMessage *m, int indent, const struct view *view,
                       struct arena *arena)
{
    const char *line = must(arena_printf(arena, "%*s-", indent, ""));
    const char *between = " ";
    for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &m->descriptor->fields[i];
        if (f->label == PROTOBUF_C_LABEL_REPEATED || !cell_given(f, cell_at(m, f)))
            continue;
        const char *text = cell_value(f, cell_at(m, f), view, arena);
        const char *pair = text ? must(arena_printf(arena, "%s=%s", f->name, text)) : NULL;
        if (!pair)
            continue;
        if (view->columns && text_width(line) + 2 + text_width(pair) > view->columns) {
            out_line("%s", line);
            line = must(arena_printf(arena, "%*s", indent + 1, ""));
            between = " ";
        }
        line = must(arena_printf(arena, "%s%s%s", line, between, pair));
        between = "  ";
    }
    out_line("%s", line);
}

static bool print_list(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f, int indent,
                       const struct view *view, struct arena *arena)
{
    const size_t n = *(const size_t *)(const void *)((const char *)m + f->quantifier_offset);
    const char *items = *(const char *const *)cell_at(m, f);
    if (n)
        out_line("%*s%s", indent, "", f->name);
    for (size_t i = 0; i < n; i++) {
        const char *item = items + i * value_width(f);
        if (f->type == PROTOBUF_C_TYPE_MESSAGE)
            print_part(*(ProtobufCMessage *const *)(const void *)item, indent + 2, view, arena);
        else
            out_line("%*s- %s", indent + 2, "", cell_value(f, item, view, arena));
    }
    return n > 0;
}

/* -- whole messages ---------------------------------------------------------------------------- */

static bool print_fields(const ProtobufCMessage *m, int indent, const struct view *view,
                         struct arena *arena)
{
    bool given = false;
    for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &m->descriptor->fields[i];
        if (f->label == PROTOBUF_C_LABEL_REPEATED) {
            given = print_list(m, f, indent, view, arena) || given;
            continue;
        }
        const char *text = roomy(f, cell_at(m, f), view, arena);
        given = given || !text || *text;
        if (text && *text) {
            print_pair(indent, f->name, text);
        } else if (!text) {
            out_line("%*s%s", indent, "", f->name);
            (void)print_fields(*(ProtobufCMessage *const *)cell_at(m, f), indent + 2, view, arena);
        }
    }
    return given;
}

bool show_message(const ProtobufCMessage *message, const struct view *view, struct arena *arena)
{
    return print_fields(message, 0, view, arena);
}

bool show_paths(const ProtobufCMessage *message, const char *paths, const struct view *view,
                struct arena *arena)
{
    char *rest = arena_strdup(arena, paths);
    bool given = false;
    AM_ASSERT(rest != NULL);
    for (char *path = strsep(&rest, ","); path; path = strsep(&rest, ",")) {
        const char *text = cell_path(message, path, view, arena);
        if (*text)
            print_pair(0, cell_heading(path), text);
        given = given || *text;
    }
    return given;
}
