/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Borrowed bytes. Text and bodies that come from outside are always passed as pointer and length,
 * because nothing vouches for a NUL at their end.
 *
 * Threading: plain data. Ownership: whoever made the slice owns the memory.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
    const uint8_t *data;
    size_t len;
};

static inline struct slice slice_of(const void *data, size_t len)
{
    return (struct slice){.data = data, .len = len};
}

static inline struct slice slice_str(const char *s)
{
    return slice_of(s, s ? strlen(s) : 0);
}

static inline bool slice_eq(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}
