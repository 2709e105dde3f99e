/* SPDX-License-Identifier: Apache-2.0 */
#include "assignment/streams/resume_sign.h"

#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/assert.h"
#include "shared/token_code.h"

_Static_assert(RESUME_CODE_TEXT == 2 * TOKEN_CODE_BYTES, "the code is hexadecimal");

static void code_text(const struct resume_owner *owner, const char *token, size_t len,
                      char text[RESUME_CODE_TEXT + 1])
{
    uint8_t code[TOKEN_CODE_BYTES];
    token_code(owner->service, "resume", owner->tenant_id, slice_str(owner->agent_id),
               slice_of(token, len), code);
    for (size_t i = 0; i < sizeof code; i++)
        (void)snprintf(text + 2 * i, 3, "%02x", code[i]);
}

char *resume_sign(struct arena *arena, const struct resume_owner *owner, char *token)
{
    char text[RESUME_CODE_TEXT + 1];
    if (!*token || !token_signs(owner->service))
        return token;
    code_text(owner, token, strlen(token), text);
    char *whole = arena_printf(arena, "%s.%s", token, text);
    AM_ASSERT(whole != NULL);
    return whole;
}

static bool is_owners(const struct resume_owner *owner, const char *token, size_t len)
{
    char text[RESUME_CODE_TEXT + 1];
    if (!owner->service->secret)
        return false;
    code_text(owner, token, len, text);
    return CRYPTO_memcmp(text, token + len + 1, RESUME_CODE_TEXT) == 0;
}

void resume_check_owner(struct fault *fault, const struct resume_owner *owner, const char *token)
{
    const size_t len = resume_offers_len(token);
    const bool is_signed = token[len] != '\0';
    if (is_signed && !is_owners(owner, token, len))
        fault_violation(fault, "resume_token",
                        "was not given out to this agent; begin with an empty one");
    else if (!is_signed && len > 0 && !token_takes_unsigned(owner->service))
        fault_violation(fault, "resume_token", "is not signed; begin with an empty one");
}
