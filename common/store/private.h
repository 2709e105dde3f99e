/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Private data: which cases a customer has, erasures under way and done, what policy keeps no
 * longer, and the records of who has read personal data. What a case's erasure empties is
 * decided by common/store/table.c and done by the segment that writes EraseCase (case/erase.h).
 *
 * Each function begins a read (store/store.h); the rows are in r->found, of the type said here.
 *
 * Threading: io loop's thread. Ownership: as all reads; arguments are copied.
 */

#include "store/store.h"

/* -- cases ------------------------------------------------------------------------------------- */

struct private_case {
    int64_t opened_at;
    struct uuid case_id;
    int16_t status;
    bool unerased;      /* it has something that was written since it was erased, or never was */
    int64_t erased_seq; /* of its last erasure; 0 = none */
};

/* Cases of a customer behind (after->opened_at, after->case_id), opened at or before `until_us`, in
 * that order, at most `limit`: struct private_case. */
void store_read_customer(struct store *s, struct store_read *r, const char *customer_id,
                         const struct private_case *after, int64_t until_us, int limit);

/* Cases of the tenant behind `after` that were opened before `closed_before_us`: struct
 * private_case, of which `unerased` says that the case has ended before that instant and has
 * something to erase. */
void store_read_retained(struct store *s, struct store_read *r, const struct private_case *after,
                         int64_t closed_before_us, int limit);

/* Tenants behind this one: struct private_tenant. */
struct private_tenant {
    int64_t tenant_id;
    bool retains; /* its current bundle has the word "retention" */
};
void store_read_tenants(struct store *s, struct store_read *r, int64_t after, int limit);

/* -- erasures ---------------------------------------------------------------------------------- */

struct erasure_row {
    int64_t tenant_id;
    struct uuid erasure_id, request_id;
    struct slice body_hash; /* of the request, without its id */
    const char *customer_id, *reason, *actor, *via;
    bool open_too;
    int64_t begun_at, ended_at; /* ended_at 0 = not finished */
    int64_t key_until;          /* 0 = the customer's key was not destroyed yet */
    struct slice certificate;   /* packed ErasureCertificate; empty until it is finished */
};

/* The erasure of this id: struct erasure_row, none when there is none. */
void store_read_erasure(struct store *s, struct store_read *r, const struct uuid *erasure_id);
/* Writes a new one unless it is there, and reads it. */
void store_begin_erasure(struct store *s, struct store_read *r, const struct erasure_row *row);
/* Finishes it with row->ended_at and row->certificate unless it is finished, and reads it. */
void store_end_erasure(struct store *s, struct store_read *r, const struct erasure_row *row);
/* Writes row->begun_at and row->key_until, unless it is finished. */
void store_move_erasure(struct store *s, struct store_read *r, const struct erasure_row *row);
/* Of all tenants: those that began after one instant and before another one and are not finished,
 * the oldest first. */
void store_read_unfinished(struct store *s, struct store_read *r, int64_t after_us,
                           int64_t before_us, int limit);

/* Transactions of the database that hold locks on the table of cases, but for the one that asks:
 * struct private_at_work. `among` not NULL: only those of these that are left. */
struct private_at_work {
    const char *transaction; /* PostgreSQL's virtual id */
    bool writes;             /* it has written, or begun to */
};
void store_read_at_work(struct store *s, struct store_read *r, const struct rows *among);

/* -- access records ---------------------------------------------------------------------------- */

struct access_row {
    int64_t tenant_id, at;
    struct uuid writer;
    int64_t number;
    const char *principal, *via, *method;
    struct uuid case_id; /* zero = none */
    const char *customer_id;
    int32_t fields, reads; /* bit n = AccessedFields n */
};

/* A process that writes them. */
struct access_writer {
    struct uuid writer;
    int64_t begun_at, written_at, number;
    int64_t ended_at; /* 0 = it goes on */
};

/* Writes records and how far the writer has come. Repeating it is harmless. `lasting`: they must
 * outlive a failover. */
void store_write_access(struct store *s, struct store_read *r, const struct access_writer *writer,
                        const struct access_row *rows, size_t n, bool lasting);

struct access_filter {
    const char *customer_id, *principal; /* NULL or "" = any */
    struct uuid case_id;                 /* zero = any */
    int64_t from_us;
    /* The page begins behind this place, the newest first. */
    int64_t before_at;
    struct uuid before_writer;
    int64_t before_number;
    int limit;
};
/* struct access_row. With `silent_us` not 0 also, in r->gaps, struct access_writer: those that have
 * not ended and have not written since then, newest first, at most 100. */
void store_list_access(struct store *s, struct store_read *r, const struct access_filter *f,
                       int64_t silent_us);

/* Forgets writers that ended, in order, before an instant of the shared clock. */
void store_purge_writers(struct store *s, struct store_read *r, int64_t before_us);

/* Deletes a slice of the tenant's records from before an instant; r->deleted says how many. */
void store_purge_access(struct store *s, struct store_read *r, int64_t before_us);
