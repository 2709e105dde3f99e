/* SPDX-License-Identifier: Apache-2.0 */
#include "case/people/contributors.h"

#include <string.h>

#include "base/assert.h"
#include "contract/words.h"

/* One digit and a colon; false when there is none. */
static bool take_digit(const char **at, int16_t *out)
{
    const char *p = *at;
    if (p[0] < '0' || p[0] > '9' || p[1] != ':')
        return false;
    *out = (int16_t)(p[0] - '0');
    *at = p + 2;
    return true;
}

static bool take_one(const char **at, struct contributor *c, struct slice *principal)
{
    if (!take_digit(at, &c->level) || !take_digit(at, &c->action))
        return false;
    const char *text = *at;
    size_t len = strcspn(text, " ");
    *principal = slice_of(text, len);
    *at = text + len + (text[len] == ' ');
    return len > 0 && c->level >= 1 && c->level <= POLICY_LEVELS_MAX &&
           (c->action == LADDER_ACTION_CO_OWN || c->action == LADDER_ACTION_TAKE_OVER);
}

int contributors_parse(const char *text, struct contributor out[POLICY_LEVELS_MAX], size_t *n,
                       struct arena *arena)
{
    *n = 0;
    while (*text != '\0') {
        struct slice principal;
        if (*n == POLICY_LEVELS_MAX || !take_one(&text, &out[*n], &principal))
            return AM_EINVAL;
        out[*n].principal = arena_strndup(arena, (const char *)principal.data, principal.len);
        if (!out[*n].principal)
            return AM_ENOMEM;
        (*n)++;
    }
    return AM_OK;
}

static const char *write_all(const struct contributor *all, size_t n, struct arena *arena)
{
    const char *text = "";
    for (size_t i = 0; i < n; i++) {
        text = arena_printf(arena, "%s%s%d:%d:%s", text, i > 0 ? " " : "", all[i].level,
                            all[i].action, all[i].principal);
        AM_ASSERT(text != NULL);
    }
    return text;
}

const char *contributors_add(const char *text, const struct contributor *c, struct arena *arena)
{
    struct contributor all[POLICY_LEVELS_MAX];
    size_t n, at = 0;
    AM_ASSERT(c->level >= 1 && c->level <= POLICY_LEVELS_MAX);
    if (contributors_parse(text, all, &n, arena) != AM_OK)
        n = 0; /* never written so */
    while (at < n && all[at].level < c->level)
        at++;
    if (at < n && all[at].level == c->level) {
        if (all[at].action >= c->action)
            return text;
        all[at] = *c;
        return write_all(all, n, arena);
    }
    if (n == POLICY_LEVELS_MAX) /* one entry a level, so there is always room */
        return text;
    memmove(&all[at + 1], &all[at], (n - at) * sizeof(all[0]));
    all[at] = *c;
    return write_all(all, n + 1, arena);
}

bool contributors_take_over(const char *text, const char *principal)
{
    struct contributor c;
    struct slice name;
    while (*text != '\0' && take_one(&text, &c, &name)) {
        if (c.action == LADDER_ACTION_TAKE_OVER && slice_eq(name, slice_str(principal)))
            return true;
    }
    return false;
}
