/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * How much may be open at once: unary calls for the process and for a tenant, streams for the
 * process, for a tenant and for a principal. What is above is refused at once, so that it costs a
 * few microseconds and no memory.
 *
 * Threading: the rpc thread alone. Ownership: a ticket is given back exactly once.
 */

#include "rpc/server.h"

struct admission;
struct admission_use;

struct admission_ticket {
    bool held;
    bool stream;
    struct admission_use *tenant;
    struct admission_use *principal; /* streams only */
};

/* Why a call was refused; the order of rpc_shed's labels. */
enum admission_verdict {
    ADMISSION_OK,
    ADMISSION_CALLS,
    ADMISSION_CALLS_TENANT,
    ADMISSION_STREAMS,
    ADMISSION_STREAMS_TENANT,
    ADMISSION_STREAMS_PRINCIPAL,
    ADMISSION_VERDICTS
};

/* `limits` has no zero member and outlives it. */
struct admission *admission_new(const struct rpc_limits *limits);
/* Everything must have left. */
void admission_free(struct admission *a);

enum admission_verdict admission_enter(struct admission *a, enum rpc_kind kind,
                                       const struct rpc_principal *principal,
                                       struct admission_ticket *ticket) AM_MUSTCHECK;
/* Gives a ticket back; nothing for one that was not granted. */
void admission_leave(struct admission *a, struct admission_ticket *ticket);

/* English, for the message of the refusal. */
const char *admission_text(enum admission_verdict verdict);

/* When to try again: 100 to 500 ms, spread, so that those refused
 * together do not return together. */
uint32_t admission_retry_ms(struct admission *a);
