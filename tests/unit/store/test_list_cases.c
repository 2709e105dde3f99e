/* SPDX-License-Identifier: Apache-2.0 */

/* Lists of cases: complete, in order, each case once, whatever the
 * filter and the size of a page. */

#include "calls.h"

#include <stdio.h>
#include <string.h>

#define CASES 500

static struct rig *rig;

static int64_t after(int64_t seconds)
{
    return 1767225600LL * US_PER_S + seconds * US_PER_S; /* 2026-01-01 */
}

/* Pages through the whole list and compares with what plain SQL gives. */
static size_t page_through(struct case_filter f, const char *where, const char *insert_meanwhile)
{
    size_t n = 0;
    for (bool more = true; more;) {
        struct reading x;
        reading_init(rig, &x);
        store_list_cases(rig->store, &x.read, &f);
        rig_run(rig, &x.done);
        if (fault_is_set(&x.read.fault))
            fail_msg("%s", x.read.fault.message);
        ROWS_EACH (c, struct case_row, &x.read.case_rows) {
            char id[UUID_TEXT_LEN + 1];
            assert_string_equal(
                uuid_format(&c->case_id, id),
                rig_value(
                    rig,
                    "select case_id from recovery_case where tenant_id = " RIG_TENANT
                    " and product = '' and %s order by opened_at desc, case_id desc offset %zu"
                    " limit 1",
                    where, n++));
            f.after_at = c->opened_at;
            f.after_case_id = c->case_id;
        }
        if (x.read.walk.stopped) {
            f.after_at = x.read.walk.at;
            f.after_case_id = x.read.walk.case_id;
        }
        more = x.read.walk.stopped || x.read.case_rows.n == (size_t)f.limit;
        assert_true(x.read.case_rows.n <= (size_t)f.limit);
        reading_free(&x);
        if (insert_meanwhile)
            rig_exec(rig, "%s", insert_meanwhile);
    }
    assert_int_equal(n, rig_int(rig,
                                "select count(*) from recovery_case where tenant_id = " RIG_TENANT
                                " and product = '' and %s",
                                where));
    return n;
}

/* Many cases share an instant, as those of one segment do; another tenant has the same ones. */
#define INSERT                                                                                     \
    "insert into recovery_case select t, md5(n::text || t)::uuid, 1 + n %% 8, 'c' || n %% 7, '', " \
    "'',"                                                                                          \
    " '', 1, 1, (array['billing', 'billing.overcharge', 'billing.overcharge.x', 'billing-other',"  \
    " 'billinga', 'delivery.late'])[1 + n %% 6], '', null, '', n::text, '', 0, 1, 0, 0, 0, 0, 0, " \
    "1,"                                                                                           \
    " 'o' || n %% 3, '2026-01-01', 1, 1, '2026-01-01', 1, 1, '2026-01-01'::timestamptz"            \
    " + n / 20 * interval '1 s', '2026-01-01', null, null, '', false, '', '', null, '', 0, null,"  \
    " '', 1, '' from generate_series(1, %d) n, unnest(array[" RIG_TENANT ", 2]) t"

static void test_all(void **state)
{
    (void)state;
    assert_int_equal(page_through((struct case_filter){.limit = 7}, "true", NULL), CASES);
    assert_int_equal(page_through((struct case_filter){.limit = 1000}, "true", NULL), CASES);
    assert_int_equal(page_through((struct case_filter){.limit = 20}, "true", NULL), CASES);
}

static void test_filters(void **state)
{
    (void)state;
    assert_true(page_through((struct case_filter){.customer_id = "c3", .limit = 5},
                             "customer_id = 'c3'", NULL) > 5);
    assert_true(page_through((struct case_filter){.owner_id = "o2", .limit = 9}, "owner_id = 'o2'",
                             NULL) > 9);
    assert_true(page_through((struct case_filter){.statuses = 1u << 4, .limit = 9}, "status = 4",
                             NULL) > 9);
    for (int16_t status = 6; status <= 8; status++) {
        char where[32];
        (void)snprintf(where, sizeof(where), "status = %d", status);
        assert_true(page_through((struct case_filter){.statuses = 1u << status, .limit = 9}, where,
                                 NULL) > 9);
    }
    assert_true(
        page_through((struct case_filter){.owner_id = "o2", .statuses = 1u << 7, .limit = 2},
                     "owner_id = 'o2' and status = 7", NULL) > 9);
    assert_true(page_through((struct case_filter){.statuses = 1u << 2 | 1u << 4, .limit = 9},
                             "status in (2, 4)", NULL) > 9);
    assert_true(page_through((struct case_filter){.statuses = 1u << 2 | 1u << 7, .limit = 9},
                             "status in (2, 7)", NULL) > 9);
    assert_true(page_through((struct case_filter){.owner_id = "o2", .statuses = 0x3fe, .limit = 9},
                             "owner_id = 'o2'", NULL) > 9);
    assert_int_equal(page_through((struct case_filter){.customer_id = "nobody", .limit = 9},
                                  "customer_id = 'nobody'", NULL),
                     0);
}

static void test_branches(void **state)
{
    (void)state;
    assert_true(page_through((struct case_filter){.failure_code = "billing", .limit = 11},
                             "(failure_code = 'billing' or failure_code like 'billing.%')",
                             NULL) > 11);
    assert_true(page_through((struct case_filter){.failure_code = "billing.overcharge", .limit = 6},
                             "failure_code in ('billing.overcharge', 'billing.overcharge.x')",
                             NULL) > 6);
    assert_true(page_through((struct case_filter){.failure_code = "delivery", .limit = 50},
                             "failure_code = 'delivery.late'", NULL) > 6);
    assert_int_equal(page_through((struct case_filter){.failure_code = "bill", .limit = 6},
                                  "failure_code = 'bill'", NULL),
                     0);
}

static void test_opened_range(void **state)
{
    struct case_filter f = {.opened_from = after(5), .opened_until = after(9), .limit = 13};
    (void)state;
    assert_int_equal(page_through(f,
                                  "opened_at >= '2026-01-01 00:00:05'"
                                  " and opened_at < '2026-01-01 00:00:09'",
                                  NULL),
                     80);
}

static void test_filters_together(void **state)
{
    struct case_filter f = {.customer_id = "c1",
                            .owner_id = "o1",
                            .failure_code = "billing",
                            .statuses = 1u << 2,
                            .opened_from = after(1),
                            .limit = 1};
    const char *where = "customer_id = 'c1' and owner_id = 'o1' and status = 2"
                        " and failure_code in ('billing', 'billing.overcharge',"
                        " 'billing.overcharge.x') and opened_at >= '2026-01-01 00:00:01'";
    (void)state;
    size_t n = page_through(f, where, NULL);
    f.customer_id = NULL;
    assert_true(page_through(f,
                             "owner_id = 'o1' and status = 2 and failure_code in ('billing',"
                             " 'billing.overcharge', 'billing.overcharge.x')"
                             " and opened_at >= '2026-01-01 00:00:01'",
                             NULL) > n);
    f.owner_id = "";
    (void)page_through(f,
                       "status = 2 and failure_code in ('billing',"
                       " 'billing.overcharge', 'billing.overcharge.x')"
                       " and opened_at >= '2026-01-01 00:00:01'",
                       NULL);
}

/* What opens while somebody pages through comes before the first page. */
static void test_new_cases_do_not_disturb(void **state)
{
    (void)state;
    assert_int_equal(page_through((struct case_filter){.limit = 90}, "true",
                                  "insert into recovery_case select tenant_id, gen_random_uuid(),"
                                  " 7, 'late', '', '', '', 1, 1, 'x', '', null, 'new', '', '', 0,"
                                  " 1, 0, 0, 0, 0, 0, 1, 'o', opened_at, 1, 1, opened_at, 1, 1,"
                                  " '2026-06-01', opened_at, null, null, '', false, '', '', null,"
                                  " '', 0, null, '', 1, '' from recovery_case limit 1"),
                     CASES);
}

static int setup(void **state)
{
    (void)state;
    rig = rig_new("list", NULL, 0);
    rig_exec(rig, INSERT, CASES);
    rig_exec(rig,
             "insert into case_work select tenant_id, opened_at, case_id, status, owner_kind,"
             " owner_id, level, null, 0, 0, '', 0, 0, null from recovery_case where status < 7;"
             " insert into case_ended select tenant_id, owner_id, opened_at, case_id"
             " from recovery_case where status > 6");
    rig_connect(rig, NULL);
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
        cmocka_unit_test(test_all),
        cmocka_unit_test(test_filters),
        cmocka_unit_test(test_branches),
        cmocka_unit_test(test_opened_range),
        cmocka_unit_test(test_filters_together),
        cmocka_unit_test(test_new_cases_do_not_disturb),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
