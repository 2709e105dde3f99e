/* SPDX-License-Identifier: Apache-2.0 */

/* Work lists: all sources in one order, each row once, whatever the size of a page; whose work is
 * in a level and in a team; counts; and rows that replicas of the last release wrote. */

#include "calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contract/words.h"
#include "store/migrate/migrations.h"
#include "store/lists/work_list.h"

#define CASES 240
#define ALL_SOURCES ((1u << WORK_SOURCES) - 1)
#define START_US (1767225600LL * US_PER_S) /* 2026-01-01 */

static struct rig *rig;

static const struct work_owner ann = {0, "ann"}, bob = {0, "bob"}, desk_1 = {1, "desk"},
                               desk_2 = {2, "desk"};

/* -- what plain SQL gives ---------------------------------------------------------------------- */

/* `%s`: which rows of case_work; which agents. */
#define PLAIN                                                                                      \
    "select coalesce(string_agg(s || ' ' || id, e'\\n' order by at, s, id), '') from ("            \
    "select 0 as s, case_id as id, owed_at as at from case_work where tenant_id = " RIG_TENANT     \
    " and owed_at is not null and %s union all "                                                   \
    "select 1, case_id, promise_at from case_work where tenant_id = " RIG_TENANT                   \
    " and promise_at is not null and %s union all "                                                \
    "select 2, case_id, answer_at from case_work where tenant_id = " RIG_TENANT                    \
    " and answer_at is not null and %s union all "                                                 \
    "select 3, offer_id, expires_at from offer where tenant_id = " RIG_TENANT                      \
    " and state = 1 and %s) q where %s"

static const char *plain(const char *cases, const char *agents, const char *which)
{
    return rig_value(rig, PLAIN, cases, cases, cases, agents, which);
}

/* -- what the lists give ----------------------------------------------------------------------- */

static char *paged(struct work_query q)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    for (bool more = true; more;) {
        struct reading x;
        size_t shown = 0;
        reading_init(rig, &x);
        store_list_work(rig->store, &x.read, &q);
        rig_run(rig, &x.done);
        if (fault_is_set(&x.read.fault))
            fail_msg("%s", x.read.fault.message);
        more = x.read.work.n >= (size_t)q.limit;
        ROWS_EACH (w, const struct work_item, &x.read.work) {
            char id[UUID_TEXT_LEN + 1];
            if (shown++ == (size_t)q.limit)
                break;
            fprintf(out, "%s%d %s", ftell(out) > 0 ? "\n" : "", (int)w->place.source,
                    uuid_format(&w->place.id, id));
            assert_int_equal(w->due_us, w->place.at_us);
            assert_string_equal(w->c->customer_name, "Jo Doe");
            assert_string_equal(w->c->failure_code, "billing");
            q.after = w->place;
        }
        reading_free(&x);
    }
    (void)fclose(out);
    return text;
}

static void assert_list(struct work_query q, const char *cases, const char *agents,
                        const char *which, size_t least)
{
    size_t lines = 1;
    char *is = paged(q);
    assert_string_equal(is, plain(cases, agents, which));
    for (const char *p = is; (p = strchr(p, '\n')); p++)
        lines++;
    if (lines < least)
        fail_msg("only %zu rows:\n%s", lines, is);
    free(is);
}

/* -- rows -------------------------------------------------------------------------------------- */

/* Many share an instant, within a source and among them; another tenant has the same cases. */
static void fill(void)
{
    rig_exec(
        rig,
        "insert into recovery_case select t, md5(n::text)::uuid, 2, 'c-1', 'Jo Doe', '', '',"
        " 1, 1, 'billing', '', null, '', '', '', 0, 3, 0, 0, 0, 0, 0, 1 + (n %% 4 < 2)::int,"
        " (array['desk', 'desk', 'ann', 'bob'])[1 + n %% 4], '2026-01-01', 1,"
        " 1 + n %% 2, '2026-01-01', 1, 1, '2026-01-01', '2026-01-01', null, null, '', false, '',"
        " '', null, '', 0, null, '', 1, '' from generate_series(1, %d) n, unnest(array[" RIG_TENANT
        ", 2]) t;"
        " update recovery_case set owner_kind = case owner_id when 'desk' then 1 else 2 end",
        CASES);
    rig_exec(rig,
             "insert into case_work select tenant_id, opened_at, case_id, status, owner_kind,"
             " owner_id, level, at, 1, 0, '', 0, 1, null, at,"
             " case when k %% 3 = 0 then at end, case when k %% 5 = 0 then at end, at"
             " from (select *, '2026-01-01'::timestamptz + (k / 12) * interval '1 min' as at from"
             " (select *, row_number() over (order by case_id)::int as k from recovery_case) q) r");
    rig_exec(rig, "insert into clock (tenant_id, case_id, clock_id, kind, state, round, instance,"
                  " generation, policy_version, target_ms, started_at, due_at)"
                  " select tenant_id, case_id, case_id, 2, 1, 1, 1, 1, 1, 1, opened_at, owed_at"
                  " from case_work");
    rig_exec(rig, "insert into promise select tenant_id, case_id, case_id, 1, 1, 1, promise_at,"
                  " promise_at, opened_at, 'ann', '', null, '', null, null from case_work"
                  " where promise_at is not null");
    rig_exec(rig, "insert into offer select tenant_id, case_id, md5('o' || case_id)::uuid, 'ann',"
                  " 1 + (get_byte(uuid_send(case_id), 0) %% 2), 1, 1, false, opened_at, owed_at,"
                  " null, '' from case_work where owner_id = 'desk' and answer_at is not null");
}

/* -- lists ------------------------------------------------------------------------------------- */

static void test_of_an_agent(void **state)
{
    (void)state;
    for (int limit = 1; limit < 100; limit += 7) {
        struct work_query q = {
            .owners = &ann, .n_owners = 1, .sources = ALL_SOURCES, .limit = limit};
        assert_list(q, "owner_id = 'ann'", "agent_id = 'ann'", "true", CASES / 4);
    }
}

static void test_of_a_steward_and_of_several(void **state)
{
    const struct work_owner desk[] = {desk_1, desk_2}, both[] = {ann, bob};
    (void)state;
    struct work_query q = {.owners = desk, .n_owners = 2, .sources = ALL_SOURCES, .limit = 13};
    assert_list(q, "owner_id = 'desk'", "false", "true", CASES / 2);
    q.n_owners = 1;
    assert_list(q, "owner_id = 'desk' and level = 1", "false", "true", CASES / 4);
    q = (struct work_query){.owners = both, .n_owners = 2, .sources = ALL_SOURCES, .limit = 9};
    assert_list(q, "owner_id in ('ann', 'bob')", "agent_id in ('ann', 'bob')", "true", CASES / 2);
}

static void test_filters(void **state)
{
    (void)state;
    struct work_query q = {.owners = &ann, .n_owners = 1, .sources = 1u << WORK_OFFER, .limit = 3};
    assert_list(q, "owner_id = 'ann'", "agent_id = 'ann'", "s = 3", 5);
    q.sources = 1u << WORK_PROMISE | 1u << WORK_ANSWER;
    assert_list(q, "owner_id = 'ann'", "agent_id = 'ann'", "s in (1, 2)", 20);
    q.sources = ALL_SOURCES;
    q.due_before_us = START_US + 10 * (60 * US_PER_S);
    assert_list(q, "owner_id = 'ann'", "agent_id = 'ann'", "at < '2026-01-01 00:10Z'", 20);
    q.due_before_us = START_US;
    assert_list(q, "owner_id = 'ann'", "agent_id = 'ann'", "false", 0);
}

/* -- whose work -------------------------------------------------------------------------------- */

static void assert_owners(struct reading *x, const char *const *want, int level)
{
    rig_run(rig, &x->done);
    size_t n = 0;
    for (; want[n]; n++) {
        assert_true(n < x->read.owners.n);
        const struct work_owner *owner = ROW_AT(&x->read.owners, struct work_owner, n);
        assert_string_equal(owner->id, want[n]);
        assert_int_equal(owner->level, level);
    }
    assert_int_equal(x->read.owners.n, n);
    reading_free(x);
}

static void test_owners_in_a_level(void **state)
{
    struct reading x;
    (void)state;
    rig_exec(rig, "update case_work set owner_id = 'old desk' where case_id in (select case_id"
                  " from case_work where tenant_id = " RIG_TENANT " and owner_id = 'desk' and"
                  " level = 2 and answer_at is not null limit 3)");
    reading_init(rig, &x);
    store_read_level(rig->store, &x.read, 2, 100);
    assert_owners(&x, (const char *const[]){"desk", "old desk", NULL}, 2);
    reading_init(rig, &x);
    store_read_level(rig->store, &x.read, 1, 100);
    assert_owners(&x, (const char *const[]){"desk", NULL}, 1);
    reading_init(rig, &x);
    store_read_level(rig->store, &x.read, 3, 100);
    assert_owners(&x, (const char *const[]){NULL}, 3);
    rig_exec(rig, "update case_work set owner_id = 'desk' where owner_id = 'old desk'");
}

static void test_agents_of_a_team(void **state)
{
    struct reading x;
    (void)state;
    rig_exec(rig, "insert into agent select t, n, 1, '', '', case n when 'cy' then 'other' else"
                  " 'night' end, 1, 5, '', '', '', 1, '2026-01-01', '2026-01-01' from"
                  " unnest(array['ann', 'bob', 'cy']) n, unnest(array[" RIG_TENANT ", 2]) t");
    reading_init(rig, &x);
    store_read_team(rig->store, &x.read, "night", 100);
    assert_owners(&x, (const char *const[]){"ann", "bob", NULL}, 0);
    reading_init(rig, &x);
    store_read_team(rig->store, &x.read, "night", 1);
    assert_owners(&x, (const char *const[]){"ann", NULL}, 0);
    reading_init(rig, &x);
    store_read_team(rig->store, &x.read, "day", 100);
    assert_owners(&x, (const char *const[]){NULL}, 0);
}

/* -- counts ------------------------------------------------------------------------------------ */

static void test_counts(void **state)
{
    const int64_t now_us = START_US + 5 * (60 * US_PER_S);
    struct work_count_query q = {.owners = &ann, .n_owners = 1, .now_us = now_us, .limit = 1000};
    struct reading x;
    (void)state;
    q.until_us[WORK_QUARTER] = now_us + 2 * (60 * US_PER_S);
    q.until_us[WORK_HOUR] = now_us + 10 * (60 * US_PER_S);
    q.until_us[WORK_TODAY] = now_us + 4 * (60 * US_PER_S);
    reading_init(rig, &x);
    store_count_work(rig->store, &x.read, &q);
    rig_run(rig, &x.done);
    const struct work_counts *c = &x.read.counts[WORK_CLOCK];
#define COUNT_OWED(from, until)                                                                    \
    rig_int(rig,                                                                                   \
            "select count(*) from case_work where tenant_id = " RIG_TENANT                         \
            " and owner_id = 'ann' and owed_at >= '2026-01-01Z'::timestamptz + interval '%d min'"  \
            " and owed_at < '2026-01-01Z'::timestamptz + interval '%d min'",                       \
            from, until)
    assert_int_equal(c->n[WORK_OVERDUE], COUNT_OWED(0, 5));
    assert_int_equal(c->n[WORK_QUARTER], COUNT_OWED(5, 7));
    assert_int_equal(c->n[WORK_TODAY], COUNT_OWED(5, 9));
    assert_int_equal(c->n[WORK_HOUR], COUNT_OWED(5, 15));
    assert_true(c->n[WORK_OVERDUE] > 0 && c->n[WORK_QUARTER] > 0 && !c->more);
    assert_int_equal(x.read.counts[WORK_OFFER].n[WORK_OVERDUE],
                     rig_int(rig, "select count(*) from offer where tenant_id = " RIG_TENANT
                                  " and agent_id = 'ann' and state = 1"
                                  " and expires_at < '2026-01-01 00:05Z'"));
    reading_free(&x);
    q.limit = 3;
    reading_init(rig, &x);
    store_count_work(rig->store, &x.read, &q);
    rig_run(rig, &x.done);
    assert_int_equal(x.read.counts[WORK_CLOCK].n[WORK_OVERDUE], 3);
    assert_true(x.read.counts[WORK_CLOCK].more);
    reading_free(&x);
}

/* -- replicas of the last release -------------------------------------------------------------- */

/* Two cases of cy's; the first has three clocks, the second one. */
static void fill_old(void)
{
    rig_exec(rig,
             "insert into recovery_case select " RIG_TENANT ", md5('cy' || n)::uuid, 2, 'c-1',"
             " 'Jo Doe', '', '', 1, 1, 'billing', '', null, '', '', '', 0, 3, 0, 0, 0, 0, 0, 2,"
             " 'cy', '2026-01-01', 1, 1, '2026-01-01', 1, 1, '2026-01-01', '2026-01-01', null,"
             " null, '', false, '', '', null, '', 0, null, '', 1, '' from generate_series(1, 2) n;"
             " insert into case_work select tenant_id, opened_at, case_id, status, owner_kind,"
             " owner_id, level, opened_at + interval '2 h', 3, 0, '', 0, 1, null from recovery_case"
             " where owner_id = 'cy'");
    rig_exec(rig, "insert into clock (tenant_id, case_id, clock_id, kind, state, round, instance,"
                  " generation, policy_version, target_ms, started_at, due_at)"
                  " select " RIG_TENANT ", md5('cy' || c)::uuid, md5('k' || c || k)::uuid, kind,"
                  " state, 1, 1, 1, 1, 1, '2026-01-01', '2026-01-01'::timestamptz +"
                  " interval '1 h' * k from (values (1, 1, 1, 3), (1, 2, 3, 1), (1, 3, 6, 1),"
                  " (2, 2, 3, 1)) v(c, k, kind, state)");
}

/* "<source><kind>@<hours><+ due, - done>", one a row. */
static const char *short_list(const struct work_owner *owner)
{
    static char text[256];
    struct work_query q = {.owners = owner, .n_owners = 1, .sources = ALL_SOURCES, .limit = 50};
    struct reading x;
    size_t used = 0;
    reading_init(rig, &x);
    store_list_work(rig->store, &x.read, &q);
    rig_run(rig, &x.done);
    text[0] = '\0';
    ROWS_EACH (w, const struct work_item, &x.read.work)
        used += (size_t)snprintf(
            text + used, sizeof(text) - used, "%s%d:%d@%d%s", used ? " " : "", (int)w->place.source,
            w->kind, (int)((w->place.at_us - START_US) / (3600 * US_PER_S)), w->due_us ? "" : "-");
    reading_free(&x);
    return text;
}

/* Rows that know nothing of what is owed count by their running clocks, until they are filled. */
static void test_rows_of_before(void **state)
{
    const struct work_owner cy = {0, "cy"};
    (void)state;
    fill_old();
    assert_string_equal(short_list(&cy), "0:3@2 0:3@2");
    for (size_t i = 0; i < n_migrations; i++) {
        if (migrations[i].version != 18)
            continue;
        const char *sql = strstr(migrations[i].sql, "update case_work"), *slice;
        assert_non_null(sql);
        slice = strstr(sql, ":slice");
        rig_exec(rig, "%.*s owner_id = 'cy' %s", (int)(slice - sql), sql, slice + strlen(":slice"));
    }
    assert_string_equal(short_list(&cy), "0:1@1 0:3@2 1:0@3-");
    rig_exec(rig, "insert into promise select tenant_id, case_id, case_id, 2, 1, 1, promise_at,"
                  " promise_at, opened_at, 'cy', '', null, '', null, null from case_work"
                  " where owner_id = 'cy' and promise_at is not null");
    assert_string_equal(short_list(&cy), "0:1@1 0:3@2 1:2@3");
}

/* A replica of the last release writes next_due_at alone. */
static void test_rows_that_an_old_replica_changed(void **state)
{
    const struct work_owner cy = {0, "cy"};
    (void)state;
    /* It stopped the missed clock: the next one is shown in its place. */
    rig_exec(rig, "update clock set stopped_at = '2026-01-02' where tenant_id = " RIG_TENANT
                  " and kind = 1 and state = 3");
    assert_string_equal(short_list(&cy), "0:3@1 0:3@2 1:2@3");
    /* It met the second clock, too: the promise is next, and is told by both until it is kept. */
    rig_exec(rig, "update clock set state = 2 where case_id = md5('cy1')::uuid and kind = 3;"
                  " update case_work set next_due_at = '2026-01-01 03:00Z', next_due_kind = 6"
                  " where case_id = md5('cy1')::uuid");
    assert_string_equal(short_list(&cy), "0:3@2 0:6@3 1:2@3");
    rig_exec(rig, "update clock set state = 2 where case_id = md5('cy1')::uuid;"
                  " update promise set state = 2 where case_id = md5('cy1')::uuid;"
                  " update case_work set next_due_at = null where case_id = md5('cy1')::uuid");
    assert_string_equal(short_list(&cy), "0:3@2 1:0@3-");
}

static int setup(void **state)
{
    (void)state;
    rig = rig_new("work_list", NULL, 0);
    rig_exec(rig, "insert into tenant values (2, 'other', 1, '2026-01-01', 1)");
    rig_connect(rig, NULL);
    fill();
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
        cmocka_unit_test(test_of_an_agent),
        cmocka_unit_test(test_of_a_steward_and_of_several),
        cmocka_unit_test(test_filters),
        cmocka_unit_test(test_owners_in_a_level),
        cmocka_unit_test(test_agents_of_a_team),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_rows_of_before),
        cmocka_unit_test(test_rows_that_an_old_replica_changed),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
