/* SPDX-License-Identifier: Apache-2.0 */
#include "assignment/streams/resume.h"

#include <string.h>

#include "base/assert.h"

/* The ids of case and offer, one pair after another, in hexadecimal. */
#define PAIR_BYTES sizeof(struct resume_offer)
#define PAIR_TEXT (2 * PAIR_BYTES)

static const char digits[] = "0123456789abcdef";

_Static_assert(sizeof(struct resume_offer) == 2 * sizeof(struct uuid), "no padding");

char *resume_write(struct arena *arena, const struct resume_offer *offers, size_t n)
{
    AM_ASSERT(n <= RESUME_OFFERS_MAX);
    char *token = ARENA_ARRAY(arena, char, n *PAIR_TEXT + 1);
    char *at = token;
    for (size_t i = 0; i < n; i++) {
        uint8_t bytes[PAIR_BYTES];
        memcpy(bytes, &offers[i], PAIR_BYTES);
        for (size_t b = 0; b < PAIR_BYTES; b++) {
            *at++ = digits[bytes[b] >> 4];
            *at++ = digits[bytes[b] & 15];
        }
    }
    *at = '\0';
    return token;
}

size_t resume_offers_len(const char *token)
{
    return strcspn(token, ".");
}

static bool is_form(const char *token)
{
    const size_t pairs = resume_offers_len(token), len = strlen(token);
    if (pairs % PAIR_TEXT != 0 || pairs > RESUME_OFFERS_MAX * PAIR_TEXT ||
        strspn(token, digits) != pairs)
        return false;
    return len == pairs || (pairs > 0 && len == pairs + 1 + RESUME_CODE_TEXT &&
                            strspn(token + pairs + 1, digits) == RESUME_CODE_TEXT);
}

void resume_check(struct fault *fault, const char *token)
{
    if (!is_form(token))
        fault_violation(fault, "resume_token", "is not a resume_token of WatchOffers");
}

static unsigned digit(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a') + 10;
}

size_t resume_read(const char *token, struct resume_offer offers[RESUME_OFFERS_MAX])
{
    const size_t n = resume_offers_len(token) / PAIR_TEXT;
    AM_ASSERT(n <= RESUME_OFFERS_MAX);
    for (size_t i = 0; i < n; i++) {
        uint8_t bytes[PAIR_BYTES] = {0};
        for (size_t b = 0; b < PAIR_BYTES; b++, token += 2)
            bytes[b] = (uint8_t)(digit(token[0]) << 4 | digit(token[1]));
        memcpy(&offers[i], bytes, PAIR_BYTES);
    }
    return n;
}
