/* SPDX-License-Identifier: Apache-2.0 */

/* A name whose server does not answer holds up nobody but its own request. */

#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../io/loop_fixture.h"
#include "base/time.h"
#include "outbound/http.h"

#define NAME_S 4 /* the answer about the name takes so long */
#define CONNECT_MS 200

/* Takes the place of the C library's. */
/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **res)
{
    (void)node;
    (void)service;
    (void)hints;
    (void)res;
    (void)sleep(NAME_S);
    return EAI_AGAIN;
}

static void ended(struct http_request *r)
{
    *(int64_t *)r->ctx = time_mono_us();
    loop_stop(loop);
}

static void a_name_that_is_not_found_in_time_is_left(void **state)
{
    const struct http_config config = {
        .loop = loop,
        .ca_file = "",
        .reach = {.n = 1, .nets = {{.bits = 0}}},
        .at_once = 4,
        .connect_timeout_ms = CONNECT_MS,
        .timeout_ms = 10 * CONNECT_MS,
    };
    int64_t ended_us = 0;
    struct http_request r = {.url = "http://slow.example/", .body = slice_str("{}"), .done = ended};
    struct http *h = http_new(&config);
    const int64_t began_us = time_mono_us();
    (void)state;
    r.ctx = &ended_us;
    assert_true(http_send(h, &r));
    loop_run(loop);
    assert_int_equal(r.end, HTTP_FAILED);
    assert_in_range(ended_us - began_us, 0, (NAME_S - 2) * US_PER_S);
    http_free(h);
    /* The thread that asks for the name ends by itself. */
    (void)sleep(NAME_S);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(a_name_that_is_not_found_in_time_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
