/* SPDX-License-Identifier: Apache-2.0 */

/*
 * AssignmentService: from calls to commands, reads and streams. What is decided lies in decide/,
 * RequestAssignment in pull.c, Route in route.c.
 */

#include "amends/v1/assignment_internal_service.pb-c.h"
#include "amends/v1/assignment_service.pb-c.h"
#include "assignment/engine/engine.h"
#include "assignment/streams/resume_sign.h"
#include "assignment/streams/stream.h"
#include "assignment/validate.h"
#include "assignment/work/work.h"
#include "base/assert.h"
#include "base/digest.h"
#include "contract/check.h"
#include "case/message/message.h"
#include "contract/reasons.h"
#include "shared/page_token.h"
#include "shared/show.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* -- calls that write -------------------------------------------------------------------------- */

static void write_handle(struct rpc_call *call, void *assignment)
{
    service_write(call, ((struct assignment *)assignment)->service);
}

/* -- GetAgent ---------------------------------------------------------------------------------- */

static void get_done(struct store_read *read)
{
    struct read_call *rc = read_call_done(read);
    if (!rc)
        return;
    const char *id = ((const Amends__V1__GetAgentRequest *)rc->request)->agent_id;
    if (!read->agents.n) {
        fault_set(&rc->fault, FAULT_NOT_FOUND, ERROR_REASON_AGENT_NOT_FOUND, "no agent %s", id);
        fault_meta(&rc->fault, "agent_id", "%s", id);
        rpc_fail(rc->call, &rc->fault);
        return;
    }
    Amends__V1__GetAgentResponse r = AMENDS__V1__GET_AGENT_RESPONSE__INIT;
    r.agent = message_agent(ROW_AT(&read->agents, struct agent_row, 0), rc->arena);
    if (show_agent(rc->call, r.agent, rc->arena, &rc->fault))
        rpc_reply(rc->call, &r.base);
    else
        rpc_fail(rc->call, &rc->fault);
}

static void get_start(struct read_call *rc)
{
    const char **ids = ARENA_ARRAY(rc->arena, const char *, 1);
    ids[0] = ((const Amends__V1__GetAgentRequest *)rc->request)->agent_id;
    check_principal(&rc->fault, "agent_id", ids[0]);
    rc->read.done = get_done;
    if (read_call_valid(rc))
        store_read_agents(rc->service->store, &rc->read, ids, 1);
}

static void get_agent_handle(struct rpc_call *call, void *assignment)
{
    service_read(((struct assignment *)assignment)->service, call, READ_ROW, get_start);
}

/* -- ListAgents -------------------------------------------------------------------------------- */

#define AGENTS_USUAL 50
#define AGENTS_MOST 500

static uint64_t list_hash(void)
{
    const struct slice fields[] = {slice_str("agents")};
    return digest_key(fields, 1);
}

/* A page under way, read in slices. */
struct agents_page {
    struct read_call *rc;
    struct store_read read;
    struct arena slice;
    size_t limit;
    int asked;
    const char *last; /* id of the last agent of the page */
    Amends__V1__ListAgentsResponse response;
};

static void list_refuse(struct agents_page *p, const struct fault *fault)
{
    struct arena slice = p->slice; /* `p` lies in the call's arena, which goes with the answer */
    rpc_fail(p->rc->call, fault);
    arena_free(&slice);
}

static void list_answer(struct agents_page *p, bool more)
{
    if (more && p->response.n_agents > 0)
        p->response.next_page_token = page_token_write(p->rc, list_hash(), slice_str(p->last));
    arena_free(&p->slice);
    rpc_reply(p->rc->call, &p->response.base);
}

/* True when the page has no room for all of them. */
static bool list_take(struct agents_page *p)
{
    ROWS_EACH (row, const struct agent_row, &p->read.agents) {
        if (p->response.n_agents == p->limit || !read_call_room(p->rc))
            return true;
        Amends__V1__Agent *agent = message_agent(row, p->rc->arena);
        if (!show_agent(p->rc->call, agent, p->rc->arena, &p->rc->fault))
            return true;
        p->response.agents[p->response.n_agents++] = agent;
        p->last = agent->agent_id;
    }
    return false;
}

static void list_next(struct agents_page *p, size_t rows);

static void list_done(struct store_read *read)
{
    struct agents_page *p = read->ctx;
    if (fault_is_set(&read->fault))
        list_refuse(p, &read->fault);
    else if (list_take(p))
        list_answer(p, true);
    else if ((int)read->agents.n < p->asked)
        list_answer(p, false);
    else if (read_call_gone(p->rc))
        list_refuse(p, &p->rc->fault);
    else
        list_next(p, read->agents.n);
}

/* One more than is shown tells whether there is a next page. Each agent's load is counted, so that
 * a slice has fewer rows than its bytes allow. */
static void list_next(struct agents_page *p, size_t rows)
{
    const int most = 50;
    const int by_bytes = read_slice_rows(&p->read, rows, p->limit - p->response.n_agents + 1);
    p->asked = by_bytes < most ? by_bytes : most;
    read_slice_begin(p->rc, &p->read, &p->slice, list_done, p);
    store_list_agents(p->rc->service->store, &p->read, p->last, p->asked);
}

static void list_start(struct read_call *rc)
{
    const Amends__V1__ListAgentsRequest *req = (const Amends__V1__ListAgentsRequest *)rc->request;
    struct agents_page *p = ARENA_NEW(rc->arena, struct agents_page);
    p->rc = rc;
    p->limit = (size_t)page_size(&rc->fault, req->page_size, AGENTS_USUAL, AGENTS_MOST);
    struct slice after = page_token_read(rc, list_hash(), req->page_token);
    if (!read_call_valid(rc))
        return;
    p->last = after.len ? arena_strndup(rc->arena, (const char *)after.data, after.len) : "";
    AM_ASSERT(p->last != NULL);
    amends__v1__list_agents_response__init(&p->response);
    p->response.agents = ARENA_ARRAY(rc->arena, Amends__V1__Agent *, p->limit);
    arena_init(&p->slice, READ_PAGE);
    list_next(p, 0);
}

static void list_agents_handle(struct rpc_call *call, void *assignment)
{
    service_read(((struct assignment *)assignment)->service, call, READ_PAGE, list_start);
}

/* -- WatchOffers ------------------------------------------------------------------------------- */

static int heartbeat_s(const Amends__V1__WatchOffersRequest *req)
{
    return req->heartbeat_seconds ? req->heartbeat_seconds : HEARTBEAT_USUAL_S;
}

static void watch_done(struct store_read *read)
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
    struct assignment *a = rpc_call_user(rc->call);
    const Amends__V1__WatchOffersRequest *request = (const void *)rc->request;
    const struct stream_start start = {.heartbeat_s = heartbeat_s(request),
                                       .resume_token = request->resume_token};
    hub_open(a->hub, rc->call, rc->tenant, id, &start);
}

static void watch_start(struct read_call *rc)
{
    const Amends__V1__WatchOffersRequest *request = (const void *)rc->request;
    const char **ids = ARENA_ARRAY(rc->arena, const char *, 1);
    ids[0] = rpc_call_principal(rc->call)->id;
    const struct resume_owner owner = {
        .service = rc->service, .tenant_id = rc->tenant->id, .agent_id = ids[0]};
    watch_offers_validate(request, &rc->fault);
    if (!fault_is_set(&rc->fault))
        resume_check_owner(&rc->fault, &owner, request->resume_token);
    rc->read.done = watch_done;
    if (read_call_valid(rc))
        store_read_agents(rc->service->store, &rc->read, ids, 1);
}

static void watch_offers_handle(struct rpc_call *call, void *assignment)
{
    rpc_call_set_user(call, assignment);
    service_read(((struct assignment *)assignment)->service, call, READ_NOTHING, watch_start);
}

/* -- the services ------------------------------------------------------------------------------ */

int rpc_register(struct assignment *a, struct rpc_server *server)
{
    static const struct rpc_method methods[] = {
        {.name = "PutAgent", .handle = write_handle, .about = &put_agent_kind, .slots = 16},
        {.name = "GetAgent", .handle = get_agent_handle, .slots = 16},
        {.name = "ListAgents", .handle = list_agents_handle, .slots = 8, .arena_bytes = READ_PAGE},
        {.name = "SetPresence", .handle = write_handle, .about = &set_presence_kind, .slots = 16},
        {.name = "RequestAssignment", .handle = rpc_request_assignment, .slots = 64},
        {.name = "WatchOffers",
         .kind = RPC_SERVER_STREAM,
         .handle = watch_offers_handle,
         .slots = 64},
        {.name = "AcceptOffer", .handle = write_handle, .about = &accept_offer_kind, .slots = 64},
        {.name = "DeclineOffer", .handle = write_handle, .about = &decline_offer_kind, .slots = 16},
        {.name = "AuditCases", .handle = rpc_audit_cases, .slots = 4, .arena_bytes = READ_PAGE},
        {.name = "EscalateCase", .handle = write_handle, .about = &escalate_case_kind, .slots = 16},
        {.name = "AcknowledgeEscalation",
         .handle = write_handle,
         .about = &acknowledge_escalation_kind,
         .slots = 16},
    };
    static const struct rpc_method internal[] = {
        {.name = "Route", .handle = rpc_route, .slots = 64},
    };
    int err = rpc_server_add(server, &amends__v1__assignment_service__descriptor, methods,
                             COUNT(methods), a);
    if (!err)
        err = work_register(a, server);
    if (err)
        return err;
    return rpc_server_add(server, &amends__v1__assignment_internal_service__descriptor, internal,
                          COUNT(internal), a);
}
