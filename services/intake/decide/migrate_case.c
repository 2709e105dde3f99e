/* SPDX-License-Identifier: Apache-2.0 */

/* MigrateCase: makes an open case follow another policy version from now on. */

#include <string.h>

#include "case/clocks/clocks.h"
#include "case/event.h"
#include "case/model/decision.h"
#include "case/notify.h"
#include "case/owner.h"
#include "contract/statuses.h"
#include "contract/words.h"
#include "intake/decide/decide.h"

static void clear_result(struct migrate_result *r)
{
    *r = (struct migrate_result){.moved = false};
}

/* A case that is above the top of the new ladder comes down to the top. */
static void follow_ladder(struct decision *d)
{
    struct case_row *row = &d->c->row;
    if (row->level <= d->policy->n_levels)
        return;
    row->level = d->policy->n_levels;
    row->level_since = d->now_us;
}

/* A case that no agent owns goes to the steward whom the new policy names for its level. */
static void follow_steward(struct decision *d)
{
    const struct case_row *row = &d->c->row;
    const char *steward = d->policy->levels[row->level].steward;
    const struct tidings tidings = {.kind = NOTIFICATION_KIND_GIVEN,
                                    .cause = NOTIFICATION_CAUSE_POLICY,
                                    .ask = NOTIFICATION_ASK_ASSIGN};
    if (row->owner_kind != OWNER_KIND_STEWARD || strcmp(row->owner_id, steward) == 0)
        return;
    case_set_owner(d, OWNER_KIND_STEWARD, steward, NULL, OWNER_POLICY);
    notify_tell(d, &tidings, steward);
}

static void tell_result(const struct clocks_migrated *m, struct migrate_result *r)
{
    r->moved = true;
    r->changed = m->changed;
    r->breaching = m->n_breaching > 0;
    if (!m->breaching)
        return;
    r->clock_id = m->breaching->clock_id;
    r->old_due_us = m->old_due_us;
    r->new_due_us = m->breaching->due_at;
    (void)stpncpy(r->name, m->breaching->name, sizeof(r->name) - 1);
}

static void migrate_case(struct decision *d)
{
    const struct migrate_args *args = d->cmd->args;
    struct case_row *row = &d->c->row;
    struct clocks_migrated migrated = {.changed = false};
    clear_result(args->result);
    if (status_is_final(row->status) || row->policy_version == d->policy->version)
        return;
    row->policy_version = d->policy->version;
    row_touch(&row->row);
    follow_ladder(d);
    clocks_migrate(d, &migrated);
    tell_result(&migrated, args->result);
    Amends__V1__EventDetail detail = AMENDS__V1__EVENT_DETAIL__INIT;
    detail.policy_version = d->policy->version;
    case_event(d, EVENT_KIND_POLICY_MIGRATED, d->cmd->principal, &detail, NULL);
    follow_steward(d);
}

const struct command_kind migrate_case_kind = {
    .name = "MigrateCase", .needs_case = true, .decide = migrate_case};
