/* SPDX-License-Identifier: Apache-2.0 */

#include "shared/page_token.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/assert.h"
#include "shared/token_code.h"

/* A token: the code, the hash of the filters, the position. */
#define CODE_LEN TOKEN_CODE_BYTES
#define HASH_LEN 8
#define PURPOSE "page"
#define HEAD_LEN (CODE_LEN + HASH_LEN)
#define RAW_MAX (HEAD_LEN + PAGE_TOKEN_POSITION_MAX)

/* The code of what follows it in the token, as the last release makes it. */
static void code_by_tenant(int64_t tenant_id, const unsigned char *raw, size_t len,
                           unsigned char code[CODE_LEN])
{
    unsigned char whole[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    const void *made =
        HMAC(EVP_sha256(), &tenant_id, sizeof tenant_id, raw + CODE_LEN, len - CODE_LEN, whole, &n);
    AM_ASSERT(made != NULL && n >= CODE_LEN);
    memcpy(code, whole, CODE_LEN);
}

static struct slice coded(const unsigned char *raw, size_t len)
{
    return slice_of(raw + CODE_LEN, len - CODE_LEN);
}

static void code_of(const struct read_call *rc, unsigned char *raw, size_t len)
{
    if (token_signs(rc->service))
        token_code(rc->service, PURPOSE, rc->tenant->id, coded(raw, len), slice_of(NULL, 0), raw);
    else
        code_by_tenant(rc->tenant->id, raw, len, raw);
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
    code_of(rc, raw, len);
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
static bool is_ours(const struct read_call *rc, const unsigned char *raw, int n)
{
    unsigned char code[CODE_LEN];
    if (n <= HEAD_LEN)
        return false;
    if (token_code_is(rc->service, PURPOSE, rc->tenant->id, coded(raw, (size_t)n),
                      slice_of(NULL, 0), raw))
        return true;
    code_by_tenant(rc->tenant->id, raw, (size_t)n, code);
    return token_takes_unsigned(rc->service) && CRYPTO_memcmp(raw, code, CODE_LEN) == 0;
}

struct slice page_token_read(struct read_call *rc, uint64_t filter_hash, const char *token)
{
    if (!token || !*token)
        return slice_of(NULL, 0);
    unsigned char raw[RAW_MAX + 3];
    int n = decode(token, raw);
    if (!is_ours(rc, raw, n)) {
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
