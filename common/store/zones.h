/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Whether this process has the time zones that are stored. Once after its start it walks over the
 * tenants' current policy versions, the open cases and the versions that these have, in small reads
 * one after the other, and compiles the versions that name a zone. A zone that is missing is known
 * to zone_missing() (calendar/zone_needed.h) then, before a customer meets it. Cases that are
 * resolved or final are not looked at; a command on one that needs a zone finds it too.
 *
 * Threading: io loop's thread; versions are compiled on another. Ownership: it borrows loop and pg.
 */

#include "io/loop.h"
#include "pg/pg.h"

struct zones;

/* Begins. Reads that fail are repeated a second later. */
struct zones *zones_start(struct loop *loop, struct pg *pg);
/* After pg_close(), before the loop ends. NULL is nothing. */
void zones_free(struct zones *z);
/* It has walked over all. */
bool zones_done(const struct zones *z);
