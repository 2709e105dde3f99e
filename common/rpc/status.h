/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Between a `struct fault` and google.rpc.Status, the body of grpc-status-details-bin.
 *
 * Threading: pure. Ownership: bytes and texts lie in the arena given.
 */

#include "base/fault.h"
#include "base/slice.h"

/* The most bytes of encoded details. In base64 they become 5.4 KB, less than the 8 KB of headers
 * that clients accept. */
#define STATUS_BYTES_MAX 4096
/* The most bytes of grpc-message, which percent-encoding may make three times as long. */
#define STATUS_MESSAGE_MAX 512
#define STATUS_DOMAIN "amends"

struct status_bytes {
    size_t len;
    uint8_t data[STATUS_BYTES_MAX];
    char message[STATUS_MESSAGE_MAX + 1]; /* what goes into grpc-message */
};

/*
 * Encodes `fault`: one ErrorInfo, then BadRequest (INVALID_ARGUMENT) or PreconditionFailure
 * (FAILED_PRECONDITION), then RetryInfo. When it does not fit, violations are dropped first, from
 * the end, and the message tells how many; then metadata. Texts are cut at 500 bytes.
 */
void status_pack(const struct fault *fault, struct status_bytes *out);

/*
 * Decodes what status_pack() or another gRPC server made; strings go to the fault's arena. `fault`
 * was initialised by the caller. AM_EINVAL: malformed; AM_ENOMEM: the arena's quota would be
 * passed.
 */
int status_unpack(struct slice bytes, struct fault *fault) AM_MUSTCHECK;

/* A gRPC status number as a fault code. UNKNOWN, DATA_LOSS and numbers that gRPC does not have
 * become INTERNAL. */
enum fault_code status_code(int number);
