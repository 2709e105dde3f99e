/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Time. Domain time is the database's clock: CLOCK_MONOTONIC plus an offset that the pg layer
 * samples, plus the test offset in test builds. Deadlines of calls and back-off use the monotonic
 * clock alone.
 *
 * Threading: the offsets are atomics, written by the io thread, read by any. Ownership: the
 * process has one offset; nothing is allocated.
 */

#include <stdbool.h>
#include <stdint.h>

/* Where a process has its time from: one for each, injected into everything that asks for it. */
struct time_source;

#define US_PER_MS 1000LL
#define US_PER_S 1000000LL

struct time_source *time_source_new(void);
void time_source_free(struct time_source *t);

/* Microseconds of CLOCK_MONOTONIC. */
int64_t time_mono_us(void);

/* Cluster time without the test offset, in microseconds since 1970 UTC. For what processes share
 * and no test moves: leases and the age of dedup rows. Until the first sample it is the local
 * CLOCK_REALTIME. */
int64_t time_shared_us(const struct time_source *t);

/* Domain time: shared time plus the test offset. */
int64_t time_now_us(const struct time_source *t);

/* Takes a sample of the database's clock, which read `db_us` somewhere between the two monotonic
 * instants. The estimate with the smaller error is kept; the error grows by 50 ppm with age. */
void time_sample(struct time_source *t, int64_t before_mono_us, int64_t after_mono_us,
                 int64_t db_us);

/* The largest error that the estimate may have, in microseconds; INT64_MAX before the first sample.
 * With more than 100 ms a process is not ready. */
int64_t time_error_us(const struct time_source *t);

/* The test clock (test builds only): offset and generation as last read from the file. */
void time_set_test(struct time_source *t, int64_t offset_us, uint64_t generation);
uint64_t time_test_generation(const struct time_source *t);
