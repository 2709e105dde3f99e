/* SPDX-License-Identifier: Apache-2.0 */
#include "resolution/delivery/read.h"

#include <stdlib.h>

#include "base/assert.h"
#include "store/table.h"

#define ARENA_BYTES (64u << 20) /* a bound; memory is taken as it is needed */
#define DEADLINE_US (3 * US_PER_S)

static void done(struct pg_read *pg, const struct fault *fault)
{
    struct sender_read *r = CONTAINER_OF(pg, struct sender_read, pg);
    r->ended(r, fault);
    arena_free(&r->arena);
    free(r);
}

struct sender_read *
sender_read_new(struct service *service, unsigned first_stmt, int64_t tenant_id,
                void (*rows)(struct pg_read *r, size_t i, const struct pg_rows *rows),
                void (*ended)(struct sender_read *r, const struct fault *fault), void *ctx)
{
    struct sender_read *r = calloc(1, sizeof *r);
    AM_ASSERT(r != NULL);
    arena_init(&r->arena, ARENA_BYTES);
    r->service = service;
    r->first_stmt = first_stmt;
    r->ended = ended;
    r->ctx = ctx;
    r->pg.item.tenant = (uint64_t)tenant_id;
    r->pg.deadline_us = time_mono_us() + DEADLINE_US;
    r->pg.rows = rows;
    r->pg.done = done;
    r->pg.ctx = r;
    return r;
}

struct pg_args *sender_read_add(struct sender_read *r, enum resolution_stmt stmt)
{
    AM_ASSERT(r->pg.n < PG_READ_STMTS);
    struct pg_args *args = &r->pg.q[r->pg.n].args;
    r->pg.q[r->pg.n++].stmt = r->first_stmt + stmt;
    pg_args_init(args, &r->arena);
    return args;
}

void sender_read_start(struct sender_read *r)
{
    pg_read(r->service->pg, &r->pg);
}

int delivery_row_load(const struct pg_rows *rows, int row, int first, struct arena *arena,
                      struct delivery_row *out)
{
    *out = (struct delivery_row){0};
    return table_decode(&tables[TABLE_DELIVERY], true, rows, row, first, out, arena);
}
