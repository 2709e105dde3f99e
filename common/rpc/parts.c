/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/parts.h"

#include <stdlib.h>

#include <grpc/byte_buffer.h>
#include <grpc/slice.h>

#include "base/assert.h"

struct rpc_bytes {
    grpc_slice slice;
};

static void free_data(void *data, size_t len)
{
    (void)len;
    free(data);
}

struct rpc_bytes *rpc_bytes_take(void *data, size_t len)
{
    struct rpc_bytes *b = malloc(sizeof(*b));
    AM_ASSERT(b != NULL);
    b->slice = grpc_slice_new_with_len(data, len, free_data);
    return b;
}

void rpc_bytes_free(struct rpc_bytes *b)
{
    if (!b)
        return;
    grpc_slice_unref(b->slice);
    free(b);
}

static grpc_slice slice_of_part(const struct rpc_part *p)
{
    if (!p->bytes)
        return grpc_slice_from_copied_buffer((const char *)p->own.data, p->own.len);
    return grpc_slice_sub(p->bytes->slice, p->from, p->from + p->len);
}

struct rpc_packed *rpc_pack_parts(const struct rpc_part *parts, size_t n)
{
    grpc_slice *slices = calloc(n + 1, sizeof(*slices));
    AM_ASSERT(slices != NULL);
    for (size_t i = 0; i < n; i++)
        slices[i] = slice_of_part(&parts[i]);
    grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(slices, n);
    for (size_t i = 0; i < n; i++)
        grpc_slice_unref(slices[i]);
    free(slices);
    return (struct rpc_packed *)(void *)buffer;
}
