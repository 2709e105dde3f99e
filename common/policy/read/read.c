/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/read/read.h"

#include <string.h>

#include "calendar/zone_needed.h"
#include "policy/words.h"

static const char *const kind_names[] = {"a text", "a list", "a mapping"};
_Static_assert(sizeof(kind_names) / sizeof(kind_names[0]) == YNODE_KINDS, "each kind has a name");

bool read_is_map(struct bundle *b, const struct ynode *node, const char *needs)
{
    if (!node || node->kind == YNODE_MAP)
        return node != NULL;
    ynode_problem(b->problems, node, false, "is %s; needs a mapping: %s", kind_names[node->kind],
                  needs);
    return false;
}

bool read_is_list(struct bundle *b, const struct ynode *node, const char *needs)
{
    if (!node || node->kind == YNODE_LIST)
        return node != NULL;
    ynode_problem(b->problems, node, false, "is %s; needs a list: %s", kind_names[node->kind],
                  needs);
    return false;
}

const char *read_nearest(const struct bundle *b, const char *text, const char *const *words,
                         size_t n)
{
    return b->problems->n < BUNDLE_PROBLEMS_MAX ? word_nearest(text, words, n) : NULL;
}

static bool has_word(const char *const *words, const char *word)
{
    for (; *words; words++)
        if (strcmp(*words, word) == 0)
            return true;
    return false;
}

static size_t count_words(const char *const *words)
{
    size_t n = 0;
    while (words[n])
        n++;
    return n;
}

void read_known_keys(struct bundle *b, const struct ynode *map, const char *const *keys)
{
    char list[WORD_LIST_MAX];
    for (const struct ynode *c = map->first; c; c = c->next) {
        if (has_word(keys, c->key))
            continue;
        const char *near = read_nearest(b, c->key, keys, count_words(keys));
        if (near)
            ynode_key_problem(b->problems, c, "is no key here; is it `%s`?", near);
        else
            ynode_key_problem(b->problems, c, "is no key here; known are %s",
                              word_list(keys, list));
    }
}

struct ynode *read_required(struct bundle *b, const struct ynode *map, const char *key,
                            const char *needs)
{
    struct ynode *node = ynode_get(map, key);
    if (!node)
        ynode_missing(b->problems, map, key, needs);
    return node;
}

bool read_is_scalar(struct bundle *b, const struct ynode *node)
{
    if (!node)
        return false;
    if (node->kind != YNODE_SCALAR)
        ynode_problem(b->problems, node, false, "is %s; needs one value", kind_names[node->kind]);
    else if (node->text[0] == '\0')
        ynode_problem(b->problems, node, false, "is empty: give it a value or leave the key out");
    return node->kind == YNODE_SCALAR && node->text[0] != '\0';
}

bool read_text(struct bundle *b, const struct ynode *node, size_t max_bytes, const char **out)
{
    if (!read_is_scalar(b, node))
        return false;
    size_t len = strlen(node->text);
    if (len > max_bytes) {
        ynode_problem(b->problems, node, false, "has %zu bytes; at most %zu are allowed", len,
                      max_bytes);
        return false;
    }
    *out = node->text;
    return true;
}

/* The value as it was written, for a problem. */
static void wrong_value(struct bundle *b, const struct ynode *node, const char *why)
{
    ynode_problem(b->problems, node, false, "`%.*s` %s", ynode_shown(node->text), node->text, why);
}

bool read_duration(struct bundle *b, const struct ynode *node, int64_t min_ms, int64_t *ms)
{
    int64_t value;
    if (!read_is_scalar(b, node))
        return false;
    const char *why = word_duration(node->text, &value);
    if (!why && value < min_ms)
        why = "is too short: it needs to be longer than nothing";
    if (why) {
        wrong_value(b, node, why);
        return false;
    }
    *ms = value;
    return true;
}

bool read_micros(struct bundle *b, const struct ynode *node, bool may_be_unlimited, int64_t *micros)
{
    if (!read_is_scalar(b, node))
        return false;
    const char *why = word_micros(node->text, may_be_unlimited, micros);
    if (why)
        wrong_value(b, node, why);
    return why == NULL;
}

bool read_whole(struct bundle *b, const struct ynode *node, int min, int max, int *value)
{
    if (!read_is_scalar(b, node))
        return false;
    if (word_whole(node->text, min, max, value) == AM_OK)
        return true;
    ynode_problem(b->problems, node, false, "`%.*s` is not a whole number from %d to %d",
                  ynode_shown(node->text), node->text, min, max);
    return false;
}

bool read_choice(struct bundle *b, const struct ynode *node, const char *const *words, int *place)
{
    char list[WORD_LIST_MAX];
    if (!read_is_scalar(b, node))
        return false;
    for (int i = 0; words[i]; i++) {
        if (strcasecmp(words[i], node->text) == 0) {
            *place = i;
            return true;
        }
    }
    ynode_problem(b->problems, node, false, "`%.*s` is none of: %s", ynode_shown(node->text),
                  node->text, word_list(words, list));
    return false;
}

bool read_yes(struct bundle *b, const struct ynode *node, bool *yes)
{
    static const char *const words[] = {"no", "yes", "false", "true", NULL};
    int place;
    if (!read_choice(b, node, words, &place))
        return false;
    *yes = place % 2 == 1;
    return true;
}

bool read_enum(struct bundle *b, const struct ynode *node, const ProtobufCEnumDescriptor *d,
               int *value)
{
    char near[WORD_MAX], all[WORD_LIST_MAX];
    if (!read_is_scalar(b, node))
        return false;
    *value = word_enum(d, node->text);
    if (*value > 0)
        return true;
    if (word_enum_nearest(d, node->text, near))
        ynode_problem(b->problems, node, false, "`%.*s` is unknown; is it `%s`?",
                      ynode_shown(node->text), node->text, near);
    else
        ynode_problem(b->problems, node, false, "`%.*s` is none of: %s", ynode_shown(node->text),
                      node->text, word_enum_list(d, all));
    return false;
}

bool read_zone(struct bundle *b, const struct ynode *node, const struct zone **zone)
{
    if (!read_is_scalar(b, node))
        return false;
    const struct zone *found = (b->stored ? zone_needed : zone_get)(node->text);
    if (found)
        *zone = found;
    else
        wrong_value(b, node, "is no time zone: use a name of the tz database, as in Europe/London");
    if (!found && b->stored)
        b->problems->missing_zone = arena_strdup(b->problems->arena, node->text);
    return found != NULL;
}

bool read_calendar_name(struct bundle *b, const struct ynode *node, int16_t *calendar)
{
    if (!read_is_scalar(b, node))
        return false;
    int found = policy_calendar_find(b->policy, node->text);
    bool always = strcmp(node->text, "always") == 0;
    if (found < 0 && !always) {
        const char *names[POLICY_CALENDARS_MAX];
        for (size_t i = 0; i < b->policy->n_calendars; i++)
            names[i] = b->policy->calendars[i].name;
        const char *near = read_nearest(b, node->text, names, b->policy->n_calendars);
        ynode_problem(b->problems, node, false, "`%.*s` is no calendar of this bundle; %s%s%s",
                      ynode_shown(node->text), node->text,
                      near ? "is it `" : "name one, or write `always`", near ? near : "",
                      near ? "`?" : "");
        return false;
    }
    *calendar = always ? -1 : (int16_t)found;
    return true;
}

void read_each(struct bundle *b, const struct ynode *node,
               void (*each)(struct bundle *b, const struct ynode *item, void *ctx), void *ctx)
{
    if (!node)
        return;
    if (node->kind != YNODE_LIST) {
        each(b, node, ctx);
        return;
    }
    if (node->n == 0)
        ynode_problem(b->problems, node, false,
                      "is an empty list: give it a value or leave it out");
    for (const struct ynode *c = node->first; c; c = c->next)
        each(b, c, ctx);
}
