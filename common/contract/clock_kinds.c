/* SPDX-License-Identifier: Apache-2.0 */
#include "contract/clock_kinds.h"

static const struct clock_kind kinds[] = {
    [CLOCK_KIND_UNSPECIFIED] = {.subject = SUBJECT_CASE},
    [CLOCK_KIND_FIRST_RESPONSE] = {.may_pause = true},
    [CLOCK_KIND_NEXT_CONTACT] = {.may_pause = true, .may_restart = true},
    [CLOCK_KIND_RESOLUTION] = {.may_pause = true},
    [CLOCK_KIND_OFFER] = {.subject = SUBJECT_OFFER, .is_given = true},
    [CLOCK_KIND_APPROVAL] = {.subject = SUBJECT_REMEDY},
    [CLOCK_KIND_PROMISE] = {.subject = SUBJECT_PROMISE, .is_given = true},
    [CLOCK_KIND_FULFILMENT] = {.subject = SUBJECT_REMEDY},
    [CLOCK_KIND_FOLLOW_UP] = {.may_pause = true, .may_close = true},
    /* The law's time runs whatever the company does. */
    [CLOCK_KIND_STATUTORY] = {.may_pause = false},
    [CLOCK_KIND_LEVEL] = {.may_pause = true, .may_restart = true},
};
_Static_assert(sizeof(kinds) / sizeof(kinds[0]) == CLOCK_KIND_COUNT, "each kind has its row");

const struct clock_kind *clock_kind(int kind)
{
    bool known = kind > CLOCK_KIND_UNSPECIFIED && kind < CLOCK_KIND_COUNT;
    return &kinds[known ? kind : CLOCK_KIND_UNSPECIFIED];
}

bool clock_kind_has_subject(int kind)
{
    return clock_kind(kind)->subject != SUBJECT_CASE;
}
