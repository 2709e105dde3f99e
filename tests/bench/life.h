/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Whole lives of cases. Every agent opens a case (as the application that reports it), asks for the
 * next case, which may be one that another agent opened, and works on it until it is closed; then
 * it begins again. So calls of all kinds are in flight at once.
 *
 * Threading and ownership: as source.h.
 */

#include "requests.h"
#include "stats.h"

struct life_agent;

struct life {
    struct clients *clients;
    struct loop *loop;
    const char *tenant;
    const char *seed;
    unsigned n_agents;
    uint64_t count; /* so many lives in all; 0 = until stopped */
    void (*prepared)(void *ctx, bool ok);
    void (*quiet)(void *ctx);
    void *ctx;
    int64_t from_us, until_us;
    struct stats stats[STEPS];
    uint64_t lives; /* ended within the measured time */
    uint64_t empty; /* requests that found no case waiting: asked again */
    /* own */
    struct life_agent *agents;
    unsigned unprepared, busy;
    uint64_t started;
    bool stopping, failed;
};

/* Makes the agents; `prepared` follows. */
void life_prepare(struct life *l);
void life_measure(struct life *l, int64_t from_us, int64_t until_us);
void life_start(struct life *l);
/* No new life begins any more; `quiet` runs when the last one has ended. */
void life_stop(struct life *l);
void life_free(struct life *l);
