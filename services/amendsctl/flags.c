/* SPDX-License-Identifier: Apache-2.0 */

#include "amendsctl/flags.h"

#include <stdio.h>
#include <string.h>

#include "amendsctl/values.h"
#include "base/assert.h"
#include "google/protobuf/duration.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "google/type/money.pb-c.h"

#define LIST_MAX 1000

/* True for a message whose fields become flags of their own. A time or an amount of money is one
 * value instead. */
static bool is_group(const ProtobufCFieldDescriptor *f)
{
    return f->type == PROTOBUF_C_TYPE_MESSAGE && f->label != PROTOBUF_C_LABEL_REPEATED &&
           f->descriptor != &google__protobuf__timestamp__descriptor &&
           f->descriptor != &google__protobuf__duration__descriptor &&
           f->descriptor != &google__type__money__descriptor;
}

static void add(struct flags *f, const char *prefix, const ProtobufCFieldDescriptor *outer,
                const ProtobufCFieldDescriptor *field)
{
    AM_ASSERT(f->n < FLAGS_MAX);
    struct flag *flag = &f->items[f->n++];
    (void)snprintf(flag->name, sizeof flag->name, "%s%s%s", prefix, *prefix ? "-" : "",
                   field->name);
    for (char *p = flag->name; *p; p++) {
        if (*p == '_')
            *p = '-';
    }
    flag->depth = 0;
    flag->given = false;
    if (outer)
        flag->path[flag->depth++] = outer;
    flag->path[flag->depth++] = field;
}

/* True when `names`, with commas between, has the name. */
static bool names_have(const char *names, const char *name)
{
    const size_t len = strlen(name);
    for (const char *at = names; (at = strstr(at, name)); at += len) {
        if ((at == names || at[-1] == ',') && (at[len] == ',' || at[len] == '\0'))
            return true;
    }
    return false;
}

void flags_of(struct flags *f, const ProtobufCMessageDescriptor *request, const char *inner,
              const char *hidden)
{
    f->n = 0;
    for (unsigned i = 0; i < request->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &request->fields[i];
        if (!is_group(field)) {
            if (!names_have(inner ? "" : hidden, field->name))
                add(f, "", NULL, field);
            continue;
        }
        const ProtobufCMessageDescriptor *group = field->descriptor;
        const char *prefix = inner && strcmp(inner, field->name) == 0 ? "" : field->name;
        for (unsigned k = 0; k < group->n_fields; k++) {
            if (!is_group(&group->fields[k]) && !names_have(hidden, group->fields[k].name))
                add(f, prefix, field, &group->fields[k]);
        }
    }
}

void flags_rename(struct flags *f, const char *renamed)
{
    char field[sizeof f->items[0].name];
    const char *equals = strchr(renamed, '=');
    AM_ASSERT(equals != NULL);
    (void)snprintf(field, sizeof field, "%.*s", (int)(equals - renamed), renamed);
    struct flag *flag = flags_find(f, field);
    AM_ASSERT(flag != NULL);
    (void)snprintf(flag->name, sizeof flag->name, "%s", equals + 1);
}

struct flag *flags_find(struct flags *f, const char *field)
{
    for (size_t i = 0; i < f->n; i++) {
        struct flag *flag = &f->items[i];
        if (strcmp(flag->path[flag->depth - 1]->name, field) == 0)
            return flag;
    }
    return NULL;
}

struct flag *flags_named(struct flags *f, const char *name)
{
    for (size_t i = 0; i < f->n; i++) {
        if (strcmp(f->items[i].name, name) == 0)
            return &f->items[i];
    }
    return NULL;
}

/* What follows the flag's field in the path; NULL when the path is another field's. */
static const char *after_field(const struct flag *flag, const char *path)
{
    for (int i = 0; i < flag->depth; i++) {
        const size_t len = strlen(flag->path[i]->name);
        if (strncmp(path, flag->path[i]->name, len) != 0)
            return NULL;
        path += len;
        if (i + 1 < flag->depth && *path++ != '.')
            return NULL;
    }
    return *path == '\0' || *path == '.' || *path == '[' ? path : NULL;
}

const struct flag *flags_of_path(const struct flags *f, const char *path, const char **rest)
{
    for (size_t i = 0; i < f->n; i++) {
        *rest = after_field(&f->items[i], path);
        if (*rest)
            return &f->items[i];
    }
    return NULL;
}

static const ProtobufCFieldDescriptor *leaf(const struct flag *flag)
{
    return flag->path[flag->depth - 1];
}

bool flag_is_switch(const struct flag *flag)
{
    return leaf(flag)->type == PROTOBUF_C_TYPE_BOOL;
}

const ProtobufCEnumDescriptor *flag_words(const struct flag *flag)
{
    return leaf(flag)->type == PROTOBUF_C_TYPE_ENUM ? leaf(flag)->descriptor : NULL;
}

static const char *one_value_help(const ProtobufCFieldDescriptor *f, struct arena *arena)
{
    if (f->type == PROTOBUF_C_TYPE_ENUM)
        return value_words(f->descriptor, "|", arena);
    if (f->type == PROTOBUF_C_TYPE_MESSAGE &&
        f->descriptor == &google__protobuf__timestamp__descriptor)
        return "2026-11-22T10:00:00+01:00";
    if (f->type == PROTOBUF_C_TYPE_MESSAGE &&
        f->descriptor == &google__protobuf__duration__descriptor)
        return "1h30m";
    if (f->type == PROTOBUF_C_TYPE_MESSAGE && f->descriptor == &google__type__money__descriptor)
        return "\"49.90 USD\"";
    if (f->type == PROTOBUF_C_TYPE_INT32 || f->type == PROTOBUF_C_TYPE_INT64)
        return "NUMBER";
    return "TEXT";
}

const char *flag_value_help(const struct flag *flag, struct arena *arena)
{
    const ProtobufCFieldDescriptor *f = leaf(flag);
    if (f->label != PROTOBUF_C_LABEL_REPEATED)
        return one_value_help(f, arena);
    if (f->type != PROTOBUF_C_TYPE_MESSAGE)
        return arena_printf(arena, "%s,...", one_value_help(f, arena));
    const ProtobufCMessageDescriptor *d = f->descriptor;
    const char *parts = "";
    for (unsigned i = 0; i < d->n_fields && parts; i++)
        parts = arena_printf(arena, "%s%s%s", parts, i ? ":" : "", d->fields[i].name);
    return arena_printf(arena, "%s,...", parts ? parts : "");
}

static ProtobufCMessage *group_of(ProtobufCMessage *request, const struct flag *flag,
                                  struct arena *arena)
{
    if (flag->depth == 1)
        return request;
    ProtobufCMessage **at = (ProtobufCMessage **)(void *)((char *)request + flag->path[0]->offset);
    if (!*at) {
        const ProtobufCMessageDescriptor *d = flag->path[0]->descriptor;
        *at = arena_must(arena, d->sizeof_message);
        protobuf_c_message_init(d, *at);
    }
    return *at;
}

static size_t count_items(const char *text)
{
    size_t n = 1;
    for (; *text; text++)
        n += *text == ',';
    return n;
}

/* Adds to the items that an earlier flag of the same name gave. */
static int set_list(const ProtobufCFieldDescriptor *f, ProtobufCMessage *m, const char *text,
                    struct arena *arena, const char **why)
{
    void **list = (void **)(void *)((char *)m + f->offset);
    size_t *count = (size_t *)(void *)((char *)m + f->quantifier_offset);
    const size_t width = value_width(f), before = *count, n = count_items(text);
    char *rest = arena_strdup(arena, text);
    if (before + n > LIST_MAX || !rest) {
        *why = "has too many items";
        return AM_EINVAL;
    }
    char *items = arena_must(arena, (before + n) * width);
    if (before)
        memcpy(items, *list, before * width);
    for (size_t i = before; i < before + n; i++) {
        int err = value_parse(f, strsep(&rest, ","), items + i * width, arena, why);
        if (err)
            return err;
    }
    *list = items;
    *count = before + n;
    return AM_OK;
}

int flag_set(struct flag *flag, ProtobufCMessage *request, const char *text, struct arena *arena,
             const char **why)
{
    ProtobufCMessage *m = group_of(request, flag, arena);
    const ProtobufCFieldDescriptor *f = leaf(flag);
    const bool again = flag->given;
    flag->given = true;
    if (f->label == PROTOBUF_C_LABEL_REPEATED)
        return set_list(f, m, text, arena, why);
    if (again) {
        *why = "is given a second time";
        return AM_EINVAL;
    }
    return value_parse(f, text, (char *)m + f->offset, arena, why);
}
