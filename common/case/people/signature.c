/* SPDX-License-Identifier: Apache-2.0 */
#include "case/people/signature.h"

#include <ctype.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "case/people/authority.h"
#include "contract/words.h"

#define PARTS 3 /* skill, language, authority */
#define PART_BYTES (QUEUE_SIGNATURE_BYTES_MAX / PARTS)

/* -- what a case asks ------------------------------------------------------------------------- */

static int64_t exposure_micros(const struct case_row *row, const struct policy_failure *f)
{
    return row->stake_micros > f->typical_micros ? row->stake_micros : f->typical_micros;
}

/* The smallest limit of the ladder that covers it; beyond all of them, the highest. */
static int64_t band_micros(const struct policy *p, int kind, int64_t exposure)
{
    int level = policy_level_that_may(p, kind, exposure);
    return p->levels[level ? level : p->n_levels].limit_micros[kind];
}

static void add_part(char *out, size_t size, const char *part)
{
    size_t used = strlen(out);
    if (part[0] != '\0')
        (void)snprintf(out + used, size - used, "%s%s", used > 0 ? ";" : "", part);
}

static void skill_part(const struct policy_failure *f, char out[PART_BYTES])
{
    if (f->skill[0] != '\0')
        (void)snprintf(out, PART_BYTES, "s=%s:%d", f->skill, f->skill_level);
}

static void language_part(const char *language, char out[PART_BYTES])
{
    if (language[0] == '\0')
        return;
    (void)snprintf(out, PART_BYTES, "l=%s", language);
    for (char *c = out; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
}

static void authority_part(const struct case_row *row, const struct policy *p,
                           const struct policy_failure *f, char out[PART_BYTES])
{
    int64_t exposure = exposure_micros(row, f);
    if (exposure == 0)
        return;
    int64_t band = band_micros(p, f->typical_remedy, exposure);
    if (band == MONEY_UNLIMITED)
        (void)snprintf(out, PART_BYTES, "a=%d:%s:max", f->typical_remedy, row->stake_currency);
    else
        (void)snprintf(out, PART_BYTES, "a=%d:%s:%" PRId64, f->typical_remedy, row->stake_currency,
                       band);
}

const char *signature_of_case(const struct case_row *row, const struct policy *p,
                              struct arena *arena)
{
    static const struct policy_failure unknown = {.code = "", .name = "", .skill = ""};
    const struct policy_failure *found = policy_failure_find(p, row->failure_code);
    const struct policy_failure *f = found ? found : &unknown;
    char skill[PART_BYTES] = "";
    char language[PART_BYTES] = "";
    char authority[PART_BYTES] = "";
    skill_part(f, skill);
    language_part(row->language, language);
    if (f->typical_remedy > 0)
        authority_part(row, p, f, authority);
    char out[QUEUE_SIGNATURE_BYTES_MAX] = "";
    add_part(out, sizeof(out), skill);
    add_part(out, sizeof(out), language);
    add_part(out, sizeof(out), authority);
    const char *copy = arena_strdup(arena, out);
    AM_ASSERT(copy != NULL);
    return copy;
}

/* -- what an agent has ------------------------------------------------------------------------ */

/* A number in a text that signature_of_case() wrote. A malformed one becomes INT_MAX, which no
 * agent meets. */
static int number_of(const char *text)
{
    char *end = NULL;
    long n = strtol(text, &end, 10);
    return end != text && *end == '\0' && n >= 0 && n < INT_MAX ? (int)n : INT_MAX;
}

static bool fits_skill(char *value, const struct agent_row *agent)
{
    char *colon = strchr(value, ':');
    if (!colon)
        return false;
    *colon = '\0';
    return agent_has_skill(agent, value, number_of(colon + 1));
}

static bool fits_authority(char *value, const struct agent_row *agent, const struct policy *p)
{
    char *currency = strchr(value, ':');
    char *band = currency ? strchr(currency + 1, ':') : NULL;
    if (!band)
        return false;
    *currency++ = '\0';
    *band++ = '\0';
    int64_t need = strcmp(band, "max") == 0 ? MONEY_UNLIMITED : strtoll(band, NULL, 10);
    int64_t limit = agent_limit_micros(agent, p, number_of(value), currency);
    return limit > 0 && limit >= need;
}

static bool fits_part(char *part, const struct agent_row *agent, const struct policy *p)
{
    if (part[0] == '\0' || part[1] != '=')
        return false;
    char *value = part + 2;
    switch (part[0]) {
    case 's':
        return fits_skill(value, agent);
    case 'l':
        return agent_speaks(agent, value);
    case 'a':
        return fits_authority(value, agent, p);
    default:
        return false;
    }
}

bool signature_fits(const char *signature, const struct agent_row *agent, const struct policy *p)
{
    char copy[QUEUE_SIGNATURE_BYTES_MAX];
    size_t len = strlen(signature);
    if (len >= sizeof(copy))
        return false;
    memcpy(copy, signature, len + 1);
    char *rest = copy;
    while (rest && *rest != '\0') {
        char *part = strsep(&rest, ";");
        if (!fits_part(part, agent, p))
            return false;
    }
    return true;
}
