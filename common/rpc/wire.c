/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/wire.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "base/utf8.h"

#define STRING_BYTES_DEFAULT (16 * 1024)
#define REPEATED_ITEMS_DEFAULT 1000
#define DEPTH_DEFAULT 16
#define PATH_BYTES_MAX 256
#define FIELD_NUMBER_MAX ((1u << 29) - 1)

enum wire_type { WIRE_VARINT = 0, WIRE_64BIT = 1, WIRE_LENGTH = 2, WIRE_32BIT = 5 };

/* The place in the message: one frame a level, the innermost first. */
struct frame {
    const struct frame *up;
    const char *name;
    int64_t index; /* of a repeated field; -1 otherwise */
};

struct walk {
    struct wire_limits limits;
    struct fault *fault;
    bool bad;
};

struct cursor {
    const uint8_t *at, *end;
};

/* One field as it lies on the wire. */
struct item {
    uint32_t number;
    enum wire_type type;
    uint64_t varint;     /* WIRE_VARINT */
    struct cursor bytes; /* WIRE_LENGTH: the body; fixed sizes: the value */
};

static size_t print_path(const struct frame *f, char *out, size_t size)
{
    size_t n = f->up ? print_path(f->up, out, size) : 0;
    if (n >= size)
        return n;
    int more = snprintf(out + n, size - n, "%s%s", n > 0 ? "." : "", f->name);
    n += more > 0 ? (size_t)more : 0;
    if (f->index < 0 || n >= size)
        return n;
    more = snprintf(out + n, size - n, "[%" PRId64 "]", f->index);
    return n + (more > 0 ? (size_t)more : 0);
}

/* The path of `f` as a string that lives as long as the fault. */
static const char *path_of(struct walk *w, const struct frame *f)
{
    char path[PATH_BYTES_MAX];
    if (!f)
        return "request";
    (void)print_path(f, path, sizeof(path));
    const char *kept = arena_strdup(w->fault->arena, path);
    return kept ? kept : f->name;
}

static void violation(struct walk *w, const struct frame *f, const char *text)
{
    w->bad = true;
    fault_violation(w->fault, path_of(w, f), "%s", text);
}

/* True when enough violations were found. An attacker's message may have as many as bytes, so the
 * rest is not checked. */
static bool full(const struct walk *w)
{
    return w->fault->n_violations >= FAULT_ITEMS_MAX;
}

static bool get_varint(struct cursor *c, unsigned max_bytes, uint64_t *out)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < max_bytes && c->at < c->end; i++) {
        uint8_t byte = *c->at++;
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (!(byte & 0x80)) {
            *out = value;
            return true;
        }
    }
    return false;
}

static bool get_bytes(struct cursor *c, uint64_t n, struct cursor *out)
{
    if (n > (uint64_t)(c->end - c->at))
        return false;
    *out = (struct cursor){c->at, c->at + n};
    c->at += n;
    return true;
}

/* Keys and lengths take at most five bytes, as in protobuf-c. Groups are refused. */
static bool get_item(struct cursor *c, struct item *item)
{
    uint64_t key = 0, length = 0;
    *item = (struct item){0};
    if (!get_varint(c, 5, &key) || key >> 3 == 0 || key >> 3 > FIELD_NUMBER_MAX)
        return false;
    item->number = (uint32_t)(key >> 3);
    switch (key & 7) {
    case WIRE_VARINT:
        item->type = WIRE_VARINT;
        return get_varint(c, 10, &item->varint);
    case WIRE_64BIT:
        item->type = WIRE_64BIT;
        return get_bytes(c, 8, &item->bytes);
    case WIRE_LENGTH:
        item->type = WIRE_LENGTH;
        return get_varint(c, 5, &length) && get_bytes(c, length, &item->bytes);
    case WIRE_32BIT:
        item->type = WIRE_32BIT;
        return get_bytes(c, 4, &item->bytes);
    default:
        return false;
    }
}

static enum wire_type wire_type_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return WIRE_32BIT;
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return WIRE_64BIT;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return WIRE_LENGTH;
    default:
        return WIRE_VARINT;
    }
}

static void check_string(struct walk *w, const struct frame *f, struct cursor c)
{
    size_t len = (size_t)(c.end - c.at);
    if (len > w->limits.string_bytes)
        violation(w, f, "the string is too long");
    else if (len > 0 && memchr(c.at, 0, len))
        violation(w, f, "the string has a NUL character");
    else if (!utf8_valid(c.at, len))
        violation(w, f, "the string is not valid UTF-8");
}

/* protobuf-c keeps only the low 32 bits, and so do we: we check what the handler will see. */
static void check_enum(struct walk *w, const struct frame *f, const ProtobufCFieldDescriptor *field,
                       uint64_t value)
{
    if (!w->limits.any_enum &&
        !protobuf_c_enum_descriptor_get_value(field->descriptor, (int)(uint32_t)value))
        violation(w, f, "the enum has no such number");
}

static void check_message(struct walk *w, const struct frame *f,
                          const ProtobufCMessageDescriptor *d, struct cursor c, unsigned depth);

/* One value of a field whose wire type is right. */
static void check_value(struct walk *w, const struct frame *f,
                        const ProtobufCFieldDescriptor *field, const struct item *item,
                        unsigned depth)
{
    if (field->type == PROTOBUF_C_TYPE_STRING)
        check_string(w, f, item->bytes);
    else if (field->type == PROTOBUF_C_TYPE_ENUM)
        check_enum(w, f, field, item->varint);
    else if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        check_message(w, f, field->descriptor, item->bytes, depth + 1);
}

/* protobuf-c requires that a packed bool has one byte. */
static bool packed_value_ok(const ProtobufCFieldDescriptor *field, uint64_t value, size_t bytes)
{
    return field->type != PROTOBUF_C_TYPE_BOOL || (value <= 1 && bytes == 1);
}

static bool check_packed_varints(struct walk *w, struct frame *f,
                                 const ProtobufCFieldDescriptor *field, struct cursor c,
                                 size_t *count)
{
    while (c.at < c.end && *count <= w->limits.repeated_items && !full(w)) {
        const uint8_t *start = c.at;
        uint64_t value = 0;
        if (!get_varint(&c, 10, &value) || !packed_value_ok(field, value, (size_t)(c.at - start)))
            return false;
        f->index = (int64_t)*count;
        if (field->type == PROTOBUF_C_TYPE_ENUM)
            check_enum(w, f, field, value);
        (*count)++;
    }
    return true;
}

/* Checks a packed run of a repeated field, and adds its items to *count. */
static void check_packed(struct walk *w, struct frame *f, const ProtobufCFieldDescriptor *field,
                         struct cursor c, size_t *count)
{
    enum wire_type type = wire_type_of(field->type);
    size_t width = type == WIRE_32BIT ? 4 : 8;
    size_t len = (size_t)(c.end - c.at);
    if (type == WIRE_VARINT) {
        if (!check_packed_varints(w, f, field, c, count))
            violation(w, f, "the packed field is malformed");
        return;
    }
    if (len % width != 0)
        violation(w, f, "the packed field is malformed");
    *count += len / width;
}

static bool is_packed(const ProtobufCFieldDescriptor *field, const struct item *item)
{
    return field->label == PROTOBUF_C_LABEL_REPEATED && item->type == WIRE_LENGTH &&
           wire_type_of(field->type) != WIRE_LENGTH;
}

/* `count` is the number of items of a repeated field before this one. */
static void check_field(struct walk *w, const struct frame *up,
                        const ProtobufCFieldDescriptor *field, const struct item *item,
                        size_t *count, unsigned depth)
{
    bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
    struct frame f = {up, field->name, repeated ? (int64_t)*count : -1};
    if (is_packed(field, item)) {
        check_packed(w, &f, field, item->bytes, count);
    } else if (item->type != wire_type_of(field->type)) {
        violation(w, &f, "the field has another type");
        return;
    } else {
        (*count)++;
        if (!repeated || *count <= w->limits.repeated_items)
            check_value(w, &f, field, item, depth);
    }
    f.index = -1;
    if (repeated && *count > w->limits.repeated_items)
        violation(w, &f, "the field has too many items");
}

static void check_message(struct walk *w, const struct frame *f,
                          const ProtobufCMessageDescriptor *d, struct cursor c, unsigned depth)
{
    size_t counts[WIRE_FIELDS_MAX] = {0};
    AM_ASSERT(d->n_fields <= WIRE_FIELDS_MAX);
    if (depth > w->limits.depth) {
        violation(w, f, "the message is nested too deeply");
        return;
    }
    while (c.at < c.end && !full(w)) {
        struct item item;
        if (!get_item(&c, &item)) {
            violation(w, f, "the message is truncated or malformed");
            return;
        }
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field(d, item.number);
        if (!field)
            continue;
        size_t *count = &counts[field - d->fields];
        bool had_too_many =
            field->label == PROTOBUF_C_LABEL_REPEATED && *count > w->limits.repeated_items;
        if (!had_too_many)
            check_field(w, f, field, &item, count, depth);
    }
}

int wire_check(const ProtobufCMessageDescriptor *descriptor, struct slice bytes,
               const struct wire_limits *limits, struct fault *fault)
{
    static const struct wire_limits defaults;
    struct walk w = {.limits = limits ? *limits : defaults, .fault = fault};
    if (w.limits.string_bytes == 0)
        w.limits.string_bytes = STRING_BYTES_DEFAULT;
    if (w.limits.repeated_items == 0)
        w.limits.repeated_items = REPEATED_ITEMS_DEFAULT;
    if (w.limits.depth == 0)
        w.limits.depth = DEPTH_DEFAULT;
    /* No bytes may come with no pointer, which must not take part in arithmetic. */
    if (bytes.len > 0)
        check_message(&w, NULL, descriptor, (struct cursor){bytes.data, bytes.data + bytes.len}, 1);
    return w.bad ? AM_EINVAL : 0;
}

static void *unpack_alloc(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static void unpack_free(void *arena, void *pointer)
{
    (void)arena;
    (void)pointer;
}

ProtobufCMessage *wire_unpack(const ProtobufCMessageDescriptor *descriptor, struct slice bytes,
                              struct arena *arena)
{
    static const uint8_t nothing[1];
    ProtobufCAllocator allocator = {
        .alloc = unpack_alloc, .free = unpack_free, .allocator_data = arena};
    return protobuf_c_message_unpack(descriptor, &allocator, bytes.len,
                                     bytes.len > 0 ? bytes.data : nothing);
}

struct slice wire_pack(const ProtobufCMessage *message, struct arena *arena)
{
    size_t len = protobuf_c_message_get_packed_size(message);
    uint8_t *data = arena_alloc(arena, len > 0 ? len : 1);
    if (!data)
        return slice_of(NULL, 0);
    AM_ASSERT(protobuf_c_message_pack(message, data) == len);
    return slice_of(data, len);
}
