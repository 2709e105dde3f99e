/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The standing job that erases personal data, on the replica that holds the lease, a slice a
 * second:
 *
 *   - it finishes erasures that EraseCustomer noted a minute ago or earlier and did not finish;
 *   - it erases the cases of each tenant that ended before the time that the tenant's current
 *     policy keeps them for (`retention.closed`);
 *   - it deletes notifications that are older than policy keeps them (retention/notifications.h);
 *   - it deletes access records that are older than policy keeps them, and what is known of
 *     processes that wrote such records and ended in order a month ago.
 *
 * A round over all tenants begins ten seconds after the end of the last one. Two replicas that
 * believe they hold the lease do the same work twice, which changes nothing.
 *
 * Threading: io loop's thread. Ownership: the engine's.
 */

#include "assignment/engine/engine.h"

/* What was there before the instant `years` calendar years ago is due. Pure. */
int64_t retention_cutoff_us(int64_t now_us, int years);
