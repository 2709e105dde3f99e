/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Between protobuf messages and gRPC byte buffers.
 *
 * Threading: pure. Ownership: the caller gives back what it gets, as said below.
 */

#include <grpc/byte_buffer.h>
#include <protobuf-c/protobuf-c.h>

#include "base/err.h"

/* Packs the message straight into the slice that goes to the socket. The caller ends the buffer
 * with grpc_byte_buffer_destroy(). */
grpc_byte_buffer *message_buffer(const ProtobufCMessage *message);

/* The buffer's bytes in one piece, which the caller ends with grpc_slice_unref(). AM_EINVAL when
 * they are compressed. */
int message_whole(grpc_byte_buffer *buffer, grpc_slice *out) AM_MUSTCHECK;
