/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The part of the auditor that looks for what people were not told, apart from the engine that
 * delivers:
 *
 *   undelivered     a notification that should have been sent UNTOLD_LATE_US ago or earlier and
 *                   was not: nobody tried, or the receiver did not take it
 *   unacknowledged  an urgent notification about a case that is still worked on, of which nobody
 *                   has taken notice for UNTOLD_UNSEEN_US
 *
 * It looks at some recipients a second, and shows what a full round found. Of each it counts so
 * many at most as show that something is wrong.
 *
 * Threading: io loop's thread. Ownership: the auditor's.
 */

#include "assignment/engine/engine.h"

#define UNTOLD_LATE_US (15 * 60 * US_PER_S)
#define UNTOLD_UNSEEN_US (24 * 3600 * US_PER_S)

struct untold;

struct untold *untold_new(struct assignment *a);
void untold_free(struct untold *u);

/* Takes the next slice, unless one is under way. */
void untold_run(struct untold *u);
/* Another replica looks now. */
void untold_rest(struct untold *u);
