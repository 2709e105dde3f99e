/* SPDX-License-Identifier: Apache-2.0 */

/* Conditions as bundles write them. */

#include <string.h>

#include "amends/v1/types.pb-c.h"
#include "contract/statuses.h"
#include "policy/read/read.h"
#include "policy/words.h"

/* Facts that are words of the contract. */
static const ProtobufCEnumDescriptor *enum_of(enum fact fact)
{
    switch (fact) {
    case FACT_STATUS:
        return &amends__v1__case_status__descriptor;
    case FACT_CHANNEL:
        return &amends__v1__channel__descriptor;
    case FACT_TRIGGER:
        return &amends__v1__trigger__descriptor;
    case FACT_OWNER:
        return &amends__v1__owner_kind__descriptor;
    default:
        return NULL;
    }
}

/* What one fact allows, while its values are read. */
struct allowed {
    enum fact fact; /* FACTS: the failure */
    uint32_t bits;
    uint64_t failures[CONDITION_FAILURE_WORDS];
};

/* -- values ------------------------------------------------------------------------------------ */

static void read_word(struct bundle *b, const struct ynode *node, struct allowed *a)
{
    int value;
    if (a->fact == FACT_STATUS && node->kind == YNODE_SCALAR && strcmp(node->text, "live") == 0)
        a->bits |= STATUSES_WAITING;
    else if (a->fact == FACT_STATUS && node->kind == YNODE_SCALAR &&
             strcmp(node->text, "final") == 0)
        a->bits |= STATUSES_FINAL;
    else if (read_enum(b, node, enum_of(a->fact), &value))
        a->bits |= 1u << value;
}

static void read_number(struct bundle *b, const struct ynode *node, struct allowed *a)
{
    uint32_t bits;
    bool level = a->fact == FACT_LEVEL;
    int levels = b->policy->n_levels > 0 ? b->policy->n_levels : POLICY_LEVELS_MAX;
    int max = level ? levels : POLICY_SEVERITY_MAX;
    if (!read_is_scalar(b, node))
        return;
    const char *why = word_range(node->text, 1, max, &bits);
    if (!why)
        a->bits |= bits;
    else
        ynode_problem(b->problems, node, false, "`%.*s` %s, from 1 to %d", ynode_shown(node->text),
                      node->text, why, max);
}

static void read_tier(struct bundle *b, const struct ynode *node, struct allowed *a)
{
    const struct policy *p = b->policy;
    if (!read_is_scalar(b, node))
        return;
    int tier = policy_tier(p, node->text);
    if (tier > 0 || strcmp(node->text, "none") == 0) {
        a->bits |= 1u << tier;
        return;
    }
    const char *near = read_nearest(b, node->text, p->tiers, p->n_tiers);
    ynode_problem(b->problems, node, false, "`%.*s` is none of the bundle's tiers%s%s%s",
                  ynode_shown(node->text), node->text, near ? "; is it `" : "", near ? near : "",
                  near ? "`?" : "");
}

/* A code and all codes below it. */
static void read_failure(struct bundle *b, const struct ynode *node, struct allowed *a)
{
    const struct policy *p = b->policy;
    bool any = false;
    if (!read_is_scalar(b, node))
        return;
    size_t len = strlen(node->text);
    for (size_t i = 0; i < p->n_failures; i++) {
        const char *code = p->failures[i].code;
        if (strncmp(code, node->text, len) == 0 && (code[len] == '\0' || code[len] == '.')) {
            a->failures[i / 64] |= 1ull << (i % 64);
            any = true;
        }
    }
    if (any)
        return;
    const char *codes[POLICY_FAILURES_MAX];
    for (size_t i = 0; i < p->n_failures; i++)
        codes[i] = p->failures[i].code;
    const char *near = read_nearest(b, node->text, codes, p->n_failures);
    ynode_problem(b->problems, node, false, "`%.*s` is none of the bundle's failures%s%s%s",
                  ynode_shown(node->text), node->text, near ? "; is it `" : "", near ? near : "",
                  near ? "`?" : "");
}

/* Facts that are or are not. */
static void read_yes_or_no(struct bundle *b, const struct ynode *node, struct allowed *a)
{
    const char *const words[] = {fact_word(a->fact, false), fact_word(a->fact, true), NULL};
    int place;
    if (read_choice(b, node, words, &place))
        a->bits |= 1u << place;
}

static void read_value(struct bundle *b, const struct ynode *node, void *ctx)
{
    struct allowed *a = ctx;
    if (a->fact == FACTS)
        read_failure(b, node, a);
    else if (enum_of(a->fact))
        read_word(b, node, a);
    else if (a->fact == FACT_SEVERITY || a->fact == FACT_LEVEL)
        read_number(b, node, a);
    else if (a->fact == FACT_TIER)
        read_tier(b, node, a);
    else
        read_yes_or_no(b, node, a);
}

/* -- facts ------------------------------------------------------------------------------------- */

static int fact_by_name(const char *name)
{
    if (strcmp(name, "failure") == 0)
        return FACTS;
    for (int f = 0; f < FACTS; f++)
        if (strcmp(fact_name((enum fact)f), name) == 0)
            return f;
    return -1;
}

static void unknown_fact(struct bundle *b, const struct ynode *node)
{
    char list[WORD_LIST_MAX];
    const char *words[FACTS + 2] = {[FACTS] = "failure"};
    for (int f = 0; f < FACTS; f++)
        words[f] = fact_name((enum fact)f);
    const char *near = read_nearest(b, node->key, words, FACTS + 1);
    if (near)
        ynode_key_problem(b->problems, node, "is no fact of a case; is it `%s`?", near);
    else
        ynode_key_problem(b->problems, node, "is no fact of a case; known are %s",
                          word_list(words, list));
}

/* `{not: [...]}` allows all but what it lists. */
static void read_values(struct bundle *b, const struct ynode *node, struct allowed *a)
{
    static const char *const keys[] = {"not", NULL};
    if (node->kind != YNODE_MAP) {
        read_each(b, node, read_value, a);
        return;
    }
    read_known_keys(b, node, keys);
    read_each(b, read_required(b, node, "not", "the values that it is not"), read_value, a);
    if (a->fact < FACTS)
        a->bits = ~a->bits & fact_domain(a->fact, b->policy->n_tiers, b->policy->n_levels);
    for (size_t w = 0; w < CONDITION_FAILURE_WORDS; w++)
        a->failures[w] = ~a->failures[w];
}

bool read_fact(struct bundle *b, const struct ynode *node, uint32_t allowed,
               struct condition_box *box)
{
    int fact = fact_by_name(node->key);
    if (fact < 0) {
        unknown_fact(b, node);
        return false;
    }
    if (!((allowed >> fact) & 1)) {
        ynode_key_problem(b->problems, node,
                          "may change while the clock runs: targets go by severity, channel, "
                          "trigger, tier, level and failure");
        return false;
    }
    struct allowed a = {.fact = (enum fact)fact};
    size_t errors = b->problems->n_errors;
    read_values(b, node, &a);
    if (b->problems->n_errors > errors)
        return false;
    if (fact == FACTS)
        memcpy(box->failures, a.failures, sizeof(box->failures));
    else
        box->allowed[fact] = a.bits;
    return true;
}

/* -- conditions -------------------------------------------------------------------------------- */

static void read_box(struct bundle *b, const struct ynode *node, uint32_t allowed,
                     struct condition_box *box)
{
    *box = condition_any();
    if (!read_is_map(b, node, "facts of a case and their values, as in `status: live`"))
        return;
    if (node->n == 0)
        ynode_problem(b->problems, node, false, "says nothing: write `always` if it always holds");
    for (const struct ynode *c = node->first; c; c = c->next)
        (void)read_fact(b, c, allowed, box);
}

static bool read_word_condition(struct bundle *b, const struct ynode *node,
                                struct condition_box *boxes, size_t *n)
{
    static const char *const words[] = {"never", "always", NULL};
    int place;
    if (!read_choice(b, node, words, &place))
        return false;
    boxes[0] = condition_any();
    *n = (size_t)place;
    return true;
}

static void read_boxes(struct bundle *b, const struct ynode *node, uint32_t allowed,
                       struct condition_box *boxes, size_t *n)
{
    if (node->n > CONDITION_BOXES_MAX)
        ynode_problem(b->problems, node, false, "has %zu alternatives; at most %d are allowed",
                      node->n, CONDITION_BOXES_MAX);
    if (node->n == 0)
        ynode_problem(b->problems, node, false,
                      "is an empty list: write `never` if it never holds");
    for (const struct ynode *c = node->first; c && *n < CONDITION_BOXES_MAX; c = c->next)
        read_box(b, c, allowed, &boxes[(*n)++]);
}

bool read_condition(struct bundle *b, const struct ynode *node, uint32_t allowed,
                    struct policy_condition *out)
{
    if (!node)
        return false;
    size_t n = 0;
    size_t errors = b->problems->n_errors;
    struct condition_box *boxes = ARENA_ARRAY(b->arena, struct condition_box, CONDITION_BOXES_MAX);
    if (node->kind == YNODE_SCALAR)
        (void)read_word_condition(b, node, boxes, &n);
    else if (node->kind == YNODE_LIST)
        read_boxes(b, node, allowed, boxes, &n);
    else
        read_box(b, node, allowed, &boxes[n++]);
    *out = (struct policy_condition){.n = n, .boxes = boxes};
    return b->problems->n_errors == errors;
}
