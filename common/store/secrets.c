/* SPDX-License-Identifier: Apache-2.0 */

#include "store/secrets.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/assert.h"
#include "base/log.h"
#include "store/impl.h"

#define AGAIN_US US_PER_S
#define READ_US (5 * US_PER_S)
#define READ_BYTES (64u << 10)

struct secrets {
    struct loop *loop;
    struct pg *pg;
    struct loop_timer *timer;
    struct pg_read read;
    struct arena arena;
    bool known, busy;
    bool is_freed; /* while it is busy */
    uint8_t tokens[SECRET_BYTES];
};

static void destroy(struct secrets *s)
{
    OPENSSL_cleanse(s, sizeof(*s));
    free(s);
}

static void take_rows(struct pg_read *read, size_t i, const struct pg_rows *rows)
{
    struct secrets *s = read->ctx;
    (void)i;
    const struct slice bytes = pg_rows_count(rows) == 1 ? pg_bytes(rows, 0, 0) : slice_of(NULL, 0);
    if (bytes.len != SECRET_BYTES)
        return;
    memcpy(s->tokens, bytes.data, SECRET_BYTES);
    s->known = true;
}

static void read_done(struct pg_read *read, const struct fault *fault)
{
    struct secrets *s = read->ctx;
    s->busy = false;
    arena_free(&s->arena);
    if (s->is_freed) {
        destroy(s);
        return;
    }
    if (s->known)
        return;
    if (!fault)
        log_error("store", "secret_missing", LOG_STR("purpose", "tokens"),
                  LOG_STR("do", "run amends migrate, which draws it"));
    loop_timer_start(s->timer, AGAIN_US);
}

static void start_read(void *ctx)
{
    struct secrets *s = ctx;
    arena_init(&s->arena, READ_BYTES);
    s->busy = true;
    s->read = (struct pg_read){.n = 1,
                               .deadline_us = time_mono_us() + READ_US,
                               .rows = take_rows,
                               .done = read_done,
                               .ctx = s};
    s->read.q[0].stmt = STMT_SECRET;
    pg_args_init(&s->read.q[0].args, &s->arena);
    pg_arg_text(&s->read.q[0].args, "tokens");
    pg_read(s->pg, &s->read);
}

struct secrets *secrets_new(struct loop *loop, struct pg *pg)
{
    struct secrets *s = calloc(1, sizeof(*s));
    AM_ASSERT(s != NULL);
    s->loop = loop;
    s->pg = pg;
    s->timer = loop_timer_new(loop, start_read, s);
    return s;
}

void secrets_start(struct secrets *s)
{
    if (!s->known && !s->busy && !loop_timer_active(s->timer))
        loop_timer_start(s->timer, 0);
}

void secrets_free(struct secrets *s)
{
    if (!s)
        return;
    loop_timer_free(s->timer);
    s->is_freed = true;
    if (!s->busy)
        destroy(s);
}

const uint8_t *secrets_tokens(const struct secrets *s)
{
    return s->known ? s->tokens : NULL;
}
