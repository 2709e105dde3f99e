/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Reads and small writes of what sends, on the plain lane.
 *
 * Threading: io loop's thread. Ownership: a read frees itself after `ended`, with its arena.
 */

#include "pg/pg.h"
#include "resolution/stmts.h"
#include "shared/service.h"

struct sender_read {
    struct pg_read pg;
    struct service *service;
    unsigned first_stmt;
    struct arena arena; /* lives until `ended` returns */
    void (*ended)(struct sender_read *r, const struct fault *fault);
    void *ctx;
};

/* Never NULL. `rows` may be NULL; it gets each statement's result once all went well, with
 * pg_read.ctx the read itself. */
struct sender_read *
sender_read_new(struct service *service, unsigned first_stmt, int64_t tenant_id,
                void (*rows)(struct pg_read *r, size_t i, const struct pg_rows *rows),
                void (*ended)(struct sender_read *r, const struct fault *fault), void *ctx);

/* The parameters of one statement more. */
struct pg_args *sender_read_add(struct sender_read *r, enum resolution_stmt stmt);

/* Sends it. `ended` may be called in this call. */
void sender_read_start(struct sender_read *r);

/* The row of DELIVERY_COLUMNS that begin at column `first`; texts are copied into `arena`.
 * AM_ENOMEM. */
int delivery_row_load(const struct pg_rows *rows, int row, int first, struct arena *arena,
                      struct delivery_row *out) AM_MUSTCHECK;
