/* SPDX-License-Identifier: Apache-2.0 */

/* Answers on their way, and clients that have gone. */

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "peer.h"

static struct fixture f;
static struct peer p;

static int setup(void **state)
{
    const struct rpc_server_config config = {.limits = {.send_ms = 1}};
    (void)state;
    fixture_start(&f, &config);
    peer_connect(&p, &f);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_stop(&f);
    peer_close(&p);
    return 0;
}

/* -- on the loop's thread ---------------------------------------------------------------------- */

static int ended;

static void at_end(void *ctx)
{
    assert_non_null(rpc_call_request(ctx)); /* the arena is still there */
    ended++;
}

static void watch(void *ctx)
{
    (void)ctx;
    rpc_call_at_end(f.hold[0], at_end, f.hold[0]);
    rpc_call_watch(f.hold[0]);
    rpc_call_watch(f.hold[0]);
}

static void look(void *gone)
{
    *(bool *)gone = rpc_call_cancelled(f.hold[0]);
}

static bool has_gone(void)
{
    bool gone = false;
    fixture_on_loop(&f, look, &gone);
    return gone;
}

/* -- tests ------------------------------------------------------------------------------------- */

static void hold_one(struct peer_call *c)
{
    ended = 0;
    peer_call_init(c, &p, ECHO_PATH "Hold", 0);
    peer_principal(c);
    peer_send(c, slice_str(""));
    fixture_wait(&f.held, 1);
    fixture_on_loop(&f, watch, NULL);
}

static void a_client_that_goes_is_noticed(void **state)
{
    struct peer_call c;
    (void)state;
    hold_one(&c);
    assert_false(has_gone());
    peer_cancel(&c);
    for (int i = 0; i < 1000 && !has_gone(); i++)
        (void)usleep(5000);
    assert_true(has_gone());
    assert_int_equal(ended, 0);
    fixture_release(&f);
    assert_int_equal(ended, 1);
    peer_call_clear(&c);
}

static void a_client_that_waits_is_answered(void **state)
{
    struct peer_call c;
    (void)state;
    hold_one(&c);
    fixture_release(&f);
    assert_int_equal(peer_end(&c, NULL), GRPC_STATUS_OK);
    assert_int_equal(ended, 1);
    peer_call_clear(&c);
}

/* -- a client that gives no room --------------------------------------------------------------- */

enum { FRAME_DATA = 0, FRAME_HEADERS = 1, FRAME_RST_STREAM = 3, FRAME_SETTINGS = 4 };
enum { END_STREAM = 1, END_HEADERS = 4 };
#define FRAME_HEADER 9
#define FRAME_MOST 16384

static void put(int fd, const void *bytes, size_t n)
{
    assert_int_equal(write(fd, bytes, n), n);
}

static void put_frame(int fd, int type, int flags, int stream, const void *bytes, size_t n)
{
    const unsigned char head[FRAME_HEADER] = {(unsigned char)(n >> 16),
                                              (unsigned char)(n >> 8),
                                              (unsigned char)n,
                                              (unsigned char)type,
                                              (unsigned char)flags,
                                              0,
                                              0,
                                              (unsigned char)(stream >> 8),
                                              (unsigned char)stream};
    put(fd, head, sizeof(head));
    put(fd, bytes, n);
}

/* A header that is written out: no table, no Huffman. */
static size_t add_header(char *to, const char *name, const char *value)
{
    const size_t n = strlen(name), v = strlen(value);
    to[0] = 0;
    to[1] = (char)n;
    memcpy(to + 2, name, n);
    to[2 + n] = (char)v;
    memcpy(to + 3 + n, value, v);
    return 3 + n + v;
}

static void put_request(int fd, const char *path, size_t bytes)
{
    static char body[FRAME_MOST];
    char headers[512];
    size_t n = add_header(headers, ":method", "POST");
    n += add_header(headers + n, ":scheme", "http");
    n += add_header(headers + n, ":path", path);
    n += add_header(headers + n, ":authority", "test");
    n += add_header(headers + n, "te", "trailers");
    n += add_header(headers + n, "content-type", "application/grpc");
    n += add_header(headers + n, "amends-tenant", "acme");
    n += add_header(headers + n, "amends-principal", "me");
    put_frame(fd, FRAME_HEADERS, END_HEADERS, 1, headers, n);
    /* Message of gRPC: field 13 of EchoRequest, a blob, with a length of four bytes. */
    const size_t message = bytes + 5;
    const unsigned char prefix[10] = {0,
                                      0,
                                      (unsigned char)(message >> 16),
                                      (unsigned char)(message >> 8),
                                      (unsigned char)message,
                                      13 << 3 | 2,
                                      (unsigned char)(0x80 | (bytes & 0x7f)),
                                      (unsigned char)(0x80 | (bytes >> 7 & 0x7f)),
                                      (unsigned char)(0x80 | (bytes >> 14 & 0x7f)),
                                      (unsigned char)(bytes >> 21)};
    put_frame(fd, FRAME_DATA, 0, 1, prefix, sizeof(prefix));
    for (size_t left = bytes; left > 0;) {
        const size_t part = left < FRAME_MOST ? left : FRAME_MOST;
        left -= part;
        put_frame(fd, FRAME_DATA, left == 0 ? END_STREAM : 0, 1, body, part);
    }
}

/* Reads frames until one of the type comes; how many bytes of data came before it. */
static size_t read_until(int fd, int type)
{
    unsigned char head[FRAME_HEADER], body[FRAME_MOST];
    size_t data = 0;
    while (recv(fd, head, sizeof(head), MSG_WAITALL) == sizeof(head)) {
        const size_t n = (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];
        assert_true(n <= sizeof(body));
        assert_int_equal(n > 0 ? recv(fd, body, n, MSG_WAITALL) : 0, n);
        if (head[3] == type)
            return data;
        data += head[3] == FRAME_DATA ? n : 0;
    }
    fail_msg("the connection ended");
    return 0;
}

/* It never says that there is room for more than the 10,000 bytes of the beginning. */
static void an_answer_that_is_not_read_is_given_up(void **state)
{
    static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    static const unsigned char window[] = {0, 4, 0, 0, 10000 >> 8, 10000 & 0xff};
    int pair[2];
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(rpc_server_add_fd(f.server, pair[0]), 0);
    put(pair[1], preface, sizeof(preface) - 1);
    put_frame(pair[1], FRAME_SETTINGS, 0, 0, window, sizeof(window));
    put_request(pair[1], ECHO_PATH "Echo", 50000);
    assert_in_range(read_until(pair[1], FRAME_RST_STREAM), 9000, 10000);
    (void)close(pair[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_client_that_goes_is_noticed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_client_that_waits_is_answered, setup, teardown),
        cmocka_unit_test_setup_teardown(an_answer_that_is_not_read_is_given_up, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
