/* SPDX-License-Identifier: Apache-2.0 */

#include <stdlib.h>

#include <hiredis/hiredis.h>

#include "redis/redis.h"

/* The opaque reply is hiredis' own. */
static const redisReply *in(const struct redis_reply *r)
{
    return (const void *)r;
}

size_t redis_reply_count(const struct redis_reply *r)
{
    return r && in(r)->type == REDIS_REPLY_ARRAY ? in(r)->elements : 0;
}

const struct redis_reply *redis_reply_at(const struct redis_reply *r, size_t i)
{
    return i < redis_reply_count(r) ? (const void *)in(r)->element[i] : NULL;
}

static bool has_text(const redisReply *r)
{
    return r->type == REDIS_REPLY_STRING || r->type == REDIS_REPLY_STATUS;
}

int64_t redis_reply_int(const struct redis_reply *r)
{
    if (r && in(r)->type == REDIS_REPLY_INTEGER)
        return in(r)->integer;
    return r && has_text(in(r)) ? strtoll(in(r)->str, NULL, 10) : 0;
}

struct slice redis_reply_text(const struct redis_reply *r)
{
    return r && has_text(in(r)) ? slice_of(in(r)->str, (size_t)in(r)->len) : slice_of(NULL, 0);
}
