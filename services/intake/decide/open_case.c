/* SPDX-License-Identifier: Apache-2.0 */

/* OpenCase adds the signal to the open case of the same customer, failure and order, or opens a new
 * case. */

#include "intake/decide/decide.h"

#include <string.h>

#include "amends/v1/intake_service.pb-c.h"
#include "contract/check.h"
#include "case/message/message.h"
#include "contract/money.h"
#include "contract/reference.h"
#include "case/event.h"
#include "case/ladder/comeback.h"
#include "case/model/decision.h"
#include "case/model/desired.h"
#include "case/transition.h"
#include "contract/words.h"

#define FIRST_LEVEL 1

static const Amends__V1__OpenCaseRequest *request_of(const struct decision *d)
{
    return (const Amends__V1__OpenCaseRequest *)d->cmd->request;
}

/* -- what new and joined cases have in common -------------------------------------------------- */

/* The contacts that the signal cost the customer: none, when the company noticed the failure
 * itself. */
static int effort_of(const Amends__V1__OpenCaseRequest *r)
{
    return r->trigger == TRIGGER_DETECTED_FAILURE ? 0 : 1;
}

static void learn_wishes(struct case_row *row, const Amends__V1__OpenCaseRequest *r)
{
    for (size_t i = 0; i < r->n_desired_outcomes; i++)
        row->desired_outcomes = desired_add(row->desired_outcomes, (int)r->desired_outcomes[i]);
}

static const struct signal_row *add_signal(struct decision *d)
{
    const Amends__V1__OpenCaseRequest *r = request_of(d);
    struct case_state *c = d->c;
    struct signal_row *s = ROWS_ADD(&c->signals, struct signal_row, d->arena);
    s->tenant_id = c->row.tenant_id;
    s->case_id = c->row.case_id;
    s->number = (int32_t)c->signals.n;
    s->trigger = (int16_t)r->trigger;
    s->channel = (int16_t)r->channel;
    s->received_at = d->now_us;
    s->external_reference = r->external_reference;
    s->body = r->failure->description;
    s->reporter = d->cmd->principal;
    return s;
}

/* The signal without the customer's words. */
static Amends__V1__Signal *public_signal(struct decision *d, const struct signal_row *row)
{
    struct signal_row without = *row;
    without.body = "";
    return message_signal(&without, d->arena);
}

static Amends__V1__EventPrivate personal_of(const Amends__V1__OpenCaseRequest *r)
{
    Amends__V1__EventPrivate p = AMENDS__V1__EVENT_PRIVATE__INIT;
    p.customer_name = r->customer_name;
    p.customer_contact = r->customer_contact;
    p.text = r->failure->description;
    p.product = r->failure->product;
    p.order_reference = r->failure->order_reference;
    return p;
}

/* -- a repeat claim ---------------------------------------------------------------------------- */

static const char *first_given(const char *known, const char *given)
{
    return known[0] != '\0' ? known : given;
}

/* A repeat claim can raise the money at stake, but never lower it. */
static void learn_stake(struct case_row *row, const Google__Type__Money *stake)
{
    if (!stake)
        return;
    bool same_currency = strcmp(row->stake_currency, stake->currency_code) == 0;
    if (row->stake_currency[0] != '\0' && !same_currency)
        return;
    row->stake_currency = stake->currency_code;
    if (money_micros(stake) > row->stake_micros)
        row->stake_micros = money_micros(stake);
}

/* A signal never lowers the severity. That of an application raises it by one at most; more is for
 * an agent to judge. */
static void learn_severity(struct decision *d, int said)
{
    struct case_row *row = &d->c->row;
    if (said > row->severity)
        row->severity = (int16_t)(d->actor ? said : row->severity + 1);
}

static void learn_from_report(struct decision *d, const Amends__V1__OpenCaseRequest *r)
{
    struct case_row *row = &d->c->row;
    row->customer_name = first_given(row->customer_name, r->customer_name);
    row->customer_contact = first_given(row->customer_contact, r->customer_contact);
    row->language = first_given(row->language, r->language);
    row->customer_tier = first_given(row->customer_tier, r->customer_tier);
    row->time_zone = first_given(row->time_zone, r->customer_time_zone);
    row->product = first_given(row->product, r->failure->product);
    if (row->occurred_at == 0)
        row->occurred_at = check_past_time_us(r->failure->occurred_time, d->now_us);
    learn_severity(d, r->severity);
    learn_wishes(row, r);
    row->contacts += effort_of(r);
    case_add_minutes_lost(row, r->minutes_lost);
    learn_stake(row, r->failure->money_at_stake);
    row_touch(&row->row);
}

/* Settling the event works out the new priority from the signals and the stake. */
static enum comeback_cause cause_of(const Amends__V1__OpenCaseRequest *r)
{
    if (r->trigger == TRIGGER_DETECTED_FAILURE)
        return COMEBACK_DETECTED;
    return r->trigger == TRIGGER_SURVEY ? COMEBACK_SURVEY : COMEBACK_CLAIM;
}

static void join_case(struct decision *d)
{
    const Amends__V1__OpenCaseRequest *r = request_of(d);
    if (!case_require_room(d, &d->c->signals, CASE_SIGNALS_MAX, "signals"))
        return;
    learn_from_report(d, r);
    const struct signal_row *signal = add_signal(d);
    Amends__V1__EventDetail detail = AMENDS__V1__EVENT_DETAIL__INIT;
    detail.signal = public_signal(d, signal);
    const Amends__V1__EventPrivate personal = personal_of(r);
    case_event(d, EVENT_KIND_SIGNAL_JOINED, d->cmd->principal, &detail, &personal);
    d->cmd->joined = true;
    comeback_run(d, cause_of(r));
}

/* -- a new case -------------------------------------------------------------------------------- */

static void fill_customer(struct case_row *row, const Amends__V1__OpenCaseRequest *r)
{
    row->customer_id = r->customer_id;
    row->customer_name = r->customer_name;
    row->customer_contact = r->customer_contact;
    row->language = r->language;
    row->customer_tier = r->customer_tier;
    row->time_zone = r->customer_time_zone;
    learn_wishes(row, r);
    row->contacts = effort_of(r);
    case_add_minutes_lost(row, r->minutes_lost);
}

static void fill_failure(struct decision *d, const Amends__V1__OpenCaseRequest *r)
{
    struct case_row *row = &d->c->row;
    const Amends__V1__Failure *f = r->failure;
    row->trigger = (int16_t)r->trigger;
    row->channel = (int16_t)r->channel;
    row->failure_code = f->code;
    row->description = f->description;
    row->occurred_at = check_past_time_us(f->occurred_time, d->now_us);
    row->product = f->product;
    row->order_reference = f->order_reference;
    row->stake_currency = f->money_at_stake ? f->money_at_stake->currency_code : "";
    row->stake_micros = money_micros(f->money_at_stake);
    row->severity =
        r->severity > 0 ? (int16_t)r->severity : policy_failure_find(d->policy, f->code)->severity;
}

/* The steward is the owner from the first instant. */
static void fill_course(struct case_row *row, const struct policy *p, int64_t now_us)
{
    row->status = CASE_STATUS_OPEN;
    row->owner_kind = OWNER_KIND_STEWARD;
    row->owner_id = p->levels[FIRST_LEVEL].steward;
    row->owner_since = now_us;
    row->assignment_generation = 1;
    row->level = FIRST_LEVEL;
    row->level_since = now_us;
    row->round = 1;
    row->policy_version = p->version;
    row->opened_at = now_us;
    row->updated_at = now_us;
}

static void opened_event(struct decision *d, const struct signal_row *signal)
{
    const Amends__V1__OpenCaseRequest *r = request_of(d);
    Amends__V1__EventDetail detail = AMENDS__V1__EVENT_DETAIL__INIT;
    detail.owner = message_owner(&d->c->row, d->arena);
    detail.signal = public_signal(d, signal);
    detail.failure_code = r->failure->code;
    detail.customer_id = r->customer_id;
    detail.policy_version = d->policy->version;
    char earlier[UUID_TEXT_LEN + 1];
    if (!uuid_is_zero(&d->c->row.earlier_case_id))
        detail.earlier_case_id = uuid_format(&d->c->row.earlier_case_id, earlier);
    const Amends__V1__EventPrivate personal = personal_of(r);
    case_event(d, EVENT_KIND_CASE_OPENED, d->cmd->principal, &detail, &personal);
}

static void fill_reference(struct decision *d)
{
    char *reference = ARENA_ARRAY(d->arena, char, REFERENCE_CHARS + 1);
    reference_make(&d->c->row.case_id, d->cmd->references_taken, reference);
    d->c->row.reference = reference;
}

static void open_new(struct decision *d)
{
    const Amends__V1__OpenCaseRequest *r = request_of(d);
    struct case_row *row = &d->c->row;
    fill_customer(row, r);
    fill_failure(d, r);
    fill_course(row, d->policy, d->now_us);
    fill_reference(d);
    row->row.change = ROW_NEW;
    row->earlier_case_id = d->cmd->past_case_id;
    d->c->exists = true;
    opened_event(d, add_signal(d));
}

/* A claim about a case that has ended for too long begins a new one, which is decided again. */
static void join_or_follow(struct decision *d)
{
    if (comeback_of(d) == COMEBACK_LATE) {
        d->cmd->past_case_id = d->c->row.case_id;
        d->again = true;
    } else if (comeback_prepare(d)) {
        join_case(d);
    }
}

static void open_case_decide(struct decision *d)
{
    failure_code_validate(request_of(d)->failure->code, d->policy, &d->cmd->fault);
    if (fault_is_set(&d->cmd->fault))
        return;
    if (d->c->exists)
        join_or_follow(d);
    else
        open_new(d);
}

const struct command_kind open_case_kind = {
    .name = "OpenCase",
    .method = METHOD_OPEN_CASE,
    .needs_customer = true,
    .validate = open_case_validate,
    .decide = open_case_decide,
    .response = &amends__v1__open_case_response__descriptor,
};
