/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Tells the assignment service of another process what was committed, by
 * AssignmentInternalService.Route. One call is in flight at a time; what comes meanwhile goes with
 * the next call. It is only a hint: nothing waits for it, and members that do not fit are counted
 * and left to the sweep.
 *
 * Threading: io loop's thread. Ownership: routes are copied.
 */

#include "store/store.h"
#include "rpc/client.h"

struct route_client;

struct internal_key;

/* `target` = "host:port" of the assignment service; `tls` as for rpc_client_new(); `key` = by which
 * it knows us, or NULL. */
struct route_client *route_client_new(struct loop *loop, struct rpc_server *server,
                                      const char *target, const struct tls_files *tls,
                                      const struct internal_key *key);
void route_client_free(struct route_client *c);

/* Copies the members in; they leave at the end of this turn of the loop. */
void route_client_add(struct route_client *c, const struct route *route);

/* True when nothing waits or is in flight. */
bool route_client_quiet(const struct route_client *c);
