/* SPDX-License-Identifier: Apache-2.0 */

#include "shared/token_code.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/assert.h"
#include "base/digest.h"
#include "store/secrets.h"

bool token_signs(const struct service *s)
{
    return s->tokens != SERVICE_TOKENS_AS_BEFORE;
}

bool token_takes_unsigned(const struct service *s)
{
    return s->tokens != SERVICE_TOKENS_SIGNED_ONLY;
}

bool token_ready(const struct service *s)
{
    return !token_signs(s) || s->secret;
}

void token_code(const struct service *s, const char *purpose, int64_t tenant_id, struct slice a,
                struct slice b, uint8_t code[TOKEN_CODE_BYTES])
{
    uint8_t digest[DIGEST_LEN], whole[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    AM_ASSERT(s->secret != NULL);
    struct digest_ctx *d = digest_begin();
    digest_add_field(d, purpose, strlen(purpose));
    digest_add_field(d, &tenant_id, sizeof tenant_id);
    digest_add_field(d, a.data, a.len);
    digest_add_field(d, b.data, b.len);
    digest_end(d, digest);
    const void *made =
        HMAC(EVP_sha256(), s->secret, SECRET_BYTES, digest, sizeof digest, whole, &n);
    AM_ASSERT(made != NULL && n >= TOKEN_CODE_BYTES);
    memcpy(code, whole, TOKEN_CODE_BYTES);
}

bool token_code_is(const struct service *s, const char *purpose, int64_t tenant_id, struct slice a,
                   struct slice b, const uint8_t code[TOKEN_CODE_BYTES])
{
    uint8_t right[TOKEN_CODE_BYTES];
    if (!s->secret)
        return false;
    token_code(s, purpose, tenant_id, a, b, right);
    return CRYPTO_memcmp(code, right, TOKEN_CODE_BYTES) == 0;
}
