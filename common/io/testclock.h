/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The test clock: tests pwrite() 16 bytes - int64 offset in microseconds, uint64 generation, host
 * byte order - to one file that every process watches, and so move time in all of them at once.
 * Compiled only with AMENDS_TEST_CLOCK.
 *
 * Threading: loop thread. Ownership: the watch belongs to the loop's owner and holds the file
 * open.
 */

#include "io/loop.h"

struct testclock;

/* Watches `path`, which is made if it is missing. At once and on every change it sets the clock's
 * test offset and calls `moved`. An empty file means offset 0 and generation 0. The file is also
 * read every 100 ms, because it cannot be watched everywhere and a watch may miss a change. AM_EIO
 * when it cannot be opened (logged). */
int testclock_start(struct loop *l, const char *path, void (*moved)(void *ctx), void *ctx,
                    struct testclock **out) AM_MUSTCHECK;

/* Stops watching; `moved` is not called any more. NULL is allowed. */
void testclock_stop(struct testclock *t);
