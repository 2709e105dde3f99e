/* SPDX-License-Identifier: Apache-2.0 */

/* The parts of a case as a proof knows them, and as events show them. */

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "case/clocks/deadline.h"
#include "case/clocks/retarget.h"
#include "case/history/proof_impl.h"
#include "case/message/message.h"
#include "contract/words.h"

/* -- the parts --------------------------------------------------------------------------------- */

bool proof_whole_money(const char *currency, int64_t micros)
{
    return currency[0] != '\0' || micros == 0;
}

static const ProtobufCMessage *show_signal(const void *row, struct arena *arena)
{
    Amends__V1__Signal *m = shown_signal(row, arena);
    return m ? &m->base : NULL;
}

static const ProtobufCMessage *show_contact(const void *row, struct arena *arena)
{
    Amends__V1__ContactAttempt *m = shown_contact(row, arena);
    return m ? &m->base : NULL;
}

static const ProtobufCMessage *show_act(const void *row, struct arena *arena)
{
    Amends__V1__Act *m = shown_act(row, arena);
    return m ? &m->base : NULL;
}

static const ProtobufCMessage *show_remedy(const void *row, struct arena *arena)
{
    const struct remedy_row *remedy = row;
    const bool whole = proof_whole_money(remedy->currency, remedy->micros);
    Amends__V1__Remedy *m = whole ? shown_remedy(row, arena) : NULL;
    return m ? &m->base : NULL;
}

static const ProtobufCMessage *show_promise(const void *row, struct arena *arena)
{
    Amends__V1__Promise *m = shown_promise(row, arena);
    return m ? &m->base : NULL;
}

static const ProtobufCMessage *show_offer(const void *row, struct arena *arena)
{
    Amends__V1__Offer *m = message_offer(row, arena);
    return m ? &m->base : NULL;
}

static bool is_whole_clock(const struct clock_row *clock)
{
    struct pause pauses[PAUSES_MAX];
    size_t n = 0;
    if (clock->pauses[0] != '\0' && pauses_parse(clock->pauses, pauses, &n) != AM_OK)
        return false;
    return retargets_readable(clock->retargets);
}

static const ProtobufCMessage *show_clock(const void *row, struct arena *arena)
{
    Amends__V1__Clock *m = is_whole_clock(row) ? message_clock(row, arena) : NULL;
    return m ? &m->base : NULL;
}

const struct proof_kind proof_kinds[PROOF_PARTS] = {
    [PROOF_SIGNAL] = {"signal", offsetof(struct case_state, signals), sizeof(struct signal_row), 0,
                      false, show_signal},
    [PROOF_CONTACT] = {"contact", offsetof(struct case_state, contacts), sizeof(struct contact_row),
                       offsetof(struct contact_row, contact_id), false, show_contact},
    [PROOF_ACT] = {"act", offsetof(struct case_state, acts), sizeof(struct act_row),
                   offsetof(struct act_row, act_id), false, show_act},
    [PROOF_REMEDY] = {"remedy", offsetof(struct case_state, remedies), sizeof(struct remedy_row),
                      offsetof(struct remedy_row, remedy_id), false, show_remedy},
    [PROOF_PROMISE] = {"promise", offsetof(struct case_state, promises), sizeof(struct promise_row),
                       offsetof(struct promise_row, promise_id), false, show_promise},
    [PROOF_OFFER] = {"offer", offsetof(struct case_state, offers), sizeof(struct offer_row),
                     offsetof(struct offer_row, offer_id), true, show_offer},
    [PROOF_CLOCK] = {"clock", offsetof(struct case_state, clocks), sizeof(struct clock_row),
                     offsetof(struct clock_row, clock_id), false, show_clock},
};

const struct rows *proof_rows(const struct case_state *c, enum proof_part part)
{
    return (const struct rows *)(const void *)((const uint8_t *)c + proof_kinds[part].rows_at);
}

const uint8_t *proof_row(const struct case_state *c, enum proof_part part, size_t i)
{
    return (const uint8_t *)proof_rows(c, part)->items + i * proof_kinds[part].row_size;
}

static const struct uuid *id_of(const uint8_t *row, enum proof_part part)
{
    return (const struct uuid *)(const void *)(row + proof_kinds[part].id_at);
}

void proof_row_name(const struct proof *p, enum proof_part part, size_t i,
                    char name[PROOF_ROW_NAME])
{
    const uint8_t *row = proof_row(p->c, part, i);
    char id[UUID_TEXT_LEN + 1];
    if (part == PROOF_SIGNAL)
        (void)snprintf(name, PROOF_ROW_NAME, "signal %d",
                       ((const struct signal_row *)(const void *)row)->number);
    else
        (void)snprintf(name, PROOF_ROW_NAME, "%s %s", proof_kinds[part].name,
                       uuid_format(id_of(row, part), id));
}

size_t proof_find_row(const struct proof *p, enum proof_part part, const struct uuid *id)
{
    const size_t n = proof_rows(p->c, part)->n;
    size_t i = 0;
    while (i < n && !uuid_eq(id_of(proof_row(p->c, part, i), part), id))
        i++;
    return i;
}

size_t proof_find_shown(const struct proof *p, enum proof_part part, const char *id, int number)
{
    struct uuid uuid;
    size_t i = 0;
    if (part != PROOF_SIGNAL)
        return uuid_parse(id, &uuid) == AM_OK ? proof_find_row(p, part, &uuid)
                                              : proof_rows(p->c, part)->n;
    while (i < p->c->signals.n &&
           ROW_AT(&p->c->signals, const struct signal_row, i)->number != number)
        i++;
    return i;
}
