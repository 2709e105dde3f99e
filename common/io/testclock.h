/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The test clock: tests pwrite() 16 bytes - int64 offset in microseconds, uint64 generation, host
 * byte order - to one file that every process watches, and so move time in all of them at once.
 * Compiled only with AMENDS_TEST_CLOCK.
 *
 * Threading: loop thread.
 */

#include "io/loop.h"

struct testclock;

/* Watches `path` (made if missing); at once and on every change it sets the clock's test offset and
 * calls `moved`. An empty file is offset 0, generation 0. The file is also read again every 100 ms,
 * where it cannot be watched or the watch missed something. AM_EIO when it cannot be opened
 * (logged). */
int testclock_start(struct loop *l, const char *path, void (*moved)(void *ctx), void *ctx,
                    struct testclock **out) AM_MUSTCHECK;

/* Stops watching; `moved` is not called any more. NULL is allowed. */
void testclock_stop(struct testclock *t);
