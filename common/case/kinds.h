/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The commands behind the RPCs that write, one for each; their decide functions are pure. Threading: constants. */

#include "case/command.h"

extern const struct command_kind open_case_kind;
extern const struct command_kind put_agent_kind;
extern const struct command_kind set_presence_kind;
extern const struct command_kind request_assignment_kind; /* as offer_case_kind, with a request id and offer_case_args */
extern const struct command_kind accept_offer_kind;
extern const struct command_kind decline_offer_kind;
extern const struct command_kind record_contact_kind;
extern const struct command_kind record_act_kind;
extern const struct command_kind record_root_cause_kind;
extern const struct command_kind propose_remedy_kind;
extern const struct command_kind record_customer_response_kind;
extern const struct command_kind report_fulfilment_kind;
extern const struct command_kind deny_claim_kind;
extern const struct command_kind resolve_case_kind;
extern const struct command_kind close_case_kind;
