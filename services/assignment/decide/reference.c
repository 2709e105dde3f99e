/* SPDX-License-Identifier: Apache-2.0 */

/* GiveReference: a case that has no reference gets the one that was locked for it. No event tells
 * it, because it follows from the case's id, and so the version stays as it is. */

#include "assignment/decide/decide.h"
#include "contract/reference.h"

static void give_reference_decide(struct decision *d)
{
    struct case_row *row = &d->c->row;
    if (row->reference[0] != '\0')
        return;
    char *reference = ARENA_ARRAY(d->arena, char, REFERENCE_CHARS + 1);
    reference_make(&row->case_id, d->cmd->references_taken, reference);
    row->reference = reference;
    row_touch(&row->row);
}

const struct command_kind give_reference_kind = {
    .name = "GiveReference",
    .needs_case = true,
    .gives_reference = true,
    .decide = give_reference_decide,
};
