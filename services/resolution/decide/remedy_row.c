/* SPDX-License-Identifier: Apache-2.0 */
#include "resolution/decide/remedy_row.h"

#include <string.h>

#include "case/message/message.h"
#include "case/event.h"
#include "case/model/decision.h"
#include "contract/word.h"
#include "contract/words.h"

struct remedy_row *remedy_find(struct decision *d, const char *remedy_id)
{
    struct uuid id = {0};
    int parsed = uuid_parse(remedy_id, &id);
    ROWS_EACH (remedy, struct remedy_row, &d->c->remedies)
        if (parsed == AM_OK && uuid_eq(&remedy->remedy_id, &id))
            return remedy;
    struct fault *f = &d->cmd->fault;
    fault_set(f, FAULT_NOT_FOUND, ERROR_REASON_REMEDY_NOT_FOUND, "the case has no remedy %s",
              remedy_id);
    fault_meta(f, "remedy_id", "%s", remedy_id);
    return NULL;
}

void remedy_refuse_state(struct decision *d, const struct remedy_row *remedy, const char *what)
{
    struct fault *f = &d->cmd->fault;
    const char *state = contract_word(REMEDY_STATE_WORDS, remedy->state);
    fault_set(f, FAULT_FAILED_PRECONDITION, ERROR_REASON_REMEDY_STATE,
              "a remedy that is %s cannot %s", state, what);
    fault_meta(f, "state", "%s", state);
}

void remedy_event(struct decision *d, int kind, const struct remedy_row *remedy, char *text)
{
    struct remedy_row without_text = *remedy;
    without_text.description = "";
    Amends__V1__EventDetail detail = AMENDS__V1__EVENT_DETAIL__INIT;
    Amends__V1__EventPrivate personal = AMENDS__V1__EVENT_PRIVATE__INIT;
    detail.remedy = message_remedy(&without_text, d->arena);
    personal.text = text;
    case_event(d, kind, d->cmd->principal, &detail, &personal);
    d->cmd->result_id = remedy->remedy_id;
}
