/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The secret by which all replicas of a database sign the tokens that they give out. `amends
 * migrate` draws it; a process reads it once, when it has the database.
 *
 * Threading: io loop's thread. Ownership: it borrows loop and pg.
 */

#include <stdbool.h>
#include <stdint.h>

#include "io/loop.h"
#include "pg/pg.h"

#define SECRET_BYTES 32

struct secrets;

struct secrets *secrets_new(struct loop *loop, struct pg *pg);
/* Begins to read, once the schema is there. Reads that fail are repeated a second later. */
void secrets_start(struct secrets *s);
/* After pg_close(), before the loop ends. NULL is nothing. */
void secrets_free(struct secrets *s);

/* SECRET_BYTES bytes; NULL until they were read. Borrowed. */
const uint8_t *secrets_tokens(const struct secrets *s);
