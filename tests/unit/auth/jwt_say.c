/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Says what becomes of JSON Web Tokens, for tests in another language that makes them
 * (jwt_attacks.py). Arguments are the settings: "issuer=https://...". Lines of standard
 * input and their answers:
 *
 *   check NOW_S TOKEN  ok TENANT PRINCIPAL ROLES UNTIL_S CREDENTIAL
 *                      refused WHY
 *                      unavailable WHY
 *                      "asked " in front: the provider was asked for its keys
 *   alive NOW_S        yes | no: of the token that was accepted last
 *   time NOW_S N TOKEN nanoseconds of processor time for one check of N
 */

#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "auth/jwt.h"
#include "auth/role_set.h"
#include "base/assert.h"
#include "base/time.h"
#include "io/loop.h"

#define LINE_BYTES (1024 * 1024)
#define ARENA_BYTES 65536
#define NS_PER_US 1000

struct saying {
    struct loop *loop;
    struct auth_checker checker;
    struct arena arena, last_arena;
    struct auth_identity last;
    struct loop_job job;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool done;
};

static const char *value(int argc, char **argv, const char *name)
{
    const size_t len = strlen(name);
    for (int i = 1; i < argc; i++)
        if (strncmp(argv[i], name, len) == 0 && argv[i][len] == '=')
            return argv[i] + len + 1;
    return "";
}

/* -- asking, on the loop's thread -------------------------------------------------------------- */

static void told(void *arg)
{
    struct saying *s = arg;
    pthread_mutex_lock(&s->lock);
    s->done = true;
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->lock);
}

static void begin(struct loop_job *job)
{
    struct saying *s = (struct saying *)((char *)job - offsetof(struct saying, job));
    AM_ASSERT(s->checker.ask(s->checker.ctx, "", 0, told, s) == AM_OK);
}

static void ask(struct saying *s)
{
    s->done = false;
    loop_post(s->loop, &s->job);
    pthread_mutex_lock(&s->lock);
    while (!s->done)
        pthread_cond_wait(&s->wake, &s->lock);
    pthread_mutex_unlock(&s->lock);
}

/* -- lines ------------------------------------------------------------------------------------- */

static enum auth_verdict check(struct saying *s, const char *token, int64_t now_us,
                               struct auth_identity *out, const char **why)
{
    *why = "no reason was given";
    return s->checker.check(s->checker.ctx, token, strlen(token), now_us, &s->arena, out, why);
}

static void say_identity(struct saying *s, const struct auth_identity *who)
{
    char roles[ROLE_SET_TEXT_BYTES];
    arena_reset(&s->last_arena);
    s->last = *who;
    s->last.credential = arena_strdup(&s->last_arena, who->credential);
    role_set_text(who->roles, roles);
    for (char *c = roles; *c; c++)
        *c = *c == ' ' ? '+' : *c;
    printf("ok %s %s %s %" PRId64 " %s\n", who->tenant, who->principal, *roles ? roles : "-",
           (int64_t)(who->until_us / US_PER_S), who->credential);
}

static void say_check(struct saying *s, const char *token, int64_t now_us)
{
    struct auth_identity who;
    const char *why;
    if (!s->checker.takes(s->checker.ctx, token, strlen(token))) {
        printf("other\n");
        return;
    }
    enum auth_verdict verdict = check(s, token, now_us, &who, &why);
    if (verdict == AUTH_ASK) {
        printf("asked ");
        ask(s);
        verdict = check(s, token, now_us, &who, &why);
    }
    if (verdict == AUTH_OK)
        say_identity(s, &who);
    else
        printf("%s %s\n", verdict == AUTH_UNAVAILABLE ? "unavailable" : "refused", why);
    arena_reset(&s->arena);
}

static int64_t used_us(void)
{
    struct timespec used;
    AM_ASSERT(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used) == 0);
    return used.tv_sec * US_PER_S + used.tv_nsec / NS_PER_US;
}

static void say_time(struct saying *s, const char *token, int64_t now_us, long n)
{
    struct auth_identity who;
    const char *why;
    const int64_t before = used_us();
    for (long i = 0; i < n; i++) {
        (void)check(s, token, now_us, &who, &why);
        arena_reset(&s->arena);
    }
    printf("%.0f\n", (double)(used_us() - before) * NS_PER_US / (double)n);
}

static void say(struct saying *s, char *line)
{
    const char *word = strsep(&line, " ");
    const int64_t now_us = strtoll(line ? strsep(&line, " ") : "0", NULL, 10) * US_PER_S;
    if (strcmp(word, "alive") == 0) {
        printf("%s\n", s->checker.alive(s->checker.ctx, &s->last, now_us) ? "yes" : "no");
    } else if (strcmp(word, "time") == 0) {
        const char *times = line ? strsep(&line, " ") : "1";
        const long n = strtol(times ? times : "1", NULL, 10);
        say_time(s, line ? line : "", now_us, n);
    } else {
        say_check(s, line ? line : "", now_us);
    }
    (void)fflush(stdout);
}

static void read_lines(struct saying *s)
{
    static char line[LINE_BYTES];
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        say(s, line);
    }
}

/* -- life -------------------------------------------------------------------------------------- */

static void print_wrong(void *ctx, const char *option, const char *what)
{
    (void)ctx;
    printf("--%s: %s\n", option, what);
}

static int run(struct saying *s, const struct jwt_settings *settings)
{
    struct jwt *jwt = NULL;
    if (jwt_new(settings, s->loop, &jwt))
        return 1;
    s->checker = jwt_checker(jwt);
    AM_ASSERT(loop_start_thread(s->loop) == AM_OK);
    read_lines(s);
    loop_stop(s->loop);
    loop_join(s->loop);
    jwt_free(jwt);
    return 0;
}

int main(int argc, char **argv)
{
    static struct jwt_rules rules;
    const struct jwt_settings settings = {
        .issuer = value(argc, argv, "issuer"),
        .audience = value(argc, argv, "audience"),
        .jwks = value(argc, argv, "jwks"),
        .jwks_ca = value(argc, argv, "jwks-ca"),
        .tenant = value(argc, argv, "tenant"),
        .tenant_claim = value(argc, argv, "tenant-claim"),
        .principal_claim = value(argc, argv, "principal-claim"),
        .roles_claim = value(argc, argv, "roles-claim"),
        .roles_map = value(argc, argv, "roles-map"),
        .refresh_ms = strtoll(value(argc, argv, "refresh-ms"), NULL, 10),
    };
    if (jwt_settings_read(&settings, &rules, print_wrong, NULL))
        return 1;
    struct time_source *time = time_source_new();
    struct saying s = {.loop = loop_new(time),
                       .job = {.run = begin},
                       .lock = PTHREAD_MUTEX_INITIALIZER,
                       .wake = PTHREAD_COND_INITIALIZER};
    arena_init(&s.arena, ARENA_BYTES);
    arena_init(&s.last_arena, ARENA_BYTES);
    const int code = run(&s, &settings);
    arena_free(&s.arena);
    arena_free(&s.last_arena);
    loop_free(s.loop);
    time_source_free(time);
    return code;
}
