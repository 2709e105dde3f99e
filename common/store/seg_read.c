/* SPDX-License-Identifier: Apache-2.0 */

/* Trip 1 of a segment: what its commands are decided on. */

#include <string.h>

#include "base/assert.h"
#include "case/command/keys.h"
#include "contract/reference.h"
#include "store/impl.h"

struct seg_part *seg_part_of(struct seg_state *st, const struct pg_seg_cmd *cmd)
{
    for (size_t i = 0; i < st->n_parts; i++)
        if (&st->parts[i].sub->seg == cmd)
            return &st->parts[i];
    AM_ASSERT(!"a command of this segment");
    return NULL;
}

/* -- what is to be read ----------------------------------------------------------------------- */

/* A case is locked by its one command, so none is added twice. */
static void add_case(struct seg_state *st, struct seg_part *p, const struct uuid *case_id)
{
    for (size_t i = 0; i < st->n_cases; i++)
        AM_ASSERT(!uuid_eq(&st->cases[i].row.case_id, case_id) ||
                  st->cases[i].row.tenant_id != p->cmd->tenant_id);
    p->c = &st->cases[st->n_cases++];
    case_state_init(p->c, p->cmd->tenant_id, case_id);
}

/* An agent may be the principal of many commands. */
static void add_agent(struct seg_state *st, int64_t tenant_id, const char *agent_id)
{
    for (size_t i = 0; i < st->n_agents; i++)
        if (st->agents[i].tenant_id == tenant_id && strcmp(st->agents[i].agent_id, agent_id) == 0)
            return;
    st->agents[st->n_agents++] = (struct seg_agent){.tenant_id = tenant_id, .agent_id = agent_id};
}

static void add_part(struct seg_state *st, struct submission *sub)
{
    struct seg_part *p = &st->parts[st->n_parts++];
    struct command *cmd = &sub->cmd;
    const struct command_kind *kind = cmd->kind;
    p->sub = sub;
    p->cmd = cmd;
    if (command_gives_reference(cmd))
        st->references[st->n_references++] = p;
    if (kind->needs_customer) {
        st->openings[st->n_openings++] = p;
        if (!uuid_is_zero(&cmd->open_case_id)) {
            add_case(st, p, &cmd->open_case_id);
            add_agent(st, cmd->tenant_id, cmd->principal);
        }
        if (cmd->agent_id)
            add_agent(st, cmd->tenant_id, cmd->agent_id);
        return;
    }
    /* Its dedup row comes with the look-up of the claim. */
    if (cmd->claim.customer_id)
        st->openings[st->n_openings++] = p;
    else if (kind->method != METHOD_NONE)
        st->dedups[st->n_dedups++] = p;
    if (kind->needs_case)
        add_case(st, p, &cmd->case_id);
    if (cmd->agent_id)
        add_agent(st, cmd->tenant_id, cmd->agent_id);
    if (strcmp(cmd->principal, SYSTEM_ACTOR) != 0)
        add_agent(st, cmd->tenant_id, cmd->principal);
}

static struct seg_state *state_new(struct store *s, struct pg_seg *seg)
{
    struct seg_state *st = ARENA_NEW(seg->arena, struct seg_state);
    st->store = s;
    st->parts = ARENA_ARRAY(seg->arena, struct seg_part, seg->n);
    st->cases = ARENA_ARRAY(seg->arena, struct case_state, seg->n);
    st->weights = ARENA_ARRAY(seg->arena, size_t, seg->n);
    st->agents = ARENA_ARRAY(seg->arena, struct seg_agent, 2 * seg->n);
    st->dedups = ARENA_ARRAY(seg->arena, struct seg_part *, seg->n);
    st->openings = ARENA_ARRAY(seg->arena, struct seg_part *, seg->n);
    st->references = ARENA_ARRAY(seg->arena, struct seg_part *, seg->n);
    return st;
}

/* -- statements ------------------------------------------------------------------------------- */

static void send(struct pg_seg *seg, unsigned stmt, const struct pg_args *args)
{
    struct seg_state *st = seg->user;
    AM_ASSERT(st->n_sent < STMTS);
    st->sent[st->n_sent++] = stmt;
    pg_seg_send(seg, stmt, args);
}

static void arg_tenants(struct pg_args *args, struct seg_part *const *parts, size_t n)
{
    struct pg_array a;
    pg_array_init(&a, args->arena, PG_INT8, n);
    for (size_t i = 0; i < n; i++)
        pg_array_int(&a, parts[i]->cmd->tenant_id);
    pg_arg_array(args, &a);
}

/* The key of the dedup table: tenant, principal, method, request id. */
static void arg_dedup_keys(struct pg_args *args, struct seg_part *const *parts, size_t n)
{
    struct pg_array principal, method, request;
    pg_array_init(&principal, args->arena, PG_TEXT, n);
    pg_array_init(&method, args->arena, PG_INT2, n);
    pg_array_init(&request, args->arena, PG_UUID, n);
    for (size_t i = 0; i < n; i++) {
        pg_array_text(&principal, command_via(parts[i]->cmd));
        pg_array_int(&method, parts[i]->cmd->kind->method);
        pg_array_uuid(&request, &parts[i]->cmd->request_id);
    }
    arg_tenants(args, parts, n);
    pg_arg_array(args, &principal);
    pg_arg_array(args, &method);
    pg_arg_array(args, &request);
}

/* What makes a repeat claim join: customer, failure code, order reference. */
static void arg_natural_keys(struct pg_args *args, struct seg_part *const *parts, size_t n)
{
    struct pg_array customer, code, order;
    pg_array_init(&customer, args->arena, PG_TEXT, n);
    pg_array_init(&code, args->arena, PG_TEXT, n);
    pg_array_init(&order, args->arena, PG_TEXT, n);
    for (size_t i = 0; i < n; i++) {
        const struct command_claim claim = command_claim_of(parts[i]->cmd);
        pg_array_text(&customer, claim.customer_id);
        pg_array_text(&code, claim.failure_code);
        pg_array_text(&order, claim.order_reference);
    }
    pg_arg_array(args, &customer);
    pg_arg_array(args, &code);
    pg_arg_array(args, &order);
}

static void send_dedups(struct pg_seg *seg, struct seg_state *st)
{
    struct pg_args args;
    pg_args_init(&args, seg->arena);
    arg_dedup_keys(&args, st->dedups, st->n_dedups);
    send(seg, STMT_READ + TABLE_DEDUP, &args);
}

static void send_openings(struct pg_seg *seg, struct seg_state *st)
{
    struct pg_args args;
    pg_args_init(&args, seg->arena);
    arg_dedup_keys(&args, st->openings, st->n_openings);
    arg_natural_keys(&args, st->openings, st->n_openings);
    send(seg, STMT_OPENING, &args);
}

static void send_references(struct pg_seg *seg, struct seg_state *st)
{
    struct pg_args args;
    struct pg_array text;
    pg_args_init(&args, seg->arena);
    arg_tenants(&args, st->references, st->n_references);
    pg_array_init(&text, seg->arena, PG_TEXT, st->n_references);
    for (size_t i = 0; i < st->n_references; i++) {
        const struct command *cmd = st->references[i]->cmd;
        char reference[REFERENCE_CHARS + 1];
        reference_make(&cmd->case_id, cmd->references_taken, reference);
        pg_array_text(&text, reference);
    }
    pg_arg_array(&args, &text);
    send(seg, STMT_REFERENCES, &args);
}

static void send_cases(struct pg_seg *seg, struct seg_state *st)
{
    struct pg_args args;
    const void **keys = ARENA_ARRAY(seg->arena, const void *, st->n_cases);
    for (size_t i = 0; i < st->n_cases; i++)
        keys[i] = &st->cases[i].row;
    pg_args_init(&args, seg->arena);
    table_encode(&tables[TABLE_CASE], &args, keys, st->n_cases, 2);
    send(seg, STMT_READ + TABLE_CASE, &args);
    for (unsigned t = TABLE_FIRST_CHILD; t <= TABLE_LAST_CHILD; t++)
        send(seg, STMT_READ_FEW + t, &args);
}

static void send_agents(struct pg_seg *seg, struct seg_state *st)
{
    struct pg_args args;
    struct pg_array tenant, agent;
    pg_array_init(&tenant, seg->arena, PG_INT8, st->n_agents);
    pg_array_init(&agent, seg->arena, PG_TEXT, st->n_agents);
    for (size_t i = 0; i < st->n_agents; i++) {
        pg_array_int(&tenant, st->agents[i].tenant_id);
        pg_array_text(&agent, st->agents[i].agent_id);
    }
    pg_args_init(&args, seg->arena);
    pg_arg_array(&args, &tenant);
    pg_arg_array(&args, &agent);
    send(seg, STMT_READ + TABLE_AGENT, &args);
}

void store_seg_read(void *ctx, struct pg_seg *seg)
{
    struct seg_state *st = state_new(ctx, seg);
    seg->user = st;
    for (size_t i = 0; i < seg->n; i++)
        add_part(st, CONTAINER_OF(seg->cmds[i], struct submission, seg));
    if (st->n_dedups)
        send_dedups(seg, st);
    if (st->n_openings)
        send_openings(seg, st);
    if (st->n_references)
        send_references(seg, st);
    if (st->n_cases)
        send_cases(seg, st);
    if (st->n_agents)
        send_agents(seg, st);
}
