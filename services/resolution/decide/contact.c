/* SPDX-License-Identifier: Apache-2.0 */

/* RecordContact, CorrectContact, RecordAct and RecordRootCause, which any agent may call. */

#include "amends/v1/resolution_service.pb-c.h"
#include "contract/check.h"
#include "case/message/message.h"
#include "contract/money.h"
#include "case/clocks/wait.h"
#include "case/event.h"
#include "case/ladder/comeback.h"
#include "case/ladder/ladder.h"
#include "case/model/decision.h"
#include "case/notify.h"
#include "case/transition.h"
#include "contract/reasons.h"
#include "contract/words.h"
#include "resolution/decide/contact.h"
#include "resolution/decide/decide.h"

static Amends__V1__EventPrivate personal_words(char *text)
{
    Amends__V1__EventPrivate p = AMENDS__V1__EVENT_PRIVATE__INIT;
    p.text = text;
    return p;
}

/* -- RecordContact ----------------------------------------------------------------------------- */

static struct contact_row *add_contact(struct decision *d,
                                       const Amends__V1__RecordContactRequest *r, int64_t at)
{
    struct case_state *c = d->c;
    struct contact_row *row = ROWS_ADD(&c->contacts, struct contact_row, d->arena);
    row->tenant_id = c->row.tenant_id;
    row->case_id = c->row.case_id;
    row->contact_id = decision_id(d);
    row->direction = (int16_t)r->direction;
    row->channel = (int16_t)r->channel;
    /* The customer who calls has been reached. */
    row->outcome =
        r->direction == CONTACT_DIRECTION_INBOUND ? CONTACT_OUTCOME_REACHED : (int16_t)r->outcome;
    row->at = at;
    row->actor = d->cmd->principal;
    row->note = r->note;
    row->addressed_level = (int16_t)r->addressed_level;
    row->asks = (int)r->asks != CONTACT_ASK_UNSPECIFIED ? (int16_t)r->asks : CONTACT_ASK_ANSWER;
    return row;
}

/* What asks for nothing, and what a program said, was no trouble to the customer. */
static bool is_effort(const struct contact_row *contact)
{
    return contact_reached(contact) || contact_asks(contact);
}

static void count_effort(struct case_row *row, const struct contact_row *contact, int32_t minutes)
{
    row->contacts += is_effort(contact);
    case_add_minutes_lost(row, minutes);
    row_touch(&row->row);
}

/* The event settles the clocks. Policy says which clocks a contact stops, starts or resets. `about`
 * is the remedy that the customer spoke of, or NULL. */
static void contact_event(struct decision *d, int kind, const struct contact_row *contact,
                          const struct remedy_row *about, const Amends__V1__EventPrivate *personal)
{
    struct contact_row without_note = *contact;
    without_note.note = "";
    Amends__V1__EventDetail detail = AMENDS__V1__EVENT_DETAIL__INIT;
    if (about) {
        struct remedy_row without_words = *about;
        without_words.description = "";
        detail.remedy = message_remedy(&without_words, d->arena);
    }
    detail.contact = message_contact(&without_note, d->arena);
    case_event(d, kind, d->cmd->principal, &detail, personal);
}

/* Whoever the customer wrote to is told, when that is a level above the case's own: a message to
 * the executive desk is answered by it, or by its order. */
static void tell_addressed(struct decision *d, const struct contact_row *contact)
{
    const struct tidings tidings = {.kind = NOTIFICATION_KIND_CUSTOMER_WROTE,
                                    .cause = NOTIFICATION_CAUSE_CONTACT,
                                    .ask = NOTIFICATION_ASK_OVERSEE};
    if (contact->addressed_level > d->c->row.level)
        notify_tell(d, &tidings, ladder_steward(d->policy, contact->addressed_level));
}

/* What was told late and has been answered since brings nobody back. */
static void bring_back(struct decision *d, const struct contact_row *contact)
{
    if (!case_wait(d->c, d->policy, 0).waits)
        return;
    comeback_run(d, COMEBACK_CONTACT);
    tell_addressed(d, contact);
}

/* Who speaks for a customer tells what the customer said, and nothing else. */
static bool may_record(struct decision *d, const Amends__V1__RecordContactRequest *r)
{
    struct fault *f = &d->cmd->fault;
    if (!d->cmd->for_customer || (int)r->direction == CONTACT_DIRECTION_INBOUND)
        return true;
    fault_set(f, FAULT_PERMISSION_DENIED, ERROR_REASON_NOT_AN_AGENT,
              "only an agent records contacts by the company; '%s' is a customer",
              d->cmd->principal);
    fault_meta(f, "principal", "%s", d->cmd->principal);
    return false;
}

/* The row, the event and what follows; nothing when there is no room or other keys are needed. */
static void keep_contact(struct decision *d, const Amends__V1__RecordContactRequest *r, int64_t at,
                         const struct remedy_row *about)
{
    struct case_state *c = d->c;
    if (!case_require_room(d, &c->contacts, CASE_CONTACTS_MAX, "contacts") || !comeback_prepare(d))
        return;
    const struct contact_row *contact = add_contact(d, r, at);
    count_effort(&c->row, contact, r->minutes_lost);
    const Amends__V1__EventPrivate personal = personal_words(r->note);
    contact_event(d, EVENT_KIND_CONTACT_RECORDED, contact, about, &personal);
    d->cmd->result_id = contact->contact_id;
    /* Of an answer to an offer on a case that is worked on tells who calls. */
    if (contact_asks(contact) && !(about && comeback_of(d) == COMEBACK_NONE))
        bring_back(d, contact);
}

void contact_about_remedy(struct decision *d, const struct remedy_row *remedy, bool asks,
                          char *note)
{
    Amends__V1__RecordContactRequest word = AMENDS__V1__RECORD_CONTACT_REQUEST__INIT;
    word.direction = (Amends__V1__ContactDirection)CONTACT_DIRECTION_INBOUND;
    word.channel = (Amends__V1__Channel)d->c->row.channel;
    word.asks = (Amends__V1__ContactAsk)(asks ? CONTACT_ASK_ANSWER : CONTACT_ASK_NOTHING);
    word.note = note;
    keep_contact(d, &word, d->now_us, remedy);
}

static void record_contact_decide(struct decision *d)
{
    const Amends__V1__RecordContactRequest *r =
        (const Amends__V1__RecordContactRequest *)d->cmd->request;
    struct case_state *c = d->c;
    if (!may_record(d, r))
        return;
    int64_t at = r->contact_time ? check_past_time_us(r->contact_time, d->now_us) : d->now_us;
    if (at < c->row.opened_at) {
        fault_violation(&d->cmd->fault, "contact_time", "is before the case was opened");
        return;
    }
    if (r->addressed_level > d->policy->n_levels) {
        fault_violation(&d->cmd->fault, "addressed_level",
                        "is above the top of the ladder, level %d", d->policy->n_levels);
        return;
    }
    keep_contact(d, r, at, NULL);
}

const struct command_kind record_contact_kind = {
    .name = "RecordContact",
    .method = METHOD_RECORD_CONTACT,
    .needs_case = true,
    .agents_only = true,
    .customers_too = true,
    .validate = record_contact_validate,
    .decide = record_contact_decide,
    .response = &amends__v1__record_contact_response__descriptor,
};

/* -- CorrectContact ---------------------------------------------------------------------------- */

static struct contact_row *find_contact(struct decision *d, const char *contact_id)
{
    struct uuid id = {0};
    int parsed = uuid_parse(contact_id, &id);
    ROWS_EACH (contact, struct contact_row, &d->c->contacts)
        if (parsed == AM_OK && uuid_eq(&contact->contact_id, &id))
            return contact;
    struct fault *f = &d->cmd->fault;
    fault_set(f, FAULT_NOT_FOUND, ERROR_REASON_CONTACT_NOT_FOUND, "the case has no contact %s",
              contact_id);
    fault_meta(f, "contact_id", "%s", contact_id);
    return NULL;
}

static void correct(struct decision *d, struct contact_row *contact, int asks)
{
    struct case_row *row = &d->c->row;
    const int32_t before = is_effort(contact);
    contact->asks = (int16_t)asks;
    row_touch(&contact->row);
    row->contacts += is_effort(contact) - before;
    row_touch(&row->row);
    contact_event(d, EVENT_KIND_CONTACT_CORRECTED, contact, NULL, NULL);
    if (contact_asks(contact))
        bring_back(d, contact);
}

static void correct_contact_decide(struct decision *d)
{
    const Amends__V1__CorrectContactRequest *r =
        (const Amends__V1__CorrectContactRequest *)d->cmd->request;
    struct contact_row *contact = find_contact(d, r->contact_id);
    if (!contact)
        return;
    if (contact->direction != CONTACT_DIRECTION_INBOUND) {
        fault_violation(&d->cmd->fault, "contact_id",
                        "is a contact by the company: only the customer's ask for something");
        return;
    }
    if (!comeback_prepare(d))
        return;
    d->cmd->result_id = contact->contact_id;
    if (contact->asks != (int)r->asks)
        correct(d, contact, (int)r->asks);
}

const struct command_kind correct_contact_kind = {
    .name = "CorrectContact",
    .method = METHOD_CORRECT_CONTACT,
    .needs_case = true,
    .agents_only = true,
    .validate = correct_contact_validate,
    .decide = correct_contact_decide,
    .response = &amends__v1__correct_contact_response__descriptor,
};

/* -- RecordAct --------------------------------------------------------------------------------- */

static struct act_row *add_act(struct decision *d, const Amends__V1__RecordActRequest *r)
{
    struct case_state *c = d->c;
    struct act_row *row = ROWS_ADD(&c->acts, struct act_row, d->arena);
    row->tenant_id = c->row.tenant_id;
    row->case_id = c->row.case_id;
    row->act_id = decision_id(d);
    row->kind = (int16_t)r->kind;
    row->at = d->now_us;
    row->actor = d->cmd->principal;
    row->note = r->note;
    return row;
}

static void record_act_decide(struct decision *d)
{
    const Amends__V1__RecordActRequest *r = (const Amends__V1__RecordActRequest *)d->cmd->request;
    if (!case_require_live(d, true) || !case_require_room(d, &d->c->acts, CASE_ACTS_MAX, "acts"))
        return;
    const struct act_row *act = add_act(d, r);
    struct act_row without_note = *act;
    without_note.note = "";
    Amends__V1__EventDetail detail = AMENDS__V1__EVENT_DETAIL__INIT;
    detail.act = message_act(&without_note, d->arena);
    const Amends__V1__EventPrivate personal = personal_words(r->note);
    case_event(d, EVENT_KIND_ACT_RECORDED, d->cmd->principal, &detail, &personal);
    d->cmd->result_id = act->act_id;
}

const struct command_kind record_act_kind = {
    .name = "RecordAct",
    .method = METHOD_RECORD_ACT,
    .needs_case = true,
    .agents_only = true,
    .validate = record_act_validate,
    .decide = record_act_decide,
    .response = &amends__v1__record_act_response__descriptor,
};

/* -- RecordRootCause --------------------------------------------------------------------------- */

static void record_root_cause_decide(struct decision *d)
{
    const Amends__V1__RecordRootCauseRequest *r =
        (const Amends__V1__RecordRootCauseRequest *)d->cmd->request;
    struct case_row *row = &d->c->row;
    if (!case_require_live(d, true))
        return;
    row->root_cause_code = r->code;
    row->root_cause_preventable = r->preventable;
    row->root_cause_note = r->note;
    row->root_cause_actor = d->cmd->principal;
    row->root_cause_at = d->now_us;
    row_touch(&row->row);
    struct case_row without_note = *row;
    without_note.root_cause_note = "";
    Amends__V1__EventDetail detail = AMENDS__V1__EVENT_DETAIL__INIT;
    detail.root_cause = message_root_cause(&without_note, d->arena);
    const Amends__V1__EventPrivate personal = personal_words(r->note);
    case_event(d, EVENT_KIND_ROOT_CAUSE_RECORDED, d->cmd->principal, &detail, &personal);
}

const struct command_kind record_root_cause_kind = {
    .name = "RecordRootCause",
    .method = METHOD_RECORD_ROOT_CAUSE,
    .needs_case = true,
    .agents_only = true,
    .validate = record_root_cause_validate,
    .decide = record_root_cause_decide,
    .response = &amends__v1__record_root_cause_response__descriptor,
};
