/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/message.h"

#include <grpc/byte_buffer_reader.h>

#include "base/assert.h"

grpc_byte_buffer *message_buffer(const ProtobufCMessage *message)
{
    size_t len = protobuf_c_message_get_packed_size(message);
    grpc_slice slice = grpc_slice_malloc(len);
    AM_ASSERT(protobuf_c_message_pack(message, GRPC_SLICE_START_PTR(slice)) == len);
    grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&slice, 1);
    grpc_slice_unref(slice);
    return buffer;
}

int message_whole(grpc_byte_buffer *buffer, grpc_slice *out)
{
    if (buffer->type != GRPC_BB_RAW || buffer->data.raw.compression != GRPC_COMPRESS_NONE)
        return AM_EINVAL;
    if (buffer->data.raw.slice_buffer.count == 1) {
        *out = grpc_slice_ref(buffer->data.raw.slice_buffer.slices[0]);
        return 0;
    }
    grpc_byte_buffer_reader reader;
    AM_ASSERT(grpc_byte_buffer_reader_init(&reader, buffer));
    *out = grpc_byte_buffer_reader_readall(&reader);
    grpc_byte_buffer_reader_destroy(&reader);
    return 0;
}
