/* SPDX-License-Identifier: Apache-2.0 */
#include "resolution/webhook/sign.h"

#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/uuid.h"
#include "contract/words.h"

#define SECRET_PREFIX "whsec_"
#define PUBLIC_PREFIX "whpk_"
#define MAC_BYTES 32
#define ED_BYTES 64
#define SIGNATURE_MOST 64 /* bytes */

/* -- keys -------------------------------------------------------------------------------------- */

static EVP_PKEY *ed25519(const uint8_t seed[HOOK_SECRET_BYTES])
{
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, HOOK_SECRET_BYTES);
    AM_ASSERT(key != NULL);
    return key;
}

void hook_key_make(struct hook_key *key, int signing)
{
    *key = (struct hook_key){.signing = (int16_t)signing};
    uuid_random_bytes(key->secret, sizeof key->secret);
    if (signing != WEBHOOK_SIGNING_ED25519)
        return;
    size_t len = sizeof key->public_key;
    EVP_PKEY *pair = ed25519(key->secret);
    AM_ASSERT(EVP_PKEY_get_raw_public_key(pair, key->public_key, &len) == 1);
    EVP_PKEY_free(pair);
}

void hook_key_forget(struct hook_key *key)
{
    OPENSSL_cleanse(key, sizeof *key);
}

static void key_text(const char *prefix, const uint8_t bytes[HOOK_SECRET_BYTES],
                     char out[HOOK_KEY_TEXT])
{
    const size_t len = strlen(prefix);
    memcpy(out, prefix, len + 1);
    (void)EVP_EncodeBlock((unsigned char *)out + len, bytes, HOOK_SECRET_BYTES);
}

void hook_key_secret_text(const struct hook_key *key, char out[HOOK_KEY_TEXT])
{
    key_text(SECRET_PREFIX, key->secret, out);
}

void hook_key_public_text(const uint8_t public_key[HOOK_SECRET_BYTES], char out[HOOK_KEY_TEXT])
{
    key_text(PUBLIC_PREFIX, public_key, out);
}

/* -- what is signed ---------------------------------------------------------------------------- */

/* "<id>.<timestamp>.<body>"; the caller frees it. */
static struct slice signed_text(const char *id, const char *timestamp, struct slice body)
{
    const size_t head = strlen(id) + strlen(timestamp) + 2;
    char *text = malloc(head + body.len + 1);
    AM_ASSERT(text != NULL);
    (void)snprintf(text, head + 1, "%s.%s.", id, timestamp);
    if (body.len)
        memcpy(text + head, body.data, body.len);
    return slice_of(text, head + body.len);
}

static void free_text(struct slice text)
{
    free((void *)(uintptr_t)text.data);
}

static void mac(const uint8_t secret[], size_t len, struct slice text, uint8_t out[MAC_BYTES])
{
    unsigned n = 0;
    AM_ASSERT(HMAC(EVP_sha256(), secret, (int)len, text.data, text.len, out, &n) != NULL &&
              n == MAC_BYTES);
}

static void ed_sign(const uint8_t seed[HOOK_SECRET_BYTES], struct slice text, uint8_t out[ED_BYTES])
{
    size_t len = ED_BYTES;
    EVP_PKEY *pair = ed25519(seed);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    AM_ASSERT(ctx != NULL && EVP_DigestSignInit(ctx, NULL, NULL, NULL, pair) == 1 &&
              EVP_DigestSign(ctx, out, &len, text.data, text.len) == 1);
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(pair);
}

static size_t sign_by(const struct hook_key *key, struct slice text, char *out)
{
    uint8_t bytes[SIGNATURE_MOST];
    const bool ed = key->signing == WEBHOOK_SIGNING_ED25519;
    const char *prefix = ed ? "v1a," : "v1,";
    const size_t len = strlen(prefix);
    if (ed)
        ed_sign(key->secret, text, bytes);
    else
        mac(key->secret, sizeof key->secret, text, bytes);
    memcpy(out, prefix, len + 1);
    return len +
           (size_t)EVP_EncodeBlock((unsigned char *)out + len, bytes, ed ? ED_BYTES : MAC_BYTES);
}

void hook_sign(const struct hook_key *keys, size_t n, int64_t now_us, const char *id,
               int64_t timestamp_s, struct slice body,
               char out[HOOK_KEYS_MAX * HOOK_SIGNATURE_TEXT])
{
    char timestamp[24];
    size_t used = 0;
    AM_ASSERT(n <= HOOK_KEYS_MAX);
    (void)snprintf(timestamp, sizeof timestamp, "%" PRId64, timestamp_s);
    const struct slice text = signed_text(id, timestamp, body);
    out[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        if (keys[i].ends_at && keys[i].ends_at <= now_us)
            continue;
        if (used)
            out[used++] = ' ';
        used += sign_by(&keys[i], text, out + used);
        out[used] = '\0';
    }
    free_text(text);
}

/* -- checking ---------------------------------------------------------------------------------- */

/* The bytes of base64; 0 = it is none, or too long. */
static size_t decode(const char *text, size_t len, uint8_t *out, size_t cap)
{
    uint8_t raw[3 * HOOK_SIGNATURE_TEXT / 4 + 3];
    if (len == 0 || len % 4 != 0 || len > HOOK_SIGNATURE_TEXT)
        return 0;
    int n = EVP_DecodeBlock(raw, (const unsigned char *)text, (int)len);
    n -= (text[len - 1] == '=') + (text[len - 2] == '=');
    if (n <= 0 || (size_t)n > cap)
        return 0;
    memcpy(out, raw, (size_t)n);
    return (size_t)n;
}

static bool ed_verify(const uint8_t public_key[HOOK_SECRET_BYTES], struct slice text,
                      const uint8_t signature[ED_BYTES])
{
    EVP_PKEY *key =
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, HOOK_SECRET_BYTES);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const bool right = key && ctx && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
                       EVP_DigestVerify(ctx, signature, ED_BYTES, text.data, text.len) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    return right;
}

static bool one_right(bool ed, const uint8_t key[], size_t key_len, struct slice text,
                      const char *word, size_t len)
{
    uint8_t given[SIGNATURE_MOST], made[MAC_BYTES];
    const char *prefix = ed ? "v1a," : "v1,";
    const size_t skip = strlen(prefix);
    if (len < skip || strncmp(word, prefix, skip) != 0)
        return false;
    const size_t n = decode(word + skip, len - skip, given, sizeof given);
    if (ed)
        return n == ED_BYTES && key_len == HOOK_SECRET_BYTES && ed_verify(key, text, given);
    mac(key, key_len, text, made);
    return n == MAC_BYTES && CRYPTO_memcmp(given, made, MAC_BYTES) == 0;
}

bool hook_verify(const char *secret, const char *signatures, const char *id, const char *timestamp,
                 struct slice body)
{
    uint8_t key[64];
    const bool ed = strncmp(secret, PUBLIC_PREFIX, strlen(PUBLIC_PREFIX)) == 0;
    const char *prefix = ed ? PUBLIC_PREFIX : SECRET_PREFIX;
    if (strncmp(secret, prefix, strlen(prefix)) != 0)
        return false;
    secret += strlen(prefix);
    const size_t key_len = decode(secret, strlen(secret), key, sizeof key);
    const struct slice text = signed_text(id, timestamp, body);
    bool right = false;
    for (const char *p = signatures; key_len > 0 && *p;) {
        const size_t len = strcspn(p, " ");
        right = one_right(ed, key, key_len, text, p, len) || right;
        p += len;
        p += strspn(p, " ");
    }
    free_text(text);
    OPENSSL_cleanse(key, sizeof key);
    return right;
}
