/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/role_set.h"

#include <stdio.h>
#include <string.h>

#include "contract/word.h"
#include "contract/words.h"

#define WORD_BYTES 16

int role_set_add(uint32_t *set, const char *word, size_t len)
{
    char text[WORD_BYTES];
    if (len == 0 || len >= sizeof text)
        return AM_ENOENT;
    memcpy(text, word, len);
    text[len] = '\0';
    const int role = contract_number(ROLE_WORDS, text);
    if (role <= ROLE_UNSPECIFIED)
        return AM_ENOENT;
    *set |= ROLE_BIT(role);
    return AM_OK;
}

const char *role_set_text(uint32_t set, char text[ROLE_SET_TEXT_BYTES])
{
    size_t used = 0;
    text[0] = '\0';
    for (int role = ROLE_UNSPECIFIED + 1; role < ROLE_COUNT; role++) {
        if (!(set & ROLE_BIT(role)))
            continue;
        const int n = snprintf(text + used, ROLE_SET_TEXT_BYTES - used, "%s%s", used ? ", " : "",
                               contract_word(ROLE_WORDS, role));
        used += n > 0 ? (size_t)n : 0;
    }
    return text;
}
