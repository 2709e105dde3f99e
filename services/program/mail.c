/* SPDX-License-Identifier: Apache-2.0 */
#include "program/mail.h"

#include <stdio.h>
#include <string.h>

/* A mail ends within the lease of its delivery, even behind another one (resolution/mail). */
#define MAIL_LEAST_MS 1000
#define MAIL_USUAL_MS 40000
#define MAIL_MOST_MS 45000

static void wrong(const char *option, const char *what)
{
    (void)fprintf(stderr, "--%s: %s\n", option, what);
}

int mail_check(const struct smtp_settings *m)
{
    const char *option, *given;
    char why[SMTP_WHY_BYTES];
    if (*m->url) {
        int err = smtp_settings_check(m, &option, why);
        if (err)
            wrong(option, why);
        return err;
    }
    given = *m->user            ? "smtp-user"
            : *m->password_file ? "smtp-password-file"
            : *m->ca            ? "smtp-ca"
            : *m->sender        ? "mail-from"
            : m->insecure       ? "insecure-smtp"
                                : NULL;
    if (given)
        wrong(given, "give --smtp-url too, the server that mail is sent by");
    return given ? AM_EINVAL : AM_OK;
}

size_t mail_options(struct smtp_settings *m, struct option_spec out[MAIL_OPTIONS])
{
    *m = (struct smtp_settings){.url = "",
                                .user = "",
                                .password_file = "",
                                .ca = "",
                                .sender = "",
                                .timeout_ms = MAIL_USUAL_MS};
    const struct option_spec table[] = {
        {"smtp-url", OPTION_STRING, &m->url, 0, 0, "URL",
         "server that mail is sent by: smtp://HOST:PORT (with STARTTLS, but for loopback), or "
         "smtps://HOST:PORT; empty = no mail is sent"},
        {"smtp-user", OPTION_STRING, &m->user, 0, 0, "NAME", "who logs in there; empty = nobody"},
        {"smtp-password-file", OPTION_STRING, &m->password_file, 0, 0, "FILE",
         "file that holds the password; read again for every connection"},
        {"smtp-ca", OPTION_STRING, &m->ca, 0, 0, "FILE",
         "CAs (PEM) of that server; empty = those of the system"},
        {"mail-from", OPTION_STRING, &m->sender, 0, 0, "ADDRESS",
         "address that mail comes from, and to which what cannot be delivered goes back"},
        {"smtp-timeout-ms", OPTION_INT, &m->timeout_ms, MAIL_LEAST_MS, MAIL_MOST_MS, "MS",
         "how long the server may take for one mail; then it is tried again later"},
        {"insecure-smtp", OPTION_BOOL, &m->insecure, 0, 0, NULL,
         "allow mail beyond loopback without TLS: everybody on the way can read and change it"},
    };
    _Static_assert(sizeof table == MAIL_OPTIONS * sizeof *table, "that many are there");
    memcpy(out, table, sizeof table);
    return sizeof table / sizeof *table;
}
