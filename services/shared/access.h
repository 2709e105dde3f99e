/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Access records: who was shown which personal data. They are gathered here and written about once
 * a second, in slices, so that no call waits for them; equal ones of that time become one. The
 * buffer is bounded: when it is full, because the database does not take what is there, a read is
 * refused with UNAVAILABLE / ACCESS_UNRECORDED, and never shown without a record. Calls that write
 * are refused beforehand, at half of the bound, so that none is refused after its commit.
 *
 * Every process is a writer with an id of its own. It numbers its records without a gap and says
 * every few seconds that it is there (table access_writer), and at its end that all are written. A
 * process that crashes loses those of its last second or two; then it is silent without having
 * ended, which ListAccessRecords tells.
 *
 * Threading: io loop's thread. Ownership: texts are copied.
 */

#include "rpc/server.h"
#include "store/private.h"

struct access;

/* A writer that is silent for so long counts as crashed. */
#define ACCESS_SILENT_US (60 * US_PER_S)

struct access *access_new(struct loop *loop, struct store *store);
/* Writes what is there; `done` is called when it is written or cannot be, and nothing is noted
 * after it. The database must still be open. */
void access_stop(struct access *a, void (*done)(void *ctx), void *ctx);
/* After the loop has ended. */
void access_free(struct access *a);

/* Nothing waits to be written. */
bool access_quiet(const struct access *a);

/* What was shown. */
struct shown {
    int64_t tenant_id;
    const char *principal, *via; /* via "" = the same */
    const char *method;          /* "GetCase" */
    struct uuid case_id;         /* zero = none */
    const char *customer_id;
    uint32_t fields; /* bit n = AccessedFields n */
};

/* Notes it. False: there is no room, so it must not be shown. */
bool access_note(struct access *a, const struct shown *shown) AM_MUSTCHECK;

/* Notes it and writes all that is there: `done` once, with a fault when it could not be written.
 * For what may not be shown before its record is lasting. */
void access_write(struct access *a, const struct shown *shown,
                  void (*done)(void *ctx, const struct fault *fault), void *ctx);

/* Whether a call that writes may begin. */
bool access_has_room(const struct access *a);
/* Makes it UNAVAILABLE / ACCESS_UNRECORDED. */
void access_fault(struct fault *fault);
