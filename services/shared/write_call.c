/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include "case/message/message.h"
#include "shared/service.h"

bool service_refuses_system(struct rpc_call *call)
{
    struct fault fault;
    if (strcmp(rpc_call_principal(call)->id, SYSTEM_ACTOR) != 0)
        return false;
    fault_init(&fault, rpc_call_arena(call));
    fault_set(&fault, FAULT_UNAUTHENTICATED, "PRINCIPAL_INVALID",
              "the principal '%s' is the system's own", SYSTEM_ACTOR);
    rpc_fail(call, &fault);
    return true;
}

/* One writing call on its way: tenant, command, and for a replay the case as it is now. */
struct write_call {
    struct service *service;
    struct rpc_call *call;
    const struct write_method *method;
    struct fault fault;
    struct command cmd;
    struct store_read now;
};

static void answer(struct write_call *w)
{
    if (w->cmd.replayed)
        rpc_call_set_replayed(w->call);
    rpc_reply(w->call, write_response(&w->cmd, w->method->response));
}

static void replay_read(struct store_read *read)
{
    struct write_call *w = read->ctx;
    if (fault_is_set(&read->fault)) {
        rpc_fail(w->call, &read->fault);
        return;
    }
    w->cmd.case_after = (ProtobufCMessage *)message_case(&read->cases[0], true, w->cmd.arena);
    if (w->cmd.case_after) {
        answer(w);
        return;
    }
    fault_set(&w->fault, FAULT_RESOURCE_EXHAUSTED, "TOO_LARGE",
              "the response is larger than a call may use");
    rpc_fail(w->call, &w->fault);
}

/* A replay that had read no case (OpenCase cannot know its id beforehand) shows it as it is now. */
static void replay(struct write_call *w)
{
    w->now = (struct store_read){.arena = w->cmd.arena,
                                 .tenant_id = w->cmd.tenant_id,
                                 .tenant = w->cmd.tenant,
                                 .deadline_us = w->cmd.seg.deadline_us,
                                 .done = replay_read,
                                 .ctx = w};
    store_read_cases(w->service->store, &w->now, &w->cmd.result_case_id, 1);
}

static void finished(struct command *cmd)
{
    struct write_call *w = cmd->ctx;
    if (fault_is_set(&cmd->fault))
        rpc_fail(w->call, &cmd->fault);
    else if (cmd->replayed && !cmd->case_after && !uuid_is_zero(&cmd->result_case_id))
        replay(w);
    else
        answer(w);
}

static void fill_command(struct write_call *w, const struct tenant *tenant, int64_t now_us)
{
    struct command *cmd = &w->cmd;
    cmd->seg.deadline_us = rpc_call_deadline_us(w->call);
    cmd->seg.cls = SEG_CALL;
    cmd->kind = w->method->kind;
    cmd->arena = rpc_call_arena(w->call);
    cmd->tenant_id = tenant->id;
    cmd->tenant = tenant->name;
    cmd->principal = rpc_call_principal(w->call)->id;
    cmd->seed = uuid_new(now_us);
    cmd->finished = finished;
    cmd->ctx = w;
    fault_init(&cmd->fault, cmd->arena);
}

static void validate(struct write_call *w, const struct policy *policy, int64_t now_us)
{
    const ProtobufCMessage *request = rpc_call_request(w->call);
    fault_init(&w->fault, w->cmd.arena);
    command_from_request(&w->cmd, request, &w->fault);
    if (w->method->validate)
        w->method->validate(request, now_us, policy, &w->fault);
}

/* A new case follows the policy that its decision finds to be the current one: the one known here
 * may have been replaced a moment ago, so it only adds to what is wrong in any case. */
static void submit(struct write_call *w, const struct tenant *tenant)
{
    const ProtobufCMessage *request = rpc_call_request(w->call);
    const int64_t now_us = clock_now_us(loop_clock(w->service->loop));
    const struct policy *known =
        tenants_policy(w->service->tenants, tenant->id, tenant->policy_version);
    fill_command(w, tenant, now_us);
    validate(w, w->method->kind->needs_customer ? NULL : known, now_us);
    if (fault_is_set(&w->fault)) {
        validate(w, known, now_us);
        rpc_fail(w->call, &w->fault);
        return;
    }
    if (w->method->prepare)
        w->method->prepare(request, &w->cmd);
    store_submit(w->service->store, &w->cmd);
}

static void on_tenant(void *ctx, const struct tenant *tenant, const struct fault *fault)
{
    struct write_call *w = ctx;
    if (tenant && !service_refuses_system(w->call))
        submit(w, tenant);
    else if (!tenant)
        rpc_fail(w->call, fault);
}

void service_write(struct service *s, struct rpc_call *call, const struct write_method *method)
{
    struct arena *arena = rpc_call_arena(call);
    struct write_call *w = ARENA_NEW(arena, struct write_call);
    *w = (struct write_call){.service = s, .call = call, .method = method};
    fault_init(&w->fault, arena);
    tenants_get(s->tenants, rpc_call_principal(call)->tenant, arena, on_tenant, w);
}
