/* SPDX-License-Identifier: Apache-2.0 */

/* Reads of the engine on the plain lane. */

#include <stdlib.h>

#include "assignment/engine/engine.h"
#include "base/assert.h"

#define ARENA_BYTES (64u << 20) /* a bound; memory is taken as it is needed */
#define DEADLINE_US (2 * US_PER_S)

static void done(struct pg_read *pg, const struct fault *fault)
{
    struct engine_read *r = CONTAINER_OF(pg, struct engine_read, pg);
    r->ended(r, fault);
    arena_free(&r->arena);
    free(r);
}

struct engine_read *
engine_read_new(struct assignment *a, int64_t tenant_id,
                void (*rows)(struct pg_read *r, size_t i, const struct pg_rows *rows),
                void (*ended)(struct engine_read *r, const struct fault *fault), void *ctx)
{
    struct engine_read *r = calloc(1, sizeof(*r));
    AM_ASSERT(r != NULL);
    arena_init(&r->arena, ARENA_BYTES);
    r->a = a;
    r->ended = ended;
    r->ctx = ctx;
    r->pg.item.tenant = (uint64_t)tenant_id;
    r->pg.deadline_us = time_mono_us() + DEADLINE_US;
    r->pg.rows = rows;
    r->pg.done = done;
    r->pg.ctx = r;
    return r;
}

struct pg_args *engine_read_add(struct engine_read *r, enum stmt stmt)
{
    AM_ASSERT(r->pg.n < PG_READ_STMTS);
    struct pg_args *args = &r->pg.q[r->pg.n].args;
    r->pg.q[r->pg.n++].stmt = r->a->config.first_stmt + stmt;
    pg_args_init(args, &r->arena);
    return args;
}

void engine_read_start(struct engine_read *r)
{
    pg_read(r->a->service->pg, &r->pg);
}
