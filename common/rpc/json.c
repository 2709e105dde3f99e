/* SPDX-License-Identifier: Apache-2.0 */

#include "rpc/json.h"

#include <ctype.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "google/protobuf/timestamp.pb-c.h"

#define NANOS_PER_S 1000000000

void json_field_name(const char *proto_name, char out[64])
{
    size_t n = 0;
    bool upper = false;
    for (const char *p = proto_name; *p && n < 63; p++) {
        if (*p == '_') {
            upper = true;
            continue;
        }
        out[n++] = upper ? (char)toupper((unsigned char)*p) : *p;
        upper = false;
    }
    out[n] = '\0';
}

/* Canonical fractions have 0, 3, 6 or 9 digits. */
static int fraction_digits(int32_t nanos)
{
    if (nanos == 0)
        return 0;
    if (nanos % 1000000 == 0)
        return 3;
    return nanos % 1000 == 0 ? 6 : 9;
}

void json_time_text(int64_t seconds, int32_t nanos, char out[40])
{
    struct tm tm;
    time_t t = (time_t)seconds;
    char digits[12];
    (void)gmtime_r(&t, &tm);
    size_t n = strftime(out, 40, "%Y-%m-%dT%H:%M:%S", &tm);
    (void)snprintf(digits, sizeof digits, "%09d", nanos >= 0 && nanos < NANOS_PER_S ? nanos : 0);
    int keep = fraction_digits(nanos);
    if (keep)
        (void)snprintf(out + n, 40 - n, ".%.*sZ", keep, digits);
    else
        (void)snprintf(out + n, 40 - n, "Z");
}

static json_t *from_bytes(const ProtobufCBinaryData *b)
{
    char *text = malloc((b->len + 2) / 3 * 4 + 1);
    if (!text)
        return NULL;
    int n = EVP_EncodeBlock((unsigned char *)text, b->data, (int)b->len);
    json_t *value = json_stringn(text, (size_t)n);
    free(text);
    return value;
}

static json_t *from_int64(int64_t v)
{
    return json_sprintf("%" PRId64, v);
}

static json_t *from_enum(const ProtobufCEnumDescriptor *d, int number)
{
    const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value(d, number);
    return v ? json_string(v->name) : json_integer(number);
}

static json_t *from_submessage(const ProtobufCMessage *m)
{
    if (m->descriptor != &google__protobuf__timestamp__descriptor)
        return json_from_message(m);
    const Google__Protobuf__Timestamp *t = (const Google__Protobuf__Timestamp *)m;
    char text[40];
    json_time_text(t->seconds, t->nanos, text);
    return json_string(text);
}

/* One value of a field; `at` points to it. */
static json_t *from_value(const ProtobufCFieldDescriptor *f, const void *at)
{
    switch (f->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return json_integer(*(const int32_t *)at);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return json_integer(*(const uint32_t *)at);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return from_int64(*(const int64_t *)at);
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return json_sprintf("%" PRIu64, *(const uint64_t *)at);
    case PROTOBUF_C_TYPE_FLOAT:
        return json_real((double)*(const float *)at);
    case PROTOBUF_C_TYPE_DOUBLE:
        return json_real(*(const double *)at);
    case PROTOBUF_C_TYPE_BOOL:
        return json_boolean(*(const protobuf_c_boolean *)at);
    case PROTOBUF_C_TYPE_ENUM:
        return from_enum(f->descriptor, *(const int *)at);
    case PROTOBUF_C_TYPE_STRING:
        return json_string(*(char *const *)at);
    case PROTOBUF_C_TYPE_BYTES:
        return from_bytes(at);
    case PROTOBUF_C_TYPE_MESSAGE:
        return from_submessage(*(ProtobufCMessage *const *)at);
    }
    return NULL;
}

static size_t value_size(const ProtobufCFieldDescriptor *f)
{
    switch (f->type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return sizeof(int64_t);
    default:
        return sizeof(int32_t);
    }
}

/* proto3 without presence: zero and empty mean "not given". */
static bool given(const ProtobufCFieldDescriptor *f, const void *at)
{
    static const char zeros[16];
    if (f->type == PROTOBUF_C_TYPE_STRING)
        return *(char *const *)at && **(char *const *)at;
    if (f->type == PROTOBUF_C_TYPE_BYTES)
        return ((const ProtobufCBinaryData *)at)->len > 0;
    return memcmp(at, zeros, value_size(f)) != 0;
}

static json_t *from_repeated(const ProtobufCFieldDescriptor *f, const char *items, size_t n)
{
    json_t *array = json_array();
    for (size_t i = 0; i < n; i++)
        (void)json_array_append_new(array, from_value(f, items + i * value_size(f)));
    return array;
}

static json_t *from_field(const ProtobufCFieldDescriptor *f, const ProtobufCMessage *m)
{
    const char *at = (const char *)m + f->offset;
    if (f->label == PROTOBUF_C_LABEL_REPEATED) {
        size_t n = *(const size_t *)(const void *)((const char *)m + f->quantifier_offset);
        return n ? from_repeated(f, *(const char *const *)(const void *)at, n) : NULL;
    }
    if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF &&
        *(const uint32_t *)(const void *)((const char *)m + f->quantifier_offset) != f->id)
        return NULL;
    return given(f, at) ? from_value(f, at) : NULL;
}

json_t *json_from_message(const ProtobufCMessage *message)
{
    json_t *object = json_object();
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &message->descriptor->fields[i];
        char name[64];
        json_t *value = from_field(f, message);
        json_field_name(f->name, name);
        if (value)
            (void)json_object_set_new(object, name, value);
    }
    return object;
}
