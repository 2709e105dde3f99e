/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/assert.h"

#define DIGEST_MAGIC 0xd19e5701u
/* Lock keys are a few ids long: hashed in one go from the stack. */
#define KEY_BUFFER_BYTES 512

struct digest_ctx {
    uint32_t magic;
    EVP_MD_CTX *evp;
};

static pthread_once_t fetch_once = PTHREAD_ONCE_INIT;
static EVP_MD *sha256_md;

/* OpenSSL 3 looks an algorithm up by name at every use of EVP_sha256(); fetched once it costs
 * nothing. */
static void fetch_sha256(void)
{
    sha256_md = EVP_MD_fetch(NULL, "SHA256", NULL);
    AM_ASSERT(sha256_md != NULL);
}

static const EVP_MD *sha256(void)
{
    AM_ASSERT(pthread_once(&fetch_once, fetch_sha256) == 0);
    return sha256_md;
}

static void store_be32(uint8_t out[4], size_t value)
{
    AM_ASSERT(value <= UINT32_MAX);
    for (size_t i = 0; i < 4; i++)
        out[i] = (uint8_t)(value >> (24 - 8 * i));
}

struct digest_ctx *digest_begin(void)
{
    struct digest_ctx *d = calloc(1, sizeof(*d));
    AM_ASSERT(d != NULL);
    d->magic = DIGEST_MAGIC;
    d->evp = EVP_MD_CTX_new();
    AM_ASSERT(d->evp != NULL);
    AM_ASSERT(EVP_DigestInit_ex2(d->evp, sha256(), NULL) == 1);
    return d;
}

void digest_add(struct digest_ctx *d, const void *data, size_t len)
{
    AM_ASSERT(d->magic == DIGEST_MAGIC);
    AM_ASSERT(EVP_DigestUpdate(d->evp, data, len) == 1);
}

void digest_add_field(struct digest_ctx *d, const void *data, size_t len)
{
    uint8_t prefix[4];
    store_be32(prefix, len);
    digest_add(d, prefix, sizeof(prefix));
    digest_add(d, data, len);
}

void digest_end(struct digest_ctx *d, uint8_t out[DIGEST_LEN])
{
    AM_ASSERT(d->magic == DIGEST_MAGIC);
    AM_ASSERT(EVP_DigestFinal_ex(d->evp, out, NULL) == 1);
    EVP_MD_CTX_free(d->evp);
    d->magic = 0;
    free(d);
}

void digest_sha256(const void *data, size_t len, uint8_t out[DIGEST_LEN])
{
    AM_ASSERT(EVP_Digest(data, len, out, NULL, sha256(), NULL) == 1);
}

/* Lays the prefixed fields out in `buffer`; 0 when they do not fit. */
static size_t lay_out(const struct slice *fields, size_t n, uint8_t *buffer, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        if (size - used < 4 || fields[i].len > size - used - 4)
            return 0;
        store_be32(buffer + used, fields[i].len);
        if (fields[i].len > 0)
            memcpy(buffer + used + 4, fields[i].data, fields[i].len);
        used += 4 + fields[i].len;
    }
    return used;
}

static void hash_fields(const struct slice *fields, size_t n, uint8_t out[DIGEST_LEN])
{
    struct digest_ctx *d = digest_begin();
    for (size_t i = 0; i < n; i++)
        digest_add_field(d, fields[i].data, fields[i].len);
    digest_end(d, out);
}

uint64_t digest_key(const struct slice *fields, size_t n)
{
    uint8_t buffer[KEY_BUFFER_BYTES];
    uint8_t hash[DIGEST_LEN];
    size_t used = lay_out(fields, n, buffer, sizeof(buffer));
    if (used > 0)
        digest_sha256(buffer, used, hash);
    else
        hash_fields(fields, n, hash);
    uint64_t key = 0;
    for (size_t i = 0; i < 8; i++)
        key = key << 8 | hash[i];
    return key;
}
