/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The load generator. One run: connect, warm up, measure, wait for what is in flight, print one
 * JSON object. Exit code 1 when nothing could be measured; errors of calls are in the output.
 *
 *   amends-load --in-flight 128 --seconds 5                closed: 128 calls at any time
 *   amends-load --rate 2000 --seconds 5                    paced: 2000 calls a second
 *   amends-load --life --in-flight 128 --seconds 5         whole lives by 128 agents
 *   amends-load --known 1000 --in-flight 128 ...           OpenCase of so many customers in turn
 *   amends-load --read FILE --in-flight 128 --seconds 5    GetCase of the cases with these ids
 *   ... --count 1                                          so many calls or lives, not by time
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/options.h"
#include "io/tls_files.h"
#include "life.h"
#include "rpc/server.h"
#include "source.h"

#define CASES_MAX 4096

/* Ids of the cases of --read. */
static char cases[CASES_MAX * (UUID_TEXT_LEN + 1)];
static size_t n_cases;

struct options {
    const char *targets[TARGETS];
    const char *tenant, *seed, *family, *credential_file, *tls_ca, *read;
    int64_t connections, known, in_flight, rate, count, seconds, warm_up_ms;
    bool life;
};

struct load {
    struct options o;
    struct loop *loop;
    struct rpc_server *server;
    struct clients *clients;
    struct loop_timer *timer;
    struct source source;
    struct life life;
    int64_t from_us, until_us;
    bool ok;
};

/* -- the end ----------------------------------------------------------------------------------- */

static void drained(void *ctx)
{
    struct load *l = ctx;
    loop_stop(l->loop);
}

static void end(struct load *l, bool ok)
{
    l->ok = ok;
    loop_timer_stop(l->timer);
    clients_free(l->clients);
    rpc_server_drain(l->server, drained, l);
}

static void end_later(void *ctx)
{
    end(ctx, true);
}

/* The last answer comes from within a client, so the client is freed in another turn of the
 * loop. */
static void quiet(void *ctx)
{
    struct load *l = ctx;
    loop_timer_free(l->timer);
    l->timer = loop_timer_new(l->loop, end_later, l);
    loop_timer_start(l->timer, 0);
}

static void give_up(void *ctx)
{
    end(ctx, false);
}

static void fail_later(struct load *l)
{
    loop_timer_free(l->timer);
    l->timer = loop_timer_new(l->loop, give_up, l);
    loop_timer_start(l->timer, 0);
}

/* -- the run ----------------------------------------------------------------------------------- */

static void time_is_up(void *ctx)
{
    struct load *l = ctx;
    if (l->o.life)
        life_stop(&l->life);
    else
        source_stop(&l->source);
}

static void measure(struct load *l)
{
    l->from_us = time_mono_us() + l->o.warm_up_ms * US_PER_MS;
    l->until_us = l->from_us + l->o.seconds * US_PER_S;
    loop_timer_start(l->timer, l->until_us - time_mono_us());
}

static void start_source(struct load *l)
{
    measure(l);
    l->source = (struct source){.clients = l->clients,
                                .loop = l->loop,
                                .as = {.tenant = l->o.tenant, .id = "crm"},
                                .openers = {l->o.seed, l->o.family, (uint64_t)l->o.known},
                                .in_flight_max = (unsigned)l->o.in_flight,
                                .per_second = (double)l->o.rate,
                                .count = (uint64_t)l->o.count,
                                .cases = cases,
                                .n_cases = n_cases,
                                .quiet = quiet,
                                .ctx = l,
                                .stats = {.from_us = l->from_us, .until_us = l->until_us}};
    source_start(&l->source);
}

static void prepared(void *ctx, bool ok)
{
    struct load *l = ctx;
    if (!ok) {
        (void)fprintf(stderr, "agents: %s\n", l->life.stats[STEP_OPEN].first_error);
        fail_later(l);
        return;
    }
    measure(l);
    life_measure(&l->life, l->from_us, l->until_us);
    life_start(&l->life);
}

static void connected(void *ctx, bool ok)
{
    struct load *l = ctx;
    if (!ok) {
        (void)fprintf(stderr, "a service does not answer\n");
        fail_later(l);
    } else if (l->o.life) {
        l->life = (struct life){.clients = l->clients,
                                .loop = l->loop,
                                .tenant = l->o.tenant,
                                .seed = l->o.seed,
                                .n_agents = (unsigned)l->o.in_flight,
                                .count = (uint64_t)l->o.count,
                                .prepared = prepared,
                                .quiet = quiet,
                                .ctx = l};
        life_prepare(&l->life);
    } else {
        start_source(l);
    }
}

/* -- the result -------------------------------------------------------------------------------- */

static void print_life(struct load *l)
{
    struct stats all = {0};
    printf("{");
    for (unsigned i = 0; i < STEPS; i++) {
        stats_merge(&all, &l->life.stats[i]);
        printf("\"%s\": ", step_names[i]);
        stats_print(&l->life.stats[i], stdout);
        printf(", ");
    }
    printf("\"all\": ");
    stats_print(&all, stdout);
    printf(", \"lives\": %llu, \"empty\": %llu}\n", (unsigned long long)l->life.lives,
           (unsigned long long)l->life.empty);
    stats_free(&all);
}

static void print_source(struct load *l)
{
    printf("{\"all\": ");
    stats_print(&l->source.stats, stdout);
    printf("}\n");
    stats_free(&l->source.stats);
}

/* -- main -------------------------------------------------------------------------------------- */

static int parse(struct options *o, int argc, char **argv)
{
    const struct option_spec table[] = {
        {"intake", OPTION_STRING, &o->targets[TO_INTAKE], 0, 0, "ADDR:PORT", "intake"},
        {"assignment", OPTION_STRING, &o->targets[TO_ASSIGNMENT], 0, 0, "ADDR:PORT",
         "assignment (--life)"},
        {"resolution", OPTION_STRING, &o->targets[TO_RESOLUTION], 0, 0, "ADDR:PORT",
         "resolution (--life)"},
        {"tenant", OPTION_STRING, &o->tenant, 0, 0, "NAME", "whose calls are measured"},
        {"seed", OPTION_STRING, &o->seed, 0, 0, "WORD", "part of all customers' ids"},
        {"credential-file", OPTION_STRING, &o->credential_file, 0, 0, "FILE",
         "holds the API key or token that all calls show, of the principal crm"},
        {"tls-ca", OPTION_STRING, &o->tls_ca, 0, 0, "FILE",
         "connections are encrypted, to servers with a certificate of these CAs"},
        {"read", OPTION_STRING, &o->read, 0, 0, "FILE",
         "GetCase instead of OpenCase, of the cases whose ids are in it, one a line"},
        {"connections", OPTION_INT, &o->connections, 1, 16, "N", "to each service"},
        {"in-flight", OPTION_INT, &o->in_flight, 1, 4096, "N", "calls, or agents"},
        {"known", OPTION_INT, &o->known, 0, 1000000, "N",
         "OpenCase of so many customers, who come again in every run; 0 = of new ones"},
        {"family", OPTION_STRING, &o->family, 0, 0, "WORD", "part of these customers' ids"},
        {"rate", OPTION_INT, &o->rate, 0, 100000, "N", "calls a second; 0 = as many as will go"},
        {"count", OPTION_INT, &o->count, 0, 1000000, "N", "calls or lives; 0 = by time"},
        {"seconds", OPTION_INT, &o->seconds, 1, 600, "S", "measured time"},
        {"warm-up-ms", OPTION_INT, &o->warm_up_ms, 0, 60000, "MS", "before it"},
        {"life", OPTION_BOOL, &o->life, 0, 0, NULL, "whole lives of cases"},
    };
    size_t words = 0;
    *o = (struct options){.targets = {"", "", ""},
                          .tenant = "demo",
                          .seed = "",
                          .family = "",
                          .credential_file = "",
                          .tls_ca = "",
                          .read = "",
                          .connections = 4,
                          .in_flight = 1,
                          .seconds = 5,
                          .warm_up_ms = 1000};
    return options_parse(table, sizeof(table) / sizeof(table[0]), argc, argv,
                         "amends-load: calls the services as fast as they answer, or at a pace",
                         NULL, 0, &words);
}

/* The first line of the file; NULL without one. */
static const char *read_credential(const char *path)
{
    static char text[4096 + 2];
    if (!*path)
        return NULL;
    FILE *in = fopen(path, "re");
    AM_ASSERT(in != NULL && fgets(text, sizeof(text), in) != NULL);
    (void)fclose(in);
    text[strcspn(text, "\n")] = '\0';
    return text;
}

/* The ids of --read, as the source takes them. */
static void read_cases(const char *path)
{
    char line[UUID_TEXT_LEN + 2];
    FILE *in = *path ? fopen(path, "re") : NULL;
    AM_ASSERT(!*path || in != NULL);
    while (in && n_cases < CASES_MAX && fgets(line, sizeof(line), in)) {
        line[strcspn(line, "\n")] = '\0';
        memcpy(cases + n_cases++ * (UUID_TEXT_LEN + 1), line, UUID_TEXT_LEN + 1);
    }
    AM_ASSERT(!in || n_cases > 0);
    if (in)
        (void)fclose(in);
}

/* NULL without CAs. */
static struct tls_files *watch_cas(struct load *l)
{
    const struct tls_paths paths = {.ca = l->o.tls_ca};
    struct tls_files *tls = NULL;
    if (*l->o.tls_ca)
        AM_ASSERT(tls_files_new(l->loop, TLS_USE_CLIENT, &paths, &tls) == AM_OK);
    return tls;
}

/* Without a seed every run chooses one of its own. */
static void choose_seed(struct options *o)
{
    static char text[UUID_TEXT_LEN + 1];
    struct uuid id;
    uuid_random_bytes(&id, sizeof(id));
    uuid_format(&id, text);
    text[13] = '\0';
    if (!o->seed[0])
        o->seed = text;
    AM_ASSERT(strlen(o->seed) <= SEED_MAX && strlen(o->family) <= SEED_MAX);
}

static void run(struct load *l)
{
    const struct rpc_server_config config = {.listen = NULL};
    struct time_source *time = time_source_new();
    l->loop = loop_new(time);
    l->server = rpc_server_new(&config, l->loop);
    AM_ASSERT(rpc_server_start(l->server) == AM_OK);
    l->timer = loop_timer_new(l->loop, time_is_up, l);
    if (!l->o.life)
        l->o.targets[TO_ASSIGNMENT] = l->o.targets[TO_RESOLUTION] = "";
    struct tls_files *tls = watch_cas(l);
    l->clients = clients_new(l->server, l->loop, l->o.targets, (unsigned)l->o.connections, tls,
                             connected, l);
    clients_use(l->clients, read_credential(l->o.credential_file));
    loop_run(l->loop);
    rpc_server_free(l->server);
    tls_files_free(tls);
    loop_timer_free(l->timer);
    if (l->ok && l->o.life)
        print_life(l);
    else if (l->ok)
        print_source(l);
    life_free(&l->life);
    loop_free(l->loop);
    time_source_free(time);
}

int main(int argc, char **argv)
{
    static struct load l;
    if (parse(&l.o, argc, argv) != AM_OK)
        return 2;
    choose_seed(&l.o);
    read_cases(l.o.read);
    requests_setup();
    run(&l);
    return l.ok ? 0 : 1;
}
