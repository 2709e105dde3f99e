/* SPDX-License-Identifier: Apache-2.0 */

/* Whose work: an agent's or a steward's, that of a team's agents, or that of a level's stewards. */

#include <string.h>

#include "assignment/work/work.h"
#include "contract/check.h"
#include "contract/reasons.h"

#define TEAM_BYTES 100
#define OWN_OWNERS (1 + POLICY_LEVELS_MAX)

static bool given(const char *text)
{
    return text && *text;
}

void work_scope_check(struct work_scope *s, struct read_call *rc)
{
    s->rc = rc;
    if (given(s->owner_id) + given(s->team) + (s->level != 0) > 1)
        fault_violation(&rc->fault, "owner_id", "cannot be given together with team or level");
    if (given(s->owner_id))
        check_principal(&rc->fault, "owner_id", s->owner_id);
    check_text(&rc->fault, "team", s->team, TEAM_BYTES, false);
    check_range(&rc->fault, "level", s->level, 0, POLICY_LEVELS_MAX);
}

/* An agent's cases are in no level; a principal may be the steward of several. */
static void take_one(struct work_scope *s, const char *id)
{
    s->owners = ARENA_ARRAY(s->rc->arena, struct work_owner, OWN_OWNERS);
    for (int level = 0; level < OWN_OWNERS; level++)
        s->owners[s->n_owners++] = (struct work_owner){.level = level, .id = id};
    s->ready(s);
}

static void refuse_team(struct work_scope *s)
{
    struct fault *f = &s->rc->fault;
    fault_set(f, FAULT_FAILED_PRECONDITION, ERROR_REASON_TEAM_TOO_LARGE,
              "the team \"%s\" has more than %d agents; ask for the work of each agent", s->team,
              WORK_OWNERS_MAX);
    fault_meta(f, "team", "%s", s->team);
    rpc_fail(s->rc->call, f);
}

static void found(struct store_read *read)
{
    struct work_scope *s = read->ctx;
    if (fault_is_set(&read->fault)) {
        rpc_fail(s->rc->call, &read->fault);
    } else if (read->owners.n > WORK_OWNERS_MAX) {
        refuse_team(s);
    } else {
        s->owners = read->owners.items;
        s->n_owners = read->owners.n;
        s->ready(s);
    }
}

void work_scope_find(struct work_scope *s, void (*ready)(struct work_scope *s))
{
    struct read_call *rc = s->rc;
    s->ready = ready;
    if (!given(s->team) && s->level == 0) {
        take_one(s, given(s->owner_id) ? s->owner_id : rpc_call_principal(rc->call)->id);
        return;
    }
    s->read = rc->read;
    s->read.done = found;
    s->read.ctx = s;
    if (given(s->team))
        store_read_team(rc->service->store, &s->read, s->team, WORK_OWNERS_MAX + 1);
    else
        store_read_level(rc->service->store, &s->read, s->level, WORK_OWNERS_MAX);
}
