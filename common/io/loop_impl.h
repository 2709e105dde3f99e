/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Inside common/io only: the loop's struct. See io/loop.h.
 *
 * Threading: the loop's thread. Ownership: handles belong to who made them; the loop frees each
 * after its end.
 */

#include <pthread.h>
#include <stdatomic.h>
#include <uv.h>

#include "io/handle.h"
#include "io/loop.h"

#define LOOP_MAGIC 0x100b4001u

struct loop {
    uint32_t magic;
    uv_loop_t uv;
    uv_async_t wake;
    uv_prepare_t before_sleep;
    uv_idle_t no_sleep;
    uv_timer_t beat;
    uv_signal_t signals[2];
    struct mpsc jobs;
    struct loop_idle *idle_first;
    struct loop_idle **idle_last;
    struct list handles; /* of loop_handle.link */
    struct time_source *time;
    _Atomic int64_t *beat_us;
    void (*signal_hit)(void *ctx, int signum);
    void *signal_ctx;
    _Atomic bool stopping;
    bool in_timer; /* a timer's callback runs */
    bool closed;   /* every handle is closed: the loop cannot run again */
    bool has_thread;
    pthread_t thread;
    _Atomic pthread_t owner; /* the thread that may call, see loop_on_thread() */
};
