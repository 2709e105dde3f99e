/* SPDX-License-Identifier: Apache-2.0 */
#include "contract/reference.h"

#include <ctype.h>
#include <string.h>

#include "base/digest.h"
#include "contract/check.h"

static const char alphabet[] = "0123456789CDFHJKMPRTWXY";
#define MODULUS (sizeof alphabet - 1)
#define RADIX 5

_Static_assert(MODULUS == 23, "the modulus is a prime, and 5 a primitive root of it");

/* What the characters before the check character come to. */
static unsigned weigh(const unsigned numbers[REFERENCE_CHARS - 1])
{
    unsigned sum = 0;
    for (size_t i = 0; i < REFERENCE_CHARS - 1; i++)
        sum = (sum + numbers[i]) * RADIX % MODULUS;
    return sum;
}

void reference_make(const struct uuid *case_id, unsigned attempt, char out[REFERENCE_CHARS + 1])
{
    unsigned numbers[REFERENCE_CHARS - 1];
    const uint8_t number[] = {(uint8_t)(attempt >> 8), (uint8_t)attempt};
    const struct slice fields[] = {slice_str("case reference"),
                                   slice_of(case_id->b, sizeof case_id->b),
                                   slice_of(number, sizeof number)};
    uint64_t drawn = digest_key(fields, sizeof fields / sizeof *fields);
    for (size_t i = 0; i < REFERENCE_CHARS - 1; i++, drawn /= MODULUS) {
        numbers[i] = (unsigned)(drawn % MODULUS);
        out[i] = alphabet[numbers[i]];
    }
    out[REFERENCE_CHARS - 1] = alphabet[(MODULUS + 1 - weigh(numbers)) % MODULUS];
    out[REFERENCE_CHARS] = '\0';
}

/* The character of references that is meant; '\0' = none is. */
static char meant(char typed)
{
    static const char look_alikes[] = "O0Q0I1L1Z2S5G6B8";
    const char c = (char)toupper((unsigned char)typed);
    for (size_t i = 0; i + 1 < sizeof look_alikes; i += 2)
        if (look_alikes[i] == c)
            return look_alikes[i + 1];
    return c != '\0' && strchr(alphabet, c) ? c : '\0';
}

static bool check_character_fits(const char text[REFERENCE_CHARS])
{
    unsigned numbers[REFERENCE_CHARS];
    for (size_t i = 0; i < REFERENCE_CHARS; i++)
        numbers[i] = (unsigned)(strchr(alphabet, text[i]) - alphabet);
    return (weigh(numbers) + numbers[REFERENCE_CHARS - 1]) % MODULUS == 1;
}

enum reference_form reference_read(const char *text, char out[REFERENCE_CHARS + 1])
{
    char found[REFERENCE_CHARS + 1] = "";
    size_t n = 0;
    bool strange = false;
    for (const char *p = text; *p; p++) {
        if (*p == ' ' || *p == '-')
            continue;
        if (n < REFERENCE_CHARS) {
            found[n] = meant(*p);
            strange = strange || found[n] == '\0';
        }
        n++;
    }
    if (n != REFERENCE_CHARS)
        return REFERENCE_LENGTH;
    if (strange)
        return REFERENCE_CHARACTER;
    if (!check_character_fits(found))
        return REFERENCE_CHECK;
    memcpy(out, found, sizeof found);
    return REFERENCE_OK;
}

static const char *why(enum reference_form form)
{
    if (form == REFERENCE_LENGTH)
        return "a reference has 8 characters";
    if (form == REFERENCE_CHARACTER)
        return "a reference has digits and the letters CDFHJKMPRTWXY only";
    return "one character of the reference is wrong, or two changed places";
}

bool reference_check(struct fault *fault, const char *field, const char *text,
                     char out[REFERENCE_CHARS + 1])
{
    const enum reference_form form = reference_read(text, out);
    if (form != REFERENCE_OK)
        fault_violation(fault, field, "is no reference of a case: %s", why(form));
    return form == REFERENCE_OK;
}

bool reference_or_id_check(struct fault *fault, const char *field, const char *text,
                           struct uuid *id, char reference[REFERENCE_CHARS + 1])
{
    reference[0] = '\0';
    if (text[0] == '\0' || strlen(text) > REFERENCE_TYPED_MAX)
        return check_uuid(fault, field, text, id);
    const enum reference_form form = reference_read(text, reference);
    if (form != REFERENCE_OK)
        fault_violation(fault, field, "is neither the id of a case (a UUID) nor its reference: %s",
                        why(form));
    return form == REFERENCE_OK;
}
