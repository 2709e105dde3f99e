/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/seal.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/assert.h"

#define NONCE_BYTES 12
#define TAG_BYTES 16
#define HEAD_BYTES (SEAL_ID_BYTES + NONCE_BYTES)
#define OVERHEAD (HEAD_BYTES + TAG_BYTES)

static const char text_mark[] = "\xEF\xB7\x90"; /* U+FDD0 */
#define MARK_LEN (sizeof text_mark - 1)
#define BYTES_MARK 0

struct sealer {
    EVP_CIPHER *cipher;
    EVP_CIPHER_CTX *ctx;
};

struct sealer *sealer_new(void)
{
    struct sealer *s = calloc(1, sizeof *s);
    AM_ASSERT(s != NULL);
    s->cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    s->ctx = EVP_CIPHER_CTX_new();
    AM_ASSERT(s->cipher != NULL && s->ctx != NULL);
    return s;
}

void sealer_free(struct sealer *s)
{
    if (!s)
        return;
    EVP_CIPHER_CTX_free(s->ctx);
    EVP_CIPHER_free(s->cipher);
    free(s);
}

static void fill_random(uint8_t *out, int n)
{
    AM_ASSERT(RAND_bytes(out, n) == 1);
}

void seal_key_make(struct seal_key *key)
{
    fill_random(key->id, sizeof key->id);
    fill_random(key->key, sizeof key->key);
}

/* -- the cipher -------------------------------------------------------------------------------- */

static void begin(struct sealer *s, const uint8_t *key, const uint8_t *nonce, struct slice where,
                  bool encrypts)
{
    int n = 0;
    AM_ASSERT(where.len <= INT_MAX);
    AM_ASSERT(EVP_CipherInit_ex2(s->ctx, s->cipher, key, nonce, encrypts, NULL) == 1);
    AM_ASSERT(EVP_CipherUpdate(s->ctx, NULL, &n, where.data, (int)where.len) == 1);
}

/* Writes nonce, encrypted bytes and tag. */
static void encrypt(struct sealer *s, const uint8_t *key, struct slice where, struct slice plain,
                    uint8_t *out)
{
    int n = 0;
    AM_ASSERT(plain.len <= INT_MAX - OVERHEAD);
    fill_random(out, NONCE_BYTES);
    begin(s, key, out, where, true);
    AM_ASSERT(EVP_CipherUpdate(s->ctx, out + NONCE_BYTES, &n, plain.data, (int)plain.len) == 1);
    uint8_t *end = out + NONCE_BYTES + plain.len;
    AM_ASSERT(EVP_CipherFinal_ex(s->ctx, end, &n) == 1);
    AM_ASSERT(EVP_CIPHER_CTX_ctrl(s->ctx, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, end) == 1);
}

/* `out` has room for what is left without nonce and tag. */
static int decrypt(struct sealer *s, const uint8_t *key, struct slice where, struct slice sealed,
                   uint8_t *out)
{
    int n = 0;
    if (sealed.len < NONCE_BYTES + TAG_BYTES || sealed.len > INT_MAX)
        return AM_EPROTO;
    const size_t len = sealed.len - NONCE_BYTES - TAG_BYTES;
    uint8_t tag[TAG_BYTES];
    memcpy(tag, sealed.data + NONCE_BYTES + len, TAG_BYTES);
    begin(s, key, sealed.data, where, false);
    AM_ASSERT(EVP_CipherUpdate(s->ctx, out, &n, sealed.data + NONCE_BYTES, (int)len) == 1);
    AM_ASSERT(EVP_CIPHER_CTX_ctrl(s->ctx, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, tag) == 1);
    return EVP_CipherFinal_ex(s->ctx, out + len, &n) == 1 ? AM_OK : AM_EPROTO;
}

/* -- keys -------------------------------------------------------------------------------------- */

void seal_wrap(struct sealer *s, const struct master_key *master, struct slice where,
               const struct seal_key *key, uint8_t wrapped[SEAL_WRAPPED_BYTES])
{
    encrypt(s, master->key, where, slice_of(key->key, sizeof key->key), wrapped);
}

int seal_unwrap(struct sealer *s, const struct master_key *master, struct slice where,
                struct slice wrapped, struct seal_key *key)
{
    if (wrapped.len != SEAL_WRAPPED_BYTES)
        return AM_EPROTO;
    return decrypt(s, master->key, where, wrapped, key->key);
}

/* -- bytes ------------------------------------------------------------------------------------- */

/* Writes key id, nonce, encrypted bytes and tag. */
static void seal_raw(struct sealer *s, const struct seal_key *key, struct slice where,
                     struct slice plain, uint8_t *out)
{
    memcpy(out, key->id, SEAL_ID_BYTES);
    encrypt(s, key->key, where, plain, out + SEAL_ID_BYTES);
}

/* Puts a NUL behind what it opens. */
static int open_raw(struct sealer *s, const struct seal_key *key, struct slice where,
                    struct slice raw, struct arena *arena, struct slice *out)
{
    if (raw.len < OVERHEAD)
        return AM_EPROTO;
    if (memcmp(raw.data, key->id, SEAL_ID_BYTES) != 0)
        return AM_ENOENT;
    const size_t len = raw.len - OVERHEAD;
    uint8_t *plain = arena_alloc(arena, len + 1);
    if (!plain)
        return AM_ENOMEM;
    *out = slice_of(plain, len);
    return decrypt(s, key->key, where, slice_of(raw.data + SEAL_ID_BYTES, raw.len - SEAL_ID_BYTES),
                   plain);
}

bool seal_is_bytes(struct slice bytes)
{
    return bytes.len > OVERHEAD && bytes.data[0] == BYTES_MARK;
}

int seal_bytes(struct sealer *s, const struct seal_key *key, struct slice where, struct slice bytes,
               struct arena *arena, struct slice *out)
{
    uint8_t *raw = arena_alloc(arena, 1 + OVERHEAD + bytes.len);
    if (!raw)
        return AM_ENOMEM;
    raw[0] = BYTES_MARK;
    seal_raw(s, key, where, bytes, raw + 1);
    *out = slice_of(raw, 1 + OVERHEAD + bytes.len);
    return AM_OK;
}

int seal_open_bytes(struct sealer *s, const struct seal_key *key, struct slice where,
                    struct slice sealed, struct arena *arena, struct slice *out)
{
    if (!seal_is_bytes(sealed))
        return AM_EPROTO;
    return open_raw(s, key, where, slice_of(sealed.data + 1, sealed.len - 1), arena, out);
}

/* -- texts ------------------------------------------------------------------------------------- */

bool seal_is_text(const char *text)
{
    return strncmp(text, text_mark, MARK_LEN) == 0;
}

int seal_text(struct sealer *s, const struct seal_key *key, struct slice where, const char *text,
              struct arena *arena, const char **out)
{
    const struct slice plain = slice_str(text);
    const size_t raw_len = OVERHEAD + plain.len;
    uint8_t *raw = arena_alloc(arena, raw_len);
    char *sealed = arena_alloc(arena, MARK_LEN + (raw_len + 2) / 3 * 4 + 1);
    if (!raw || !sealed)
        return AM_ENOMEM;
    seal_raw(s, key, where, plain, raw);
    memcpy(sealed, text_mark, MARK_LEN);
    (void)EVP_EncodeBlock((unsigned char *)sealed + MARK_LEN, raw, (int)raw_len);
    *out = sealed;
    return AM_OK;
}

/* EVP_DecodeBlock counts the bytes of the padding, too. */
static int decode(const char *base64, struct arena *arena, struct slice *out)
{
    const size_t len = strlen(base64);
    if (len == 0 || len % 4 != 0 || len > INT_MAX)
        return AM_EPROTO;
    uint8_t *raw = arena_alloc(arena, len / 4 * 3);
    if (!raw)
        return AM_ENOMEM;
    const int n = EVP_DecodeBlock(raw, (const unsigned char *)base64, (int)len);
    const int padding = (base64[len - 1] == '=') + (base64[len - 2] == '=');
    *out = slice_of(raw, n < padding ? 0 : (size_t)(n - padding));
    return n < 0 ? AM_EPROTO : AM_OK;
}

int seal_open_text(struct sealer *s, const struct seal_key *key, struct slice where,
                   const char *sealed, struct arena *arena, const char **out)
{
    struct slice raw, plain;
    if (!seal_is_text(sealed))
        return AM_EPROTO;
    int rc = decode(sealed + MARK_LEN, arena, &raw);
    if (rc == AM_OK)
        rc = open_raw(s, key, where, raw, arena, &plain);
    if (rc == AM_OK)
        *out = (const char *)plain.data;
    return rc;
}
