/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many unary echo calls a second one connection carries, and what one costs the server:
 *
 *   rpc_load serve PORT             the server, until it gets a line on standard input
 *   rpc_load load PORT SECONDS N    N calls in flight on one connection
 *
 * Two processes, so that the server's CPU time is its own.
 */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <grpc/grpc.h>
#include <grpc/grpc_security.h>

#include "base/assert.h"
#include "rpc/outgoing.h"

#define IN_FLIGHT_MAX 4096

static double cpu_us(void)
{
    struct rusage u;
    AM_ASSERT(getrusage(RUSAGE_SELF, &u) == 0);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static int serve(const char *port)
{
    static struct fixture f;
    char listen[64], line[16];
    (void)snprintf(listen, sizeof(listen), "127.0.0.1:%s", port);
    const struct rpc_server_config config = {.listen = listen};
    fixture_start(&f, &config);
    (void)!fgets(line, sizeof(line), stdin);
    printf("calls %d, cpu %.1f us a call\n", f.handled, cpu_us() / (f.handled ? f.handled : 1));
    fixture_stop(&f);
    return 0;
}

static void start(struct outgoing *o, grpc_channel *channel, grpc_completion_queue *cq)
{
    Amends__Test__EchoRequest request = AMENDS__TEST__ECHO_REQUEST__INIT;
    static char text[] = "a text of the length that a description has";
    grpc_op ops[OUTGOING_OPS_MAX];
    size_t n = 0;
    request.text = text;
    request.number = 7;
    AM_ASSERT(outgoing_init(o, channel, cq, &amends__test__echo_service__descriptor, 0,
                            &echo_principal, &request.base, 10000) == 0);
    memset(ops, 0, sizeof(ops));
    n += outgoing_send_ops(o, &ops[n]);
    n += outgoing_header_op(o, &ops[n]);
    n += outgoing_message_op(o, &ops[n]);
    n += outgoing_status_op(o, &ops[n]);
    AM_ASSERT(grpc_call_start_batch(o->call, ops, n, o, NULL) == GRPC_CALL_OK);
}

static long pump(grpc_channel *channel, grpc_completion_queue *cq, int64_t until, int in_flight)
{
    static struct outgoing calls[IN_FLIGHT_MAX];
    long done = 0;
    for (int i = 0; i < in_flight; i++)
        start(&calls[i], channel, cq);
    for (int open = in_flight; open > 0;) {
        grpc_event e = grpc_completion_queue_next(cq, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
        struct outgoing *o = e.tag;
        AM_ASSERT(o->status == GRPC_STATUS_OK);
        outgoing_clear(o);
        done++;
        if (time_mono_us() < until)
            start(o, channel, cq);
        else
            open--;
    }
    return done;
}

static int load(const char *port, int seconds, int in_flight)
{
    char target[64];
    (void)snprintf(target, sizeof(target), "127.0.0.1:%s", port);
    grpc_init();
    grpc_channel_credentials *creds = grpc_insecure_credentials_create();
    grpc_channel *channel = grpc_channel_create(target, creds, NULL);
    grpc_completion_queue *cq = grpc_completion_queue_create_for_next(NULL);
    int64_t begin = time_mono_us();
    long done = pump(channel, cq, begin + seconds * US_PER_S, in_flight);
    double took_s = (double)(time_mono_us() - begin) / 1e6;
    printf("%ld calls in %.2f s: %.0f calls/s, client cpu %.1f us a call\n", done, took_s,
           (double)done / took_s, cpu_us() / (double)done);
    grpc_channel_destroy(channel);
    grpc_channel_credentials_release(creds);
    grpc_completion_queue_shutdown(cq);
    (void)grpc_completion_queue_next(cq, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
    grpc_completion_queue_destroy(cq);
    grpc_shutdown();
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "serve") == 0)
        return serve(argv[2]);
    if (argc == 5 && strcmp(argv[1], "load") == 0) {
        long seconds = strtol(argv[3], NULL, 10), in_flight = strtol(argv[4], NULL, 10);
        if (seconds > 0 && seconds < 3600 && in_flight > 0 && in_flight <= IN_FLIGHT_MAX)
            return load(argv[2], (int)seconds, (int)in_flight);
    }
    (void)fprintf(stderr, "rpc_load serve PORT | load PORT SECONDS IN_FLIGHT\n");
    return 2;
}
