/* SPDX-License-Identifier: Apache-2.0 */

/* Promises, close gate, assignment and priority. */

#include "amends/v1/types.pb-c.h"
#include "contract/words.h"
#include "policy/read/read.h"

#define COUNT_MAX 1000

_Static_assert(ACT_KIND_COUNT <= 32, "an act is a bit of 32");

static const struct ynode *section(struct bundle *b, const char *name, const char *const *keys)
{
    const struct ynode *node = ynode_get(b->root, name);
    if (!node || !is_map(b, node, "its settings"))
        return NULL;
    known_keys(b, node, keys);
    return node;
}

static void read_count(struct bundle *b, const struct ynode *map, const char *key, int min, int max,
                       int32_t *out)
{
    int value;
    if (read_whole(b, ynode_get(map, key), min, max, &value))
        *out = value;
}

static void read_promises(struct bundle *b)
{
    static const char *const keys[] = {"contact_hours", "zone", "ahead", NULL};
    const struct ynode *node = section(b, "promises", keys);
    struct policy *p = b->policy;
    (void)read_calendar_name(b, ynode_get(node, "contact_hours"), &p->contact_calendar);
    (void)read_customer_zone(b, ynode_get(node, "zone"), &p->contact_customer_zone);
    (void)read_duration(b, ynode_get(node, "ahead"), 1, &p->promise_ahead_max_ms);
}

static void read_act(struct bundle *b, const struct ynode *node, void *ctx)
{
    int act;
    (void)ctx;
    if (read_enum(b, node, &amends__v1__act_kind__descriptor, &act))
        b->policy->acts_any_of |= 1u << act;
}

static void read_gate(struct bundle *b)
{
    static const char *const keys[] = {"unreachable", "acts_any_of", NULL};
    static const char *const inner[] = {"attempts", "channels", "window", NULL};
    const struct ynode *node = section(b, "close_gate", keys);
    struct policy *p = b->policy;
    const struct ynode *acts = ynode_get(node, "acts_any_of");
    if (acts && !(acts->kind == YNODE_LIST && acts->n == 0))
        each_item(b, acts, read_act, NULL);
    const struct ynode *u = ynode_get(node, "unreachable");
    if (!u || !is_map(b, u, "attempts, channels and window"))
        return;
    known_keys(b, u, inner);
    read_count(b, u, "attempts", 1, COUNT_MAX, &p->unreachable_attempts);
    read_count(b, u, "channels", 1, CHANNEL_COUNT - 1, &p->unreachable_channels);
    (void)read_duration(b, ynode_get(u, "window"), 0, &p->unreachable_window_ms);
}

static void read_assignment(struct bundle *b)
{
    static const char *const keys[] = {"offer_timeout", "decline_cooldown", "away_after",
                                       "transfer_limit", NULL};
    const struct ynode *node = section(b, "assignment", keys);
    struct policy *p = b->policy;
    (void)read_duration(b, ynode_get(node, "offer_timeout"), 1, &p->offer_timeout_ms);
    (void)read_duration(b, ynode_get(node, "decline_cooldown"), 0, &p->decline_cooldown_ms);
    (void)read_duration(b, ynode_get(node, "away_after"), 1, &p->away_after_ms);
    read_count(b, node, "transfer_limit", 1, COUNT_MAX, &p->transfer_limit);
}

static void read_priority(struct bundle *b)
{
    static const char *const keys[] = {"severity",       "repeat", "broken_promise",
                                       "per_stake_unit", "max",    NULL};
    static const char *const severities[] = {"1", "2", "3", "4", "5", NULL};
    const struct ynode *node = section(b, "priority", keys);
    struct policy *p = b->policy;
    (void)read_duration(b, ynode_get(node, "repeat"), 0, &p->boost_repeat_ms);
    (void)read_duration(b, ynode_get(node, "broken_promise"), 0, &p->boost_broken_promise_ms);
    (void)read_duration(b, ynode_get(node, "per_stake_unit"), 0, &p->boost_per_stake_unit_ms);
    (void)read_duration(b, ynode_get(node, "max"), 0, &p->boost_max_ms);
    const struct ynode *by = ynode_get(node, "severity");
    if (!by || !is_map(b, by, "1 to 5 and what each adds"))
        return;
    known_keys(b, by, severities);
    for (int s = 1; s < POLICY_SEVERITIES; s++)
        (void)read_duration(b, ynode_get(by, severities[s - 1]), 0, &p->boost_severity_ms[s]);
}

void read_settings(struct bundle *b)
{
    read_promises(b);
    read_gate(b);
    read_assignment(b);
    read_priority(b);
}
