/* SPDX-License-Identifier: Apache-2.0 */

/* Who is told how. A policy that says nothing of it takes no line. */

#include "base/assert.h"
#include "policy/describe/describe.h"

static bool says_nothing(const struct policy_telling *n)
{
    return n->hours < 0 && n->n_digests == 0 && n->n_rules == 0 && !*n->link && !*n->webhook;
}

static const char *level_text(struct description *d, uint32_t levels)
{
    const char *text = "";
    for (int level = 1; level <= POLICY_LEVELS_MAX; level++)
        if (levels >> level & 1) {
            text = arena_printf(d->arena, "%s%s%d", text, *text ? ", " : "", level);
            AM_ASSERT(text != NULL);
        }
    return text;
}

static void describe_rule(const struct policy *p, const struct policy_channel_rule *r, size_t i,
                          struct description *d)
{
    static const char *const told[] = {"both", "agent", "steward", "agent, steward"};
    const char *at = arena_printf(d->arena, "notify.channels[%zu]", i);
    AM_ASSERT(at != NULL);
    if (r->levels)
        describe_line(d, level_text(d, r->levels), "%s.level", at);
    if (r->percent)
        describe_line(d, arena_printf(d->arena, "%d%%", (int)r->percent), "%s.at", at);
    if (r->urgent)
        describe_line(d, r->urgent == 2 ? "yes" : "no", "%s.urgent", at);
    if (r->to)
        describe_line(d, told[r->to & 3], "%s.to", at);
    describe_entry(p, SCOPE_CHANNEL, r, at, d);
}

void describe_notify(const struct policy *p, struct description *d)
{
    const struct policy_telling *n = &p->notify;
    if (says_nothing(n))
        return;
    describe_entry(p, SCOPE_NOTIFY, n, "notify", d);
    for (size_t i = 0; i < n->n_digests; i++)
        describe_line(d,
                      arena_printf(d->arena, "%02d:%02d", (int)(n->digests_s[i] / 3600),
                                   (int)(n->digests_s[i] / 60 % 60)),
                      "notify.digest[%zu]", i);
    for (size_t i = 0; i < n->n_rules; i++)
        describe_rule(p, &n->rules[i], i, d);
}
