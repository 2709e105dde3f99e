/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The dialogue with an SMTP server: one connection, which is kept from mail to mail, by libcurl.
 *
 * Only smtp:// and smtps:// are spoken, by no proxy. Beyond loopback the connection is encrypted
 * and the server's certificate checked, unless `insecure` says otherwise. The password is read from
 * its file for every connection, so that it can be exchanged.
 *
 * Threading: blocks; one thread at a time for each session, but for smtp_session_cut().
 * Ownership: settings are borrowed and must outlive their sessions.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define SMTP_WHY_BYTES 256
#define SMTP_TEXT_BYTES 500
#define SMTP_PASSWORD_BYTES_MAX 1024
#define SMTP_ADDRESS_BYTES_MAX 254

struct smtp_settings {
    const char *url;           /* smtp://host:port or smtps://host:port */
    const char *user;          /* "" = no authentication */
    const char *password_file; /* "" = none; with `user` */
    const char *ca;            /* file of CAs (PEM); "" = those of the system */
    const char *sender;        /* the envelope's address: where bounces go */
    bool insecure;             /* plaintext is allowed beyond loopback */
    int64_t timeout_ms;        /* of one mail, from the connection to the last answer */
};

/* Whether the settings can be used: the form of the address, what belongs together, files that can
 * be read. AM_EINVAL: `option` names the setting as the option is called ("smtp-url"), and `why`
 * says what is wrong, in words that follow the option's name. */
int smtp_settings_check(const struct smtp_settings *s, const char **option,
                        char why[SMTP_WHY_BYTES]) AM_MUSTCHECK;

/* True for an address of at most SMTP_ADDRESS_BYTES_MAX bytes that can stand in the dialogue and in
 * a header: one @ with something on both sides, ASCII without spaces, controls, quotes, brackets
 * and , ; : \. */
bool smtp_address_is_good(const char *address);

struct smtp_mail {
    const char *to;      /* a good address */
    const char *message; /* headers and body, lines end with CR LF */
    size_t len;
};

/* How far the dialogue had come. */
enum smtp_phase {
    SMTP_CONNECT, /* the connection and the server's greeting */
    SMTP_HELLO,
    SMTP_STARTTLS,
    SMTP_LOGIN,
    SMTP_SENDER,
    SMTP_RECIPIENT,
    SMTP_CONTENT,
    SMTP_PHASES
};

enum smtp_outcome {
    SMTP_DELIVERED, /* the server has taken it over */
    SMTP_LATER,     /* not now, or the server cannot be used: try again */
    SMTP_REFUSED,   /* the recipient or the content is refused for good */
    SMTP_CUT,       /* we ended it */
};

struct smtp_result {
    enum smtp_outcome outcome;
    enum smtp_phase phase;
    int code;                   /* of the server's last answer; 0 = there was none */
    char text[SMTP_TEXT_BYTES]; /* "recipient: 550 no such user": printable UTF-8 */
};

struct smtp_session;
struct smtp_session *smtp_session_new(const struct smtp_settings *settings);

/* Lets somebody hear the dialogue, line by line, `ours` and the server's; what logs in is left out.
 * Lines are not cleaned and end with CR LF or not. */
void smtp_session_listen(struct smtp_session *s,
                         void (*hear)(void *ctx, bool ours, const char *line, size_t len),
                         void *ctx);
void smtp_session_free(struct smtp_session *s);

/* Sends one mail and waits for what becomes of it. A kept connection that turns out to be dead is
 * replaced once. */
void smtp_session_send(struct smtp_session *s, const struct smtp_mail *mail,
                       struct smtp_result *result);

/* Takes leave of the server, if there is a connection. */
void smtp_session_rest(struct smtp_session *s);
bool smtp_session_connected(const struct smtp_session *s);

/* Ends whatever the session does, now and from now on. Any thread. */
void smtp_session_cut(struct smtp_session *s);
