/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Time. Domain time is the database's clock: CLOCK_MONOTONIC plus an offset that the pg layer
 * samples, plus the test offset in test builds. Deadlines of calls and back-off use the monotonic
 * clock alone.
 *
 * Threading: the offsets are atomics, written by the io thread, read by any.
 */

#include <stdbool.h>
#include <stdint.h>

struct clock; /* one for each process; injected into everything that asks for the time */

#define US_PER_MS 1000LL
#define US_PER_S 1000000LL

struct clock *clock_new(void);
void clock_free(struct clock *c);

/* Microseconds of CLOCK_MONOTONIC. */
int64_t clock_mono_us(void);

/* Cluster time without the test offset, microseconds since 1970 UTC: what processes share (leases,
 * dedup expiry). Until the first sample it is the local CLOCK_REALTIME. */
int64_t clock_shared_us(const struct clock *c);

/* Domain time: shared time plus the test offset. */
int64_t clock_now_us(const struct clock *c);

/* A sample of the database's clock: it read `db_us` somewhere between the two monotonic instants.
 * Keeps the estimate with the smaller error; the error grows by 50 ppm with age. */
void clock_sample(struct clock *c, int64_t before_mono_us, int64_t after_mono_us, int64_t db_us);

/* The bound of the estimate's error in microseconds; INT64_MAX before the first sample. More than
 * 100 ms = not ready. */
int64_t clock_error_us(const struct clock *c);

/* The test clock (test builds only): offset and generation as last read from the file. */
void clock_set_test(struct clock *c, int64_t offset_us, uint64_t generation);
uint64_t clock_test_generation(const struct clock *c);
