/* SPDX-License-Identifier: Apache-2.0 */

/* Definitions of clocks. */

#include <stdio.h>

#include "amends/v1/types.pb-c.h"
#include "base/assert.h"
#include "policy/read/read.h"
#include "policy/validate/validate.h"
#include "policy/words.h"

#define KIND(name) AMENDS__V1__CLOCK_KIND__CLOCK_KIND_##name

void read_clock_common(struct bundle *b, const struct ynode *clock, struct policy_clock *out)
{
    (void)read_calendar_name(b, ynode_get(clock, "calendar"), &out->calendar);
    (void)read_customer_zone(b, ynode_get(clock, "zone"), &out->customer_zone);
    read_targets(b, clock, out);
    read_thresholds(b, clock, out);
}

/* -- a case's clocks --------------------------------------------------------------------------- */

static void read_pause_limit(struct bundle *b, const struct ynode *node, struct policy_clock *out)
{
    static const char *const keys[] = {"single", "total", NULL};
    if (!node || !is_map(b, node, "single and total, as in `{single: 5d, total: 10d}`"))
        return;
    known_keys(b, node, keys);
    (void)read_duration(b, required(b, node, "single", "the longest pause"), 1,
                        &out->pause_single_ms);
    (void)read_duration(b, required(b, node, "total", "the longest time of all pauses together"), 1,
                        &out->pause_total_ms);
}

static void read_conditions(struct bundle *b, const struct ynode *node, struct policy_clock *out)
{
    (void)read_condition(b, ynode_get(node, "start"), ALL_FACTS, &out->start);
    (void)read_condition(b, ynode_get(node, "stop"), ALL_FACTS, &out->stop);
    (void)read_condition(b, ynode_get(node, "cancel"), ALL_FACTS, &out->cancel);
    (void)read_condition(b, ynode_get(node, "reset"), ALL_FACTS, &out->reset);
    (void)read_condition(b, ynode_get(node, "pause"), ALL_FACTS, &out->pause);
    (void)read_condition(b, ynode_get(node, "resume"), ALL_FACTS, &out->resume);
    (void)read_yes(b, ynode_get(node, "again"), &out->again);
    read_pause_limit(b, ynode_get(node, "pause_limit"), out);
}

/* What a clock that follows something else cannot have is named with the reason. */
static void refuse_conditions(struct bundle *b, const struct ynode *node)
{
    static const char *const keys[] = {"start",  "stop",  "cancel",      "reset", "pause",
                                       "resume", "again", "pause_limit", NULL};
    for (size_t i = 0; keys[i]; i++) {
        const struct ynode *c = ynode_get(node, keys[i]);
        if (c)
            ynode_key_problem(b->problems, c,
                              "cannot be given: clocks of this kind begin and end with what they "
                              "measure");
    }
}

static bool read_kind(struct bundle *b, const struct ynode *node, struct policy_clock *out)
{
    int kind;
    const struct ynode *c =
        required(b, node, "kind", "what it measures, as in first_response or statutory");
    if (!read_enum(b, c, &amends__v1__clock_kind__descriptor, &kind))
        return false;
    if (kind == KIND(LEVEL) || kind == KIND(OFFER)) {
        ynode_problem(b->problems, c, false,
                      kind == KIND(LEVEL) ? "is given by a level: write `clock` there, in `ladder`"
                                          : "is given by `offer_timeout`, in `assignment`");
        return false;
    }
    out->kind = (int16_t)kind;
    return true;
}

static void read_clock(struct bundle *b, const struct ynode *node)
{
    static const char *const keys[] = {"kind",   "calendar", "zone",       "start",       "stop",
                                       "cancel", "reset",    "pause",      "resume",      "again",
                                       "target", "targets",  "thresholds", "pause_limit", NULL};
    struct policy_clock clock = {.name = node->key, .calendar = -1};
    if (!is_map(b, node, "a clock: kind, target, and more if need be"))
        return;
    known_keys(b, node, keys);
    if (!read_kind(b, node, &clock))
        return;
    default_conditions(b, &clock);
    default_thresholds(b, &clock);
    read_clock_common(b, node, &clock);
    if (clock_has_subject(&clock))
        refuse_conditions(b, node);
    else
        read_conditions(b, node, &clock);
    AM_ASSERT(policy_add_clock(b->policy, &clock) == AM_OK);
}

/* -- a level's clock --------------------------------------------------------------------------- */

static void read_level_clock(struct bundle *b, const struct ynode *node, int level)
{
    static const char *const keys[] = {"calendar", "zone", "target", "targets", "thresholds", NULL};
    char name[NAME_BYTES_MAX];
    struct policy_clock clock = {
        .name = name, .kind = KIND(LEVEL), .level = (int16_t)level, .calendar = -1};
    (void)snprintf(name, sizeof(name), "level.%d", level);
    if (!is_map(b, node, "target, and calendar, zone or thresholds if need be"))
        return;
    known_keys(b, node, keys);
    default_conditions(b, &clock);
    default_thresholds(b, &clock);
    read_clock_common(b, node, &clock);
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
#define CASE_CLOCKS_MAX (POLICY_CLOCKS_MAX - POLICY_LEVELS_MAX)

void read_clocks(struct bundle *b)
{
    const struct ynode *node = ynode_get(b->root, "clocks");
    if (node && is_map(b, node, "names of clocks and what they measure")) {
        for (const struct ynode *c = node->first; c; c = c->next) {
            if (c->index == CASE_CLOCKS_MAX) {
                ynode_key_problem(b->problems, c, "is one clock too many: at most %d",
                                  CASE_CLOCKS_MAX);
                break;
            }
            read_clock(b, c);
        }
    }
    read_ladder_clocks(b);
}
