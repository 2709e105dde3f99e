/* SPDX-License-Identifier: Apache-2.0 */
#include "assignment/streams/work_resume.h"

#include <string.h>

#include "base/assert.h"
#include "base/time.h"

/* What tells it from a token of WatchOffers, then bytes in hexadecimal: the time, the presence, the
 * number of offers, their ids, the cases with their prints. */
#define HEAD "w1-"
#define FIXED_BYTES (8 + 4 + 1)
#define OFFER_BYTES sizeof(struct resume_offer)
#define CASE_BYTES (16 + 4)
/* The end of 9999, as google.protobuf.Timestamp says. PostgreSQL refuses instants far behind it,
 * and the whole look of many agents with them. */
#define SINCE_MAX_US (INT64_C(253402300799) * US_PER_S)
#define BYTES_MAX                                                                                  \
    (FIXED_BYTES + RESUME_OFFERS_MAX * OFFER_BYTES + WORK_RESUME_CASES_MAX * CASE_BYTES)

static const char digits[] = "0123456789abcdef";

/* -- numbers ----------------------------------------------------------------------------------- */

static uint8_t *put_number(uint8_t *at, uint64_t number, size_t bytes)
{
    for (size_t i = bytes; i-- > 0; number >>= 8)
        at[i] = (uint8_t)number;
    return at + bytes;
}

static const uint8_t *get_number(const uint8_t *at, uint64_t *number, size_t bytes)
{
    *number = 0;
    for (size_t i = 0; i < bytes; i++)
        *number = *number << 8 | at[i];
    return at + bytes;
}

/* -- writing ----------------------------------------------------------------------------------- */

static size_t pack(const struct work_resume *r, uint8_t bytes[BYTES_MAX])
{
    uint8_t *at = put_number(bytes, (uint64_t)r->since_us, 8);
    at = put_number(at, r->presence_print, 4);
    at = put_number(at, r->n_offers, 1);
    for (size_t i = 0; i < r->n_offers; i++, at += OFFER_BYTES)
        memcpy(at, &r->offers[i], OFFER_BYTES);
    for (size_t i = 0; i < r->n_cases; i++) {
        memcpy(at, r->cases[i].case_id.b, 16);
        at = put_number(at + 16, r->cases[i].print, 4);
    }
    return (size_t)(at - bytes);
}

char *work_resume_write(struct arena *arena, const struct work_resume *r)
{
    uint8_t bytes[BYTES_MAX];
    AM_ASSERT(r->n_offers <= RESUME_OFFERS_MAX && r->n_cases <= WORK_RESUME_CASES_MAX);
    const size_t n = pack(r, bytes);
    char *token = ARENA_ARRAY(arena, char, sizeof HEAD + 2 * n);
    char *at = token + sizeof HEAD - 1;
    memcpy(token, HEAD, sizeof HEAD);
    for (size_t i = 0; i < n; i++) {
        *at++ = digits[bytes[i] >> 4];
        *at++ = digits[bytes[i] & 15];
    }
    *at = '\0';
    return token;
}

/* -- reading ----------------------------------------------------------------------------------- */

/* The number of bytes; 0 = the text has not the form. */
static size_t unhex(const char *text, size_t len, uint8_t bytes[BYTES_MAX])
{
    if (len % 2 != 0 || len > 2 * BYTES_MAX || strspn(text, digits) < len)
        return 0;
    for (size_t i = 0; i < len; i++) {
        const uint8_t digit = (uint8_t)(strchr(digits, text[i]) - digits);
        bytes[i / 2] = (uint8_t)(i % 2 ? bytes[i / 2] | digit : digit << 4);
    }
    return len / 2;
}

static bool unpack(const uint8_t *bytes, size_t n, struct work_resume *out)
{
    uint64_t since, print, offers;
    const uint8_t *at = get_number(bytes, &since, 8);
    at = get_number(get_number(at, &print, 4), &offers, 1);
    const size_t offer_bytes = (size_t)offers * OFFER_BYTES;
    if (since > (uint64_t)SINCE_MAX_US || offers > RESUME_OFFERS_MAX ||
        n < FIXED_BYTES + offer_bytes || (n - FIXED_BYTES - offer_bytes) % CASE_BYTES != 0)
        return false;
    out->n_cases = (n - FIXED_BYTES - offer_bytes) / CASE_BYTES;
    if (out->n_cases > WORK_RESUME_CASES_MAX)
        return false;
    out->since_us = (int64_t)since;
    out->presence_print = (uint32_t)print;
    out->n_offers = (size_t)offers;
    memcpy(out->offers, at, offer_bytes);
    at += offer_bytes;
    for (size_t i = 0; i < out->n_cases; i++) {
        memcpy(out->cases[i].case_id.b, at, 16);
        at = get_number(at + 16, &print, 4);
        out->cases[i].print = (uint32_t)print;
    }
    return true;
}

bool work_resume_read(const char *token, struct work_resume *out)
{
    uint8_t bytes[BYTES_MAX] = {0};
    const size_t head = sizeof HEAD - 1, len = resume_offers_len(token);
    memset(out, 0, sizeof *out);
    if (token[0] == '\0')
        return true;
    const bool is_signed = token[len] == '.';
    if (strncmp(token, HEAD, head) != 0 ||
        (is_signed && strlen(token + len) != 1 + RESUME_CODE_TEXT))
        return false;
    const size_t n = unhex(token + head, len - head, bytes);
    return n >= FIXED_BYTES && unpack(bytes, n, out);
}
