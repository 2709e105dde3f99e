/* SPDX-License-Identifier: Apache-2.0 */
#include "case/erase.h"

#include "base/assert.h"
#include "case/event.h"
#include "case/message/message.h"
#include "contract/statuses.h"
#include "contract/words.h"

bool case_has_unerased(const struct case_row *row)
{
    return row->erased_at == 0 || row->last_seq != row->erased_seq;
}

/* The list is one column, of which only the reasons are words. That there were denials, and when,
 * is what events show, too. */
static void blank_denials(struct decision *d)
{
    struct case_row *row = &d->c->row;
    static char none[] = "";
    Amends__V1__DenialList *list = message_denials(row, d->arena);
    AM_ASSERT(list != NULL); /* a case's denials are bounded by less than a segment's arena */
    list->n_denials -= row->denial_disclosed_at != 0; /* the last one stands in the row */
    if (list->n_denials == 0)
        return;
    for (size_t i = 0; i < list->n_denials; i++)
        list->denials[i]->reason = none;
    row->earlier_denials = denials_pack(list, d->arena);
}

static void refuse_open(struct decision *d)
{
    struct fault *f = &d->cmd->fault;
    char id[UUID_TEXT_LEN + 1];
    uuid_format(&d->c->row.case_id, id);
    fault_set(f, FAULT_FAILED_PRECONDITION, ERROR_REASON_CASE_OPEN, "case %s has not ended", id);
    fault_meta(f, "case_id", "%s", id);
}

static void erased_event(struct decision *d, const struct erase_args *args)
{
    char id[UUID_TEXT_LEN + 1];
    Amends__V1__EventDetail detail = AMENDS__V1__EVENT_DETAIL__INIT;
    Amends__V1__Erasure erasure = AMENDS__V1__ERASURE__INIT;
    erasure.cause = (Amends__V1__ErasureCause)args->cause;
    if (!uuid_is_zero(&args->erasure_id))
        erasure.erasure_id = uuid_format(&args->erasure_id, id);
    detail.erasure = &erasure;
    case_event(d, EVENT_KIND_PERSONAL_DATA_ERASED, d->cmd->principal, &detail, NULL);
}

static void erase_case(struct decision *d)
{
    const struct erase_args *args = d->cmd->args;
    struct case_row *row = &d->c->row;
    if (!case_has_unerased(row))
        return;
    if (!args->open_too && !status_is_final(row->status)) {
        refuse_open(d);
        return;
    }
    blank_denials(d);
    row->erased_at = d->now_us;
    erased_event(d, args);
    row->erased_seq = row->last_seq;
    d->erases = true;
}

const struct command_kind erase_case_kind = {
    .name = "EraseCase", .needs_case = true, .decide = erase_case};
