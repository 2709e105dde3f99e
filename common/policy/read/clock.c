/* SPDX-License-Identifier: Apache-2.0 */

/* Definitions of clocks. */

#include <stdio.h>

#include "amends/v1/types.pb-c.h"
#include "base/assert.h"
#include "contract/clock_kinds.h"
#include "policy/read/read.h"

/* -- a case's clocks --------------------------------------------------------------------------- */

/* Clocks of a subject have no conditions: each that is given is told, with the reason. */
static void refuse_conditions(struct bundle *b, const struct ynode *node)
{
    const char *keys[SETTING_KEYS_MAX];
    size_t n = setting_keys(SCOPE_WATCH, "", keys, 0);
    for (size_t i = 0; i < n; i++) {
        const struct ynode *c = ynode_get(node, keys[i]);
        if (c)
            ynode_key_problem(b->problems, c,
                              "cannot be given: clocks of this kind begin and end with what they "
                              "measure");
    }
}

/* False when the kind is none, or one that is given elsewhere in the bundle. */
static bool read_kind(struct bundle *b, const struct ynode *node, struct policy_clock *out)
{
    read_settings(b, SCOPE_CLOCK, node, out);
    if (out->kind != CLOCK_KIND_LEVEL && out->kind != CLOCK_KIND_OFFER)
        return out->kind > 0;
    ynode_problem(b->problems, ynode_get(node, "kind"), false,
                  out->kind == CLOCK_KIND_LEVEL
                      ? "is given by a level: write `clock` there, in `ladder`"
                      : "is given by `offer_timeout`, in `assignment`");
    return false;
}

/* What a clock has by its kind comes first, so that what the bundle says replaces it. */
static void read_timing(struct bundle *b, const struct ynode *node, struct policy_clock *clock)
{
    read_kind_conditions(b, clock);
    read_kind_thresholds(b, clock);
    read_settings(b, SCOPE_TIMING, node, clock);
    read_targets(b, node, clock);
    read_thresholds(b, node, clock);
}

static void read_clock(struct bundle *b, const struct ynode *node)
{
    struct policy_clock clock = {.name = node->key, .calendar = -1};
    if (!read_is_map(b, node, "a clock: kind, target, and more if need be"))
        return;
    read_known_settings(b, node, 1u << SCOPE_CLOCK | 1u << SCOPE_TIMING | 1u << SCOPE_WATCH, "");
    if (!read_kind(b, node, &clock))
        return;
    read_timing(b, node, &clock);
    if (clock_kind_has_subject(clock.kind))
        refuse_conditions(b, node);
    else
        read_settings(b, SCOPE_WATCH, node, &clock);
    AM_ASSERT(policy_add_clock(b->policy, &clock) == AM_OK);
}

/* -- a level's clock --------------------------------------------------------------------------- */

static void read_level_clock(struct bundle *b, const struct ynode *node, int level)
{
    char name[POLICY_NAME_BYTES_MAX];
    struct policy_clock clock = {
        .name = name, .kind = CLOCK_KIND_LEVEL, .level = (int16_t)level, .calendar = -1};
    (void)snprintf(name, sizeof(name), "level.%d", level);
    if (!read_is_map(b, node, "target, and calendar, zone or thresholds if need be"))
        return;
    read_known_settings(b, node, 1u << SCOPE_TIMING, "");
    read_timing(b, node, &clock);
    AM_ASSERT(policy_add_clock(b->policy, &clock) == AM_OK);
}

static void read_ladder_clocks(struct bundle *b)
{
    const struct ynode *ladder = ynode_get(b->root, "ladder");
    if (!ladder || ladder->kind != YNODE_LIST)
        return;
    for (const struct ynode *c = ladder->first; c && c->index < POLICY_LEVELS_MAX; c = c->next) {
        const struct ynode *clock = ynode_get(c, "clock");
        if (clock)
            read_level_clock(b, clock, (int)c->index + 1);
    }
}

/* The ladder's clocks come last and always have room. */
void read_clocks(struct bundle *b)
{
    const struct ynode *node = ynode_get(b->root, "clocks");
    if (node && read_is_map(b, node, "names of clocks and what they measure")) {
        for (const struct ynode *c = node->first; c; c = c->next) {
            if (c->index == POLICY_NAMED_CLOCKS_MAX) {
                ynode_key_problem(b->problems, c, "is one clock too many: at most %d",
                                  POLICY_NAMED_CLOCKS_MAX);
                break;
            }
            read_clock(b, c);
        }
    }
    read_ladder_clocks(b);
}
