/* SPDX-License-Identifier: Apache-2.0 */

#include "amendsctl/suggest.h"

#include <stdbool.h>
#include <string.h>

#include "base/assert.h"

#define WORD_MOST 64
#define FAR SIZE_MAX
/* A word of three letters may have one wrong, one of six two. */
#define LETTERS_FOR_ONE 3
#define CONTAINED_LEAST 3

void suggest_init(struct suggest *s, const char *word)
{
    *s = (struct suggest){.word = word};
}

static size_t least(size_t a, size_t b, size_t c)
{
    const size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* How many letters have to be put in, left out, changed or swapped with their neighbour. */
static size_t letters_apart(const char *a, size_t m, const char *b, size_t n)
{
    size_t rows[3][WORD_MOST + 1];
    for (size_t j = 0; j <= n; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= m; i++) {
        size_t *now = rows[i % 3], *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= n; j++) {
            now[j] = least(above[j] + 1, now[j - 1] + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
            const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped && before[j - 2] + 1 < now[j])
                now[j] = before[j - 2] + 1;
        }
    }
    return rows[m % 3][n];
}

static size_t distance(const char *word, const char *candidate)
{
    const size_t m = strlen(word), n = strlen(candidate);
    if (m == 0 || m > WORD_MOST || n > WORD_MOST)
        return FAR;
    const size_t apart = letters_apart(word, m, candidate, n);
    if (strncmp(word, candidate, m) == 0)
        return 0;
    if (apart <= m / LETTERS_FOR_ONE)
        return apart;
    return m >= CONTAINED_LEAST && strstr(candidate, word) ? m : FAR;
}

void suggest_add(struct suggest *s, const char *candidate)
{
    const size_t far = distance(s->word, candidate);
    size_t at = s->n < SUGGEST_MOST ? s->n : SUGGEST_MOST;
    if (far == FAR)
        return;
    for (size_t i = 0; i < s->n; i++) {
        if (strcmp(s->best[i], candidate) == 0)
            return;
    }
    while (at > 0 && s->distance[at - 1] > far)
        at--;
    if (at == SUGGEST_MOST)
        return;
    for (size_t i = s->n < SUGGEST_MOST ? s->n : SUGGEST_MOST - 1; i > at; i--) {
        s->best[i] = s->best[i - 1];
        s->distance[i] = s->distance[i - 1];
    }
    s->best[at] = candidate;
    s->distance[at] = far;
    s->n += s->n < SUGGEST_MOST;
}

const char *suggest_text(const struct suggest *s, const char *prefix, struct arena *arena)
{
    const char *text = s->n ? "; did you mean" : "";
    for (size_t i = 0; i < s->n && text; i++)
        text = arena_printf(arena, "%s%s %s%s%s", text,
                            i == 0          ? ""
                            : i + 1 == s->n ? " or"
                                            : ",",
                            prefix, s->best[i], i + 1 == s->n ? "?" : "");
    AM_ASSERT(text != NULL);
    return text;
}
