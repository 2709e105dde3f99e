/* SPDX-License-Identifier: Apache-2.0 */

#include "life.h"

#include <stdlib.h>
#include <string.h>

#include "amends/v1/assignment_service.pb-c.h"
#include "amends/v1/resolution_service.pb-c.h"
#include "base/assert.h"

#define ERRORS_MAX 200
#define ASK_AGAIN_US (5 * US_PER_MS)
#define AGENT_ID_MAX 64

struct life_agent {
    struct life *life;
    char id[AGENT_ID_MAX];
    enum step step;
    int64_t begin_us;
    struct subject subject;
    struct loop_timer *again;
};

static void take_step(struct life_agent *a);

/* -- agents ------------------------------------------------------------------------------------ */

static void put(void *ctx, enum fault_code code, const char *message, const ProtobufCMessage *reply)
{
    struct life *l = ctx;
    (void)reply;
    if (code != FAULT_OK) {
        stats_ended(&l->stats[STEP_OPEN], 0, code, message);
        l->failed = true;
    }
    if (--l->unprepared == 0)
        l->prepared(l->ctx, !l->failed);
}

static void make_agent(struct life *l, unsigned i)
{
    const struct rpc_principal crm = {.tenant = l->tenant, .id = "crm"};
    struct life_agent *a = &l->agents[i];
    a->life = l;
    a->again = loop_timer_new(l->loop, (void (*)(void *))take_step, a);
    (void)snprintf(a->id, sizeof(a->id), "agent-%s-%u", l->seed, i);
    AM_ASSERT(request_agent(l->clients, &crm, a->id, put, l) == AM_OK);
}

void life_prepare(struct life *l)
{
    l->agents = calloc(l->n_agents, sizeof(*l->agents));
    AM_ASSERT(l->agents != NULL && l->n_agents > 0);
    l->unprepared = l->n_agents;
    for (unsigned i = 0; i < l->n_agents; i++)
        make_agent(l, i);
}

/* -- one life ---------------------------------------------------------------------------------- */

static void begin_life(struct life_agent *a)
{
    struct life *l = a->life;
    if (l->stopping || (l->count && l->started >= l->count)) {
        if (--l->busy == 0)
            l->quiet(l->ctx);
        return;
    }
    l->started++;
    a->step = STEP_OPEN;
    take_step(a);
}

static void end_life(struct life_agent *a)
{
    int64_t now = time_mono_us();
    if (now >= a->life->from_us && now < a->life->until_us)
        a->life->lives++;
    begin_life(a);
}

static void learn_case(struct life_agent *a, const Amends__V1__Case *c)
{
    (void)snprintf(a->subject.case_id, sizeof(a->subject.case_id), "%s", c->case_id);
    a->subject.version = c->version;
}

/* Every response of the steps after the opening has the case as its first field. */
static const Amends__V1__Case *case_of(enum step step, const ProtobufCMessage *reply)
{
    switch (step) {
    case STEP_REQUEST:
        return ((const Amends__V1__RequestAssignmentResponse *)reply)->case_;
    case STEP_CONTACT:
        return ((const Amends__V1__RecordContactResponse *)reply)->case_;
    case STEP_ACT:
        return ((const Amends__V1__RecordActResponse *)reply)->case_;
    case STEP_CAUSE:
        return ((const Amends__V1__RecordRootCauseResponse *)reply)->case_;
    case STEP_PROPOSE:
        return ((const Amends__V1__ProposeRemedyResponse *)reply)->case_;
    case STEP_ANSWER:
        return ((const Amends__V1__RecordCustomerResponseResponse *)reply)->case_;
    case STEP_FULFIL:
        return ((const Amends__V1__ReportFulfilmentResponse *)reply)->case_;
    case STEP_RESOLVE:
        return ((const Amends__V1__ResolveCaseResponse *)reply)->case_;
    default:
        return NULL;
    }
}

static void learn(struct life_agent *a, const ProtobufCMessage *reply)
{
    const Amends__V1__Case *c = case_of(a->step, reply);
    if (c)
        learn_case(a, c);
    if (a->step == STEP_PROPOSE) {
        const Amends__V1__Remedy *r = ((const Amends__V1__ProposeRemedyResponse *)reply)->remedy;
        AM_ASSERT(r != NULL);
        (void)snprintf(a->subject.remedy_id, sizeof(a->subject.remedy_id), "%s", r->remedy_id);
    }
}

/* Another agent was quicker, or the opened case is not in the queue yet. */
static bool found_nothing(const struct life_agent *a, const ProtobufCMessage *reply)
{
    return a->step == STEP_REQUEST && !case_of(a->step, reply);
}

static void fail_life(struct life_agent *a)
{
    struct life *l = a->life;
    size_t errors = 0;
    for (unsigned i = 0; i < STEPS; i++)
        errors += l->stats[i].n_errors;
    if (errors >= ERRORS_MAX)
        l->stopping = true;
    begin_life(a);
}

static void stepped(void *ctx, enum fault_code code, const char *message,
                    const ProtobufCMessage *reply)
{
    struct life_agent *a = ctx;
    struct life *l = a->life;
    stats_ended(&l->stats[a->step], a->begin_us, code, message);
    if (code != FAULT_OK) {
        fail_life(a);
        return;
    }
    if (found_nothing(a, reply)) {
        l->empty++;
        loop_timer_start(a->again, ASK_AGAIN_US);
        return;
    }
    learn(a, reply);
    if (a->step == STEP_CLOSE) {
        end_life(a);
        return;
    }
    a->step++;
    take_step(a);
}

static int call_step(struct life_agent *a)
{
    struct life *l = a->life;
    struct rpc_principal as = {.tenant = l->tenant, .id = a->id};
    if (a->step != STEP_OPEN)
        return request_step(l->clients, &as, a->step, &a->subject, stepped, a);
    as.id = "crm";
    return request_open(l->clients, &as, (struct openers){.seed = l->seed}, l->started, stepped, a);
}

static void take_step(struct life_agent *a)
{
    a->begin_us = time_mono_us();
    int err = call_step(a);
    if (err != AM_OK) {
        stats_refused(&a->life->stats[a->step], err);
        fail_life(a);
    }
}

/* -- all of them ------------------------------------------------------------------------------- */

void life_measure(struct life *l, int64_t from_us, int64_t until_us)
{
    l->from_us = from_us;
    l->until_us = until_us;
    for (unsigned i = 0; i < STEPS; i++) {
        l->stats[i].from_us = from_us;
        l->stats[i].until_us = until_us;
    }
}

void life_start(struct life *l)
{
    l->busy = l->n_agents;
    for (unsigned i = 0; i < l->n_agents; i++)
        begin_life(&l->agents[i]);
}

void life_stop(struct life *l)
{
    l->stopping = true;
    if (l->busy == 0)
        l->quiet(l->ctx);
}

void life_free(struct life *l)
{
    for (unsigned i = 0; l->agents && i < l->n_agents; i++)
        loop_timer_free(l->agents[i].again);
    free(l->agents);
    for (unsigned i = 0; i < STEPS; i++)
        stats_free(&l->stats[i]);
}
