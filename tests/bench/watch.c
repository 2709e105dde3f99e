/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the feed. A thread a stream; when all have had what they wait for, or the time is over, one
 * JSON object is printed. Exit code 1 when a stream ended with an error.
 *
 *   amends-watch --streams 1 --position EARLIEST --events 1000000     how long that takes
 *   amends-watch --streams 10 --filtered 9 --code delivery --log FILE
 *       one of all and nine of that branch, until a line comes on standard input; when each
 *       transaction came to each stream is written into the file: transaction, microseconds since
 *       1970
 */

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "amends/v1/feed_service.pb-c.h"
#include "base/assert.h"
#include "base/options.h"
#include "base/time.h"
#include "rpc/client.h"

#define STREAMS_MAX 256
#define ARENA_BYTES (64u << 20)
#define WATCH_EVENTS 0

struct options {
    const char *intake, *tenant, *position, *code, *log;
    int64_t streams, filtered, events;
};

struct arrival {
    int64_t transaction, at_us;
};

struct stream {
    pthread_t thread;
    const struct options *o;
    unsigned number;
    _Atomic int64_t events;
    bool open, failed;
    int64_t first_us, last_us;
    struct arrival *arrivals;
    size_t n, cap;
};

static atomic_bool over;
static _Atomic int ready;
static struct stream streams[STREAMS_MAX];

static int64_t wall_us(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec * US_PER_S + t.tv_nsec / 1000;
}

static void note_arrival(struct stream *s, int64_t transaction, int64_t at_us)
{
    if (s->n > 0 && s->arrivals[s->n - 1].transaction == transaction)
        return;
    if (s->n == s->cap) {
        s->cap = s->cap ? 2 * s->cap : 4096;
        s->arrivals = reallocarray(s->arrivals, s->cap, sizeof *s->arrivals);
        AM_ASSERT(s->arrivals != NULL);
    }
    s->arrivals[s->n++] = (struct arrival){transaction, at_us};
}

static bool take(void *ctx, const ProtobufCMessage *message)
{
    const Amends__V1__WatchEventsResponse *r = (const Amends__V1__WatchEventsResponse *)message;
    struct stream *s = ctx;
    const int64_t now_us = wall_us();
    if (!s->open)
        atomic_fetch_add(&ready, 1);
    s->open = true;
    for (size_t i = 0; *s->o->log && i < r->n_events; i++)
        note_arrival(s, r->events[i]->transaction, now_us);
    if (r->n_events > 0 && s->first_us == 0)
        s->first_us = now_us;
    s->last_us = now_us;
    s->events += (int64_t)r->n_events;
    return !atomic_load(&over) && (s->o->events == 0 || s->events < s->o->events);
}

static void *run(void *ctx)
{
    struct stream *s = ctx;
    char id[32], position[128], code[128];
    struct arena arena;
    struct rpc_sync_result result = {0};
    const struct rpc_principal as = {.tenant = s->o->tenant, .id = id};
    Amends__V1__WatchEventsRequest request = AMENDS__V1__WATCH_EVENTS_REQUEST__INIT;
    Amends__V1__EventFilter filter = AMENDS__V1__EVENT_FILTER__INIT;
    char *codes[] = {code};
    (void)snprintf(id, sizeof id, "watch-%d-%u", (int)getpid(), s->number / 4);
    (void)snprintf(position, sizeof position, "%s", s->o->position);
    (void)snprintf(code, sizeof code, "%s", s->o->code);
    filter.n_failure_codes = 1;
    filter.failure_codes = codes;
    request.position = position;
    request.heartbeat_seconds = 5;
    if (s->number < s->o->filtered)
        request.filter = &filter;
    arena_init(&arena, ARENA_BYTES);
    struct rpc_sync *client = rpc_sync_new(s->o->intake, NULL);
    const int err = rpc_sync_stream(client, &amends__v1__feed_service__descriptor, WATCH_EVENTS,
                                    &as, &request.base, 0, take, s, &arena, &result);
    s->failed = err || result.code != FAULT_OK;
    if (s->failed)
        (void)fprintf(stderr, "a stream ended: %s\n", result.message ? result.message : "");
    rpc_sync_free(client);
    arena_free(&arena);
    return NULL;
}

static void write_log(const struct options *o)
{
    FILE *out = fopen(o->log, "we");
    AM_ASSERT(out != NULL);
    for (int64_t i = 0; i < o->streams; i++)
        for (size_t k = 0; k < streams[i].n; k++)
            (void)fprintf(out, "%" PRId64 " %" PRId64 "\n", streams[i].arrivals[k].transaction,
                          streams[i].arrivals[k].at_us);
    AM_ASSERT(fclose(out) == 0);
}

static int parse(struct options *o, int argc, char **argv)
{
    const struct option_spec table[] = {
        {"intake", OPTION_STRING, &o->intake, 0, 0, "ADDR:PORT", "intake"},
        {"tenant", OPTION_STRING, &o->tenant, 0, 0, "NAME", "whose feed"},
        {"position", OPTION_STRING, &o->position, 0, 0, "WORD", "EARLIEST or LATEST"},
        {"code", OPTION_STRING, &o->code, 0, 0, "CODE", "the branch of failures of those filtered"},
        {"log", OPTION_STRING, &o->log, 0, 0, "FILE", "where arrivals are written"},
        {"streams", OPTION_INT, &o->streams, 1, STREAMS_MAX, "N", "how many"},
        {"filtered", OPTION_INT, &o->filtered, 0, STREAMS_MAX, "N", "how many have a filter"},
        {"events", OPTION_INT, &o->events, 0, INT32_MAX, "N",
         "a stream ends behind so many; 0 = when a line is on standard input"},
    };
    size_t words = 0;
    *o = (struct options){.intake = "127.0.0.1:7401",
                          .tenant = "demo",
                          .position = "LATEST",
                          .code = "",
                          .log = "",
                          .streams = 1};
    return options_parse(table, sizeof(table) / sizeof(table[0]), argc, argv,
                         "amends-watch: reads the feed", NULL, 0, &words);
}

/* Streams that wait hear of the end by their next heartbeat. */
static void wait_for_end(const struct options *o)
{
    if (o->events > 0)
        return;
    while (atomic_load(&ready) < o->streams)
        (void)usleep(1000);
    printf("ready\n");
    (void)fflush(stdout);
    (void)getchar();
    atomic_store(&over, true);
}

int main(int argc, char **argv)
{
    struct options o;
    bool failed = false;
    int64_t events = 0, first_us = INT64_MAX, last_us = 0;
    if (parse(&o, argc, argv))
        return 2;
    for (unsigned i = 0; i < o.streams; i++) {
        streams[i].o = &o;
        streams[i].number = i;
        AM_ASSERT(pthread_create(&streams[i].thread, NULL, run, &streams[i]) == 0);
    }
    wait_for_end(&o);
    for (int64_t i = 0; i < o.streams; i++) {
        struct stream *s = &streams[i];
        (void)pthread_join(s->thread, NULL);
        events += s->events;
        failed = failed || s->failed;
        first_us = s->first_us && s->first_us < first_us ? s->first_us : first_us;
        last_us = s->last_us > last_us ? s->last_us : last_us;
    }
    if (*o.log)
        write_log(&o);
    printf("{\"events\": %" PRId64 ", \"seconds\": %.6f}\n", events,
           first_us == INT64_MAX ? 0 : (double)(last_us - first_us) / US_PER_S);
    return failed;
}
