/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The certificate of an erasure: a JSON document of one line, and its signature.
 *
 * Threading: pure. Ownership: the packed certificate lies in the arena given.
 */

#include "base/arena.h"
#include "store/private.h"

/* What it says beside the row. */
struct certified {
    const char *tenant;
    int64_t cases, left_open;
    const uint8_t *cases_sha256; /* 32 bytes */
};

/* The packed ErasureCertificate of a finished row (row->ended_at is set). */
struct slice certificate_make(const struct erasure_row *row, const struct certified *what,
                              struct arena *arena);
