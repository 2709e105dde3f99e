/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The engine for everything that leaves the system: what is to be told is a row of the table
 * `delivery`, and any replica of the service sends it, by a channel
 * (resolution/delivery/channel.h).
 *
 * A replica takes rows that are due by a lease, which ends long after every channel has answered,
 * so that a row of a replica that died is sent by another one. It looks at one tenant after the
 * other and at one receiver after the other, from where it stopped, and takes at most
 * DELIVERY_RECEIVER_MOST rows of one receiver at once, whoever has them: nobody waits behind a
 * receiver that is slow. What failed is tried again by resolution/delivery/schedule.h; after the
 * last attempt the row is dead, and stays for 30 days, so that it can be sent again by hand.
 *
 * Rows of webhooks are left to the replica that serves the webhook (resolution/webhook).
 *
 * Threading: deliveries_new() and deliveries_free() on the main thread before and after the loop
 * runs; everything else on the io loop's thread. Ownership: the service is borrowed.
 */

#include "resolution/delivery/channel.h"
#include "shared/service.h"

#define DELIVERY_RECEIVER_MOST 20

struct deliveries;

/* `first_stmt` is where resolution_stmts begin in pg_config.stmts. */
struct deliveries *deliveries_new(struct service *service, unsigned first_stmt);
/* NULL is allowed. */
void deliveries_free(struct deliveries *d);

/* From now on nothing is taken. Jobs under way end by themselves. */
void deliveries_stop(struct deliveries *d);

/* Makes a job of a row that somebody else took, with this replica as its holder (the columns of
 * DELIVERY_COLUMNS begin at 0). It is sent by whoever took it, and ended by delivery_done() as all
 * others. `tenant` is copied. */
struct delivery_job *deliveries_adopt(struct deliveries *d, const struct pg_rows *rows, int row,
                                      const char *tenant);

/* A row was written by this process: it looks at once. A hint. */
void deliveries_look(struct deliveries *d);

/* True when nothing is due now or under way (/settled). */
bool deliveries_settled(const struct deliveries *d);
/* The test clock has moved. */
void deliveries_time_moved(struct deliveries *d);

/* True on the replica that does what one replica does for all, as far as it knows. */
bool deliveries_holds_lease(const struct deliveries *d);

/* This replica, in leases. */
const char *deliveries_replica(const struct deliveries *d);
