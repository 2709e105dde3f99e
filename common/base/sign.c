/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/assert.h"
#include "base/digest.h"

struct sign_keys {
    EVP_PKEY *signer; /* NULL = none */
    uint8_t own[SIGN_KEY_LEN];
    uint8_t trusted[SIGN_KEYS_MAX][SIGN_KEY_LEN];
    size_t n;
};

/* -- the file ---------------------------------------------------------------------------------- */

static EVP_PKEY *decode(const char *name, const unsigned char *data, long len)
{
    if (strcmp(name, "PRIVATE KEY") == 0)
        return d2i_AutoPrivateKey(NULL, &data, len);
    return strcmp(name, "PUBLIC KEY") == 0 ? d2i_PUBKEY(NULL, &data, len) : NULL;
}

/* Takes the key over. NULL = it is taken, else why not. */
static const char *take_key(struct sign_keys *keys, EVP_PKEY *key, bool is_private)
{
    uint8_t raw[SIGN_KEY_LEN];
    size_t len = sizeof(raw);
    const char *why = NULL;
    if (!key)
        why = "holds something else than PRIVATE KEY and PUBLIC KEY, or an encrypted key";
    else if (EVP_PKEY_id(key) != EVP_PKEY_ED25519 ||
             EVP_PKEY_get_raw_public_key(key, raw, &len) != 1)
        why = "holds a key that is not an Ed25519 key (openssl genpkey -algorithm ed25519)";
    else if (keys->n == SIGN_KEYS_MAX)
        why = "holds more than 16 keys";
    if (why) {
        EVP_PKEY_free(key);
        return why;
    }
    memcpy(keys->trusted[keys->n++], raw, sizeof(raw));
    if (!is_private || keys->signer) {
        EVP_PKEY_free(key);
        return NULL;
    }
    keys->signer = key;
    memcpy(keys->own, raw, sizeof(raw));
    return NULL;
}

static const char *read_all(struct sign_keys *keys, BIO *in)
{
    char *name = NULL, *header = NULL;
    unsigned char *data = NULL;
    long len = 0;
    const char *why = NULL;
    while (!why && PEM_read_bio(in, &name, &header, &data, &len) == 1) {
        why = take_key(keys, decode(name, data, len), strcmp(name, "PRIVATE KEY") == 0);
        OPENSSL_cleanse(data, (size_t)len);
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_free(data);
    }
    if (!why && keys->n == 0)
        why = "holds no key in PEM";
    return why;
}

int sign_keys_read(const char *file, struct sign_keys **out, const char **why)
{
    BIO *in = BIO_new_file(file, "r");
    *out = NULL;
    if (!in) {
        *why = "cannot be read";
        return AM_EINVAL;
    }
    struct sign_keys *keys = calloc(1, sizeof(*keys));
    AM_ASSERT(keys != NULL);
    *why = read_all(keys, in);
    BIO_free(in);
    if (*why) {
        sign_keys_free(keys);
        return AM_EINVAL;
    }
    *out = keys;
    return AM_OK;
}

void sign_keys_free(struct sign_keys *keys)
{
    if (!keys)
        return;
    EVP_PKEY_free(keys->signer);
    free(keys);
}

/* -- use --------------------------------------------------------------------------------------- */

bool sign_keys_can_sign(const struct sign_keys *keys)
{
    return keys && keys->signer;
}

const uint8_t *sign_keys_public(const struct sign_keys *keys)
{
    return keys->own;
}

bool sign_keys_trust(const struct sign_keys *keys, const uint8_t key[SIGN_KEY_LEN])
{
    for (size_t i = 0; i < keys->n; i++)
        if (memcmp(keys->trusted[i], key, SIGN_KEY_LEN) == 0)
            return true;
    return false;
}

void sign_message(const struct sign_keys *keys, const void *data, size_t len,
                  uint8_t signature[SIGN_LEN])
{
    size_t size = SIGN_LEN;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    AM_ASSERT(ctx != NULL && EVP_DigestSignInit(ctx, NULL, NULL, NULL, keys->signer) == 1);
    AM_ASSERT(EVP_DigestSign(ctx, signature, &size, data, len) == 1 && size == SIGN_LEN);
    EVP_MD_CTX_free(ctx);
}

bool sign_verify(const uint8_t key[SIGN_KEY_LEN], const void *data, size_t len,
                 const uint8_t signature[SIGN_LEN])
{
    EVP_PKEY *public_key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, SIGN_KEY_LEN);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    AM_ASSERT(ctx != NULL);
    const bool good = public_key && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, public_key) == 1 &&
                      EVP_DigestVerify(ctx, signature, SIGN_LEN, data, len) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(public_key);
    return good;
}

void sign_key_id(const uint8_t key[SIGN_KEY_LEN], char id[SIGN_KEY_ID_SIZE])
{
    uint8_t hash[DIGEST_LEN];
    digest_sha256(key, SIGN_KEY_LEN, hash);
    for (size_t i = 0; i < (SIGN_KEY_ID_SIZE - 1) / 2; i++)
        (void)snprintf(id + 2 * i, 3, "%02x", hash[i]);
}
