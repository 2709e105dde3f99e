/* SPDX-License-Identifier: Apache-2.0 */

#include "shared/page_token.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/assert.h"

/* A token: the code, the hash of the filters, the position. */
#define CODE_LEN 16
#define HASH_LEN 8
#define HEAD_LEN (CODE_LEN + HASH_LEN)
#define RAW_MAX (HEAD_LEN + PAGE_TOKEN_POSITION_MAX)

/* The code of what follows it in the token. */
static void code_of(int64_t tenant_id, const unsigned char *raw, size_t len,
                    unsigned char code[CODE_LEN])
{
    unsigned char whole[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    const void *made =
        HMAC(EVP_sha256(), &tenant_id, sizeof tenant_id, raw + CODE_LEN, len - CODE_LEN, whole, &n);
    AM_ASSERT(made != NULL && n >= CODE_LEN);
    memcpy(code, whole, CODE_LEN);
}

static void translate(char *text, const char *from, const char *to)
{
    for (; *text; text++) {
        if (*text == from[0])
            *text = to[0];
        else if (*text == from[1])
            *text = to[1];
    }
}

char *page_token_write(const struct read_call *rc, uint64_t filter_hash, struct slice position)
{
    AM_ASSERT(position.len > 0 && position.len <= PAGE_TOKEN_POSITION_MAX);
    unsigned char raw[RAW_MAX];
    const size_t len = HEAD_LEN + position.len;
    memcpy(raw + CODE_LEN, &filter_hash, HASH_LEN);
    memcpy(raw + HEAD_LEN, position.data, position.len);
    code_of(rc->tenant->id, raw, len, raw);
    char *text = ARENA_ARRAY(rc->arena, char, (RAW_MAX + 2) / 3 * 4 + 1);
    EVP_EncodeBlock((unsigned char *)text, raw, (int)len);
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

/* True when the token was made by page_token_write() for this tenant. */
static bool is_ours(int64_t tenant_id, const unsigned char *raw, int n)
{
    unsigned char code[CODE_LEN];
    if (n <= HEAD_LEN)
        return false;
    code_of(tenant_id, raw, (size_t)n, code);
    return CRYPTO_memcmp(raw, code, CODE_LEN) == 0;
}

struct slice page_token_read(struct read_call *rc, uint64_t filter_hash, const char *token)
{
    if (!token || !*token)
        return slice_of(NULL, 0);
    unsigned char raw[RAW_MAX + 3];
    int n = decode(token, raw);
    if (!is_ours(rc->tenant->id, raw, n)) {
        fault_violation(&rc->fault, "page_token",
                        "is not a token that this list gave out; begin with an empty one");
        return slice_of(NULL, 0);
    }
    if (memcmp(raw + CODE_LEN, &filter_hash, HASH_LEN) != 0) {
        fault_violation(&rc->fault, "page_token", "belongs to a list with other filters");
        return slice_of(NULL, 0);
    }
    size_t len = (size_t)n - HEAD_LEN;
    uint8_t *position = ARENA_ARRAY(rc->arena, uint8_t, len);
    memcpy(position, raw + HEAD_LEN, len);
    return slice_of(position, len);
}
