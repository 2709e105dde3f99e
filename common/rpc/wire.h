/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Checks protobuf wire bytes against a message descriptor before they are unpacked, so that afterwards every `char *` is
 * valid UTF-8 without NUL and bounded: protobuf-c itself checks neither. All violations are named by field path.
 *
 * Threading: pure.
 */

#include <protobuf-c/protobuf-c.h>

#include "base/fault.h"
#include "base/slice.h"

struct wire_limits {
    size_t string_bytes;   /* longest string (default 16 KiB) */
    size_t repeated_items; /* most items in one repeated field (default 1000) */
    unsigned depth;        /* deepest nesting (default 16) */
};

/* 0, or AM_EINVAL with every violation (up to FAULT_ITEMS_MAX) added to `fault`: invalid UTF-8, embedded NUL, overlong
 * string, too many items, wrong wire type, unknown enum number, truncated or too deep input. */
int wire_check(const ProtobufCMessageDescriptor *descriptor, struct slice bytes, const struct wire_limits *limits,
               struct fault *fault) AM_MUSTCHECK;

/* Unpacks checked bytes into the arena; NULL when the arena's quota would be passed. */
ProtobufCMessage *wire_unpack(const ProtobufCMessageDescriptor *descriptor, struct slice bytes, struct arena *arena);

/* Packs into the arena. */
struct slice wire_pack(const ProtobufCMessage *message, struct arena *arena);
