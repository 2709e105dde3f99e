/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The part of the retention job that deletes notifications which policy keeps no longer
 * (`retention.notifications`), a slice a second: some recipients of one tenant after the other. It
 * goes by itself, so that many tenants do not keep an erasure waiting.
 *
 * Threading: io loop's thread. Ownership: the retention job's.
 */

#include "assignment/engine/engine.h"

struct old_notifications;

struct old_notifications *old_notifications_new(struct assignment *a);
void old_notifications_free(struct old_notifications *o);

/* Takes the next slice, unless one is under way. */
void old_notifications_run(struct old_notifications *o);
