/* SPDX-License-Identifier: Apache-2.0 */

#include "shared/page_token.h"

#include <openssl/evp.h>

#include "base/assert.h"

#define HASH_LEN 8
#define RAW_MAX (HASH_LEN + PAGE_TOKEN_POSITION_MAX)

static void translate(char *text, const char *from, const char *to)
{
    for (; *text; text++) {
        if (*text == from[0])
            *text = to[0];
        else if (*text == from[1])
            *text = to[1];
    }
}

char *page_token_write(struct arena *arena, uint64_t filter_hash, struct slice position)
{
    AM_ASSERT(position.len > 0 && position.len <= PAGE_TOKEN_POSITION_MAX);
    unsigned char raw[RAW_MAX];
    memcpy(raw, &filter_hash, HASH_LEN);
    memcpy(raw + HASH_LEN, position.data, position.len);
    char *text = ARENA_ARRAY(arena, char, (RAW_MAX + 2) / 3 * 4 + 1);
    EVP_EncodeBlock((unsigned char *)text, raw, (int)(HASH_LEN + position.len));
    translate(text, "+/", "-_");
    return text;
}

/* The number of decoded bytes, or -1. EVP_DecodeBlock counts the padding, too. */
static int decode(const char *token, unsigned char raw[RAW_MAX + 3])
{
    size_t len = strlen(token);
    char text[(RAW_MAX + 2) / 3 * 4 + 1];
    if (len % 4 != 0 || len >= sizeof text)
        return -1;
    memcpy(text, token, len + 1);
    translate(text, "-_", "+/");
    int n = EVP_DecodeBlock(raw, (const unsigned char *)text, (int)len);
    for (size_t i = len; n > 0 && i > 0 && text[i - 1] == '='; i--)
        n--;
    return n;
}

struct slice page_token_read(struct arena *arena, struct fault *fault, const char *token,
                             uint64_t filter_hash)
{
    if (!token || !*token)
        return slice_of(NULL, 0);
    unsigned char raw[RAW_MAX + 3];
    int n = decode(token, raw);
    if (n <= HASH_LEN) {
        fault_violation(fault, "page_token", "is not a token of this server");
        return slice_of(NULL, 0);
    }
    if (memcmp(raw, &filter_hash, HASH_LEN) != 0) {
        fault_violation(fault, "page_token", "belongs to a list with other filters");
        return slice_of(NULL, 0);
    }
    size_t len = (size_t)n - HASH_LEN;
    uint8_t *position = ARENA_ARRAY(arena, uint8_t, len);
    memcpy(position, raw + HASH_LEN, len);
    return slice_of(position, len);
}
