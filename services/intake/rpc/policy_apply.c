/* SPDX-License-Identifier: Apache-2.0 */

/*
 * ApplyPolicy: reads the current version, compiles the new one on another thread and compares both
 * there. Then it checks that no steward is an agent, and writes the new version on condition that
 * the current one is still the same.
 */

#include <string.h>

#include "amends/v1/policy_service.pb-c.h"
#include "contract/check.h"
#include "contract/reasons.h"
#include "intake/rpc/policy.h"
#include "intake/rpc/policy_message.h"
#include "policy/compile/bundle.h"
#include "policy/describe/diff.h"

#define ARENA_BYTES (32u << 20)
#define COMPILING_MAX 8
#define RETRY_MS 500

struct apply {
    struct read_call *rc;
    const Amends__V1__ApplyPolicyRequest *request;
    struct tenants_wait base_wait;
    const struct policy *base; /* what it is compared with; NULL = it cannot be had */
    struct policy_row made;    /* .version 0 = nothing was written yet */
    bool unchanged;            /* the current version has the same source */
    /* These belong to the other thread while it compiles. */
    struct arena arena;
    struct bundle_problems problems;
    struct policy *policy; /* NULL: it has errors */
    const char **changes;
    size_t n_changes;
};

static void read_current(struct apply *a);

/* -- the end ----------------------------------------------------------------------------------- */

/* Drops what was compiled. */
static void forget_compiled(struct apply *a)
{
    policy_free(a->policy);
    a->policy = NULL;
    arena_free(&a->arena);
    arena_init(&a->arena, ARENA_BYTES);
}

static void refuse_apply(struct apply *a, const struct fault *fault)
{
    forget_compiled(a);
    rpc_fail(a->rc->call, fault);
}

static void refuse_problems(struct apply *a)
{
    fault_set(&a->rc->fault, FAULT_INVALID_ARGUMENT, ERROR_REASON_POLICY_INVALID,
              "the policy has %zu errors", a->problems.n_errors);
    bundle_problems_fault(&a->problems, &a->rc->fault);
    refuse_apply(a, &a->rc->fault);
}

static void refuse_version(struct apply *a, int32_t current)
{
    struct fault *f = &a->rc->fault;
    const int32_t expected = a->request->expected_version;
    fault_set(f, FAULT_ABORTED, ERROR_REASON_VERSION_MISMATCH, "the current version is %d, not %d",
              (int)current, (int)expected);
    fault_meta(f, "current_version", "%d", (int)current);
    fault_meta(f, "expected_version", "%d", (int)expected);
    refuse_apply(a, f);
}

static void answer_apply(struct apply *a)
{
    struct arena *arena = a->rc->arena;
    Amends__V1__ApplyPolicyResponse r = AMENDS__V1__APPLY_POLICY_RESPONSE__INIT;
    policy_problems_message(&a->problems, &r, arena);
    r.n_changes = a->n_changes;
    r.changes = (char **)(uintptr_t)a->changes;
    r.unchanged = a->unchanged;
    if (a->made.version)
        r.version = policy_message(&a->made, arena);
    struct arena compiled = a->arena; /* `a` lies in the call's arena, which goes with the answer */
    policy_free(a->policy);
    rpc_reply(a->rc->call, &r.base);
    arena_free(&compiled);
}

/* -- writing ----------------------------------------------------------------------------------- */

static void version_written(struct store_read *read)
{
    struct read_call *rc = read->ctx;
    struct apply *a = rc->user;
    if (fault_is_set(&read->fault)) {
        refuse_apply(a, &read->fault);
    } else if (read->policies.n == 0) {
        forget_compiled(a);
        read_current(a); /* another call was faster, or the answer to our first attempt was lost */
    } else {
        a->made = *ROW_AT(&read->policies, const struct policy_row, 0);
        a->policy->version = a->made.version;
        tenants_add(rc->service->tenants, rc->tenant->id, a->policy);
        a->policy = NULL;
        answer_apply(a);
    }
}

static void write_version(struct apply *a)
{
    struct read_call *rc = a->rc;
    rc->read.done = version_written;
    store_apply_policy(rc->service->store, &rc->read, a->request->expected_version,
                       a->request->source, rpc_call_principal(rc->call)->id,
                       time_now_us(loop_time(rc->service->loop)));
}

/* -- stewards ---------------------------------------------------------------------------------- */

static void steward_problem(struct apply *a, const char *agent_id)
{
    for (int level = 1; level <= a->policy->n_levels; level++) {
        if (strcmp(a->policy->levels[level].steward, agent_id) != 0)
            continue;
        struct bundle_problem where = {0};
        where.path = arena_printf(&a->arena, "ladder[%d].steward.id", level - 1);
        bundle_problem_add(&a->problems, &where, "'%s' is an agent, and a steward is none",
                           agent_id);
    }
}

static void stewards_read(struct store_read *read)
{
    struct read_call *rc = read->ctx;
    struct apply *a = rc->user;
    if (fault_is_set(&read->fault)) {
        refuse_apply(a, &read->fault);
        return;
    }
    ROWS_EACH (agent, const struct agent_row, &read->agents)
        steward_problem(a, agent->agent_id);
    if (a->request->dry_run || a->made.version)
        answer_apply(a);
    else if (a->problems.n_errors)
        refuse_problems(a);
    else
        write_version(a);
}

static void read_stewards(struct apply *a)
{
    struct read_call *rc = a->rc;
    const struct policy *p = a->policy;
    const char **ids = ARENA_ARRAY(rc->arena, const char *, POLICY_LEVELS_MAX);
    for (int level = 1; level <= p->n_levels; level++)
        ids[level - 1] = p->levels[level].steward;
    rc->read.done = stewards_read;
    store_read_agents(rc->service->store, &rc->read, ids, (size_t)p->n_levels);
}

/* -- compiling --------------------------------------------------------------------------------- */

/* Runs on another thread. It only reads the base, which is held meanwhile. What an earlier call
 * stored is answered as before, even if it would be refused today. */
static void compile(void *ctx)
{
    struct apply *a = ctx;
    a->policy = (a->made.version ? bundle_compile_stored : bundle_compile)(
        a->request->expected_version + 1, a->request->source, &a->problems);
    if (a->policy)
        bundle_diff(a->base, a->policy, &a->arena, &a->changes, &a->n_changes);
}

static void compiled(void *ctx)
{
    struct apply *a = ctx;
    struct service *s = a->rc->service;
    s->compiling--;
    if (a->base)
        tenants_release(s->tenants, a->rc->tenant->id, a->base->version);
    if (a->policy)
        read_stewards(a);
    else if (a->request->dry_run)
        answer_apply(a);
    else
        refuse_problems(a);
}

static void base_known(struct tenants_wait *wait, const struct policy *policy,
                       const struct fault *fault)
{
    struct apply *a = CONTAINER_OF(wait, struct apply, base_wait);
    struct service *s = a->rc->service;
    bundle_problems_init(&a->problems, &a->arena);
    a->base = policy;
    const bool zone = fault && fault->reason == ERROR_REASON_TIME_ZONE_MISSING;
    if (fault && fault->code == FAULT_UNAVAILABLE && !zone) {
        refuse_apply(a, fault);
    } else if (s->compiling >= COMPILING_MAX) {
        fault_set(&a->rc->fault, FAULT_RESOURCE_EXHAUSTED, ERROR_REASON_OVERLOADED,
                  "%u policies are being compiled", s->compiling);
        a->rc->fault.retry_ms = RETRY_MS;
        refuse_apply(a, &a->rc->fault);
    } else { /* without a base, which cannot be compiled any more, all is new */
        s->compiling++;
        if (policy)
            tenants_hold(s->tenants, a->rc->tenant->id, policy->version);
        loop_work(s->loop, compile, compiled, a);
    }
}

/* -- what there is ----------------------------------------------------------------------------- */

/* True when an earlier call with the same content made the current version. */
static bool is_repeated(const struct apply *a, const struct policy_row *current)
{
    return !a->request->dry_run && current->previous == a->request->expected_version &&
           strcmp(current->source, a->request->source) == 0 &&
           strcmp(current->created_by, rpc_call_principal(a->rc->call)->id) == 0;
}

static void current_read(struct store_read *read)
{
    struct read_call *rc = read_call_done(read);
    if (!rc || !policy_client_only(rc, read))
        return;
    struct apply *a = rc->user;
    const int32_t expected = a->request->expected_version;
    if (read->policies.n == 0) { /* no policy at all: `amends check` finds such tenants */
        policy_not_found(rc, 0);
        return;
    }
    const struct policy_row *current = ROW_AT(&read->policies, const struct policy_row, 0);
    int32_t base = current->version;
    const bool repeated = is_repeated(a, current);
    a->unchanged = !repeated && strcmp(bundle_of_stored(current->source), a->request->source) == 0;
    if (repeated) {
        base = expected;
        a->made = *current;
        a->made.source = "";
    } else if (expected && expected != current->version) {
        refuse_version(a, current->version);
        return;
    } else if (a->unchanged && !a->request->dry_run) {
        a->made = *current;
        a->made.source = "";
    }
    tenants_load(rc->service->tenants, rc->tenant->id, base, &a->base_wait);
}

static void read_current(struct apply *a)
{
    struct read_call *rc = a->rc;
    const char **ids = ARENA_ARRAY(rc->arena, const char *, 1);
    ids[0] = rpc_call_principal(rc->call)->id;
    a->base_wait.done = base_known;
    rc->read.done = current_read;
    store_read_policy(rc->service->store, &rc->read, 0, ids, 1);
}

static void start(struct read_call *rc)
{
    const Amends__V1__ApplyPolicyRequest *req = (const Amends__V1__ApplyPolicyRequest *)rc->request;
    struct apply *a = ARENA_NEW(rc->arena, struct apply);
    a->rc = rc;
    a->request = req;
    arena_init(&a->arena, ARENA_BYTES);
    check_text(&rc->fault, "source", req->source, BUNDLE_BYTES_MAX, true);
    check_range(&rc->fault, "expected_version", req->expected_version, req->dry_run ? 0 : 1,
                INT32_MAX - 1);
    rc->user = a;
    if (read_call_valid(rc) && !service_refuses_system(rc->call))
        read_current(a);
}

void policy_apply(struct rpc_call *call, void *service)
{
    service_read(service, call, READ_NOTHING, start);
}
