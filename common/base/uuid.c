/* SPDX-License-Identifier: Apache-2.0 */
#include "base/uuid.h"

#include <string.h>
#include <sys/random.h>

#include "base/assert.h"
#include "base/digest.h"

#define ENTROPY_LEN 10

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static bool is_dash_at(size_t i)
{
    return i == 8 || i == 13 || i == 18 || i == 23;
}

int uuid_parse(const char *text, struct uuid *out)
{
    if (!text || strnlen(text, UUID_TEXT_LEN + 1) != UUID_TEXT_LEN)
        return AM_EINVAL;
    struct uuid id;
    size_t n = 0;
    for (size_t i = 0; i < UUID_TEXT_LEN;) {
        if (is_dash_at(i)) {
            if (text[i++] != '-')
                return AM_EINVAL;
            continue;
        }
        int high = hex_value(text[i]);
        int low = hex_value(text[i + 1]);
        if (high < 0 || low < 0)
            return AM_EINVAL;
        id.b[n++] = (uint8_t)(high << 4 | low);
        i += 2;
    }
    *out = id;
    return AM_OK;
}

char *uuid_format(const struct uuid *id, char out[UUID_TEXT_LEN + 1])
{
    static const char digits[] = "0123456789abcdef";
    char *p = out;
    for (size_t i = 0; i < sizeof(id->b); i++) {
        if (is_dash_at((size_t)(p - out)))
            *p++ = '-';
        *p++ = digits[id->b[i] >> 4];
        *p++ = digits[id->b[i] & 15];
    }
    *p = '\0';
    return out;
}

/* Bytes 0-5 are the time; the rest is version, variant and entropy. */
static void fill_entropy(struct uuid *id, const uint8_t entropy[ENTROPY_LEN])
{
    memcpy(id->b + 6, entropy, ENTROPY_LEN);
    id->b[6] = (uint8_t)(0x70 | (entropy[0] & 0x0f));
    id->b[8] = (uint8_t)(0x80 | (entropy[2] & 0x3f));
}

struct uuid uuid_v7(int64_t now_us, const uint8_t entropy[10])
{
    struct uuid id;
    uint64_t ms = (uint64_t)(now_us / 1000);
    for (size_t i = 0; i < 6; i++)
        id.b[i] = (uint8_t)(ms >> (40 - 8 * i));
    fill_entropy(&id, entropy);
    return id;
}

struct uuid uuid_derive(const struct uuid *seed, uint32_t n)
{
    uint8_t in[sizeof(seed->b) + 4];
    uint8_t hash[DIGEST_LEN];
    memcpy(in, seed->b, sizeof(seed->b));
    for (size_t i = 0; i < 4; i++)
        in[sizeof(seed->b) + i] = (uint8_t)(n >> (24 - 8 * i));
    digest_sha256(in, sizeof(in), hash);
    struct uuid id = *seed;
    fill_entropy(&id, hash);
    return id;
}

void uuid_random_bytes(void *out, size_t len)
{
    unsigned char *p = out;
    while (len > 0) {
        ssize_t got = getrandom(p, len, 0);
        AM_ASSERT(got > 0 || errno == EINTR);
        if (got > 0) {
            p += got;
            len -= (size_t)got;
        }
    }
}

struct uuid uuid_new(int64_t now_us)
{
    uint8_t entropy[ENTROPY_LEN];
    uuid_random_bytes(entropy, sizeof(entropy));
    return uuid_v7(now_us, entropy);
}

bool uuid_eq(const struct uuid *a, const struct uuid *b)
{
    return uuid_cmp(a, b) == 0;
}

bool uuid_is_zero(const struct uuid *id)
{
    static const struct uuid zero;
    return uuid_eq(id, &zero);
}

int uuid_cmp(const struct uuid *a, const struct uuid *b)
{
    return memcmp(a->b, b->b, sizeof(a->b));
}
