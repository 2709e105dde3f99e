/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "base/digest.h"
#include "base/log.h"
#include "toy.h"

static const char tables_sql[] =
    "create table account(id int8 primary key, total int8 not null, last_seq int8 not null, "
    "updated_at timestamptz not null);"
    "create table entry(account int8 not null, seq int8 not null, request int8 not null,"
    " amount int8 not null check (amount > -1000000), xid xid8 not null default "
    "pg_current_xact_id(),"
    " at timestamptz not null, primary key (account, seq));"
    "create table dedup(request int8 primary key, account int8 not null, seq int8 not null);"
    "create table schema_version(version int4 primary key);"
    "insert into schema_version values (1);";

static struct world *attach(const char *name)
{
    const char *conninfo = getenv("AMENDS_TEST_PG");
    if (!conninfo || !*conninfo) {
        fail_msg("AMENDS_TEST_PG is not set: this test needs the conninfo of a PostgreSQL "
                 "database, `./dev test` sets it");
        return NULL;
    }
    struct world *w = calloc(1, sizeof(*w));
    assert_non_null(w);
    (void)snprintf(w->schema, sizeof(w->schema), "toy_%s", name);
    (void)snprintf(w->conninfo, sizeof(w->conninfo), "%s options='-c search_path=%s'", conninfo,
                   w->schema);
    w->time = time_source_new();
    w->loop = loop_new(w->time);
    const struct slice salt = slice_str(w->schema);
    w->salt = digest_key(&salt, 1);
    arena_init(&w->arena, (size_t)256 << 20);
    assert_int_equal(pg_admin_open(w->conninfo, &w->admin), AM_OK);
    return w;
}

struct world *world_attach(const char *name)
{
    return attach(name);
}

struct world *world_new(const char *name)
{
    char sql[256];
    log_setup(getenv("AMENDS_TEST_LOG") ? LOG_DEBUG : LOG_ERROR, "test");
    struct world *w = attach(name);
    (void)snprintf(
        sql, sizeof(sql),
        "set client_min_messages = warning; drop schema if exists %s cascade; create schema %s",
        w->schema, w->schema);
    world_exec(w, sql);
    world_exec(w, tables_sql);
    return w;
}

void world_free(struct world *w)
{
    pg_admin_close(w->admin);
    loop_free(w->loop);
    time_source_free(w->time);
    arena_free(&w->arena);
    free(w);
}

uint64_t toy_key(const struct world *w, const char *kind, int64_t id)
{
    const struct slice fields[] = {slice_of(&w->salt, sizeof(w->salt)), slice_str(kind),
                                   slice_of(&id, sizeof(id))};
    return digest_key(fields, 3);
}

static void nothing(uv_timer_t *timer)
{
    (void)timer;
}

void world_until(struct world *w, bool (*done)(void *ctx), void *ctx, int limit_ms)
{
    uv_timer_t wake;
    int64_t end = time_mono_us() + limit_ms * US_PER_MS;
    (void)uv_timer_init(loop_uv(w->loop), &wake);
    (void)uv_timer_start(&wake, nothing, 1, 5);
    while (!done(ctx) && time_mono_us() < end)
        (void)uv_run(loop_uv(w->loop), UV_RUN_ONCE);
    (void)uv_timer_stop(&wake);
    uv_close((uv_handle_t *)&wake, NULL);
    (void)uv_run(loop_uv(w->loop), UV_RUN_NOWAIT);
    if (!done(ctx))
        fail_msg("not done after %d ms", limit_ms);
}

static bool settled(void *ctx)
{
    const struct world *w = ctx;
    return w->waiting == 0;
}

void world_settle(struct world *w, int limit_ms)
{
    world_until(w, settled, w, limit_ms);
}

static bool time_is_up(void *ctx)
{
    const int64_t *end = ctx;
    return time_mono_us() >= *end;
}

void world_turn(struct world *w, int ms)
{
    int64_t end = time_mono_us() + ms * US_PER_MS;
    world_until(w, time_is_up, &end, ms + 1000);
}

int64_t world_int(struct world *w, const char *sql)
{
    char value[64];
    assert_int_equal(pg_admin_value(w->admin, sql, NULL, 0, value, sizeof(value)), AM_OK);
    return strtoll(value, NULL, 10);
}

void world_exec(struct world *w, const char *sql)
{
    assert_int_equal(pg_admin_exec(w->admin, sql), AM_OK);
}

void world_check(struct world *w)
{
    assert_int_equal(world_int(w, "select count(*) from account a where total <> (select "
                                  "coalesce(sum(amount), 0) from entry e"
                                  " where e.account = a.id) or last_seq <> (select count(*) from "
                                  "entry e where e.account = a.id)"),
                     0);
    assert_int_equal(world_int(w, "select count(*) - count(distinct request) from entry"), 0);
    assert_int_equal(
        world_int(
            w, "select count(*) from entry e full join dedup d on d.request = e.request"
               " and d.account = e.account and d.seq = e.seq where e.seq is null or d.seq is null"),
        0);
    assert_int_equal(world_int(w, "select count(*) from (select xid, lag(xid) over (partition by "
                                  "account order by seq) before"
                                  " from entry) o where before > xid"),
                     0);
}
