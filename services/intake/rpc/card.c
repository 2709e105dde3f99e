/* SPDX-License-Identifier: Apache-2.0 */

#include "intake/rpc/card.h"

#include "amends/v1/intake_service.pb-c.h"
#include "contract/reasons.h"
#include "shared/named_case.h"

#define TEXT(s)                                                                                    \
    ((char *)(uintptr_t)(s)) /* protobuf-c's strings are not const; packing only reads them */

/* A card under construction: whom the customer is told, and the wait for the policy that names the
 * desks. */
struct card {
    Amends__V1__GetContactCardResponse response;
    struct read_call *rc;
    struct tenants_wait wait;
    char case_id[UUID_TEXT_LEN + 1];
    int16_t level; /* of the case, as its policy version is */
    int32_t policy_version;
};

static const char *case_id_of(const struct read_call *rc)
{
    return ((const Amends__V1__GetContactCardRequest *)rc->request)->case_id;
}

static struct card *card_new(struct read_call *rc, const struct case_row *row)
{
    struct card *card = ARENA_NEW(rc->arena, struct card);
    *card = (struct card){.rc = rc, .level = row->level, .policy_version = row->policy_version};
    amends__v1__get_contact_card_response__init(&card->response);
    card->response.case_id = uuid_format(&row->case_id, card->case_id);
    card->response.reference = TEXT(row->reference);
    card->response.owner_kind = (Amends__V1__OwnerKind)row->owner_kind;
    card->response.owner_name = TEXT(row->owner_id);
    return card;
}

/* A steward who is owner may be that of another level than the case's. */
static const struct policy_level *desk_of(const struct card *card, const struct policy *p)
{
    for (int level = 1; level <= p->n_levels; level++)
        if (strcmp(p->levels[level].steward, card->response.owner_name) == 0)
            return &p->levels[level];
    return card->level <= p->n_levels ? &p->levels[card->level] : NULL;
}

static void policy_known(struct tenants_wait *wait, const struct policy *p,
                         const struct fault *fault)
{
    struct card *card = CONTAINER_OF(wait, struct card, wait);
    if (!p) {
        rpc_fail(card->rc->call, fault);
        return;
    }
    const struct policy_level *desk = desk_of(card, p);
    if (desk) {
        card->response.owner_contact = TEXT(desk->steward_contact);
        card->response.hours = TEXT(desk->steward_hours);
        if (card->response.owner_kind == AMENDS__V1__OWNER_KIND__OWNER_KIND_STEWARD)
            card->response.owner_name = TEXT(desk->steward_name);
    }
    rpc_reply(card->rc->call, &card->response.base);
}

/* The customer can always reach somebody: the desk, where the owner has no contact of their own. */
static void reply_with_desk(struct card *card)
{
    const struct read_call *rc = card->rc;
    card->wait.done = policy_known;
    tenants_load(rc->service->tenants, rc->tenant->id, card->policy_version, &card->wait);
}

static void agent_done(struct store_read *read)
{
    struct read_call *rc = read_call_done(read);
    if (!rc)
        return;
    struct card *card = rc->user;
    const struct agent_row *agent =
        read->agents.n ? ROW_AT(&read->agents, struct agent_row, 0) : NULL;
    if (agent && *agent->display_name)
        card->response.owner_name = TEXT(agent->display_name);
    if (!agent || !*agent->public_contact) {
        reply_with_desk(card);
        return;
    }
    card->response.owner_contact = TEXT(agent->public_contact);
    rpc_reply(rc->call, &card->response.base);
}

static void case_done(struct store_read *read)
{
    struct read_call *rc = read_call_done(read);
    if (!rc)
        return;
    const struct case_state *c = &read->cases[0];
    if (!c->exists) {
        fault_set(&rc->fault, FAULT_NOT_FOUND, ERROR_REASON_CASE_NOT_FOUND, "no case %s",
                  case_id_of(rc));
        rpc_fail(rc->call, &rc->fault);
        return;
    }
    struct card *card = card_new(rc, &c->row);
    if (c->row.owner_kind == AMENDS__V1__OWNER_KIND__OWNER_KIND_STEWARD) {
        reply_with_desk(card);
        return;
    }
    const char **ids = ARENA_ARRAY(rc->arena, const char *, 1);
    ids[0] = c->row.owner_id;
    rc->user = card;
    rc->read.done = agent_done;
    store_read_agents(rc->service->store, &rc->read, ids, 1);
}

static void case_known(struct read_call *rc)
{
    rc->read.done = case_done;
    store_read_cases(rc->service->store, &rc->read, rc->user, 1, CASE_ROW);
}

static void start(struct read_call *rc)
{
    struct uuid *id = ARENA_NEW(rc->arena, struct uuid);
    rc->user = id;
    named_case(rc, case_id_of(rc), id, case_known);
}

void card_get(struct rpc_call *call, void *service)
{
    service_read(service, call, 4 * READ_ROW, start);
}
