/* SPDX-License-Identifier: Apache-2.0 */
#include "resolution/decide/promise_row.h"

#include "case/clocks/clocks.h"
#include "case/model/states.h"
#include "case/transition.h"
#include "contract/word.h"
#include "contract/words.h"

bool promise_add(struct decision *d, int kind, const char *description, const struct promised *when,
                 struct uuid *id)
{
    struct case_state *c = d->c;
    if (!case_require_room(d, &c->promises, CASE_PROMISES_MAX, "promises"))
        return false;
    struct promise_row *p = ROWS_ADD(&c->promises, struct promise_row, d->arena);
    p->tenant_id = c->row.tenant_id;
    p->case_id = c->row.case_id;
    p->promise_id = *id = decision_id(d);
    p->kind = (int16_t)kind;
    p->round = c->row.round;
    p->promised_at = when->at_us;
    p->due_at = when->due_us;
    p->description = description;
    p->settled_by = "";
    promise_set_state(p, PROMISE_STATE_OPEN, d->now_us, d->cmd->principal);
    (void)clock_start_until(d, CLOCK_KIND_PROMISE, id, d->now_us, when->due_us);
    return true;
}

struct promise_row *promise_find(struct decision *d, const char *promise_id)
{
    struct uuid id = {0};
    int parsed = uuid_parse(promise_id, &id);
    ROWS_EACH (promise, struct promise_row, &d->c->promises)
        if (parsed == AM_OK && uuid_eq(&promise->promise_id, &id))
            return promise;
    struct fault *f = &d->cmd->fault;
    fault_set(f, FAULT_NOT_FOUND, ERROR_REASON_PROMISE_NOT_FOUND, "the case has no promise %s",
              promise_id);
    fault_meta(f, "promise_id", "%s", promise_id);
    return NULL;
}

void promise_refuse_state(struct decision *d, int state, const char *what)
{
    struct fault *f = &d->cmd->fault;
    fault_set(f, FAULT_FAILED_PRECONDITION, ERROR_REASON_PROMISE_STATE,
              "a promise that is %s cannot %s", contract_word(PROMISE_STATE_WORDS, state), what);
    fault_meta(f, "state", "%s", contract_word(PROMISE_STATE_WORDS, state));
}
