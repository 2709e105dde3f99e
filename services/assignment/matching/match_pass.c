/* SPDX-License-Identifier: Apache-2.0 */

#include "assignment/matching/match_pass.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/metrics.h"
#include "contract/words.h"

#define ARENA_BYTES (64u << 20)
#define AGENTS_OF_LEVEL 64
#define OFFERS_MAX 64 /* of one pass */

static METRIC_DEFINE(passes_total, METRIC_COUNTER, "amends_assignment_match_passes_total",
                     "Passes of matching.");
static METRIC_DEFINE(offered_total, METRIC_COUNTER, "amends_assignment_offers_made_total",
                     "Offers that matching made.");
static METRIC_DEFINE(refused_total, METRIC_COUNTER, "amends_assignment_offers_refused_total",
                     "Offers that the decision refused: the case or the agent had moved on.");

void match_pass_register(void)
{
    metric_register(&passes_total);
    metric_register(&offered_total);
    metric_register(&refused_total);
}

static void end_pass(struct match_pass *p)
{
    p->ended(p);
}

/* -- offers ------------------------------------------------------------------------------------ */

struct proposal {
    struct match_pass *pass;
    const struct pick_case *c;
    const char *agent_id;
    enum offer_outcome outcome;
};

static void offered(struct engine_command *command)
{
    const struct proposal *proposal = command->ctx;
    struct match_pass *p = proposal->pass;
    const enum offer_outcome outcome = offer_outcome_of(&command->sub.cmd);
    if (outcome == OFFER_WRITTEN) {
        p->n_offered++;
        metric_add(&offered_total, 0, 1);
    } else {
        p->n_unfit += outcome == OFFER_AGENT_UNFIT;
        metric_add(&refused_total, 0, 1);
        heads_refused(&p->heads, proposal->c, proposal->agent_id, outcome, &command->sub.cmd.fault);
    }
    if (--p->in_flight == 0)
        end_pass(p);
}

static void propose(struct match_pass *p, const struct pick *pick)
{
    struct proposal *proposal = ARENA_NEW(&p->arena, struct proposal);
    struct engine_command *command = engine_command_new(p->a, p->tenant, &offer_case_kind);
    *proposal = (struct proposal){.pass = p, .c = pick->c, .agent_id = pick->agent->agent_id};
    command->sub.cmd.case_id = pick->c->case_id;
    engine_command_agent(command, pick->agent->agent_id);
    command->args.offer = (struct offer_case_args){.generation = pick->c->generation,
                                                   .level = pick->c->level,
                                                   .signature = pick->c->signature,
                                                   .sole = pick->sole,
                                                   .outcome = &proposal->outcome};
    command->ended = offered;
    command->ctx = proposal;
    engine_command_submit(command);
}

static void propose_all(struct match_pass *p)
{
    struct pick *picks = ARENA_ARRAY(&p->arena, struct pick, OFFERS_MAX);
    struct pick_input in = {.policy = p->policy,
                            .agents = p->agents.items,
                            .n_agents = p->agents.n,
                            .cases = p->heads.cases,
                            .n_cases = p->heads.n,
                            .cooling = p->cooling,
                            .n_cooling = p->n_cooling};
    heads_complete(&p->heads, &in);
    const size_t n = pick_push(&in, &p->arena, picks, OFFERS_MAX);
    p->in_flight = n + 1; /* a reference for this loop: a refusal may come within the call */
    for (size_t i = 0; i < n; i++)
        propose(p, &picks[i]);
    if (--p->in_flight == 0)
        end_pass(p);
}

/* -- what waits -------------------------------------------------------------------------------- */

static void cooling_rows(struct pg_read *pg, size_t i, const struct pg_rows *rows)
{
    struct match_pass *p = ((struct engine_read *)pg->ctx)->ctx;
    (void)i;
    p->cooling = heads_cooling(rows, &p->arena);
    p->n_cooling = (size_t)pg_rows_count(rows);
}

static void cooling_ended(struct engine_read *r, const struct fault *fault)
{
    struct match_pass *p = r->ctx;
    if (fault || r->a->stopped)
        end_pass(p);
    else
        propose_all(p);
}

static void heads_known(struct heads *h)
{
    struct match_pass *p = h->ctx;
    if (h->failed || h->n == 0 || p->a->stopped) {
        end_pass(p);
        return;
    }
    struct engine_read *r = engine_read_new(p->a, p->tenant_id, cooling_rows, cooling_ended, p);
    heads_ask_cooling(r, p->tenant_id, p->policy, &p->agents);
    engine_read_start(r);
}

static void read_heads(struct match_pass *p)
{
    p->heads = (struct heads){.a = p->a,
                              .arena = &p->arena,
                              .tenant_id = p->tenant_id,
                              .n_levels = p->policy->n_levels,
                              .from_database = p->from_database,
                              .done = heads_known,
                              .ctx = p};
    heads_read(&p->heads);
}

/* -- agents ------------------------------------------------------------------------------------ */

static bool anybody_has_room(const struct match_pass *p)
{
    ROWS_EACH (a, const struct agent_row, &p->agents) {
        if (a->presence == PRESENCE_AVAILABLE && agent_has_room(a))
            return true;
    }
    return false;
}

/* There may be more agents than one pass reads. When none of those read has room, the next pass
 * reads the agents behind them. */
static void move_on(struct match_pass *p, size_t found, bool room)
{
    int64_t last_us = 0;
    ROWS_EACH (a, const struct agent_row, &p->agents) {
        last_us = a->idle_since > last_us ? a->idle_since : last_us;
    }
    p->idle_after_us = !room && found >= AGENTS_OF_LEVEL ? last_us : 0;
}

static void agent_rows(struct pg_read *pg, size_t i, const struct pg_rows *rows)
{
    struct match_pass *p = ((struct engine_read *)pg->ctx)->ctx;
    (void)i;
    heads_add_agents(&p->agents, p->tenant_id, rows, &p->arena);
}

static void agents_ended(struct engine_read *r, const struct fault *fault)
{
    struct match_pass *p = r->ctx;
    const bool room = anybody_has_room(p);
    move_on(p, p->agents.n, room);
    if (fault || !room || r->a->stopped)
        end_pass(p);
    else
        read_heads(p);
}

static void ask_ready(struct match_pass *p, struct engine_read *r)
{
    struct pg_args *args = engine_read_add(r, STMT_READY);
    struct pg_array levels;
    pg_arg_int8(args, p->tenant_id);
    pg_array_init(&levels, &r->arena, PG_INT2, (size_t)p->policy->n_levels);
    for (int level = 1; level <= p->policy->n_levels; level++)
        pg_array_int(&levels, level);
    pg_arg_array(args, &levels);
    pg_arg_time(args, p->idle_after_us);
    pg_arg_int4(args, AGENTS_OF_LEVEL);
}

static void ask_named(struct match_pass *p, struct engine_read *r)
{
    struct pg_args *args = engine_read_add(r, STMT_AGENTS);
    struct pg_array ids;
    pg_arg_int8(args, p->tenant_id);
    pg_array_init(&ids, &r->arena, PG_TEXT, p->n_named);
    for (size_t i = 0; i < p->n_named; i++)
        pg_array_text(&ids, p->named[i]);
    pg_arg_array(args, &ids);
}

static void on_tenant(void *ctx, const struct tenant *t)
{
    struct match_pass *p = ctx;
    p->tenant = t;
    if (t)
        p->policy = tenants_policy(p->a->service->tenants, t->id, t->policy_version);
    if (!t || !p->policy || p->a->stopped) {
        end_pass(p);
        return;
    }
    struct engine_read *r = engine_read_new(p->a, p->tenant_id, agent_rows, agents_ended, p);
    ask_ready(p, r);
    if (p->n_named)
        ask_named(p, r);
    engine_read_start(r);
}

/* -- life -------------------------------------------------------------------------------------- */

struct match_pass *match_pass_new(struct assignment *a, int64_t tenant_id,
                                  void (*ended)(struct match_pass *pass), void *ctx)
{
    struct match_pass *p = calloc(1, sizeof(*p));
    AM_ASSERT(p != NULL);
    p->a = a;
    p->tenant_id = tenant_id;
    p->ended = ended;
    p->ctx = ctx;
    arena_init(&p->arena, ARENA_BYTES);
    return p;
}

void match_pass_start(struct match_pass *p)
{
    metric_add(&passes_total, 0, 1);
    tenant_by_id(p->a, p->tenant_id, on_tenant, p);
}

void match_pass_free(struct match_pass *p)
{
    for (size_t i = 0; i < p->n_named; i++)
        free(p->named[i]);
    arena_free(&p->arena);
    free(p);
}
