/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The commands behind resolution's RPCs, and what their requests must be; both are pure. What all
 * decide functions hold:
 *
 * - An agent who works on a case that is with a steward does not become its owner by that.
 * - Words that people said or wrote go into an event's personal part and the rows, never into the
 *   public part.
 * - Nothing that a customer says is refused because of the case's status: contacts are always
 *   taken, and a remedy may always be reversed. Both may bring the case back.
 * - Acts, root causes, promises and other reports of fulfilment are taken as long as the case is
 *   not final; proposals and denials only while it is neither resolved nor final.
 *
 * Threading: constants. Ownership: args are borrowed with the command; violations lie in the
 * fault's arena.
 */

#include "amends/v1/resolution_service.pb-c.h"
#include "case/model/decision.h"

/* RecordContact. The conditions of policy move the clocks, at the time of the contact, however late
 * it is recorded: a first response whose breach was found meanwhile becomes met, but the climb that
 * the breach caused stays. A contact that reached the customer or came from the customer counts as
 * effort. A contact before the opening is a violation of contact_time. */
extern const struct command_kind record_contact_kind;
/* CorrectContact: what an inbound contact asks for. */
extern const struct command_kind correct_contact_kind;
extern const struct command_kind record_act_kind;
/* RecordRootCause. The latest record counts. */
extern const struct command_kind record_root_cause_kind;

/* Within the proposer's limit it is written as OFFERED at once, `on_the_spot`. The limit covers the
 * sum of what the case has of the kind and currency, as far as it stands
 * (contract/remedy_states.h).
 * Refused with ALREADY_COMPENSATED: a kind that makes up for the loss (contract/remedy_kinds.h) of
 * the very worth that stands already. */
extern const struct command_kind propose_remedy_kind;
/* RecordCustomerResponse, for an OFFERED remedy. What is said of one that expired with the
 * resolution is kept as a contact, which brings the case back unless it is a "no". */
extern const struct command_kind record_customer_response_kind;

/* ReportFulfilment: ACCEPTED -> FULFILLING -> FULFILLED or FAILED, where FULFILLING may be left
 * out; FULFILLED -> REVERSED. A report of the state and reference that the remedy already has (or
 * without a reference) changes nothing and succeeds. A reference that proves another remedy of the
 * kind is refused with ALREADY_COMPENSATED. */
extern const struct command_kind report_fulfilment_kind;

/* MakePromise. A promise is due at the instant told to the customer, or earlier: at the end of the
 * last hours before it in which this customer may be contacted. When its clock is breached, the
 * promise becomes BROKEN. */
extern const struct command_kind make_promise_kind;
/* SettlePromise. KEPT: keep_time decides once whether it was in time or late (BROKEN, with
 * kept_at), even for a promise that was found broken meanwhile. RENEGOTIATED: only before it is
 * due; a promise with the same kind and words takes its place. BROKEN: before it is due, the case
 * climbs at once and its severity rises; later, the breach of its clock does what policy says. */
extern const struct command_kind settle_promise_kind;

/* PauseCase: until resume_time, or as long as the clock with the most generous limit allows. */
extern const struct command_kind pause_case_kind;
extern const struct command_kind resume_case_kind;

/* RetargetClock: another deadline for a running clock that policy started, by hand. What came by
 * the old deadline comes before, what the new one puts behind now comes now. It lies after now, and
 * neither past POLICY_UNWATCHED_MAX_MS nor past the old one. */
extern const struct command_kind retarget_clock_kind;

/* ReopenCase: starts the next round of a RESOLVED or CLOSED case (case/ladder/comeback.h), one
 * level higher if an agent asks for it. It is refused with CASE_STATUS and metadata `case_id` when
 * the customer has another open case of the same failure and order, because that one goes on. It
 * is decided in two steps: the first names the keys of the former owner and of the claim. */
extern const struct command_kind reopen_case_kind;

/* DenyClaim, with the reason that was told to the customer. A further denial needs a reason that
 * none of those before has; all are kept. */
extern const struct command_kind deny_claim_kind;

/* ResolveCase: passes the close gate, or lists everything that is missing. Clocks that fell due
 * before now are fired first, as if their timers had been in time; they may take the case away from
 * the caller. Policy says which clocks end. Remedies that were offered and not answered become
 * EXPIRED, each with its event. A case that nobody has accepted cannot be resolved. */
extern const struct command_kind resolve_case_kind;
extern const struct command_kind close_case_kind;

/* -- requests (validate.c) --------------------------------------------------------------------- */

/* What a request must be by itself, before it is decided on. Each function adds every violation at
 * `now_us`, field = path in the request; what only the case can tell (a contact before the case was
 * opened, an amount beyond a limit) is left to the decision. `policy` is the tenant's current
 * version and may be NULL. */
void record_contact_validate(const ProtobufCMessage *request, int64_t now_us,
                             const struct policy *policy, struct fault *fault);
void correct_contact_validate(const ProtobufCMessage *request, int64_t now_us,
                              const struct policy *policy, struct fault *fault);
void record_act_validate(const ProtobufCMessage *request, int64_t now_us,
                         const struct policy *policy, struct fault *fault);
void record_root_cause_validate(const ProtobufCMessage *request, int64_t now_us,
                                const struct policy *policy, struct fault *fault);
void propose_remedy_validate(const ProtobufCMessage *request, int64_t now_us,
                             const struct policy *policy, struct fault *fault);
void record_customer_response_validate(const ProtobufCMessage *request, int64_t now_us,
                                       const struct policy *policy, struct fault *fault);
void report_fulfilment_validate(const ProtobufCMessage *request, int64_t now_us,
                                const struct policy *policy, struct fault *fault);
void make_promise_validate(const ProtobufCMessage *request, int64_t now_us,
                           const struct policy *policy, struct fault *fault);
void settle_promise_validate(const ProtobufCMessage *request, int64_t now_us,
                             const struct policy *policy, struct fault *fault);
void pause_case_validate(const ProtobufCMessage *request, int64_t now_us,
                         const struct policy *policy, struct fault *fault);
void retarget_clock_validate(const ProtobufCMessage *request, int64_t now_us,
                             const struct policy *policy, struct fault *fault);
void resume_case_validate(const ProtobufCMessage *request, int64_t now_us,
                          const struct policy *policy, struct fault *fault);
void reopen_case_validate(const ProtobufCMessage *request, int64_t now_us,
                          const struct policy *policy, struct fault *fault);
void deny_claim_validate(const ProtobufCMessage *request, int64_t now_us,
                         const struct policy *policy, struct fault *fault);
void resolve_case_validate(const ProtobufCMessage *request, int64_t now_us,
                           const struct policy *policy, struct fault *fault);
void close_case_validate(const ProtobufCMessage *request, int64_t now_us,
                         const struct policy *policy, struct fault *fault);
