/* SPDX-License-Identifier: Apache-2.0 */

#include "source.h"

#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/assert.h"

/* A run whose calls fail is of no use, and failing calls take no time. So the run ends instead of
 * spinning. */
#define ERRORS_MAX 200
#define TICK_US 250

struct open_call {
    struct source *source;
    int64_t begin_us;
};

static void start_call(struct source *s, int64_t begin_us);

static bool finished(const struct source *s)
{
    return s->stopping || (s->count && s->started >= s->count);
}

static void answered(void *ctx, enum fault_code code, const char *message,
                     const ProtobufCMessage *reply)
{
    struct open_call *call = ctx;
    struct source *s = call->source;
    (void)reply;
    stats_ended(&s->stats, call->begin_us, code, message);
    free(call);
    s->in_flight--;
    if (s->stats.n_errors >= ERRORS_MAX)
        s->stopping = true;
    if (!finished(s) && s->per_second <= 0)
        start_call(s, time_mono_us());
    else if (finished(s) && s->in_flight == 0)
        s->quiet(s->ctx);
}

static int request(struct source *s, struct open_call *call)
{
    const uint64_t n = s->started++;
    if (s->n_cases == 0)
        return request_open(s->clients, &s->as, s->openers, n, answered, call);
    return request_get(s->clients, &s->as, s->cases + n % s->n_cases * (UUID_TEXT_LEN + 1),
                       answered, call);
}

static void start_call(struct source *s, int64_t begin_us)
{
    struct open_call *call = malloc(sizeof(*call));
    AM_ASSERT(call != NULL);
    *call = (struct open_call){.source = s, .begin_us = begin_us};
    int err = request(s, call);
    if (err == AM_OK) {
        s->in_flight++;
        return;
    }
    stats_refused(&s->stats, err);
    free(call);
}

/* -- paced ------------------------------------------------------------------------------------- */

static void tick(void *ctx, int events)
{
    struct source *s = ctx;
    uint64_t expirations;
    (void)events;
    if (read(s->timer_fd, &expirations, sizeof(expirations)) != sizeof(expirations))
        return;
    for (;;) {
        int64_t due_us =
            s->begin_us + (int64_t)((double)s->started * (double)US_PER_S / s->per_second);
        if (finished(s) || due_us > time_mono_us())
            return;
        start_call(s, due_us);
    }
}

static void start_paced(struct source *s)
{
    const struct itimerspec every = {.it_interval = {.tv_nsec = TICK_US * 1000},
                                     .it_value = {.tv_nsec = TICK_US * 1000}};
    s->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    AM_ASSERT(s->timer_fd >= 0 && timerfd_settime(s->timer_fd, 0, &every, NULL) == 0);
    s->timer = loop_fd_new(s->loop, s->timer_fd, tick, s);
    AM_ASSERT(s->timer != NULL);
    loop_fd_want(s->timer, LOOP_READ);
}

static void end_paced(struct source *s)
{
    if (!s->timer)
        return;
    loop_fd_free(s->timer);
    s->timer = NULL;
    close(s->timer_fd);
}

/* -- both -------------------------------------------------------------------------------------- */

void source_start(struct source *s)
{
    s->begin_us = time_mono_us();
    if (s->per_second > 0) {
        start_paced(s);
        return;
    }
    for (unsigned i = 0; i < s->in_flight_max && !finished(s); i++)
        start_call(s, time_mono_us());
}

void source_stop(struct source *s)
{
    s->stopping = true;
    end_paced(s);
    if (s->in_flight == 0)
        s->quiet(s->ctx);
}
