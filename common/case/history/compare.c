/* SPDX-License-Identifier: Apache-2.0 */
#include "case/history/compare.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const void *field_at(const ProtobufCMessage *m, unsigned offset)
{
    return (const uint8_t *)m + offset;
}

static size_t number_size(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return sizeof(int64_t);
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    default:
        return sizeof(int32_t);
    }
}

static size_t value_size(ProtobufCType type)
{
    if (type == PROTOBUF_C_TYPE_STRING || type == PROTOBUF_C_TYPE_MESSAGE)
        return sizeof(void *);
    return type == PROTOBUF_C_TYPE_BYTES ? sizeof(ProtobufCBinaryData) : number_size(type);
}

static bool same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

static bool same_bytes(const ProtobufCBinaryData *a, const ProtobufCBinaryData *b)
{
    return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

/* One value. The difference within a message is put behind the name in `path`. */
static bool same_value(const ProtobufCFieldDescriptor *f, const void *a, const void *b,
                       char rest[COMPARE_PATH_MAX])
{
    rest[0] = '\0';
    if (f->type == PROTOBUF_C_TYPE_STRING)
        return same_text(*(char *const *)a, *(char *const *)b);
    if (f->type == PROTOBUF_C_TYPE_BYTES)
        return same_bytes(a, b);
    if (f->type == PROTOBUF_C_TYPE_MESSAGE)
        return !message_difference(*(ProtobufCMessage *const *)a, *(ProtobufCMessage *const *)b,
                                   rest);
    return memcmp(a, b, number_size(f->type)) == 0;
}

static bool same_list(const ProtobufCFieldDescriptor *f, const ProtobufCMessage *a,
                      const ProtobufCMessage *b, char rest[COMPARE_PATH_MAX])
{
    const size_t n = *(const size_t *)field_at(a, f->quantifier_offset);
    rest[0] = '\0';
    if (n != *(const size_t *)field_at(b, f->quantifier_offset))
        return false;
    const uint8_t *x = *(const uint8_t *const *)field_at(a, f->offset);
    const uint8_t *y = *(const uint8_t *const *)field_at(b, f->offset);
    const size_t size = value_size(f->type);
    for (size_t i = 0; i < n; i++)
        if (!same_value(f, x + i * size, y + i * size, rest))
            return false;
    return true;
}

static bool same_field(const ProtobufCFieldDescriptor *f, const ProtobufCMessage *a,
                       const ProtobufCMessage *b, char rest[COMPARE_PATH_MAX])
{
    if (f->label == PROTOBUF_C_LABEL_REPEATED)
        return same_list(f, a, b, rest);
    return same_value(f, field_at(a, f->offset), field_at(b, f->offset), rest);
}

const char *message_difference(const ProtobufCMessage *a, const ProtobufCMessage *b,
                               char path[COMPARE_PATH_MAX])
{
    char rest[COMPARE_PATH_MAX];
    path[0] = '\0';
    if (!a || !b)
        return a == b ? NULL : path;
    for (unsigned i = 0; i < a->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &a->descriptor->fields[i];
        if (same_field(f, a, b, rest))
            continue;
        (void)snprintf(path, COMPARE_PATH_MAX, "%.40s%s%.50s", f->name, rest[0] ? "." : "", rest);
        return path;
    }
    return NULL;
}
