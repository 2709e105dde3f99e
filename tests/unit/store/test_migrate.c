/* SPDX-License-Identifier: Apache-2.0 */

/* Migrations: once, again, several at a time; tenants; and what the check finds. */

#include "rig.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/migrate/migrate.h"
#include "store/migrate/migrate_step.h"

static struct rig *rig;

/* Runs migrate() and gives what it printed. */
static char *run(const char *tenant, int want)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    assert_int_equal(migrate(rig->conninfo, tenant, out), want);
    (void)fclose(out);
    return text;
}

static void empty_database(void)
{
    rig_exec(rig, "drop schema public cascade; create schema public");
}

static void test_fresh_and_again(void **state)
{
    (void)state;
    empty_database();
    char *text = run("acme", AM_OK);
    assert_non_null(strstr(text, "applied: 0003_initial.sql\n"));
    assert_non_null(strstr(text, "made tenant acme\n"));
    free(text);
    text = run("acme", AM_OK);
    assert_null(strstr(text, "applied"));
    assert_non_null(strstr(text, "schema is at version"));
    assert_non_null(strstr(text, "tenant acme is there\n"));
    free(text);
    assert_int_equal(rig_int(rig, "select count(*) from tenant"), 1);
    assert_string_equal(rig_value(rig, "select source || created_by from policy_version"),
                        "defaultamends migrate");
    assert_int_equal(rig_int(rig, "select max(version) from schema_version"), migrate_version());
    assert_int_equal(rig_int(rig, "select count(*) from schema_version"), n_migrations);
}

static void test_without_tenant(void **state)
{
    (void)state;
    empty_database();
    free(run(NULL, AM_OK));
    assert_int_equal(rig_int(rig, "select count(*) from tenant"), 0);
    free(run("one", AM_OK));
    free(run("two", AM_OK));
    assert_int_equal(rig_int(rig, "select count(*) from tenant"), 2);
    /* Ids are drawn from 63 bits: that two are below 2^31 happens once in 2^64 runs. */
    assert_true(rig_int(rig, "select min(tenant_id) from tenant") > 0);
    assert_true(rig_int(rig, "select max(tenant_id) from tenant") > INT32_MAX);
    assert_int_equal(rig_int(rig, "select count(*) from policy_version"), 2);
}

static void test_bad_names(void **state)
{
    char long_name[66];
    (void)state;
    memset(long_name, 'x', sizeof(long_name) - 1);
    long_name[65] = '\0';
    free(run("a b", AM_EINVAL));
    free(run("", AM_EINVAL));
    free(run(long_name, AM_EINVAL));
}

#define AT_ONCE 4

static void *migrate_thread(void *result)
{
    FILE *out = fopen("/dev/null", "w");
    *(int *)result = migrate(rig->conninfo, "both", out);
    (void)fclose(out);
    return NULL;
}

static void test_at_once(void **state)
{
    pthread_t threads[AT_ONCE];
    int results[AT_ONCE];
    (void)state;
    empty_database();
    for (int i = 0; i < AT_ONCE; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, migrate_thread, &results[i]), 0);
    for (int i = 0; i < AT_ONCE; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(results[i], AM_OK);
    }
    assert_int_equal(rig_int(rig, "select count(*) from schema_version"), n_migrations);
    assert_int_equal(rig_int(rig, "select count(*) from tenant"), 1);
    assert_int_equal(rig_int(rig, "select count(*) from policy_version"), 1);
}

/* -- steps of every kind ---------------------------------------------------------------------- */

static const struct migration steps[] = {
    {9001, "9001_alter.sql",
     "-- kind: alter\n"
     "alter table clock add column watch text not null default ''; -- one; of two\n"
     "alter table agent add column desk text not null default ';';\n"},
    {9002, "9002_fill.sql",
     "-- kind: slices of clock\n"
     "update clock set watch = 'w' || clock.kind where :slice and watch = '';\n"},
    {9003, "9003_index.sql",
     "-- kind: index concurrently\n"
     "create index concurrently clock_watch on clock (tenant_id, watch) where watch > '';\n"},
};

static char *run_steps(size_t n, int64_t patience_ms, int want)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    const struct migrate_options options = {
        .extra = steps, .n_extra = n, .patience_ms = patience_ms};
    assert_non_null(out);
    assert_int_equal(migrate_with(rig->conninfo, &options, out), want);
    (void)fclose(out);
    return text;
}

/* A database with many clocks, at our last migration. */
static void many_clocks(int n)
{
    empty_database();
    free(run("acme", AM_OK));
    rig_exec(rig,
             "insert into clock (tenant_id, case_id, clock_id, kind, state, round, instance,"
             " generation, policy_version, target_ms, started_at, due_at) select n %% 3,"
             " gen_random_uuid(), gen_random_uuid(), 1 + n %% 7, 1, 1, 1, 1, 1, 1, '2026-01-01',"
             " '2026-01-01' from generate_series(1, %d) n",
             n);
}

static void assert_steps_done(void)
{
    assert_int_equal(rig_int(rig, "select count(*) from clock where watch <> 'w' || kind"), 0);
    assert_int_equal(rig_int(rig, "select count(*) from pg_index where indisvalid and indexrelid ="
                                  " 'clock_watch'::regclass"),
                     1);
    assert_int_equal(rig_int(rig, "select max(version) from schema_version"), 9003);
    assert_int_equal(rig_int(rig, "select count(*) from schema_progress"), 0);
}

static void test_steps(void **state)
{
    (void)state;
    many_clocks(5000);
    char *text = run_steps(3, 0, AM_OK);
    assert_non_null(strstr(text, "applied: 9001_alter.sql\napplied: 9002_fill.sql\n"
                                 "applied: 9003_index.sql\n"));
    free(text);
    assert_steps_done();
    text = run_steps(3, 0, AM_OK);
    assert_null(strstr(text, "applied"));
    free(text);
}

/* A transaction that stays open in front of a step: it gives up, keeps what was done, says why, and
 * goes on when it is run again. */
static void hold(struct pg_admin **holder, const char *sql)
{
    assert_int_equal(pg_admin_open(rig->conninfo, holder), AM_OK);
    assert_int_equal(pg_admin_exec(*holder, sql), AM_OK);
}

static void test_a_step_gives_up_and_goes_on(void **state)
{
    struct pg_admin *holder = NULL;
    (void)state;
    many_clocks(5000);
    hold(&holder, "begin; lock table agent in access share mode");
    char *text = run_steps(3, 700, AM_EAGAIN);
    assert_non_null(strstr(text, "gave up: 9001_alter.sql"));
    assert_non_null(strstr(text, "failed:  9001_alter.sql"));
    free(text);
    assert_int_equal(rig_int(rig, "select statements from schema_progress where version = 9001"),
                     1);
    pg_admin_close(holder);
    free(run_steps(1, 0, AM_OK));
    hold(&holder, "begin; update clock set state = 1 where clock_id = (select clock_id from clock"
                  " order by tenant_id desc limit 1)");
    free(run_steps(3, 700, AM_EAGAIN));
    assert_true(rig_int(rig, "select count(*) from clock where watch = ''") > 0);
    assert_true(rig_int(rig, "select count(*) from clock where watch <> ''") > 0);
    pg_admin_close(holder);
    text = run_steps(3, 0, AM_OK);
    assert_non_null(strstr(text, "9002_fill.sql goes on where it was interrupted\n"));
    free(text);
    assert_steps_done();
}

/* What an interrupted build leaves is of no use to a statement: it is dropped and built again. */
static void test_an_invalid_index_is_built_again(void **state)
{
    (void)state;
    many_clocks(1000);
    free(run_steps(2, 0, AM_OK));
    rig_exec(rig, "create index clock_watch on clock (tenant_id, watch)");
    rig_exec(rig, "update pg_index set indisvalid = false"
                  " where indexrelid = 'clock_watch'::regclass");
    char *text = run_steps(3, 0, AM_OK);
    assert_non_null(strstr(text, "drops the invalid index clock_watch"));
    free(text);
    assert_steps_done();
}

/* What rewrites a table keeps everybody out of it for as long as it is large. */
static void test_no_migration_rewrites(void **state)
{
    (void)state;
    empty_database();
    rig_exec(rig, "%s", migrations[0].sql);
    rig_exec(rig,
             "create table files as select oid, relname, relfilenode from pg_class"
             " where relnamespace = 'public'::regnamespace and relkind = 'r';"
             " create table schema_version (version int4); insert into schema_version"
             " values (%d)",
             migrations[0].version);
    free(run(NULL, AM_OK));
    assert_string_equal(rig_value(rig, "select coalesce(string_agg(f.relname, ' '), '') from files"
                                       " f left join pg_class c on c.oid = f.oid"
                                       " where c.relfilenode is distinct from f.relfilenode"),
                        "");
}

static void assert_form(const char *sql, const char *why)
{
    struct step step;
    char said[STEP_WHY_MAX];
    const struct migration m = {9001, "9001_form.sql", sql};
    assert_int_equal(step_read(&m, false, &step, said), AM_EINVAL);
    if (!strstr(said, why))
        fail_msg("'%s' is not in '%s'", why, said);
}

static void test_forms(void **state)
{
    (void)state;
    assert_form("-- kind: rewrite\nalter table a add column b text;", "none of alter");
    assert_form("-- kind: slices of Clock;\nupdate a set b = 1 where :slice;", "none of alter");
    assert_form("-- kind: alter\n-- only;\n", "no statement");
    assert_form("-- kind: alter\ndo $$ begin end $$;", "no $");
    assert_form("-- kind: slices of a\nupdate a set b = 1;", ":slice once");
    assert_form("-- kind: slices of a\nupdate a set b = 1 where :slice; select 1;", ":slice once");
    assert_form("-- kind: index concurrently\ncreate index i on a (b);", "of an index");
}

/* Whoever waits for the lock holds nothing that the build of an index would wait for. */
static void test_waiting_for_another_run(void **state)
{
    struct pg_admin *holder = NULL;
    pthread_t thread;
    int result = -1;
    (void)state;
    many_clocks(1000);
    hold(&holder, "select pg_advisory_lock(107078013676659)");
    assert_int_equal(pthread_create(&thread, NULL, migrate_thread, &result), 0);
    assert_int_equal(pg_admin_exec(holder, "select pg_sleep(0.5)"), AM_OK);
    assert_int_equal(pg_admin_exec(holder, "create index concurrently meanwhile on clock (kind)"),
                     AM_OK);
    assert_int_equal(rig_int(rig, "select count(*) from pg_locks where locktype = 'advisory' and"
                                  " not granted"),
                     0);
    pg_admin_close(holder);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(result, AM_OK);
}

/* A migration that fails leaves nothing behind, and says so. */
static void test_failing(void **state)
{
    (void)state;
    empty_database();
    rig_exec(rig, "create table dedup (in_the_way int4)");
    char *text = run("acme", AM_EIO);
    assert_non_null(strstr(text, "failed"));
    free(text);
    assert_int_equal(rig_int(rig, "select count(*) from pg_class where relname = 'recovery_case'"),
                     0);
    assert_int_equal(rig_int(rig, "select count(*) from schema_version"), 0);
}

/* A database of a commit before the first release is left as it is, and one line says so. */
static void test_before_the_first_release(void **state)
{
    (void)state;
    empty_database();
    rig_exec(rig, "create table schema_version (version int4 primary key);"
                  " insert into schema_version values (1), (2);"
                  " create table recovery_case (case_id uuid)");
    char *text = run("acme", AM_EINVAL);
    assert_string_equal(text, "refused: this database has schema version 2 of a commit before the"
                              " first release (version 3); make a new database\n");
    free(text);
    assert_int_equal(rig_int(rig, "select count(*) from pg_class where relname = 'tenant'"), 0);
    assert_int_equal(rig_int(rig, "select max(version) from schema_version"), 2);
}

static void test_no_server(void **state)
{
    (void)state;
    assert_int_equal(migrate("host=/nowhere", NULL, stdout), AM_ECONN);
}

/* -- the check -------------------------------------------------------------------------------- */

static int64_t check(const char *expect)
{
    char *text = NULL;
    size_t len;
    int64_t broken = -1;
    FILE *out = open_memstream(&text, &len);
    assert_int_equal(migrate_check(rig->conninfo, out, &broken), AM_OK);
    (void)fclose(out);
    if (!strstr(text, expect))
        fail_msg("'%s' is not in:\n%s", expect, text);
    free(text);
    return broken;
}

static void test_check(void **state)
{
    (void)state;
    empty_database();
    free(run("acme", AM_OK));
    rig_number_tenant(rig);
    assert_int_equal(check(""), 0);
    rig_exec(rig, "insert into signal values (" RIG_TENANT
                  ", '00000000-0000-7000-8000-000000000001', 1, 1, 1,"
                  " '2026-01-01', '', '', '')");
    assert_int_equal(check("signals without case: 1\n"), 1);
    rig_exec(rig, "delete from signal;"
                  " insert into recovery_case select " RIG_TENANT
                  ", '00000000-0000-7000-8000-000000000001', 1,"
                  " 'c', '', '', '', 1, 1, 'x', '', null, '', '', '', 0, 1, 0, 0, 0, 0, 0, 0,"
                  " '', '2026-01-01', 1, 1, '2026-01-01', 1, 9, '2026-01-01', '2026-01-01', null,"
                  " null, '', false, '', '', null, '', 0, null, '', 3, ''");
    assert_int_equal(check("cases without owner: 1\n"), 6);
    (void)check("open cases without clock: 1\n");
    (void)check("cases whose events are not 1 to their version: 1\n");
    (void)check("cases without their policy version: 1\n");
    (void)check("cases that are not final and have no such work: 1\n");
    (void)check("open cases that a repeated claim does not find: 1\n");
    rig_exec(rig, "insert into case_work select tenant_id, opened_at, case_id, status, owner_kind,"
                  " owner_id, level, null, 0, 1, '', 0, 0, opened_at from recovery_case;"
                  " insert into open_claim select tenant_id, customer_id, failure_code,"
                  " order_reference, case_id from recovery_case");
    assert_int_equal(check("queued cases that are not for anybody to take: 1\n"), 5);
    rig_exec(rig, "update recovery_case set status = 7");
    (void)check("work of cases that have ended: 1\n");
    (void)check("claims of cases that are not open: 1\n");
    assert_int_equal(check("ended cases that their owner's list lacks: 1\n"), 7);
    rig_exec(rig, "delete from case_work; delete from open_claim; insert into case_ended"
                  " select tenant_id, owner_id, opened_at, case_id from recovery_case;"
                  " update recovery_case set status = 6");
    (void)check("cases among the ended that have not: 1\n");
}

/* Promises, what clocks measure, and steps without a clock. */
static void test_check_of_promises_and_steps(void **state)
{
#define CASE "'00000000-0000-7000-8000-000000000002'"
#define ID(n) "'00000000-0000-7000-8000-00000000010" #n "'"
#define CLOCK(n, kind, subject)                                                                    \
    "insert into clock (tenant_id, case_id, clock_id, kind, state, round, instance, generation,"   \
    " subject_id, policy_version, target_ms, started_at, due_at) values (" RIG_TENANT ", " CASE    \
    ", " ID(n) ", " #kind ", 1, 1, 1, 1, " subject ", 1, 1, '2026-01-01', '2026-01-01');"
    (void)state;
    empty_database();
    free(run("acme", AM_OK));
    rig_number_tenant(rig);
    rig_exec(rig,
             "insert into promise (tenant_id, case_id, promise_id, kind, state, round, promised_at,"
             " due_at, made_at, made_by, description, settled_by, successor_id) values (" RIG_TENANT
             ", " CASE ", " ID(
                 1) ", 1, 1, 1, '2026-01-01', '2026-01-01', '2026-01-01', 'a', '', '', " ID(9) ")");
    (void)check("promises without case: 1\n");
    (void)check("open promises without clock: 1\n");
    (void)check("promises without the one they were renegotiated into: 1\n");
    assert_int_equal(check("open promises of cases that have ended: 1\n"), 4);
    rig_exec(rig, CLOCK(2, 6, ID(1)));
    assert_int_equal(check("clocks without case: 1\n"), 4);
    rig_exec(rig, CLOCK(3, 4, ID(1)) CLOCK(4, 6, ID(2)) CLOCK(5, 5, ID(1)) CLOCK(6, 7, "null")
                      CLOCK(7, 1, "null"));
    (void)check("clocks without their offer: 1\n");
    (void)check("clocks without their promise: 1\n");
    (void)check("clocks without their remedy: 2\n");
    int64_t before = check("");
    rig_exec(rig,
             "insert into escalation (tenant_id, case_id, round, clock_id, instance, threshold,"
             " from_level, to_level, action, due_at, at, cause) select " RIG_TENANT ", " CASE
             ", 1, '00000000-0000-0000-0000-000000000000', n, 0, 1, 2, 1, '2026-01-01',"
             " '2026-01-01', n from generate_series(1, 2) n");
    assert_int_equal(check("escalations without clock: 1\n"), before + 3);
}

static int setup(void **state)
{
    (void)state;
    rig = rig_new("migrate", NULL, 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_free(rig);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fresh_and_again),
        cmocka_unit_test(test_without_tenant),
        cmocka_unit_test(test_bad_names),
        cmocka_unit_test(test_at_once),
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_a_step_gives_up_and_goes_on),
        cmocka_unit_test(test_an_invalid_index_is_built_again),
        cmocka_unit_test(test_no_migration_rewrites),
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_waiting_for_another_run),
        cmocka_unit_test(test_failing),
        cmocka_unit_test(test_before_the_first_release),
        cmocka_unit_test(test_no_server),
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_check_of_promises_and_steps),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
