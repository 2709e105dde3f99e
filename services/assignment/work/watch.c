/* SPDX-License-Identifier: Apache-2.0 */

/* WatchWork: lets the agent in; the stream itself is in streams/. */

#include "assignment/streams/resume_sign.h"
#include "assignment/streams/stream.h"
#include "assignment/validate.h"
#include "assignment/work/work.h"
#include "contract/check.h"
#include "contract/reasons.h"

/* The request of a call that waits for its agent. */
struct watch {
    struct work_resume resume;
    int heartbeat_s;
};

static void agent_known(struct store_read *read)
{
    struct read_call *rc = read_call_done(read);
    if (!rc)
        return;
    const char *id = rpc_call_principal(rc->call)->id;
    if (!read->agents.n) {
        fault_set(&rc->fault, FAULT_PERMISSION_DENIED, ERROR_REASON_NOT_AN_AGENT, "%s is no agent",
                  id);
        rpc_fail(rc->call, &rc->fault);
        return;
    }
    const struct assignment *a = rpc_call_user(rc->call);
    const struct watch *w = rc->user;
    const struct stream_start start = {.heartbeat_s = w->heartbeat_s, .work = &w->resume};
    hub_open(a->hub, rc->call, rc->tenant, id, &start);
}

static void check_token(struct read_call *rc, const char *agent_id, const char *token,
                        struct work_resume *out)
{
    const struct resume_owner owner = {
        .service = rc->service, .tenant_id = rc->tenant->id, .agent_id = agent_id};
    if (!work_resume_read(token, out))
        fault_violation(&rc->fault, "resume_token", "is not a resume_token of WatchWork");
    else
        resume_check_owner(&rc->fault, &owner, token);
}

static void start(struct read_call *rc)
{
    const Amends__V1__WatchWorkRequest *req = (const Amends__V1__WatchWorkRequest *)rc->request;
    const char **ids = ARENA_ARRAY(rc->arena, const char *, 1);
    struct watch *w = ARENA_NEW(rc->arena, struct watch);
    ids[0] = rpc_call_principal(rc->call)->id;
    rc->user = w;
    w->heartbeat_s = req->heartbeat_seconds ? req->heartbeat_seconds : HEARTBEAT_USUAL_S;
    check_range(&rc->fault, "heartbeat_seconds", w->heartbeat_s, HEARTBEAT_LEAST_S,
                HEARTBEAT_MOST_S);
    check_token(rc, ids[0], req->resume_token, &w->resume);
    rc->read.done = agent_known;
    if (read_call_valid(rc))
        store_read_agents(rc->service->store, &rc->read, ids, 1);
}

void work_watch(struct rpc_call *call, void *assignment)
{
    rpc_call_set_user(call, assignment);
    service_read(((struct assignment *)assignment)->service, call, READ_NOTHING, start);
}
