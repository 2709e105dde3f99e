/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * How much each of many names may use a second: a token bucket for each name. A name whose bucket
 * is full needs no place, so the table is of a fixed size: a new name takes the place of one that
 * has used least. Names beyond its size let too much pass, never too little.
 *
 * A name that has anything left may use more than it has; it waits until that is paid. So a use
 * that costs much needs no patience to save for it, and one use is never more than a whole bucket.
 * Many at once owe more, but no more than RATES_OWED_MOST buckets: what is beyond that is forgiven,
 * so that a moment of many large answers does not lock a tenant out for an hour.
 *
 * Threading: one thread. Ownership: names are copied.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define RATES_NAME_BYTES 200 /* with the NUL; what is longer counts by its beginning */

#define RATES_OWED_MOST 15 /* buckets */

struct rates;

/* `a_second` units come back each second, up to `burst` units. a_second 0: no limit. */
struct rates *rates_new(uint32_t a_second, uint32_t burst);
/* NULL is allowed. */
void rates_free(struct rates *r);

/* How long, in microseconds, until the name may use anything again; 0 = now. */
int64_t rates_wait_us(const struct rates *r, const char *name, int64_t now_us);

/* The name uses so many units, whether it has them or not. */
void rates_use(struct rates *r, const char *name, uint32_t units, int64_t now_us);
