/* SPDX-License-Identifier: Apache-2.0 */

/*
 * RequestAssignment: "give me my next case". It looks whether the call is a repeat, who the agent
 * is, and which cases wait. Then it tries up to 16 candidates, the best fit first. Each is decided
 * under its own key; when another call was faster, the next candidate is tried.
 */

#include "amends/v1/assignment_service.pb-c.h"
#include "assignment/matching/heads.h"
#include "base/assert.h"
#include "contract/check.h"
#include "case/command/request.h"
#include "case/model/decision.h"
#include "contract/reasons.h"
#include "shared/show.h"

#define CANDIDATES_MAX 16
/* A long backlog with many signatures needs more than the arena of a call. This is a bound; memory
 * is taken as it is needed. */
#define HEADS_ARENA_BYTES (64u << 20)

struct pull {
    struct assignment *a;
    struct read_call *rc;
    const Amends__V1__RequestAssignmentRequest *request;
    const struct policy *policy;
    struct uuid request_id;
    struct uuid asked_case_id; /* of an earlier call with this request id; zero = none */
    struct rows agents;        /* the caller's row */
    const struct pick_cooling *cooling;
    size_t n_cooling;
    struct arena heads_arena; /* of heads and picks; begun by read_heads() */
    bool has_heads;
    struct heads heads;
    struct pick picks[CANDIDATES_MAX];
    size_t n_picks, next;
    struct claim claim; /* on the candidate that is tried */
    struct offer_case_args args;
    enum offer_outcome outcome;
    struct submission sub;
    struct write_answer answer; /* of the candidate that was assigned, or of a replay */
};

/* `p` itself lies in the call's arena, which goes with the answer. */
static void end_heads(struct pull *p)
{
    if (p->has_heads)
        arena_free(&p->heads_arena);
    p->has_heads = false;
}

static void refuse_pull(struct pull *p, const struct fault *fault)
{
    end_heads(p);
    rpc_fail(p->rc->call, fault);
}

/* -- the answer -------------------------------------------------------------------------------- */

static void reply_pull(struct pull *p, ProtobufCMessage *response)
{
    struct read_call *rc = p->rc;
    if (!show_personal(rc->service, rc->call, rc->tenant->id, response, NULL, false,
                       &p->answer.arena, &rc->fault)) {
        refuse_pull(p, &rc->fault);
        return;
    }
    if (p->sub.cmd.replayed)
        rpc_call_set_replayed(p->rc->call);
    end_heads(p);
    rpc_reply(p->rc->call, response);
}

static void reply_nothing(struct pull *p)
{
    Amends__V1__RequestAssignmentResponse nothing = AMENDS__V1__REQUEST_ASSIGNMENT_RESPONSE__INIT;
    reply_pull(p, &nothing.base);
}

/* Builds the response while the command is decided, so that a case is not assigned when its
 * response is too large. */
static void make_response(struct command *cmd, const struct decision *d)
{
    struct pull *p = CONTAINER_OF(cmd, struct pull, sub.cmd);
    const struct write_rows rows = {.c = d->c};
    if (!cmd->replayed) /* then the case that it assigned may be another one */
        write_answer_make(&p->answer, &rows, &cmd->fault);
}

/* A repeated call shows the case that was assigned then, as it is now. */
static void replay_made(struct write_answer *answer, const struct fault *fault)
{
    struct pull *p = CONTAINER_OF(answer, struct pull, answer);
    if (fault)
        refuse_pull(p, fault);
    else
        reply_pull(p, p->answer.response);
}

/* -- one candidate after another --------------------------------------------------------------- */

static void try_next(struct pull *p);

/* Looks once more, in PostgreSQL, before the answer is "nothing": Redis may lack cases or be out of
 * date. */
static void look_again(struct pull *p)
{
    p->n_picks = p->next = 0;
    p->heads.from_database = true;
    heads_read(&p->heads);
}

static void lost_race(struct pull *p, enum offer_outcome outcome)
{
    if (p->next > 0)
        heads_refused(&p->heads, p->picks[p->next - 1].c, p->sub.cmd.agent_id, outcome,
                      &p->sub.cmd.fault);
    try_next(p);
}

/* When the reason was this case, or this agent for this case, another candidate is tried. When the
 * agent has no room, or nothing could be decided, no other candidate would succeed. */
static void not_assigned(struct pull *p)
{
    const enum offer_outcome outcome = offer_outcome_of(&p->sub.cmd);
    switch (outcome) {
    case OFFER_CASE_MOVED:
    case OFFER_CASE_FULL:
    case OFFER_AGENT_UNFIT:
    case OFFER_AGENT_AWAY:
        lost_race(p, outcome);
        break;
    default:
        if (heads_stuck_case(&p->sub.cmd.fault))
            lost_race(p, outcome);
        else
            refuse_pull(p, &p->sub.cmd.fault);
    }
}

static void finished(struct submission *sub)
{
    struct pull *p = sub->ctx;
    const struct command *cmd = &sub->cmd;
    claims_drop(&p->a->claims, &p->claim);
    if (cmd->replayed && !fault_is_set(&cmd->fault))
        write_answer_replay(&p->answer, replay_made);
    else if (!fault_is_set(&cmd->fault))
        reply_pull(p, p->answer.response);
    else
        not_assigned(p);
}

static void submit_candidate(struct pull *p, const struct uuid *case_id)
{
    struct read_call *rc = p->rc;
    struct command *cmd = &p->sub.cmd;
    p->sub = (struct submission){
        .cmd = {.kind = &request_assignment_kind,
                .arena = rc->arena,
                .tenant_id = rc->tenant->id,
                .tenant = rc->tenant->name,
                .principal = rpc_call_principal(rc->call)->id,
                .via = rpc_call_principal(rc->call)->via,
                .args = &p->args,
                .seed = uuid_new(engine_now_us(p->a)),
                .answer = make_response},
        .seg = {.cls = PG_SEG_CALL, .deadline_us = rpc_call_deadline_us(rc->call)},
        .finished = finished,
        .ctx = p};
    cmd->agent_id = cmd->principal;
    command_from_request(cmd, rc->request, &rc->fault);
    cmd->case_id = *case_id;
    p->outcome = OFFER_UNDECIDED;
    p->args.outcome = &p->outcome;
    store_submit(p->a->service->store, &p->sub);
}

/* The next candidate that nobody else is trying; NULL = none left. */
static const struct pick_case *claim_next(struct pull *p)
{
    while (p->next < p->n_picks) {
        const struct pick_case *c = p->picks[p->next++].c;
        if (claims_take(&p->a->claims, &p->claim, &c->case_id))
            return c;
    }
    return NULL;
}

static void try_next(struct pull *p)
{
    const struct pick_case *c = claim_next(p);
    if (!c && p->n_picks > 0 && !p->heads.from_database) {
        look_again(p); /* other calls took all of these, but more may wait */
        return;
    }
    if (!c) {
        reply_nothing(p);
        return;
    }
    p->args = (struct offer_case_args){.generation = c->generation,
                                       .level = c->level,
                                       .signature = c->signature,
                                       .accepted = !p->request->offer_only,
                                       .pulled = true};
    submit_candidate(p, &c->case_id);
}

/* -- what waits -------------------------------------------------------------------------------- */

/* Leaves out the cases that other calls are trying at the moment. */
static void leave_out_claimed(struct heads *h)
{
    size_t n = 0;
    for (size_t i = 0; i < h->n; i++) {
        if (!claims_has(&h->a->claims, &h->cases[i].case_id))
            h->cases[n++] = h->cases[i];
    }
    h->n = n;
}

static void heads_known(struct heads *h)
{
    struct pull *p = h->ctx;
    leave_out_claimed(h);
    struct pick_input in = {.policy = p->policy,
                            .agents = p->agents.items,
                            .n_agents = p->agents.n,
                            .cases = h->cases,
                            .n_cases = h->n,
                            .cooling = p->cooling,
                            .n_cooling = p->n_cooling};
    heads_complete(h, &in);
    p->n_picks = pick_pull(&in, h->arena, p->picks, CANDIDATES_MAX);
    if (p->n_picks == 0 && !h->from_database) {
        look_again(p);
        return;
    }
    if (p->n_picks == 0 && h->failed) {
        fault_set(&p->rc->fault, FAULT_UNAVAILABLE, ERROR_REASON_DATABASE_AWAY,
                  "the database cannot be reached; try again");
        refuse_pull(p, &p->rc->fault);
        return;
    }
    try_next(p);
}

static void read_heads(struct pull *p)
{
    arena_init(&p->heads_arena, HEADS_ARENA_BYTES);
    p->has_heads = true;
    p->heads = (struct heads){.a = p->a,
                              .arena = &p->heads_arena,
                              .tenant_id = p->rc->tenant->id,
                              .n_levels = p->policy->n_levels,
                              .more = p->a->claims.n,
                              .done = heads_known,
                              .ctx = p};
    heads_read(&p->heads);
}

static bool may_ask(struct pull *p)
{
    struct fault *f = &p->rc->fault;
    const char *id = rpc_call_principal(p->rc->call)->id;
    if (p->agents.n == 0) {
        fault_set(f, FAULT_PERMISSION_DENIED, ERROR_REASON_NOT_AN_AGENT,
                  "'%s' is not an agent, and only an agent may do this", id);
        fault_meta(f, "principal", "%s", id);
        return false;
    }
    const struct agent_row *agent = ROW_AT(&p->agents, struct agent_row, 0);
    if (agent_has_room(agent))
        return true;
    fault_set(f, FAULT_FAILED_PRECONDITION, ERROR_REASON_NO_CAPACITY,
              "the agent has no free capacity");
    fault_meta(f, "capacity", "%d", agent->capacity);
    fault_meta(f, "load", "%d", agent->counted_cases + agent->pending_weight);
    return false;
}

/* -- who asks ---------------------------------------------------------------------------------- */

enum { ROWS_AGENT, ROWS_COOLING, ROWS_ASKED };

static void caller_rows(struct pg_read *pg, size_t i, const struct pg_rows *rows)
{
    struct pull *p = ((struct engine_read *)pg->ctx)->ctx;
    if (i == ROWS_AGENT) {
        heads_add_agents(&p->agents, p->rc->tenant->id, rows, p->rc->arena);
    } else if (i == ROWS_COOLING) {
        p->cooling = heads_cooling(rows, p->rc->arena);
        p->n_cooling = (size_t)pg_rows_count(rows);
    } else if (pg_rows_count(rows) > 0) {
        p->asked_case_id = pg_uuid(rows, 0, 0);
    }
}

/* A repeated call gets its first answer even when the agent has no room any more: the case that it
 * got may be what fills it. */
static void caller_ended(struct engine_read *r, const struct fault *fault)
{
    struct pull *p = r->ctx;
    if (fault)
        refuse_pull(p, fault);
    else if (!uuid_is_zero(&p->asked_case_id))
        submit_candidate(p, &p->asked_case_id);
    else if (may_ask(p))
        read_heads(p);
    else
        refuse_pull(p, &p->rc->fault);
}

static void ask_agent(struct engine_read *r, const struct pull *p, const char *id)
{
    struct pg_args *args = engine_read_add(r, STMT_AGENTS);
    struct pg_array ids;
    pg_arg_int8(args, p->rc->tenant->id);
    pg_array_init(&ids, &r->arena, PG_TEXT, 1);
    pg_array_text(&ids, id);
    pg_arg_array(args, &ids);
}

static void ask_asked(struct engine_read *r, const struct pull *p, const char *id)
{
    struct pg_args *args = engine_read_add(r, STMT_ASKED);
    pg_arg_int8(args, p->rc->tenant->id);
    pg_arg_text(args, id);
    pg_arg_int4(args, METHOD_REQUEST_ASSIGNMENT);
    pg_arg_uuid(args, &p->request_id);
}

static void read_caller(struct pull *p)
{
    const char *id = rpc_call_principal(p->rc->call)->id;
    struct engine_read *r = engine_read_new(p->a, p->rc->tenant->id, caller_rows, caller_ended, p);
    struct agent_row self = {.agent_id = id};
    const struct rows agents = {.items = &self, .n = 1, .cap = 1};
    ask_agent(r, p, id);
    heads_ask_cooling(r, p->rc->tenant->id, p->policy, &agents);
    ask_asked(r, p, rpc_call_principal(p->rc->call)->via);
    engine_read_start(r);
}

static void start(struct read_call *rc)
{
    struct pull *p = ARENA_NEW(rc->arena, struct pull);
    p->a = rpc_call_user(rc->call);
    p->rc = rc;
    p->request = (const Amends__V1__RequestAssignmentRequest *)rc->request;
    write_answer_begin(&p->answer, rc->service, rc->call, &p->sub.cmd,
                       &amends__v1__request_assignment_response__descriptor);
    (void)check_uuid(&rc->fault, "request_id", p->request->request_id, &p->request_id);
    if (!read_call_valid(rc))
        return;
    p->policy = tenants_policy(p->a->service->tenants, rc->tenant->id, rc->tenant->policy_version);
    if (p->policy) {
        read_caller(p);
        return;
    }
    fault_set(&rc->fault, FAULT_UNAVAILABLE, ERROR_REASON_DATABASE_AWAY,
              "the tenant's policy is being loaded");
    refuse_pull(p, &rc->fault);
}

void rpc_request_assignment(struct rpc_call *call, void *service)
{
    rpc_call_set_user(call, service);
    service_read(((struct assignment *)service)->service, call, READ_NOTHING, start);
}
