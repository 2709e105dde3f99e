/* SPDX-License-Identifier: Apache-2.0 */
#include "resolution/decide/decide.h"

#include "contract/channels.h"
#include "contract/check.h"
#include "contract/remedy_kinds.h"
#include "contract/word.h"
#include "contract/words.h"
#include "resolution/decide/promise_time.h"

#define NOTE_BYTES 4000
#define SHORT_NOTE_BYTES 1000
#define REFERENCE_BYTES 200

static void check_ids(struct fault *fault, const char *request_id, const char *case_id)
{
    (void)check_uuid(fault, "request_id", request_id, NULL);
    (void)check_uuid(fault, "case_id", case_id, NULL);
}

/* The caller decided on a version of the case, so the version is required. */
static void check_version(struct fault *fault, int64_t version)
{
    if (version == 0)
        fault_violation(fault, "expected_version",
                        "is required: the version of the case as it was read");
    else if (version < 0)
        fault_violation(fault, "expected_version", "is negative");
}

void record_contact_validate(const ProtobufCMessage *request, int64_t now_us,
                             const struct policy *policy, struct fault *fault)
{
    const Amends__V1__RecordContactRequest *r = (const Amends__V1__RecordContactRequest *)request;
    (void)policy;
    check_ids(fault, r->request_id, r->case_id);
    check_enum(fault, "direction", &amends__v1__contact_direction__descriptor, (int)r->direction,
               true);
    check_enum(fault, "channel", &amends__v1__channel__descriptor, (int)r->channel, true);
    bool inbound = r->direction == CONTACT_DIRECTION_INBOUND;
    check_enum(fault, "outcome", &amends__v1__contact_outcome__descriptor, (int)r->outcome,
               !inbound);
    if (inbound && r->outcome != CONTACT_OUTCOME_UNSPECIFIED &&
        r->outcome != CONTACT_OUTCOME_REACHED)
        fault_violation(fault, "outcome", "can only be REACHED when the customer made the contact");
    if ((int)r->outcome == CONTACT_OUTCOME_SENT && !channel_of((int)r->channel)->is_written)
        fault_violation(fault, "outcome", "can only be SENT on a channel for written messages");
    check_enum(fault, "asks", &amends__v1__contact_ask__descriptor, (int)r->asks, false);
    if (!inbound && (int)r->asks != CONTACT_ASK_UNSPECIFIED)
        fault_violation(fault, "asks", "can only be given when the customer made the contact");
    check_past_time(fault, "contact_time", r->contact_time, now_us, false);
    check_text(fault, "note", r->note, NOTE_BYTES, false);
    check_range(fault, "minutes_lost", r->minutes_lost, 0, CHECK_MINUTES_LOST_MAX);
    check_range(fault, "addressed_level", r->addressed_level, 0, POLICY_LEVELS_MAX);
    if (!inbound && r->addressed_level > 0)
        fault_violation(fault, "addressed_level",
                        "can only be given when the customer made the contact");
}

void correct_contact_validate(const ProtobufCMessage *request, int64_t now_us,
                              const struct policy *policy, struct fault *fault)
{
    const Amends__V1__CorrectContactRequest *r = (const Amends__V1__CorrectContactRequest *)request;
    (void)now_us;
    (void)policy;
    check_ids(fault, r->request_id, r->case_id);
    (void)check_uuid(fault, "contact_id", r->contact_id, NULL);
    check_enum(fault, "asks", &amends__v1__contact_ask__descriptor, (int)r->asks, true);
}

void record_act_validate(const ProtobufCMessage *request, int64_t now_us,
                         const struct policy *policy, struct fault *fault)
{
    const Amends__V1__RecordActRequest *r = (const Amends__V1__RecordActRequest *)request;
    (void)now_us;
    (void)policy;
    check_ids(fault, r->request_id, r->case_id);
    check_enum(fault, "kind", &amends__v1__act_kind__descriptor, (int)r->kind, true);
    check_text(fault, "note", r->note, NOTE_BYTES, false);
}

void record_root_cause_validate(const ProtobufCMessage *request, int64_t now_us,
                                const struct policy *policy, struct fault *fault)
{
    const Amends__V1__RecordRootCauseRequest *r =
        (const Amends__V1__RecordRootCauseRequest *)request;
    (void)now_us;
    (void)policy;
    check_ids(fault, r->request_id, r->case_id);
    check_code(fault, "code", r->code, CHECK_CODE_BYTES_MAX, true);
    check_text(fault, "note", r->note, SHORT_NOTE_BYTES, false);
}

void propose_remedy_validate(const ProtobufCMessage *request, int64_t now_us,
                             const struct policy *policy, struct fault *fault)
{
    const Amends__V1__ProposeRemedyRequest *r = (const Amends__V1__ProposeRemedyRequest *)request;
    (void)now_us;
    (void)policy;
    check_ids(fault, r->request_id, r->case_id);
    check_enum(fault, "kind", &amends__v1__remedy_kind__descriptor, (int)r->kind, true);
    check_money(fault, "amount", r->amount,
                remedy_kind((int)r->kind)->is_money ? AMOUNT_REQUIRED : AMOUNT_POSITIVE);
    check_text(fault, "description", r->description, SHORT_NOTE_BYTES, false);
}

void record_customer_response_validate(const ProtobufCMessage *request, int64_t now_us,
                                       const struct policy *policy, struct fault *fault)
{
    const Amends__V1__RecordCustomerResponseRequest *r =
        (const Amends__V1__RecordCustomerResponseRequest *)request;
    (void)now_us;
    (void)policy;
    check_ids(fault, r->request_id, r->case_id);
    (void)check_uuid(fault, "remedy_id", r->remedy_id, NULL);
    check_enum(fault, "answer", &amends__v1__customer_answer__descriptor, (int)r->answer, true);
    check_text(fault, "note", r->note, NOTE_BYTES, false);
}

void report_fulfilment_validate(const ProtobufCMessage *request, int64_t now_us,
                                const struct policy *policy, struct fault *fault)
{
    const Amends__V1__ReportFulfilmentRequest *r =
        (const Amends__V1__ReportFulfilmentRequest *)request;
    (void)now_us;
    (void)policy;
    check_ids(fault, r->request_id, r->case_id);
    (void)check_uuid(fault, "remedy_id", r->remedy_id, NULL);
    check_enum(fault, "outcome", &amends__v1__fulfilment_outcome__descriptor, (int)r->outcome,
               true);
    check_text(fault, "external_reference", r->external_reference, REFERENCE_BYTES,
               r->outcome == FULFILMENT_OUTCOME_FULFILLED);
}

/* Requires exactly one of the two: an instant or a local time. */
static void check_promised(struct fault *fault, const Google__Protobuf__Timestamp *promise_time,
                           const char *local_time, int64_t now_us)
{
    int64_t wall_s;
    bool local = local_time[0] != '\0';
    if (!promise_time && !local)
        fault_violation(fault, "promise_time", "or local_time is required");
    else if (promise_time && local)
        fault_violation(fault, "local_time", "must not be given together with promise_time");
    else if (local && promise_wall_time_parse(local_time, &wall_s) != AM_OK)
        fault_violation(fault, "local_time", "is not a local time such as 2026-11-24T17:00");
    else
        check_future_time(fault, "promise_time", promise_time, now_us, false);
}

void make_promise_validate(const ProtobufCMessage *request, int64_t now_us,
                           const struct policy *policy, struct fault *fault)
{
    const Amends__V1__MakePromiseRequest *r = (const Amends__V1__MakePromiseRequest *)request;
    (void)policy;
    check_ids(fault, r->request_id, r->case_id);
    check_enum(fault, "kind", &amends__v1__promise_kind__descriptor, (int)r->kind, true);
    check_text(fault, "description", r->description, SHORT_NOTE_BYTES, true);
    check_promised(fault, r->promise_time, r->local_time, now_us);
}

/* Refuses a field that belongs to another outcome, because its sender must have meant something
 * else. */
static void check_only_with(struct fault *fault, const char *field, bool given, bool fits,
                            const char *outcome)
{
    if (given && !fits)
        fault_violation(fault, field, "is only for %s", outcome);
}

void settle_promise_validate(const ProtobufCMessage *request, int64_t now_us,
                             const struct policy *policy, struct fault *fault)
{
    const Amends__V1__SettlePromiseRequest *r = (const Amends__V1__SettlePromiseRequest *)request;
    bool kept = (int)r->outcome == PROMISE_OUTCOME_KEPT;
    bool renegotiated = (int)r->outcome == PROMISE_OUTCOME_RENEGOTIATED;
    (void)policy;
    check_ids(fault, r->request_id, r->case_id);
    (void)check_uuid(fault, "promise_id", r->promise_id, NULL);
    check_enum(fault, "outcome", &amends__v1__promise_outcome__descriptor, (int)r->outcome, true);
    check_only_with(fault, "keep_time", r->keep_time != NULL, kept, "KEPT");
    check_only_with(fault, "promise_time", r->promise_time != NULL, renegotiated, "RENEGOTIATED");
    check_only_with(fault, "local_time", r->local_time[0] != '\0', renegotiated, "RENEGOTIATED");
    check_only_with(fault, "customer_consented", r->customer_consented, renegotiated,
                    "RENEGOTIATED");
    check_past_time(fault, "keep_time", r->keep_time, now_us, false);
    check_text(fault, "note", r->note, SHORT_NOTE_BYTES, false);
    if (!renegotiated)
        return;
    if (!r->customer_consented)
        fault_violation(fault, "customer_consented",
                        "must be true: a promise is changed only with the customer's consent");
    check_promised(fault, r->promise_time, r->local_time, now_us);
}

void pause_case_validate(const ProtobufCMessage *request, int64_t now_us,
                         const struct policy *policy, struct fault *fault)
{
    const Amends__V1__PauseCaseRequest *r = (const Amends__V1__PauseCaseRequest *)request;
    (void)policy;
    check_ids(fault, r->request_id, r->case_id);
    check_version(fault, r->expected_version);
    check_enum(fault, "reason", &amends__v1__pause_reason__descriptor, (int)r->reason, true);
    if ((int)r->reason == PAUSE_REASON_POLICY || (int)r->reason == PAUSE_REASON_RESOLVED)
        fault_violation(fault, "reason", "%s is a reason that only the system gives",
                        contract_word(PAUSE_REASON_WORDS, (int)r->reason));
    check_future_time(fault, "resume_time", r->resume_time, now_us, false);
    check_text(fault, "note", r->note, SHORT_NOTE_BYTES, false);
}

void retarget_clock_validate(const ProtobufCMessage *request, int64_t now_us,
                             const struct policy *policy, struct fault *fault)
{
    const Amends__V1__RetargetClockRequest *r = (const Amends__V1__RetargetClockRequest *)request;
    (void)policy;
    check_ids(fault, r->request_id, r->case_id);
    check_version(fault, r->expected_version);
    (void)check_uuid(fault, "clock_id", r->clock_id, NULL);
    check_future_time(fault, "due_time", r->due_time, now_us, true);
    check_text(fault, "reason", r->reason, SHORT_NOTE_BYTES, true);
}

void resume_case_validate(const ProtobufCMessage *request, int64_t now_us,
                          const struct policy *policy, struct fault *fault)
{
    const Amends__V1__ResumeCaseRequest *r = (const Amends__V1__ResumeCaseRequest *)request;
    (void)now_us;
    (void)policy;
    check_ids(fault, r->request_id, r->case_id);
}

void reopen_case_validate(const ProtobufCMessage *request, int64_t now_us,
                          const struct policy *policy, struct fault *fault)
{
    const Amends__V1__ReopenCaseRequest *r = (const Amends__V1__ReopenCaseRequest *)request;
    (void)now_us;
    (void)policy;
    check_ids(fault, r->request_id, r->case_id);
    check_version(fault, r->expected_version);
    check_text(fault, "reason", r->reason, SHORT_NOTE_BYTES, true);
}

void deny_claim_validate(const ProtobufCMessage *request, int64_t now_us,
                         const struct policy *policy, struct fault *fault)
{
    const Amends__V1__DenyClaimRequest *r = (const Amends__V1__DenyClaimRequest *)request;
    (void)policy;
    check_ids(fault, r->request_id, r->case_id);
    check_version(fault, r->expected_version);
    check_text(fault, "reason", r->reason, NOTE_BYTES, true);
    check_enum(fault, "disclosure_channel", &amends__v1__channel__descriptor,
               (int)r->disclosure_channel, true);
    check_past_time(fault, "disclosure_time", r->disclosure_time, now_us, true);
}

void resolve_case_validate(const ProtobufCMessage *request, int64_t now_us,
                           const struct policy *policy, struct fault *fault)
{
    const Amends__V1__ResolveCaseRequest *r = (const Amends__V1__ResolveCaseRequest *)request;
    (void)now_us;
    (void)policy;
    check_ids(fault, r->request_id, r->case_id);
    check_version(fault, r->expected_version);
}

void close_case_validate(const ProtobufCMessage *request, int64_t now_us,
                         const struct policy *policy, struct fault *fault)
{
    const Amends__V1__CloseCaseRequest *r = (const Amends__V1__CloseCaseRequest *)request;
    (void)now_us;
    (void)policy;
    check_ids(fault, r->request_id, r->case_id);
    check_version(fault, r->expected_version);
}
