/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/settings.h"

#include <string.h>

#include "amends/v1/notification_service.pb-c.h"
#include "amends/v1/types.pb-c.h"
#include "base/assert.h"
#include "contract/check.h"

#define CHANNELS (CHANNEL_COUNT - 1) /* without UNSPECIFIED */
#define QUOTED(value) #value
#define TEXT_OF(value) QUOTED(value)

/* Where the values of a scope are kept. */
#define STRUCT_SECTION struct policy
#define STRUCT_CALENDAR struct policy_calendar
#define STRUCT_HOLIDAY struct calendar_holiday
#define STRUCT_ICAL struct ical_choice
#define STRUCT_LEVEL struct policy_level
#define STRUCT_FAILURE struct policy_failure
#define STRUCT_CLOCK struct policy_clock
#define STRUCT_TIMING struct policy_clock
#define STRUCT_WATCH struct policy_clock
#define STRUCT_THRESHOLD struct policy_threshold
#define STRUCT_NOTIFY struct policy_telling
#define STRUCT_CHANNEL struct policy_channel_rule
#define STRUCT_SETTINGS struct policy

/* A pointer to the field of each type. */
#define POINTER_TEXT const char **
#define POINTER_PRINCIPAL const char **
#define POINTER_CURRENCY const char **
#define POINTER_SKILL const char **
#define POINTER_DURATION int64_t *
#define POINTER_BY_SEVERITY int64_t(*)[POLICY_SEVERITIES]
#define POINTER_AMOUNT int64_t *
#define POINTER_WHOLE int16_t *
#define POINTER_YEARS int16_t *
#define POINTER_YES_NO bool *
#define POINTER_WORD int16_t *
#define POINTER_WORDS uint32_t *
#define POINTER_CALENDAR int16_t *
#define POINTER_ZONE const struct zone **
#define POINTER_CUSTOMER bool *
#define POINTER_CONDITION struct policy_condition *

/* Readers write through a pointer of the row's type, so a field of another type would be
 * overwritten: the C compiler refuses such a row. */
#define ENTRY(scope_, path_, type_, field_, range_, fallback_, description_)                       \
    _Static_assert(_Generic(&((STRUCT_##scope_ *)0)->field_, POINTER_##type_ : 1, default : 0),    \
                   path_ " has a field of another type");
#define SETTING(path_, type_, field_, range_, fallback_, description_)                             \
    ENTRY(SETTINGS, path_, type_, field_, range_, fallback_, description_)
#include "policy/settings.def"

/* Ranges. */
#define ANY                                                                                        \
    {                                                                                              \
        0                                                                                          \
    }
#define FROM(min_)                                                                                 \
    {                                                                                              \
        .min = (min_), .max = INT64_MAX                                                            \
    }
#define BETWEEN(min_, max_)                                                                        \
    {                                                                                              \
        .min = (min_), .max = (max_)                                                               \
    }
#define BETWEEN_AS(min_, max_, why_)                                                               \
    {                                                                                              \
        .min = (min_), .max = (max_), .why = (why_)                                                \
    }
#define OPTIONAL(min_, max_)                                                                       \
    {                                                                                              \
        .min = (min_), .max = (max_), .optional = true                                             \
    }
#define BYTES(max_)                                                                                \
    {                                                                                              \
        .max = (max_)                                                                              \
    }
#define WORDS_OF(enumeration_)                                                                     \
    {                                                                                              \
        .words = &(enumeration_)                                                                   \
    }
#define WORDS_AS(enumeration_, needs_)                                                             \
    {                                                                                              \
        .words = &(enumeration_), .needs = (needs_)                                                \
    }
/* Fallbacks. */
#define REQUIRED                                                                                   \
    {                                                                                              \
        .set = false                                                                               \
    }
#define VALUE(text)                                                                                \
    {                                                                                              \
        .set = true, .value = (text)                                                               \
    }
#define UNUSED(text)                                                                               \
    {                                                                                              \
        .set = true, .value = (text), .unused = true                                               \
    }
#define ELSE(text)                                                                                 \
    {                                                                                              \
        .set = true, .says = (text)                                                                \
    }

#define ENTRY(scope_, path_, type_, field_, range_, fallback_, description_)                       \
    {.scope = SCOPE_##scope_,                                                                      \
     .type = SETTING_##type_,                                                                      \
     .path = (path_),                                                                              \
     .offset = offsetof(STRUCT_##scope_, field_),                                                  \
     .range = range_,                                                                              \
     .fallback = fallback_,                                                                        \
     .description = (description_)},
#define SETTING(path_, type_, field_, range_, fallback_, description_)                             \
    {.scope = SCOPE_SETTINGS,                                                                      \
     .type = SETTING_##type_,                                                                      \
     .path = (path_),                                                                              \
     .offset = offsetof(struct policy, field_),                                                    \
     .range = range_,                                                                              \
     .fallback = fallback_,                                                                        \
     .description = (description_)},
#define FORM(scope_, path_, form_, fallback_, description_)                                        \
    {.scope = SCOPE_##scope_,                                                                      \
     .type = SETTING_FORM,                                                                         \
     .path = (path_),                                                                              \
     .range = {.needs = (form_)},                                                                  \
     .fallback = fallback_,                                                                        \
     .description = (description_)},
#define GROUP(scope_, path_, needs_, fallback_, description_)                                      \
    {.scope = SCOPE_##scope_,                                                                      \
     .type = SETTING_GROUP,                                                                        \
     .path = (path_),                                                                              \
     .range = {.needs = (needs_)},                                                                 \
     .fallback = fallback_,                                                                        \
     .description = (description_)},
static const struct setting settings[] = {
#include "policy/settings.def"
};
#define SETTINGS (sizeof(settings) / sizeof(settings[0]))

const struct setting *setting_first(enum setting_scope scope)
{
    for (size_t i = 0; i < SETTINGS; i++)
        if (settings[i].scope == scope)
            return &settings[i];
    return NULL;
}

/* The rows of a scope follow each other. */
const struct setting *setting_next(const struct setting *s)
{
    return s + 1 < settings + SETTINGS && s[1].scope == s->scope ? s + 1 : NULL;
}

/* What follows the group and its dot in a path; NULL when the path is not within it. */
static const char *within(const char *path, const char *group)
{
    size_t len = strlen(group);
    if (len == 0)
        return path;
    return strncmp(path, group, len) == 0 && path[len] == '.' ? path + len + 1 : NULL;
}

/* A group has a row of its own, so that every key of a mapping is the end of some row's path. */
size_t setting_keys(enum setting_scope scope, const char *group, const char *keys[SETTING_KEYS_MAX],
                    size_t n)
{
    for (const struct setting *s = setting_first(scope); s; s = setting_next(s)) {
        const char *key = within(s->path, group);
        if (!key || strchr(key, '.'))
            continue;
        AM_ASSERT(n < SETTING_KEYS_MAX - 1);
        keys[n++] = key;
    }
    keys[n] = NULL;
    return n;
}
