/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Messages that are put together from bytes which several of them share: what was packed once goes
 * to many clients without being copied. Protobuf reads messages that are put one behind the other
 * as one, and so the parts are whole fields.
 *
 * Threading: io loop's thread. Ownership: a message holds on to the bytes of its parts until it has
 * left, so they may be freed as soon as it was made.
 */

#include "base/slice.h"
#include "rpc/server.h"

struct rpc_bytes;

/* Takes over `data`, which malloc() gave. */
struct rpc_bytes *rpc_bytes_take(void *data, size_t len);
void rpc_bytes_free(struct rpc_bytes *bytes);

/* A part of shared bytes, or of bytes of its own (`bytes` NULL), which are copied. */
struct rpc_part {
    const struct rpc_bytes *bytes;
    size_t from, len;
    struct slice own;
};

/* The message that the parts are in their order, to be used in one answer. */
struct rpc_packed *rpc_pack_parts(const struct rpc_part *parts, size_t n);
