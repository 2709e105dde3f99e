/* SPDX-License-Identifier: Apache-2.0 */
#include "io/testclock.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/log.h"
#include "io/loop_impl.h"

#define TESTCLOCK_MAGIC 0x7e57c10cu
/* The file is also read again this often, because some file systems do not support watches, and an
 * editor that renames the file defeats them. */
#define REREAD_US (100 * US_PER_MS)
#define READ_ATTEMPTS 8

struct reading {
    int64_t offset_us;
    uint64_t generation;
};

struct testclock {
    uint32_t magic;
    struct loop_handle handle;
    uv_fs_event_t uv;
    struct loop *loop;
    struct loop_timer *reread;
    int fd;
    struct reading last;
    void (*moved)(void *ctx);
    void *ctx;
};

static void destroy(struct loop_handle *h)
{
    struct testclock *t = CONTAINER_OF(h, struct testclock, handle);
    (void)close(t->fd);
    t->magic = 0;
    free(t);
}

/* A read may meet a write of the other process. Two equal reads in a row did not. An empty file
 * means 0, 0. */
static bool read_file(int fd, struct reading *out)
{
    struct reading before = {0};
    for (int i = 0; i < READ_ATTEMPTS; i++) {
        struct reading r = {0};
        ssize_t n = pread(fd, &r, sizeof(r), 0);
        if (n != (ssize_t)sizeof(r))
            r = (struct reading){0};
        if (i > 0 && memcmp(&r, &before, sizeof(r)) == 0) {
            *out = r;
            return true;
        }
        before = r;
    }
    return false;
}

static void reread(struct testclock *t)
{
    struct reading r;
    if (!read_file(t->fd, &r) || memcmp(&r, &t->last, sizeof(r)) == 0)
        return;
    t->last = r;
    time_set_test(loop_time(t->loop), r.offset_us, r.generation);
    log_debug("testclock", "moved", LOG_INT("offset_us", r.offset_us),
              LOG_INT("generation", (int64_t)r.generation));
    t->moved(t->ctx);
}

static void on_event(uv_fs_event_t *uv, const char *name, int events, int status)
{
    (void)name;
    (void)events;
    (void)status;
    reread(CONTAINER_OF(uv, struct testclock, uv));
}

static void on_reread(void *ctx)
{
    struct testclock *t = ctx;
    loop_timer_start(t->reread, REREAD_US);
    reread(t);
}

/* The first reading counts as a move even when all of it is zero. */
static void start_reading(struct testclock *t)
{
    (void)read_file(t->fd, &t->last);
    time_set_test(loop_time(t->loop), t->last.offset_us, t->last.generation);
    t->reread = loop_timer_new(t->loop, on_reread, t);
    loop_timer_start(t->reread, REREAD_US);
    t->moved(t->ctx);
}

int testclock_start(struct loop *l, const char *path, void (*moved)(void *ctx), void *ctx,
                    struct testclock **out)
{
    AM_ASSERT(l->magic == LOOP_MAGIC && loop_on_thread(l) && !l->closed);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0) {
        log_error("testclock", "cannot_open", LOG_STR("path", path), LOG_INT("errno", errno));
        return AM_EIO;
    }
    struct testclock *t = calloc(1, sizeof(*t));
    AM_ASSERT(t != NULL);
    *t = (struct testclock){
        .magic = TESTCLOCK_MAGIC, .loop = l, .fd = fd, .moved = moved, .ctx = ctx};
    AM_ASSERT(uv_fs_event_init(&l->uv, &t->uv) == 0);
    handle_open(l, &t->handle, (uv_handle_t *)&t->uv, destroy);
    int failed = uv_fs_event_start(&t->uv, on_event, path, 0);
    if (failed)
        log_warn("testclock", "not_watched", LOG_STR("path", path), LOG_INT("errno", -failed));
    *out = t;
    start_reading(t);
    return AM_OK;
}

void testclock_stop(struct testclock *t)
{
    if (!t)
        return;
    AM_ASSERT(t->magic == TESTCLOCK_MAGIC && !t->handle.released);
    loop_timer_free(t->reread);
    handle_release(&t->handle);
}
