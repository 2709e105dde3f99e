/* SPDX-License-Identifier: Apache-2.0 */

/* API keys in the database: made, rotated, revoked, listed, forgotten; and the keyring on top. */

#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/role_set.h"
#include "contract/words.h"
#include "store/keys.h"

#define NOW_US (1800000000 * US_PER_S)
#define DAY_US (86400 * US_PER_S)
#define ROLES (ROLE_BIT(ROLE_ADMIN) | ROLE_BIT(ROLE_CLIENT))

static struct rig *rig;
static struct store_read reading;
static struct arena arena;
static bool done;

static void read_done(struct store_read *r)
{
    (void)r;
    done = true;
}

static struct store_read *begin(void)
{
    arena_reset(&arena);
    done = false;
    reading = (struct store_read){.arena = &arena,
                                  .tenant_id = rig_int(rig, "select " RIG_TENANT),
                                  .tenant = "demo",
                                  .done = read_done};
    return &reading;
}

static void wait(void)
{
    rig_run(rig, &done);
    if (fault_is_set(&reading.fault))
        fail_msg("%s", reading.fault.message);
}

static const struct key_row *result(size_t i)
{
    return i < reading.keys.n ? ROW_AT(&reading.keys, const struct key_row, i) : NULL;
}

static struct key_new new_key(struct api_key *key, const char *principal, int64_t now_us)
{
    struct api_key_id id;
    api_key_draw_id(&id);
    api_key_make(&id, key);
    return (struct key_new){.mark = key->mark,
                            .principal = principal,
                            .description = "the till",
                            .roles = ROLES,
                            .creator = "ann",
                            .now_us = now_us,
                            .request_hash = slice_str("request")};
}

static struct key_new make(struct api_key *key, const char *principal, int64_t now_us)
{
    const struct key_new made = new_key(key, principal, now_us);
    store_create_key(rig->store, begin(), &made);
    wait();
    return made;
}

/* -- rows -------------------------------------------------------------------------------------- */

static void test_a_key_is_stored_whole(void **state)
{
    (void)state;
    struct api_key key;
    struct key_new made = new_key(&key, "crm", NOW_US);
    made.expires_at = NOW_US + DAY_US;
    store_create_key(rig->store, begin(), &made);
    wait();
    const struct key_row *k = result(0);
    assert_non_null(k);
    assert_memory_equal(&k->mark, &key.mark, sizeof key.mark);
    assert_string_equal(k->principal, "crm");
    assert_string_equal(k->description, "the till");
    assert_string_equal(k->created_by, "ann");
    assert_int_equal(k->roles, ROLES);
    assert_true(k->created_at == NOW_US && k->expires_at == NOW_US + DAY_US);
    assert_true(k->valid_until == 0 && k->revoked_at == 0 && k->last_used_at == 0);
    assert_true(slice_eq(k->request_hash, slice_str("request")));
    assert_true(key_row_ends(k) == NOW_US + DAY_US);
    assert_int_equal(reading.n_keys_all, 1);
    assert_int_equal(reading.n_keys_working, 1);
}

/* The answer of the first call may have been lost. */
static void test_a_key_of_the_same_id_stays_as_it_is(void **state)
{
    (void)state;
    struct api_key key, other;
    const struct key_new made = make(&key, "crm", NOW_US);
    struct key_new again = made;
    api_key_make(&made.mark.id, &other);
    again.mark = other.mark;
    again.principal = "erp";
    store_create_key(rig->store, begin(), &again);
    wait();
    assert_int_equal(reading.keys.n, 1);
    assert_memory_equal(&result(0)->mark, &key.mark, sizeof key.mark);
    assert_string_equal(result(0)->principal, "crm");
}

static void test_a_rotated_key_works_on_for_a_day(void **state)
{
    (void)state;
    struct api_key old, key, third;
    const struct key_new made = make(&old, "crm", NOW_US);
    struct key_new next = new_key(&key, NULL, NOW_US + US_PER_S);
    next.creator = "bob";
    store_rotate_key(rig->store, begin(), &made.mark.id, &next);
    wait();
    assert_int_equal(reading.keys.n, 2);
    assert_true(key_row_ends(result(0)) == NOW_US + US_PER_S + DAY_US);
    assert_string_equal(result(0)->replaced_by, key.mark.id.text);
    assert_string_equal(result(1)->principal, "crm");
    assert_string_equal(result(1)->description, "the till");
    assert_string_equal(result(1)->created_by, "bob");
    assert_int_equal(result(1)->roles, ROLES);
    assert_true(key_row_ends(result(1)) == INT64_MAX);
    next = new_key(&third, NULL, NOW_US + 2 * US_PER_S);
    store_rotate_key(rig->store, begin(), &made.mark.id, &next);
    wait();
    assert_int_equal(reading.keys.n, 1); /* replaced once is enough */
}

/* A key for thirty days is followed by a key for thirty days. */
static void test_a_rotation_gives_as_long_a_life(void **state)
{
    (void)state;
    struct api_key old, key;
    struct key_new made = new_key(&old, "crm", NOW_US);
    made.expires_at = NOW_US + 30 * DAY_US;
    store_create_key(rig->store, begin(), &made);
    wait();
    struct key_new next = new_key(&key, NULL, NOW_US + 20 * DAY_US);
    store_rotate_key(rig->store, begin(), &made.mark.id, &next);
    wait();
    assert_true(result(1)->expires_at == NOW_US + 50 * DAY_US);
    assert_true(key_row_ends(result(0)) == NOW_US + 21 * DAY_US);
}

static void test_a_key_that_ended_is_not_rotated(void **state)
{
    (void)state;
    struct api_key old, key;
    const struct key_new made = make(&old, "crm", NOW_US);
    struct key_new next = new_key(&key, NULL, NOW_US + US_PER_S);
    store_revoke_key(rig->store, begin(), &made.mark.id, "eve", NOW_US);
    wait();
    store_rotate_key(rig->store, begin(), &made.mark.id, &next);
    wait();
    assert_int_equal(reading.keys.n, 1);
    assert_true(result(0)->revoked_at == NOW_US);
    assert_string_equal(result(0)->revoked_by, "eve");
    store_revoke_key(rig->store, begin(), &made.mark.id, "bob", NOW_US + DAY_US);
    wait();
    assert_true(result(0)->revoked_at == NOW_US); /* the first one counts */
    assert_string_equal(result(0)->revoked_by, "eve");
}

static void test_another_tenants_key_is_not_there(void **state)
{
    (void)state;
    struct api_key key;
    const struct key_new made = make(&key, "crm", NOW_US);
    store_revoke_key(rig->store, (begin()->tenant_id = 5, &reading), &made.mark.id, "eve", NOW_US);
    wait();
    assert_int_equal(reading.keys.n, 0);
    store_read_key(rig->store, begin(), &made.mark.id);
    wait();
    assert_true(result(0)->revoked_at == 0);
}

static void test_pages_are_newest_first(void **state)
{
    (void)state;
    struct api_key keys[5];
    struct key_filter f = {.limit = 2};
    for (int i = 0; i < 5; i++)
        (void)make(&keys[i], i % 2 ? "crm" : "erp", NOW_US + i * US_PER_S);
    store_list_keys(rig->store, begin(), &f);
    wait();
    assert_int_equal(reading.keys.n, 2);
    assert_string_equal(result(0)->mark.id.text, keys[4].mark.id.text);
    f.before_created_at = result(1)->created_at;
    f.before_id = result(1)->mark.id;
    store_list_keys(rig->store, begin(), &f);
    wait();
    assert_string_equal(result(0)->mark.id.text, keys[2].mark.id.text);
    f = (struct key_filter){.limit = 9, .principal = "crm"};
    store_list_keys(rig->store, begin(), &f);
    wait();
    assert_int_equal(reading.keys.n, 2);
    store_revoke_key(rig->store, begin(), &keys[1].mark.id, "ann", NOW_US + 9 * US_PER_S);
    wait();
    f.working_at = NOW_US + 10 * US_PER_S;
    store_list_keys(rig->store, begin(), &f);
    wait();
    assert_int_equal(reading.keys.n, 1);
}

/* -- bounds ------------------------------------------------------------------------------------ */

static void fill(int n, const char *ends)
{
    rig_exec(rig,
             "insert into api_key (tenant_id, key_id, hash, principal, roles, description,"
             " created_at, created_by, request_hash, revoked_at) select " RIG_TENANT
             ", 'filled' || lpad(n::text, 6, '0'), '', 'p', 1, '', '2026-01-01', '', '', %s"
             " from generate_series(1, %d) n",
             ends, n);
}

static void test_a_tenant_has_a_bounded_number_of_keys(void **state)
{
    (void)state;
    struct api_key key;
    fill(KEYS_WORKING_MAX - 1, "null");
    (void)make(&key, "crm", NOW_US);
    assert_int_equal(reading.keys.n, 1);
    (void)make(&key, "crm", NOW_US);
    assert_int_equal(reading.keys.n, 0);
    assert_int_equal(reading.n_keys_working, KEYS_WORKING_MAX);
    rig_exec(rig, "truncate api_key");
    fill(KEYS_MAX, "'2027-01-14'");
    (void)make(&key, "crm", NOW_US);
    assert_int_equal(reading.keys.n, 0);
    assert_int_equal(reading.n_keys_all, KEYS_MAX);
}

/* Keys that ended long ago make room. */
static void test_old_keys_are_forgotten(void **state)
{
    (void)state;
    struct api_key key;
    fill(KEYS_MAX, "'2026-02-01'");
    (void)make(&key, "crm", NOW_US);
    assert_int_equal(reading.keys.n, 1);
    assert_int_equal(reading.n_keys_all, 1);
}

/* -- the keyring on top ------------------------------------------------------------------------ */

static struct keyring *ring;
static struct key_source *source;

static void ring_begin(void)
{
    source = key_source_new(rig->pg);
    ring = keyring_new(rig->time);
    const struct keyring_source of = key_source_of(source);
    keyring_start(ring, rig->loop, &of);
}

static void set_done(void *arg)
{
    *(bool *)arg = true;
}

static enum auth_verdict check(const char *text, struct auth_identity *out)
{
    const struct auth_checker *c = keyring_checker(ring);
    const char *why = NULL;
    bool told = false;
    enum auth_verdict verdict =
        c->check(c->ctx, text, strlen(text), time_shared_us(rig->time), &arena, out, &why);
    if (verdict != AUTH_ASK)
        return verdict;
    assert_int_equal(c->ask(c->ctx, text, strlen(text), set_done, &told), AM_OK);
    rig_run(rig, &told);
    return c->check(c->ctx, text, strlen(text), time_shared_us(rig->time), &arena, out, &why);
}

static void turn_for(int64_t us)
{
    const int64_t until = time_mono_us() + us;
    while (time_mono_us() < until)
        rig_turn(rig);
}

static void test_the_keyring_asks_the_database(void **state)
{
    (void)state;
    struct api_key key, unknown;
    struct auth_identity who;
    ring_begin();
    const int64_t now_us = time_now_us(rig->time);
    struct key_new made = new_key(&key, "crm", now_us);
    made.expires_at = now_us + DAY_US;
    store_create_key(rig->store, begin(), &made);
    wait();
    (void)new_key(&unknown, "crm", now_us);
    assert_int_equal(check(unknown.text, &who), AUTH_REFUSED);
    assert_int_equal(check(key.text, &who), AUTH_OK);
    assert_string_equal(who.tenant, "demo");
    assert_string_equal(who.principal, "crm");
    assert_int_equal(who.roles, ROLES);
    assert_true(llabs(who.until_us - made.expires_at) < US_PER_S);
    turn_for(KEYRING_REFRESH_US + 200 * US_PER_MS);
    store_read_key(rig->store, begin(), &made.mark.id);
    wait();
    assert_true(result(0)->last_used_at == now_us - now_us % KEYRING_USE_US);
    store_revoke_key(rig->store, begin(), &made.mark.id, "ann", now_us);
    wait();
    turn_for(KEYRING_REFRESH_US + 200 * US_PER_MS);
    assert_int_equal(check(key.text, &who), AUTH_REFUSED);
}

static int setup(void **state)
{
    (void)state;
    rig = rig_new("keys", NULL, 0);
    rig_connect(rig, NULL);
    arena_init(&arena, 8u << 20);
    return 0;
}

static int empty(void **state)
{
    (void)state;
    rig_exec(rig, "delete from api_key");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    keyring_stop(ring);
    rig_free(rig);
    keyring_free(ring);
    key_source_free(source);
    arena_free(&arena);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup(f, empty)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_key_is_stored_whole),
        TEST(test_a_key_of_the_same_id_stays_as_it_is),
        TEST(test_a_rotated_key_works_on_for_a_day),
        TEST(test_a_rotation_gives_as_long_a_life),
        TEST(test_a_key_that_ended_is_not_rotated),
        TEST(test_another_tenants_key_is_not_there),
        TEST(test_pages_are_newest_first),
        TEST(test_a_tenant_has_a_bounded_number_of_keys),
        TEST(test_old_keys_are_forgotten),
        TEST(test_the_keyring_asks_the_database),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
