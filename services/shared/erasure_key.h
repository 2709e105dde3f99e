/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The part of an erasure that is about the customer's key, where what is personal is sealed: the
 * key is destroyed, so that copies of the database which lack the key forget, too.
 *
 * By then the customer's cases are erased, so none of them is reopened and no claim joins one.
 * Then the erasure waits until no replica seals with the key any more. What was written in these
 * seconds, words to erased cases and whole new cases, may have been sealed with it, so it is part
 * of the erasure: row.begun_at moves to their end. A customer who comes back later has a new key.
 *
 * An erasure that was cut off is run again from the start, at any time. Then a key that was made
 * after row.key_until is not the one to be destroyed.
 *
 * Threading: io loop's thread. Ownership: as shared/erasure.h.
 */

#include "shared/erasure.h"

/* Destroys the key, if there is one that the customer had when the erasure was asked for, and waits
 * until the new row.begun_at; then calls `then`, perhaps at once. Sets e->fault when that failed,
 * and e->key_destroyed. */
void erasure_destroy_key(struct erasure *e, void (*then)(struct erasure *e));
