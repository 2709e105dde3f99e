/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/assert.h"
#include "base/log.h"
#include "pg/metrics.h"
#include "pg/pool.h"
#include "pg/statements.h"

#define SCHEMA_EVERY_US US_PER_S

/*
 * What every session must have. Plans must not depend on statistics, hence generic plans without
 * sequential scans, and without bitmaps, which lose the order of an index. JIT would compile
 * whatever such a plan's penalty makes look expensive. A stronger synchronous_commit is left alone.
 */
static const char session_sql[] =
    "select case when current_setting('synchronous_commit') in ('off', 'local', 'remote_write')"
    " then set_config('synchronous_commit', 'on', false) end,"
    " set_config('idle_in_transaction_session_timeout', '1s', false),"
    " set_config('lock_timeout', '250ms', false),"
    " set_config('statement_timeout', '2s', false),"
    " set_config('enable_seqscan', 'off', false),"
    " set_config('enable_bitmapscan', 'off', false),"
    " set_config('plan_cache_mode', 'force_generic_plan', false),"
    " set_config('jit', 'off', false),"
    " set_config('default_transaction_isolation', 'read committed', false),"
    " set_config('TimeZone', 'UTC', false)";

static const char limits_sql[] = "select current_setting('max_locks_per_transaction')::int8 * "
                                 "(current_setting('max_connections')::int8 + "
                                 "current_setting('max_prepared_transactions')::int8)";

static const char schema_sql[] = "select coalesce(max(version), 0)::int4 from schema_version";

static const char time_sql[] = "select clock_timestamp()";

/* All statements of one read see the same snapshot, so that a case and its parts belong to one
 * version. What is written here (a lease, who has streams) may be lost by a failover, and must not
 * hold reads up while a standby is away. What may not be lost sets synchronous_commit back. */
static const char reads_sql[] =
    "select set_config('default_transaction_isolation', 'repeatable read', false),"
    " set_config('" PG_LASTING "', current_setting('synchronous_commit'), false)";
static const char reads_commit_sql[] = "select set_config('synchronous_commit', 'local', false)";

const char *const pg_session_sql = session_sql;

static const struct pg_rows *rows_of(const PGresult *res)
{
    return (const struct pg_rows *)(const void *)res;
}

/* -- the database's clock ---------------------------------------------------------------------- */

/* A shorter one counts at once, a longer one by an eighth: the process may have been busy. */
static void note_trip(struct pg *pg, int64_t us)
{
    pg->trip_us = us < pg->trip_us || pg->trip_us == 0 ? us : pg->trip_us + (us - pg->trip_us) / 8;
}

static bool probe_result(struct trip *t, size_t i, PGresult *res)
{
    struct conn *c = t->ctx;
    if (i == 1) {
        (void)conn_has_mark(c, res);
        return false;
    }
    int64_t now_us = time_mono_us();
    note_trip(c->pg, now_us - c->probe_start_us);
    time_sample(loop_time(c->pg->loop), c->probe_start_us, now_us, pg_time_us(rows_of(res), 0, 0));
    return false;
}

static void probe_end(struct trip *t, enum trip_end end)
{
    struct conn *c = t->ctx;
    (void)end;
    c->probing = false;
    pool_time_asked(c->pg);
}

void conn_probe(struct conn *c)
{
    if (c->probing)
        return;
    c->probing = true;
    c->probe = (struct trip){.result = probe_result, .end = probe_end, .ctx = c};
    c->probe_start_us = time_mono_us();
    conn_trip_begin(c, &c->probe);
    conn_send_text(c, time_sql);
    if (c->pooled)
        conn_ask_for_mark(c);
    conn_trip_sync(c);
}

/* -- statements -------------------------------------------------------------------------------- */

void conn_came_up(struct conn *c)
{
    if (c->pg->config.state)
        c->pg->config.state->pooler_refused = false;
    c->state = CONN_UP;
    c->failures = 0;
    metric_add(&pg_metric_connects, 0, 1);
    pool_conn_up(c);
}

static void prepared(struct trip *t, enum trip_end end)
{
    struct conn *c = t->ctx;
    if (end == TRIP_OK && c->pooled) {
        conn_wait_for_others(c);
    } else if (end == TRIP_OK) {
        conn_came_up(c);
    } else if (end == TRIP_ERROR) {
        size_t bad = t->error.statement;
        const char *name = bad < pg_n_own_statements
                               ? pg_own_statements[bad].name
                               : c->pg->config.stmts[bad - pg_n_own_statements].name;
        log_error("pg", "prepare_failed", LOG_STR("statement", name),
                  LOG_STR("sqlstate", t->error.sqlstate));
        conn_break(c, "statements cannot be prepared");
    }
}

static void prepare_all(struct conn *c)
{
    const struct pg_config *config = &c->pg->config;
    c->setup = (struct trip){.end = prepared, .ctx = c};
    conn_trip_begin(c, &c->setup);
    for (size_t i = 0; i < pg_n_own_statements; i++)
        conn_prepare(c, c->pg->names[i], pg_own_statements[i].sql);
    for (unsigned i = 0; i < config->n_stmts; i++)
        conn_prepare(c, pool_name(c->pg, i), config->stmts[i].sql);
    conn_trip_sync(c);
}

/* -- the schema -------------------------------------------------------------------------------- */

static bool schema_result(struct trip *t, size_t i, PGresult *res)
{
    struct conn *c = t->ctx;
    (void)i;
    c->schema = (int32_t)pg_int(rows_of(res), 0, 0);
    return false;
}

static void schema_known(struct trip *t, enum trip_end end)
{
    struct conn *c = t->ctx;
    int32_t needed = c->pg->config.schema_needed;
    if (end == TRIP_LOST)
        return;
    if (c->schema >= needed) {
        if (c->pg->config.state)
            c->pg->config.state->schema_ok = true;
        c->state = CONN_SETUP;
        prepare_all(c);
        return;
    }
    if (c->state != CONN_SCHEMA)
        log_info("pg", "waiting_for_schema", LOG_INT("needed", needed),
                 LOG_INT("found", c->schema));
    c->state = CONN_SCHEMA;
    loop_timer_start(c->timer, SCHEMA_EVERY_US);
}

/* A database without the table has seen no migration: its version is 0. */
void conn_look_at_schema(struct conn *c)
{
    c->schema = 0;
    c->setup = (struct trip){.result = schema_result, .end = schema_known, .ctx = c};
    conn_trip_begin(c, &c->setup);
    conn_send_text(c, schema_sql);
    conn_trip_sync(c);
}

/* -- the session ------------------------------------------------------------------------------- */

static bool session_result(struct trip *t, size_t i, PGresult *res)
{
    struct conn *c = t->ctx;
    if (i == 1)
        c->lock_table = pg_int(rows_of(res), 0, 0);
    if (i == 2)
        conn_session_marked(c, res);
    return false;
}

static void session_ready(struct trip *t, enum trip_end end)
{
    struct conn *c = t->ctx;
    if (end == TRIP_LOST)
        return;
    if (end == TRIP_ERROR) {
        log_error("pg", "session_refused", LOG_STR("sqlstate", t->error.sqlstate));
        conn_break(c, "session settings refused");
        return;
    }
    conn_probe(c);
    if (c->pg->config.schema_needed > 0)
        conn_look_at_schema(c);
    else
        prepare_all(c);
}

void conn_setup(struct conn *c)
{
    c->setup = (struct trip){.result = session_result, .end = session_ready, .ctx = c};
    conn_trip_begin(c, &c->setup);
    conn_send_text(c, session_sql);
    conn_send_text(c, limits_sql);
    conn_mark_session(c);
    conn_send_text(c, "deallocate all"); /* what a pooler may have left of another client */
    if (c->lane == LANE_READ) {
        conn_send_text(c, reads_sql);
        conn_send_text(c, reads_commit_sql);
    }
    conn_trip_sync(c);
}
