/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A command on its way through the store: what is asked and decided (case/model/command.h), and
 * its place in the segments that decide and write it.
 *
 * Threading: io loop's thread. Ownership: the submission belongs to the caller (usually it lies in
 * the call's arena) until `finished`.
 */

#include "case/model/command.h"
#include "pg/segment.h"
#include "store/sealing/customer_keys.h"
#include "store/tenants.h"

struct store;

struct submission {
    struct command cmd;
    struct pg_seg_cmd seg; /* .deadline_us and .cls are set by the caller, the rest by the store */
    /* Once, when the command has ended: committed, refused or failed (cmd.fault is set). */
    void (*finished)(struct submission *sub);
    void *ctx;
    /* Owned by the store. */
    struct store *store;
    int32_t lacks_version; /* a policy version to be loaded, then it is decided again; 0 = none */
    unsigned loads;        /* versions loaded for it so far */
    struct tenants_wait policy_wait;
    const char *lacks_key; /* a customer whose key is to be asked for, as a version; NULL = none */
    bool makes_key;
    unsigned asks;    /* for keys, so far */
    int64_t since_us; /* when it began */
    struct customer_keys_wait key_wait;
};
