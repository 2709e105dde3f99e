/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Writes checkpoints: signs the heads of all histories that changed
 * (proto/amends/v1/history_service.proto), once in a while, tenant by tenant, on the replica that
 * holds the lease of the standing jobs. What changed is found along the order of the feed, from
 * where the last checkpoint ended, a slice at a time; each slice is a transaction of its own, and
 * after it the job rests as long as it took. Two replicas that do it at once write one checkpoint.
 *
 * Threading: io loop's thread. Ownership: it borrows the engine and its keys.
 */

#include "assignment/engine/engine.h"

struct checkpoints;

struct checkpoints *checkpoints_new(struct assignment *a);
void checkpoints_free(struct checkpoints *c);

/* Once a second, on the replica that holds the lease. Without a key it does nothing. */
void checkpoints_run(struct checkpoints *c);
/* The lease is lost: ends after the slice at hand. */
void checkpoints_rest(struct checkpoints *c);
