/* SPDX-License-Identifier: Apache-2.0 */

/* Agents as messages. */

#include <string.h>

#include "case/message/impl.h"
#include "case/message/message.h"
#include "case/people/agent_text.h"
#include "case/people/presence.h"
#include "contract/words.h"

static char *make_slice(struct make *m, struct slice s)
{
    char *copy = make_alloc(m, s.len + 1);
    return copy ? memcpy(copy, s.data, s.len) : NULL;
}

/* A list that can hold as many items as the text has at most. */
static void *make_list(struct make *m, const char *text)
{
    return make_alloc(m, (strlen(text) / 2 + 1) * sizeof(void *));
}

static void make_skills(struct make *m, Amends__V1__Agent *a, const char *text)
{
    struct agent_skill item;
    a->skills = make_list(m, text);
    while (!m->full && agent_text_skill(&text, &item)) {
        Amends__V1__Skill *skill = make_alloc(m, sizeof(*skill));
        char *code = make_slice(m, item.code);
        if (m->full)
            return;
        amends__v1__skill__init(skill);
        skill->code = code;
        skill->level = item.level;
        a->skills[a->n_skills++] = skill;
    }
}

static void make_languages(struct make *m, Amends__V1__Agent *a, const char *text)
{
    struct slice item;
    a->languages = make_list(m, text);
    while (!m->full && agent_text_language(&text, &item))
        a->languages[a->n_languages++] = make_slice(m, item);
}

static void make_authorities(struct make *m, Amends__V1__Agent *a, const char *text)
{
    struct agent_authority item;
    a->authorities = make_list(m, text);
    while (!m->full && agent_text_authority(&text, &item)) {
        Amends__V1__Authority *authority = make_alloc(m, sizeof(*authority));
        char *currency = make_slice(m, item.currency);
        if (m->full)
            return;
        amends__v1__authority__init(authority);
        authority->kind = (Amends__V1__RemedyKind)item.kind;
        make_money(m, &authority->limit_per_case, currency, item.limit_micros);
        a->authorities[a->n_authorities++] = authority;
    }
}

Amends__V1__Agent *message_agent(const struct agent_row *row, struct arena *arena)
{
    struct make m = {.arena = arena};
    Amends__V1__Agent *a = make_alloc(&m, sizeof(*a));
    if (!a)
        return NULL;
    amends__v1__agent__init(a);
    make_text(&m, &a->agent_id, row->agent_id);
    a->version = row->version;
    make_text(&m, &a->display_name, row->display_name);
    make_text(&m, &a->public_contact, row->public_contact);
    make_text(&m, &a->team, row->team);
    a->level = row->level;
    a->capacity = row->capacity;
    make_skills(&m, a, row->skills);
    make_languages(&m, a, row->languages);
    make_authorities(&m, a, row->authorities);
    a->presence = (Amends__V1__Presence)row->presence;
    make_time(&m, &a->presence_time, row->presence_at);
    a->presence_cause = (Amends__V1__PresenceCause)presence_cause(row);
    a->load = row->counted_cases + row->pending_weight;
    make_time(&m, &a->idle_since_time, row->idle_since);
    make_text(&m, &a->email, row->email);
    make_text(&m, &a->notice_language, row->notice_language);
    return m.full ? NULL : a;
}
