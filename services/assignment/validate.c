/* SPDX-License-Identifier: Apache-2.0 */

#include "assignment/validate.h"

#include <ctype.h>
#include <string.h>

#include "base/uuid.h"
#include "case/command.h"
#include "case/money.h"
#include "case/words.h"

#define ID_BYTES 128
#define NAME_BYTES 200
#define TEAM_BYTES 100
#define CODE_BYTES 64
#define LANGUAGE_BYTES 35
#define REASON_BYTES 500
#define CAPACITY_MAX 1000
#define SKILLS_MAX 32
#define SKILL_LEVEL_MAX 5
#define LANGUAGES_MAX 16
#define AUTHORITIES_MAX 32
#define NANOS_MAX 999999999
#define NANOS_PER_MICRO 1000
#define CURRENCY_BYTES 3

/* -- texts ----------------------------------------------------------------------------------------- */

static bool made_of(const char *text, const char *others, bool upper)
{
    for (; *text; text++) {
        const unsigned char c = (unsigned char)*text;
        const bool letter = (c >= 'a' && c <= 'z') || (upper && c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && !strchr(others, c))
            return false;
    }
    return true;
}

static void check_bytes(struct fault *fault, const char *field, const char *text, size_t most)
{
    if (strlen(text) > most)
        fault_violation(fault, field, "is longer than %zu bytes", most);
}

void agent_id_validate(const char *field, const char *id, struct fault *fault)
{
    if (!*id)
        fault_violation(fault, field, "is required");
    else if (strlen(id) > ID_BYTES)
        fault_violation(fault, field, "is longer than %d bytes", ID_BYTES);
    else if (!made_of(id, "._@:-", true))
        fault_violation(fault, field, "has characters other than A-Z a-z 0-9 . _ @ : -");
}

int steward_level(const struct policy *policy, const char *id)
{
    for (int level = 1; policy && level <= policy->n_levels; level++) {
        if (strcmp(policy->levels[level].steward, id) == 0)
            return level;
    }
    return 0;
}

/* A BCP 47 tag by its form: subtags of letters and digits, the first of 2 to 8 letters. */
static bool is_language(const char *tag)
{
    size_t first = strcspn(tag, "-");
    if (strlen(tag) > LANGUAGE_BYTES || first < 2 || first > 8)
        return false;
    for (size_t i = 0; i < first; i++) {
        if (!isalpha((unsigned char)tag[i]))
            return false;
    }
    for (const char *at = tag + first; *at;) {
        size_t len = strcspn(at + 1, "-");
        if (len < 1 || len > 8)
            return false;
        at += 1 + len;
    }
    return made_of(tag, "-", true);
}

/* -- the parts of an agent --------------------------------------------------------------------------- */

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
    if (!*s->code || strlen(s->code) > CODE_BYTES || !made_of(s->code, "._-", false))
        fault_violation(fault, path(fault, "skills", i, ".code"),
                        "is not 1 to %d of a-z 0-9 . _ -", CODE_BYTES);
    else if (same_skill(a, i))
        fault_violation(fault, path(fault, "skills", i, ".code"), "is given twice");
    if (s->level < 1 || s->level > SKILL_LEVEL_MAX)
        fault_violation(fault, path(fault, "skills", i, ".level"), "is not from 1 to %d",
                        SKILL_LEVEL_MAX);
}

static void check_money(struct fault *fault, size_t i, const Google__Type__Money *m)
{
    const char *currency = path(fault, "authorities", i, ".limit_per_case.currency_code");
    const char *units = path(fault, "authorities", i, ".limit_per_case.units");
    const char *nanos = path(fault, "authorities", i, ".limit_per_case.nanos");
    if (strlen(m->currency_code) != CURRENCY_BYTES ||
        strspn(m->currency_code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != CURRENCY_BYTES)
        fault_violation(fault, currency, "is not three letters of ISO 4217");
    if (m->units < 0 || m->units > MONEY_UNITS_MAX)
        fault_violation(fault, units, "is not from 0 to %lld", MONEY_UNITS_MAX);
    if (m->nanos < 0 || m->nanos > NANOS_MAX || m->nanos % NANOS_PER_MICRO != 0)
        fault_violation(fault, nanos, "is not from 0 to %d in steps of %d", NANOS_MAX,
                        NANOS_PER_MICRO);
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
    if (own->kind == REMEDY_KIND_UNSPECIFIED)
        fault_violation(fault, path(fault, "authorities", i, ".kind"), "is required");
    if (!own->limit_per_case) {
        fault_violation(fault, path(fault, "authorities", i, ".limit_per_case"), "is required");
        return;
    }
    check_money(fault, i, own->limit_per_case);
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
    for (size_t i = 0; i < a->n_languages && i < LANGUAGES_MAX; i++) {
        if (!is_language(a->languages[i]))
            fault_violation(fault, path(fault, "languages", i, ""), "is not a BCP 47 tag");
    }
    for (size_t i = 0; i < a->n_authorities && i < AUTHORITIES_MAX; i++)
        check_authority(fault, a, i);
}

static void check_level(struct fault *fault, const struct policy *policy, int level)
{
    int top = policy ? policy->n_levels : POLICY_LEVELS_MAX;
    if (level < 1 || level > top)
        fault_violation(fault, "agent.level", "is not a level of the ladder, from 1 to %d", top);
}

/* -- requests ------------------------------------------------------------------------------------------ */

static void check_version(struct fault *fault, int64_t version)
{
    if (version < 0)
        fault_violation(fault, "expected_version", "must not be negative");
}

void put_agent_validate(const Amends__V1__PutAgentRequest *r, int64_t now_us,
                        const struct policy *policy, struct fault *fault)
{
    const Amends__V1__Agent *a = r->agent;
    (void)now_us;
    check_version(fault, r->expected_version);
    if (!a) {
        fault_violation(fault, "agent", "is required");
        return;
    }
    agent_id_validate("agent.agent_id", a->agent_id, fault);
    if (steward_level(policy, a->agent_id))
        fault_violation(fault, "agent.agent_id", "is the steward of level %d",
                        steward_level(policy, a->agent_id));
    if (strcmp(a->agent_id, SYSTEM_ACTOR) == 0)
        fault_violation(fault, "agent.agent_id", "is the system's own");
    check_bytes(fault, "agent.display_name", a->display_name, NAME_BYTES);
    check_bytes(fault, "agent.public_contact", a->public_contact, NAME_BYTES);
    check_bytes(fault, "agent.team", a->team, TEAM_BYTES);
    check_level(fault, policy, a->level);
    if (a->capacity < 0 || a->capacity > CAPACITY_MAX)
        fault_violation(fault, "agent.capacity", "is not from 0 to %d", CAPACITY_MAX);
    check_lists(fault, a);
}

void set_presence_validate(const Amends__V1__SetPresenceRequest *r, int64_t now_us,
                           const struct policy *policy, struct fault *fault)
{
    (void)now_us;
    (void)policy;
    check_version(fault, r->expected_version);
    if (*r->agent_id)
        agent_id_validate("agent_id", r->agent_id, fault);
    if (r->presence == PRESENCE_UNSPECIFIED)
        fault_violation(fault, "presence", "is required");
}

static void check_offer_id(struct fault *fault, const char *offer_id)
{
    struct uuid id;
    if (!*offer_id)
        fault_violation(fault, "offer_id", "is required");
    else if (uuid_parse(offer_id, &id) != AM_OK)
        fault_violation(fault, "offer_id", "is not a UUID");
}

void accept_offer_validate(const Amends__V1__AcceptOfferRequest *r, int64_t now_us,
                           const struct policy *policy, struct fault *fault)
{
    (void)now_us;
    (void)policy;
    check_offer_id(fault, r->offer_id);
}

void decline_offer_validate(const Amends__V1__DeclineOfferRequest *r, int64_t now_us,
                            const struct policy *policy, struct fault *fault)
{
    (void)now_us;
    (void)policy;
    check_offer_id(fault, r->offer_id);
    check_bytes(fault, "reason", r->reason, REASON_BYTES);
}

void watch_offers_validate(const Amends__V1__WatchOffersRequest *r, struct fault *fault)
{
    int32_t s = r->heartbeat_seconds;
    if (s != 0 && (s < HEARTBEAT_LEAST_S || s > HEARTBEAT_MOST_S))
        fault_violation(fault, "heartbeat_seconds", "is neither 0 nor from %d to %d",
                        HEARTBEAT_LEAST_S, HEARTBEAT_MOST_S);
}
