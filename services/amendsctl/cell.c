/* SPDX-License-Identifier: Apache-2.0 */

#include "amendsctl/cell.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "amendsctl/text.h"
#include "amendsctl/values.h"
#include "amendsctl/when.h"
#include "base/assert.h"
#include "contract/word.h"
#include "google/protobuf/duration.pb-c.h"
#include "google/type/money.pb-c.h"
#include "policy/describe/describe.h"

#define NANO_DIGITS 9
#define CENT_DIGITS 2

static const char *must(const char *text)
{
    AM_ASSERT(text != NULL);
    return text;
}

/* "49.90 USD", "0.005 KWD", "5000 JPY": no fraction, or at least two digits of it. */
static const char *money_shown(const Google__Type__Money *m, struct arena *arena)
{
    char digits[NANO_DIGITS + 3];
    const bool minus = m->units < 0 || m->nanos < 0;
    int n = NANO_DIGITS;
    (void)snprintf(digits, sizeof digits, "%09u", (unsigned)abs(m->nanos) % 1000000000u);
    while (n > CENT_DIGITS && digits[n - 1] == '0')
        n--;
    return must(arena_printf(arena, "%s%llu%s%.*s %s", minus ? "-" : "",
                             (unsigned long long)llabs(m->units), m->nanos ? "." : "",
                             m->nanos ? n : 0, digits,
                             text_visible(m->currency_code, TEXT_LINE, arena)));
}

static const char *hex_text(const ProtobufCBinaryData *b, struct arena *arena)
{
    char *text = ARENA_ARRAY(arena, char, b->len * 2 + 1);
    for (size_t i = 0; i < b->len; i++)
        (void)snprintf(text + 2 * i, 3, "%02x", b->data[i]);
    return text;
}

/* "1h30m" */
static const char *duration_shown(const Google__Protobuf__Duration *d, struct arena *arena)
{
    return text_visible(text_duration(arena, d->seconds * 1000), TEXT_LINE, arena);
}

/* A time, a duration or money as one word; NULL for another message. */
static const char *small_message(const ProtobufCMessage *m, const struct view *view,
                                 struct arena *arena)
{
    if (!m)
        return "";
    if (m->descriptor == &google__protobuf__timestamp__descriptor)
        return when_short((const Google__Protobuf__Timestamp *)m, view, arena);
    if (m->descriptor == &google__protobuf__duration__descriptor)
        return duration_shown((const Google__Protobuf__Duration *)m, arena);
    if (m->descriptor == &google__type__money__descriptor)
        return money_shown((const Google__Type__Money *)m, arena);
    return NULL;
}

const void *cell_at(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f)
{
    return (const char *)m + f->offset;
}

bool cell_given(const ProtobufCFieldDescriptor *f, const void *at)
{
    static const char zeros[sizeof(int64_t)];
    if (f->type == PROTOBUF_C_TYPE_STRING)
        return **(char *const *)at != '\0';
    if (f->type == PROTOBUF_C_TYPE_BYTES)
        return ((const ProtobufCBinaryData *)at)->len > 0;
    return memcmp(at, zeros, value_width(f)) != 0;
}

const char *cell_value(const ProtobufCFieldDescriptor *f, const void *at, const struct view *view,
                       struct arena *arena)
{
    switch (f->type) {
    case PROTOBUF_C_TYPE_STRING:
        return text_visible(*(char *const *)at, TEXT_LINE, arena);
    case PROTOBUF_C_TYPE_INT32:
        return must(arena_printf(arena, "%" PRId32, *(const int32_t *)at));
    case PROTOBUF_C_TYPE_INT64:
        return must(arena_printf(arena, "%" PRId64, *(const int64_t *)at));
    case PROTOBUF_C_TYPE_BOOL:
        return *(const protobuf_c_boolean *)at ? "yes" : "no";
    case PROTOBUF_C_TYPE_ENUM:
        return *(const int *)at ? contract_word(f->descriptor, *(const int *)at) : "";
    case PROTOBUF_C_TYPE_BYTES:
        return hex_text(at, arena);
    case PROTOBUF_C_TYPE_MESSAGE:
        return small_message(*(ProtobufCMessage *const *)at, view, arena);
    default:
        return "";
    }
}

/* The values of a list with commas between. */
static const char *list_text(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f,
                             const struct view *view, struct arena *arena)
{
    const size_t n = *(const size_t *)(const void *)((const char *)m + f->quantifier_offset);
    const char *const *items = cell_at(m, f);
    const char *all = "";
    for (size_t i = 0; i < n; i++) {
        const char *one = cell_value(f, *items + i * value_width(f), view, arena);
        all = must(arena_printf(arena, "%s%s%s", all, i ? ", " : "", one ? one : ""));
    }
    return all;
}

/* "ann via crm" of "via>actor". */
static const char *two_fields(const ProtobufCMessage *m, const char *path, const char *second,
                              const struct view *view, struct arena *arena)
{
    const char *first = must(arena_strndup(arena, path, (size_t)(second - path)));
    const char *by = cell_path(m, first, view, arena);
    const char *who = cell_path(m, second + 1, view, arena);
    return *by ? must(arena_printf(arena, "%s %s %s", who, first, by)) : who;
}

const char *cell_path(const ProtobufCMessage *m, const char *path, const struct view *view,
                      struct arena *arena)
{
    char name[64];
    const char *dot = strchr(path, '.'), *second = strchr(path, '>');
    if (second)
        return two_fields(m, path, second, view, arena);
    (void)snprintf(name, sizeof name, "%.*s", (int)(dot ? dot - path : (long)strlen(path)), path);
    const ProtobufCFieldDescriptor *f =
        protobuf_c_message_descriptor_get_field_by_name(m->descriptor, name);
    AM_ASSERT(f != NULL);
    if (!dot && f->label == PROTOBUF_C_LABEL_REPEATED)
        return list_text(m, f, view, arena);
    if (!dot) {
        const char *text = cell_value(f, cell_at(m, f), view, arena);
        return text ? text : "";
    }
    const ProtobufCMessage *inner = *(ProtobufCMessage *const *)cell_at(m, f);
    return inner ? cell_path(inner, dot + 1, view, arena) : "";
}

const char *cell_heading(const char *path)
{
    const char *dot = strrchr(path, '.'), *second = strchr(path, '>');
    if (!dot)
        return second ? second + 1 : path;
    if (strcmp(dot, ".id") != 0)
        return dot + 1;
    while (dot > path && dot[-1] != '.')
        dot--;
    return dot;
}
