/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The one way of personal data out of the services: what the caller may not see is masked, and the
 * rest is recorded (shared/access.h). Whatever answers with a case, or with parts or events of one,
 * passes its response through here just before it is sent.
 *
 * Names and contacts are masked in lists, for everybody. A caller who may make the call only as an
 * OBSERVER (contract/roles.def) sees them masked everywhere, and no words.
 *
 * Threading: io loop's thread. Ownership: masked texts lie in the arena given; the response is
 * changed in place.
 */

#include "amends/v1/agent.pb-c.h"
#include "base/fault.h"
#include "shared/service.h"

/* Whose data a response shows, where it has no Case that says so. */
struct show_case {
    struct uuid case_id;
    const char *customer_id;
};

/* Masks and records. `of` NULL: the Cases in the response say whose data it shows. `list`: it is a
 * page of cases. False: `fault` is set, and the response must not be sent. */
bool show_personal(struct service *s, struct rpc_call *call, int64_t tenant_id,
                   ProtobufCMessage *response, const struct show_case *of, bool list,
                   struct arena *arena, struct fault *fault) AM_MUSTCHECK;

/* What is packed once for many callers, as the feed is, is masked by whoever packs it, and recorded
 * for each caller who gets it: what this one may see only masked (PRIVATE_..., 0 = nothing), and
 * the record that personal data of these kinds is shown. False: `fault` is set, and it must not be
 * sent. */
uint32_t show_masks(struct rpc_call *call);
bool show_record(struct service *s, struct rpc_call *call, int64_t tenant_id,
                 const struct show_case *of, uint32_t shown, struct fault *fault) AM_MUSTCHECK;

/* Masks an agent's address for mail for who may make the call only as an OBSERVER. False: `fault`
 * is set, and the message must not be sent. */
bool show_agent(struct rpc_call *call, Amends__V1__Agent *agent, struct arena *arena,
                struct fault *fault) AM_MUSTCHECK;

/* Whether a call that writes, and answers with a case, may begin; else `fault` is set. */
bool show_may_write(const struct service *s, struct fault *fault) AM_MUSTCHECK;

/* Records what an export is going to show, of all cases of a customer: `done` when that is
 * lasting. */
void show_export(struct service *s, struct rpc_call *call, int64_t tenant_id,
                 const char *customer_id, void (*done)(void *ctx, const struct fault *fault),
                 void *ctx);
