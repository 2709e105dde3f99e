/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The commands behind resolution's RPCs; their decide functions are pure. What they all hold:
 *
 * - An agent who works on a case that is with a steward does not become its owner by that.
 * - Words that people said or wrote go into an event's personal part and the rows, never into the
 *   public part.
 * - Contacts, acts, root causes and fulfilment are taken as long as the case is not final;
 * proposals, answers and denials only while it is neither resolved nor final.
 *
 * Threading: constants.
 */

#include "case/command.h"

/* An outbound REACHED stops FIRST_RESPONSE at the time of the contact, however late it is recorded:
 * a breach that was found before is none then, though the climb it caused stays. What reached the
 * customer or came from the customer counts as effort. A time before the opening is a violation of
 * contact_time. */
extern const struct command_kind record_contact_kind;
extern const struct command_kind record_act_kind;
/* The latest counts. */
extern const struct command_kind record_root_cause_kind;

/* Within the proposer's limit it is written as OFFERED at once, `on_the_spot`. The limit covers the
 * sum of what the case has of the kind and currency, as far as it stands (remedy_is_live()).
 * Refused with ALREADY_COMPENSATED: a REPLACEMENT, REFUND, CREDIT or WAIVER of the very worth that
 * stands already; other kinds, being added value, may be repeated. */
extern const struct command_kind propose_remedy_kind;
/* Of an OFFERED remedy only. */
extern const struct command_kind record_customer_response_kind;

/* ACCEPTED -> FULFILLING -> FULFILLED or FAILED, the middle may be left out; FULFILLED -> REVERSED.
 * A report whose state and reference are there already (or that names no reference) changes nothing
 * and is answered OK. A reference that proves another remedy of the kind is ALREADY_COMPENSATED. */
extern const struct command_kind report_fulfilment_kind;

/* The reason as it was disclosed; a later denial replaces it, both stay in the history. */
extern const struct command_kind deny_claim_kind;

/* Passes the close gate or lists every missing item. Stops every clock of the round at now: met or
 * breached is what the timestamps say, and a breach found here climbs first. What was offered and
 * not answered becomes EXPIRED. A case that nobody has accepted cannot be resolved. */
extern const struct command_kind resolve_case_kind;
extern const struct command_kind close_case_kind;
