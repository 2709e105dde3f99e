/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Proving one case: reads it with its parts, then its events from the last to the first in slices,
 * then the long texts that did not come with the case, and compares (case/history/proof.h). A
 * history of any length needs no more memory than the case and one slice.
 *
 * Threading: io loop's thread. Ownership: the prover is the caller's, and is borrowed until `done`;
 * the proof lies in it until prover_free().
 */

#include "case/history/proof.h"
#include "shared/service.h"

struct prover {
    /* Set by the caller. */
    struct store *store;
    int64_t tenant_id;
    const char *tenant;
    int64_t deadline_us;
    struct uuid case_id;
    size_t rows_most; /* bytes of the case's rows: more sets `too_large`; 0 = any number */
    /* Asked before every slice: true when nobody waits any more. May be NULL. */
    bool (*gone)(struct prover *p);
    void (*done)(struct prover *p); /* once; it may free the prover */
    void *ctx;
    /* What came of it: a fault, or no such case, or the proof. */
    struct fault fault;
    bool too_large, stopped, exists;
    struct proof proof;
    uint8_t head[32]; /* hash of the last event */
    /* The prover's own. */
    struct arena rows, slice;
    struct store_read read_case, read;
    int64_t top; /* the next slice ends here */
    int asked;
    int words; /* enum words_of */
    struct words_place place;
};

/* Begins; `done` may run in this call. A prover that was freed may be started again. */
void prover_start(struct prover *p);
void prover_free(struct prover *p);
