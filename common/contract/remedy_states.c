/* SPDX-License-Identifier: Apache-2.0 */
#include "contract/remedy_states.h"

#include "base/bits.h"

static const struct remedy_state states[] = {
    /* Within authority a new remedy is offered at once. */
    [REMEDY_STATE_UNSPECIFIED] = {.followers = BIT_OF(REMEDY_STATE_OFFERED)},
    [REMEDY_STATE_PROPOSED] = {.is_live = true, .is_owners_work = true},
    [REMEDY_STATE_PENDING_APPROVAL] = {.is_live = true},
    [REMEDY_STATE_APPROVED] = {.is_live = true, .is_owners_work = true},
    [REMEDY_STATE_REJECTED] = {.is_live = false},
    [REMEDY_STATE_OFFERED] = {.is_live = true,
                              .followers =
                                  BIT_OF(REMEDY_STATE_ACCEPTED) | BIT_OF(REMEDY_STATE_DECLINED) |
                                  BIT_OF(REMEDY_STATE_COUNTERED) | BIT_OF(REMEDY_STATE_EXPIRED)},
    /* Who fulfils need not say when it began. */
    [REMEDY_STATE_ACCEPTED] = {.is_live = true,
                               .is_owed = true,
                               .was_accepted = true,
                               .followers = BIT_OF(REMEDY_STATE_FULFILLING) |
                                            BIT_OF(REMEDY_STATE_FULFILLED) |
                                            BIT_OF(REMEDY_STATE_FAILED)},
    [REMEDY_STATE_DECLINED] = {.is_live = false},
    [REMEDY_STATE_COUNTERED] = {.is_live = false},
    [REMEDY_STATE_EXPIRED] = {.is_live = false},
    [REMEDY_STATE_FULFILLING] = {.is_live = true,
                                 .is_owed = true,
                                 .was_accepted = true,
                                 .followers =
                                     BIT_OF(REMEDY_STATE_FULFILLED) | BIT_OF(REMEDY_STATE_FAILED)},
    [REMEDY_STATE_FULFILLED] = {.is_live = true,
                                .was_accepted = true,
                                .followers = BIT_OF(REMEDY_STATE_REVERSED)},
    [REMEDY_STATE_FAILED] = {.was_accepted = true},
    [REMEDY_STATE_REVERSED] = {.was_accepted = true},
};
_Static_assert(sizeof(states) / sizeof(states[0]) == REMEDY_STATE_COUNT, "each state has its row");
_Static_assert(REMEDY_STATE_COUNT <= 32, "a state is a bit of 32");

static bool is_state(int state)
{
    return state > REMEDY_STATE_UNSPECIFIED && state < REMEDY_STATE_COUNT;
}

const struct remedy_state *remedy_state(int state)
{
    return &states[is_state(state) ? state : REMEDY_STATE_UNSPECIFIED];
}

bool remedy_state_may_follow(int from, int to)
{
    return is_state(to) && (remedy_state(from)->followers >> to & 1u) != 0;
}
