/* SPDX-License-Identifier: Apache-2.0 */

/* ExplainDeadline: the parts of time that lead from a clock's start to one of its thresholds. */

#include <inttypes.h>

#include "amends/v1/intake_service.pb-c.h"
#include "contract/check.h"
#include "case/clocks/clocks.h"
#include "case/clocks/deadline.h"
#include "base/assert.h"
#include "calendar/zone_needed.h"
#include "case/message/message.h"
#include "contract/reasons.h"
#include "intake/rpc/policy.h"
#include "shared/named_case.h"

#define PARTS_MAX 500
#define WHOLE 100 /* per cent: the deadline itself */

#define TEXT(s) ((char *)(uintptr_t)(s)) /* protobuf-c's strings are not const */

struct explain {
    struct tenants_wait policy;
    struct read_call *rc;
    struct uuid case_id, clock_id;
    int32_t threshold; /* its id */
    struct clock_row *clock;
};

static void add_part(Amends__V1__ExplainDeadlineResponse *r, const struct deadline_part *part,
                     int64_t counted_ms, struct arena *arena)
{
    Amends__V1__DeadlinePart *p = ARENA_NEW(arena, Amends__V1__DeadlinePart);
    amends__v1__deadline_part__init(p);
    p->kind = (Amends__V1__DeadlinePartKind)part->kind;
    p->start_time = message_time(part->from_us, arena);
    p->end_time = message_time(part->until_us, arena);
    p->counted_ms = counted_ms;
    p->label = TEXT(part->label);
    p->shift_seconds = part->shift_s;
    r->parts[r->n_parts++] = p;
}

/* A part is shown in whole milliseconds. What is cut off at its end is carried to the next part
 * that counts, so that the sum is right. A deadline years away has tens of thousands of parts; the
 * parts behind the last one shown are only added up. */
static void add_parts(Amends__V1__ExplainDeadlineResponse *r, const struct deadline *k,
                      int64_t until_us, struct arena *arena)
{
    int64_t at_us = k->start_us, used_us = 0;
    while (at_us < until_us && r->n_parts < PARTS_MAX) {
        const struct deadline_part part = deadline_part_at(k, at_us, until_us);
        const int64_t before_ms = used_us / US_PER_MS;
        AM_ASSERT(part.until_us > at_us);
        if (part.counts)
            used_us += part.until_us - at_us;
        add_part(r, &part, used_us / US_PER_MS - before_ms, arena);
        at_us = part.until_us;
    }
    r->truncated = at_us < until_us;
    r->counted_ms = (r->truncated ? deadline_used_us(k, until_us) : used_us) / US_PER_MS;
}

static void reply(const struct explain *x, const struct policy *policy, const struct deadline *k)
{
    struct arena *arena = x->rc->arena;
    Amends__V1__ExplainDeadlineResponse r = AMENDS__V1__EXPLAIN_DEADLINE_RESPONSE__INIT;
    const int64_t until_us = clock_threshold_at(policy, x->clock, k, x->threshold);
    r.clock = message_clock(x->clock, arena);
    r.parts = ARENA_ARRAY(arena, Amends__V1__DeadlinePart *, PARTS_MAX);
    add_parts(&r, k, until_us, arena);
    r.due_time = message_time(until_us, arena);
    if (r.clock && read_call_room(x->rc))
        rpc_reply(x->rc->call, &r.base);
    else
        read_call_too_large(x->rc);
}

static void policy_known(struct tenants_wait *wait, const struct policy *policy,
                         const struct fault *fault)
{
    struct explain *x = CONTAINER_OF(wait, struct explain, policy);
    struct deadline *k = ARENA_NEW(x->rc->arena, struct deadline);
    if (!policy) {
        rpc_fail(x->rc->call, fault);
    } else if (deadline_of(x->clock, policy, k) == AM_OK) {
        reply(x, policy, k);
    } else {
        const char *zone = x->clock->time_zone;
        if (*zone && !zone_needed(zone))
            fault_time_zone(&x->rc->fault, zone);
        else
            fault_set(&x->rc->fault, FAULT_INTERNAL, ERROR_REASON_DEFECT,
                      "the clock's inputs are not those of its policy version");
        rpc_fail(x->rc->call, &x->rc->fault);
    }
}

static struct clock_row *find_clock(struct case_state *c, const struct uuid *id)
{
    ROWS_EACH (k, struct clock_row, &c->clocks) {
        if (uuid_eq(&k->clock_id, id))
            return k;
    }
    return NULL;
}

static void refuse(struct read_call *rc, int reason, const char *what, const struct uuid *id)
{
    char text[UUID_TEXT_LEN + 1];
    fault_set(&rc->fault, FAULT_NOT_FOUND, reason, "no %s %s", what, uuid_format(id, text));
    rpc_fail(rc->call, &rc->fault);
}

static void case_read(struct store_read *read)
{
    struct read_call *rc = read_call_done(read);
    if (!rc)
        return;
    struct explain *x = rc->user;
    if (!read->cases[0].exists) {
        refuse(rc, ERROR_REASON_CASE_NOT_FOUND, "case", &x->case_id);
        return;
    }
    x->clock = find_clock(&read->cases[0], &x->clock_id);
    if (x->clock)
        tenants_load(rc->service->tenants, rc->tenant->id, x->clock->policy_version, &x->policy);
    else
        refuse(rc, ERROR_REASON_CLOCK_NOT_FOUND, "clock", &x->clock_id);
}

/* The seconds before the deadline. */
static int32_t check_before(struct read_call *rc, const Amends__V1__ExplainDeadlineRequest *req)
{
    const Google__Protobuf__Duration *before = req->before;
    const int64_t most = POLICY_DURATION_MAX_MS / 1000;
    if (req->percent)
        fault_violation(&rc->fault, "before", "is too much beside `percent`: give one of them");
    if (before->nanos != 0 || before->seconds < 1 || before->seconds > most)
        fault_violation(&rc->fault, "before", "must be 1 to %" PRId64 " whole seconds", most);
    return (int32_t)before->seconds;
}

static void case_known(struct read_call *rc)
{
    const struct explain *x = rc->user;
    rc->read.done = case_read;
    store_read_cases(rc->service->store, &rc->read, &x->case_id, 1, CASE_PARTS);
}

static void start(struct read_call *rc)
{
    const Amends__V1__ExplainDeadlineRequest *req =
        (const Amends__V1__ExplainDeadlineRequest *)rc->request;
    struct explain *x = ARENA_NEW(rc->arena, struct explain);
    *x = (struct explain){.policy.done = policy_known, .rc = rc};
    x->threshold = req->percent ? req->percent : WHOLE;
    (void)check_uuid(&rc->fault, "clock_id", req->clock_id, &x->clock_id);
    check_range(&rc->fault, "percent", req->percent, 0, POLICY_PERCENT_MAX);
    if (req->before)
        x->threshold = -check_before(rc, req);
    rc->user = x;
    named_case(rc, req->case_id, &x->case_id, case_known);
}

void policy_explain(struct rpc_call *call, void *service)
{
    service_read(service, call, READ_PAGE, start);
}
