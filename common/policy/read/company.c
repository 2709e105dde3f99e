/* SPDX-License-Identifier: Apache-2.0 */

/* The head of a bundle, its ladder and its failures. */

#include <string.h>

#include "amends/v1/types.pb-c.h"
#include "base/assert.h"
#include "contract/words.h"
#include "policy/read/read.h"
#include "policy/words.h"

#define REMEDIES (&amends__v1__remedy_kind__descriptor)

/* -- head -------------------------------------------------------------------------------------- */

static void read_format(struct bundle *b)
{
    int format;
    const struct ynode *node =
        required(b, b->root, "amends", "the format of the bundle, write `amends: 1`");
    if (is_scalar(b, node) && word_whole(node->text, 1, 1, &format) != AM_OK)
        ynode_problem(b->problems, node, false, "`%.*s` is a format this program does not know: 1",
                      ynode_shown(node->text), node->text);
}

static void read_currency(struct bundle *b)
{
    const char *text;
    const struct ynode *node = ynode_get(b->root, "currency");
    if (!read_text(b, node, NAME_BYTES_MAX, &text))
        return;
    if (strlen(text) != 3 || strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 3) {
        ynode_problem(b->problems, node, false, "is no currency code such as EUR or USD");
        return;
    }
    b->policy->currency = arena_strdup(&b->policy->arena, text);
    AM_ASSERT(b->policy->currency);
}

static void read_tier_name(struct bundle *b, const struct ynode *node, void *ctx)
{
    const char *name;
    (void)ctx;
    if (!read_text(b, node, NAME_BYTES_MAX, &name))
        return;
    if (strcmp(name, "none") == 0)
        ynode_problem(b->problems, node, false, "`none` is the word for customers without a tier");
    else if (policy_tier(b->policy, name) > 0)
        ynode_problem(b->problems, node, false, "`%.*s` is there twice", ynode_shown(name), name);
    else if (policy_add_tier(b->policy, name) != AM_OK)
        ynode_problem(b->problems, node, false, "is one tier too many: at most %d",
                      POLICY_TIERS_MAX);
}

void read_company(struct bundle *b)
{
    read_format(b);
    read_currency(b);
    (void)read_zone(b, ynode_get(b->root, "time_zone"), &b->policy->zone);
    const struct ynode *tiers = ynode_get(b->root, "tiers");
    if (tiers && is_list(b, tiers, "the names of the customers' tiers"))
        for (const struct ynode *c = tiers->first; c; c = c->next)
            read_tier_name(b, c, NULL);
}

/* -- ladder ------------------------------------------------------------------------------------ */

static void read_steward(struct bundle *b, const struct ynode *level, struct policy_level *l)
{
    static const char *const keys[] = {"id", "name", "contact", "hours", NULL};
    const struct ynode *node =
        required(b, level, "steward", "who is accountable here: {id, name, contact, hours}");
    if (!is_map(b, node, "id, name, contact and hours of who is accountable"))
        return;
    known_keys(b, node, keys);
    (void)read_text(b, required(b, node, "id", "a principal, as in `desk-lead`"), TEXT_BYTES_MAX,
                    &l->steward);
    (void)read_text(b, required(b, node, "name", "as the customer may see it"), TEXT_BYTES_MAX,
                    &l->steward_name);
    (void)read_text(b, required(b, node, "contact", "how a customer reaches the desk"),
                    TEXT_BYTES_MAX, &l->steward_contact);
    (void)read_text(b, ynode_get(node, "hours"), TEXT_BYTES_MAX, &l->steward_hours);
}

/* `all` first, whatever its place: the others say what differs. */
static void read_authority(struct bundle *b, const struct ynode *node, struct policy_level *l)
{
    int64_t micros;
    if (!is_map(b, node, "an amount for each kind of remedy, or for `all`"))
        return;
    if (read_micros(b, ynode_get(node, "all"), true, &micros))
        for (int kind = 1; kind < REMEDY_KIND_COUNT; kind++)
            l->limit_micros[kind] = micros;
    for (const struct ynode *c = node->first; c; c = c->next) {
        char near[WORD_MAX];
        int kind = word_enum(REMEDIES, c->key);
        if (strcmp(c->key, "all") == 0)
            continue;
        if (kind > 0)
            (void)read_micros(b, c, true, &l->limit_micros[kind]);
        else if (word_enum_nearest(REMEDIES, c->key, near))
            ynode_key_problem(b->problems, c, "is no kind of remedy; is it `%s`?", near);
        else
            ynode_key_problem(b->problems, c, "is no kind of remedy, nor `all`");
    }
}

static void read_level(struct bundle *b, const struct ynode *node)
{
    static const char *const keys[] = {"name",      "steward", "action", "cost_per_touch",
                                       "authority", "clock",   NULL};
    struct policy_level l = {.name = "", .steward = "", .steward_name = "", .steward_contact = ""};
    int action = AMENDS__V1__LADDER_ACTION__LADDER_ACTION_INFORM;
    if (is_map(b, node, "a level: name, steward, action, authority")) {
        known_keys(b, node, keys);
        (void)read_text(b, required(b, node, "name", "as people call it"), TEXT_BYTES_MAX, &l.name);
        read_steward(b, node, &l);
        (void)read_enum(b, ynode_get(node, "action"), &amends__v1__ladder_action__descriptor,
                        &action);
        (void)read_micros(b, ynode_get(node, "cost_per_touch"), false, &l.cost_per_touch_micros);
        read_authority(b, ynode_get(node, "authority"), &l);
    }
    l.action = (int16_t)action;
    if (policy_add_level(b->policy, &l) != AM_OK)
        ynode_problem(b->problems, node, false, "is one level too many: at most %d",
                      POLICY_LEVELS_MAX);
}

void read_ladder(struct bundle *b)
{
    const struct ynode *node = ynode_get(b->root, "ladder");
    if (!node || !is_list(b, node, "the levels, from the front line up"))
        return;
    for (const struct ynode *c = node->first; c; c = c->next)
        read_level(b, c);
}

/* -- failures ---------------------------------------------------------------------------------- */

/* The first part of a code: the skill that its failures ask for unless they say else. */
static const char *branch_of(struct bundle *b, const char *code)
{
    const char *branch = arena_strndup(b->arena, code, strcspn(code, "."));
    return branch ? branch : "";
}

static void read_skill(struct bundle *b, const struct ynode *node, struct policy_failure *f)
{
    int level = 1;
    (void)read_whole(b, ynode_get(node, "skill_level"), 1, 5, &level);
    if (read_text(b, ynode_get(node, "skill"), NAME_BYTES_MAX, &f->skill) &&
        strcmp(f->skill, "none") == 0)
        f->skill = "";
    f->skill_level = (int16_t)(f->skill[0] ? level : 0);
}

static void read_failure(struct bundle *b, const struct ynode *node)
{
    static const char *const keys[] = {"name",  "severity",    "remedy", "amount",
                                       "skill", "skill_level", NULL};
    struct policy_failure f = {.code = node->key, .name = "", .skill = branch_of(b, node->key)};
    int severity = 0, remedy = 0;
    if (is_map(b, node, "a failure: name, severity, remedy, amount")) {
        known_keys(b, node, keys);
        (void)read_text(b, required(b, node, "name", "as people call it"), TEXT_BYTES_MAX, &f.name);
        (void)read_whole(b, required(b, node, "severity", "1 (slight) to 5 (grave)"), 1, 5,
                         &severity);
        (void)read_enum(b, required(b, node, "remedy", "what usually makes it right"), REMEDIES,
                        &remedy);
        (void)read_micros(b, ynode_get(node, "amount"), false, &f.typical_micros);
        read_skill(b, node, &f);
    }
    f.severity = (int16_t)severity;
    f.typical_remedy = (int16_t)remedy;
    if (policy_add_failure(b->policy, &f) != AM_OK)
        ynode_problem(b->problems, node, false, "is one failure too many: at most %d",
                      POLICY_FAILURES_MAX);
}

void read_failures(struct bundle *b)
{
    const struct ynode *node = ynode_get(b->root, "failures");
    if (node && is_map(b, node, "codes of failures and what is known of each"))
        for (const struct ynode *c = node->first; c; c = c->next)
            read_failure(b, c);
}
