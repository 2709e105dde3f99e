/* SPDX-License-Identifier: Apache-2.0 */

/* The keyring in front of a source that the test holds in its hand. */

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include <cmocka.h>

#include "auth/keyring.h"
#include "auth/role_set.h"
#include "contract/words.h"
#include "keyring_source.h"

#define NOW_US (1800000000 * US_PER_S)
#define HOUR_US (3600 * US_PER_S)
#define PATIENCE_US (20 * US_PER_S)

static struct time_source *tsource;
static struct loop *loop;
static struct keyring *ring;
static const struct auth_checker *checker;
static struct arena arena;
static struct auth_identity got;
static const char *why;

/* -- asking ------------------------------------------------------------------------------------ */

static enum auth_verdict check_text(const char *text)
{
    arena_reset(&arena);
    return checker->check(checker->ctx, text, strlen(text), time_shared_us(tsource), &arena, &got,
                          &why);
}

static enum auth_verdict check(const struct stored *s)
{
    return check_text(s->key.text);
}

static void set_true(void *arg)
{
    *(bool *)arg = true;
}

static void run_until(const bool *done)
{
    const int64_t until = time_mono_us() + PATIENCE_US;
    while (!*done && time_mono_us() < until)
        if (uv_run(loop_uv(loop), UV_RUN_NOWAIT) && !*done)
            (void)usleep(100);
    assert_true(*done);
}

static void run_for(int64_t us)
{
    bool over = false;
    struct loop_timer *t = loop_timer_new(loop, set_true, &over);
    loop_timer_start(t, us);
    run_until(&over);
    loop_timer_free(t);
}

/* As the rpc server does: checks, asks when it is told to, and checks again. */
static enum auth_verdict resolve_text(const char *text)
{
    bool done = false;
    enum auth_verdict verdict = check_text(text);
    if (verdict != AUTH_ASK)
        return verdict;
    assert_int_equal(checker->ask(checker->ctx, text, strlen(text), set_true, &done), AM_OK);
    assert_false(done);
    run_until(&done);
    return check_text(text);
}

static enum auth_verdict resolve(const struct stored *s)
{
    return resolve_text(s->key.text);
}

static int64_t offset_us;

static void move_time(int64_t us)
{
    static uint64_t generation;
    offset_us += us;
    time_set_test(tsource, offset_us, ++generation);
}

static int setup(void **state)
{
    (void)state;
    const struct keyring_source source = {.ask = source_ask};
    source_reset();
    offset_us = 0;
    tsource = time_source_new();
    const int64_t mono = time_mono_us();
    time_sample(tsource, mono, mono, NOW_US);
    loop = loop_new(tsource);
    ring = keyring_new(tsource);
    checker = keyring_checker(ring);
    keyring_start(ring, loop, &source);
    arena_init(&arena, 65536);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    keyring_stop(ring);
    let_go();
    loop_free(loop);
    keyring_free(ring);
    time_source_free(tsource);
    arena_free(&arena);
    return 0;
}

/* -- what a key says --------------------------------------------------------------------------- */

static void test_a_key_says_who_calls(void **state)
{
    (void)state;
    const struct stored *s = store_key("demo", "crm");
    assert_int_equal(check(s), AUTH_ASK);
    assert_int_equal(resolve(s), AUTH_OK);
    assert_string_equal(got.tenant, "demo");
    assert_string_equal(got.principal, "crm");
    assert_int_equal(got.roles, ROLES);
    assert_true(got.until_us == INT64_MAX);
    assert_string_equal(got.credential, s->key.mark.id.text);
    assert_int_equal(check(s), AUTH_OK);
    assert_int_equal(asked[KEYRING_LOOKUP], 1);
}

static void refused(enum auth_verdict verdict, const char *because)
{
    assert_int_equal(verdict, AUTH_REFUSED);
    if (!strstr(why, because))
        fail_msg("\"%s\" does not say \"%s\"", why, because);
}

static void test_a_wrong_secret_is_refused(void **state)
{
    (void)state;
    const struct stored *s = store_key("demo", "crm");
    struct api_key other;
    api_key_make(&s->key.mark.id, &other);
    assert_int_equal(resolve(s), AUTH_OK);
    refused(check_text(other.text), "secret");
    assert_int_equal(asked[KEYRING_LOOKUP], 1);
}

static void test_what_is_no_key_is_never_asked_for(void **state)
{
    (void)state;
    struct stored *s = store_key("demo", "crm");
    refused(resolve_text("amends_"), "whole");
    s->key.text[40] = s->key.text[40] == 'x' ? 'y' : 'x';
    refused(resolve(s), "mistyped");
    assert_int_equal(asked[KEYRING_LOOKUP], 0);
}

static void test_an_id_that_there_is_not_is_asked_for_once(void **state)
{
    (void)state;
    const struct stored *s = store_key("demo", "crm");
    n_stored = 0;
    for (int i = 0; i < 100; i++)
        refused(resolve(s), "no key");
    assert_int_equal(asked[KEYRING_LOOKUP], 1);
}

/* -- the end of a key -------------------------------------------------------------------------- */

static void test_a_key_ends_by_domain_time(void **state)
{
    (void)state;
    struct stored *s = store_key("demo", "crm");
    s->record.ends_us = time_now_us(tsource) + HOUR_US;
    assert_int_equal(resolve(s), AUTH_OK);
    assert_true(llabs(got.until_us - (time_shared_us(tsource) + HOUR_US)) < US_PER_S);
    const struct auth_identity identity = {.credential = s->key.mark.id.text};
    assert_true(checker->alive(checker->ctx, &identity, 0));
    move_time(HOUR_US - US_PER_S);
    assert_int_equal(resolve(s), AUTH_OK);
    move_time(2 * US_PER_S);
    refused(check(s), "ended");
    assert_false(checker->alive(checker->ctx, &identity, 0));
}

/* Also for a stream that was opened with it. */
static void test_a_revocation_is_noticed_within_five_seconds(void **state)
{
    (void)state;
    struct stored *s = store_key("demo", "crm");
    assert_int_equal(resolve(s), AUTH_OK);
    const struct auth_identity identity = {.credential = s->key.mark.id.text};
    const int64_t began = time_mono_us();
    s->record.revoked = true;
    while (check(s) == AUTH_OK && time_mono_us() - began < 10 * US_PER_S)
        run_for(10 * US_PER_MS);
    print_message("noticed after %lld ms\n", (long long)((time_mono_us() - began) / US_PER_MS));
    refused(check(s), "revoked");
    assert_true(time_mono_us() - began < 5 * US_PER_S);
    assert_false(checker->alive(checker->ctx, &identity, 0));
}

/* The id of a new key follows from its request id, which its maker chooses: so an administrator can
 * have many ids that a hash known to everybody puts in one place. */
static void draw_chosen_id(struct api_key_id *id)
{
    static uint64_t tries;
    uint8_t digest[DIGEST_LEN] = {0};
    uint32_t h;
    do {
        for (size_t i = 0; i < 8; i++)
            digest[i] = (uint8_t)(tries >> 5 * i); /* a digit of the id each */
        tries++;
        api_key_derive_id(digest, id);
        h = 2166136261u;
        for (const char *p = id->text; *p; p++)
            h = (h ^ (uint8_t)*p) * 16777619u;
    } while (h % KEYRING_KEYS != 0);
}

/* The keys of others are read again all the same. */
static void test_chosen_ids_hold_up_no_revocation(void **state)
{
    (void)state;
    struct stored *other = store_key("demo", "crm");
    assert_int_equal(resolve(other), AUTH_OK);
    for (int i = 0; i < KEYRING_REFRESH_BATCH + 1; i++) {
        struct api_key_id id;
        draw_chosen_id(&id);
        assert_int_equal(resolve(store_key_of(&id, "evil", "eve")), AUTH_OK);
    }
    other->record.revoked = true;
    run_for(2 * KEYRING_REFRESH_US + US_PER_S / 2);
    refused(check(other), "revoked");
}

static void test_a_key_that_is_gone_is_none(void **state)
{
    (void)state;
    const struct stored *s = store_key("demo", "crm");
    assert_int_equal(resolve(s), AUTH_OK);
    n_stored = 0;
    run_for(KEYRING_REFRESH_US + 100 * US_PER_MS);
    refused(check(s), "no key");
}

/* -- the database is away ---------------------------------------------------------------------- */

static void test_known_keys_hold_for_a_minute(void **state)
{
    (void)state;
    const struct stored *s = store_key("demo", "crm"), *unknown = store_key("demo", "new");
    const struct auth_identity identity = {.credential = s->key.mark.id.text};
    assert_int_equal(resolve(s), AUTH_OK);
    away = true;
    assert_int_equal(resolve(unknown), AUTH_UNAVAILABLE);
    move_time(50 * US_PER_S);
    assert_int_equal(resolve(s), AUTH_OK);
    move_time(15 * US_PER_S);
    assert_int_equal(check(s), AUTH_ASK);
    assert_true(checker->alive(checker->ctx, &identity, 0)); /* nobody has asked yet */
    assert_int_equal(resolve(s), AUTH_UNAVAILABLE);
    assert_false(checker->alive(checker->ctx, &identity, 0));
    away = false;
    run_for(KEYRING_AWAY_US + 10 * US_PER_MS);
    assert_int_equal(resolve(s), AUTH_OK);
    assert_true(checker->alive(checker->ctx, &identity, 0));
    assert_int_equal(resolve(unknown), AUTH_OK);
}

static bool knows(const char *text)
{
    return checker->known(checker->ctx, text, strlen(text), 0);
}

/* What was good a while ago is no guess, though it is looked up again. */
static void test_a_key_that_was_good_is_known(void **state)
{
    (void)state;
    struct stored *s = store_key("demo", "crm");
    struct stored other;
    assert_false(knows(s->key.text));
    assert_int_equal(resolve(s), AUTH_OK);
    move_time(90 * US_PER_S);
    assert_int_equal(check(s), AUTH_ASK);
    assert_true(knows(s->key.text));
    api_key_make(&s->key.mark.id, &other.key); /* the same id, and another secret */
    assert_false(knows(other.key.text));
    s->record.revoked = true;
    refused(resolve(s), "revoked");
    assert_false(knows(s->key.text));
}

static void start_anew(void)
{
    const struct keyring_source source = {.ask = source_ask};
    keyring_stop(ring);
    keyring_free(ring);
    ring = keyring_new(tsource);
    checker = keyring_checker(ring);
    keyring_start(ring, loop, &source);
}

static void test_keys_used_lately_are_known_at_the_start(void **state)
{
    (void)state;
    struct stored *lately = store_key("demo", "crm"), *long_ago = store_key("demo", "old");
    lately->record.used_us = NOW_US - HOUR_US;
    long_ago->record.used_us = NOW_US - 3 * HOUR_US;
    start_anew();
    assert_int_equal(check(lately), AUTH_OK);
    assert_int_equal(check(long_ago), AUTH_ASK);
    away = true;
    start_anew();
    assert_int_equal(check(lately), AUTH_ASK);
    away = false;
    run_for(KEYRING_REFRESH_US + 100 * US_PER_MS);
    assert_int_equal(check(lately), AUTH_OK);
    assert_int_equal(asked[KEYRING_LOOKUP], 0);
}

/* A process that was stopped for long knows old things of a database that is there. */
static void test_after_a_jump_of_time_it_only_asks_again(void **state)
{
    (void)state;
    const struct stored *s = store_key("demo", "crm");
    assert_int_equal(resolve(s), AUTH_OK);
    move_time(365 * 24 * HOUR_US);
    assert_int_equal(check(s), AUTH_ASK);
    assert_int_equal(resolve(s), AUTH_OK);
    assert_int_equal(asked[KEYRING_LOOKUP], 2);
}

static void test_a_frozen_database_keeps_nobody(void **state)
{
    (void)state;
    const struct stored *s = store_key("demo", "crm");
    const int64_t began = time_mono_us();
    holds_back = true;
    assert_int_equal(resolve(s), AUTH_UNAVAILABLE);
    assert_true(time_mono_us() - began < 3 * US_PER_S);
    let_go();
    assert_int_equal(check(s), AUTH_OK);
}

/* -- many -------------------------------------------------------------------------------------- */

static void count_one(void *arg)
{
    ++*(unsigned *)arg;
}

/* While a look-up is under way the others wait for the next one; too many are refused. */
static void test_look_ups_go_in_batches(void **state)
{
    (void)state;
    unsigned answered = 0;
    const unsigned more = 10;
    for (unsigned i = 0; i < KEYRING_ASKS + more; i++) {
        const struct stored *s = store_key("demo", "crm");
        const int err =
            checker->ask(checker->ctx, s->key.text, API_KEY_CHARS, count_one, &answered);
        assert_int_equal(err, i < KEYRING_ASKS ? AM_OK : AM_EAGAIN);
    }
    run_for(50 * US_PER_MS);
    assert_int_equal(answered, KEYRING_ASKS);
    assert_int_equal(asked[KEYRING_LOOKUP], KEYRING_ASKS / KEYRING_LOOKUP_BATCH);
    assert_int_equal(largest[KEYRING_LOOKUP], KEYRING_LOOKUP_BATCH);
    assert_int_equal(check(&stored[0]), AUTH_OK);
    assert_int_equal(check(&stored[KEYRING_ASKS]), AUTH_ASK);
}

/* A pause follows a look-up that found nothing. */
static void test_invented_ids_are_looked_up_seldom(void **state)
{
    (void)state;
    unsigned answered = 0;
    const unsigned batches = 8;
    const int64_t began = time_mono_us();
    for (unsigned i = 0; i < batches * KEYRING_LOOKUP_BATCH; i++) {
        const struct stored *s = store_key("demo", "crm");
        assert_int_equal(
            checker->ask(checker->ctx, s->key.text, API_KEY_CHARS, count_one, &answered), AM_OK);
    }
    n_stored = 0;
    while (answered < batches * KEYRING_LOOKUP_BATCH)
        run_for(US_PER_MS);
    assert_int_equal(asked[KEYRING_LOOKUP], batches);
    assert_true(time_mono_us() - began >= (batches - 1) * KEYRING_PAUSE_US);
}

static void resolve_all(size_t from, size_t n)
{
    unsigned answered = 0, waiting = 0;
    for (size_t i = from; i < from + n; i++, waiting++) {
        if (checker->ask(checker->ctx, stored[i].key.text, API_KEY_CHARS, count_one, &answered)) {
            run_for(5 * US_PER_MS);
            i--;
            waiting--;
        }
    }
    while (answered < waiting)
        run_for(US_PER_MS);
}

/* The place of the key that was used longest ago goes to a new one; one in use stays. */
static void test_the_cache_is_bounded(void **state)
{
    (void)state;
    const size_t n = KEYRING_KEYS + 100;
    for (size_t i = 0; i < n; i++)
        (void)store_key("demo", "crm");
    resolve_all(0, KEYRING_KEYS);
    assert_int_equal(check(&stored[0]), AUTH_OK);
    resolve_all(KEYRING_KEYS, n - KEYRING_KEYS);
    assert_int_equal(check(&stored[0]), AUTH_OK);
    assert_int_equal(check(&stored[1]), AUTH_ASK);
    assert_int_equal(check(&stored[n - 1]), AUTH_OK);
}

/* Inventing ids pushes no key out. */
static void test_invented_ids_take_no_place(void **state)
{
    (void)state;
    const struct stored *s = store_key("demo", "crm");
    assert_int_equal(resolve(s), AUTH_OK);
    for (int i = 0; i < 300; i++) {
        struct stored invented;
        struct api_key_id id;
        api_key_draw_id(&id);
        api_key_make(&id, &invented.key);
        refused(resolve(&invented), "no key");
    }
    assert_int_equal(check(s), AUTH_OK);
}

/* -- uses -------------------------------------------------------------------------------------- */

static void test_a_use_is_stored_once_an_hour(void **state)
{
    (void)state;
    const struct stored *s = store_key("demo", "crm");
    assert_int_equal(resolve(s), AUTH_OK);
    run_for(KEYRING_REFRESH_US + 100 * US_PER_MS);
    assert_int_equal(n_noted, 1);
    assert_string_equal(noted[0].id.text, s->key.mark.id.text);
    assert_int_equal(noted[0].tenant_id, 7);
    assert_true(noted[0].hour_us % HOUR_US == 0 && noted[0].hour_us <= time_now_us(tsource));
    assert_int_equal(resolve(s), AUTH_OK);
    run_for(KEYRING_REFRESH_US + 100 * US_PER_MS);
    assert_int_equal(n_noted, 1);
    move_time(HOUR_US);
    assert_int_equal(resolve(s), AUTH_OK);
    run_for(KEYRING_REFRESH_US + 100 * US_PER_MS);
    assert_int_equal(n_noted, 2);
    assert_true(noted[1].hour_us == noted[0].hour_us + HOUR_US);
}

/* -- threads ----------------------------------------------------------------------------------- */

static _Atomic bool enough;

static void *check_on_and_on(void *arg)
{
    struct arena own;
    struct auth_identity identity;
    const char *because = NULL;
    unsigned *accepted = arg;
    arena_init(&own, 4096);
    for (size_t i = 0; !atomic_load(&enough); i++) {
        const char *text = stored[i % 50].key.text;
        arena_reset(&own);
        *accepted += checker->check(checker->ctx, text, API_KEY_CHARS, 0, &own, &identity,
                                    &because) == AUTH_OK;
    }
    arena_free(&own);
    return NULL;
}

/* Checks on other threads go on while keys are looked up, read again, revoked and let go of. */
static void test_checks_on_other_threads(void **state)
{
    (void)state;
    pthread_t threads[2];
    unsigned accepted[2] = {0, 0};
    for (int i = 0; i < 50; i++)
        (void)store_key("demo", "crm");
    resolve_all(0, 50);
    atomic_store(&enough, false);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, check_on_and_on, &accepted[i]), 0);
    for (int i = 0; i < 5; i++) {
        stored[i].record.revoked = true;
        stored[10 + i].record.principal = i % 2 ? "erp" : "crm";
        run_for(KEYRING_REFRESH_US / 5);
        resolve_all(10, 10);
    }
    run_for(KEYRING_REFRESH_US);
    atomic_store(&enough, true);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_true(accepted[0] > 1000 && accepted[1] > 1000);
    refused(check(&stored[0]), "revoked");
}

/* -- the end ----------------------------------------------------------------------------------- */

static void test_who_waits_is_answered_at_the_end(void **state)
{
    (void)state;
    const struct stored *s = store_key("demo", "crm");
    bool done = false;
    holds_back = true;
    assert_int_equal(checker->ask(checker->ctx, s->key.text, API_KEY_CHARS, set_true, &done),
                     AM_OK);
    run_for(US_PER_MS);
    keyring_stop(ring);
    assert_true(done);
    assert_int_equal(checker->ask(checker->ctx, s->key.text, API_KEY_CHARS, set_true, &done),
                     AM_EAGAIN);
}

/* -- figures ----------------------------------------------------------------------------------- */

static int64_t cpu_ns(void)
{
    struct timespec t;
    assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t), 0);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void test_what_a_check_costs(void **state)
{
    (void)state;
    const int n = 100000;
    const struct stored *s = store_key("demo", "crm");
    assert_int_equal(resolve(s), AUTH_OK);
    const int64_t began = cpu_ns();
    for (int i = 0; i < n; i++)
        (void)check(s);
    print_message("a check takes %lld ns\n", (long long)((cpu_ns() - began) / n));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_key_says_who_calls),
        TEST(test_a_wrong_secret_is_refused),
        TEST(test_what_is_no_key_is_never_asked_for),
        TEST(test_an_id_that_there_is_not_is_asked_for_once),
        TEST(test_a_key_ends_by_domain_time),
        TEST(test_a_revocation_is_noticed_within_five_seconds),
        TEST(test_chosen_ids_hold_up_no_revocation),
        TEST(test_a_key_that_is_gone_is_none),
        TEST(test_known_keys_hold_for_a_minute),
        TEST(test_a_key_that_was_good_is_known),
        TEST(test_keys_used_lately_are_known_at_the_start),
        TEST(test_after_a_jump_of_time_it_only_asks_again),
        TEST(test_a_frozen_database_keeps_nobody),
        TEST(test_look_ups_go_in_batches),
        TEST(test_invented_ids_are_looked_up_seldom),
        TEST(test_the_cache_is_bounded),
        TEST(test_invented_ids_take_no_place),
        TEST(test_a_use_is_stored_once_an_hour),
        TEST(test_checks_on_other_threads),
        TEST(test_who_waits_is_answered_at_the_end),
        TEST(test_what_a_check_costs),
    };
    stored = calloc(STORED_MAX, sizeof *stored);
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(stored);
    return failed;
}
