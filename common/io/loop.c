/* SPDX-License-Identifier: Apache-2.0 */
#include "io/loop.h"

#include <signal.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/log.h"
#include "io/loop_impl.h"

static void run_jobs(struct loop *l)
{
    struct mpsc_node *node = mpsc_take(&l->jobs);
    while (node) {
        struct loop_job *job = CONTAINER_OF(node, struct loop_job, node);
        node = node->next; /* the job may free itself */
        job->run(job);
    }
}

static void on_wake(uv_async_t *wake)
{
    struct loop *l = wake->data;
    run_jobs(l);
    if (atomic_load(&l->stopping))
        uv_stop(&l->uv);
}

static void on_no_sleep(uv_idle_t *idle)
{
    (void)idle;
}

/* Runs the handles that asked for it. One that asks again while it runs gets its turn later, so
 * that one turn of the loop always ends. An active idle handle keeps libuv from sleeping until
 * then. */
static void on_before_sleep(uv_prepare_t *prepare)
{
    struct loop *l = prepare->data;
    struct loop_idle *idle = l->idle_first;
    l->idle_first = NULL;
    l->idle_last = &l->idle_first;
    while (idle) {
        struct loop_idle *next = idle->next;
        idle->next = NULL;
        idle->waiting = false;
        idle->run(idle);
        idle = next;
    }
    if (l->idle_first)
        (void)uv_idle_start(&l->no_sleep, on_no_sleep);
    else
        (void)uv_idle_stop(&l->no_sleep);
}

static void open_handles(struct loop *l)
{
    AM_ASSERT(uv_loop_init(&l->uv) == 0);
    AM_ASSERT(uv_async_init(&l->uv, &l->wake, on_wake) == 0);
    AM_ASSERT(uv_prepare_init(&l->uv, &l->before_sleep) == 0);
    AM_ASSERT(uv_prepare_start(&l->before_sleep, on_before_sleep) == 0);
    AM_ASSERT(uv_idle_init(&l->uv, &l->no_sleep) == 0);
    AM_ASSERT(uv_timer_init(&l->uv, &l->beat) == 0);
    l->wake.data = l;
    l->before_sleep.data = l;
    l->beat.data = l;
}

struct loop *loop_new(struct time_source *time)
{
    struct loop *l = calloc(1, sizeof(*l));
    AM_ASSERT(l != NULL);
    l->magic = LOOP_MAGIC;
    l->time = time;
    l->idle_last = &l->idle_first;
    list_init(&l->handles);
    mpsc_init(&l->jobs);
    atomic_store(&l->owner, pthread_self());
    open_handles(l);
    return l;
}

struct uv_loop_s *loop_uv(struct loop *l)
{
    return &l->uv;
}

struct time_source *loop_time(struct loop *l)
{
    return l->time;
}

bool loop_on_thread(const struct loop *l)
{
    return pthread_equal(atomic_load(&l->owner), pthread_self()) != 0;
}

static void close_foreign(uv_handle_t *uv, void *ctx)
{
    (void)ctx;
    if (!uv_is_closing(uv))
        uv_close(uv, NULL);
}

/* Closes our own handles first, with the callback on which the memory of their owners depends; then
 * those of the loop and of others. */
static void close_all(struct loop *l)
{
    LIST_FOR_EACH_SAFE (link, &l->handles)
        handle_close(CONTAINER_OF(link, struct loop_handle, link));
    uv_walk(&l->uv, close_foreign, NULL);
    (void)uv_run(&l->uv, UV_RUN_DEFAULT);
    l->closed = true;
}

void loop_run(struct loop *l)
{
    AM_ASSERT(l->magic == LOOP_MAGIC && !l->closed);
    atomic_store(&l->owner, pthread_self());
    while (!atomic_load(&l->stopping))
        (void)uv_run(&l->uv, UV_RUN_DEFAULT);
    run_jobs(l);
    on_before_sleep(&l->before_sleep);
    close_all(l);
}

static void *run_thread(void *arg)
{
    loop_run(arg);
    return NULL;
}

int loop_start_thread(struct loop *l)
{
    AM_ASSERT(l->magic == LOOP_MAGIC && !l->has_thread);
    int failed = pthread_create(&l->thread, NULL, run_thread, l);
    if (failed) {
        log_error("loop", "thread_failed", LOG_INT("errno", failed));
        return AM_EIO;
    }
    (void)pthread_setname_np(l->thread, "io");
    l->has_thread = true;
    return AM_OK;
}

void loop_join(struct loop *l)
{
    AM_ASSERT(l->magic == LOOP_MAGIC && l->has_thread);
    AM_ASSERT(pthread_join(l->thread, NULL) == 0);
    l->has_thread = false;
    atomic_store(&l->owner, pthread_self());
}

void loop_stop(struct loop *l)
{
    atomic_store(&l->stopping, true);
    (void)uv_async_send(&l->wake);
}

void loop_free(struct loop *l)
{
    AM_ASSERT(l->magic == LOOP_MAGIC && !l->has_thread);
    if (!l->closed)
        close_all(l);
    AM_ASSERT(uv_loop_close(&l->uv) == 0);
    l->magic = 0;
    free(l);
}

void loop_post(struct loop *l, struct loop_job *job)
{
    if (mpsc_push(&l->jobs, &job->node))
        (void)uv_async_send(&l->wake);
}

void loop_before_sleep(struct loop *l, struct loop_idle *idle)
{
    AM_ASSERT(loop_on_thread(l));
    if (idle->waiting)
        return;
    idle->waiting = true;
    idle->next = NULL;
    *l->idle_last = idle;
    l->idle_last = &idle->next;
}

static void on_beat(uv_timer_t *timer)
{
    struct loop *l = timer->data;
    atomic_store_explicit(l->beat_us, time_mono_us(), memory_order_relaxed);
}

void loop_beat(struct loop *l, _Atomic int64_t *beat_us)
{
    AM_ASSERT(loop_on_thread(l));
    l->beat_us = beat_us;
    on_beat(&l->beat);
    AM_ASSERT(uv_timer_start(&l->beat, on_beat, 1000, 1000) == 0);
}

static void on_signal(uv_signal_t *handle, int signum)
{
    struct loop *l = handle->data;
    l->signal_hit(l->signal_ctx, signum);
}

void loop_on_signal(struct loop *l, void (*hit)(void *ctx, int signum), void *ctx)
{
    static const int numbers[] = {SIGTERM, SIGINT};
    AM_ASSERT(loop_on_thread(l) && l->signal_hit == NULL);
    l->signal_hit = hit;
    l->signal_ctx = ctx;
    for (size_t i = 0; i < 2; i++) {
        AM_ASSERT(uv_signal_init(&l->uv, &l->signals[i]) == 0);
        l->signals[i].data = l;
        AM_ASSERT(uv_signal_start(&l->signals[i], on_signal, numbers[i]) == 0);
    }
}
