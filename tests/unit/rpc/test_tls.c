/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "io/tls_files.h"
#include "maker.h"
#include "rpc/caller/tls_peer.h"

/* A server with TLS, and clients with and without certificates. */

static char folder[] = "/tmp/amends-tls-XXXXXX";
static struct maker ours, others;
static struct fixture f;
static struct tls_files *files;
static struct time_source *files_time;
static struct loop *files_loop; /* nothing changes in these tests: it does not run */
static struct arena arena;
static char paths[6][64];

enum { CERT, KEY, CA, CLIENT_CERT, CLIENT_KEY, OTHER_CA };

static int group_setup(void **state)
{
    static const char *const names[] = {"cert", "key", "ca", "client-cert", "client-key", "other"};
    const struct maker_order server = {.san = "DNS:localhost,IP:127.0.0.1"};
    const struct maker_order client = {
        .san = "DNS:crm.example,URI:spiffe://example/crm,email:crm@example,IP:10.0.0.7"};
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    for (size_t i = 0; i < 6; i++)
        (void)snprintf(paths[i], sizeof(paths[i]), "%s/%s", folder, names[i]);
    maker_init(&ours);
    maker_init(&others);
    maker_write_ca(&ours, paths[CA]);
    maker_write_ca(&others, paths[OTHER_CA]);
    maker_write(&ours, &server, paths[CERT], paths[KEY]);
    maker_write(&ours, &client, paths[CLIENT_CERT], paths[CLIENT_KEY]);
    return 0;
}

static int group_teardown(void **state)
{
    char command[64];
    (void)state;
    maker_free(&ours);
    maker_free(&others);
    (void)snprintf(command, sizeof(command), "rm -r %s", folder);
    return system(command); /* NOLINT(cert-env33-c): a constant but for the folder's own name */
}

static void start(const char *listen, const char *tls_listen, enum rpc_client_cert ask)
{
    const struct tls_paths server = {paths[CERT], paths[KEY], ask ? paths[CA] : NULL};
    files_time = time_source_new();
    files_loop = loop_new(files_time);
    assert_int_equal(tls_files_new(files_loop, TLS_USE_SERVER, &server, &files), AM_OK);
    const struct rpc_server_config config = {
        .listen = listen, .tls_listen = tls_listen, .tls = files, .client_cert = ask};
    fixture_start(&f, &config);
    arena_init(&arena, 1 << 20);
}

static int teardown(void **state)
{
    (void)state;
    fixture_stop(&f);
    tls_files_free(files);
    loop_free(files_loop);
    time_source_free(files_time);
    arena_free(&arena);
    return 0;
}

/* One call of a client with these files, all of them NULL for plaintext. */
static enum fault_code call(int port, const char *ca, const char *cert, const char *key,
                            const char *name, const Amends__Test__EchoResponse **reply)
{
    char target[32], why[TLS_WHY_BYTES];
    struct tls_text text;
    struct rpc_sync_result result;
    const struct tls_paths client = {cert, key, ca};
    const struct rpc_sync_tls tls = {&text, name};
    const Amends__Test__EchoRequest request = AMENDS__TEST__ECHO_REQUEST__INIT;
    assert_int_equal(tls_text_read(&client, &text, why), AM_OK);
    (void)snprintf(target, sizeof(target), "127.0.0.1:%d", port);
    struct rpc_sync *c = rpc_sync_new(target, ca ? &tls : NULL);
    tls_text_free(&text);
    int err = rpc_sync_call(c, &amends__test__echo_service__descriptor, echo_method("Echo"),
                            &echo_principal, &request.base, 3000, &arena, &result);
    assert_int_equal(err, 0);
    rpc_sync_free(c);
    *reply = (const void *)result.reply;
    return result.code;
}

static void encrypted(void **state)
{
    const Amends__Test__EchoResponse *reply;
    (void)state;
    start("127.0.0.1:0", NULL, RPC_CLIENT_CERT_NONE);
    assert_int_equal(call(rpc_server_port(f.server), paths[CA], NULL, NULL, NULL, &reply),
                     FAULT_OK);
    assert_int_equal(reply->n_peer, 1);
    assert_string_equal(reply->peer[0], "secure");
}

/* A certificate that nobody asked for is not sent. */
static void not_asked(void **state)
{
    const Amends__Test__EchoResponse *reply;
    (void)state;
    start("127.0.0.1:0", NULL, RPC_CLIENT_CERT_NONE);
    assert_int_equal(call(rpc_server_port(f.server), paths[CA], paths[CLIENT_CERT],
                          paths[CLIENT_KEY], NULL, &reply),
                     FAULT_OK);
    assert_int_equal(reply->n_peer, 1);
}

static void names_of_a_client(void **state)
{
    static const char *const names[] = {"secure", "dns crm.example", "uri spiffe://example/crm",
                                        "email crm@example", "ip 10.0.0.7"};
    const Amends__Test__EchoResponse *reply;
    (void)state;
    start("127.0.0.1:0", NULL, RPC_CLIENT_CERT_REQUIRED);
    assert_int_equal(call(rpc_server_port(f.server), paths[CA], paths[CLIENT_CERT],
                          paths[CLIENT_KEY], NULL, &reply),
                     FAULT_OK);
    assert_int_equal(reply->n_peer, 5);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(reply->peer[i], names[i]);
}

static void without_a_certificate(void **state)
{
    const Amends__Test__EchoResponse *reply;
    (void)state;
    start("127.0.0.1:0", NULL, RPC_CLIENT_CERT_REQUIRED);
    assert_int_equal(call(rpc_server_port(f.server), paths[CA], NULL, NULL, NULL, &reply),
                     FAULT_UNAVAILABLE);
    assert_int_equal(f.handled, 0);
}

static void asked_only(void **state)
{
    const Amends__Test__EchoResponse *reply;
    (void)state;
    start("127.0.0.1:0", NULL, RPC_CLIENT_CERT_ASKED);
    assert_int_equal(call(rpc_server_port(f.server), paths[CA], NULL, NULL, NULL, &reply),
                     FAULT_OK);
    assert_int_equal(reply->n_peer, 1);
    assert_int_equal(call(rpc_server_port(f.server), paths[CA], paths[CLIENT_CERT],
                          paths[CLIENT_KEY], NULL, &reply),
                     FAULT_OK);
    assert_int_equal(reply->n_peer, 5);
}

/* Also where a certificate is only asked for, one that is shown has to be good. */
static void of_another_authority(void **state)
{
    const struct maker_order client = {.san = "DNS:crm.example"};
    const Amends__Test__EchoResponse *reply;
    char cert[64], key[64];
    (void)state;
    (void)snprintf(cert, sizeof(cert), "%s/stranger", folder);
    (void)snprintf(key, sizeof(key), "%s/stranger-key", folder);
    maker_write(&others, &client, cert, key);
    start("127.0.0.1:0", NULL, RPC_CLIENT_CERT_ASKED);
    assert_int_equal(call(rpc_server_port(f.server), paths[CA], cert, key, NULL, &reply),
                     FAULT_UNAVAILABLE);
}

static void a_client_checks_the_server(void **state)
{
    const Amends__Test__EchoResponse *reply;
    (void)state;
    start("127.0.0.1:0", NULL, RPC_CLIENT_CERT_NONE);
    const int port = rpc_server_port(f.server);
    assert_int_equal(call(port, paths[OTHER_CA], NULL, NULL, NULL, &reply), FAULT_UNAVAILABLE);
    assert_int_equal(call(port, paths[CA], NULL, NULL, "amends.example", &reply),
                     FAULT_UNAVAILABLE);
    assert_int_equal(call(port, paths[CA], NULL, NULL, "localhost", &reply), FAULT_OK);
    assert_int_equal(call(port, NULL, NULL, NULL, NULL, &reply), FAULT_UNAVAILABLE);
}

static void two_ports(void **state)
{
    const Amends__Test__EchoResponse *reply;
    (void)state;
    start("127.0.0.1:0", "127.0.0.1:0", RPC_CLIENT_CERT_NONE);
    const int plain = rpc_server_port(f.server), tls = rpc_server_tls_port(f.server);
    assert_int_equal(call(plain, NULL, NULL, NULL, NULL, &reply), FAULT_OK);
    assert_int_equal(reply->n_peer, 0);
    assert_int_equal(call(tls, paths[CA], NULL, NULL, NULL, &reply), FAULT_OK);
    assert_int_equal(reply->n_peer, 1);
    assert_int_equal(call(plain, paths[CA], NULL, NULL, NULL, &reply), FAULT_UNAVAILABLE);
    assert_int_equal(call(tls, NULL, NULL, NULL, NULL, &reply), FAULT_UNAVAILABLE);
}

static void tls_alone(void **state)
{
    const Amends__Test__EchoResponse *reply;
    (void)state;
    start("", "127.0.0.1:0", RPC_CLIENT_CERT_NONE);
    assert_int_equal(rpc_server_port(f.server), 0);
    assert_int_equal(call(rpc_server_tls_port(f.server), paths[CA], NULL, NULL, NULL, &reply),
                     FAULT_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(encrypted, teardown),
        cmocka_unit_test_teardown(not_asked, teardown),
        cmocka_unit_test_teardown(names_of_a_client, teardown),
        cmocka_unit_test_teardown(without_a_certificate, teardown),
        cmocka_unit_test_teardown(asked_only, teardown),
        cmocka_unit_test_teardown(of_another_authority, teardown),
        cmocka_unit_test_teardown(a_client_checks_the_server, teardown),
        cmocka_unit_test_teardown(two_ports, teardown),
        cmocka_unit_test_teardown(tls_alone, teardown),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
