/* SPDX-License-Identifier: Apache-2.0 */

/* Where the keyring has its keys from: the read lane. */

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "store/impl.h"
#include "store/keys.h"

/* Of the largest question: the ids or the uses, as arrays, which grow by doubling. */
#define ARENA_BYTES (256u << 10)
/* A question that waits for so long in the queue is not sent any more. */
#define WAIT_US US_PER_S

struct question {
    struct pg_read read;
    struct arena arena;
    struct keyring_job *job;
};

struct key_source {
    struct pg *pg;
    struct question questions[KEYRING_JOBS];
};

/* -- answers ----------------------------------------------------------------------------------- */

/* Of a question for ids it is one of them; else the row has it. */
static struct api_key_id id_of(const struct keyring_job *job, const struct pg_rows *rows, int row,
                               size_t *i)
{
    struct api_key_id id = {.text = ""};
    if (job->ids) {
        *i = (size_t)pg_int(rows, row, 0) - 1;
        AM_ASSERT(*i < job->n);
        return job->ids[*i];
    }
    *i = 0;
    const char *text = pg_text(rows, row, 9);
    AM_ASSERT(api_key_is_id(text, strlen(text)));
    memcpy(id.text, text, sizeof id.text);
    return id;
}

static void tell_found(struct keyring_job *job, const struct pg_rows *rows, int row)
{
    size_t i;
    const struct api_key_id id = id_of(job, rows, row, &i);
    const struct slice hash = pg_bytes(rows, row, 1);
    const bool ends = !pg_is_null(rows, row, 7);
    struct keyring_record record = {
        .tenant_id = pg_int(rows, row, 2),
        .tenant = pg_text(rows, row, 3),
        .principal = pg_text(rows, row, 4),
        .roles = (uint32_t)pg_int(rows, row, 5),
        .revoked = pg_bool(rows, row, 6),
        .ends_us = ends ? pg_time_us(rows, row, 7) : INT64_MAX,
        .used_us = pg_time_us(rows, row, 8),
    };
    AM_ASSERT(hash.len == DIGEST_LEN);
    record.mark.id = id;
    memcpy(record.mark.hash, hash.data, DIGEST_LEN);
    keyring_found(job, i, &record);
}

static void found(struct pg_read *read, size_t i, const struct pg_rows *rows)
{
    struct question *q = read->ctx;
    (void)i;
    for (int row = 0; row < pg_rows_count(rows); row++)
        tell_found(q->job, rows, row);
}

static void answered(struct pg_read *read, const struct fault *fault)
{
    struct question *q = read->ctx;
    arena_free(&q->arena);
    keyring_job_done(q->job, !fault);
}

/* -- questions --------------------------------------------------------------------------------- */

static void arg_ids(struct question *q, struct pg_args *args)
{
    struct pg_array ids;
    pg_array_init(&ids, &q->arena, PG_TEXT, q->job->n);
    for (size_t i = 0; i < q->job->n; i++)
        pg_array_text(&ids, q->job->ids[i].text);
    pg_arg_array(args, &ids);
}

static void arg_uses(struct question *q, struct pg_args *args)
{
    struct pg_array tenants, ids, hours;
    pg_array_init(&tenants, &q->arena, PG_INT8, q->job->n);
    pg_array_init(&ids, &q->arena, PG_TEXT, q->job->n);
    pg_array_init(&hours, &q->arena, PG_TIMESTAMPTZ, q->job->n);
    for (size_t i = 0; i < q->job->n; i++) {
        const struct keyring_use *use = &q->job->uses[i];
        pg_array_int(&tenants, use->tenant_id);
        pg_array_text(&ids, use->id.text);
        pg_array_time(&hours, use->hour_us);
    }
    pg_arg_array(args, &tenants);
    pg_arg_array(args, &ids);
    pg_arg_array(args, &hours);
}

static void arg_question(struct question *q, enum keyring_jobs sort)
{
    struct pg_args *args = &q->read.q[0].args;
    pg_args_init(args, &q->arena);
    if (sort == KEYRING_NOTE) {
        arg_uses(q, args);
    } else if (sort == KEYRING_RECENT) {
        pg_arg_time(args, q->job->since_us);
        pg_arg_int4(args, (int32_t)q->job->n);
    } else {
        arg_ids(q, args);
    }
}

static void ask(void *ctx, enum keyring_jobs sort, struct keyring_job *job)
{
    static const unsigned stmts[KEYRING_JOBS] = {[KEYRING_LOOKUP] = STMT_KEYS_LOOKUP,
                                                 [KEYRING_REFRESH] = STMT_KEYS_LOOKUP,
                                                 [KEYRING_NOTE] = STMT_KEYS_USE,
                                                 [KEYRING_RECENT] = STMT_KEYS_RECENT};
    struct key_source *s = ctx;
    struct question *q = &s->questions[sort];
    q->job = job;
    arena_init(&q->arena, ARENA_BYTES);
    q->read = (struct pg_read){.n = 1,
                               .deadline_us = time_mono_us() + WAIT_US,
                               .rows = sort == KEYRING_NOTE ? NULL : found,
                               .done = answered,
                               .ctx = q};
    q->read.q[0].stmt = stmts[sort];
    arg_question(q, sort);
    pg_read(s->pg, &q->read);
}

/* -- life -------------------------------------------------------------------------------------- */

struct key_source *key_source_new(struct pg *pg)
{
    struct key_source *s = calloc(1, sizeof *s);
    AM_ASSERT(s != NULL);
    s->pg = pg;
    return s;
}

struct keyring_source key_source_of(struct key_source *s)
{
    return (struct keyring_source){.ask = ask, .ctx = s};
}

void key_source_free(struct key_source *s)
{
    free(s);
}
