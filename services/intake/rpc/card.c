/* SPDX-License-Identifier: Apache-2.0 */

#include "intake/rpc/card.h"

#include "amends/v1/intake_service.pb-c.h"
#include "contract/check.h"
#include "contract/reasons.h"

#define TEXT(s)                                                                                    \
    ((char *)(uintptr_t)(s)) /* protobuf-c's strings are not const; packing only reads them */

static Amends__V1__GetContactCardResponse card_of(const struct read_call *rc)
{
    Amends__V1__GetContactCardResponse r = AMENDS__V1__GET_CONTACT_CARD_RESPONSE__INIT;
    r.case_id = ((const Amends__V1__GetContactCardRequest *)rc->request)->case_id;
    return r;
}

static void agent_done(struct store_read *read)
{
    struct read_call *rc = read_call_done(read);
    if (!rc)
        return;
    Amends__V1__GetContactCardResponse r = card_of(rc);
    r.owner_kind = AMENDS__V1__OWNER_KIND__OWNER_KIND_AGENT;
    r.owner_name = TEXT(rc->user);
    if (read->agents.n) {
        const struct agent_row *agent = ROW_AT(&read->agents, struct agent_row, 0);
        r.owner_name = TEXT(*agent->display_name ? agent->display_name : agent->agent_id);
        r.owner_contact = TEXT(agent->public_contact);
    }
    rpc_reply(rc->call, &r.base);
}

/* The wait for the policy that names the steward. */
struct steward {
    struct tenants_wait wait;
    struct read_call *rc;
    const char *id;
};

static void steward_known(struct tenants_wait *wait, const struct policy *p,
                          const struct fault *fault)
{
    const struct steward *s = CONTAINER_OF(wait, struct steward, wait);
    if (!p) {
        rpc_fail(s->rc->call, fault);
        return;
    }
    Amends__V1__GetContactCardResponse r = card_of(s->rc);
    r.owner_kind = AMENDS__V1__OWNER_KIND__OWNER_KIND_STEWARD;
    r.owner_name = TEXT(s->id);
    for (int level = 1; level <= p->n_levels; level++) {
        const struct policy_level *l = &p->levels[level];
        if (strcmp(l->steward, s->id) != 0)
            continue;
        r.owner_name = TEXT(l->steward_name);
        r.owner_contact = TEXT(l->steward_contact);
        r.hours = TEXT(l->steward_hours);
    }
    rpc_reply(s->rc->call, &r.base);
}

static void reply_steward(struct read_call *rc, const struct case_row *row)
{
    struct steward *s = ARENA_NEW(rc->arena, struct steward);
    *s = (struct steward){.wait.done = steward_known, .rc = rc, .id = row->owner_id};
    tenants_load(rc->service->tenants, rc->tenant->id, row->policy_version, &s->wait);
}

static void case_done(struct store_read *read)
{
    struct read_call *rc = read_call_done(read);
    if (!rc)
        return;
    const struct case_state *c = &read->cases[0];
    if (!c->exists) {
        fault_set(&rc->fault, FAULT_NOT_FOUND, ERROR_REASON_CASE_NOT_FOUND, "no case %s",
                  card_of(rc).case_id);
        rpc_fail(rc->call, &rc->fault);
        return;
    }
    if (c->row.owner_kind == AMENDS__V1__OWNER_KIND__OWNER_KIND_STEWARD) {
        reply_steward(rc, &c->row);
        return;
    }
    const char **ids = ARENA_ARRAY(rc->arena, const char *, 1);
    ids[0] = c->row.owner_id;
    rc->user = TEXT(c->row.owner_id);
    rc->read.done = agent_done;
    store_read_agents(rc->service->store, &rc->read, ids, 1);
}

static void start(struct read_call *rc)
{
    struct uuid *id = ARENA_NEW(rc->arena, struct uuid);
    (void)check_uuid(&rc->fault, "case_id", card_of(rc).case_id, id);
    rc->read.done = case_done;
    if (read_call_valid(rc))
        store_read_cases(rc->service->store, &rc->read, id, 1);
}

void card_get(struct rpc_call *call, void *service)
{
    service_read(service, call, start);
}
