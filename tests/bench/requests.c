/* SPDX-License-Identifier: Apache-2.0 */

#include "requests.h"

#include <inttypes.h>
#include <stdio.h>

#include "amends/v1/assignment_service.pb-c.h"
#include "amends/v1/intake_service.pb-c.h"
#include "base/assert.h"
#include "contract/words.h"

const char *const step_names[STEPS] = {"open",    "request", "contact", "act",     "cause",
                                       "propose", "answer",  "fulfil",  "resolve", "close"};

static const struct {
    enum target target;
    const char *method;
} methods[STEPS] = {
    [STEP_OPEN] = {TO_INTAKE, "OpenCase"},
    [STEP_REQUEST] = {TO_ASSIGNMENT, "RequestAssignment"},
    [STEP_CONTACT] = {TO_RESOLUTION, "RecordContact"},
    [STEP_ACT] = {TO_RESOLUTION, "RecordAct"},
    [STEP_CAUSE] = {TO_RESOLUTION, "RecordRootCause"},
    [STEP_PROPOSE] = {TO_RESOLUTION, "ProposeRemedy"},
    [STEP_ANSWER] = {TO_RESOLUTION, "RecordCustomerResponse"},
    [STEP_FULFIL] = {TO_RESOLUTION, "ReportFulfilment"},
    [STEP_RESOLVE] = {TO_RESOLUTION, "ResolveCase"},
    [STEP_CLOSE] = {TO_RESOLUTION, "CloseCase"},
};

static struct route_to routes[STEPS], put_agent, get_case;

/* The generated structs take char *; nothing writes to them. */
#define TEXT(s) ((char *)(uintptr_t)(s))

void requests_setup(void)
{
    for (unsigned i = 0; i < STEPS; i++)
        routes[i] = clients_method(methods[i].target, methods[i].method);
    put_agent = clients_method(TO_ASSIGNMENT, "PutAgent");
    get_case = clients_method(TO_INTAKE, "GetCase");
}

static char *fresh_id(char out[UUID_TEXT_LEN + 1])
{
    struct uuid id;
    uuid_random_bytes(&id, sizeof(id));
    return uuid_format(&id, out);
}

int request_open(struct clients *c, const struct rpc_principal *as, struct openers who, uint64_t n,
                 rpc_client_done *done, void *ctx)
{
    char id[UUID_TEXT_LEN + 1], customer[SEED_MAX + 32], order[SEED_MAX + 32];
    Amends__V1__OpenCaseRequest r = AMENDS__V1__OPEN_CASE_REQUEST__INIT;
    Amends__V1__Failure failure = AMENDS__V1__FAILURE__INIT;
    Google__Type__Money stake = GOOGLE__TYPE__MONEY__INIT;
    (void)snprintf(customer, sizeof(customer), "customer-%s-%" PRIu64,
                   who.known ? who.family : who.seed, who.known ? n % who.known : n);
    (void)snprintf(order, sizeof(order), "order-%s-%" PRIu64, who.known ? who.seed : "", n);
    stake.currency_code = TEXT("EUR");
    stake.units = 49;
    /* One in a hundred is of a branch of its own, for readers who ask for no others. */
    failure.code = n % 100 == 0 ? TEXT("billing.overcharge.rare") : TEXT("billing.overcharge");
    failure.description = TEXT("The invoice of this month charges a fee that nobody agreed to, and "
                               "the line has been busy since Monday.");
    failure.product = TEXT("fibre 250");
    failure.order_reference = order;
    failure.money_at_stake = &stake;
    r.request_id = fresh_id(id);
    r.trigger = TRIGGER_COMPLAINT;
    r.channel = CHANNEL_EMAIL;
    r.customer_id = customer;
    r.customer_name = TEXT("Maria Example");
    r.customer_contact = TEXT("maria@example.org");
    r.failure = &failure;
    r.minutes_lost = 25;
    return clients_call(c, &routes[STEP_OPEN], as, &r.base, done, ctx);
}

int request_get(struct clients *c, const struct rpc_principal *as, const char *case_id,
                rpc_client_done *done, void *ctx)
{
    Amends__V1__GetCaseRequest r = AMENDS__V1__GET_CASE_REQUEST__INIT;
    r.case_id = TEXT(case_id);
    return clients_call(c, &get_case, as, &r.base, done, ctx);
}

int request_agent(struct clients *c, const struct rpc_principal *as, const char *agent_id,
                  rpc_client_done *done, void *ctx)
{
    Amends__V1__PutAgentRequest r = AMENDS__V1__PUT_AGENT_REQUEST__INIT;
    Amends__V1__Agent agent = AMENDS__V1__AGENT__INIT;
    Amends__V1__Skill skill = AMENDS__V1__SKILL__INIT;
    Amends__V1__Skill *skills[] = {&skill};
    skill.code = TEXT("billing");
    skill.level = 3;
    agent.agent_id = TEXT(agent_id);
    agent.display_name = TEXT(agent_id);
    agent.public_contact = TEXT("reply to any message of your case");
    agent.team = TEXT("bench");
    agent.level = 1;
    agent.capacity = 100;
    agent.skills = skills;
    agent.n_skills = 1;
    r.agent = &agent;
    return clients_call(c, &put_agent, as, &r.base, done, ctx);
}

/* -- the steps after the opening --------------------------------------------------------------- */

struct stepping {
    struct clients *clients;
    const struct rpc_principal *as;
    const struct subject *subject;
    rpc_client_done *done;
    void *ctx;
    char request_id[UUID_TEXT_LEN + 1];
};

static int send(struct stepping *s, enum step step, const ProtobufCMessage *request)
{
    return clients_call(s->clients, &routes[step], s->as, request, s->done, s->ctx);
}

/* A request of type T with the fields that all requests have. */
#define REQUEST(T, init, s)                                                                        \
    T r = init;                                                                                    \
    r.request_id = fresh_id((s)->request_id);                                                      \
    r.case_id = TEXT((s)->subject->case_id)

static int ask(struct stepping *s)
{
    Amends__V1__RequestAssignmentRequest r = AMENDS__V1__REQUEST_ASSIGNMENT_REQUEST__INIT;
    r.request_id = fresh_id(s->request_id);
    return send(s, STEP_REQUEST, &r.base);
}

static int contact(struct stepping *s)
{
    REQUEST(Amends__V1__RecordContactRequest, AMENDS__V1__RECORD_CONTACT_REQUEST__INIT, s);
    r.direction = CONTACT_DIRECTION_OUTBOUND;
    r.channel = CHANNEL_PHONE;
    r.outcome = CONTACT_OUTCOME_REACHED;
    r.note = TEXT("Explained what happened; she wants the fee back.");
    return send(s, STEP_CONTACT, &r.base);
}

static int act(struct stepping *s)
{
    REQUEST(Amends__V1__RecordActRequest, AMENDS__V1__RECORD_ACT_REQUEST__INIT, s);
    r.kind = ACT_KIND_APOLOGY;
    r.note = TEXT("I am sorry for the wrong fee and for the time it cost you.");
    return send(s, STEP_ACT, &r.base);
}

static int cause(struct stepping *s)
{
    REQUEST(Amends__V1__RecordRootCauseRequest, AMENDS__V1__RECORD_ROOT_CAUSE_REQUEST__INIT, s);
    r.code = TEXT("billing.tariff_table");
    r.preventable = true;
    r.note = TEXT("The tariff table was changed without the discount.");
    return send(s, STEP_CAUSE, &r.base);
}

static int propose(struct stepping *s)
{
    REQUEST(Amends__V1__ProposeRemedyRequest, AMENDS__V1__PROPOSE_REMEDY_REQUEST__INIT, s);
    Google__Type__Money amount = GOOGLE__TYPE__MONEY__INIT;
    amount.currency_code = TEXT("EUR");
    amount.units = 20;
    r.kind = REMEDY_KIND_REFUND;
    r.amount = &amount;
    r.description = TEXT("The fee of this month back to the account.");
    return send(s, STEP_PROPOSE, &r.base);
}

static int answer(struct stepping *s)
{
    REQUEST(Amends__V1__RecordCustomerResponseRequest,
            AMENDS__V1__RECORD_CUSTOMER_RESPONSE_REQUEST__INIT, s);
    r.remedy_id = TEXT(s->subject->remedy_id);
    r.answer = AMENDS__V1__CUSTOMER_ANSWER__CUSTOMER_ANSWER_ACCEPTED;
    return send(s, STEP_ANSWER, &r.base);
}

static int fulfil(struct stepping *s)
{
    char reference[UUID_TEXT_LEN + 16];
    REQUEST(Amends__V1__ReportFulfilmentRequest, AMENDS__V1__REPORT_FULFILMENT_REQUEST__INIT, s);
    (void)snprintf(reference, sizeof(reference), "refund-%s", s->subject->remedy_id);
    r.remedy_id = TEXT(s->subject->remedy_id);
    r.outcome = AMENDS__V1__FULFILMENT_OUTCOME__FULFILMENT_OUTCOME_FULFILLED;
    r.external_reference = reference;
    return send(s, STEP_FULFIL, &r.base);
}

static int resolve(struct stepping *s)
{
    REQUEST(Amends__V1__ResolveCaseRequest, AMENDS__V1__RESOLVE_CASE_REQUEST__INIT, s);
    r.expected_version = s->subject->version;
    return send(s, STEP_RESOLVE, &r.base);
}

static int close_case(struct stepping *s)
{
    REQUEST(Amends__V1__CloseCaseRequest, AMENDS__V1__CLOSE_CASE_REQUEST__INIT, s);
    r.expected_version = s->subject->version;
    return send(s, STEP_CLOSE, &r.base);
}

int request_step(struct clients *c, const struct rpc_principal *as, enum step step,
                 const struct subject *subject, rpc_client_done *done, void *ctx)
{
    static int (*const makers[STEPS])(struct stepping *) = {
        NULL, ask, contact, act, cause, propose, answer, fulfil, resolve, close_case};
    struct stepping s = {.clients = c, .as = as, .subject = subject, .done = done, .ctx = ctx};
    AM_ASSERT(makers[step] != NULL);
    return makers[step](&s);
}
