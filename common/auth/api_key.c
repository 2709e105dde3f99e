/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/api_key.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <string.h>

#include "base/assert.h"

#define PREFIX_CHARS (sizeof(API_KEY_PREFIX) - 1)
#define SECRET_AT (PREFIX_CHARS + API_KEY_ID_CHARS + 1)
#define CHECK_AT (SECRET_AT + API_KEY_SECRET_CHARS + 1)
#define HASH_PREFIX_CHARS (sizeof(API_KEY_HASH_PREFIX) - 1)
#define HASH_AT (HASH_PREFIX_CHARS + API_KEY_ID_CHARS + 1)

static const char base32[] = "0123456789abcdefghjkmnpqrstvwxyz";
static const char base62[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
static const char hex[] = "0123456789abcdef";

_Static_assert(sizeof base32 - 1 == 32 && sizeof base62 - 1 == 62, "as many digits as they say");

/* -- digits ------------------------------------------------------------------------------------ */

static bool is_base62(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_base32(char c)
{
    return is_base62(c) && !(c >= 'A' && c <= 'Z') && c != 'i' && c != 'l' && c != 'o' && c != 'u';
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static bool all_are(bool (*is)(char c), const char *text, size_t len)
{
    size_t n = 0;
    while (n < len && is(text[n]))
        n++;
    return n == len;
}

bool api_key_is_id(const char *text, size_t len)
{
    return len == API_KEY_ID_CHARS && all_are(is_base32, text, len);
}

/* The checksum of a key's text. */
static void check_of(const char *text, char out[API_KEY_CHECK_CHARS])
{
    uint8_t digest[DIGEST_LEN];
    digest_sha256(text, CHECK_AT - 1, digest);
    uint64_t sum = (uint64_t)digest[0] << 24 | (uint64_t)digest[1] << 16 |
                   (uint64_t)digest[2] << 8 | digest[3];
    for (size_t i = API_KEY_CHECK_CHARS; i-- > 0; sum /= 62)
        out[i] = base62[sum % 62];
}

static void copy_id(struct api_key_id *id, const char *text)
{
    memcpy(id->text, text, API_KEY_ID_CHARS);
    id->text[API_KEY_ID_CHARS] = '\0';
}

/* -- reading ----------------------------------------------------------------------------------- */

bool api_key_takes(const char *text, size_t len)
{
    return len >= PREFIX_CHARS && memcmp(text, API_KEY_PREFIX, PREFIX_CHARS) == 0;
}

static bool has_form(const char *text, size_t len)
{
    return len == API_KEY_CHARS && api_key_takes(text, len) &&
           api_key_is_id(text + PREFIX_CHARS, API_KEY_ID_CHARS) && text[SECRET_AT - 1] == '_' &&
           all_are(is_base62, text + SECRET_AT, API_KEY_SECRET_CHARS) &&
           text[CHECK_AT - 1] == '_' && all_are(is_base62, text + CHECK_AT, API_KEY_CHECK_CHARS);
}

enum api_key_form api_key_read(const char *text, size_t len, struct api_key_mark *mark)
{
    char check[API_KEY_CHECK_CHARS];
    if (!has_form(text, len))
        return API_KEY_MALFORMED;
    check_of(text, check);
    if (memcmp(check, text + CHECK_AT, API_KEY_CHECK_CHARS) != 0)
        return API_KEY_MISTYPED;
    copy_id(&mark->id, text + PREFIX_CHARS);
    digest_sha256(text + SECRET_AT, API_KEY_SECRET_CHARS, mark->hash);
    return API_KEY_GOOD;
}

bool api_key_same(const uint8_t a[DIGEST_LEN], const uint8_t b[DIGEST_LEN])
{
    return CRYPTO_memcmp(a, b, DIGEST_LEN) == 0;
}

/* -- making ------------------------------------------------------------------------------------ */

static void draw(void *out, size_t len)
{
    AM_ASSERT(RAND_priv_bytes(out, (int)len) == 1);
}

void api_key_draw_id(struct api_key_id *id)
{
    uint8_t bits[DIGEST_LEN];
    draw(bits, sizeof bits);
    api_key_derive_id(bits, id);
}

void api_key_derive_id(const uint8_t digest[DIGEST_LEN], struct api_key_id *id)
{
    for (size_t i = 0; i < API_KEY_ID_CHARS; i++)
        id->text[i] = base32[digest[i] % 32];
    id->text[API_KEY_ID_CHARS] = '\0';
}

/* Of a byte below 248 each of the 62 digits is as likely as any other; the rest is drawn again. */
static void draw_secret(char out[API_KEY_SECRET_CHARS])
{
    const uint8_t fair = 256 / 62 * 62;
    uint8_t bits[64];
    size_t n = 0;
    while (n < API_KEY_SECRET_CHARS) {
        draw(bits, sizeof bits);
        for (size_t i = 0; i < sizeof bits && n < API_KEY_SECRET_CHARS; i++)
            if (bits[i] < fair)
                out[n++] = base62[bits[i] % 62];
    }
    OPENSSL_cleanse(bits, sizeof bits);
}

void api_key_make(const struct api_key_id *id, struct api_key *key)
{
    *key = (struct api_key){0};
    char *text = key->text;
    AM_ASSERT(api_key_is_id(id->text, strlen(id->text)));
    memcpy(text, API_KEY_PREFIX, PREFIX_CHARS);
    memcpy(text + PREFIX_CHARS, id->text, API_KEY_ID_CHARS);
    text[SECRET_AT - 1] = text[CHECK_AT - 1] = '_';
    draw_secret(text + SECRET_AT);
    check_of(text, text + CHECK_AT);
    text[API_KEY_CHARS] = '\0';
    AM_ASSERT(api_key_read(text, API_KEY_CHARS, &key->mark) == API_KEY_GOOD);
}

void api_key_forget(struct api_key *key)
{
    OPENSSL_cleanse(key, sizeof *key);
}

/* -- hash lines -------------------------------------------------------------------------------- */

void api_key_hash_line(const struct api_key_mark *mark, char out[API_KEY_HASH_LINE_CHARS + 1])
{
    memcpy(out, API_KEY_HASH_PREFIX, HASH_PREFIX_CHARS);
    memcpy(out + HASH_PREFIX_CHARS, mark->id.text, API_KEY_ID_CHARS);
    out[HASH_AT - 1] = '_';
    for (size_t i = 0; i < DIGEST_LEN; i++) {
        out[HASH_AT + 2 * i] = hex[mark->hash[i] >> 4];
        out[HASH_AT + 2 * i + 1] = hex[mark->hash[i] & 15];
    }
    out[API_KEY_HASH_LINE_CHARS] = '\0';
}

static uint8_t nibble(char digit)
{
    return (uint8_t)(strchr(hex, digit) - hex);
}

int api_key_read_hash_line(const char *text, size_t len, struct api_key_mark *mark)
{
    if (len != API_KEY_HASH_LINE_CHARS ||
        memcmp(text, API_KEY_HASH_PREFIX, HASH_PREFIX_CHARS) != 0 ||
        !api_key_is_id(text + HASH_PREFIX_CHARS, API_KEY_ID_CHARS) || text[HASH_AT - 1] != '_' ||
        !all_are(is_hex, text + HASH_AT, (size_t)2 * DIGEST_LEN))
        return AM_EINVAL;
    copy_id(&mark->id, text + HASH_PREFIX_CHARS);
    for (size_t i = 0; i < DIGEST_LEN; i++)
        mark->hash[i] =
            (uint8_t)(nibble(text[HASH_AT + 2 * i]) << 4 | nibble(text[HASH_AT + 2 * i + 1]));
    return AM_OK;
}
