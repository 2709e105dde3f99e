/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The operator's HTTP page: /metrics, /livez, /readyz and, in test builds, /settled. libmicrohttpd
 * serves it on a thread of its own, which reads atomics only, so that the page answers even when
 * the io thread hangs. A connection is for one request, which may take five seconds with its
 * answer; a peer may have eight. /livez can have a listener of its own besides: whoever fills the
 * operator's page then keeps nobody from seeing that the process lives.
 *
 * Threading: start and stop from main; admin_ready_set() etc. from any thread. Ownership: the page
 * borrows its configuration until it is stopped.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct admin;

/* What the page shows. The owner of each fact writes it. /readyz answers 200 when the first three
 * are true, no time zone is missing, no secret is awaited and the process is not draining. */
struct admin_state {
    _Atomic bool schema_ok;   /* the schema is at least what this program needs */
    _Atomic bool postgres_ok; /* a segment connection and a read connection are up */
    _Atomic bool time_ok;     /* the estimate of the database's clock is better than 100 ms */
    /* A time zone that policy or cases need and that is not in the tz database of this process;
     * NULL = none. The text lives as long as the process. */
    const char *_Atomic missing_zone;
    /* The secret by which tokens are signed was not read yet. */
    _Atomic bool secret_awaited;
    /* Says why postgres_ok is not true: a pooler gives each transaction another session. */
    _Atomic bool pooler_refused;
    _Atomic bool draining; /* SIGTERM was received: not ready, but live */
    /* Monotonic time of the io loop's last turn; /livez fails when it is older than 10 s. */
    _Atomic int64_t loop_beat_us;
    /* Test builds: the generation of the test clock for which nothing is due, queued or in
     * flight. */
    _Atomic uint64_t settled_generation;
};

/* Listens on `address`: "127.0.0.1:7411", "[::1]:7411", ":7411" (all interfaces), port 0 for a free
 * one. `state` must outlive it. AM_EINVAL for a bad address, AM_EIO when it cannot listen (logged).
 *
 *   /metrics               Prometheus text form
 *   /livez                 200, or 503 when the loop has not turned for 10 s; before its first turn
 *                          the 10 s count from here
 *   /readyz                200, or 503 and "not ready:" with any of " schema", " postgres",
 *                          " postgres (transaction pooling)", " clock", " secret",
 *                          " time zone NAME (...)", " draining"
 *   /settled?generation=N  test builds: 200 when settled_generation >= N, else 503; the body is
 *                          settled_generation
 */
int admin_start(const char *address, const struct admin_state *state,
                struct admin **out) AM_MUSTCHECK;

/* The same for /livez alone. */
int admin_start_livez(const char *address, const struct admin_state *state,
                      struct admin **out) AM_MUSTCHECK;

/* The port it listens on. */
uint16_t admin_port(const struct admin *a);

/* Ends open answers and frees it. NULL is allowed. */
void admin_stop(struct admin *a);

/* What /readyz says; the rpc layer's health service says the same. */
bool admin_ready(const struct admin_state *state);

/* What /livez says: a loop that last turned at `beat_us` is live for 10 s. Before its first turn
 * the start of the page counts, so that a process stuck while starting is not live either. All of
 * time_mono_us(). */
bool admin_live(int64_t started_us, int64_t beat_us, int64_t now_us);
