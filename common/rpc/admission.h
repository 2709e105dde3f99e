/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * How much may be open at once: unary calls for the process and for a tenant; streams for the
 * process, for a tenant and for a principal. And how many calls a second a tenant and a principal
 * may make (io/rates.h), where a call counts as its price (contract/prices.h). A call above a limit
 * is refused at once, so that it costs a few microseconds and no memory.
 *
 * Of calls, and of the bytes of answers that were not sent yet, a tenant may hold as much as is
 * still free, besides its limit: one tenant alone gets half, two get a third each. So there is room
 * for a tenant that has nothing yet, whoever does not read what they asked for.
 *
 * Threading: the rpc thread alone, but for admission_sends(). Ownership: a ticket is given back
 * exactly once.
 */

#include "rpc/caller/principal.h"
#include "rpc/server.h"

struct admission;
struct admission_use;

struct admission_ticket {
    bool held;
    bool stream;
    struct admission_use *tenant;
    struct admission_use *principal; /* streams only */
    bool priced;
    /* "tenant/principal" of who calls: the call's own texts end with its answer. */
    char caller[PRINCIPAL_TENANT_MAX + PRINCIPAL_ID_MAX + 2];
};

/* Why a call was refused; the order of rpc_shed's labels. */
enum admission_verdict {
    ADMISSION_OK,
    ADMISSION_CALLS,
    ADMISSION_CALLS_TENANT,
    ADMISSION_UNSENT,
    ADMISSION_UNSENT_TENANT,
    ADMISSION_STREAMS,
    ADMISSION_STREAMS_TENANT,
    ADMISSION_STREAMS_PRINCIPAL,
    ADMISSION_RATE_TENANT,
    ADMISSION_RATE_PRINCIPAL,
    ADMISSION_VERDICTS
};

/* `limits` must have no zero member and outlive the admission. */
struct admission *admission_new(const struct rpc_limits *limits);
/* Every ticket must have been given back. */
void admission_free(struct admission *a);

/* What asks to be let in. A price of 0 is not limited by rates. */
struct admission_call {
    enum rpc_kind kind;
    uint32_t price;
    const struct rpc_principal *principal;
    int64_t now_us; /* monotonic */
};

enum admission_verdict admission_enter(struct admission *a, const struct admission_call *call,
                                       struct admission_ticket *ticket) AM_MUSTCHECK;
/* A call that was let in has cost so much more than was known then: while the ticket is held. Does
 * nothing for a ticket that was not granted, and for a price of 0. */
void admission_charge(struct admission *a, const struct admission_ticket *ticket, uint32_t more,
                      int64_t now_us);
/* Gives a ticket back. Does nothing for one that was not granted. */
void admission_leave(struct admission *a, struct admission_ticket *ticket);

/* An answer of so many bytes is about to be sent: any thread, while the ticket is held. Then it was
 * sent, or given up: before the ticket is given back. Both do nothing for a ticket that was not
 * granted. */
void admission_sends(struct admission *a, const struct admission_ticket *ticket, size_t bytes);
void admission_sent(struct admission *a, const struct admission_ticket *ticket, size_t bytes);

/* The reason in English, for the message of the refusal. */
const char *admission_text(enum admission_verdict verdict);

/* When to try again, after a verdict about this call: 100 to 500 ms, at random, so that those who
 * are refused together do not return together; later, where a rate says so. */
uint32_t admission_retry_ms(struct admission *a, enum admission_verdict verdict,
                            const struct admission_call *call);
