/* SPDX-License-Identifier: Apache-2.0 */

/* The section `notify`: who is told how. */

#include <stdlib.h>
#include <string.h>

#include "contract/words.h"
#include "policy/read/read.h"
#include "policy/words.h"

/* -- rules ------------------------------------------------------------------------------------- */

static void read_level_range(struct bundle *b, const struct ynode *node, uint32_t *levels)
{
    if (!read_is_scalar(b, node))
        return;
    const char *why = word_range(node->text, 1, POLICY_LEVELS_MAX, levels);
    if (why)
        ynode_problem(b->problems, node, false, "`%.*s` %s", ynode_shown(node->text), node->text,
                      why);
}

static void read_percent(struct bundle *b, const struct ynode *node, int32_t *percent)
{
    if (!read_is_scalar(b, node))
        return;
    const char *why = word_percent(node->text, percent);
    if (why)
        ynode_problem(b->problems, node, false, "`%.*s` %s", ynode_shown(node->text), node->text,
                      why);
}

static void read_told(struct bundle *b, const struct ynode *node, void *ctx)
{
    static const char *const words[] = {"agent", "steward", NULL};
    struct policy_channel_rule *rule = ctx;
    int place;
    if (read_choice(b, node, words, &place))
        rule->to |= 1u << place;
}

static void read_rule(struct bundle *b, const struct ynode *node, struct policy_telling *out)
{
    struct policy_channel_rule rule = {.levels = 0};
    bool urgent;
    if (!read_is_map(b, node, "what fits and how it is told, as in `{urgent: yes, by: email}`"))
        return;
    read_entry(b, SCOPE_CHANNEL, node, &rule);
    read_level_range(b, ynode_get(node, "level"), &rule.levels);
    read_percent(b, ynode_get(node, "at"), &rule.percent);
    read_each(b, ynode_get(node, "to"), read_told, &rule);
    if (read_yes(b, ynode_get(node, "urgent"), &urgent))
        rule.urgent = urgent ? 2 : 1;
    out->rules[out->n_rules++] = rule;
}

static void read_rules(struct bundle *b, const struct ynode *list, struct policy_telling *out)
{
    if (!list || !read_is_list(b, list, "rules, the first that fits holds"))
        return;
    if (list->n > POLICY_CHANNEL_RULES_MAX)
        ynode_problem(b->problems, list, false, "has %zu rules; at most %d are allowed", list->n,
                      POLICY_CHANNEL_RULES_MAX);
    for (const struct ynode *c = list->first; c && c->index < POLICY_CHANNEL_RULES_MAX; c = c->next)
        read_rule(b, c, out);
}

/* -- digests ----------------------------------------------------------------------------------- */

static bool is_digits(const char *text, int n)
{
    for (int i = 0; i < n; i++)
        if (text[i] < '0' || text[i] > '9')
            return false;
    return true;
}

/* "08:00": seconds after midnight; -1 = it is none. */
static int32_t time_of_day_s(const char *text)
{
    if (strlen(text) != 5 || !is_digits(text, 2) || text[2] != ':' || !is_digits(text + 3, 2))
        return -1;
    int hour = (text[0] - '0') * 10 + text[1] - '0', minute = (text[3] - '0') * 10 + text[4] - '0';
    return hour < 24 && minute < 60 ? hour * 3600 + minute * 60 : -1;
}

static void read_digest(struct bundle *b, const struct ynode *node, void *ctx)
{
    struct policy_telling *out = ctx;
    if (!read_is_scalar(b, node))
        return;
    int32_t at_s = time_of_day_s(node->text);
    if (at_s < 0)
        ynode_problem(b->problems, node, false, "`%.*s` is no time of day as in 08:00 or 17:30",
                      ynode_shown(node->text), node->text);
    else if (out->n_digests > 0 && at_s <= out->digests_s[out->n_digests - 1])
        ynode_problem(b->problems, node, false,
                      "`%s` is not later than the one before it: they are in the order of the day",
                      node->text);
    else if (out->n_digests == POLICY_DIGESTS_MAX)
        ynode_problem(b->problems, node, false, "is one time too many: at most %d",
                      POLICY_DIGESTS_MAX);
    else
        out->digests_s[out->n_digests++] = at_s;
}

/* -- the section ------------------------------------------------------------------------------- */

void read_notify(struct bundle *b)
{
    struct policy_telling notify = b->policy->notify;
    const struct ynode *node = ynode_get(b->root, "notify");
    if (!node || !read_is_map(b, node, "hours, digest, link, webhook, channels"))
        return;
    if (b->policy->format < 2) {
        ynode_key_problem(b->problems, node, "needs a bundle of `amends: 2`");
        return;
    }
    read_entry(b, SCOPE_NOTIFY, node, &notify);
    read_each(b, ynode_get(node, "digest"), read_digest, &notify);
    read_rules(b, ynode_get(node, "channels"), &notify);
    policy_set_notify(b->policy, &notify);
}
