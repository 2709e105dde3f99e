/* SPDX-License-Identifier: Apache-2.0 */

/* Reads one page of open cases and judges each. */

#include "assignment/audit/audit.h"

#include <string.h>

#include "base/assert.h"
#include "contract/timestamp.h"
#include "contract/words.h"

#define ARENA_BYTES (64u << 20) /* a bound; memory is taken as it is needed */
#define SLICE 100               /* cases that are read at once: a few milliseconds */
#define LATE_MOST 10000         /* the most late clocks that are read */

/* -- judging ----------------------------------------------------------------------------------- */

static bool names_steward(const struct policy *p, const char *id)
{
    for (int level = 1; level <= p->n_levels; level++) {
        if (strcmp(p->levels[level].steward, id) == 0)
            return true;
    }
    return false;
}

const char *audit_ownerless(const struct audit_row *row, const struct policy *policy)
{
    const bool agent = row->owner_kind == OWNER_KIND_AGENT;
    if (!agent && row->owner_kind != OWNER_KIND_STEWARD)
        return "the owner is neither a steward nor an agent";
    if (!*row->owner_id)
        return "the owner has no id";
    if (agent)
        return row->agent_found ? NULL : "the owner is an agent who does not exist";
    if (!policy)
        return "the policy version of the case does not exist, or does not compile";
    return names_steward(policy, row->owner_id)
               ? NULL
               : "the owner is a steward whom the policy version does not name";
}

static void add_finding(struct audit_page *p, Amends__V1__AuditFindingKind kind,
                        const struct audit_row *row, const char *detail)
{
    p->findings++;
    p->finding(p, kind, row, detail);
}

static bool same_case(const struct audit_row *x, const struct audit_row *y)
{
    return x->tenant_id == y->tenant_id && uuid_eq(&x->case_id, &y->case_id);
}

/* True when the page has named the version already; else it has now. */
static bool is_named(struct audit_page *p, const struct audit_row *row)
{
    for (size_t i = 0; i < p->n_versions; i++)
        if (p->versions[i].tenant_id == row->tenant_id &&
            p->versions[i].version == row->policy_version)
            return true;
    if (p->n_versions < AUDIT_VERSIONS_MAX)
        p->versions[p->n_versions++] = (struct audit_version){row->tenant_id, row->policy_version};
    return false;
}

static void judge_policy(struct audit_page *p, const struct audit_row *row,
                         const struct policy *policy)
{
    if (!policy || policy->n_refusals == 0)
        return;
    p->refused++;
    if (is_named(p, row))
        return;
    const char *text =
        arena_printf(&p->arena, "ApplyPolicy would refuse policy version %d today: %s %s",
                     (int)policy->version, policy->refusal_path, policy->refusal);
    add_finding(p, AMENDS__V1__AUDIT_FINDING_KIND__AUDIT_FINDING_KIND_REFUSED_POLICY, row,
                text ? text : "ApplyPolicy would refuse the policy version today");
}

/* What is known here of why the clock has not fired; another replica may know more. */
static void add_overdue(struct audit_page *p, const struct audit_row *row)
{
    const char *why = p->a ? timers_failure(p->a->timers, &row->clock_id) : NULL;
    const char *detail =
        why ? arena_printf(&p->arena, "the clock was due and could not be fired: %s", why)
            : "the clock was due and has not fired";
    AM_ASSERT(detail != NULL);
    add_finding(p, AMENDS__V1__AUDIT_FINDING_KIND__AUDIT_FINDING_KIND_OVERDUE_CLOCK, row, detail);
}

static const char *standing_text(struct audit_page *p, const struct audit_row *row)
{
    const char *text = arena_printf(
        &p->arena, "the first clock of the case that will fire does so at %s, in more than %d days",
        timestamp_text(row->next_us, &p->arena), POLICY_UNWATCHED_MAX_DAYS);
    return text ? text : "no clock of the case will fire for a long time";
}

/* The rows of one case, beginning with p->next. */
static void judge_case(struct audit_page *p, const struct policy *policy)
{
    const struct audit_row *first = &p->rows[p->next];
    const char *ownerless = audit_ownerless(first, policy);
    for (; p->next < p->n && same_case(first, &p->rows[p->next]); p->next++) {
        if (p->rows[p->next].late)
            add_overdue(p, &p->rows[p->next]);
    }
    if (!first->watched)
        add_finding(p, AMENDS__V1__AUDIT_FINDING_KIND__AUDIT_FINDING_KIND_UNWATCHED_CASE, first,
                    "no clock of the case will ever fire");
    if (first->next_us > p->far_us)
        add_finding(p, AMENDS__V1__AUDIT_FINDING_KIND__AUDIT_FINDING_KIND_STANDING_CASE, first,
                    standing_text(p, first));
    if (ownerless)
        add_finding(p, AMENDS__V1__AUDIT_FINDING_KIND__AUDIT_FINDING_KIND_OWNERLESS_CASE, first,
                    ownerless);
    judge_policy(p, first, policy);
    p->cases++;
    p->last_seen_tenant = first->tenant_id;
    p->last_seen = first->case_id;
}

/* -- the page's cases in turn, each with its policy -------------------------------------------- */

static void go_on(struct audit_page *p);
static void read_slice(struct audit_page *p);

static bool never_compiles(const struct audit_page *p)
{
    const struct audit_row *row = &p->rows[p->next];
    return tenants_uncompilable(p->a->service->tenants, row->tenant_id, row->policy_version);
}

static void on_policy(struct tenants_wait *wait, const struct policy *policy,
                      const struct fault *fault)
{
    struct audit_page *p = CONTAINER_OF(wait, struct audit_page, wait);
    p->waiting = false;
    if (p->a && (policy || fault->code == FAULT_NOT_FOUND || never_compiles(p))) {
        judge_case(p, policy);
        go_on(p);
    } else {
        p->ended(p, fault);
    }
}

static void on_tenant(void *ctx, const struct tenant *t)
{
    struct audit_page *p = ctx;
    const struct audit_row *row = &p->rows[p->next];
    struct fault away;
    if (t && p->a) {
        p->wait.done = on_policy;
        tenants_load(p->a->service->tenants, t->id, row->policy_version, &p->wait);
        return;
    }
    p->waiting = false;
    fault_init(&away, &p->arena);
    fault_set(&away, FAULT_UNAVAILABLE, ERROR_REASON_DATABASE_AWAY,
              "the tenant cannot be read now");
    p->ended(p, &away);
}

/* False when the policy has to be waited for. A version that is loaded, or that is known not to
 * compile, is answered at once here: a page may be full of such cases, and waiting for each would
 * nest too many calls. */
static bool judge_here(struct audit_page *p)
{
    const struct audit_row *row = &p->rows[p->next];
    const struct policy *policy = NULL;
    struct tenants *tenants = p->a->service->tenants;
    if (tenants_by_id(tenants, row->tenant_id))
        policy = tenants_policy(tenants, row->tenant_id, row->policy_version);
    if (!policy && !never_compiles(p))
        return false;
    judge_case(p, policy);
    return true;
}

static void go_on(struct audit_page *p)
{
    while (p->next < p->n) {
        if (p->most && p->findings >= p->most) {
            p->at_end = false;
            p->ended(p, NULL);
            return;
        }
        if (!judge_here(p)) {
            p->waiting = true;
            tenant_by_id(p->a, p->rows[p->next].tenant_id, on_tenant, p);
            return;
        }
    }
    const size_t limit = (size_t)p->limit;
    const struct fault *gone = !p->at_end && p->cases < limit && p->gone ? p->gone(p) : NULL;
    if (p->at_end || p->cases >= limit || gone)
        p->ended(p, gone);
    else
        read_slice(p);
}

/* -- reading ----------------------------------------------------------------------------------- */

static void take_row(struct audit_page *p, const struct pg_rows *rows, int i)
{
    char *owner = arena_strdup(&p->arena, pg_text(rows, i, 3));
    AM_ASSERT(owner != NULL);
    p->rows[i] = (struct audit_row){.tenant_id = pg_int(rows, i, 0),
                                    .case_id = pg_uuid(rows, i, 1),
                                    .owner_kind = (int16_t)pg_int(rows, i, 2),
                                    .owner_id = owner,
                                    .policy_version = (int32_t)pg_int(rows, i, 4),
                                    .agent_found = pg_bool(rows, i, 5),
                                    .watched = pg_int(rows, i, 6) > 0,
                                    .late = !pg_is_null(rows, i, 7),
                                    .clock_id = pg_uuid(rows, i, 7),
                                    .due_us = pg_time_us(rows, i, 8),
                                    .next_us = pg_time_us(rows, i, 9)};
    if (i == 0 || !same_case(&p->rows[i - 1], &p->rows[i]))
        p->found++;
}

static void page_rows(struct pg_read *pg, size_t i, const struct pg_rows *rows)
{
    struct audit_page *p = ((struct engine_read *)pg->ctx)->ctx;
    (void)i;
    p->n = (size_t)pg_rows_count(rows);
    p->rows = ARENA_ARRAY(&p->arena, struct audit_row, p->n + 1);
    for (size_t row = 0; row < p->n; row++)
        take_row(p, rows, (int)row);
}

static void page_read(struct engine_read *r, const struct fault *fault)
{
    struct audit_page *p = r->ctx;
    p->at_end = p->found < (size_t)p->asked;
    if (fault)
        p->ended(p, fault);
    else
        go_on(p);
}

/* The cases behind the last one that was looked at. */
static void read_slice(struct audit_page *p)
{
    const bool first = p->cases == 0;
    const int64_t tenant = first ? p->first_tenant : p->last_seen_tenant;
    struct engine_read *r = engine_read_new(p->a, p->first_tenant, page_rows, page_read, p);
    struct pg_args *args = engine_read_add(r, STMT_AUDIT);
    const int32_t left = p->limit - (int32_t)p->cases;
    arena_reset(&p->arena);
    p->n = p->next = p->found = 0;
    p->asked = left < SLICE ? left : SLICE;
    pg_arg_int8(args, tenant);
    pg_arg_uuid(args, first ? &p->after : &p->last_seen);
    pg_arg_int8(args, p->last_tenant);
    pg_arg_int4(args, p->asked);
    pg_arg_time(args, p->cutoff_us);
    engine_read_start(r);
}

void audit_page_start(struct audit_page *p)
{
    arena_init(&p->arena, ARENA_BYTES);
    p->cutoff_us = engine_now_us(p->a) - AUDIT_LATE_US;
    p->far_us = engine_now_us(p->a) + POLICY_UNWATCHED_MAX_MS * US_PER_MS;
    read_slice(p);
}

void audit_page_free(struct audit_page *p)
{
    arena_free(&p->arena);
}

/* -- cases that are not open ------------------------------------------------------------------- */

struct ended_read {
    void (*done)(void *ctx, const struct audit_row *rows, size_t n, const struct fault *fault);
    void *ctx;
    struct audit_row *rows;
    size_t n;
};

static void ended_rows(struct pg_read *pg, size_t i, const struct pg_rows *rows)
{
    struct engine_read *r = pg->ctx;
    struct ended_read *e = r->ctx;
    (void)i;
    e->n = (size_t)pg_rows_count(rows);
    e->rows = ARENA_ARRAY(&r->arena, struct audit_row, e->n + 1);
    for (int row = 0; row < (int)e->n; row++)
        e->rows[row] = (struct audit_row){.tenant_id = pg_int(rows, row, 0),
                                          .case_id = pg_uuid(rows, row, 1),
                                          .late = true,
                                          .clock_id = pg_uuid(rows, row, 2),
                                          .due_us = pg_time_us(rows, row, 3)};
}

static void ended_end(struct engine_read *r, const struct fault *fault)
{
    const struct ended_read *e = r->ctx;
    e->done(e->ctx, e->rows, fault ? 0 : e->n, fault);
}

void audit_ended(struct assignment *a, int64_t tenant_id, int32_t limit,
                 void (*done)(void *ctx, const struct audit_row *rows, size_t n,
                              const struct fault *fault),
                 void *ctx)
{
    struct engine_read *r = engine_read_new(a, tenant_id, ended_rows, ended_end, NULL);
    struct ended_read *e = ARENA_NEW(&r->arena, struct ended_read);
    struct pg_args *args = engine_read_add(r, STMT_AUDIT_ENDED);
    *e = (struct ended_read){.done = done, .ctx = ctx};
    r->ctx = e;
    pg_arg_time(args, engine_now_us(a) - AUDIT_LATE_US);
    pg_arg_int8(args, tenant_id);
    pg_arg_int4(args, limit);
    pg_arg_int4(args, LATE_MOST);
    engine_read_start(r);
}
