/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Serves webhooks: reads the feed for each, sends what passes its filter, keeps the order of each
 * case, and moves the cursor (proto/amends/v1/webhook_service.proto says what receivers see).
 *
 * One replica serves a webhook at a time. Its lease is longer than a request may take, and it
 * begins no request that could outlast the lease, so that the next replica does not send beside it.
 * The cursor moves only together with the rows of what failed, in one transaction, and only as
 * long as the lease is the one that was taken. So a replica that dies at any moment loses nothing;
 * what it had sent since the cursor was written is sent once more.
 *
 * Threading: webhooks_new() and webhooks_free() on the main thread before and after the loop runs;
 * everything else on the io loop's thread. Ownership: what the config names is borrowed.
 */

#include "resolution/delivery/deliveries.h"
#include "outbound/http.h"
#include "vault/master.h"

struct webhooks;

struct webhooks_config {
    struct service *service;
    struct deliveries *deliveries;
    unsigned first_stmt;           /* where resolution_stmts begin in pg_config.stmts */
    const struct masters *masters; /* under which secrets are kept; NULL = under none */
    const char *ca_file;           /* of receivers; "" = the CAs of the system */
    struct reach reach;            /* networks that are allowed though they are not public */
    int64_t timeout_ms;            /* of a request */
};

struct webhooks *webhooks_new(const struct webhooks_config *config);
/* NULL is allowed. */
void webhooks_free(struct webhooks *w);

/* From now on nothing is begun, and the leases are given back. */
void webhooks_stop(struct webhooks *w);

/* True when no webhook that is served here has anything to do now (/settled). */
bool webhooks_settled(const struct webhooks *w);
/* The test clock has moved. */
void webhooks_time_moved(struct webhooks *w);

/* Private to services/resolution: adds WebhookService to the server. */
int webhooks_register(struct rpc_server *server, struct webhooks *w) AM_MUSTCHECK;
