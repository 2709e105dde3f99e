/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Between protobuf messages and gRPC byte buffers. Pure. */

#include <grpc/byte_buffer.h>
#include <protobuf-c/protobuf-c.h>

#include "base/err.h"

/* Packs straight into the slice that goes to the socket. grpc_byte_buffer_destroy() it. */
grpc_byte_buffer *message_buffer(const ProtobufCMessage *message);

/* The buffer's bytes in one piece; grpc_slice_unref() it. AM_EINVAL: it is compressed. */
int message_whole(grpc_byte_buffer *buffer, grpc_slice *out) AM_MUSTCHECK;
