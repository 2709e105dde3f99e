/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The text of an API key:
 *
 *   amends_<key id>_<secret>_<checksum>        70 characters
 *
 *   key id     12 of 0-9 a-z without i, l, o and u: 60 random bits. Public: it names the key in
 *              lists, logs and commands
 *   secret     43 of 0-9 A-Z a-z: more than 256 random bits. Only its SHA-256 is stored, of the 43
 *              characters as they stand
 *   checksum   6 of 0-9 A-Z a-z: the first four bytes of the SHA-256 of all that is before its "_",
 *              big-endian, as a number to the base 62 with leading zeros. It tells a typing error
 *              from a wrong key, on the caller's own side; it protects nothing
 *
 * API_KEY_PATTERN finds keys in texts, and a double click selects a whole one. Such a key needs no
 * slow hash: nobody guesses 256 random bits.
 *
 * What may be written down in the open, so that a key can be made known to a database before it is
 * used, is its hash line:
 *
 *   amendshash_<key id>_<SHA-256 of the secret, 64 of 0-9 a-f>
 *
 * Threading: pure, but for what draws random bits. Ownership: texts are written into the caller's
 * memory, who wipes a key's text when it is of no more use (api_key_forget()).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"

#define API_KEY_PREFIX "amends_"
#define API_KEY_ID_CHARS 12
#define API_KEY_SECRET_CHARS 43
#define API_KEY_CHECK_CHARS 6
#define API_KEY_CHARS                                                                              \
    (sizeof(API_KEY_PREFIX) - 1 + API_KEY_ID_CHARS + 1 + API_KEY_SECRET_CHARS + 1 +                \
     API_KEY_CHECK_CHARS)
#define API_KEY_HASH_PREFIX "amendshash_"
#define API_KEY_HASH_LINE_CHARS                                                                    \
    (sizeof(API_KEY_HASH_PREFIX) - 1 + API_KEY_ID_CHARS + 1 + (size_t)2 * DIGEST_LEN)

/* For scanners of secrets (POSIX extended). */
#define API_KEY_PATTERN "amends_[0-9a-hjkmnp-tv-z]{12}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}"

/* A key's id as a text. */
struct api_key_id {
    char text[API_KEY_ID_CHARS + 1];
};

/* What the database knows of a key's text. */
struct api_key_mark {
    struct api_key_id id;
    uint8_t hash[DIGEST_LEN]; /* SHA-256 of the secret */
};

/* A whole key: a secret. */
struct api_key {
    char text[API_KEY_CHARS + 1];
    struct api_key_mark mark;
};

enum api_key_form {
    API_KEY_GOOD,
    API_KEY_MALFORMED, /* it is no API key at all, or not a whole one */
    API_KEY_MISTYPED,  /* it looks like one, and its checksum is wrong */
};

/* True for a text that begins as keys do: it is meant as one. It need not end with NUL. */
bool api_key_takes(const char *text, size_t len);

/* Reads a key; the text need not end with NUL. `mark` is set for a good one. */
enum api_key_form api_key_read(const char *text, size_t len, struct api_key_mark *mark);

/* Whether two hashes are the same, in constant time. */
bool api_key_same(const uint8_t a[DIGEST_LEN], const uint8_t b[DIGEST_LEN]);

/* True for the text of a key id. It need not end with NUL. */
bool api_key_is_id(const char *text, size_t len);

/* Draws a new id. */
void api_key_draw_id(struct api_key_id *id);

/* The id that a digest stands for: as good as a random one, and the same each time. */
void api_key_derive_id(const uint8_t digest[DIGEST_LEN], struct api_key_id *id);

/* Draws a secret and makes the key of this id. */
void api_key_make(const struct api_key_id *id, struct api_key *key);

/* Wipes a key. */
void api_key_forget(struct api_key *key);

/* Writes the hash line. */
void api_key_hash_line(const struct api_key_mark *mark, char out[API_KEY_HASH_LINE_CHARS + 1]);

/* Reads a hash line, which need not end with NUL. AM_EINVAL: it is none. */
int api_key_read_hash_line(const char *text, size_t len, struct api_key_mark *mark) AM_MUSTCHECK;
