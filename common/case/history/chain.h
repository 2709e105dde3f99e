/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The hash chain over a case's events, and its verification, which goes from the last event to the
 * first: so it can begin at a head that cannot move, whatever is appended meanwhile.
 *
 * Threading: pure. Ownership: results are written to what the caller passes.
 */

#include "case/model/rows.h"

/* hash = SHA-256(prev_hash, then each with a 4-byte big-endian length: tenant name, case id text,
 * seq, at, kind, actor, SHA-256(public), private_digest): see proto/amends/v1/event.proto. */
void chain_hash(const char *tenant, const struct event_row *e, uint8_t out[32]);
/* SHA-256(salt || body). */
void chain_private_digest(struct slice salt, struct slice body, uint8_t out[32]);

/* EVENT_KIND_PERSONAL_DATA_ERASED: personal parts of the events before it may be gone. */
#define CHAIN_KIND_ERASED 30

struct chain_check {
    int64_t events, erased;
    int64_t expected;    /* the sequence number that is to come next; 0 = none */
    int64_t erased_from; /* an erasure that was seen covers the events before; 0 = none */
    uint8_t link[32];    /* the hash that the next one must have */
    /* Called for each problem; the text is a constant. `personal`: a part is gone. */
    void (*problem)(void *ctx, int64_t seq, bool personal, const char *what);
    void *ctx;
};
/* Begins at the case's head. Feed the events from the last one to the first; `p` is the event's
 * personal part, NULL when there is none (any more). chain_end tells what is missing before. */
void chain_begin(struct chain_check *k, const struct case_row *row);
void chain_next(struct chain_check *k, const char *tenant, const struct event_row *e,
                const struct event_private_row *p);
void chain_end(struct chain_check *k);
