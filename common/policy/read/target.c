/* SPDX-License-Identifier: Apache-2.0 */

/* Targets and thresholds of clocks. */

#include <string.h>

#include "amends/v1/types.pb-c.h"
#include "policy/read/read.h"
#include "policy/words.h"
#include "base/bits.h"

/* What a clock's target may go by: what stands when it starts. */
#define TARGET_FACTS                                                                               \
    (BIT_OF(FACT_SEVERITY) | BIT_OF(FACT_CHANNEL) | BIT_OF(FACT_TRIGGER) | BIT_OF(FACT_TIER) |     \
     BIT_OF(FACT_LEVEL) | FAILURE_BIT)

/* -- targets ----------------------------------------------------------------------------------- */

static bool read_days(struct bundle *b, const struct ynode *node, struct policy_target *t)
{
    int days;
    read_known_settings(b, node, 1u << SCOPE_DAYS, "");
    const struct ynode *business = ynode_get(node, "business_days");
    const struct ynode *calendar = ynode_get(node, "days");
    if (!business == !calendar) {
        ynode_problem(b->problems, node, false,
                      "needs either `business_days` or `days`, as in `{business_days: 3}`");
        return false;
    }
    t->unit = business ? POLICY_UNIT_BUSINESS_DAYS : POLICY_UNIT_DAYS;
    if (!read_whole(b, business ? business : calendar, 1, POLICY_DAYS_MAX, &days))
        return false;
    t->days = days;
    return true;
}

static bool read_target(struct bundle *b, const struct ynode *node, struct policy_target *t)
{
    if (!node)
        return false;
    if (node->kind == YNODE_MAP)
        return read_days(b, node, t);
    t->unit = POLICY_UNIT_TIME;
    return read_duration(b, node, POLICY_TARGET_MIN_MS, &t->ms);
}

/* The box lies in the bundle's arena. */
static struct condition_box *new_box(struct bundle *b, struct policy_target *t)
{
    struct condition_box *box = ARENA_NEW(b->arena, struct condition_box);
    *box = condition_any();
    t->when = (struct policy_condition){.n = 1, .boxes = box};
    return box;
}

static void read_row(struct bundle *b, const struct ynode *node, struct policy_clock *out)
{
    struct policy_target *t = &out->targets[out->n_targets];
    struct condition_box *box = new_box(b, t);
    size_t errors = b->problems->n_errors;
    if (read_is_map(b, node, "facts and a target, as in `{severity: 5, target: 1h}`")) {
        (void)read_target(b, read_required(b, node, "target", "a time such as 4h"), t);
        for (const struct ynode *c = node->first; c; c = c->next)
            if (strcmp(c->key, "target") != 0)
                (void)read_fact(b, c, TARGET_FACTS, box);
    }
    /* A target that is wrong keeps its place, but takes no case from those after it. */
    if (b->problems->n_errors > errors)
        box->allowed[FACT_SEVERITY] = 0;
    out->n_targets++;
}

static void read_rows(struct bundle *b, const struct ynode *list, struct policy_clock *out)
{
    if (!read_is_list(b, list, "targets, the first that fits holds"))
        return;
    if (list->n > POLICY_TARGETS_MAX)
        ynode_problem(b->problems, list, false, "has %zu targets; at most %d are allowed", list->n,
                      POLICY_TARGETS_MAX);
    for (const struct ynode *c = list->first; c && c->index < POLICY_TARGETS_MAX; c = c->next)
        read_row(b, c, out);
}

void read_targets(struct bundle *b, const struct ynode *clock, struct policy_clock *out)
{
    const struct ynode *one = ynode_get(clock, "target");
    const struct ynode *list = ynode_get(clock, "targets");
    if (one && list)
        ynode_key_problem(b->problems, list, "is too much beside `target`: give one of them");
    out->targets = ARENA_ARRAY(b->arena, struct policy_target, POLICY_TARGETS_MAX);
    if (list) {
        read_rows(b, list, out);
        return;
    }
    (void)new_box(b, &out->targets[0]);
    out->n_targets = read_target(b, one, &out->targets[0]);
}

/* -- thresholds -------------------------------------------------------------------------------- */

static void read_action(struct bundle *b, const struct ynode *node, void *ctx)
{
    struct policy_threshold *t = ctx;
    int action;
    if (!read_enum(b, node, &amends__v1__escalation_action__descriptor, &action))
        return;
    if (action == ESCALATION_ACTION_NOTIFY)
        ynode_problem(b->problems, node, false, "is written `notify: [owner]`, beside `do`");
    else if (action == ESCALATION_ACTION_RAISE_PRIORITY)
        ynode_problem(b->problems, node, false, "is written `raise_priority: 30m`, beside `do`");
    else
        t->actions |= 1u << action;
}

static void read_notified(struct bundle *b, const struct ynode *node, void *ctx)
{
    static const char *const words[] = {"owner", "steward", "next", NULL};
    struct policy_threshold *t = ctx;
    int place;
    if (read_choice(b, node, words, &place))
        t->notify |= 1u << place;
}

/* "75%", and since `amends: 2` "-1h". */
static void read_at(struct bundle *b, const struct ynode *node, struct policy_threshold *t)
{
    const char *why;
    if (!read_is_scalar(b, node))
        return;
    if (node->text[0] != '-') {
        why = word_percent(node->text, &t->percent);
        if (why)
            ynode_problem(b->problems, node, false, "`%.*s` %s%s", ynode_shown(node->text),
                          node->text, why,
                          b->policy->format < 2 ? "" : ", nor a time before its end, as in -1h");
        return;
    }
    why = word_duration(node->text + 1, &t->before_ms);
    if (b->policy->format < 2)
        ynode_problem(b->problems, node, false,
                      "`%.*s` is a time before the end of the target: that needs `amends: 2`",
                      ynode_shown(node->text), node->text);
    else if (why || t->before_ms <= 0 || t->before_ms > POLICY_DURATION_MAX_MS)
        ynode_problem(b->problems, node, false,
                      "`%.*s` is no time before the end of the target, a second to ten years, as "
                      "in -1h or -30m",
                      ynode_shown(node->text), node->text);
}

static void read_threshold(struct bundle *b, const struct ynode *node, struct policy_clock *out)
{
    struct policy_threshold t = {0};
    if (!read_is_map(b, node, "`at` and what is to happen, as in `{at: 100%, do: climb}`"))
        return;
    read_entry(b, SCOPE_THRESHOLD, node, &t);
    read_at(b, ynode_get(node, "at"), &t);
    read_each(b, ynode_get(node, "do"), read_action, &t);
    read_each(b, ynode_get(node, "notify"), read_notified, &t);
    if (t.raise_ms > 0)
        t.actions |= BIT_OF(ESCALATION_ACTION_RAISE_PRIORITY);
    if (t.notify)
        t.actions |= BIT_OF(ESCALATION_ACTION_NOTIFY);
    out->thresholds[out->n_thresholds++] = t;
}

void read_thresholds(struct bundle *b, const struct ynode *clock, struct policy_clock *out)
{
    const struct ynode *list = ynode_get(clock, "thresholds");
    if (!list || !read_is_list(b, list, "thresholds, as in `{at: 75%, notify: owner}`"))
        return;
    out->n_thresholds = 0;
    if (list->n > POLICY_THRESHOLDS_MAX)
        ynode_problem(b->problems, list, false, "has %zu thresholds; at most %d are allowed",
                      list->n, POLICY_THRESHOLDS_MAX);
    for (const struct ynode *c = list->first; c && c->index < POLICY_THRESHOLDS_MAX; c = c->next)
        read_threshold(b, c, out);
}
