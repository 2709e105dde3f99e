/* SPDX-License-Identifier: Apache-2.0 */
#include "contract/remedy_states.h"

static const struct remedy_state states[] = {
    [REMEDY_STATE_UNSPECIFIED] = {.is_live = false},
    [REMEDY_STATE_PROPOSED] = {.is_live = true, .is_owners_work = true},
    [REMEDY_STATE_PENDING_APPROVAL] = {.is_live = true},
    [REMEDY_STATE_APPROVED] = {.is_live = true, .is_owners_work = true},
    [REMEDY_STATE_REJECTED] = {.is_live = false},
    [REMEDY_STATE_OFFERED] = {.is_live = true},
    [REMEDY_STATE_ACCEPTED] = {.is_live = true, .is_owed = true, .was_accepted = true},
    [REMEDY_STATE_DECLINED] = {.is_live = false},
    [REMEDY_STATE_COUNTERED] = {.is_live = false},
    [REMEDY_STATE_EXPIRED] = {.is_live = false},
    [REMEDY_STATE_FULFILLING] = {.is_live = true, .is_owed = true, .was_accepted = true},
    [REMEDY_STATE_FULFILLED] = {.is_live = true, .was_accepted = true},
    [REMEDY_STATE_FAILED] = {.was_accepted = true},
    [REMEDY_STATE_REVERSED] = {.was_accepted = true},
};
_Static_assert(sizeof(states) / sizeof(states[0]) == REMEDY_STATE_COUNT, "each state has its row");

const struct remedy_state *remedy_state(int state)
{
    bool known = state > REMEDY_STATE_UNSPECIFIED && state < REMEDY_STATE_COUNT;
    return &states[known ? state : REMEDY_STATE_UNSPECIFIED];
}
