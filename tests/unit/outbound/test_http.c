/* SPDX-License-Identifier: Apache-2.0 */

/* What a receiver can do to us: be silent, lead elsewhere, talk without end, lie inside. */

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "../io/loop_fixture.h"
#include "base/time.h"
#include "outbound/http.h"

#define TIMEOUT_MS 700

/* -- a receiver: says `answer` to every connection, and is silent without one ------------------ */

struct server {
    int socket;
    uint16_t port;
    const char *answer;
    bool endless; /* the answer's end is repeated until nobody reads it */
    atomic_int connections;
    pthread_t thread;
};

static void talk(const struct server *s, int peer)
{
    static const char more[4096] = "";
    char request[4096];
    if (recv(peer, request, sizeof request, 0) <= 0 || !s->answer)
        return;
    (void)send(peer, s->answer, strlen(s->answer), MSG_NOSIGNAL);
    while (s->endless && send(peer, more, sizeof more, MSG_NOSIGNAL) > 0)
        ;
}

static void *serve(void *ctx)
{
    struct server *s = ctx;
    char byte;
    for (int peer; (peer = accept(s->socket, NULL, NULL)) >= 0; (void)close(peer)) {
        s->connections++;
        talk(s, peer);
        while (recv(peer, &byte, 1, 0) > 0)
            ;
    }
    return NULL;
}

static void server_start(struct server *s)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    s->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(s->socket, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(s->socket, 8), 0);
    assert_int_equal(getsockname(s->socket, (struct sockaddr *)&at, &len), 0);
    s->port = ntohs(at.sin_port);
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void server_stop(struct server *s)
{
    (void)shutdown(s->socket, SHUT_RDWR);
    assert_int_equal(pthread_join(s->thread, NULL), 0);
    (void)close(s->socket);
}

/* -- a request --------------------------------------------------------------------------------- */

static void ended(struct http_request *r)
{
    (void)r;
    loop_stop(loop);
}

static struct http_request ask(struct server *s, const char *networks)
{
    char url[64], why[REACH_WHY_BYTES];
    struct http_config config = {.loop = loop,
                                 .ca_file = "",
                                 .at_once = 4,
                                 .connect_timeout_ms = TIMEOUT_MS,
                                 .timeout_ms = TIMEOUT_MS};
    struct http_request r = {.url = url, .body = slice_str("{}"), .done = ended};
    assert_int_equal(reach_parse(networks, &config.reach, why), AM_OK);
    server_start(s);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/hook", (unsigned)s->port);
    struct http *h = http_new(&config);
    assert_true(http_send(h, &r));
    assert_int_equal(http_room(h), 3);
    loop_run(loop);
    assert_int_equal(http_room(h), 4);
    http_free(h);
    server_stop(s);
    r.url = NULL;
    return r;
}

/* -- the tests --------------------------------------------------------------------------------- */

static void a_silent_receiver_is_given_up_in_time(void **state)
{
    struct server s = {.answer = NULL};
    const int64_t began_us = time_mono_us();
    const struct http_request r = ask(&s, "127.0.0.0/8");
    const int64_t took_us = time_mono_us() - began_us;
    (void)state;
    assert_int_equal(r.end, HTTP_FAILED);
    assert_int_equal(r.status, 0);
    assert_non_null(strstr(r.text, "timed out"));
    assert_in_range(took_us, TIMEOUT_MS * US_PER_MS - US_PER_MS, 10 * TIMEOUT_MS * US_PER_MS);
}

static void a_redirect_is_an_answer_and_is_not_followed(void **state)
{
    struct server s = {.answer = "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n"
                                 "Content-Length: 5\r\nConnection: close\r\n\r\nthere"};
    const struct http_request r = ask(&s, "127.0.0.0/8");
    (void)state;
    assert_int_equal(r.end, HTTP_ANSWERED);
    assert_int_equal(r.status, 302);
    assert_int_equal(s.connections, 1);
}

static void an_answer_without_end_is_cut_off(void **state)
{
    char begun[300] = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
    struct server s = {.answer = begun, .endless = true};
    const size_t len = strlen(begun);
    memset(begun + len, 'x', sizeof begun - len - 1);
    const struct http_request r = ask(&s, "127.0.0.0/8");
    (void)state;
    assert_int_equal(r.end, HTTP_ANSWERED);
    assert_int_equal(r.status, 200);
    assert_int_equal(r.text[HTTP_TEXT_BYTES], 0);
    assert_int_equal(strlen(r.text), sizeof begun - len - 1);
}

static void an_address_inside_is_refused_before_a_connection(void **state)
{
    struct server s = {.answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"};
    const struct http_request r = ask(&s, "10.0.0.0/8");
    (void)state;
    assert_int_equal(r.end, HTTP_FORBIDDEN);
    assert_int_equal(r.status, 0);
    assert_int_equal(s.connections, 0);
}

static void what_the_receiver_asks_for_is_kept(void **state)
{
    struct server s = {.answer = "HTTP/1.1 503 Busy\r\nRetry-After: 120\r\nContent-Length: 5\r\n"
                                 "Connection: close\r\n\r\nlater"};
    const struct http_request r = ask(&s, "127.0.0.0/8");
    (void)state;
    assert_int_equal(r.status, 503);
    assert_int_equal(r.retry_after_us, 120 * US_PER_S);
    assert_string_equal(r.text, "later");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(a_silent_receiver_is_given_up_in_time),
        LOOP_TEST(a_redirect_is_an_answer_and_is_not_followed),
        LOOP_TEST(an_answer_without_end_is_cut_off),
        LOOP_TEST(an_address_inside_is_refused_before_a_connection),
        LOOP_TEST(what_the_receiver_asks_for_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
