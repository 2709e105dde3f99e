/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

/* The length of the ASCII run without NUL at `p`, eight bytes at a time:
 * most text is nothing else. */
static size_t ascii_run(const uint8_t *p, size_t len)
{
    const uint64_t highs = 0x8080808080808080u;
    const uint64_t ones = 0x0101010101010101u;
    size_t i = 0;
    for (; i + 8 <= len; i += 8) {
        uint64_t w;
        memcpy(&w, p + i, 8);
        if ((w & highs) || ((w - ones) & highs))
            break;
    }
    while (i < len && p[i] != 0 && p[i] < 0x80)
        i++;
    return i;
}

static bool is_tail(uint8_t b)
{
    return (b & 0xc0) == 0x80;
}

/* The length of the multi-byte sequence at `p`, or 0 when it is not well formed (RFC 3629, section
 * 4: the ranges of the second byte exclude overlong forms, surrogates and everything past
 * U+10FFFF). */
static size_t sequence_len(const uint8_t *p, size_t left)
{
    uint8_t b = p[0];
    size_t len = b >= 0xc2 && b <= 0xdf   ? 2
                 : (b & 0xf0) == 0xe0     ? 3
                 : b >= 0xf0 && b <= 0xf4 ? 4
                                          : 0;
    if (len == 0 || left < len)
        return 0;
    uint8_t low = b == 0xe0 ? 0xa0 : b == 0xf0 ? 0x90 : 0x80;
    uint8_t high = b == 0xed ? 0x9f : b == 0xf4 ? 0x8f : 0xbf;
    if (p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++)
        if (!is_tail(p[i]))
            return 0;
    return len;
}

size_t utf8_next(const void *data, size_t len)
{
    const uint8_t *p = data;
    if (len == 0 || p[0] == 0)
        return 0;
    return p[0] < 0x80 ? 1 : sequence_len(p, len);
}

bool utf8_valid(const void *data, size_t len)
{
    const uint8_t *p = data;
    size_t i = 0;
    while (i < len) {
        i += ascii_run(p + i, len - i);
        if (i == len)
            break;
        size_t n = sequence_len(p + i, len - i);
        if (n == 0)
            return false;
        i += n;
    }
    return true;
}
