/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Signatures of Standard Webhooks (https://www.standardwebhooks.com): over
 * "<id>.<timestamp>.<body>", v1 by HMAC-SHA256, v1a by Ed25519. The secrets are 32 random bytes:
 * the key of HMAC, or the seed of a key of Ed25519.
 *
 * Threading: pure. Ownership: plain data; whoever holds a key forgets it (hook_key_forget()).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

#define HOOK_SECRET_BYTES 32
/* Those that sign at one time. */
#define HOOK_KEYS_MAX 4
/* "v1a," and 64 bytes in base64, with a blank behind it. */
#define HOOK_SIGNATURE_TEXT 96
#define HOOK_KEY_TEXT 64 /* "whsec_" or "whpk_" and 32 bytes in base64 */

struct hook_key {
    int32_t number;
    int16_t signing; /* WebhookSigning */
    uint8_t secret[HOOK_SECRET_BYTES];
    uint8_t public_key[HOOK_SECRET_BYTES]; /* of Ed25519 */
    int64_t created_at, ends_at;           /* 0 = it does not end */
};

/* Draws a new secret. */
void hook_key_make(struct hook_key *key, int signing);
void hook_key_forget(struct hook_key *key);

/* "whsec_<base64>" and "whpk_<base64>". */
void hook_key_secret_text(const struct hook_key *key, char out[HOOK_KEY_TEXT]);
void hook_key_public_text(const uint8_t public_key[HOOK_SECRET_BYTES], char out[HOOK_KEY_TEXT]);

/* The signatures of all keys that have not ended at `now_us`, separated by blanks. */
void hook_sign(const struct hook_key *keys, size_t n, int64_t now_us, const char *id,
               int64_t timestamp_s, struct slice body,
               char out[HOOK_KEYS_MAX * HOOK_SIGNATURE_TEXT]);

/* For receivers: whether the text of signatures has one that a secret ("whsec_..." or "whpk_...")
 * confirms. Compared in constant time. */
bool hook_verify(const char *secret, const char *signatures, const char *id, const char *timestamp,
                 struct slice body);
