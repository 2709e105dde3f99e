/* SPDX-License-Identifier: Apache-2.0 */

/* The head of a bundle, its ladder and its failures. */

#include <string.h>

#include "contract/words.h"
#include "policy/read/read.h"
#include "policy/words.h"

/* -- head -------------------------------------------------------------------------------------- */

static void read_format(struct bundle *b)
{
    int format;
    const struct ynode *node = ynode_get(b->root, "amends");
    if (!read_is_scalar(b, node))
        return;
    if (word_whole(node->text, 1, POLICY_FORMAT_MAX, &format) == AM_OK)
        b->policy->format = (int16_t)format;
    else
        ynode_problem(b->problems, node, false,
                      "`%.*s` is a format this program does not know: 1 or %d",
                      ynode_shown(node->text), node->text, POLICY_FORMAT_MAX);
}

static void read_tier_name(struct bundle *b, const struct ynode *node, void *ctx)
{
    const char *name;
    (void)ctx;
    if (!read_text(b, node, POLICY_NAME_BYTES_MAX, &name))
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
    read_settings(b, SCOPE_SECTION, b->root, b->policy);
    read_format(b);
    const struct ynode *tiers = ynode_get(b->root, "tiers");
    if (tiers && read_is_list(b, tiers, "the names of the customers' tiers"))
        for (const struct ynode *c = tiers->first; c; c = c->next)
            read_tier_name(b, c, NULL);
}

/* -- ladder ------------------------------------------------------------------------------------ */

/* `all` is read first, wherever it stands: the others say what differs from it. */
static void read_authority(struct bundle *b, const struct ynode *node, struct policy_level *l)
{
    int64_t micros;
    if (!read_is_map(b, node, "an amount for each kind of remedy, or for `all`"))
        return;
    if (read_micros(b, ynode_get(node, "all"), true, &micros))
        for (int kind = 1; kind < REMEDY_KIND_COUNT; kind++)
            l->limit_micros[kind] = micros;
    for (const struct ynode *c = node->first; c; c = c->next) {
        char near[WORD_MAX];
        int kind = word_enum(REMEDY_KIND_WORDS, c->key);
        if (strcmp(c->key, "all") == 0)
            continue;
        if (kind > 0)
            (void)read_micros(b, c, true, &l->limit_micros[kind]);
        else if (word_enum_nearest(REMEDY_KIND_WORDS, c->key, near))
            ynode_key_problem(b->problems, c, "is no kind of remedy; is it `%s`?", near);
        else
            ynode_key_problem(b->problems, c, "is no kind of remedy, nor `all`");
    }
}

static void read_level(struct bundle *b, const struct ynode *node)
{
    struct policy_level l = {.name = ""};
    if (read_is_map(b, node, "a level: name, steward, action, authority")) {
        read_entry(b, SCOPE_LEVEL, node, &l);
        read_authority(b, ynode_get(node, "authority"), &l);
    }
    if (policy_add_level(b->policy, &l) != AM_OK)
        ynode_problem(b->problems, node, false, "is one level too many: at most %d",
                      POLICY_LEVELS_MAX);
}

void read_ladder(struct bundle *b)
{
    const struct ynode *node = ynode_get(b->root, "ladder");
    if (!node || !read_is_list(b, node, "the levels, from the front line up"))
        return;
    for (const struct ynode *c = node->first; c; c = c->next)
        read_level(b, c);
}

/* -- failures ---------------------------------------------------------------------------------- */

/* The first part of a code: the skill that its failures ask for when they name none. */
static const char *branch_of(struct bundle *b, const char *code)
{
    const char *branch = arena_strndup(b->arena, code, strcspn(code, "."));
    return branch ? branch : "";
}

static void read_failure(struct bundle *b, const struct ynode *node)
{
    struct policy_failure f = {.code = node->key, .skill = branch_of(b, node->key)};
    if (read_is_map(b, node, "a failure: name, severity, remedy, amount"))
        read_entry(b, SCOPE_FAILURE, node, &f);
    if (f.skill[0] == '\0')
        f.skill_level = 0;
    if (policy_add_failure(b->policy, &f) != AM_OK)
        ynode_problem(b->problems, node, false, "is one failure too many: at most %d",
                      POLICY_FAILURES_MAX);
}

void read_failures(struct bundle *b)
{
    const struct ynode *node = ynode_get(b->root, "failures");
    if (node && read_is_map(b, node, "codes of failures and what is known of each"))
        for (const struct ynode *c = node->first; c; c = c->next)
            read_failure(b, c);
}
