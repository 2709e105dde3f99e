/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One erasure of a customer's personal data: a walk over the customer's cases in slices, with a
 * command EraseCase for each that has something to erase, a bounded number at a time, in the class
 * of work that lets calls and timers go first. It begins when what was at work on cases before has
 * ended (erasure_fence.h). Where what is personal is sealed, the customer's key goes then
 * (erasure_key.h), and a second walk erases what was written meanwhile. The last walk certifies
 * what is erased. Every step can be repeated, so whoever finds an unfinished erasure runs it again
 * from the start.
 *
 * Threading: io loop's thread. Ownership: the erasure is embedded in its caller's struct until
 * `done`; the texts of `row` live as long.
 */

#include "case/erase.h"
#include "shared/service.h"
#include "store/private.h"

/* Erases the personal data of one case as a command of its own. `done` once: `fault` NULL = it is
 * erased, or had nothing to erase. It may run in this call. `args` is copied; `actor` lives until
 * then. */
void erasure_of_case(struct service *s, const struct tenant *tenant, const struct uuid *case_id,
                     const struct erase_args *args, const char *actor, int64_t deadline_us,
                     void (*done)(void *ctx, const struct fault *fault), void *ctx);

#define ERASURE_OPEN_MOST 20 /* ids of open cases that are kept */

struct erasure {
    /* Set by the caller. */
    struct service *service;
    const struct tenant *tenant;
    struct erasure_row row;
    int cause;           /* ErasureCause */
    int64_t deadline_us; /* of the commands and reads, monotonic; 0 = none */
    /* Asked between two slices: nobody waits any more. NULL = somebody always does. */
    bool (*gone)(void *ctx);
    /* Once. `fault` NULL = it went well. */
    void (*done)(struct erasure *e, const struct fault *fault);
    void *ctx;
    /* What was found. Erased: what erasure_count() would erase, what erasure_run() has erased. */
    int64_t cases, erased, open;
    struct uuid open_ids[ERASURE_OPEN_MOST];
    /* Owned by the erasure, until erasure_free(). */
    struct arena arena; /* the certificate */
    struct arena slice;
    struct store_read read;
    struct fault fault;
    struct private_case last;
    size_t next, n, in_flight;
    int step;       /* enum erasure_step */
    bool left_open; /* a case that has not ended was left out */
    bool submitting;
    void *digest; /* of the certificate's list of cases */
    int64_t certified;
    /* shared/erasure_fence.h */
    struct rows at_work; /* struct private_at_work, in the arena */
    int64_t fence_began_us;
    /* shared/erasure_key.h */
    bool key_destroyed;
    struct customer_keys_wait key_wait;
    struct loop_timer *timer;
    void (*then)(struct erasure *e);
};

/* Begins an erasure; the caller has set its part. */
void erasure_init(struct erasure *e);
/* After `done`, or before anything was begun. */
void erasure_free(struct erasure *e);

/* For the parts of an erasure: the first fault is told, when nothing is in flight any more; and the
 * read that is prepared next. */
void erasure_note_fault(struct erasure *e, const struct fault *f);
/* Notes a fault when nobody waits for the erasure any more. */
void erasure_note_gone(struct erasure *e);
void erasure_begin_read(struct erasure *e, void (*done)(struct store_read *read));

/* Counts what would be erased, and writes nothing. */
void erasure_count(struct erasure *e);

/* Erases, writes the certificate and finishes the row, which is there already. row.ended_at and
 * row.certificate are then what is stored. A case that has not ended is left out without
 * row.open_too, also one that was reopened meanwhile; `open` counts them, and the customer's key
 * then stays. */
void erasure_run(struct erasure *e);
