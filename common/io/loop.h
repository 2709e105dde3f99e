/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The io loop: one libuv loop on one thread, sole owner of the PostgreSQL connections, the Redis
 * contexts and the timers. Other threads reach it only by loop_post().
 *
 * Threading: all functions on the loop's thread, but loop_post(), loop_stop() and those that say
 * otherwise. Ownership: jobs and idles are embedded in their owners' structs and must outlive their
 * use; timers and watchers belong to the loop until they are freed.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"
#include "base/err.h"
#include "base/mpsc.h"

struct uv_loop_s;
struct loop;

/* Makes a loop; `time` is injected and outlives it. Until it runs, the thread that made it is the
 * loop's thread and may set up timers and watchers. */
struct loop *loop_new(struct time_source *time);

/* The libuv loop and the source of time, borrowed. */
struct uv_loop_s *loop_uv(struct loop *l);
struct time_source *loop_time(struct loop *l);

/* Runs until loop_stop(). Jobs that were posted before it, and what then waits for the end of the
 * turn, still run. Then every handle is closed, whether its owner has let go of it or not, and this
 * function returns. A loop runs once. */
void loop_run(struct loop *l);

/* As loop_run(), on a thread of its own. AM_EIO when no thread can be started (logged). */
int loop_start_thread(struct loop *l) AM_MUSTCHECK;

/* Waits for the end of that thread. From then on the caller's thread is the loop's thread. */
void loop_join(struct loop *l);

/* Asks the loop to end after the current turn. Any thread, but not after loop_free(). */
void loop_stop(struct loop *l);

/* Frees a loop that has ended or never ran. Timers and watchers may be freed before or after. */
void loop_free(struct loop *l);

/* True on the loop's thread. Any thread. */
bool loop_on_thread(const struct loop *l);

/* A job handed to the loop from any thread; runs once, in order, on the loop's thread. The job's
 * memory is the owner's again when run() begins. Jobs posted after the loop's end never run. */
struct loop_job {
    struct mpsc_node node;
    void (*run)(struct loop_job *job);
};
void loop_post(struct loop *l, struct loop_job *job);

/* Runs `idle` at the end of this turn of the loop, before it sleeps, so that work can be collected
 * and flushed once a turn. One that waits already is not added twice. One that asks again while it
 * runs has its turn in the next round, and the loop does not sleep before that. The memory must
 * stay while it waits. */
struct loop_idle {
    struct loop_idle *next;
    bool waiting;
    void (*run)(struct loop_idle *idle);
};
void loop_before_sleep(struct loop *l, struct loop_idle *idle);

/* One-shot timers on the monotonic clock. They are never early; they are late by 1 to 2 ms and by
 * whatever the turn still has to do. */
struct loop_timer;
struct loop_timer *loop_timer_new(struct loop *l, void (*fire)(void *ctx), void *ctx);

/* Fires after `delay_us` microseconds, at most 100 years; with 0 or less it fires in the next
 * round. Starting a timer that runs moves it. */
void loop_timer_start(struct loop_timer *t, int64_t delay_us);
void loop_timer_stop(struct loop_timer *t);
bool loop_timer_active(const struct loop_timer *t);

/* Stops the timer; the loop gives its memory back after this turn. Allowed in the timer's own
 * callback and after the loop's end. NULL is allowed. */
void loop_timer_free(struct loop_timer *t);

/* Watches a file descriptor, level-triggered. The descriptor is dup()ed, so that the library that
 * owns it may close its own at any time; a socket therefore stays open until loop_fd_free().
 * `ready` gets those of LOOP_READ and LOOP_WRITE that were wanted and are there. After an error on
 * the descriptor it gets both, as long as any is wanted, and the owner's next read or write finds
 * the error. NULL when the descriptor cannot be watched (logged). */
struct loop_fd;
enum { LOOP_READ = 1, LOOP_WRITE = 2 };
struct loop_fd *loop_fd_new(struct loop *l, int fd, void (*ready)(void *ctx, int events),
                            void *ctx);

/* Sets what is wanted: LOOP_READ | LOOP_WRITE, or 0 for nothing. */
void loop_fd_want(struct loop_fd *w, int events);

/* Stops watching; as loop_timer_free(). */
void loop_fd_free(struct loop_fd *w);

/* Looks a host name up without blocking the loop; `done` is called once, in a later turn, with the
 * first numeric address or with NULL and an English reason (both valid only during the call).
 * `port` is a number or NULL. */
void loop_resolve(struct loop *l, const char *host, const char *port,
                  void (*done)(void *ctx, const char *numeric, const char *why), void *ctx);

/* As loop_resolve, but with the `turn`-th address, counted round and round: whoever tries again
 * after a failure asks with the next turn, and so comes past a first address nobody listens on. */
void loop_resolve_turn(struct loop *l, const char *host, const char *port, unsigned turn,
                       void (*done)(void *ctx, const char *numeric, const char *why), void *ctx);

/* Does work that would hold the loop up: calls `run` on another thread, one of a few that name
 * look-ups use too, at a lower priority than the loop's, then `done` on the loop's thread, in a
 * later turn. Both are called once, whatever happens: a loop that ends waits for them. */
void loop_work(struct loop *l, void (*run)(void *ctx), void (*done)(void *ctx), void *ctx);

/* Writes time_mono_us() to `beat_us` once a second while the loop turns (/livez). */
void loop_beat(struct loop *l, _Atomic int64_t *beat_us);

/* Calls `hit` on the loop's thread when the process gets SIGTERM or SIGINT. May be called once for
 * a loop. It does not block the signals. */
void loop_on_signal(struct loop *l, void (*hit)(void *ctx, int signum), void *ctx);
