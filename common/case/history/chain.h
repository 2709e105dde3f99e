/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The hash chain over a case's events, and its verification.
 *
 * Threading: pure. Ownership: results are written to what the caller passes.
 */

#include "case/model/rows.h"

/* hash = SHA-256(prev_hash, then each with a 4-byte big-endian length: tenant name, case id text,
 * seq, at, kind, actor, SHA-256(public), private_digest): see IntakeService.VerifyCaseHistory. */
void chain_hash(const char *tenant, const struct event_row *e, uint8_t out[32]);
/* SHA-256(salt || body). */
void chain_private_digest(struct slice salt, struct slice body, uint8_t out[32]);

struct chain_check {
    bool intact;
    int64_t events, erased, first_bad_seq;
    const char *problem; /* a constant; "" when intact */
    uint8_t head[32];
};
/* Feeds events in order from the first one; `p` is the event's personal part, NULL when there is
 * none (any more). chain_end compares with the head on the case row: last_seq and last_hash. */
void chain_begin(struct chain_check *k);
void chain_next(struct chain_check *k, const char *tenant, const struct event_row *e,
                const struct event_private_row *p);
void chain_end(struct chain_check *k, const struct case_row *row);
