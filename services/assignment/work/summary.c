/* SPDX-License-Identifier: Apache-2.0 */

/* GetWorkSummary: how much is due when. */

#include <string.h>

#include "assignment/work/work.h"
#include "calendar/zone.h"
#include "case/message/message.h"
#include "contract/check.h"
#include "contract/words.h"

/* Rows of each source that are counted at most; the contract tells it. */
#define COUNTED_MOST 10000
#define ZONE_BYTES 64
#define MINUTE_US (60 * US_PER_S)

struct summary {
    struct work_scope scope;
    struct work_count_query query;
    struct store_read read;
    const struct zone *zone;
    Amends__V1__GetWorkSummaryResponse response;
};

/* -- the answer -------------------------------------------------------------------------------- */

static const Amends__V1__WorkReason reason_of[WORK_SOURCES] = {
    [WORK_CLOCK] = WORK_REASON_CLOCK,
    [WORK_PROMISE] = WORK_REASON_PROMISE,
    [WORK_ANSWER] = WORK_REASON_ANSWER,
    [WORK_OFFER] = WORK_REASON_OFFER,
};

static void add_counts(Amends__V1__WorkCounts *to, const struct work_counts *c)
{
    to->overdue += c->n[WORK_OVERDUE];
    to->due_in_15_minutes += c->n[WORK_QUARTER];
    to->due_in_1_hour += c->n[WORK_HOUR];
    to->due_today += c->n[WORK_TODAY];
    to->at_least = to->at_least || c->more;
}

static Amends__V1__WorkCounts *counts_new(struct arena *arena)
{
    Amends__V1__WorkCounts *counts = ARENA_NEW(arena, Amends__V1__WorkCounts);
    amends__v1__work_counts__init(counts);
    return counts;
}

static void counted(struct store_read *read)
{
    struct summary *s = read->ctx;
    struct read_call *rc = s->scope.rc;
    Amends__V1__GetWorkSummaryResponse *r = &s->response;
    if (fault_is_set(&read->fault)) {
        rpc_fail(rc->call, &read->fault);
        return;
    }
    r->total = counts_new(rc->arena);
    r->reasons = ARENA_ARRAY(rc->arena, Amends__V1__WorkCounts *, WORK_SOURCES);
    for (unsigned source = 0; source < WORK_SOURCES; source++) {
        Amends__V1__WorkCounts *one = counts_new(rc->arena);
        one->reason = reason_of[source];
        add_counts(one, &read->counts[source]);
        add_counts(r->total, &read->counts[source]);
        r->reasons[r->n_reasons++] = one;
    }
    r->server_time = message_time(s->query.now_us, rc->arena);
    r->end_of_day = message_time(s->query.until_us[WORK_TODAY], rc->arena);
    rpc_reply(rc->call, &r->base);
}

/* -- the request ------------------------------------------------------------------------------- */

static void count_owners(struct work_scope *scope)
{
    struct summary *s = CONTAINER_OF(scope, struct summary, scope);
    s->query.owners = scope->owners;
    s->query.n_owners = scope->n_owners;
    s->read = scope->rc->read;
    s->read.done = counted;
    s->read.ctx = s;
    store_count_work(scope->rc->service->store, &s->read, &s->query);
}

/* The company's zone is that of the current policy, which is always here. */
static const struct zone *zone_of(struct read_call *rc, const char *name)
{
    const struct zone *zone = NULL;
    if (*name) {
        zone = strlen(name) <= ZONE_BYTES ? zone_get(name) : NULL;
        if (!zone)
            fault_violation(&rc->fault, "time_zone", "is no IANA time zone such as Europe/London");
        return zone;
    }
    const struct policy *p =
        tenants_policy(rc->service->tenants, rc->tenant->id, rc->tenant->policy_version);
    return p ? p->zone : zone_get("UTC");
}

static void start(struct read_call *rc)
{
    const Amends__V1__GetWorkSummaryRequest *req =
        (const Amends__V1__GetWorkSummaryRequest *)rc->request;
    struct summary *s = ARENA_NEW(rc->arena, struct summary);
    s->scope.owner_id = req->owner_id;
    s->scope.team = req->team;
    s->scope.level = req->level;
    work_scope_check(&s->scope, rc);
    s->zone = zone_of(rc, req->time_zone);
    if (!read_call_valid(rc))
        return;
    amends__v1__get_work_summary_response__init(&s->response);
    s->query.now_us = engine_now_us(rpc_call_user(rc->call));
    s->query.until_us[WORK_QUARTER] = s->query.now_us + 15 * MINUTE_US;
    s->query.until_us[WORK_HOUR] = s->query.now_us + 60 * MINUTE_US;
    s->query.until_us[WORK_TODAY] = work_end_of_day_us(s->zone, s->query.now_us);
    s->query.limit = COUNTED_MOST;
    work_scope_find(&s->scope, count_owners);
}

void work_summary(struct rpc_call *call, void *assignment)
{
    rpc_call_set_user(call, assignment);
    service_read(((struct assignment *)assignment)->service, call, READ_CASE, start);
}
