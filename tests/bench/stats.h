/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What one source of load saw: the latency of every call that ended within the measured time, and
 * every error of the whole run. Threading: the loop's thread. Ownership: stats_free() gives all
 * back.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/fault.h"

#define STATS_CODES 32

struct stats {
    int64_t from_us, until_us; /* monotonic: calls that end within are counted; 0 = none */
    uint32_t *latencies_us;
    size_t n, cap;
    size_t errors[STATS_CODES]; /* by code; [0] counts calls that could not be started */
    size_t n_errors;
    char first_error[160];
};

void stats_free(struct stats *s);

/* One call that began at `begin_us` has ended now. */
void stats_ended(struct stats *s, int64_t begin_us, enum fault_code code, const char *message);

/* A call could not even be started. */
void stats_refused(struct stats *s, int err);

/* Puts the latencies of `from` into `s`. */
void stats_merge(struct stats *s, const struct stats *from);

/* {"calls": .., "seconds": .., "per_second": .., "p50_ms": .., .., "errors": {..}} */
void stats_print(struct stats *s, FILE *out);
