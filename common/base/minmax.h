/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The smaller and the larger of two numbers: instants, stretches of time, sizes.
 *
 * Threading: pure. Ownership: none.
 */

#include <stdint.h>

static inline int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}
