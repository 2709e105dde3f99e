/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/log.h"
#include "io/loop_impl.h"

#define FD_MAGIC 0xfd0f4001u

struct loop_fd {
    uint32_t magic;
    struct loop_handle handle;
    uv_poll_t uv;
    int fd; /* our own duplicate */
    int wanted;
    bool polling;
    void (*ready)(void *ctx, int events);
    void *ctx;
};

static void destroy(struct loop_handle *h)
{
    struct loop_fd *w = CONTAINER_OF(h, struct loop_fd, handle);
    (void)close(w->fd);
    w->magic = 0;
    free(w);
}

static void apply_wanted(struct loop_fd *w);

/* On an error libuv stops polling and reports no event. The owner finds the error when its library
 * reads or writes. */
static void on_poll(uv_poll_t *uv, int status, int events)
{
    struct loop_fd *w = CONTAINER_OF(uv, struct loop_fd, uv);
    int ready = LOOP_READ | LOOP_WRITE;
    if (status < 0)
        w->polling = false;
    else
        ready = (events & UV_READABLE ? LOOP_READ : 0) | (events & UV_WRITABLE ? LOOP_WRITE : 0);
    w->ready(w->ctx, ready);
    if (handle_is_live(&w->handle) && !w->polling)
        apply_wanted(w);
}

static void apply_wanted(struct loop_fd *w)
{
    int events =
        (w->wanted & LOOP_READ ? UV_READABLE : 0) | (w->wanted & LOOP_WRITE ? UV_WRITABLE : 0);
    w->polling = events != 0;
    if (events)
        AM_ASSERT(uv_poll_start(&w->uv, events, on_poll) == 0);
    else
        AM_ASSERT(uv_poll_stop(&w->uv) == 0);
}

static void abandon_watch(struct loop_fd *w, const char *call, int err)
{
    log_error("loop", "watch_failed", LOG_STR("call", call), LOG_INT("errno", err));
    if (w->fd >= 0)
        (void)close(w->fd);
    free(w);
}

struct loop_fd *loop_fd_new(struct loop *l, int fd, void (*ready)(void *ctx, int events), void *ctx)
{
    AM_ASSERT(l->magic == LOOP_MAGIC && loop_on_thread(l) && !l->closed);
    struct loop_fd *w = calloc(1, sizeof(*w));
    AM_ASSERT(w != NULL);
    w->magic = FD_MAGIC;
    w->ready = ready;
    w->ctx = ctx;
    w->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (w->fd < 0) {
        abandon_watch(w, "dup", errno);
        return NULL;
    }
    int failed = uv_poll_init(&l->uv, &w->uv, w->fd);
    if (failed) {
        abandon_watch(w, "uv_poll_init", -failed);
        return NULL;
    }
    handle_open(l, &w->handle, (uv_handle_t *)&w->uv, destroy);
    return w;
}

void loop_fd_want(struct loop_fd *w, int events)
{
    AM_ASSERT(w->magic == FD_MAGIC);
    if (!handle_is_live(&w->handle) || (w->wanted == events && w->polling == (events != 0)))
        return;
    w->wanted = events;
    apply_wanted(w);
}

void loop_fd_free(struct loop_fd *w)
{
    if (!w)
        return;
    AM_ASSERT(w->magic == FD_MAGIC && !w->handle.released);
    handle_release(&w->handle);
}
