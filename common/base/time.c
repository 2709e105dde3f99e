/* SPDX-License-Identifier: Apache-2.0 */
#include "base/time.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "base/assert.h"

#define TIME_SOURCE_MAGIC 0xc10c4001u
/* 50 ppm: one microsecond of error for every 20,000 of age. */
#define US_PER_DRIFT_US 20000

struct time_source {
    uint32_t magic;
    _Atomic int64_t offset_us;     /* shared time = monotonic time + offset */
    _Atomic int64_t error_base_us; /* error = base + monotonic time / 20,000; INT64_MAX before the
                                      first sample */
    _Atomic int64_t test_offset_us;
    _Atomic uint64_t test_generation;
};

static int64_t read_us(clockid_t id)
{
    struct timespec ts;
    AM_ASSERT(clock_gettime(id, &ts) == 0);
    return (int64_t)ts.tv_sec * US_PER_S + ts.tv_nsec / 1000;
}

struct time_source *time_source_new(void)
{
    struct time_source *t = calloc(1, sizeof(*t));
    AM_ASSERT(t != NULL);
    t->magic = TIME_SOURCE_MAGIC;
    atomic_init(&t->error_base_us, INT64_MAX);
    return t;
}

void time_source_free(struct time_source *t)
{
    AM_ASSERT(t->magic == TIME_SOURCE_MAGIC);
    t->magic = 0;
    free(t);
}

int64_t time_mono_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}

int64_t time_shared_us(const struct time_source *t)
{
    AM_ASSERT(t->magic == TIME_SOURCE_MAGIC);
    if (atomic_load_explicit(&t->error_base_us, memory_order_acquire) == INT64_MAX)
        return read_us(CLOCK_REALTIME);
    return time_mono_us() + atomic_load_explicit(&t->offset_us, memory_order_relaxed);
}

int64_t time_now_us(const struct time_source *t)
{
    return time_shared_us(t) + atomic_load_explicit(&t->test_offset_us, memory_order_acquire);
}

static int64_t error_at(const struct time_source *t, int64_t mono_us)
{
    int64_t base = atomic_load_explicit(&t->error_base_us, memory_order_acquire);
    return base == INT64_MAX ? INT64_MAX : base + mono_us / US_PER_DRIFT_US;
}

/* Two estimates of one clock overlap. If they do not, the clock itself moved (a failover to another
 * host, or a step), and the new sample is the truth however coarse it is. */
static bool is_better(const struct time_source *t, int64_t offset_us, int64_t error_us,
                      int64_t mono_us)
{
    int64_t old_error_us = error_at(t, mono_us);
    if (error_us < old_error_us)
        return true;
    int64_t old_offset_us = atomic_load_explicit(&t->offset_us, memory_order_relaxed);
    return llabs(offset_us - old_offset_us) > old_error_us + error_us;
}

void time_sample(struct time_source *t, int64_t before_mono_us, int64_t after_mono_us,
                 int64_t db_us)
{
    AM_ASSERT(t->magic == TIME_SOURCE_MAGIC);
    AM_ASSERT(after_mono_us >= before_mono_us);
    int64_t span_us = after_mono_us - before_mono_us;
    int64_t error_us = (span_us + 1) / 2;
    int64_t offset_us = db_us - (before_mono_us + span_us / 2);
    if (!is_better(t, offset_us, error_us, after_mono_us))
        return;
    int64_t base_us = error_us - after_mono_us / US_PER_DRIFT_US;
    atomic_store_explicit(&t->offset_us, offset_us, memory_order_relaxed);
    atomic_store_explicit(&t->error_base_us, base_us, memory_order_release);
}

int64_t time_error_us(const struct time_source *t)
{
    return error_at(t, time_mono_us());
}

void time_set_test(struct time_source *t, int64_t offset_us, uint64_t generation)
{
    AM_ASSERT(t->magic == TIME_SOURCE_MAGIC);
    atomic_store_explicit(&t->test_offset_us, offset_us, memory_order_relaxed);
    atomic_store_explicit(&t->test_generation, generation, memory_order_release);
}

uint64_t time_test_generation(const struct time_source *t)
{
    return atomic_load_explicit(&t->test_generation, memory_order_acquire);
}
