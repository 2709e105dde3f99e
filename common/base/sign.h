/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Ed25519 signatures (OpenSSL). A file in PEM holds the keys: the first private key signs; all keys
 * of the file, private or public, are trusted when signatures are checked. So a key is replaced by
 * putting the new one in front of it, and the public part of an old one is kept behind.
 *
 * Threading: keys are constant once they were read. Ownership: sign_keys_read() makes them,
 * sign_keys_free() frees them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define SIGN_KEY_LEN 32
#define SIGN_LEN 64
#define SIGN_KEYS_MAX 16
/* 16 hexadecimal digits and a NUL. */
#define SIGN_KEY_ID_SIZE 17

struct sign_keys;

/* AM_EINVAL: `why` says what is wrong with the file, without its content. */
int sign_keys_read(const char *file, struct sign_keys **out, const char **why) AM_MUSTCHECK;
void sign_keys_free(struct sign_keys *keys);

/* Whether there is a private key. */
bool sign_keys_can_sign(const struct sign_keys *keys);
/* The raw public key of the one that signs. */
const uint8_t *sign_keys_public(const struct sign_keys *keys);
/* Whether the raw public key is one of the file's. */
bool sign_keys_trust(const struct sign_keys *keys, const uint8_t key[SIGN_KEY_LEN]);

void sign_message(const struct sign_keys *keys, const void *data, size_t len,
                  uint8_t signature[SIGN_LEN]);
bool sign_verify(const uint8_t key[SIGN_KEY_LEN], const void *data, size_t len,
                 const uint8_t signature[SIGN_LEN]);

/* The first 16 hexadecimal digits of the key's SHA-256. */
void sign_key_id(const uint8_t key[SIGN_KEY_LEN], char id[SIGN_KEY_ID_SIZE]);
