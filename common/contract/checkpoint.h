/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Checkpoints as the contract describes them (proto/amends/v1/history_service.proto): their heads
 * as bytes, and their hash.
 *
 * Threading: pure. Ownership: plain data.
 */

#include "base/digest.h"
#include "base/sign.h"
#include "base/slice.h"
#include "base/uuid.h"

#define CHECKPOINT_HEAD_BYTES 56

struct checkpoint_head {
    struct uuid case_id;
    int64_t seq;
    uint8_t hash[DIGEST_LEN];
};

/* Between a head and its CHECKPOINT_HEAD_BYTES. */
void checkpoint_head_write(const struct checkpoint_head *head, uint8_t *bytes);
void checkpoint_head_read(const uint8_t *bytes, struct checkpoint_head *head);

struct checkpoint {
    int64_t number, at, heads;
    uint8_t heads_hash[DIGEST_LEN];
    int64_t through_epoch, through_xid, through_seq;
    struct uuid through_case_id;
    uint8_t prev_hash[DIGEST_LEN], hash[DIGEST_LEN];
    uint8_t public_key[SIGN_KEY_LEN], signature[SIGN_LEN];
};

/* The hash of all but `hash` and `signature`. */
void checkpoint_hash(const char *tenant, const struct checkpoint *c, uint8_t out[DIGEST_LEN]);

/* What is wrong with a checkpoint that follows one with this number and hash (0 and zeros: none);
 * NULL when nothing is. `*signature`: it is about its signature. `keys` NULL: any key may sign. */
const char *checkpoint_problem(const char *tenant, const struct checkpoint *c, int64_t last_number,
                               const uint8_t last_hash[DIGEST_LEN], const struct sign_keys *keys,
                               bool *signature);
