/* SPDX-License-Identifier: Apache-2.0 */
#include "io/cutoff.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "base/assert.h"
#include "base/list.h"
#include "base/log.h"
#include "base/time.h"

struct cutoff_entry {
    struct list link; /* by itself once it was cut */
    int fd;
    int64_t ends_us;
};

struct cutoff {
    int64_t limit_us;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct list waiting; /* the first ends first: the limit is the same for all */
    bool stopping;
};

static struct timespec instant(int64_t us)
{
    return (struct timespec){.tv_sec = us / US_PER_S, .tv_nsec = us % US_PER_S * 1000};
}

/* The lock keeps the owner from closing the descriptor meanwhile. */
static void cut(struct cutoff_entry *e)
{
    list_remove(&e->link);
    (void)shutdown(e->fd, SHUT_RDWR);
}

static void wait_for_next(struct cutoff *c)
{
    if (list_empty(&c->waiting)) {
        AM_ASSERT(pthread_cond_wait(&c->changed, &c->lock) == 0);
        return;
    }
    struct cutoff_entry *e = CONTAINER_OF(c->waiting.next, struct cutoff_entry, link);
    const struct timespec until = instant(e->ends_us);
    if (time_mono_us() >= e->ends_us)
        cut(e);
    else
        (void)pthread_cond_timedwait(&c->changed, &c->lock, &until);
}

static void *run(void *arg)
{
    struct cutoff *c = arg;
    (void)pthread_setname_np(pthread_self(), "cutoff");
    AM_ASSERT(pthread_mutex_lock(&c->lock) == 0);
    while (!c->stopping)
        wait_for_next(c);
    AM_ASSERT(pthread_mutex_unlock(&c->lock) == 0);
    return NULL;
}

/* On the clock of time_mono_us(). The thread takes no signals. */
static int start(struct cutoff *c)
{
    sigset_t all, before;
    pthread_condattr_t attr;
    AM_ASSERT(pthread_condattr_init(&attr) == 0);
    AM_ASSERT(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0);
    AM_ASSERT(pthread_cond_init(&c->changed, &attr) == 0);
    AM_ASSERT(pthread_condattr_destroy(&attr) == 0);
    (void)sigfillset(&all);
    AM_ASSERT(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
    int err = pthread_create(&c->thread, NULL, run, c);
    AM_ASSERT(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    return err;
}

static void destroy(struct cutoff *c)
{
    (void)pthread_cond_destroy(&c->changed);
    (void)pthread_mutex_destroy(&c->lock);
    free(c);
}

struct cutoff *cutoff_new(int64_t limit_us)
{
    struct cutoff *c = calloc(1, sizeof(*c));
    AM_ASSERT(c != NULL);
    c->limit_us = limit_us;
    list_init(&c->waiting);
    AM_ASSERT(pthread_mutex_init(&c->lock, NULL) == 0);
    const int err = start(c);
    if (err == 0)
        return c;
    log_error("admin", "thread_failed", LOG_INT("errno", err));
    destroy(c);
    return NULL;
}

void cutoff_free(struct cutoff *c)
{
    if (!c)
        return;
    AM_ASSERT(pthread_mutex_lock(&c->lock) == 0);
    AM_ASSERT(list_empty(&c->waiting));
    c->stopping = true;
    AM_ASSERT(pthread_cond_signal(&c->changed) == 0);
    AM_ASSERT(pthread_mutex_unlock(&c->lock) == 0);
    AM_ASSERT(pthread_join(c->thread, NULL) == 0);
    destroy(c);
}

struct cutoff_entry *cutoff_add(struct cutoff *c, int fd)
{
    struct cutoff_entry *e = calloc(1, sizeof(*e));
    AM_ASSERT(e != NULL);
    e->fd = fd;
    AM_ASSERT(pthread_mutex_lock(&c->lock) == 0);
    e->ends_us = time_mono_us() + c->limit_us;
    list_push_back(&c->waiting, &e->link);
    AM_ASSERT(pthread_cond_signal(&c->changed) == 0);
    AM_ASSERT(pthread_mutex_unlock(&c->lock) == 0);
    return e;
}

void cutoff_remove(struct cutoff *c, struct cutoff_entry *entry)
{
    if (!entry)
        return;
    AM_ASSERT(pthread_mutex_lock(&c->lock) == 0);
    list_remove(&entry->link);
    AM_ASSERT(pthread_mutex_unlock(&c->lock) == 0);
    free(entry);
}
