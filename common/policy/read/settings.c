/* SPDX-License-Identifier: Apache-2.0 */

/* Reading by the table of settings.def: one reader for each type of value. */

#include <string.h>

#include "base/assert.h"
#include "policy/read/read.h"
#include "policy/words.h"

/* Reads a node into the field of a row. What cannot be read is told, and the field keeps what it
 * has. */
typedef void read_value_fn(struct bundle *b, const struct ynode *node, const struct setting *s,
                           void *field);

/* -- texts ------------------------------------------------------------------------------------- */

static void read_text_value(struct bundle *b, const struct ynode *node, const struct setting *s,
                            void *field)
{
    (void)read_text(b, node, (size_t)s->range.max, field);
}

static void read_currency(struct bundle *b, const struct ynode *node, const struct setting *s,
                          void *field)
{
    const char *text, **currency = field;
    (void)s;
    if (!read_text(b, node, POLICY_NAME_BYTES_MAX, &text))
        return;
    if (strlen(text) != 3 || strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 3) {
        ynode_problem(b->problems, node, false, "is no currency code such as EUR or USD");
        return;
    }
    *currency = arena_strdup(&b->policy->arena, text);
    AM_ASSERT(*currency);
}

static void read_skill(struct bundle *b, const struct ynode *node, const struct setting *s,
                       void *field)
{
    const char **skill = field;
    if (read_text(b, node, (size_t)s->range.max, skill) && strcmp(*skill, "none") == 0)
        *skill = "";
}

/* -- numbers ----------------------------------------------------------------------------------- */

/* Whether it is too long is checked with the policy. */
static void read_duration_value(struct bundle *b, const struct ynode *node, const struct setting *s,
                                void *field)
{
    (void)read_duration(b, node, s->range.min, field);
}

static void read_by_severity(struct bundle *b, const struct ynode *node, const struct setting *s,
                             void *field)
{
    static const char *const severities[] = {"1", "2", "3", "4", "5", NULL};
    _Static_assert(sizeof(severities) / sizeof(severities[0]) == POLICY_SEVERITIES,
                   "each severity has a key");
    int64_t *ms = field;
    if (!read_is_map(b, node, "1 to 5 and what each adds"))
        return;
    read_known_keys(b, node, severities);
    for (int severity = 1; severity < POLICY_SEVERITIES; severity++)
        (void)read_duration(b, ynode_get(node, severities[severity - 1]), s->range.min,
                            &ms[severity]);
}

static void read_amount(struct bundle *b, const struct ynode *node, const struct setting *s,
                        void *field)
{
    (void)s;
    (void)read_micros(b, node, false, field);
}

static void read_whole_value(struct bundle *b, const struct ynode *node, const struct setting *s,
                             void *field)
{
    int value;
    if (read_whole(b, node, (int)s->range.min, (int)s->range.max, &value))
        *(int16_t *)field = (int16_t)value;
}

/* Why the text is no number of years such as "6y"; NULL = it is. */
static const char *years_of(const char *text, const struct setting_range *r, int *years)
{
    char number[8];
    const size_t len = strlen(text);
    *years = 0;
    if (strcmp(text, "forever") == 0)
        return NULL;
    if (len < 2 || len > sizeof(number) || text[len - 1] != 'y')
        return "is no number of years as in 6y, and not `forever`";
    memcpy(number, text, len - 1);
    number[len - 1] = '\0';
    if (word_whole(number, (int)r->min, (int)r->max, years) == AM_OK)
        return NULL;
    *years = 0;
    return "is not 1y to 100y, and not `forever`";
}

static void read_years(struct bundle *b, const struct ynode *node, const struct setting *s,
                       void *field)
{
    int years;
    if (!read_is_scalar(b, node))
        return;
    const char *why = years_of(node->text, &s->range, &years);
    if (!node->inherited && b->policy->format < 2)
        why = "needs a bundle of `amends: 2`";
    if (why)
        ynode_problem(b->problems, node, false, "`%.*s` %s", ynode_shown(node->text), node->text,
                      why);
    *(int16_t *)field = (int16_t)years;
}

_Static_assert(ACT_KIND_COUNT <= 32, "an act is a bit of 32");

/* -- words ------------------------------------------------------------------------------------- */

static void read_yes_no(struct bundle *b, const struct ynode *node, const struct setting *s,
                        void *field)
{
    (void)s;
    (void)read_yes(b, node, field);
}

static void read_word(struct bundle *b, const struct ynode *node, const struct setting *s,
                      void *field)
{
    int value;
    if (read_enum(b, node, s->range.words, &value))
        *(int16_t *)field = (int16_t)value;
}

struct words {
    const struct setting *setting;
    uint32_t bits;
};

static void read_one_word(struct bundle *b, const struct ynode *node, void *ctx)
{
    struct words *words = ctx;
    int value;
    if (read_enum(b, node, words->setting->range.words, &value))
        words->bits |= 1u << value;
}

/* An empty list is a set too. */
static void read_words(struct bundle *b, const struct ynode *node, const struct setting *s,
                       void *field)
{
    struct words words = {.setting = s};
    if (node->kind != YNODE_LIST || node->n > 0)
        read_each(b, node, read_one_word, &words);
    *(uint32_t *)field = words.bits;
}

/* -- names and conditions ---------------------------------------------------------------------- */

static void read_calendar(struct bundle *b, const struct ynode *node, const struct setting *s,
                          void *field)
{
    (void)s;
    (void)read_calendar_name(b, node, field);
}

static void read_zone_value(struct bundle *b, const struct ynode *node, const struct setting *s,
                            void *field)
{
    (void)s;
    (void)read_zone(b, node, field);
}

static void read_customer(struct bundle *b, const struct ynode *node, const struct setting *s,
                          void *field)
{
    static const char *const words[] = {"company", "customer", NULL};
    int place;
    (void)s;
    if (read_choice(b, node, words, &place))
        *(bool *)field = place == 1;
}

static void read_condition_value(struct bundle *b, const struct ynode *node,
                                 const struct setting *s, void *field)
{
    (void)s;
    (void)read_condition(b, node, ALL_FACTS, field);
}

static read_value_fn *const readers[] = {
    [SETTING_TEXT] = read_text_value,
    [SETTING_PRINCIPAL] = read_text_value,
    [SETTING_CURRENCY] = read_currency,
    [SETTING_SKILL] = read_skill,
    [SETTING_DURATION] = read_duration_value,
    [SETTING_BY_SEVERITY] = read_by_severity,
    [SETTING_AMOUNT] = read_amount,
    [SETTING_WHOLE] = read_whole_value,
    [SETTING_YEARS] = read_years,
    [SETTING_YES_NO] = read_yes_no,
    [SETTING_WORD] = read_word,
    [SETTING_WORDS] = read_words,
    [SETTING_CALENDAR] = read_calendar,
    [SETTING_ZONE] = read_zone_value,
    [SETTING_CUSTOMER] = read_customer,
    [SETTING_CONDITION] = read_condition_value,
};
_Static_assert(sizeof(readers) / sizeof(readers[0]) == SETTING_TYPES, "each type has a reader");

/* -- rows -------------------------------------------------------------------------------------- */

void read_known_settings(struct bundle *b, const struct ynode *map, uint32_t scopes,
                         const char *group)
{
    const char *keys[SETTING_KEYS_MAX] = {NULL};
    size_t n = 0;
    for (int scope = 0; scope < SETTING_SCOPES; scope++)
        if ((scopes >> scope) & 1)
            n = setting_keys((enum setting_scope)scope, group, keys, n);
    read_known_keys(b, map, keys);
}

/* The map that holds the last key of a path, and that key; NULL when it is not there or no map. */
static const struct ynode *holder(const struct ynode *map, const char *path, const char **key)
{
    char name[POLICY_NAME_BYTES_MAX];
    for (const char *dot = strchr(path, '.'); dot && map; dot = strchr(path, '.')) {
        size_t len = (size_t)(dot - path);
        AM_ASSERT(len < sizeof(name)); /* a path of the table */
        memcpy(name, path, len);
        name[len] = '\0';
        map = ynode_get(map, name);
        path = dot + 1;
    }
    *key = path;
    return map && map->kind == YNODE_MAP ? map : NULL;
}

static void read_group(struct bundle *b, const struct ynode *node, const struct setting *s)
{
    if (read_is_map(b, node, s->range.needs))
        read_known_settings(b, node, 1u << s->scope, s->path);
}

/* An entry's own fallback stands for the key; those of the whole bundle were inherited. */
static void read_fallback(struct bundle *b, const struct setting *s, void *entry)
{
    struct ynode node = {.kind = YNODE_SCALAR, .inherited = true, .text = s->fallback.value};
    if (node.text)
        readers[s->type](b, &node, s, (char *)entry + s->offset);
}

static void read_row(struct bundle *b, const struct ynode *map, const struct setting *s,
                     void *entry)
{
    const char *key;
    const struct ynode *in = holder(map, s->path, &key);
    if (!in)
        return;
    const struct ynode *node =
        s->fallback.set ? ynode_get(in, key) : read_required(b, in, key, s->description);
    if (s->type == SETTING_FORM)
        return;
    if (s->type == SETTING_GROUP)
        read_group(b, node, s);
    else if (node)
        readers[s->type](b, node, s, (char *)entry + s->offset);
    else
        read_fallback(b, s, entry);
    if (node && s->fallback.unused && !node->inherited)
        ynode_problem(b->problems, node, true, "is not used yet: it changes nothing");
}

void read_settings(struct bundle *b, enum setting_scope scope, const struct ynode *map, void *entry)
{
    for (const struct setting *s = setting_first(scope); s; s = setting_next(s))
        read_row(b, map, s, entry);
}

void read_entry(struct bundle *b, enum setting_scope scope, const struct ynode *map, void *entry)
{
    read_known_settings(b, map, 1u << scope, "");
    read_settings(b, scope, map, entry);
}
