/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Requirement signatures: what a case asks of an agent, as one canonical text, so that cases that
 * ask the same stand in the same queue. A signature has parts with ';' between:
 * "s=billing:2" skill and level, "l=de-at" language in lower case, "a=6:USD:500000000" authority as
 * remedy kind, currency and band in micro-units ("max" = without limit; an empty currency when no
 * stake is known). What is not asked for is left out; "" fits every agent.
 *
 * Threading: pure. Ownership: texts lie in the caller's arena.
 */

#include "case/model/rows.h"
#include "base/arena.h"
#include "policy/policy.h"

/* The longest signature with its NUL; the contract tells it. */
#define QUEUE_SIGNATURE_BYTES_MAX 288

/* What an agent must have for this case. Never NULL. */
const char *signature_of_case(const struct case_row *row, const struct policy *p,
                              struct arena *arena);
/* True when the agent meets the signature: skill, language and authority, nothing else (not level,
 * presence or room). */
bool signature_fits(const char *signature, const struct agent_row *agent, const struct policy *p);
