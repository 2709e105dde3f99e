/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A source of calls of one tenant, OpenCase or GetCase: closed (so many in flight, each followed by
 * the next) or paced (so many a second, whatever the answers take; latency counts from the instant
 * at which a call was due). Threading: the loop's thread. Ownership: the source must outlive its
 * last answer (`source_quiet`).
 */

#include "requests.h"
#include "stats.h"

struct source {
    struct clients *clients;
    struct loop *loop;
    struct rpc_principal as;
    struct openers openers;
    unsigned in_flight_max; /* closed */
    double per_second;      /* paced; 0 = closed */
    uint64_t count;         /* so many calls in all; 0 = until stopped */
    const char *cases;      /* GetCase of these, in turn: so many ids one after the other, each */
    size_t n_cases;         /* with a NUL behind it; 0 = OpenCase */
    void (*quiet)(void *ctx);
    void *ctx;
    struct stats stats;
    /* own */
    uint64_t started;
    unsigned in_flight;
    bool stopping;
    int64_t begin_us;
    int timer_fd;
    struct loop_fd *timer;
};

void source_start(struct source *s);

/* No call is started any more; `quiet` runs when the last was answered. */
void source_stop(struct source *s);
