/* SPDX-License-Identifier: Apache-2.0 */

/* One case that is being erased. */

#include <stdlib.h>

#include "base/assert.h"
#include "shared/erasure.h"

#define CASE_BYTES (64u << 20) /* the largest case must fit; memory is taken as needed */

struct erasing {
    struct arena arena;
    struct submission sub;
    struct erase_args args;
    void (*done)(void *ctx, const struct fault *fault);
    void *ctx;
};

/* The fault lies in the command's arena. */
static void finished(struct submission *sub)
{
    struct erasing *x = sub->ctx;
    const struct fault *f = &sub->cmd.fault;
    x->done(x->ctx, fault_is_set(f) ? f : NULL);
    arena_free(&x->arena);
    free(x);
}

void erasure_of_case(struct service *s, const struct tenant *tenant, const struct uuid *case_id,
                     const struct erase_args *args, const char *actor, int64_t deadline_us,
                     void (*done)(void *ctx, const struct fault *fault), void *ctx)
{
    struct erasing *x = calloc(1, sizeof(*x));
    AM_ASSERT(x != NULL);
    arena_init(&x->arena, CASE_BYTES);
    x->args = *args;
    x->done = done;
    x->ctx = ctx;
    x->sub = (struct submission){
        .cmd = {.kind = &erase_case_kind,
                .arena = &x->arena,
                .tenant_id = tenant->id,
                .tenant = tenant->name,
                .principal = actor,
                .args = &x->args,
                .seed = uuid_new(time_now_us(loop_time(s->loop))),
                .case_id = *case_id},
        .seg = {.cls = PG_SEG_BULK, .deadline_us = deadline_us},
        .finished = finished,
        .ctx = x,
    };
    store_submit(s->store, &x->sub);
}
