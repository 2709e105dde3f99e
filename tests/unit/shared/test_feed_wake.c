/* SPDX-License-Identifier: Apache-2.0 */

/* Who reads a feed hears of new events: in the same process at once, in others through Redis. */

#include "shared/feed_wake.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>

#include "base/time.h"

#define TENANT 4611686018427387905

struct process {
    struct feed_wake *wake;
    struct feed_listener listener;
    struct loop *loop;
    bool ends; /* the loop ends when it is woken */
    unsigned woken;
    int64_t tenant_id;
};

static void woken(struct feed_listener *l, int64_t tenant_id)
{
    struct process *p = CONTAINER_OF(l, struct process, listener);
    p->woken++;
    p->tenant_id = tenant_id;
    if (p->ends)
        loop_stop(p->loop);
}

static void start(struct process *p, struct loop *loop, const char *url, bool ends)
{
    const struct feed_wake_config config = {.redis_url = url};
    *p = (struct process){.loop = loop, .ends = ends, .listener.woken = woken};
    assert_int_equal(feed_wake_new(loop, &config, &p->wake), AM_OK);
    feed_wake_listen(p->wake, &p->listener);
}

/* Commits again and again, because both have to connect first. */
struct commits {
    struct loop *loop;
    struct loop_timer *timer;
    struct feed_wake *wake;
    int left;
};

static void commit(void *ctx)
{
    struct commits *c = ctx;
    const int64_t tenants[] = {TENANT, TENANT};
    if (c->left-- == 0) {
        loop_stop(c->loop);
        return;
    }
    feed_wake_committed(c->wake, tenants, 2);
    loop_timer_start(c->timer, 20 * US_PER_MS);
}

/* Until the loop is stopped by who was woken, or nobody was. */
static void run(struct loop *loop, struct feed_wake *wake)
{
    struct commits c = {.loop = loop, .wake = wake, .left = 500};
    c.timer = loop_timer_new(loop, commit, &c);
    commit(&c);
    loop_run(loop);
    loop_timer_free(c.timer);
}

static void in_one_process(void **state)
{
    struct time_source *time = time_source_new();
    struct loop *loop = loop_new(time);
    struct process p;
    (void)state;
    start(&p, loop, NULL, true);
    run(loop, p.wake);
    assert_int_equal(p.woken, 1); /* for several commits of a moment */
    assert_int_equal(p.tenant_id, TENANT);
    feed_wake_free(p.wake);
    loop_free(loop);
    time_source_free(time);
}

static void in_another_process(void **state)
{
    struct time_source *time = time_source_new();
    struct loop *loop = loop_new(time);
    struct process a, b;
    (void)state;
    start(&a, loop, getenv("AMENDS_TEST_REDIS"), false);
    start(&b, loop, getenv("AMENDS_TEST_REDIS"), true);
    run(loop, a.wake);
    assert_int_equal(b.woken, 1);
    assert_int_equal(b.tenant_id, TENANT);
    feed_wake_free(a.wake);
    feed_wake_free(b.wake);
    loop_free(loop);
    time_source_free(time);
}

static void without_anybody(void **state)
{
    const int64_t tenant = TENANT;
    struct process p = {.listener.woken = woken};
    (void)state;
    feed_wake_listen(NULL, &p.listener);
    feed_wake_committed(NULL, &tenant, 1);
    feed_wake_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_one_process),
        cmocka_unit_test(in_another_process),
        cmocka_unit_test(without_anybody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
