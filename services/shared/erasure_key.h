/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The beginning of an erasure where what is personal is sealed: the customer's key is destroyed, so
 * that copies of the database which lack the key forget, too. Then the erasure waits until no
 * replica seals with it any more, and only what was written before is part of it: so no word that
 * came later is lost with the key. A case that is reopened while it waits, and is left out because
 * it has not ended, has lost its words all the same.
 *
 * Threading: io loop's thread. Ownership: as shared/erasure.h.
 */

#include "shared/erasure.h"

/* When an erasure that is asked for now begins: in a moment where it has to wait. */
int64_t erasure_begins_us(struct service *s);

/* Destroys the key and waits until row.begun_at, then calls `then`; perhaps at once. Sets e->fault
 * when that failed, and e->key_destroyed. */
void erasure_destroy_key(struct erasure *e, void (*then)(struct erasure *e));
