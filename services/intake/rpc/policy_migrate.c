/* SPDX-License-Identifier: Apache-2.0 */

/*
 * MigrateCases: walks over the open cases along their index. It submits a command for each case
 * that has to move, a bounded number at a time, in the class of work that lets calls and timers go
 * first.
 */

#include <stdlib.h>
#include <string.h>

#include "amends/v1/policy_service.pb-c.h"
#include "base/assert.h"
#include "base/digest.h"
#include "contract/check.h"
#include "case/message/message.h"
#include "contract/reasons.h"
#include "intake/decide/decide.h"
#include "intake/rpc/policy.h"
#include "intake/rpc/policy_message.h"
#include "shared/page_token.h"

#define CASES_USUAL 500
#define CASES_MOST 2000
/* The most rows that one call looks at, including cases that need not move, and how many it reads
 * at once. */
#define ROWS_MOST 10000
#define ROWS_SLICE 250
/* Enough for two segments: one is decided while the next one fills. */
#define AT_ONCE 128
#define BREACHES_MOST 100
#define CASE_BYTES (64u << 20) /* the largest case must fit; memory is taken as needed */

struct migration {
    struct read_call *rc;
    const Amends__V1__MigrateCasesRequest *request;
    struct tenants_wait policy;
    int32_t to;
    size_t limit;
    uint64_t hash;
    struct rows rows;          /* struct migrating_row: a slice */
    size_t next;               /* the first of these that was not looked at */
    struct migrating_row last; /* that was looked at */
    size_t read;               /* rows of all slices */
    size_t taken;              /* cases looked at */
    size_t in_flight;
    bool stopped;    /* by rc->fault */
    bool submitting; /* commands that end meanwhile do not submit others */
    Amends__V1__MigrateCasesResponse response;
};

/* One case that is being moved. */
struct moving {
    struct migration *m;
    struct arena arena;
    struct submission sub;
    struct migrate_args args;
    struct migrate_result result;
};

/* -- the end ----------------------------------------------------------------------------------- */

/* True when the fault ends the whole call. A case that could not be locked, or is too large, is
 * only counted as failed. */
static bool concerns_all(const struct fault *f)
{
    return f->code == FAULT_DEADLINE_EXCEEDED ||
           (f->code == FAULT_UNAVAILABLE && f->reason != ERROR_REASON_CONTENDED) ||
           (f->code == FAULT_RESOURCE_EXHAUSTED && f->reason == ERROR_REASON_OVERLOADED);
}

/* Whether cases may follow behind the last one looked at. */
static bool may_submit_more(const struct migration *m)
{
    return m->next < m->rows.n || m->rows.n == ROWS_SLICE;
}

/* Whether the next slice is to be read: the last one is used up and the page is not full. */
static bool needs_rows(const struct migration *m)
{
    return !m->stopped && m->next == m->rows.n && m->rows.n == ROWS_SLICE && m->taken < m->limit &&
           m->read < ROWS_MOST;
}

static void end_migration(struct migration *m)
{
    struct read_call *rc = m->rc;
    if (m->stopped) {
        rpc_fail(rc->call, &rc->fault);
        return;
    }
    if (may_submit_more(m)) {
        struct migrating_row at;
        memset(&at, 0, sizeof at);
        at.opened_at = m->last.opened_at;
        at.case_id = m->last.case_id;
        m->response.next_page_token = page_token_write(rc, m->hash, slice_of(&at, sizeof at));
    }
    rpc_reply(rc->call, &m->response.base);
}

static char *id_text(const struct uuid *id, struct arena *arena)
{
    return uuid_format(id, ARENA_ARRAY(arena, char, UUID_TEXT_LEN + 1));
}

static void add_breach(struct migration *m, const struct moving *c)
{
    struct arena *arena = m->rc->arena;
    if (m->response.n_breaches == BREACHES_MOST)
        return;
    Amends__V1__MigratedClock *b = ARENA_NEW(arena, Amends__V1__MigratedClock);
    amends__v1__migrated_clock__init(b);
    b->case_id = id_text(&c->sub.cmd.case_id, arena);
    b->clock_id = id_text(&c->result.clock_id, arena);
    b->name = arena_strdup(arena, c->result.name);
    AM_ASSERT(b->name != NULL);
    b->old_due_time = message_time(c->result.old_due_us, arena);
    b->new_due_time = message_time(c->result.new_due_us, arena);
    m->response.breaches[m->response.n_breaches++] = b;
}

static void count_moved(struct migration *m, const struct moving *c)
{
    const struct fault *f = &c->sub.cmd.fault;
    if (fault_is_set(f) && concerns_all(f) && !m->stopped) {
        fault_set(&m->rc->fault, f->code, f->reason, "%s", f->message);
        m->rc->fault.retry_ms = f->retry_ms;
        m->stopped = true;
    }
    m->response.cases++;
    m->response.failed += fault_is_set(f);
    if (fault_is_set(f))
        return;
    m->response.changed += c->result.changed;
    m->response.breaching += c->result.breaching;
    if (c->result.breaching)
        add_breach(m, c);
}

/* -- the cases --------------------------------------------------------------------------------- */

static void go_on(struct migration *m);
static void read_rows(struct migration *m);

static void case_moved(struct submission *sub)
{
    struct moving *c = sub->ctx;
    struct migration *m = c->m;
    count_moved(m, c);
    m->in_flight--;
    arena_free(&c->arena);
    free(c);
    go_on(m);
}

static void submit_case(struct migration *m, const struct migrating_row *row)
{
    const struct read_call *rc = m->rc;
    struct moving *c = calloc(1, sizeof(*c));
    AM_ASSERT(c != NULL);
    arena_init(&c->arena, CASE_BYTES);
    c->m = m;
    c->args.result = &c->result;
    c->sub = (struct submission){
        .cmd = {.kind = &migrate_case_kind,
                .arena = &c->arena,
                .tenant_id = rc->tenant->id,
                .tenant = rc->tenant->name,
                .principal = rpc_call_principal(rc->call)->id,
                .via = rpc_call_principal(rc->call)->via,
                .args = &c->args,
                .seed = uuid_new(time_now_us(loop_time(rc->service->loop))),
                .case_id = row->case_id,
                .policy_version = m->to,
                .dry_run = m->request->dry_run},
        .seg = {.cls = PG_SEG_BULK, .deadline_us = rpc_call_deadline_us(rc->call)},
        .finished = case_moved,
        .ctx = c,
    };
    m->in_flight++;
    store_submit(rc->service->store, &c->sub);
}

/* The next row that is to move, if there is room for it. */
static const struct migrating_row *take_row(struct migration *m)
{
    if (m->stopped || m->in_flight >= AT_ONCE)
        return NULL;
    while (m->next < m->rows.n && m->taken < m->limit) {
        const struct migrating_row *row = ROW_AT(&m->rows, const struct migrating_row, m->next++);
        m->last = *row;
        if (!row->wanted)
            continue;
        m->taken++;
        return row;
    }
    return NULL;
}

/* Submits the next cases. A command may end within the call that submits it; then the call that
 * finds nothing left to do answers. */
static void go_on(struct migration *m)
{
    if (m->submitting)
        return;
    m->submitting = true;
    for (const struct migrating_row *row; (row = take_row(m));)
        submit_case(m, row);
    m->submitting = false;
    if (m->in_flight > 0)
        return;
    if (!m->stopped && read_call_gone(m->rc))
        m->stopped = true;
    if (needs_rows(m))
        read_rows(m);
    else
        end_migration(m);
}

/* -- which cases ------------------------------------------------------------------------------- */

static void cases_read(struct store_read *read)
{
    struct read_call *rc = read_call_done(read);
    if (!rc)
        return;
    struct migration *m = rc->user;
    m->rows = read->migrating;
    m->next = 0;
    m->read += m->rows.n;
    go_on(m);
}

static void read_rows(struct migration *m)
{
    struct read_call *rc = m->rc;
    rc->read.done = cases_read;
    store_read_migrating(rc->service->store, &rc->read, &m->last, m->request->from_version, m->to,
                         ROWS_SLICE);
}

static uint64_t versions_hash(const struct migration *m)
{
    const int32_t from = m->request->from_version;
    const struct slice fields[] = {slice_str("migrate"), slice_of(&m->to, sizeof m->to),
                                   slice_of(&from, sizeof from)};
    return digest_key(fields, sizeof fields / sizeof *fields);
}

/* The policy is compiled once, before the cases ask for it. */
static void policy_known(struct tenants_wait *wait, const struct policy *policy,
                         const struct fault *fault)
{
    struct migration *m = CONTAINER_OF(wait, struct migration, policy);
    struct read_call *rc = m->rc;
    if (!policy) {
        rpc_fail(rc->call, fault);
        return;
    }
    m->hash = versions_hash(m);
    const struct slice position = page_token_read(rc, m->hash, m->request->page_token);
    if (position.len == sizeof m->last)
        memcpy(&m->last, position.data, sizeof m->last);
    if (read_call_valid(rc))
        read_rows(m);
}

/* -- the start --------------------------------------------------------------------------------- */

static void version_read(struct store_read *read)
{
    struct read_call *rc = read_call_done(read);
    if (!rc || !policy_client_only(rc, read))
        return;
    struct migration *m = rc->user;
    if (read->policies.n == 0) {
        policy_not_found(rc, m->request->to_version);
        return;
    }
    m->to = ROW_AT(&read->policies, const struct policy_row, 0)->version;
    m->policy.done = policy_known;
    tenants_load(rc->service->tenants, rc->tenant->id, m->to, &m->policy);
}

static void start(struct read_call *rc)
{
    const Amends__V1__MigrateCasesRequest *req =
        (const Amends__V1__MigrateCasesRequest *)rc->request;
    struct migration *m = ARENA_NEW(rc->arena, struct migration);
    const char **ids = ARENA_ARRAY(rc->arena, const char *, 1);
    ids[0] = rpc_call_principal(rc->call)->id;
    m->rc = rc;
    m->request = req;
    amends__v1__migrate_cases_response__init(&m->response);
    m->response.breaches = ARENA_ARRAY(rc->arena, Amends__V1__MigratedClock *, BREACHES_MOST);
    check_range(&rc->fault, "to_version", req->to_version, 0, INT32_MAX);
    check_range(&rc->fault, "from_version", req->from_version, 0, INT32_MAX);
    m->limit = (size_t)page_size(&rc->fault, req->page_size, CASES_USUAL, CASES_MOST);
    rc->user = m;
    rc->read.done = version_read;
    if (read_call_valid(rc) && !service_refuses_system(rc->call))
        store_read_policy(rc->service->store, &rc->read, req->to_version, ids, 1);
}

void policy_migrate(struct rpc_call *call, void *service)
{
    service_read(service, call, READ_PAGE, start);
}
