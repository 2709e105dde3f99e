/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a client is told when a call is refused: a gRPC status code, one documented reason
 * (ErrorReason in proto/amends/v1/error_reason.proto), a message, and all violations at once.
 *
 * Threading: a fault belongs to whoever owns its arena. Ownership: all strings live in the arena
 * given to fault_init() or are constants.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

/* The gRPC status codes, by their numbers on the wire. */
enum fault_code {
    FAULT_OK = 0,
    FAULT_CANCELLED = 1,
    FAULT_INVALID_ARGUMENT = 3,
    FAULT_DEADLINE_EXCEEDED = 4,
    FAULT_NOT_FOUND = 5,
    FAULT_ALREADY_EXISTS = 6,
    FAULT_PERMISSION_DENIED = 7,
    FAULT_RESOURCE_EXHAUSTED = 8,
    FAULT_FAILED_PRECONDITION = 9,
    FAULT_ABORTED = 10,
    FAULT_OUT_OF_RANGE = 11,
    FAULT_UNIMPLEMENTED = 12,
    FAULT_INTERNAL = 13,
    FAULT_UNAVAILABLE = 14,
    FAULT_UNAUTHENTICATED = 16,
};

/* ERROR_REASON_INVALID_ARGUMENT of the contract, which this part does not include; contract/word.c
 * asserts that it is. */
#define FAULT_REASON_INVALID_ARGUMENT 1

#define FAULT_ITEMS_MAX 32

struct fault_item {
    const char *key; /* violation: the field's path; metadata: the key; missing item: its name */
    const char *text;
};

struct fault {
    struct arena *arena;
    enum fault_code code;
    int reason;          /* an ErrorReason of the contract; 0 = none */
    const char *message; /* one sentence for a developer, lower case, no full stop */
    /* BadRequest.FieldViolation, or PreconditionFailure for FAILED_PRECONDITION. */
    struct fault_item violations[FAULT_ITEMS_MAX];
    size_t n_violations;
    size_t n_left_out;             /* violations past FAULT_ITEMS_MAX */
    struct fault_item metadata[8]; /* ErrorInfo.metadata: every dynamic value of the message */
    size_t n_metadata;
    uint32_t retry_ms; /* RetryInfo; 0 = none */
};

/* Makes `f` an empty fault (code FAULT_OK) whose strings will live in `arena`. */
void fault_init(struct fault *f, struct arena *arena);

/* Sets code, reason and message. The first call wins and later ones are ignored, so that a decision
 * answers with the first of its checks that fails. */
void fault_set(struct fault *f, enum fault_code code, int reason, const char *fmt, ...)
    AM_PRINTF(4, 5);

/* Adds one violation and, if nothing was set, makes the fault INVALID_ARGUMENT / INVALID_ARGUMENT.
 * Violations past FAULT_ITEMS_MAX are only counted, and the message tells how many there are. A
 * fault that was set to another code stays as it is. `field` must be a constant or live as long as
 * the arena. */
void fault_violation(struct fault *f, const char *field, const char *fmt, ...) AM_PRINTF(3, 4);

/* Adds one missing item to a FAILED_PRECONDITION fault (PreconditionFailure.Violation type=`key`),
 * before or after fault_set(); it does not set the fault by itself. A fault of another code stays
 * as it is. `key` as above. */
void fault_missing(struct fault *f, const char *key, const char *fmt, ...) AM_PRINTF(3, 4);

/* Adds one metadata entry; past the eighth they are dropped. `key` as above. */
void fault_meta(struct fault *f, const char *key, const char *fmt, ...) AM_PRINTF(3, 4);

/* True when a code was set. */
bool fault_is_set(const struct fault *f);
