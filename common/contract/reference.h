/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The short reference of a case: eight characters that a person can read over the telephone, such
 * as 7KMX2T9C.
 *
 * It has digits and the letters C D F H J K M P R T W X Y: no vowels, so that it is no word, and
 * no two that look alike. The last character is a check character of the pure systems of ISO/IEC
 * 7064, with the modulus 23 and the radix 5: with the characters' numbers a (0 to 22), the sum of
 * a[i] * 5^(7-i) is 1 modulo 23. 23 is a prime and 5 a primitive root of it, so every single wrong
 * character is found, and every swap of two different ones, neighbours or not.
 *
 * It follows from the id of its case, without a counter. Of 10 million cases some ten thousand
 * would have one that another case has: these take a later attempt (the store's table
 * case_reference knows which are taken).
 *
 * Threading: pure. Ownership: none.
 */

#include "base/fault.h"
#include "base/uuid.h"

#define REFERENCE_CHARS 8
/* Of what a person typed, with spaces and hyphens. An id is longer. */
#define REFERENCE_TYPED_MAX 24

/* The reference of the attempt (0, 1, ...) for a case, with NUL. */
void reference_make(const struct uuid *case_id, unsigned attempt, char out[REFERENCE_CHARS + 1]);

enum reference_form {
    REFERENCE_OK,
    REFERENCE_LENGTH,    /* it has more or fewer characters */
    REFERENCE_CHARACTER, /* one of them is in no reference */
    REFERENCE_CHECK,     /* one is wrong, or two changed places */
};

/* Reads what a person typed, into `out` as references are stored. Capital or small letters, spaces
 * and hyphens make no difference; O and Q are read as 0, I and L as 1, Z as 2, S as 5, G as 6 and B
 * as 8. `out` is set when the form is OK. */
enum reference_form reference_read(const char *text, char out[REFERENCE_CHARS + 1]);

/* The same of a request's field, which is required: a violation says what is wrong. */
bool reference_check(struct fault *fault, const char *field, const char *text,
                     char out[REFERENCE_CHARS + 1]);

/* A field that takes the id of a case or its reference, and is required. True when it is one of
 * them: the id is in `id` and `reference` empty, or the reference is in `reference`. */
bool reference_or_id_check(struct fault *fault, const char *field, const char *text,
                           struct uuid *id, char reference[REFERENCE_CHARS + 1]);
