/* SPDX-License-Identifier: Apache-2.0 */
#include "case/clocks/wait.h"

#include "base/assert.h"
#include "base/minmax.h"
#include "base/time.h"
#include "contract/channels.h"
#include "contract/words.h"

/* -- the unreachable rule ---------------------------------------------------------------------- */

bool contact_is_attempt(const struct contact_row *contact)
{
    return contact->direction == CONTACT_DIRECTION_OUTBOUND &&
           !channel_of(contact->channel)->is_automatic;
}

void attempts_add(struct attempts *a, const struct contact_row *contact)
{
    a->first_us = a->n > 0 ? smaller(a->first_us, contact->at) : contact->at;
    a->last_us = larger(a->last_us, contact->at);
    a->channels |= 1u << contact->channel;
    a->n++;
}

bool attempts_are_enough(const struct attempts *a, const struct policy *p)
{
    return a->n >= p->unreachable_attempts &&
           __builtin_popcount(a->channels) >= p->unreachable_channels &&
           a->last_us - a->first_us >= p->unreachable_window_ms * US_PER_MS;
}

/* -- what was said, one after the other -------------------------------------------------------- */

struct walk {
    const struct policy *p;
    struct customer_wait wait;
    int64_t from_us, until_us;
    int64_t last_us;          /* the last answer at until_us or before; 0 = none */
    unsigned asked_on;        /* channels of the words of this wait: bit n = Channel n */
    bool answered;            /* the company has answered at least once */
    struct attempts attempts; /* since the last word */
};

static void answer(struct walk *walk, int64_t at_us)
{
    if (walk->wait.waits) {
        walk->wait.waits = false;
        walk->wait.since_us = at_us;
    }
    if (walk->wait.answer_us == 0 && at_us >= walk->from_us)
        walk->wait.answer_us = at_us;
    if (at_us <= walk->until_us)
        walk->last_us = at_us;
    walk->asked_on = 0;
    walk->answered = true;
    walk->attempts = (struct attempts){0};
}

static void ask(struct walk *walk, int64_t at_us, int channel)
{
    if (!walk->wait.waits) {
        walk->wait.waits = true;
        walk->wait.since_us = at_us;
    }
    walk->asked_on |= 1u << channel;
    walk->attempts = (struct attempts){0};
}

static bool is_written_answer(const struct walk *walk, const struct contact_row *contact)
{
    return walk->p->written_answer && walk->wait.waits &&
           contact->outcome == CONTACT_OUTCOME_SENT && (walk->asked_on >> contact->channel & 1u);
}

static void try_answer(struct walk *walk, const struct contact_row *contact)
{
    if (contact_reached(contact)) {
        answer(walk, contact->at);
        return;
    }
    /* Before the first answer the customer waits for that, since the case was opened. */
    if (!contact_is_attempt(contact) || (walk->answered && !walk->wait.waits))
        return;
    attempts_add(&walk->attempts, contact);
    if (is_written_answer(walk, contact) || attempts_are_enough(&walk->attempts, walk->p))
        answer(walk, contact->at);
}

static void hear_contact(struct walk *walk, const struct contact_row *contact)
{
    if (contact->direction == CONTACT_DIRECTION_OUTBOUND)
        try_answer(walk, contact);
    else if (contact_asks(contact))
        ask(walk, contact->at, contact->channel);
}

static void hear_signal(struct walk *walk, const struct signal_row *signal)
{
    bool is_first = signal->number <= 1;
    if (!is_first && signal->trigger != TRIGGER_DETECTED_FAILURE && walk->answered)
        ask(walk, signal->received_at, signal->channel);
}

/* -- the order of time ------------------------------------------------------------------------- */

/* The places of the contacts by time. Of one instant the customer's words come first: who was
 * reached then has been answered. */
struct contact_order {
    uint16_t place[CASE_CONTACTS_MAX + 1];
    size_t n;
};

static bool comes_before(const struct contact_row *a, const struct contact_row *b)
{
    if (a->at != b->at)
        return a->at < b->at;
    return a->direction == CONTACT_DIRECTION_INBOUND && b->direction != CONTACT_DIRECTION_INBOUND;
}

/* They are nearly in order already: each is moved past few others. */
static void order_contacts(const struct case_state *c, struct contact_order *order)
{
    const struct contact_row *contacts = c->contacts.items;
    AM_ASSERT(c->contacts.n <= CASE_CONTACTS_MAX);
    order->n = 0;
    for (size_t i = 0; i < c->contacts.n; i++) {
        size_t at = order->n++;
        for (; at > 0 && comes_before(&contacts[i], &contacts[order->place[at - 1]]); at--)
            order->place[at] = order->place[at - 1];
        order->place[at] = (uint16_t)i;
    }
}

/* What there is to hear, each list in the order of time. */
struct said {
    const struct case_state *c;
    struct contact_order order;
    size_t contact, signal; /* the next ones */
    int64_t denied_us;      /* INT64_MAX = no denial is left to hear */
};

static int64_t contact_time(const struct said *said)
{
    if (said->contact >= said->order.n)
        return INT64_MAX;
    return ROW_AT(&said->c->contacts, struct contact_row, said->order.place[said->contact])->at;
}

static int64_t signal_time(const struct said *said)
{
    if (said->signal >= said->c->signals.n)
        return INT64_MAX;
    return ROW_AT(&said->c->signals, struct signal_row, said->signal)->received_at;
}

/* The next one; false when all was heard. Of one instant a claim comes first and a denial last. */
static bool hear_next(struct walk *walk, struct said *said)
{
    int64_t contact = contact_time(said);
    int64_t signal = signal_time(said);
    int64_t first = smaller(smaller(contact, signal), said->denied_us);
    if (first == INT64_MAX)
        return false;
    if (signal == first) {
        hear_signal(walk, ROW_AT(&said->c->signals, struct signal_row, said->signal++));
    } else if (contact == first) {
        size_t place = said->order.place[said->contact++];
        hear_contact(walk, ROW_AT(&said->c->contacts, struct contact_row, place));
    } else {
        answer(walk, said->denied_us);
        said->denied_us = INT64_MAX;
    }
    return true;
}

static void hear_all(struct walk *walk, const struct case_state *c)
{
    struct said said = {.c = c, .denied_us = INT64_MAX};
    if (c->row.denial_disclosed_at != 0)
        said.denied_us = c->row.denial_disclosed_at;
    order_contacts(c, &said.order);
    while (hear_next(walk, &said))
        ;
}

struct customer_wait case_wait(const struct case_state *c, const struct policy *p, int64_t from_us)
{
    struct walk walk = {.p = p, .from_us = from_us};
    hear_all(&walk, c);
    return walk.wait;
}

int64_t case_answered_before(const struct case_state *c, const struct policy *p, int64_t until_us)
{
    struct walk walk = {.p = p, .until_us = until_us};
    hear_all(&walk, c);
    return walk.last_us;
}
