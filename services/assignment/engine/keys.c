/* SPDX-License-Identifier: Apache-2.0 */

#include "assignment/engine/keys.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

static const char *checked(const char *text)
{
    AM_ASSERT(text != NULL);
    return text;
}

const char *key_timers(unsigned shard)
{
    static const char *const keys[] = {"amends:t:0", "amends:t:1", "amends:t:2", "amends:t:3",
                                       "amends:t:4", "amends:t:5", "amends:t:6", "amends:t:7"};
    _Static_assert(sizeof(keys) / sizeof(*keys) == KEY_TIMER_SHARDS, "one name each");
    AM_ASSERT(shard < KEY_TIMER_SHARDS);
    return keys[shard];
}

unsigned key_timer_shard(const struct uuid *clock_id)
{
    return clock_id->b[sizeof(clock_id->b) - 1] % KEY_TIMER_SHARDS;
}

const char *key_queue(struct arena *a, int64_t tenant_id, int level, const char *signature)
{
    return checked(arena_printf(a, "amends:q:%" PRId64 ":%d:%s", tenant_id, level, signature));
}

const char *key_queue_prefix(struct arena *a, int64_t tenant_id)
{
    return checked(arena_printf(a, "amends:q:%" PRId64 ":", tenant_id));
}

const char *key_heads(struct arena *a, int64_t tenant_id, int level)
{
    return checked(arena_printf(a, "amends:h:%" PRId64 ":%d", tenant_id, level));
}

const char *member_timer_text(char out[MEMBER_TIMER_BYTES], int64_t tenant_id,
                              const struct uuid *case_id, const struct uuid *clock_id,
                              int64_t generation)
{
    size_t n = (size_t)snprintf(out, MEMBER_TIMER_BYTES, "%" PRId64 "/", tenant_id);
    (void)uuid_format(case_id, out + n);
    n += UUID_TEXT_LEN;
    out[n++] = '/';
    (void)uuid_format(clock_id, out + n);
    n += UUID_TEXT_LEN;
    (void)snprintf(out + n, MEMBER_TIMER_BYTES - n, "/%" PRId64, generation);
    return out;
}

const char *member_timer(struct arena *a, const struct route_timer *t)
{
    char text[MEMBER_TIMER_BYTES];
    return checked(arena_strdup(
        a, member_timer_text(text, t->tenant_id, &t->case_id, &t->clock_id, t->generation)));
}

const char *member_case(struct arena *a, const struct uuid *case_id, int64_t generation)
{
    char id[UUID_TEXT_LEN + 1];
    return checked(arena_printf(a, "%s/%" PRId64, uuid_format(case_id, id), generation));
}

const char *member_agent(struct arena *a, int64_t tenant_id, const char *agent_id)
{
    return checked(arena_printf(a, "%" PRId64 "/%s", tenant_id, agent_id));
}

/* -- reading ----------------------------------------------------------------------------------- */

/* A decimal number up to `stop`; moves past it. */
static bool take_number(const char **at, char stop, int64_t *out)
{
    char *end;
    errno = 0;
    *out = strtoll(*at, &end, 10);
    if (end == *at || *end != stop || errno)
        return false;
    *at = stop ? end + 1 : end;
    return true;
}

static bool take_uuid(const char **at, struct uuid *out)
{
    char text[UUID_TEXT_LEN + 1];
    if (strlen(*at) <= UUID_TEXT_LEN || (*at)[UUID_TEXT_LEN] != '/')
        return false;
    memcpy(text, *at, UUID_TEXT_LEN);
    text[UUID_TEXT_LEN] = '\0';
    *at += UUID_TEXT_LEN + 1;
    return uuid_parse(text, out) == AM_OK;
}

static bool take_tenant(const char **at, int64_t *out)
{
    return take_number(at, '/', out) && *out > 0;
}

int member_timer_parse(const char *text, int64_t *tenant_id, struct uuid *case_id,
                       struct uuid *clock_id, int64_t *generation)
{
    bool ok = take_tenant(&text, tenant_id) && take_uuid(&text, case_id) &&
              take_uuid(&text, clock_id) && take_number(&text, '\0', generation);
    return ok ? AM_OK : AM_EINVAL;
}

int member_case_parse(const char *text, struct uuid *case_id, int64_t *generation)
{
    bool ok = take_uuid(&text, case_id) && take_number(&text, '\0', generation);
    return ok ? AM_OK : AM_EINVAL;
}

int member_agent_parse(const char *text, int64_t *tenant_id, const char **agent_id)
{
    if (!take_tenant(&text, tenant_id) || !*text)
        return AM_EINVAL;
    *agent_id = text;
    return AM_OK;
}
