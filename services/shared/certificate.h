/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The certificate of an erasure: a JSON document of one line, and its signature.
 *
 * Threading: pure. Ownership: the packed certificate lies in the arena given.
 */

#include "base/arena.h"
#include "base/sign.h"
#include "store/private.h"

/* What it says beside the row. */
struct certified {
    const char *tenant;
    int64_t cases, left_open;
    const uint8_t *cases_sha256; /* 32 bytes */
    bool sealed;                 /* texts are sealed in the database (store/sealing/sealed.h) ... */
    bool key_destroyed;          /* ... and the customer's key is gone */
};

/* The packed ErasureCertificate of a finished row (row->ended_at is set). `keys` sign it; NULL, or
 * without a private key: it is not signed. */
struct slice certificate_make(const struct erasure_row *row, const struct certified *what,
                              const struct sign_keys *keys, struct arena *arena);
