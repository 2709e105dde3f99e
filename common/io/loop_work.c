/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <sys/resource.h>

#include "base/assert.h"
#include "io/loop_impl.h"

struct work {
    uv_work_t uv;
    void (*run)(void *ctx);
    void (*done)(void *ctx);
    void *ctx;
};

/* The loop and gRPC go first where processors are few. On Linux, 0 names the calling thread. A
 * thread that may not be lowered works as before. */
#define NICE 10

static void lower_once(void)
{
    static _Thread_local bool lowered;
    if (!lowered)
        (void)setpriority(PRIO_PROCESS, 0, NICE);
    lowered = true;
}

static void on_other_thread(uv_work_t *uv)
{
    struct work *w = CONTAINER_OF(uv, struct work, uv);
    lower_once();
    w->run(w->ctx);
}

/* Nothing here cancels work, so the status is always 0. */
static void on_done(uv_work_t *uv, int status)
{
    struct work *w = CONTAINER_OF(uv, struct work, uv);
    (void)status;
    w->done(w->ctx);
    free(w);
}

void loop_work(struct loop *l, void (*run)(void *ctx), void (*done)(void *ctx), void *ctx)
{
    AM_ASSERT(l->magic == LOOP_MAGIC && loop_on_thread(l) && !l->closed);
    struct work *w = calloc(1, sizeof(*w));
    AM_ASSERT(w != NULL);
    *w = (struct work){.run = run, .done = done, .ctx = ctx};
    AM_ASSERT(uv_queue_work(&l->uv, &w->uv, on_other_thread, on_done) == 0);
}
