/* SPDX-License-Identifier: Apache-2.0 */
#include "resolution/webhook/cursor.h"

#include <endian.h>
#include <openssl/evp.h>
#include <string.h>

#include "shared/token_code.h"

#define PURPOSE "feed"
#define PLACE_LEN 36
#define RAW_LEN (TOKEN_CODE_BYTES + PLACE_LEN)
#define TEXT_LEN ((RAW_LEN + 2) / 3 * 4)

static void put_place(uint8_t out[PLACE_LEN], const struct feed_position *at)
{
    const uint32_t epoch = htobe32((uint32_t)at->epoch);
    const uint64_t xid = htobe64((uint64_t)at->xid), seq = htobe64((uint64_t)at->seq);
    memcpy(out, &epoch, 4);
    memcpy(out + 4, &xid, 8);
    memcpy(out + 12, &at->case_id, 16);
    memcpy(out + 28, &seq, 8);
}

static void get_place(const uint8_t in[PLACE_LEN], struct feed_position *at)
{
    uint32_t epoch;
    uint64_t xid, seq;
    memcpy(&epoch, in, 4);
    memcpy(&xid, in + 4, 8);
    memcpy(&at->case_id, in + 12, 16);
    memcpy(&seq, in + 28, 8);
    at->epoch = (int32_t)be32toh(epoch);
    at->xid = (int64_t)be64toh(xid);
    at->seq = (int64_t)be64toh(seq);
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

char *cursor_write(const struct service *s, int64_t tenant_id, const struct feed_position *at,
                   struct arena *arena)
{
    uint8_t raw[RAW_LEN] = {0};
    char *text = arena_must(arena, TEXT_LEN + 1);
    put_place(raw + TOKEN_CODE_BYTES, at);
    if (s->secret)
        token_code(s, PURPOSE, tenant_id, slice_of(raw + TOKEN_CODE_BYTES, PLACE_LEN),
                   slice_of(NULL, 0), raw);
    (void)EVP_EncodeBlock((unsigned char *)text, raw, RAW_LEN);
    translate(text, "+/", "-_");
    text[strcspn(text, "=")] = '\0';
    return text;
}

bool cursor_read(const struct service *s, int64_t tenant_id, const char *token,
                 struct feed_position *at)
{
    char text[TEXT_LEN + 1];
    uint8_t raw[TEXT_LEN];
    const size_t len = strlen(token);
    memset(text, '=', TEXT_LEN);
    text[TEXT_LEN] = '\0';
    if (len != (RAW_LEN * 4 + 2) / 3)
        return false;
    memcpy(text, token, len);
    translate(text, "-_", "+/");
    if (EVP_DecodeBlock(raw, (const unsigned char *)text, TEXT_LEN) < RAW_LEN)
        return false;
    get_place(raw + TOKEN_CODE_BYTES, at);
    return token_takes_unsigned(s) ||
           token_code_is(s, PURPOSE, tenant_id, slice_of(raw + TOKEN_CODE_BYTES, PLACE_LEN),
                         slice_of(NULL, 0), raw);
}
