/* SPDX-License-Identifier: Apache-2.0 */

/* Values the way bundles write them. */

#include <stdio.h>
#include <string.h>

#include "amends/v1/types.pb-c.h"
#include "contract/statuses.h"
#include "policy/describe/describe.h"
#include "policy/words.h"

#define MINUTE_S 60
#define HOUR_S 3600
#define DAY_S 86400
#define STATUSES (&amends__v1__case_status__descriptor)

/* What stands in when the arena is full. */
static const char *or_dots(const char *text)
{
    return text ? text : "...";
}

const char *text_duration(struct arena *arena, int64_t ms)
{
    static const struct {
        char letter;
        int64_t ms;
    } units[] = {{'d', 86400000}, {'h', 3600000}, {'m', 60000}, {'s', 1000}};
    char out[64] = "";
    size_t at = 0;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        long long n = ms / units[i].ms;
        ms %= units[i].ms;
        if (n > 0)
            at += (size_t)snprintf(out + at, sizeof(out) - at, "%lld%c", n, units[i].letter);
    }
    return or_dots(arena_strdup(arena, at > 0 ? out : "0s"));
}

const char *text_micros(struct arena *arena, int64_t micros)
{
    if (micros == MONEY_UNLIMITED)
        return "unlimited";
    char out[48];
    int n = snprintf(out, sizeof(out), "%lld.%06lld", (long long)(micros / MONEY_MICROS),
                     (long long)(micros % MONEY_MICROS));
    while (n > 0 && out[n - 1] == '0')
        out[--n] = '\0';
    if (n > 0 && out[n - 1] == '.')
        out[n - 1] = '\0';
    return or_dots(arena_strdup(arena, out));
}

static const char *time_of_day(struct arena *arena, int32_t s)
{
    int h = s / HOUR_S, m = s / MINUTE_S % 60;
    return or_dots(s % 60 ? arena_printf(arena, "%02d:%02d:%02d", h, m, s % 60)
                          : arena_printf(arena, "%02d:%02d", h, m));
}

const char *text_window(struct arena *arena, int32_t from_s, int32_t until_s)
{
    if (from_s == 0 && until_s == DAY_S)
        return "all day";
    if (from_s == until_s)
        return "closed";
    int32_t end_s = until_s > DAY_S ? until_s - DAY_S : until_s;
    return or_dots(
        arena_printf(arena, "%s-%s", time_of_day(arena, from_s), time_of_day(arena, end_s)));
}

const char *text_date(struct arena *arena, int32_t date)
{
    int year, month, day;
    calendar_date_parts(date, &year, &month, &day);
    return or_dots(arena_printf(arena, "%04d-%02d-%02d", year, month, day));
}

const char *text_whole(struct arena *arena, int64_t value)
{
    return or_dots(arena_printf(arena, "%lld", (long long)value));
}

const char *text_word(struct arena *arena, const ProtobufCEnumDescriptor *d, int value)
{
    char name[WORD_MAX];
    word_enum_name(d, value, name);
    return or_dots(arena_strdup(arena, name));
}

static const char *join(struct arena *arena, const char *list, const char *between,
                        const char *more)
{
    return or_dots(arena_printf(arena, "%s%s%s", list, *list ? between : "", more));
}

const char *text_bits(struct arena *arena, const ProtobufCEnumDescriptor *d, uint32_t bits)
{
    const char *list = "";
    for (uint32_t left = bits; left; left &= left - 1) {
        char name[WORD_MAX];
        word_enum_name(d, __builtin_ctz(left), name);
        list = join(arena, list, ", ", name);
    }
    return list;
}

/* -- conditions -------------------------------------------------------------------------------- */

/* Takes a set out of `bits` when all of it is there, and tells it by its word. */
static const char *whole_set(struct arena *arena, const char *list, const char *word, uint32_t set,
                             uint32_t *bits)
{
    if ((*bits & set) != set)
        return list;
    *bits &= ~set;
    return join(arena, list, ", ", word);
}

static const char *statuses(struct arena *arena, uint32_t bits)
{
    const char *list = whole_set(arena, "", "live", STATUSES_WAITING, &bits);
    list = whole_set(arena, list, "final", STATUSES_FINAL, &bits);
    return bits ? join(arena, list, ", ", text_bits(arena, STATUSES, bits)) : list;
}

static const char *numbers(struct arena *arena, uint32_t bits)
{
    const char *list = "";
    for (uint32_t left = bits; left; left &= left - 1)
        list = join(arena, list, ", ", text_whole(arena, __builtin_ctz(left)));
    return list;
}

static const char *tiers(struct arena *arena, const struct policy *p, uint32_t bits)
{
    const char *list = "";
    for (uint32_t left = bits; left; left &= left - 1) {
        size_t tier = (size_t)__builtin_ctz(left);
        const char *name = tier == 0 ? "none" : tier <= p->n_tiers ? p->tiers[tier - 1] : "?";
        list = join(arena, list, ", ", name);
    }
    return list;
}

static const char *one_fact(struct arena *arena, const struct policy *p, enum fact fact,
                            uint32_t bits)
{
    switch (fact) {
    case FACT_STATUS:
        return statuses(arena, bits);
    case FACT_CHANNEL:
        return text_bits(arena, &amends__v1__channel__descriptor, bits);
    case FACT_TRIGGER:
        return text_bits(arena, &amends__v1__trigger__descriptor, bits);
    case FACT_OWNER:
        return text_bits(arena, &amends__v1__owner_kind__descriptor, bits);
    case FACT_TIER:
        return tiers(arena, p, bits);
    case FACT_SEVERITY:
    case FACT_LEVEL:
        return numbers(arena, bits);
    default:
        return fact_word(fact, bits == 2);
    }
}

static const char *failures(struct arena *arena, const struct policy *p,
                            const struct condition_box *b)
{
    const char *list = "";
    for (size_t i = 0; i < p->n_failures; i++)
        if ((b->failures[i / 64] >> (i % 64)) & 1)
            list = join(arena, list, ", ", p->failures[i].code);
    return list;
}

static const char *box(struct arena *arena, const struct policy *p, const struct condition_box *b)
{
    const char *list = "";
    for (int f = 0; f < FACTS; f++) {
        uint32_t domain = fact_domain((enum fact)f, p->n_tiers, p->n_levels);
        uint32_t bits = b->allowed[f] & domain;
        if (bits == domain)
            continue;
        const char *values = bits ? one_fact(arena, p, (enum fact)f, bits) : "none of its values";
        list = join(arena, list, "; ",
                    or_dots(arena_printf(arena, "%s: %s", fact_name((enum fact)f), values)));
    }
    if (!box_any_failure(b))
        list = join(arena, list, "; ",
                    or_dots(arena_printf(arena, "failure: %s", failures(arena, p, b))));
    return *list ? list : "always";
}

const char *text_condition(struct arena *arena, const struct policy *p,
                           const struct policy_condition *c)
{
    const char *list = "";
    for (size_t i = 0; i < c->n; i++)
        list = join(arena, list, " or ", box(arena, p, &c->boxes[i]));
    return *list ? list : "never";
}
