/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The case that a reading call names, by its id or by its reference (contract/reference.h).
 *
 * Threading: io loop's thread. Ownership: everything lies in the call's arena.
 */

#include "shared/service.h"

/* Finds the case of the request's field `case_id`: `id` gets its id, then `known` is called, at
 * once when the field is an id. The call is refused with all violations when there are any, those
 * that were found before included; and with NOT_FOUND / CASE_NOT_FOUND when no case has the
 * reference. */
void named_case(struct read_call *rc, const char *text, struct uuid *id,
                void (*known)(struct read_call *rc));
