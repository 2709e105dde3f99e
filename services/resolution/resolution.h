/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The resolution service: contacts, acts, root cause and remedies, up to the proof that the
 * customer has what was promised; and the engine that sends what leaves the system
 * (resolution/delivery).
 *
 * Threading: resolution_new() and resolution_free() on the main thread before and after the loop
 * runs; everything else on the io loop's thread. Ownership: the service, the server and the strings
 * of the config outlive it.
 */

#include "outbound/reach.h"
#include "outbound/smtp_session.h"
#include "resolution/stmts.h"
#include "shared/service.h"
#include "vault/master.h"

struct resolution;

struct resolution_config {
    struct service *service;
    struct rpc_server *server;
    unsigned first_stmt;           /* where resolution_stmts begin in pg_config.stmts */
    const struct masters *masters; /* under which secrets are kept; NULL = under none */
    const char *webhook_ca;        /* of receivers; "" = the CAs of the system */
    struct reach webhook_reach;    /* networks that are allowed though they are not public */
    int64_t webhook_timeout_ms;
    const struct smtp_settings *mail; /* NULL = no mail is sent: it waits for a replica that does */
};

/* Adds ResolutionService to the server and starts the engine. */
int resolution_new(const struct resolution_config *config, struct resolution **out) AM_MUSTCHECK;

/* True when nothing is due now or on its way out (/settled). */
bool resolution_settled(const struct resolution *r);

/* The test clock has moved. */
void resolution_time_moved(struct resolution *r);

/* From now on nothing new is sent. What is under way has a short time to come to its end; then
 * `ended` is called, in a later turn, when it is written what became of it. */
void resolution_stop(struct resolution *r, void (*ended)(void *ctx), void *ctx);

/* Frees the service after the loop has ended. NULL is allowed. */
void resolution_free(struct resolution *r);

/* Private to services/resolution: adds the calls to the server. */
int resolution_register(struct rpc_server *server, struct service *service) AM_MUSTCHECK;
