/* SPDX-License-Identifier: Apache-2.0 */

/* Sends mails as it is told and says what became of them, a JSON line each:
 *
 *   smtp-say URL SENDER USER PASSWORD_FILE CA INSECURE TIMEOUT_MS STOP_MS PATIENCE_MS TO...
 *
 * Every TO is handed over at once; "-" waits until those before it are answered. After STOP_MS, or
 * for -1 when all is answered, it stops with PATIENCE_MS. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "outbound/smtp.h"

#define MESSAGE "Subject: hello\r\n\r\nThe text.\r\n.\r\n..two dots\r\n"

struct say {
    struct loop *loop;
    struct smtp *smtp;
    struct loop_timer *stop;
    char **to;
    size_t open;
    int64_t stop_ms, patience_ms, stopping_us, last_us, worst_us;
    bool stopping;
};

static void beat(void *ctx);
static void go_on(struct say *s);

static void ended(void *ctx)
{
    struct say *s = ctx;
    printf("{\"ended_ms\": %lld, \"worst_turn_ms\": %lld}\n",
           (time_mono_us() - s->stopping_us) / US_PER_MS, s->worst_us / US_PER_MS);
    (void)fflush(stdout);
    loop_stop(s->loop);
}

static void stop(void *ctx)
{
    struct say *s = ctx;
    if (s->stopping)
        return;
    s->stopping = true;
    s->stopping_us = time_mono_us();
    smtp_stop(s->smtp, s->patience_ms * US_PER_MS, ended, s);
}

static void done(void *ctx, const struct smtp_result *r)
{
    struct say *s = ctx;
    printf("{\"outcome\": %d, \"phase\": %d, \"code\": %d, \"text\": \"", (int)r->outcome,
           (int)r->phase, r->code);
    for (const char *c = r->text; *c; c++)
        printf(*c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
    printf("\"}\n");
    (void)fflush(stdout);
    s->open--;
    if (s->open == 0)
        go_on(s);
}

static void go_on(struct say *s)
{
    for (; *s->to; s->to++) {
        const struct smtp_mail mail = {*s->to, MESSAGE, strlen(MESSAGE)};
        if (strcmp(*s->to, "-") == 0 && s->open > 0)
            return;
        if (strcmp(*s->to, "-") == 0)
            continue;
        s->open++;
        if (smtp_send(s->smtp, &mail, done, s) != AM_OK) {
            printf("{\"full\": true}\n");
            s->open--;
        }
    }
    if (s->open == 0 && s->stop_ms < 0)
        stop(s);
}

/* How long a turn of the loop takes at most. */
static void beat(void *ctx)
{
    struct say *s = ctx;
    const int64_t now = time_mono_us();
    if (s->last_us && now - s->last_us > s->worst_us)
        s->worst_us = now - s->last_us;
    s->last_us = now;
    loop_timer_start(s->stop, US_PER_MS);
    if (s->stop_ms >= 0 && now >= s->stopping_us + s->stop_ms * US_PER_MS)
        stop(s);
}

static int number(const char *text)
{
    return (int)strtol(text, NULL, 10);
}

int main(int argc, char **argv)
{
    if (argc < 10)
        return 2;
    const struct smtp_settings settings = {.url = argv[1],
                                           .sender = argv[2],
                                           .user = argv[3],
                                           .password_file = argv[4],
                                           .ca = argv[5],
                                           .insecure = *argv[6] == '1',
                                           .timeout_ms = number(argv[7])};
    const char *option;
    char why[SMTP_WHY_BYTES];
    if (smtp_settings_check(&settings, &option, why)) {
        printf("{\"wrong\": \"--%s: %s\"}\n", option, why);
        return 1;
    }
    struct time_source *time = time_source_new();
    struct say s = {.loop = loop_new(time),
                    .to = argv + 10,
                    .stop_ms = number(argv[8]),
                    .patience_ms = number(argv[9]),
                    .stopping_us = time_mono_us()};
    s.smtp = smtp_new(s.loop, &settings);
    s.stop = loop_timer_new(s.loop, beat, &s);
    go_on(&s);
    beat(&s);
    loop_run(s.loop);
    smtp_free(s.smtp);
    loop_timer_free(s.stop);
    loop_free(s.loop);
    time_source_free(time);
    return 0;
}
