/* SPDX-License-Identifier: Apache-2.0 */
#include "shared/feed_token.h"

#include <openssl/evp.h>
#include <string.h>

#include "base/assert.h"
#include "contract/reasons.h"
#include "shared/token_code.h"

#define PURPOSE "feed"
#define VERSION 1

/* The code, then what it vouches for: version, tenant's epoch, instant, and the place. */
#define BODY_LEN (1 + 4 + 8 + 4 + 8 + 16 + 8)
#define RAW_LEN (TOKEN_CODE_BYTES + BODY_LEN)
_Static_assert((RAW_LEN + 2) / 3 * 4 == FEED_TOKEN_TEXT, "the length of the text");

bool feed_token_ready(const struct service *s, struct fault *fault)
{
    if (s->secret)
        return true;
    fault_set(fault, FAULT_UNAVAILABLE, ERROR_REASON_DATABASE_AWAY,
              "the secret of the database was not read yet");
    return false;
}

/* -- bytes ------------------------------------------------------------------------------------- */

static uint8_t *put(uint8_t *at, uint64_t v, unsigned bytes)
{
    while (bytes-- > 0)
        *at++ = (uint8_t)(v >> 8 * bytes);
    return at;
}

static const uint8_t *get(const uint8_t *at, unsigned bytes, int64_t *v)
{
    uint64_t value = 0;
    for (; bytes > 0; bytes--)
        value = value << 8 | *at++;
    *v = (int64_t)value;
    return at;
}

static void put_body(uint8_t *at, const struct feed_token *t)
{
    *at++ = VERSION;
    at = put(at, (uint32_t)t->tenant_epoch, 4);
    at = put(at, (uint64_t)t->given_us, 8);
    at = put(at, (uint32_t)t->at.epoch, 4);
    at = put(at, (uint64_t)t->at.xid, 8);
    memcpy(at, t->at.case_id.b, sizeof(t->at.case_id.b));
    (void)put(at + sizeof(t->at.case_id.b), (uint64_t)t->at.seq, 8);
}

static void get_body(const uint8_t *at, struct feed_token *t)
{
    int64_t tenant_epoch, epoch;
    at = get(at + 1, 4, &tenant_epoch);
    at = get(at, 8, &t->given_us);
    at = get(at, 4, &epoch);
    at = get(at, 8, &t->at.xid);
    memcpy(t->at.case_id.b, at, sizeof(t->at.case_id.b));
    (void)get(at + sizeof(t->at.case_id.b), 8, &t->at.seq);
    t->tenant_epoch = (int32_t)tenant_epoch;
    t->at.epoch = (int32_t)epoch;
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

static struct slice body_of(const uint8_t *raw)
{
    return slice_of(raw + TOKEN_CODE_BYTES, BODY_LEN);
}

/* -- tokens ------------------------------------------------------------------------------------ */

void feed_token_write(const struct service *s, int64_t tenant_id, const struct feed_token *token,
                      char out[FEED_TOKEN_TEXT + 1])
{
    uint8_t raw[RAW_LEN];
    put_body(raw + TOKEN_CODE_BYTES, token);
    token_code(s, PURPOSE, tenant_id, body_of(raw), slice_of(NULL, 0), raw);
    EVP_EncodeBlock((unsigned char *)out, raw, RAW_LEN);
    translate(out, "+/", "-_");
}

int feed_token_read(const struct service *s, int64_t tenant_id, const char *text,
                    struct feed_token *out)
{
    char copy[FEED_TOKEN_TEXT + 1];
    uint8_t raw[FEED_TOKEN_TEXT / 4 * 3];
    if (strlen(text) != FEED_TOKEN_TEXT)
        return AM_EINVAL;
    memcpy(copy, text, sizeof copy);
    translate(copy, "-_", "+/");
    if (EVP_DecodeBlock(raw, (const unsigned char *)copy, FEED_TOKEN_TEXT) < RAW_LEN)
        return AM_EINVAL;
    if (!token_code_is(s, PURPOSE, tenant_id, body_of(raw), slice_of(NULL, 0), raw) ||
        raw[TOKEN_CODE_BYTES] != VERSION)
        return AM_EINVAL;
    get_body(raw + TOKEN_CODE_BYTES, out);
    return AM_OK;
}

enum feed_from feed_from_read(const struct service *s, int64_t tenant_id, const char *text,
                              struct feed_token *out, struct fault *fault)
{
    *out = (struct feed_token){0};
    if (strcmp(text, "EARLIEST") == 0)
        return FEED_FROM_EARLIEST;
    if (strcmp(text, "LATEST") == 0)
        return FEED_FROM_LATEST;
    if (text[0] == '\0')
        fault_violation(fault, "position", "is required: EARLIEST, LATEST, or a resume_token");
    else if (feed_token_read(s, tenant_id, text, out) != AM_OK)
        fault_violation(fault, "position",
                        "is neither EARLIEST nor LATEST, nor a resume_token of this tenant's feed");
    return FEED_FROM_TOKEN;
}

static void reset(const struct service *s, int64_t tenant_id, int32_t epoch, const char *why,
                  struct fault *fault)
{
    const struct feed_token earliest = {.tenant_epoch = epoch,
                                        .given_us = time_now_us(loop_time(s->loop))};
    char text[FEED_TOKEN_TEXT + 1];
    feed_token_write(s, tenant_id, &earliest, text);
    fault_set(fault, FAULT_OUT_OF_RANGE, ERROR_REASON_FEED_RESET, "%s; begin again", why);
    fault_meta(fault, "earliest_token", "%s", text);
}

bool feed_token_stands(const struct service *s, int64_t tenant_id, const struct feed_token *token,
                       int32_t epoch, struct fault *fault)
{
    const int64_t now_us = time_now_us(loop_time(s->loop));
    if (token->tenant_epoch != epoch)
        reset(s, tenant_id, epoch,
              "the database was restored from a copy since the token was given out", fault);
    else if (now_us - token->given_us > FEED_TOKEN_LIFE_US)
        reset(s, tenant_id, epoch, "the token is older than 30 days", fault);
    else
        return true;
    return false;
}
