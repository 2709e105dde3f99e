/* SPDX-License-Identifier: Apache-2.0 */
#include "case/people/authority.h"

#include <string.h>

#include "case/people/agent_text.h"
#include "case/people/contributors.h"
#include "contract/words.h"

bool case_require_owner(struct decision *d)
{
    const struct case_row *row = &d->c->row;
    const struct agent_row *actor = d->actor;
    if (actor && actor->level > row->level)
        return true;
    if (actor && row->owner_kind == OWNER_KIND_AGENT && strcmp(row->owner_id, actor->agent_id) == 0)
        return true;
    if (contributors_take_over(row->contributors, d->cmd->principal))
        return true;
    struct fault *f = &d->cmd->fault;
    fault_set(f, FAULT_PERMISSION_DENIED, ERROR_REASON_NOT_THE_OWNER,
              "only the owner, a steward who took over, or an agent above level %d may do this",
              row->level);
    fault_meta(f, "owner", "%s", row->owner_id);
    fault_meta(f, "level", "%d", row->level);
    return false;
}

/* What policy gives to the agent's level; a level above the ladder's top counts as the top. */
static int64_t level_limit(const struct agent_row *agent, const struct policy *p, int kind)
{
    int level = agent->level < p->n_levels ? agent->level : p->n_levels;
    if (level < 1 || kind < 1 || kind >= REMEDY_KIND_COUNT)
        return 0;
    return p->levels[level].limit_micros[kind];
}

int64_t agent_limit_micros(const struct agent_row *agent, const struct policy *p, int remedy_kind,
                           const char *currency)
{
    const char *at = agent->authorities;
    struct agent_authority own;
    while (agent_text_authority(&at, &own)) {
        if (own.kind == remedy_kind && slice_eq(own.currency, slice_str(currency)))
            return own.limit_micros;
    }
    return level_limit(agent, p, remedy_kind);
}

bool agent_has_skill(const struct agent_row *agent, const char *skill, int level)
{
    const char *at = agent->skills;
    struct agent_skill own;
    while (agent_text_skill(&at, &own)) {
        if (slice_eq(own.code, slice_str(skill)))
            return own.level >= level;
    }
    return false;
}

bool agent_speaks(const struct agent_row *agent, const char *language)
{
    if (language[0] == '\0')
        return true;
    const char *at = agent->languages;
    struct slice spoken;
    while (agent_text_language(&at, &spoken)) {
        if (language_serves(spoken, slice_str(language)))
            return true;
    }
    return false;
}
