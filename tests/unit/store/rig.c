/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "base/assert.h"
#include "store/migrate/migrate.h"

#define ARENA_BYTES ((size_t)64 << 20)
#define TEXT_BYTES (1u << 20)
#define FILE_BYTES 16384
#define PATIENCE_US (10 * US_PER_S)

static const char *server(void)
{
    const char *conninfo = getenv("AMENDS_TEST_PG");
    if (!conninfo || !conninfo[0])
        fail_msg(
            "AMENDS_TEST_PG is not set: it names the PostgreSQL to test against (libpq keywords)");
    return conninfo;
}

/* The last of two equal keywords counts. */
void rig_conninfo(char *out, size_t cap, const char *database)
{
    (void)snprintf(out, cap, "%s dbname=%s", server(), database);
}

static void on_server(const char *what, const char *name, const char *how)
{
    struct pg_admin *a = NULL;
    char sql[256];
    (void)snprintf(sql, sizeof(sql), "%s %s %s", what, name, how);
    assert_int_equal(pg_admin_open(server(), &a), AM_OK);
    assert_int_equal(pg_admin_exec(a, sql), AM_OK);
    pg_admin_close(a);
}

static void migrate_quietly(const char *conninfo)
{
    FILE *nowhere = fopen("/dev/null", "w");
    assert_non_null(nowhere);
    assert_int_equal(migrate(conninfo, "demo", nowhere), AM_OK);
    (void)fclose(nowhere);
}

/* Runs the file that AMENDS_TEST_PARTITIONED names, if any: tables partitioned by tenant. */
static void partition(const char *conninfo)
{
    const char *path = getenv("AMENDS_TEST_PARTITIONED");
    static char sql[FILE_BYTES];
    struct pg_admin *a = NULL;
    if (!path || !path[0])
        return;
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t len = fread(sql, 1, sizeof(sql) - 1, file);
    assert_true(len > 0 && len < sizeof(sql) - 1);
    (void)fclose(file);
    sql[len] = '\0';
    assert_int_equal(pg_admin_open(conninfo, &a), AM_OK);
    assert_int_equal(pg_admin_exec(a, sql), AM_OK);
    pg_admin_close(a);
}

static struct pg_stmt *join_stmts(const struct pg_stmt *extra, size_t n_extra)
{
    struct pg_stmt *all = calloc(store_n_stmts + n_extra, sizeof(*all));
    assert_non_null(all);
    memcpy(all, store_stmts, store_n_stmts * sizeof(*all));
    if (n_extra)
        memcpy(all + store_n_stmts, extra, n_extra * sizeof(*all));
    return all;
}

static void start(struct rig *r, const struct pg_stmt *extra, size_t n_extra)
{
    assert_int_equal(pg_admin_open(r->conninfo, &r->sql), AM_OK);
    arena_init(&r->arena, ARENA_BYTES);
    r->stmts = join_stmts(extra, n_extra);
    r->time = time_source_new();
    r->loop = loop_new(r->time);
    r->tenants = tenants_new(r->loop);
    r->pg = pg_new(r->loop, &(struct pg_config){.conninfo = r->conninfo,
                                                .application_name = "test",
                                                .stmts = r->stmts,
                                                .n_stmts = store_n_stmts + n_extra,
                                                .schema_needed = migrate_version()});
    tenants_use(r->tenants, r->pg);
}

struct rig *rig_new(const char *name, const struct pg_stmt *extra, size_t n_extra)
{
    struct rig *r = calloc(1, sizeof(*r));
    assert_non_null(r);
    (void)snprintf(r->name, sizeof(r->name), "store_%s_%d", name, (int)getpid());
    rig_conninfo(r->conninfo, sizeof(r->conninfo), r->name);
    on_server("drop database if exists", r->name, "with (force)");
    on_server("create database", r->name, "");
    migrate_quietly(r->conninfo);
    partition(r->conninfo);
    start(r, extra, n_extra);
    rig_number_tenant(r);
    return r;
}

struct rig *rig_join(const struct rig *first)
{
    struct rig *r = calloc(1, sizeof(*r));
    assert_non_null(r);
    memcpy(r->conninfo, first->conninfo, sizeof(r->conninfo));
    start(r, NULL, 0);
    return r;
}

static void on_route(void *ctx, const struct route *route)
{
    struct rig *r = ctx;
    r->routes++;
    if (r->route)
        r->route(r, route);
}

void rig_seal(struct rig *r, char master)
{
    char text[80], why[MASTER_WHY_BYTES];
    (void)snprintf(text, sizeof text, "%c %063d%c", master, 0, master);
    assert_int_equal(masters_parse(text, &r->masters, why), AM_OK);
    customer_keys_free(r->keys);
    r->keys = customer_keys_new(r->loop, r->pg, store_stmt_customer_keys, &r->masters);
    store_use_keys(r->store, r->keys);
}

/* On a busy machine statements on partitioned tables take seconds to prepare, and commands would be
 * refused meanwhile. */
static void wait_until_up(struct rig *r)
{
    const int64_t until = time_mono_us() + PATIENCE_US;
    while (!pg_up(r->pg) && time_mono_us() < until)
        rig_turn(r);
}

void rig_connect(struct rig *r, const struct pg_seg_ops *ops)
{
    if (ops) {
        pg_seg_setup(r->pg, ops);
        return;
    }
    r->store = store_new(r->pg, r->loop, r->tenants, on_route, r);
    if (getenv("AMENDS_TEST_SEALED"))
        rig_seal(r, '1');
    wait_until_up(r);
}

void rig_turn(struct rig *r)
{
    (void)uv_run(loop_uv(r->loop), UV_RUN_NOWAIT);
    (void)usleep(200);
}

void rig_wait(struct rig *r)
{
    (void)uv_run(loop_uv(r->loop), UV_RUN_ONCE);
}

void rig_run(struct rig *r, const bool *done)
{
    int64_t until = time_mono_us() + PATIENCE_US;
    while (!*done) {
        rig_turn(r);
        if (time_mono_us() > until)
            fail_msg("not done after ten seconds");
    }
}

static void set_true(void *ctx)
{
    *(bool *)ctx = true;
}

void rig_free(struct rig *r)
{
    bool closed = false;
    if (!r)
        return;
    pg_close(r->pg, set_true, &closed);
    rig_run(r, &closed);
    customer_keys_free(r->keys);
    tenants_free(r->tenants);
    if (r->store)
        store_free(r->store);
    pg_free(r->pg);
    loop_free(r->loop);
    time_source_free(r->time);
    arena_free(&r->arena);
    pg_admin_close(r->sql);
    if (r->name[0])
        on_server("drop database", r->name, "with (force)");
    free(r->stmts);
    free(r);
}

static char *format(const char *fmt, va_list args) AM_PRINTF(1, 0);
static char *format(const char *fmt, va_list args)
{
    char *sql = NULL;
    assert_true(vasprintf(&sql, fmt, args) >= 0);
    return sql;
}

void rig_exec(struct rig *r, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *sql = format(fmt, args);
    va_end(args);
    assert_int_equal(pg_admin_exec(r->sql, sql), AM_OK);
    free(sql);
}

static const char *value(struct rig *r, const char *fmt, va_list args) AM_PRINTF(2, 0);
static const char *value(struct rig *r, const char *fmt, va_list args)
{
    static char text[TEXT_BYTES];
    char *sql = format(fmt, args);
    assert_int_equal(pg_admin_value(r->sql, sql, NULL, 0, text, sizeof(text)), AM_OK);
    free(sql);
    const char *out = arena_strdup(&r->arena, text);
    assert_non_null(out);
    return out;
}

const char *rig_value(struct rig *r, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    const char *out = value(r, fmt, args);
    va_end(args);
    return out;
}

int64_t rig_int(struct rig *r, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    const char *out = value(r, fmt, args);
    va_end(args);
    return strtoll(out, NULL, 10);
}

void rig_number_tenant(struct rig *r)
{
    rig_exec(r, "update tenant set tenant_id = " RIG_TENANT
                "; update policy_version set tenant_id = " RIG_TENANT);
}

void rig_turn_indexes(struct rig *r)
{
    rig_exec(r,
             "do $$ declare i record; begin"
             " for i in select x.indexrelid::regclass as name, x.indrelid::regclass as of,"
             " c.conname, pg_get_indexdef(x.indexrelid) as def,"
             " pg_get_constraintdef(c.oid) as condef"
             " from pg_index x join pg_class t on t.oid = x.indrelid"
             " left join pg_constraint c on c.conindid = x.indexrelid and c.contype in ('p', 'u')"
             " where t.relnamespace = 'public'::regnamespace order by x.indexrelid desc loop"
             " if i.conname is null then execute format('drop index %%s', i.name);"
             " execute i.def; else"
             " execute format('alter table %%s drop constraint %%I', i.of, i.conname);"
             " execute format('alter table %%s add constraint %%I %%s', i.of, i.conname,"
             " i.condef);"
             " end if; end loop; end $$");
}

const char *rig_index_last(struct rig *r, unsigned n)
{
    const char *name =
        rig_value(r,
                  "select x.indexrelid::regclass from pg_index x join pg_class t on"
                  " t.oid = x.indrelid where t.relnamespace = 'public'::regnamespace"
                  " and not x.indisunique order by x.indexrelid::regclass::text offset %u limit 1",
                  n);
    if (name[0]) {
        const char *made = rig_value(r, "select pg_get_indexdef('%s'::regclass)", name);
        rig_exec(r, "drop index %s; %s", name, made);
    }
    return name;
}
