/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The commands behind resolution's RPCs, and what their requests must be; both are pure. What all
 * decide functions hold:
 *
 * - An agent who works on a case that is with a steward does not become its owner by that.
 * - Words that people said or wrote go into an event's personal part and the rows, never into the
 *   public part.
 * - Contacts, acts, root causes and fulfilment are taken as long as the case is not final;
 *   proposals, answers and denials only while it is neither resolved nor final.
 *
 * Threading: constants. Ownership: args are borrowed with the command; violations lie in the fault's
 * arena.
 */

#include "amends/v1/resolution_service.pb-c.h"
#include "case/model/decision.h"

/* Clocks follow by the policy's conditions, at the time of the contact, however late it is
 * recorded: a first response that was found breached is none then, though the climb it caused
 * stays. What reached the customer or came from the customer counts as effort. A time before the
 * opening is a violation of contact_time. */
extern const struct command_kind record_contact_kind;
extern const struct command_kind record_act_kind;
/* The latest counts. */
extern const struct command_kind record_root_cause_kind;

/* Within the proposer's limit it is written as OFFERED at once, `on_the_spot`. The limit covers the
 * sum of what the case has of the kind and currency, as far as it stands (contract/remedy_states.h).
 * Refused with ALREADY_COMPENSATED: a kind that makes up for the loss (contract/remedy_kinds.h) of
 * the very worth that stands already. */
extern const struct command_kind propose_remedy_kind;
/* Of an OFFERED remedy only. */
extern const struct command_kind record_customer_response_kind;

/* ACCEPTED -> FULFILLING -> FULFILLED or FAILED, the middle may be left out; FULFILLED -> REVERSED.
 * A report whose state and reference are there already (or that names no reference) changes nothing
 * and is answered OK. A reference that proves another remedy of the kind is ALREADY_COMPENSATED. */
extern const struct command_kind report_fulfilment_kind;

/* A promise is due at the instant told to the customer, or earlier: at the end of the hours before
 * it in which this customer may be contacted. Its clock breaches by itself and makes it BROKEN. */
extern const struct command_kind make_promise_kind;
/* KEPT: in time or late (BROKEN, with kept_at) is decided by keep_time, once, also of a promise
 * that was found broken meanwhile. RENEGOTIATED: before it is due only; a promise of the same kind
 * and words takes its place. BROKEN: before it is due the case climbs at once and its severity
 * rises; after it the clock's breach does what the policy says. */
extern const struct command_kind settle_promise_kind;

/* Until resume_time, or as long as the most generous clock that can be paused allows. */
extern const struct command_kind pause_case_kind;
extern const struct command_kind resume_case_kind;

/* Starts the next round of a RESOLVED or CLOSED case one level higher. The former owner keeps it if
 * not OFFLINE and still fit for it, whatever else that agent holds; else the steward of the new
 * level. Refused with CASE_STATUS, metadata `case_id`, when the customer has another open case of
 * the same failure and order: that one goes on. Decided in two steps: the first names the keys of
 * the former owner and of what makes a claim join. */
extern const struct command_kind reopen_case_kind;

/* The reason as it was disclosed; a later denial replaces it, both stay in the history. */
extern const struct command_kind deny_claim_kind;

/* Passes the close gate or lists every missing item. What fell due before now comes first, as if
 * the timer had been in time: it may take the case away. Which clocks end is for policy to say.
 * What was offered and not answered becomes EXPIRED. A case that nobody has accepted cannot be
 * resolved. */
extern const struct command_kind resolve_case_kind;
extern const struct command_kind close_case_kind;

/* -- requests (validate.c) ---------------------------------------------------------------------- */

/* What a request must be by itself, before it is decided on. Each function adds every violation at
 * `now_us`, field = path in the request; what only the case can tell (a contact before the case was
 * opened, an amount beyond a limit) is left to the decision. `policy` is the tenant's current
 * version and may be NULL. */
void record_contact_validate(const ProtobufCMessage *request, int64_t now_us,
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
