/* SPDX-License-Identifier: Apache-2.0 */

/* Calls and streams with credentials, at a server with its threads. */

#include "peer.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth/failures.h"
#include "base/assert.h"
#include "base/list.h"
#include "contract/reasons.h"
#include "contract/roles.h"
#include "contract/words.h"

static struct fixture f;
static struct peer p;

/* -- a kind of credential: what the text says is what becomes of it ---------------------------- */

static _Atomic int asked;      /* how often */
static _Atomic bool found;     /* what was asked about is known now, and good */
static _Atomic bool revoked;   /* so it is not alive any more */
static _Atomic bool too_many;  /* asking is refused */
static _Atomic bool answering; /* asking is answered at once; else by answer_asked() */
static _Atomic int64_t ends_us;

struct question {
    struct loop_job job;
    void (*done)(void *arg);
    void *arg;
    struct question *next;
};

static struct question *questions; /* the loop's thread */

static bool says(const char *text, size_t len, const char *word)
{
    return len == strlen(word) && memcmp(text, word, len) == 0;
}

static bool takes(const void *ctx, const char *text, size_t len)
{
    (void)ctx;
    (void)text;
    return len > 0;
}

static enum auth_verdict check(void *ctx, const char *text, size_t len, int64_t now_us,
                               struct arena *arena, struct auth_identity *out, const char **why)
{
    (void)ctx;
    (void)now_us;
    *why = "unknown";
    if ((says(text, len, "new") || says(text, len, "old")) && !found)
        return AUTH_ASK;
    if (says(text, len, "never"))
        return AUTH_ASK;
    if (says(text, len, "wrong"))
        return AUTH_REFUSED;
    if (says(text, len, "stale"))
        return found ? AUTH_REFUSED : AUTH_ASK;
    *out = (struct auth_identity){
        .tenant = "acme",
        .principal = arena_strdup(arena, "crm"),
        .roles = ROLE_BIT(says(text, len, "observer") ? ROLE_OBSERVER : ROLE_AGENT),
        .until_us = ends_us,
        .credential = "k1"};
    return AUTH_OK;
}

static void answer_one(struct loop_job *job)
{
    struct question *q = CONTAINER_OF(job, struct question, job);
    found = true;
    q->done(q->arg);
    free(q);
}

static int ask(void *ctx, const char *text, size_t len, void (*done)(void *arg), void *arg)
{
    (void)ctx;
    (void)text;
    (void)len;
    asked++;
    if (too_many)
        return AM_EAGAIN;
    struct question *q = calloc(1, sizeof(*q));
    AM_ASSERT(q != NULL);
    *q = (struct question){.job.run = answer_one, .done = done, .arg = arg, .next = questions};
    if (answering)
        loop_post(f.loop, &q->job);
    else
        questions = q;
    return AM_OK;
}

static bool alive(void *ctx, const struct auth_identity *identity, int64_t now_us)
{
    (void)ctx;
    (void)now_us;
    AM_ASSERT(strcmp(identity->principal, "crm") == 0);
    return !revoked;
}

static bool known(void *ctx, const char *text, size_t len, int64_t now_us)
{
    (void)ctx;
    (void)now_us;
    return says(text, len, "known") || says(text, len, "old");
}

static struct auth_checker costly; /* with what a test makes of it */
static const struct auth_checker checker = {
    .name = "key", .takes = takes, .check = check, .ask = ask, .alive = alive, .known = known};

static void answer_all(void *ctx)
{
    (void)ctx;
    while (questions) {
        struct question *q = questions;
        questions = q->next;
        answer_one(&q->job);
    }
}

static void answer_asked(void)
{
    fixture_on_loop(&f, answer_all, NULL);
}

/* -- calls ------------------------------------------------------------------------------------- */

static int setup(void **state)
{
    static const struct rpc_server_config config = {.auth = RPC_AUTH_REQUIRED};
    (void)state;
    asked = 0;
    found = revoked = too_many = false;
    answering = true;
    ends_us = INT64_MAX;
    costly = checker;
    fixture_checker = &costly;
    fixture_start(&f, &config);
    peer_connect(&p, &f);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    answer_asked();
    fixture_stop(&f);
    peer_close(&p);
    return 0;
}

static void begin(struct peer_call *c, const char *method, const char *authorization,
                  int64_t timeout_ms)
{
    peer_call_init(c, &p, method, timeout_ms);
    if (authorization)
        peer_header(c, "authorization", authorization);
    peer_send(c, slice_str(""));
}

static int end(struct peer_call *c, struct fault *fault)
{
    fault_init(fault, &c->arena);
    return peer_end(c, fault);
}

static void expect(const char *authorization, int status, int reason, uint32_t retry_least)
{
    struct peer_call c;
    struct fault fault;
    begin(&c, ECHO_PATH "Echo", authorization, 10000);
    assert_int_equal(end(&c, &fault), status);
    assert_int_equal(fault.reason, reason);
    assert_true(fault.retry_ms >= retry_least);
    peer_call_clear(&c);
}

static void test_a_known_credential_calls(void **state)
{
    struct peer_call c;
    struct fault fault;
    (void)state;
    begin(&c, ECHO_PATH "Echo", "Bearer known", 10000);
    const Amends__Test__EchoResponse *r =
        (const void *)peer_read(&c, &amends__test__echo_response__descriptor);
    assert_int_equal(end(&c, &fault), GRPC_STATUS_OK);
    assert_string_equal(r->tenant, "acme");
    assert_string_equal(r->principal, "crm");
    assert_int_equal(asked, 0);
    peer_call_clear(&c);
}

static void test_what_is_not_good_reaches_no_handler(void **state)
{
    (void)state;
    expect(NULL, GRPC_STATUS_UNAUTHENTICATED, ERROR_REASON_CREDENTIAL_MISSING, 0);
    expect("Bearer wrong", GRPC_STATUS_UNAUTHENTICATED, ERROR_REASON_CREDENTIAL_REFUSED, 0);
    expect("Basic wrong", GRPC_STATUS_UNAUTHENTICATED, ERROR_REASON_CREDENTIAL_REFUSED, 0);
    expect("Bearer observer", GRPC_STATUS_PERMISSION_DENIED, ERROR_REASON_ROLE_MISSING, 0);
    assert_int_equal(f.handled, 0);
}

static void test_probes_need_no_credential(void **state)
{
    struct peer_call c;
    struct fault fault;
    (void)state;
    begin(&c, "/grpc.health.v1.Health/Check", NULL, 10000);
    assert_int_equal(end(&c, &fault), GRPC_STATUS_OK);
    peer_call_clear(&c);
}

/* -- asking ------------------------------------------------------------------------------------ */

static void test_a_new_credential_is_asked_about_once(void **state)
{
    (void)state;
    expect("Bearer new", GRPC_STATUS_OK, 0, 0);
    expect("Bearer new", GRPC_STATUS_OK, 0, 0);
    assert_int_equal(asked, 1);
}

static void test_what_stays_unknown_is_not_asked_about_for_ever(void **state)
{
    (void)state;
    expect("Bearer never", GRPC_STATUS_UNAVAILABLE, ERROR_REASON_CREDENTIAL_UNCHECKED, 0);
    assert_in_range(asked, 1, 5);
    expect("Bearer stale", GRPC_STATUS_UNAUTHENTICATED, ERROR_REASON_CREDENTIAL_REFUSED, 0);
}

static void test_too_many_questions_are_told_to_wait(void **state)
{
    (void)state;
    too_many = true;
    expect("Bearer new", GRPC_STATUS_RESOURCE_EXHAUSTED, ERROR_REASON_OVERLOADED, 1);
}

/* A client that waits no longer is answered by its own library; the call is let go of when its
 * checker has answered, and the server can end. */
static void test_a_deadline_passes_while_asking(void **state)
{
    struct peer_call c;
    struct fault fault;
    (void)state;
    answering = false;
    begin(&c, ECHO_PATH "Echo", "Bearer new", 1500);
    assert_int_equal(end(&c, &fault), GRPC_STATUS_DEADLINE_EXCEEDED);
    peer_call_clear(&c);
    begin(&c, ECHO_PATH "Echo", "Bearer known", 5000);
    assert_int_equal(end(&c, &fault), GRPC_STATUS_OK);
    peer_call_clear(&c);
    (void)usleep(200000); /* the server's deadline is a little later than the client's */
    answer_asked();
    assert_int_equal(f.handled, 1);
}

#define WAITING 8
#define MANY 64

static void test_calls_wait_beside_each_other(void **state)
{
    struct peer_call c[WAITING];
    struct fault fault;
    (void)state;
    answering = false;
    for (int i = 0; i < WAITING; i++)
        begin(&c[i], ECHO_PATH "Echo", "Bearer new", 10000);
    fixture_wait(&asked, WAITING);
    assert_int_equal(f.handled, 0);
    answer_asked();
    for (int i = 0; i < WAITING; i++) {
        assert_int_equal(end(&c[i], &fault), GRPC_STATUS_OK);
        peer_call_clear(&c[i]);
    }
}

/* A client that goes while its credential is looked up leaves nothing behind. */
static void test_a_client_goes_while_asking(void **state)
{
    struct peer_call c;
    struct fault fault;
    (void)state;
    answering = false;
    begin(&c, ECHO_PATH "Watch", "Bearer new", 10000);
    fixture_wait(&asked, 1);
    peer_cancel(&c);
    assert_int_equal(end(&c, &fault), GRPC_STATUS_CANCELLED);
    peer_call_clear(&c);
    answer_asked();
}

/* -- slowing down ------------------------------------------------------------------------------ */

static void bring_bad_ones(const char *authorization, int n)
{
    for (int i = 0; i < n; i++)
        expect(authorization, GRPC_STATUS_UNAUTHENTICATED, ERROR_REASON_CREDENTIAL_REFUSED, 0);
}

/* Bad ones alone hold nobody up; nor do many that wait, but where bad ones come from. */
static void test_many_bad_ones_are_slowed_down_and_known_ones_are_not(void **state)
{
    static struct peer_call c[MANY];
    struct fault fault;
    (void)state;
    bring_bad_ones("Bearer wrong", 2 * FAILURES_BURST);
    expect("Bearer wrong", GRPC_STATUS_UNAUTHENTICATED, ERROR_REASON_CREDENTIAL_REFUSED, 1);
    expect("Bearer new", GRPC_STATUS_OK, 0, 0);
    found = false;
    answering = false;
    asked = 0;
    for (int i = 0; i < MANY; i++)
        begin(&c[i], ECHO_PATH "Echo", "Bearer new", 20000);
    fixture_wait(&asked, MANY);
    bring_bad_ones("Bearer wrong", 2 * FAILURES_BURST);
    expect("Bearer new", GRPC_STATUS_RESOURCE_EXHAUSTED, ERROR_REASON_CREDENTIALS_TOO_MANY, 1);
    assert_int_equal(asked, MANY);
    expect("Bearer known", GRPC_STATUS_OK, 0, 0);
    answering = true;
    expect("Bearer old", GRPC_STATUS_OK, 0, 0); /* was good before, and is asked about */
    answer_asked();
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(end(&c[i], &fault), GRPC_STATUS_OK);
        peer_call_clear(&c[i]);
    }
}

/* Of a kind whose check takes long, bad ones are looked at a few hundred times a second. */
static void test_bad_ones_that_cost_much_are_put_off(void **state)
{
    struct peer_call c;
    struct fault fault;
    int looked_at = 0, put_off = 0;
    (void)state;
    costly.costs = true;
    for (int i = 0; i < 20 * FAILURES_COSTLY_A_SECOND && put_off == 0; i++) {
        begin(&c, ECHO_PATH "Echo", "Bearer wrong", 10000);
        const int status = end(&c, &fault);
        looked_at += status == GRPC_STATUS_UNAUTHENTICATED;
        put_off += status == GRPC_STATUS_RESOURCE_EXHAUSTED &&
                   fault.reason == ERROR_REASON_CREDENTIALS_TOO_MANY && fault.retry_ms > 0;
        peer_call_clear(&c);
    }
    assert_true(looked_at >= FAILURES_COSTLY_A_SECOND && put_off > 0);
    expect("Bearer known", GRPC_STATUS_OK, 0, 0);
}

/* -- streams ----------------------------------------------------------------------------------- */

static void open_stream(struct peer_call *c)
{
    begin(c, ECHO_PATH "Watch", "Bearer known", 0);
    fixture_wait(&f.opened, 1);
}

static void expect_farewell(struct peer_call *c, int64_t most_us)
{
    struct fault fault;
    const int64_t began_us = time_mono_us();
    assert_int_equal(end(c, &fault), GRPC_STATUS_UNAUTHENTICATED);
    assert_int_equal(fault.reason, ERROR_REASON_CREDENTIAL_ENDED);
    assert_in_range(time_mono_us() - began_us, 0, most_us);
    peer_call_clear(c);
    fixture_wait(&f.closed, 1);
}

static void test_a_stream_ends_when_its_credential_is_revoked(void **state)
{
    struct peer_call c;
    (void)state;
    open_stream(&c);
    revoked = true;
    expect_farewell(&c, 5 * US_PER_S);
}

static void test_a_stream_ends_with_its_credential(void **state)
{
    struct peer_call c;
    (void)state;
    ends_us = time_now_us(f.time) + US_PER_S;
    open_stream(&c);
    expect_farewell(&c, 5 * US_PER_S);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_known_credential_calls),
        TEST(test_what_is_not_good_reaches_no_handler),
        TEST(test_probes_need_no_credential),
        TEST(test_a_new_credential_is_asked_about_once),
        TEST(test_what_stays_unknown_is_not_asked_about_for_ever),
        TEST(test_too_many_questions_are_told_to_wait),
        TEST(test_a_deadline_passes_while_asking),
        TEST(test_calls_wait_beside_each_other),
        TEST(test_a_client_goes_while_asking),
        TEST(test_many_bad_ones_are_slowed_down_and_known_ones_are_not),
        TEST(test_bad_ones_that_cost_much_are_put_off),
        TEST(test_a_stream_ends_when_its_credential_is_revoked),
        TEST(test_a_stream_ends_with_its_credential),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
