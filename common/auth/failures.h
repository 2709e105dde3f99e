/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * How many bad credentials came from whom. Each peer has room for a burst of failures, which fills
 * again with time. A peer without room is slowed down when others have to wait for it: while many
 * look-ups wait, credentials that are not known at once are not looked up for it, and while many
 * costly checks fail, it gets none. Those that are known work on, so that one bad program behind an
 * address that many share does not lock the others out; a new one among them is looked at as soon
 * as there is room again, ten times a second.
 *
 * The table is bounded. When it is full, those are forgotten that failed least.
 *
 * Threading: one thread. Ownership: peers' names are not kept, only hashes of them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAILURES_BURST 50
#define FAILURES_A_SECOND 10

struct failures;

struct failures *failures_new(void);
void failures_free(struct failures *f);

/* `peer` is as gRPC names it ("ipv4:10.0.0.7:51234"): its port does not count, and of an IPv6
 * address only the first 64 bits. `now_us` is monotonic.
 *
 * Whether the peer has room. */
bool failures_room(const struct failures *f, const char *peer, int64_t now_us);

/* Checks of credentials that cost much and found them bad, of all peers together: true when there
 * were more than the process can easily afford. Only then such checks are put off, for peers
 * without room: a token that is new meanwhile is looked at as long as a flood is small. */
#define FAILURES_COSTLY_A_SECOND 200
bool failures_crowded(const struct failures *f, int64_t now_us);
void failures_add_costly(struct failures *f, int64_t now_us);

/* Counts a failure of the peer. Returns 0, or in how many milliseconds there is room again. */
uint32_t failures_add(struct failures *f, const char *peer, int64_t now_us);
