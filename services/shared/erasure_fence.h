/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A wait between the instant until which cases are part of an erasure and the walk over them. A
 * case may be opened, or reopened, before that instant and be committed after it: its transaction
 * waits for a lock or a standby, or its replica was stopped. The walk would miss it. So the walk
 * begins when no transaction is left that was at work on cases at that instant.
 *
 * A transaction that has written is waited for for a minute; then the erasure fails, and is begun
 * again later. One that has only read may be a service's, which decides on what it has read and
 * writes within a second, or PostgreSQL ends it; it may as well be a backup or a vacuum, which may
 * take hours. So it is waited for for two seconds.
 *
 * Threading: io loop's thread. Ownership: as shared/erasure.h.
 */

#include "shared/erasure.h"

/* Waits, then calls `then`, never from within this call. Sets e->fault when it waited in vain or
 * nobody waits for the erasure any more. */
void erasure_fence(struct erasure *e, void (*then)(struct erasure *e));
