/* SPDX-License-Identifier: Apache-2.0 */

/* Which text is meant for whom. */

#include <string.h>
#include <strings.h>

#include "policy/policy.h"

/* The language is the first `len` bytes of `language`. */
static const struct policy_text *find(const struct policy *p, const char *language, size_t len,
                                      enum policy_text_part part, int number)
{
    const struct policy_text *other = NULL;
    for (size_t i = 0; i < p->n_texts; i++) {
        const struct policy_text *t = &p->texts[i];
        if (t->part != (int)part || strlen(t->language) != len ||
            strncasecmp(t->language, language, len) != 0)
            continue;
        if (t->number == number)
            return t;
        if (t->number == 0)
            other = t;
    }
    return other;
}

const struct policy_text *policy_text_find(const struct policy *p, const char *language,
                                           enum policy_text_part part, int number)
{
    size_t len = strlen(language);
    while (len > 0) {
        const struct policy_text *t = find(p, language, len, part, number);
        if (t)
            return t;
        while (len > 0 && language[--len] != '-')
            ;
    }
    return find(p, "en", 2, part, number);
}
