/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The commands behind resolution's RPCs; their decide functions are pure. Threading: constants. */

#include "case/command.h"

extern const struct command_kind record_contact_kind;
extern const struct command_kind record_act_kind;
extern const struct command_kind record_root_cause_kind;
extern const struct command_kind propose_remedy_kind;
extern const struct command_kind record_customer_response_kind;
extern const struct command_kind report_fulfilment_kind;
extern const struct command_kind deny_claim_kind;
extern const struct command_kind resolve_case_kind;
extern const struct command_kind close_case_kind;
