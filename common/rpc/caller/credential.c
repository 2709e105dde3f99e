/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/internal.h"

#include <string.h>

#include "auth/failures.h"
#include "auth/reserved.h"
#include "base/assert.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/time.h"
#include "contract/reasons.h"
#include "contract/roles.h"
#include "contract/words.h"
#include "rpc/meter.h"

/*
 * From the metadata of a call to its caller: counted, logged, and slowed down where many bad
 * credentials come from. Nothing of a credential gets into a log but what its checker says is
 * public.
 */

#define SLOWED_MS 1000
#define ASKING_MANY 64 /* calls that wait for look-ups at once */
#define BELIEVED_AGAIN_US (60 * US_PER_S)

static const char *kind_of(const struct rpc_call *call)
{
    return call->caller.checker ? call->caller.checker->name : "none";
}

static void log_refusal(struct rpc_call *call, const char *peer)
{
    const char *credential = call->caller.identity.credential;
    log_warn("auth", "refused", LOG_STR("peer", peer), LOG_STR("kind", kind_of(call)),
             LOG_STR("credential", credential ? credential : ""), LOG_STR("why", call->caller.why),
             LOG_STR("method", call->method->path));
}

/* Whoever has no credential yet is told once a minute, so that an operator sees who is left. */
static void log_believed(struct rpc_call *call)
{
    struct rpc_server *s = call->server;
    const struct slice fields[] = {slice_str(call->principal.tenant),
                                   slice_str(call->principal.via)};
    const uint64_t hash = digest_key(fields, 2);
    struct rpc_believed *b = &s->believed[hash % RPC_BELIEVED_MAX];
    if (b->hash == hash && call->taken_us - b->told_us < BELIEVED_AGAIN_US)
        return;
    *b = (struct rpc_believed){.hash = hash, .told_us = call->taken_us};
    log_info("auth", "believed", LOG_STR("tenant", call->principal.tenant),
             LOG_STR("principal", call->principal.via), LOG_STR("peer", rpc_call_peer(call)),
             LOG_STR("so", "it calls without a credential; with --auth required it is refused"));
}

/* The services of this machine may call each other as long as callers are believed. */
static void believe(struct rpc_call *call)
{
    if (call->method->roles == ROLE_BIT(ROLE_INTERNAL) &&
        principal_is_services(call->principal.id) && rpc_call_is_local(call))
        call->principal.roles |= ROLE_BIT(ROLE_INTERNAL);
    if (call->server->rules.auth == RPC_AUTH_PERMISSIVE)
        log_believed(call);
}

static enum caller_outcome slow_down(struct fault *fault)
{
    fault_set(fault, FAULT_RESOURCE_EXHAUSTED, ERROR_REASON_CREDENTIALS_TOO_MANY,
              "the credential was not looked at, because many bad ones came from this address; "
              "try again later");
    fault->retry_ms = SLOWED_MS;
    return CALLER_SLOWED;
}

/* MISSING: there is no certificate, or it is mapped to nobody. Of a client behind a front the front
 * tells the names: its own certificate is not theirs. */
static enum caller_outcome by_certificate(struct rpc_call *call, struct fault *fault)
{
    const struct rpc_server *s = call->server;
    struct tls_peer peer;
    if (!s->certificates || s->rules.auth == RPC_AUTH_OFF ||
        caller_gives_credential(&call->metadata))
        return CALLER_MISSING;
    if (call->told.peer)
        return caller_by_certificate(s->certificates, call->told.names, call->told.n_names,
                                     &call->metadata, &call->arena, &call->caller, &call->principal,
                                     fault);
    tls_peer_read(call->grpc, &call->arena, &peer);
    return caller_by_certificate(s->certificates, peer.names, peer.n_names, &call->metadata,
                                 &call->arena, &call->caller, &call->principal, fault);
}

static bool has_room(struct rpc_call *call)
{
    return failures_room(call->server->failures, rpc_call_peer(call), call->taken_us);
}

/* Whether the check of the credential waits, because it would take long and its peer brings many
 * bad ones. */
static bool puts_off(struct rpc_call *call)
{
    const struct rpc_server *s = call->server;
    return s->rules.auth != RPC_AUTH_OFF && failures_crowded(s->failures, call->taken_us) &&
           !has_room(call) &&
           caller_would_cost(&s->rules, &call->metadata, time_now_us(loop_time(s->loop)),
                             &call->caller);
}

/* Whether the call may not ask about its credential: many ask already, its peer brings many bad
 * ones, and this one was not good before either. */
static bool lets_others_ask(struct rpc_call *call)
{
    const struct auth_checker *checker = call->caller.checker;
    const struct slice text = call->caller.text;
    return call->server->n_asking >= ASKING_MANY && !has_room(call) &&
           !(checker->known && checker->known(checker->ctx, (const char *)text.data, text.len,
                                              time_now_us(loop_time(call->server->loop))));
}

static enum caller_outcome establish(struct rpc_call *call, struct fault *fault)
{
    struct rpc_server *s = call->server;
    enum caller_outcome outcome = by_certificate(call, fault);
    if (outcome != CALLER_MISSING)
        return outcome;
    if (puts_off(call))
        return slow_down(fault);
    outcome = caller_establish(&s->rules, &call->metadata, time_now_us(loop_time(s->loop)),
                               &call->arena, &call->caller, &call->principal, fault);
    return outcome == CALLER_ASKS && lets_others_ask(call) ? slow_down(fault) : outcome;
}

enum caller_outcome rpc_credential_establish(struct rpc_call *call, struct fault *fault)
{
    enum caller_outcome outcome = establish(call, fault);
    if (outcome == CALLER_BELIEVED) {
        believe(call);
    } else if (outcome == CALLER_REFUSED) {
        const char *peer = rpc_call_peer(call);
        fault->retry_ms = failures_add(call->server->failures, peer, call->taken_us);
        if (call->caller.checker && call->caller.checker->costs)
            failures_add_costly(call->server->failures, call->taken_us);
        log_refusal(call, peer);
    }
    /* Services call each other directly: whoever comes through a front is none of them, whatever
     * name it tells. */
    if (call->told.peer)
        call->principal.roles &= ~ROLE_BIT(ROLE_INTERNAL);
    if ((outcome == CALLER_ACCEPTED || outcome == CALLER_BELIEVED) &&
        caller_permit(&call->metadata, call->method->roles, &call->arena, &call->principal, fault) <
            0)
        outcome = CALLER_FORBIDDEN;
    if (call->server->rules.auth != RPC_AUTH_OFF && outcome != CALLER_ASKS)
        meter_caller(kind_of(call), outcome);
    return outcome;
}

/* -- streams whose credential ends ------------------------------------------------------------- */

static bool alive(const struct rpc_call *call, int64_t now_us)
{
    const struct auth_checker *checker = call->caller.checker;
    const struct auth_identity *identity = &call->caller.identity;
    return !checker || (now_us < identity->until_us &&
                        (!checker->alive || checker->alive(checker->ctx, identity, now_us)));
}

static void look(void *ctx)
{
    struct rpc_server *s = ctx;
    const int64_t now_us = time_now_us(loop_time(s->loop));
    LIST_FOR_EACH_SAFE (it, &s->streams) {
        struct rpc_call *call = CONTAINER_OF(it, struct rpc_call, stream.node);
        if (!alive(call, now_us))
            rpc_stream_farewell(call, FAULT_UNAUTHENTICATED, ERROR_REASON_CREDENTIAL_ENDED,
                                "the credential has ended or was revoked");
    }
    loop_timer_start(s->credential_timer, US_PER_S);
}

void rpc_credentials_watch(struct rpc_server *s)
{
    s->credential_timer = loop_timer_new(s->loop, look, s);
    loop_timer_start(s->credential_timer, US_PER_S);
}
