/* SPDX-License-Identifier: Apache-2.0 */

#include "amendsctl/show.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "amendsctl/values.h"
#include "base/assert.h"
#include "contract/word.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "google/type/money.pb-c.h"
#include "rpc/json.h"

#define COLUMNS_MAX 12
#define NANOS_PER_CENT 10000000

static const char *must(const char *text)
{
    AM_ASSERT(text != NULL);
    return text;
}

/* -- one value as text ------------------------------------------------------------------------- */

static const char *time_text(const Google__Protobuf__Timestamp *t, struct arena *arena)
{
    char text[40];
    json_time_text(t->seconds, 0, text);
    return must(arena_strdup(arena, text));
}

static const char *money_text(const Google__Type__Money *m, struct arena *arena)
{
    return must(arena_printf(arena, "%" PRId64 ".%02d %s", m->units, m->nanos / NANOS_PER_CENT,
                             m->currency_code));
}

static const char *hex_text(const ProtobufCBinaryData *b, struct arena *arena)
{
    char *text = ARENA_ARRAY(arena, char, b->len * 2 + 1);
    for (size_t i = 0; i < b->len; i++)
        (void)snprintf(text + 2 * i, 3, "%02x", b->data[i]);
    return text;
}

static const char *enum_text(const ProtobufCEnumDescriptor *d, int number)
{
    return number ? contract_word(d, number) : "";
}

/* A time or money as one word; NULL for another message. */
static const char *small_message_text(const ProtobufCMessage *m, struct arena *arena)
{
    if (!m)
        return "";
    if (m->descriptor == &google__protobuf__timestamp__descriptor)
        return time_text((const Google__Protobuf__Timestamp *)m, arena);
    if (m->descriptor == &google__type__money__descriptor)
        return money_text((const Google__Type__Money *)m, arena);
    return NULL;
}

/* The text of one value; "" when not given, NULL for a message that is more than one word. */
static const char *value_text(const ProtobufCFieldDescriptor *f, const void *at,
                              struct arena *arena)
{
    switch (f->type) {
    case PROTOBUF_C_TYPE_STRING:
        return *(char *const *)at;
    case PROTOBUF_C_TYPE_INT32:
        return *(const int32_t *)at ? must(arena_printf(arena, "%" PRId32, *(const int32_t *)at))
                                    : "";
    case PROTOBUF_C_TYPE_INT64:
        return *(const int64_t *)at ? must(arena_printf(arena, "%" PRId64, *(const int64_t *)at))
                                    : "";
    case PROTOBUF_C_TYPE_BOOL:
        return *(const protobuf_c_boolean *)at ? "yes" : "";
    case PROTOBUF_C_TYPE_ENUM:
        return enum_text(f->descriptor, *(const int *)at);
    case PROTOBUF_C_TYPE_BYTES:
        return hex_text(at, arena);
    case PROTOBUF_C_TYPE_MESSAGE:
        return small_message_text(*(ProtobufCMessage *const *)at, arena);
    default:
        return "";
    }
}

/* -- columns ----------------------------------------------------------------------------------- */

static const void *field_at(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f)
{
    return (const char *)m + f->offset;
}

/* "owner.id" of a message; "" where a message on the way is not given. */
static const char *path_text(const ProtobufCMessage *m, const char *path, struct arena *arena)
{
    char name[64];
    const char *dot = strchr(path, '.');
    (void)snprintf(name, sizeof name, "%.*s", (int)(dot ? dot - path : (long)strlen(path)), path);
    const ProtobufCFieldDescriptor *f =
        protobuf_c_message_descriptor_get_field_by_name(m->descriptor, name);
    AM_ASSERT(f != NULL);
    if (!dot) {
        const char *text = value_text(f, field_at(m, f), arena);
        return text ? text : "";
    }
    const ProtobufCMessage *inner = *(ProtobufCMessage *const *)field_at(m, f);
    return inner ? path_text(inner, dot + 1, arena) : "";
}

static size_t split_columns(const char *columns, const char *out[COLUMNS_MAX], struct arena *arena)
{
    size_t n = 0;
    char *rest = arena_strdup(arena, columns);
    for (char *c = strsep(&rest, ","); c && n < COLUMNS_MAX; c = strsep(&rest, ","))
        out[n++] = c;
    return n;
}

static const char *heading(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot && strcmp(dot, ".id") != 0 ? dot + 1 : path;
}

static void print_row(const char *const *cells, const size_t *widths, size_t n)
{
    for (size_t c = 0; c < n; c++)
        (void)printf(c + 1 < n ? "%-*s  " : "%.0d%s", c + 1 < n ? (int)widths[c] : 0, cells[c]);
    (void)printf("\n");
}

void show_table(const ProtobufCMessage *response, const char *list, const char *columns,
                struct arena *arena)
{
    const ProtobufCFieldDescriptor *f =
        protobuf_c_message_descriptor_get_field_by_name(response->descriptor, list);
    AM_ASSERT(f != NULL);
    const size_t rows =
        *(const size_t *)(const void *)((const char *)response + f->quantifier_offset);
    ProtobufCMessage *const *items = *(ProtobufCMessage *const *const *)field_at(response, f);
    const char *paths[COLUMNS_MAX];
    const size_t n = split_columns(columns, paths, arena);
    const char **cells = ARENA_ARRAY(arena, const char *, (rows + 1) * n);
    size_t widths[COLUMNS_MAX] = {0};
    for (size_t r = 0; r <= rows; r++) {
        for (size_t c = 0; c < n; c++) {
            const char *text = r ? path_text(items[r - 1], paths[c], arena) : heading(paths[c]);
            cells[r * n + c] = text;
            if (strlen(text) > widths[c])
                widths[c] = strlen(text);
        }
    }
    for (size_t r = 0; r <= rows; r++)
        print_row(&cells[r * n], widths, n);
}

void show_line(const ProtobufCMessage *item, const char *columns, struct arena *arena)
{
    const char *paths[COLUMNS_MAX];
    const char *line = "";
    const size_t n = split_columns(columns, paths, arena);
    bool given = false;
    for (size_t c = 0; c < n; c++) {
        const char *text = path_text(item, paths[c], arena);
        given = given || *text;
        line = must(arena_printf(arena, "%s%s%s", line, c ? "  " : "", text));
    }
    if (given) /* a heartbeat has nothing to show */
        (void)printf("%s\n", line);
    (void)fflush(stdout);
}

/* -- whole messages ---------------------------------------------------------------------------- */

/* Everything given in a part, on one line. */
static void print_part(const ProtobufCMessage *m, struct arena *arena)
{
    const char *between = "";
    for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &m->descriptor->fields[i];
        const char *text =
            f->label == PROTOBUF_C_LABEL_REPEATED ? NULL : value_text(f, field_at(m, f), arena);
        if (!text || !*text)
            continue;
        (void)printf("%s%s=%s", between, f->name, text);
        between = "  ";
    }
    (void)printf("\n");
}

static void print_list(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f, int indent,
                       struct arena *arena)
{
    const size_t n = *(const size_t *)(const void *)((const char *)m + f->quantifier_offset);
    const char *items = *(const char *const *)field_at(m, f);
    if (n)
        (void)printf("%*s%s\n", indent, "", f->name);
    for (size_t i = 0; i < n; i++) {
        const char *item = items + i * value_width(f);
        (void)printf("%*s- ", indent + 2, "");
        if (f->type == PROTOBUF_C_TYPE_MESSAGE)
            print_part(*(ProtobufCMessage *const *)(const void *)item, arena);
        else
            (void)printf("%s\n", value_text(f, item, arena));
    }
}

static void print_fields(const ProtobufCMessage *m, int indent, struct arena *arena)
{
    const int name_width = 26;
    for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &m->descriptor->fields[i];
        if (f->label == PROTOBUF_C_LABEL_REPEATED) {
            print_list(m, f, indent, arena);
            continue;
        }
        const char *text = value_text(f, field_at(m, f), arena);
        if (text && *text) {
            (void)printf("%*s%-*s%s\n", indent, "", name_width - indent, f->name, text);
        } else if (!text) {
            (void)printf("%*s%s\n", indent, "", f->name);
            print_fields(*(ProtobufCMessage *const *)field_at(m, f), indent + 2, arena);
        }
    }
}

void show_message(const ProtobufCMessage *message, struct arena *arena)
{
    print_fields(message, 0, arena);
}
