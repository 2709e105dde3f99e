/* SPDX-License-Identifier: Apache-2.0 */

/* Every type as a value and in an array, there and back through the server. */

#include <string.h>

#include "toy.h"

enum { SCALARS, NULLS, ARRAYS, EMPTY, DETAILS, TOUCHED, BIG_ONE, STMTS };

static const struct pg_stmt stmts[STMTS] = {
    [SCALARS] = {"v_scalars", "select $1::bool, $2::int4, $3::int8, $4::text, $5::bytea, $6::uuid, "
                              "$7::timestamptz, $8::int2::text"},
    [NULLS] = {"v_nulls",
               "select $1::bool, $2::int4, $3::text, $4::bytea, $5::uuid, $6::timestamptz"},
    [ARRAYS] = {"v_arrays", "select * from unnest($1::bool[], $2::int2[], $3::int4[], $4::int8[], "
                            "$5::text[], $6::bytea[],"
                            " $7::uuid[], $8::timestamptz[], $9::xid8[])"},
    [EMPTY] = {"v_empty", "select cardinality($1::text[]), count(*) from unnest($1::text[])"},
    [DETAILS] = {"v_details",
                 "select array_ndims($1::int8[]), array_lower($1::int8[], 1), $1::int8[]::text,"
                 " extract(epoch from $2::timestamptz)::int8, ($2::timestamptz)::text"},
    [BIG_ONE] = {"v_big", "select $1::bytea"},
    [TOUCHED] = {"v_touched",
                 "insert into account select i, 0, 0, '2020-01-01' from generate_series(1, 3) i"},
};

static struct world *w;
static struct pg *pg;
static struct pg_read read_;
static bool over, closed_;
static int reason;
static void (*look)(const struct pg_rows *rows);

static bool flag(void *ctx)
{
    return *(const bool *)ctx;
}

static void set_flag(void *ctx)
{
    *(bool *)ctx = true;
}

static bool is_up(void *ctx)
{
    return pg_up(ctx);
}

static int set_up(void **state)
{
    (void)state;
    w = world_new("values");
    const struct pg_config config = {
        .conninfo = w->conninfo, .application_name = "values", .stmts = stmts, .n_stmts = STMTS};
    pg = pg_new(w->loop, &config);
    world_until(w, is_up, pg, 15000);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    closed_ = false;
    pg_close(pg, set_flag, &closed_);
    world_until(w, flag, &closed_, 5000);
    pg_free(pg);
    world_free(w);
    return 0;
}

static void on_rows(struct pg_read *r, size_t i, const struct pg_rows *rows)
{
    assert_true(i < r->n);
    look(rows);
}

static void on_done(struct pg_read *r, const struct fault *fault)
{
    (void)r;
    over = true;
    reason = fault ? fault->reason : 0;
}

static struct pg_args *begin(unsigned stmt)
{
    memset(&read_, 0, sizeof(read_));
    read_.n = 1;
    read_.q[0].stmt = stmt;
    read_.rows = on_rows;
    read_.done = on_done;
    pg_args_init(&read_.q[0].args, &w->arena);
    return &read_.q[0].args;
}

static void go(void (*with)(const struct pg_rows *rows))
{
    look = with;
    over = false;
    pg_read(pg, &read_);
    world_until(w, flag, &over, 15000);
    assert_int_equal(reason, 0);
}

static const struct uuid id = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 255}};
#define WHEN INT64_C(1700000000123456)

static void see_scalars(const struct pg_rows *r)
{
    struct uuid got = pg_uuid(r, 0, 5);
    assert_int_equal(pg_rows_count(r), 1);
    assert_int_equal(pg_rows_columns(r), 8);
    assert_true(pg_bool(r, 0, 0));
    assert_true(pg_int(r, 0, 1) == INT32_MIN);
    assert_true(pg_int(r, 0, 2) == INT64_MIN);
    assert_string_equal(pg_text(r, 0, 3), "grüße, \"{},\\");
    assert_true(slice_eq(pg_bytes(r, 0, 4), slice_of("a\0b", 3)));
    assert_true(uuid_eq(&got, &id));
    assert_true(pg_time_us(r, 0, 6) == WHEN);
    assert_true(pg_is_null(r, 0, 7));
}

static void scalars(void **state)
{
    (void)state;
    struct pg_args *a = begin(SCALARS);
    pg_arg_bool(a, true);
    pg_arg_int4(a, INT32_MIN);
    pg_arg_int8(a, INT64_MIN);
    pg_arg_text(a, "grüße, \"{},\\");
    pg_arg_bytea(a, slice_of("a\0b", 3));
    pg_arg_uuid(a, &id);
    pg_arg_time(a, WHEN);
    pg_arg_null(a);
    go(see_scalars);
}

static void see_nulls(const struct pg_rows *r)
{
    struct uuid none = pg_uuid(r, 0, 4);
    for (int i = 0; i < 6; i++)
        assert_int_equal(pg_is_null(r, 0, i), i != 3);
    assert_false(pg_bool(r, 0, 0));
    assert_int_equal(pg_int(r, 0, 1), 0);
    assert_string_equal(pg_text(r, 0, 2), "");
    assert_int_equal(pg_bytes(r, 0, 3).len, 0);
    assert_true(uuid_is_zero(&none));
    assert_int_equal(pg_time_us(r, 0, 5), 0);
}

static void nulls_and_empty_bytes(void **state)
{
    (void)state;
    struct pg_args *a = begin(NULLS);
    pg_arg_null(a);
    pg_arg_null(a);
    pg_arg_text(a, NULL);
    pg_arg_bytea(a, slice_of(NULL, 0));
    pg_arg_null(a);
    pg_arg_null(a);
    go(see_nulls);
}

#define ROWS 100

static void see_arrays(const struct pg_rows *r)
{
    assert_int_equal(pg_rows_count(r), ROWS + 1);
    for (int i = 0; i < ROWS; i++) {
        struct uuid got = pg_uuid(r, i, 6);
        assert_int_equal(pg_bool(r, i, 0), i % 2);
        assert_true(pg_int(r, i, 1) == -i);
        assert_true(pg_int(r, i, 2) == i * 100000);
        assert_true(pg_int(r, i, 3) == i * INT64_C(10000000000));
        assert_int_equal(strlen(pg_text(r, i, 4)), i);
        assert_int_equal(pg_bytes(r, i, 5).len, i);
        assert_true(uuid_eq(&got, &id));
        assert_true(pg_time_us(r, i, 7) == WHEN + i);
        assert_true(pg_int(r, i, 8) == i + 7);
    }
    for (int c = 0; c < 9; c++)
        assert_true(pg_is_null(r, ROWS, c));
}

static void arrays(void **state)
{
    (void)state;
    static const enum pg_type types[] = {PG_BOOL,  PG_INT2, PG_INT4,        PG_INT8, PG_TEXT,
                                         PG_BYTEA, PG_UUID, PG_TIMESTAMPTZ, PG_XID8};
    char text[ROWS + 1];
    struct pg_array col[9];
    struct pg_args *a = begin(ARRAYS);
    for (int c = 0; c < 9; c++)
        pg_array_init(&col[c], &w->arena, types[c], c % 2 ? ROWS : 0);
    for (int i = 0; i < ROWS; i++) {
        memset(text, 'x', sizeof(text));
        text[i] = '\0';
        pg_array_bool(&col[0], i % 2);
        pg_array_int(&col[1], -i);
        pg_array_int(&col[2], i * 100000);
        pg_array_int(&col[3], i * INT64_C(10000000000));
        pg_array_text(&col[4], text);
        pg_array_bytes(&col[5], slice_of(text, (size_t)i));
        pg_array_uuid(&col[6], &id);
        pg_array_time(&col[7], WHEN + i);
        pg_array_int(&col[8], i + 7);
    }
    pg_array_text(&col[4], NULL);
    for (int c = 0; c < 9; c++)
        if (c != 4)
            pg_array_null(&col[c]);
    for (int c = 0; c < 9; c++)
        pg_arg_array(a, &col[c]);
    go(see_arrays);
}

static void see_empty(const struct pg_rows *r)
{
    assert_int_equal(pg_int(r, 0, 0), 0);
    assert_int_equal(pg_int(r, 0, 1), 0);
}

static void empty_array(void **state)
{
    (void)state;
    struct pg_array none;
    struct pg_args *a = begin(EMPTY);
    pg_array_init(&none, &w->arena, PG_TEXT, 0);
    pg_arg_array(a, &none);
    go(see_empty);
}

static void see_details(const struct pg_rows *r)
{
    assert_int_equal(pg_int(r, 0, 0), 1);
    assert_int_equal(pg_int(r, 0, 1), 1);
    assert_string_equal(pg_text(r, 0, 2), "{5,NULL,-6}");
    assert_true(pg_int(r, 0, 3) == 1700000000);
    assert_string_equal(pg_text(r, 0, 4),
                        "2023-11-14 22:13:20.123456+00"); /* the session's zone is UTC */
}

static void what_the_server_makes_of_it(void **state)
{
    (void)state;
    struct pg_array some;
    struct pg_args *a = begin(DETAILS);
    pg_array_init(&some, &w->arena, PG_INT8, 3);
    pg_array_int(&some, 5);
    pg_array_null(&some);
    pg_array_int(&some, -6);
    pg_arg_array(a, &some);
    pg_arg_time(a, WHEN);
    go(see_details);
}

#define BIG ((size_t)2 << 20)

static void see_big(const struct pg_rows *r)
{
    assert_int_equal(pg_bytes(r, 0, 0).len, BIG);
    assert_int_equal(pg_bytes(r, 0, 0).data[BIG - 1], 'z');
}

/* More than any buffer on the way to the server holds, in both directions at once. */
static void a_big_value(void **state)
{
    (void)state;
    struct pg_args *a = begin(BIG_ONE);
    char *data = arena_must(&w->arena, BIG);
    memset(data, 'z', BIG);
    pg_arg_bytea(a, slice_of(data, BIG));
    for (int i = 1; i < 4; i++) {
        read_.q[i] = read_.q[0];
        read_.n++;
    }
    go(see_big);
}

static void see_touched(const struct pg_rows *r)
{
    assert_int_equal(pg_rows_count(r), 0);
    assert_int_equal(pg_rows_affected(r), 3);
}

static void rows_affected(void **state)
{
    (void)state;
    (void)begin(TOUCHED);
    go(see_touched);
}

static void type_names(void **state)
{
    (void)state;
    assert_string_equal(pg_type_name(PG_TIMESTAMPTZ), "timestamptz");
    assert_string_equal(pg_type_name(PG_INT2), "int2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(scalars, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nulls_and_empty_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(arrays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(empty_array, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_the_server_makes_of_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_big_value, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rows_affected, set_up, tear_down),
        cmocka_unit_test(type_names),
    };
    return cmocka_run_group_tests_name("values", tests, NULL, NULL);
}
