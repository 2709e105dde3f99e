/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Cuts connections that have lasted for too long, whatever they do. The time-out of libmicrohttpd
 * is one of silence only, so a client that sends a byte now and then could stay for ever.
 *
 * Threading: all functions on any thread; the cutting is done by a thread of its own. Ownership:
 * the descriptors stay their owner's, who takes each out before closing it.
 */

#include <stdint.h>

#include "base/err.h"

struct cutoff;
struct cutoff_entry;

/* Connections may last for `limit_us`. NULL when no thread can be started (logged). */
struct cutoff *cutoff_new(int64_t limit_us);

/* To be called when all entries were taken out. NULL is allowed. */
void cutoff_free(struct cutoff *c);

/* From now on the time counts; then the socket is shut down for both directions, and its owner
 * finds that it has ended. */
struct cutoff_entry *cutoff_add(struct cutoff *c, int fd);

/* Takes it out and frees the entry. NULL is allowed. */
void cutoff_remove(struct cutoff *c, struct cutoff_entry *entry);
