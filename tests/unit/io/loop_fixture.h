/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A loop and its clock for each test; include after cmocka.h. Threading: the test's thread. */

#include "io/loop.h"

static struct time_source *fixture_time;
static struct loop *loop;

static inline int loop_setup(void **state)
{
    (void)state;
    fixture_time = time_source_new();
    loop = loop_new(fixture_time);
    return 0;
}

static inline int loop_teardown(void **state)
{
    (void)state;
    if (loop)
        loop_free(loop);
    loop = NULL;
    time_source_free(fixture_time);
    return 0;
}

#define LOOP_TEST(f) cmocka_unit_test_setup_teardown(f, loop_setup, loop_teardown)
