/* SPDX-License-Identifier: Apache-2.0 */

#include "assignment/decide/decide.h"
#include "assignment/streams/resume.h"
#include "assignment/validate.h"

#include <string.h>

#include "contract/check.h"
#include "case/model/command.h"

#define NAME_BYTES 200
#define TEAM_BYTES 100
#define REASON_BYTES 500
#define CAPACITY_MAX 1000
#define SKILLS_MAX 32
#define SKILL_LEVEL_MAX 5
#define LANGUAGES_MAX 16
#define AUTHORITIES_MAX 32

int steward_level(const struct policy *policy, const char *id)
{
    for (int level = 1; policy && level <= policy->n_levels; level++) {
        if (strcmp(policy->levels[level].steward, id) == 0)
            return level;
    }
    return 0;
}

/* -- the parts of an agent --------------------------------------------------------------------- */

static const char *path(struct fault *fault, const char *list, size_t i, const char *field)
{
    const char *text = arena_printf(fault->arena, "agent.%s[%zu]%s", list, i, field);
    return text ? text : "agent";
}

static void check_count(struct fault *fault, const char *field, size_t n, size_t most)
{
    if (n > most)
        fault_violation(fault, field, "has %zu items, more than %zu", n, most);
}

static bool same_skill(const Amends__V1__Agent *a, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (strcmp(a->skills[k]->code, a->skills[i]->code) == 0)
            return true;
    }
    return false;
}

static void check_skill(struct fault *fault, const Amends__V1__Agent *a, size_t i)
{
    const Amends__V1__Skill *s = a->skills[i];
    const char *code = path(fault, "skills", i, ".code");
    check_code(fault, code, s->code, CHECK_CODE_BYTES_MAX, true);
    if (*s->code && same_skill(a, i))
        fault_violation(fault, code, "is given twice");
    check_range(fault, path(fault, "skills", i, ".level"), s->level, 1, SKILL_LEVEL_MAX);
}

static bool same_authority(const Amends__V1__Agent *a, size_t i)
{
    const Amends__V1__Authority *own = a->authorities[i];
    for (size_t k = 0; k < i; k++) {
        const Amends__V1__Authority *other = a->authorities[k];
        if (other->kind == own->kind && other->limit_per_case &&
            strcmp(other->limit_per_case->currency_code, own->limit_per_case->currency_code) == 0)
            return true;
    }
    return false;
}

static void check_authority(struct fault *fault, const Amends__V1__Agent *a, size_t i)
{
    const Amends__V1__Authority *own = a->authorities[i];
    check_enum(fault, path(fault, "authorities", i, ".kind"), &amends__v1__remedy_kind__descriptor,
               own->kind, true);
    if (!own->limit_per_case) {
        fault_violation(fault, path(fault, "authorities", i, ".limit_per_case"), "is required");
        return;
    }
    check_money(fault, path(fault, "authorities", i, ".limit_per_case"), own->limit_per_case,
                AMOUNT_ANY);
    if (same_authority(a, i))
        fault_violation(fault, path(fault, "authorities", i, ""),
                        "repeats a kind and currency given before");
}

static void check_lists(struct fault *fault, const Amends__V1__Agent *a)
{
    check_count(fault, "agent.skills", a->n_skills, SKILLS_MAX);
    check_count(fault, "agent.languages", a->n_languages, LANGUAGES_MAX);
    check_count(fault, "agent.authorities", a->n_authorities, AUTHORITIES_MAX);
    for (size_t i = 0; i < a->n_skills && i < SKILLS_MAX; i++)
        check_skill(fault, a, i);
    for (size_t i = 0; i < a->n_languages && i < LANGUAGES_MAX; i++)
        check_language(fault, path(fault, "languages", i, ""), a->languages[i], true);
    for (size_t i = 0; i < a->n_authorities && i < AUTHORITIES_MAX; i++)
        check_authority(fault, a, i);
}

/* -- requests ---------------------------------------------------------------------------------- */

void put_agent_validate(const ProtobufCMessage *request, int64_t now_us,
                        const struct policy *policy, struct fault *fault)
{
    const Amends__V1__PutAgentRequest *r = (const Amends__V1__PutAgentRequest *)request;
    const Amends__V1__Agent *a = r->agent;
    (void)now_us;
    check_range(fault, "expected_version", r->expected_version, 0, INT64_MAX);
    if (!a) {
        fault_violation(fault, "agent", "is required");
        return;
    }
    check_principal(fault, "agent.agent_id", a->agent_id);
    if (steward_level(policy, a->agent_id))
        fault_violation(fault, "agent.agent_id", "is the steward of level %d",
                        steward_level(policy, a->agent_id));
    if (strcmp(a->agent_id, SYSTEM_ACTOR) == 0)
        fault_violation(fault, "agent.agent_id", "is reserved for the system");
    if (check_is_customer(a->agent_id, strlen(a->agent_id)))
        fault_violation(fault, "agent.agent_id", "begins as the names of customers do");
    check_text(fault, "agent.display_name", a->display_name, NAME_BYTES, false);
    check_text(fault, "agent.public_contact", a->public_contact, NAME_BYTES, false);
    check_text(fault, "agent.team", a->team, TEAM_BYTES, false);
    check_email(fault, "agent.email", a->email, false);
    check_language(fault, "agent.notice_language", a->notice_language, false);
    check_range(fault, "agent.level", a->level, 1, policy ? policy->n_levels : POLICY_LEVELS_MAX);
    check_range(fault, "agent.capacity", a->capacity, 0, CAPACITY_MAX);
    check_lists(fault, a);
}

void set_presence_validate(const ProtobufCMessage *request, int64_t now_us,
                           const struct policy *policy, struct fault *fault)
{
    const Amends__V1__SetPresenceRequest *r = (const Amends__V1__SetPresenceRequest *)request;
    (void)now_us;
    (void)policy;
    check_range(fault, "expected_version", r->expected_version, 0, INT64_MAX);
    if (*r->agent_id)
        check_principal(fault, "agent_id", r->agent_id);
    check_enum(fault, "presence", &amends__v1__presence__descriptor, (int)r->presence, true);
}

void accept_offer_validate(const ProtobufCMessage *request, int64_t now_us,
                           const struct policy *policy, struct fault *fault)
{
    const Amends__V1__AcceptOfferRequest *r = (const Amends__V1__AcceptOfferRequest *)request;
    (void)now_us;
    (void)policy;
    (void)check_uuid(fault, "offer_id", r->offer_id, NULL);
}

void decline_offer_validate(const ProtobufCMessage *request, int64_t now_us,
                            const struct policy *policy, struct fault *fault)
{
    const Amends__V1__DeclineOfferRequest *r = (const Amends__V1__DeclineOfferRequest *)request;
    (void)now_us;
    (void)policy;
    (void)check_uuid(fault, "offer_id", r->offer_id, NULL);
    check_text(fault, "reason", r->reason, REASON_BYTES, false);
}

void escalate_case_validate(const ProtobufCMessage *request, int64_t now_us,
                            const struct policy *policy, struct fault *fault)
{
    const Amends__V1__EscalateCaseRequest *r = (const Amends__V1__EscalateCaseRequest *)request;
    (void)now_us;
    (void)policy; /* the top of the ladder is in the policy of the case */
    check_text(fault, "reason", r->reason, REASON_BYTES, true);
    check_range(fault, "to_level", r->to_level, 0, POLICY_LEVELS_MAX);
}

/* The ids are checked for every request; it has nothing else. */
void acknowledge_escalation_validate(const ProtobufCMessage *request, int64_t now_us,
                                     const struct policy *policy, struct fault *fault)
{
    (void)request;
    (void)now_us;
    (void)policy;
    (void)fault;
}

void watch_offers_validate(const Amends__V1__WatchOffersRequest *r, struct fault *fault)
{
    if (r->heartbeat_seconds != 0)
        check_range(fault, "heartbeat_seconds", r->heartbeat_seconds, HEARTBEAT_LEAST_S,
                    HEARTBEAT_MOST_S);
    resume_check(fault, r->resume_token);
}
