/* SPDX-License-Identifier: Apache-2.0 */
#include "amends/mail.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/time.h"
#include "outbound/mail.h"
#include "outbound/smtp_reply.h"
#include "program/mail.h"

#define MISTAKE 2
#define ARENA_BYTES (256u << 10)

static int wrong(const char *option, const char *what)
{
    (void)fprintf(stderr, "--%s: %s\n", option, what);
    return MISTAKE;
}

static int parse(struct smtp_settings *settings, const char **to, int argc, char **argv)
{
    struct option_spec table[MAIL_OPTIONS + 1];
    size_t n = mail_options(settings, table), words = 0;
    table[n++] = (struct option_spec){
        "to", OPTION_STRING, to, 0, 0, "ADDRESS", "who gets the mail; required"};
    *to = "";
    if (options_parse(table, n, argc, argv,
                      "Sends one mail by the mail server of the services, and shows the dialogue. "
                      "With their environment it needs only --to.",
                      NULL, 0, &words))
        return MISTAKE;
    if (!*settings->url)
        return wrong("smtp-url", "is missing: the server that mail is sent by");
    if (!smtp_address_is_good(*to))
        return wrong("to", "is no address of mail, such as ann@company.example");
    return mail_check(settings) ? MISTAKE : 0;
}

/* Line by line, so that a server that hangs is seen to. */
static void show(void *ctx, bool ours, const char *line, size_t len)
{
    char text[SMTP_TEXT_BYTES];
    (void)ctx;
    smtp_clean(line, len, text);
    (void)printf("%s %s\n", ours ? ">" : "<", text);
    (void)fflush(stdout);
}

static int write_message(const struct smtp_settings *settings, const char *to, struct arena *arena,
                         struct slice *out)
{
    const int64_t now_us = (int64_t)time(NULL) * US_PER_S;
    const struct mail mail = {.from = settings->sender,
                              .to = to,
                              .from_name = "Amends",
                              .subject = "A test of the mail server",
                              .text =
                                  "This mail was sent by `amends mail`. Notifications reach you "
                                  "the same way.\n",
                              .language = "en",
                              .id = uuid_new(now_us),
                              .kind = "test",
                              .at_us = now_us};
    return mail_write(&mail, arena, out);
}

static int send_mail(const struct smtp_settings *settings, const struct smtp_mail *mail)
{
    static const char *const outcomes[] = {[SMTP_DELIVERED] = "the server took it",
                                           [SMTP_LATER] = "not now, it would be tried again",
                                           [SMTP_REFUSED] = "refused for good",
                                           [SMTP_CUT] = "cut"};
    struct smtp_result result;
    struct smtp_session *session = smtp_session_new(settings);
    smtp_session_listen(session, show, NULL);
    smtp_session_send(session, mail, &result);
    smtp_session_free(session);
    (void)printf("%s: %s\n", outcomes[result.outcome], result.text);
    return result.outcome == SMTP_DELIVERED ? 0 : 1;
}

int mail_main(int argc, char **argv)
{
    struct smtp_settings settings;
    const char *to;
    struct slice message = {0};
    struct arena arena;
    const int mistake = parse(&settings, &to, argc, argv);
    if (mistake)
        return mistake;
    (void)signal(SIGPIPE, SIG_IGN);
    arena_init(&arena, ARENA_BYTES);
    int code = write_message(&settings, to, &arena, &message) ? wrong("to", "is too long") : 0;
    const struct smtp_mail mail = {
        .to = to, .message = (const char *)message.data, .len = message.len};
    if (code == 0)
        code = send_mail(&settings, &mail);
    arena_free(&arena);
    return code;
}
