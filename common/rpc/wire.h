/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Checks protobuf wire bytes against a message descriptor before they are unpacked, so that
 * afterwards every `char *` is valid UTF-8 without NUL and bounded: protobuf-c itself checks
 * neither, nor does it bound its recursion. All violations are named by field path
 * ("lines[2].remedy.amount").
 *
 * What passes wire_check() always unpacks, unless the arena's quota ends first; a test with mutated
 * messages holds the two together.
 *
 * Threading: pure. Ownership: the bytes are borrowed; messages and violations lie in the arenas
 * given.
 */

#include <protobuf-c/protobuf-c.h>

#include "base/fault.h"
#include "base/slice.h"

/* The most fields a message type may have, because the walk counts repeated items on its stack. */
#define WIRE_FIELDS_MAX 128

/* A zero member takes the default. */
struct wire_limits {
    size_t string_bytes;   /* longest string (default 16 KiB) */
    size_t repeated_items; /* most items in one repeated field (default 1000) */
    unsigned depth;        /* deepest nesting, the request itself being 1 (default 16) */
    bool any_enum;         /* unknown enum numbers pass: for replies of a newer server */
};

/*
 * 0, or AM_EINVAL with every violation (up to FAULT_ITEMS_MAX) added to `fault`: invalid UTF-8,
 * embedded NUL, overlong string, too many items, wrong wire type, unknown enum number, truncated or
 * too deep input. Unknown fields are legal, as long as they are well formed. `limits` may be NULL.
 */
int wire_check(const ProtobufCMessageDescriptor *descriptor, struct slice bytes,
               const struct wire_limits *limits, struct fault *fault) AM_MUSTCHECK;

/*
 * Unpacks checked bytes into the arena; NULL when the arena's quota would be passed. The message is
 * never freed by itself: it goes with the arena.
 */
ProtobufCMessage *wire_unpack(const ProtobufCMessageDescriptor *descriptor, struct slice bytes,
                              struct arena *arena) AM_MUSTCHECK;

/*
 * Packs into the arena. `data` is NULL when the arena's quota would be passed, and not NULL for a
 * message of no bytes.
 */
struct slice wire_pack(const ProtobufCMessage *message, struct arena *arena);
