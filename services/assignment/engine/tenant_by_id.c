/* SPDX-License-Identifier: Apache-2.0 */

/* Finds a tenant by its id. Sweeps and Redis name tenants by id, and this process may not have
 * loaded them yet. */

#include "assignment/engine/engine.h"
#include "base/assert.h"

#include <stdlib.h>

struct wanted {
    void (*done)(void *ctx, const struct tenant *t);
    void *ctx;
    char *name;
    struct arena arena; /* of the look-up by name */
};

#define ARENA_BYTES (64u << 10)

static void wanted_end(struct wanted *w, const struct tenant *t)
{
    w->done(w->ctx, t);
    arena_free(&w->arena);
    free(w->name);
    free(w);
}

static void on_tenant(void *ctx, const struct tenant *t, const struct fault *fault)
{
    (void)fault;
    wanted_end(ctx, t);
}

static void rows(struct pg_read *pg, size_t i, const struct pg_rows *rows)
{
    struct wanted *w = ((struct engine_read *)pg->ctx)->ctx;
    (void)i;
    free(w->name);
    w->name = pg_rows_count(rows) > 0 ? strdup(pg_text(rows, 0, 0)) : NULL;
}

static void ended(struct engine_read *r, const struct fault *fault)
{
    struct wanted *w = r->ctx;
    if (fault || !w->name || r->a->stopped)
        wanted_end(w, NULL);
    else
        tenants_get(r->a->service->tenants, w->name, &w->arena, on_tenant, w);
}

void tenant_by_id(struct assignment *a, int64_t id, void (*done)(void *ctx, const struct tenant *t),
                  void *ctx)
{
    const struct tenant *known = tenants_by_id(a->service->tenants, id);
    if (known) {
        done(ctx, known);
        return;
    }
    struct wanted *w = calloc(1, sizeof(*w));
    AM_ASSERT(w != NULL);
    w->done = done;
    w->ctx = ctx;
    arena_init(&w->arena, ARENA_BYTES);
    struct engine_read *r = engine_read_new(a, id, rows, ended, w);
    pg_arg_int8(engine_read_add(r, STMT_TENANT_NAME), id);
    engine_read_start(r);
}
