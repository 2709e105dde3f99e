/* SPDX-License-Identifier: Apache-2.0 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "redis/redis.h"

#define WORDS_FIRST 16

void redis_args_init(struct redis_args *a, struct arena *arena)
{
    *a = (struct redis_args){.arena = arena};
}

void redis_arg_bytes(struct redis_args *a, struct slice bytes)
{
    if (a->n == a->cap) {
        size_t cap = a->cap ? a->cap * 2 : WORDS_FIRST;
        struct slice *words = ARENA_ARRAY(a->arena, struct slice, cap);
        if (a->n)
            memcpy(words, a->words, a->n * sizeof(*words));
        a->words = words;
        a->cap = cap;
    }
    a->words[a->n++] = bytes;
}

void redis_arg(struct redis_args *a, const char *text)
{
    redis_arg_bytes(a, slice_str(text));
}

void redis_arg_int(struct redis_args *a, int64_t v)
{
    const size_t size = sizeof("-9223372036854775808");
    char *text = ARENA_ARRAY(a->arena, char, size);
    (void)snprintf(text, size, "%" PRId64, v);
    redis_arg(a, text);
}
