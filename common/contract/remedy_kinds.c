/* SPDX-License-Identifier: Apache-2.0 */
#include "contract/remedy_kinds.h"

static const struct remedy_kind kinds[] = {
    [REMEDY_KIND_UNSPECIFIED] = {.is_money = false},
    [REMEDY_KIND_APOLOGY] = {.is_money = false},
    [REMEDY_KIND_EXPLANATION] = {.is_money = false},
    [REMEDY_KIND_EXPEDITE] = {.is_money = false},
    [REMEDY_KIND_REDO] = {.is_money = false},
    [REMEDY_KIND_REPLACEMENT] = {.makes_up_for_loss = true},
    [REMEDY_KIND_REFUND] = {.is_money = true, .makes_up_for_loss = true},
    [REMEDY_KIND_CREDIT] = {.is_money = true, .makes_up_for_loss = true},
    [REMEDY_KIND_UPGRADE] = {.is_money = false},
    [REMEDY_KIND_GIFT] = {.is_money = false},
    [REMEDY_KIND_WAIVER] = {.is_money = true, .makes_up_for_loss = true},
    [REMEDY_KIND_PROCESS_FIX] = {.is_money = false},
};
_Static_assert(sizeof(kinds) / sizeof(kinds[0]) == REMEDY_KIND_COUNT, "each kind has its row");

const struct remedy_kind *remedy_kind(int kind)
{
    bool known = kind > REMEDY_KIND_UNSPECIFIED && kind < REMEDY_KIND_COUNT;
    return &kinds[known ? kind : REMEDY_KIND_UNSPECIFIED];
}
