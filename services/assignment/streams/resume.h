/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The resume token of a stream of offers: the pending offers that its client knows. It carries no
 * authority: offers of other agents are not read, whatever it names.
 *
 * Threading: pure. Ownership: results lie in the arena, or in the caller's array.
 */

#include "base/arena.h"
#include "base/fault.h"
#include "base/uuid.h"

#define RESUME_OFFERS_MAX 32

struct resume_offer {
    struct uuid case_id, offer_id;
};

/* Behind the offers may stand a "." and a signature (streams/resume_sign.h). */
#define RESUME_CODE_TEXT 32
/* How many characters of a token name offers. */
size_t resume_offers_len(const char *token);

/* The token for `n` offers, RESUME_OFFERS_MAX at most; "" for none. */
char *resume_write(struct arena *arena, const struct resume_offer *offers, size_t n);

/* Adds a violation of `resume_token` unless the token has the form of one. */
void resume_check(struct fault *fault, const char *token);

/* Reads a token that was checked; returns the number of offers. */
size_t resume_read(const char *token, struct resume_offer offers[RESUME_OFFERS_MAX]);
