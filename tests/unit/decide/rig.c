/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#include <stdio.h>
#include <string.h>

#include "policy/compile/bundle.h"

char *rig_text(struct world *w, const char *text)
{
    char *copy = arena_strdup(&w->arena, text);
    assert_non_null(copy);
    return copy;
}

static char *case_id(struct world *w)
{
    return uuid_format(&w->c.row.case_id, arena_must(&w->arena, UUID_TEXT_LEN + 1));
}

static char *id_text(struct world *w, const struct uuid *id)
{
    return uuid_format(id, arena_must(&w->arena, UUID_TEXT_LEN + 1));
}

Google__Type__Money *rig_money(struct world *w, const char *currency, int64_t units)
{
    Google__Type__Money *m = ARENA_NEW(&w->arena, Google__Type__Money);
    google__type__money__init(m);
    m->currency_code = rig_text(w, currency);
    m->units = units;
    return m;
}

Google__Protobuf__Timestamp *rig_time(struct world *w, int64_t us)
{
    Google__Protobuf__Timestamp *t = ARENA_NEW(&w->arena, Google__Protobuf__Timestamp);
    google__protobuf__timestamp__init(t);
    t->seconds = us / 1000000;
    t->nanos = (int32_t)(us % 1000000 * 1000);
    return t;
}

Amends__V1__OpenCaseRequest *rig_open_request(struct world *w)
{
    Amends__V1__OpenCaseRequest *r = ARENA_NEW(&w->arena, Amends__V1__OpenCaseRequest);
    amends__v1__open_case_request__init(r);
    r->request_id = world_uuid(w);
    r->trigger = TRIGGER_COMPLAINT;
    r->channel = CHANNEL_PHONE;
    r->customer_id = rig_text(w, "c-1");
    r->failure = ARENA_NEW(&w->arena, Amends__V1__Failure);
    amends__v1__failure__init(r->failure);
    r->failure->code = rig_text(w, "billing.overcharge");
    r->failure->description = rig_text(w, "charged twice");
    r->failure->order_reference = rig_text(w, "o-1");
    return r;
}

void rig_open(struct world *w, Amends__V1__OpenCaseRequest *request)
{
    world_run(w, &open_case_kind, "crm", &request->base);
}

void rig_contact(struct world *w, const char *who, int direction, int outcome, int channel)
{
    Amends__V1__RecordContactRequest r = AMENDS__V1__RECORD_CONTACT_REQUEST__INIT;
    r.request_id = world_uuid(w);
    r.case_id = case_id(w);
    r.direction = (Amends__V1__ContactDirection)direction;
    r.outcome = (Amends__V1__ContactOutcome)outcome;
    r.channel = (Amends__V1__Channel)channel;
    r.note = rig_text(w, "we spoke");
    world_run(w, &record_contact_kind, who, &r.base);
}

void rig_act(struct world *w, const char *who, int kind)
{
    Amends__V1__RecordActRequest r = AMENDS__V1__RECORD_ACT_REQUEST__INIT;
    r.request_id = world_uuid(w);
    r.case_id = case_id(w);
    r.kind = (Amends__V1__ActKind)kind;
    r.note = rig_text(w, "we are sorry");
    world_run(w, &record_act_kind, who, &r.base);
}

void rig_root_cause(struct world *w, const char *who, const char *code)
{
    Amends__V1__RecordRootCauseRequest r = AMENDS__V1__RECORD_ROOT_CAUSE_REQUEST__INIT;
    r.request_id = world_uuid(w);
    r.case_id = case_id(w);
    r.code = rig_text(w, code);
    r.preventable = true;
    r.note = rig_text(w, "nobody looked");
    world_run(w, &record_root_cause_kind, who, &r.base);
}

void rig_propose(struct world *w, const char *who, int kind, const char *currency, int64_t units)
{
    Amends__V1__ProposeRemedyRequest r = AMENDS__V1__PROPOSE_REMEDY_REQUEST__INIT;
    r.request_id = world_uuid(w);
    r.case_id = case_id(w);
    r.kind = (Amends__V1__RemedyKind)kind;
    r.amount = currency[0] != '\0' ? rig_money(w, currency, units) : NULL;
    r.description = rig_text(w, "what was paid too much");
    world_run(w, &propose_remedy_kind, who, &r.base);
}

void rig_answer(struct world *w, const char *who, const struct uuid *remedy, int answer)
{
    Amends__V1__RecordCustomerResponseRequest r =
        AMENDS__V1__RECORD_CUSTOMER_RESPONSE_REQUEST__INIT;
    r.request_id = world_uuid(w);
    r.case_id = case_id(w);
    r.remedy_id = id_text(w, remedy);
    r.answer = (Amends__V1__CustomerAnswer)answer;
    r.note = rig_text(w, "fine by me");
    world_run(w, &record_customer_response_kind, who, &r.base);
}

void rig_fulfil(struct world *w, const char *who, const struct uuid *remedy, int outcome,
                const char *reference)
{
    Amends__V1__ReportFulfilmentRequest r = AMENDS__V1__REPORT_FULFILMENT_REQUEST__INIT;
    r.request_id = world_uuid(w);
    r.case_id = case_id(w);
    r.remedy_id = id_text(w, remedy);
    r.outcome = (Amends__V1__FulfilmentOutcome)outcome;
    r.external_reference = rig_text(w, reference);
    world_run(w, &report_fulfilment_kind, who, &r.base);
}

void rig_deny(struct world *w, const char *who, const char *reason)
{
    Amends__V1__DenyClaimRequest r = AMENDS__V1__DENY_CLAIM_REQUEST__INIT;
    r.request_id = world_uuid(w);
    r.case_id = case_id(w);
    r.expected_version = w->c.row.last_seq;
    r.reason = rig_text(w, reason);
    r.disclosure_channel = CHANNEL_LETTER;
    r.disclosure_time = rig_time(w, w->now_us);
    world_run(w, &deny_claim_kind, who, &r.base);
}

void rig_resolve(struct world *w, const char *who)
{
    Amends__V1__ResolveCaseRequest r = AMENDS__V1__RESOLVE_CASE_REQUEST__INIT;
    r.request_id = world_uuid(w);
    r.case_id = case_id(w);
    r.expected_version = w->c.row.last_seq;
    world_run(w, &resolve_case_kind, who, &r.base);
}

void rig_close(struct world *w, const char *who)
{
    Amends__V1__CloseCaseRequest r = AMENDS__V1__CLOSE_CASE_REQUEST__INIT;
    r.request_id = world_uuid(w);
    r.case_id = case_id(w);
    r.expected_version = w->c.row.last_seq;
    world_run(w, &close_case_kind, who, &r.base);
}

/* -- promises ---------------------------------------------------------------------------------- */

static void make_promise(struct world *w, const char *who, Google__Protobuf__Timestamp *time,
                         const char *local_time)
{
    Amends__V1__MakePromiseRequest r = AMENDS__V1__MAKE_PROMISE_REQUEST__INIT;
    r.request_id = world_uuid(w);
    r.case_id = case_id(w);
    r.kind = AMENDS__V1__PROMISE_KIND__PROMISE_KIND_CALL_BACK;
    r.description = rig_text(w, "we call you back");
    r.promise_time = time;
    r.local_time = rig_text(w, local_time);
    world_run(w, &make_promise_kind, who, &r.base);
}

void rig_promise(struct world *w, const char *who, int64_t promised_us)
{
    make_promise(w, who, rig_time(w, promised_us), "");
}

void rig_promise_local(struct world *w, const char *who, const char *local_time)
{
    make_promise(w, who, NULL, local_time);
}

static Amends__V1__SettlePromiseRequest settle_request(struct world *w, const struct uuid *promise,
                                                       int outcome)
{
    Amends__V1__SettlePromiseRequest r = AMENDS__V1__SETTLE_PROMISE_REQUEST__INIT;
    r.request_id = world_uuid(w);
    r.case_id = case_id(w);
    r.promise_id = id_text(w, promise);
    r.outcome = (Amends__V1__PromiseOutcome)outcome;
    r.note = rig_text(w, "spoke with her son");
    return r;
}

void rig_settle(struct world *w, const char *who, const struct uuid *promise, int outcome,
                int64_t kept_us)
{
    Amends__V1__SettlePromiseRequest r = settle_request(w, promise, outcome);
    r.keep_time = kept_us != 0 ? rig_time(w, kept_us) : NULL;
    world_run(w, &settle_promise_kind, who, &r.base);
}

void rig_renegotiate(struct world *w, const char *who, const struct uuid *promise,
                     int64_t promised_us)
{
    Amends__V1__SettlePromiseRequest r = settle_request(w, promise, PROMISE_OUTCOME_RENEGOTIATED);
    r.customer_consented = true;
    r.promise_time = rig_time(w, promised_us);
    world_run(w, &settle_promise_kind, who, &r.base);
}

const struct promise_row *rig_promised(const struct world *w, size_t i, int state)
{
    assert_true(i < w->c.promises.n);
    const struct promise_row *p = ROW_AT(&w->c.promises, const struct promise_row, i);
    assert_int_equal(p->state, state);
    return p;
}

/* -- pauses and rounds ------------------------------------------------------------------------- */

void rig_pause(struct world *w, const char *who, int64_t resume_us)
{
    Amends__V1__PauseCaseRequest r = AMENDS__V1__PAUSE_CASE_REQUEST__INIT;
    r.request_id = world_uuid(w);
    r.case_id = case_id(w);
    r.expected_version = w->c.row.last_seq;
    r.reason = AMENDS__V1__PAUSE_REASON__PAUSE_REASON_CUSTOMER_AWAY;
    r.resume_time = resume_us != 0 ? rig_time(w, resume_us) : NULL;
    r.note = rig_text(w, "in hospital");
    world_run(w, &pause_case_kind, who, &r.base);
}

void rig_resume(struct world *w, const char *who)
{
    Amends__V1__ResumeCaseRequest r = AMENDS__V1__RESUME_CASE_REQUEST__INIT;
    r.request_id = world_uuid(w);
    r.case_id = case_id(w);
    world_run(w, &resume_case_kind, who, &r.base);
}

void rig_reopen(struct world *w, const char *who, const struct uuid *other_case)
{
    Amends__V1__ReopenCaseRequest r = AMENDS__V1__REOPEN_CASE_REQUEST__INIT;
    r.request_id = world_uuid(w);
    r.case_id = case_id(w);
    r.expected_version = w->c.row.last_seq;
    r.reason = rig_text(w, "it broke again");
    w->other_case_id = other_case ? *other_case : (struct uuid){{0}};
    world_run(w, &reopen_case_kind, who, &r.base);
}

void rig_escalate(struct world *w, const char *who, int to_level)
{
    Amends__V1__EscalateCaseRequest r = AMENDS__V1__ESCALATE_CASE_REQUEST__INIT;
    r.request_id = world_uuid(w);
    r.case_id = case_id(w);
    r.reason = rig_text(w, "asked for");
    r.to_level = to_level;
    world_run(w, &escalate_case_kind, who, &r.base);
}

void rig_acknowledge(struct world *w, const char *who)
{
    Amends__V1__AcknowledgeEscalationRequest r = AMENDS__V1__ACKNOWLEDGE_ESCALATION_REQUEST__INIT;
    r.request_id = world_uuid(w);
    r.case_id = case_id(w);
    world_run(w, &acknowledge_escalation_kind, who, &r.base);
}

void rig_recover(struct world *w, const char *who)
{
    char reference[32];
    rig_contact(w, who, CONTACT_DIRECTION_OUTBOUND, CONTACT_OUTCOME_REACHED, CHANNEL_PHONE);
    rig_act(w, who, ACT_KIND_APOLOGY);
    rig_root_cause(w, who, "process.handover");
    rig_propose(w, who, REMEDY_KIND_GIFT, "", 0);
    assert_written(w);
    const struct uuid remedy = w->cmd.result_id;
    rig_answer(w, who, &remedy, CUSTOMER_ANSWER_ACCEPTED);
    (void)snprintf(reference, sizeof(reference), "G-%u", w->made);
    rig_fulfil(w, who, &remedy, FULFILMENT_OUTCOME_FULFILLED, reference);
    assert_written(w);
}

void rig_policy(struct world *w, const char *sections)
{
    struct fault fault;
    char source[4096];
    fault_init(&fault, &w->arena);
    const bool has_format = strncmp(sections, "amends:", 7) == 0;
    (void)snprintf(source, sizeof(source), "%s%s", has_format ? "" : "amends: 1\n", sections);
    struct policy *p = policy_compile(1, source, &fault);
    if (!p)
        fail_msg("%s: %s", fault.n_violations ? fault.violations[0].key : "?",
                 fault.n_violations ? fault.violations[0].text : fault.message);
    policy_free(w->policy);
    w->policy = p;
}

struct world *rig_owned(void)
{
    struct world *w = world_with_case();
    (void)world_agent(w, "ann", 1);
    (void)world_agent(w, "bob", 1);
    (void)world_agent(w, "lea", 2);
    world_own(w, "ann");
    return w;
}

const struct remedy_row *rig_remedy(const struct world *w, size_t i, int state)
{
    assert_true(i < w->c.remedies.n);
    const struct remedy_row *r = ROW_AT(&w->c.remedies, const struct remedy_row, i);
    assert_int_equal(r->state, state);
    return r;
}
