/* SPDX-License-Identifier: Apache-2.0 */
#include "case/people/agent_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <strings.h>

#include "contract/money.h"

/* -- reading ---------------------------------------------------------------------------------- */

/* Takes the bytes up to the next blank. */
static bool next_item(const char **at, struct slice *item)
{
    const char *start = *at + strspn(*at, " ");
    size_t len = strcspn(start, " ");
    *at = start + len;
    *item = slice_of(start, len);
    return len > 0;
}

/* Splits off what lies before the first colon. */
static bool split_at_colon(struct slice *rest, struct slice *part)
{
    const uint8_t *colon = memchr(rest->data, ':', rest->len);
    if (!colon)
        return false;
    *part = slice_of(rest->data, (size_t)(colon - rest->data));
    *rest = slice_of(colon + 1, rest->len - part->len - 1);
    return true;
}

/* The whole slice as a number of at most 19 digits. */
static bool number_of(struct slice s, int64_t *out)
{
    char digits[20];
    if (s.len == 0 || s.len >= sizeof(digits))
        return false;
    memcpy(digits, s.data, s.len);
    digits[s.len] = '\0';
    if (strspn(digits, "0123456789") != s.len)
        return false;
    errno = 0;
    *out = strtoll(digits, NULL, 10);
    return errno == 0;
}

bool agent_text_skill(const char **at, struct agent_skill *out)
{
    struct slice item;
    int64_t level = 0;
    if (!next_item(at, &item) || !split_at_colon(&item, &out->code) || !number_of(item, &level))
        return false;
    out->level = (int)level;
    return true;
}

bool agent_text_language(const char **at, struct slice *out)
{
    return next_item(at, out);
}

bool agent_text_authority(const char **at, struct agent_authority *out)
{
    struct slice item;
    struct slice kind_text;
    int64_t kind = 0;
    if (!next_item(at, &item) || !split_at_colon(&item, &kind_text) ||
        !split_at_colon(&item, &out->currency) || !number_of(kind_text, &kind) ||
        !number_of(item, &out->limit_micros))
        return false;
    out->kind = (int)kind;
    return true;
}

/* -- writing ---------------------------------------------------------------------------------- */

/* Items, each of which begins with a key of `key_len` bytes that makes two of them doubles. */
struct item {
    const char *text;
    size_t key_len;
    size_t order; /* as given: of doubles the first counts */
};

static int by_key(const void *a, const void *b)
{
    const struct item *x = a;
    const struct item *y = b;
    size_t shorter = x->key_len < y->key_len ? x->key_len : y->key_len;
    int order = memcmp(x->text, y->text, shorter);
    if (order != 0)
        return order;
    if (x->key_len != y->key_len)
        return x->key_len < y->key_len ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static bool same_key(const struct item *x, const struct item *y)
{
    return x->key_len == y->key_len && memcmp(x->text, y->text, x->key_len) == 0;
}

/* Sorts, leaves out doubles and joins with blanks. */
static const char *join_items(struct item *items, size_t n, struct arena *arena)
{
    size_t bytes = 1;
    for (size_t i = 0; i < n; i++)
        bytes += strlen(items[i].text) + 1;
    char *out = arena_alloc(arena, bytes);
    if (!out)
        return NULL;
    if (n > 1)
        qsort(items, n, sizeof(*items), by_key);
    char *end = out;
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && same_key(&items[i - 1], &items[i]))
            continue;
        if (end != out)
            *end++ = ' ';
        end = stpcpy(end, items[i].text);
    }
    return out;
}

const char *agent_text_skills(Amends__V1__Skill *const *skills, size_t n, struct arena *arena)
{
    struct item *items = arena_alloc(arena, (n + 1) * sizeof(*items));
    for (size_t i = 0; items && i < n; i++) {
        const char *text = arena_printf(arena, "%s:%d", skills[i]->code, skills[i]->level);
        if (!text)
            return NULL;
        items[i] = (struct item){text, strlen(skills[i]->code), i};
    }
    return items ? join_items(items, n, arena) : NULL;
}

const char *agent_text_languages(char *const *languages, size_t n, struct arena *arena)
{
    struct item *items = arena_alloc(arena, (n + 1) * sizeof(*items));
    for (size_t i = 0; items && i < n; i++)
        items[i] = (struct item){languages[i], strlen(languages[i]), i};
    return items ? join_items(items, n, arena) : NULL;
}

const char *agent_text_authorities(Amends__V1__Authority *const *authorities, size_t n,
                                   struct arena *arena)
{
    struct item *items = arena_alloc(arena, (n + 1) * sizeof(*items));
    for (size_t i = 0; items && i < n; i++) {
        const Amends__V1__Authority *a = authorities[i];
        const Google__Type__Money *limit = a->limit_per_case;
        const char *currency = limit ? limit->currency_code : "";
        const char *text =
            arena_printf(arena, "%d:%s:%" PRId64, (int)a->kind, currency, money_micros(limit));
        if (!text)
            return NULL;
        items[i] = (struct item){text, (size_t)(strrchr(text, ':') - text), i};
    }
    return items ? join_items(items, n, arena) : NULL;
}

bool language_serves(struct slice spoken, struct slice wanted)
{
    struct slice longer = spoken.len > wanted.len ? spoken : wanted;
    struct slice shorter = spoken.len > wanted.len ? wanted : spoken;
    if (shorter.len == 0)
        return wanted.len == 0;
    if (strncasecmp((const char *)longer.data, (const char *)shorter.data, shorter.len) != 0)
        return false;
    return longer.len == shorter.len || longer.data[shorter.len] == '-';
}
