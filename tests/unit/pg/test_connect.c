/* SPDX-License-Identifier: Apache-2.0 */

/* Connecting: sessions, the clock, the schema, several hosts, names; and the blocking connection of
 * the tools. */

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contract/reasons.h"
#include "pg/statements.h"
#include "pg/target.h"
#include "toy.h"

static struct world *w;

static int set_up(void **state)
{
    (void)state;
    w = world_new("connect");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_free(w);
    return 0;
}

static bool is_up(void *ctx)
{
    const struct toy *t = ctx;
    return pg_up(t->pg);
}

static void the_clock_is_the_databases(void **state)
{
    (void)state;
    struct toy *t = toy_new(w, 1, 1, NULL);
    int64_t db = world_int(w, "select (extract(epoch from clock_timestamp()) * 1000000)::int8");
    assert_true(t->state.time_ok);
    assert_true(time_error_us(w->time) < 100 * US_PER_MS);
    assert_in_range(time_now_us(w->time), db - 100 * US_PER_MS, db + 100 * US_PER_MS);
    toy_free(t);
}

/* A session that a pooler passes on may have the statements of another version of the program. */
static void statements_of_other_texts_have_other_names(void **state)
{
    const struct pg_stmt old = {"read_case", "select 1"}, new = {"read_case", "select 1, 2"};
    char a[PG_WIRE_NAME], b[PG_WIRE_NAME], again[PG_WIRE_NAME];
    (void)state;
    pg_wire_name(&old, a);
    pg_wire_name(&new, b);
    pg_wire_name(&old, again);
    assert_string_equal(a, again);
    assert_string_not_equal(a, b);
    assert_memory_equal(a, "read_case_", 10);
}

static void waits_for_the_schema(void **state)
{
    (void)state;
    world_exec(w, "alter table schema_version rename to elsewhere");
    const struct pg_config config = {
        .conninfo = w->conninfo, .application_name = w->schema, .schema_needed = 2};
    struct toy *t = toy_new_config(w, &config);
    world_turn(w, 300);
    assert_false(pg_up(t->pg));
    assert_false(t->state.schema_ok);
    world_exec(w, "alter table elsewhere rename to schema_version"); /* version 1 */
    world_turn(w, 1200);
    assert_false(t->state.schema_ok);
    world_exec(w, "insert into schema_version values (2)");
    world_until(w, is_up, t, 15000);
    assert_true(t->state.schema_ok);
    toy_free(t);
}

static void statements_that_cannot_be_prepared_are_not_up(void **state)
{
    (void)state;
    world_exec(w, "drop table dedup");
    const struct pg_config config = {.conninfo = w->conninfo, .application_name = w->schema};
    struct toy *t = toy_new_config(w, &config);
    world_turn(w, 500);
    assert_false(pg_up(t->pg));
    world_exec(
        w,
        "create table dedup(request int8 primary key, account int8 not null, seq int8 not null)");
    world_until(w, is_up, t, 15000);
    toy_free(t);
}

/* The real server is the second host; the first one does not exist. Both orders are tried in turn.
 * */
static void the_second_host_is_found(void **state)
{
    (void)state;
    struct target real;
    char conninfo[1400];
    target_parse(&real, w->conninfo);
    (void)snprintf(conninfo, sizeof(conninfo), "%s host=/nonexistent,%s port=5432,%s", w->conninfo,
                   real.n ? real.hosts[0].host : "", real.n ? real.hosts[0].port : "5432");
    const struct pg_config config = {.conninfo = conninfo, .application_name = w->schema};
    struct toy *t = toy_new_config(w, &config);
    world_until(w, is_up, t, 15000);
    toy_free(t);
    target_free(&real);
}

/* A name is looked up without blocking the loop; its addresses get their turns. */
static void a_name_is_looked_up(void **state)
{
    (void)state;
    char conninfo[1400], port[16];
    assert_int_equal(pg_admin_value(w->admin, "show port", NULL, 0, port, sizeof(port)), AM_OK);
    (void)snprintf(conninfo, sizeof(conninfo), "%s host=localhost port=%s", w->conninfo, port);
    const struct pg_config config = {.conninfo = conninfo, .application_name = w->schema};
    struct toy *t = toy_new_config(w, &config);
    world_until(w, is_up, t, 15000);
    toy_free(t);
}

static void an_unknown_name_keeps_nobody(void **state)
{
    (void)state;
    const struct pg_config config = {.conninfo = "host=no-such-host.invalid",
                                     .application_name = w->schema};
    struct toy *t = toy_new_config(w, &config);
    struct toy_cmd *c = toy_send(t, 1, 1, 1);
    world_settle(w, 20000);
    assert_int_equal(c->reason, ERROR_REASON_DATABASE_AWAY);
    toy_free(t); /* also while a look-up is on its way */
}

static void nonsense_is_refused_politely(void **state)
{
    (void)state;
    const struct pg_config config = {.conninfo = "this is = not a conninfo'",
                                     .application_name = w->schema};
    struct toy *t = toy_new_config(w, &config);
    world_turn(w, 200);
    assert_false(pg_up(t->pg));
    toy_free(t);
}

static void targets(void **state)
{
    (void)state;
    struct target t;
    target_parse(&t, "host=a,/b,1.2.3.4,::1 port=1,2,3,4");
    assert_int_equal(t.n, 4);
    assert_string_equal(t.hosts[1].host, "/b");
    assert_string_equal(t.hosts[3].port, "4");
    assert_true(target_needs_lookup(&t.hosts[0]));
    for (int i = 1; i < 4; i++)
        assert_false(target_needs_lookup(&t.hosts[i]));
    target_free(&t);
    target_parse(&t, "postgresql://u@h1:5,h2:6/db?target_session_attrs=read-write");
    assert_int_equal(t.n, 2);
    assert_string_equal(t.hosts[1].host, "h2");
    assert_string_equal(t.hosts[1].port, "6");
    target_free(&t);
    target_parse(&t, "host=name hostaddr=10.0.0.1,10.0.0.2 port=7");
    assert_int_equal(t.n, 2);
    assert_string_equal(t.hosts[1].hostaddr, "10.0.0.2");
    assert_string_equal(t.hosts[1].port, "7");
    assert_false(target_needs_lookup(&t.hosts[1]));
    target_free(&t);
}

static void the_session_is_as_it_must_be(void **state)
{
    (void)state;
    static const char *const wanted[][2] = {{"synchronous_commit", "on"},
                                            {"idle_in_transaction_session_timeout", "1s"},
                                            {"lock_timeout", "250ms"},
                                            {"statement_timeout", "2s"},
                                            {"enable_seqscan", "off"},
                                            {"enable_bitmapscan", "off"},
                                            {"plan_cache_mode", "force_generic_plan"},
                                            {"TimeZone", "UTC"},
                                            {"client_encoding", "UTF8"},
                                            {"default_transaction_isolation", "read committed"}};
    char conninfo[1400], sql[200], value[64];
    (void)snprintf(conninfo, sizeof(conninfo),
                   "%s options='-c search_path=%s -c synchronous_commit=off -c TimeZone=Asia/Tokyo"
                   " -c default_transaction_isolation=serializable'",
                   w->conninfo, w->schema);
    /* The settings of a session are seen only from inside, so triggers write them down. */
    world_exec(w, "create table seen(name text primary key, value text);"
                  "create function see(n text) returns int8 language sql as"
                  " 'insert into seen values (n, current_setting(n)) on conflict do nothing; "
                  "select 1::int8'");
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        (void)snprintf(sql, sizeof(sql),
                       "create or replace function note_%zu() returns trigger language plpgsql as"
                       " $$ begin perform see('%s'); return new; end $$;",
                       i, wanted[i][0]);
        world_exec(w, sql);
        (void)snprintf(sql, sizeof(sql),
                       "create trigger note_%zu before insert on entry for each row execute "
                       "function note_%zu()",
                       i, i);
        world_exec(w, sql);
    }
    const struct pg_config config = {.conninfo = conninfo, .application_name = w->schema};
    struct toy *t = toy_new_config(w, &config);
    world_until(w, is_up, t, 15000);
    struct toy_cmd *c = toy_send(t, 1, 1, 1);
    world_settle(w, 20000);
    assert_int_equal(c->code, FAULT_OK);
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        (void)snprintf(sql, sizeof(sql), "select value from seen where name = '%s'", wanted[i][0]);
        assert_int_equal(pg_admin_value(w->admin, sql, NULL, 0, value, sizeof(value)), AM_OK);
        assert_string_equal(value, wanted[i][1]);
    }
    toy_free(t);
}

static void the_blocking_connection(void **state)
{
    (void)state;
    char value[16];
    struct pg_admin *none;
    const char *const params[] = {"7", NULL};
    assert_int_equal(
        pg_admin_exec(w->admin,
                      "create table b(x int); insert into b values (1); insert into b values (2)"),
        AM_OK);
    assert_int_equal(
        pg_admin_value(w->admin, "select sum(x) + $1::int from b", params, 1, value, sizeof(value)),
        AM_OK);
    assert_string_equal(value, "10");
    assert_int_equal(
        pg_admin_value(w->admin, "select x from b where x > 5", NULL, 0, value, sizeof(value)),
        AM_OK);
    assert_string_equal(value, "");
    assert_int_equal(
        pg_admin_value(w->admin, "select repeat('x', 20)", NULL, 0, value, sizeof(value)),
        AM_ERANGE);
    assert_int_equal(pg_admin_exec(w->admin, "select * from not_there"), AM_EIO);
    assert_int_equal(pg_admin_open("host=/nonexistent", &none), AM_ECONN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_clock_is_the_databases, set_up, tear_down),
        cmocka_unit_test(statements_of_other_texts_have_other_names),
        cmocka_unit_test_setup_teardown(waits_for_the_schema, set_up, tear_down),
        cmocka_unit_test_setup_teardown(statements_that_cannot_be_prepared_are_not_up, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_second_host_is_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_name_is_looked_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_unknown_name_keeps_nobody, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nonsense_is_refused_politely, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_session_is_as_it_must_be, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_blocking_connection, set_up, tear_down),
        cmocka_unit_test(targets),
    };
    return cmocka_run_group_tests_name("connect", tests, NULL, NULL);
}
