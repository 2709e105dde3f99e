/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The keys a command locks: 64-bit hashes of all that it may write, by its kind and names.
 *
 * Threading: pure. Ownership: none.
 */

#include <stddef.h>
#include <stdint.h>

#include "case/model/command.h"

/* Request id, claim, case, the open case to join, agent, reference. */
#define COMMAND_KEYS_MAX 8

struct command_keys {
    size_t n;
    uint64_t keys[COMMAND_KEYS_MAX];
    uint64_t case_key; /* the one among them that stands for the case it reads; 0 = none */
};

/* Request id, case, agent, the claim's customer with failure and order; for OpenCase the open case
 * to join; the reference that a case may get. */
void command_keys(const struct command *cmd, struct command_keys *keys);

/* The natural key of the claim: an OpenCase's by its request, else what the command named so far.
 */
struct command_claim command_claim_of(const struct command *cmd);
