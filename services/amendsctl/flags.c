/* SPDX-License-Identifier: Apache-2.0 */

#include "amendsctl/flags.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "amendsctl/values.h"
#include "base/assert.h"
#include "contract/word.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "google/type/money.pb-c.h"

#define LIST_MAX 1000

/* True for a message whose fields become flags of their own. A time or an amount of money is one
 * value instead. */
static bool is_group(const ProtobufCFieldDescriptor *f)
{
    return f->type == PROTOBUF_C_TYPE_MESSAGE && f->label != PROTOBUF_C_LABEL_REPEATED &&
           f->descriptor != &google__protobuf__timestamp__descriptor &&
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

const struct flag *flags_find(const struct flags *f, const char *field)
{
    for (size_t i = 0; i < f->n; i++) {
        const struct flag *flag = &f->items[i];
        if (strcmp(flag->path[flag->depth - 1]->name, field) == 0)
            return flag;
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

static const char *enum_help(const ProtobufCEnumDescriptor *d, struct arena *arena)
{
    const char *all = "";
    for (unsigned i = 0; i < d->n_values && all; i++) {
        if (d->values[i].value != 0)
            all = arena_printf(arena, "%s%s%s", all, *all ? "|" : "",
                               contract_without_prefix(d, d->values[i].name));
    }
    AM_ASSERT(all != NULL);
    char *words = arena_strdup(arena, all);
    AM_ASSERT(words != NULL);
    for (char *p = words; *p; p++)
        *p = *p == '_' ? '-' : (char)tolower((unsigned char)*p);
    return words;
}

static const char *one_value_help(const ProtobufCFieldDescriptor *f, struct arena *arena)
{
    if (f->type == PROTOBUF_C_TYPE_ENUM)
        return enum_help(f->descriptor, arena);
    if (f->type == PROTOBUF_C_TYPE_MESSAGE &&
        f->descriptor == &google__protobuf__timestamp__descriptor)
        return "2026-11-22T10:00:00Z";
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

static int set_list(const ProtobufCFieldDescriptor *f, ProtobufCMessage *m, const char *text,
                    struct arena *arena, const char **why)
{
    const size_t n = count_items(text);
    char *rest = arena_strdup(arena, text);
    if (n > LIST_MAX || !rest) {
        *why = "has too many items";
        return AM_EINVAL;
    }
    char *items = arena_must(arena, n * value_width(f));
    for (size_t i = 0; i < n; i++) {
        int err = value_parse(f, strsep(&rest, ","), items + i * value_width(f), arena, why);
        if (err)
            return err;
    }
    *(void **)(void *)((char *)m + f->offset) = items;
    *(size_t *)(void *)((char *)m + f->quantifier_offset) = n;
    return AM_OK;
}

int flag_set(const struct flag *flag, ProtobufCMessage *request, const char *text,
             struct arena *arena, const char **why)
{
    ProtobufCMessage *m = group_of(request, flag, arena);
    const ProtobufCFieldDescriptor *f = leaf(flag);
    if (f->label == PROTOBUF_C_LABEL_REPEATED)
        return set_list(f, m, text, arena, why);
    return value_parse(f, text, (char *)m + f->offset, arena, why);
}
