/* SPDX-License-Identifier: Apache-2.0 */
#include "outbound/smtp_reply.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"

#define CODE_DIGITS 3

static const char *const phase_words[SMTP_PHASES] = {
    [SMTP_CONNECT] = "connection", [SMTP_HELLO] = "greeting", [SMTP_STARTTLS] = "STARTTLS",
    [SMTP_LOGIN] = "login",        [SMTP_SENDER] = "sender",  [SMTP_RECIPIENT] = "recipient",
    [SMTP_CONTENT] = "content",
};

enum smtp_phase smtp_phase_of(const char *line, size_t len, enum smtp_phase now)
{
    static const struct {
        const char *verb;
        enum smtp_phase phase;
    } verbs[] = {{"EHLO", SMTP_HELLO},  {"HELO", SMTP_HELLO},  {"STARTTLS", SMTP_STARTTLS},
                 {"AUTH", SMTP_LOGIN},  {"MAIL", SMTP_SENDER}, {"RCPT", SMTP_RECIPIENT},
                 {"DATA", SMTP_CONTENT}};
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        const size_t n = strlen(verbs[i].verb);
        if (len > n && strncasecmp(line, verbs[i].verb, n) == 0 && strchr(" \r\n", line[n]))
            return verbs[i].phase;
    }
    return now;
}

int smtp_code_of(const char *line, size_t len)
{
    int code = 0;
    if (len < CODE_DIGITS)
        return 0;
    for (size_t i = 0; i < CODE_DIGITS; i++) {
        if (line[i] < '0' || line[i] > '9')
            return 0;
        code = code * 10 + (line[i] - '0');
    }
    return code;
}

enum smtp_outcome smtp_outcome_of(enum smtp_phase phase, int code)
{
    const bool of_this_mail = phase == SMTP_RECIPIENT || phase == SMTP_CONTENT;
    /* 530, 535 and 538 ask for TLS or a login, at whatever command. */
    const bool of_the_login = code == 530 || code == 535 || code == 538;
    return of_this_mail && code / 100 == 5 && !of_the_login ? SMTP_REFUSED : SMTP_LATER;
}

/* The bytes of the printable character at the start; 0 for one that is none. */
static size_t printable(const char *text, size_t len)
{
    const size_t n = utf8_next(text, len);
    const unsigned char first = (unsigned char)text[0];
    const unsigned char second = n > 1 ? (unsigned char)text[1] : 0;
    const bool control = first < 0x20 || first == 0x7f || (first == 0xc2 && second < 0xa0);
    const bool separator = n == 3 && first == 0xe2 && second == 0x80; /* U+2000 to U+203F */
    return control || separator ? 0 : n;
}

/* Copies the character at the start, or a space for what is none; how many bytes it took from the
 * text, 0 when there is no more room. */
static size_t say_one(const char *text, size_t len, char out[SMTP_TEXT_BYTES], size_t *at)
{
    const size_t n = printable(text, len);
    const size_t bytes = n ? n : 1;
    if (*at + bytes >= SMTP_TEXT_BYTES)
        return 0;
    if ((n == 0 || *text == ' ') && (*at == 0 || out[*at - 1] == ' '))
        return 1;
    memcpy(out + *at, n ? text : " ", bytes);
    *at += bytes;
    return bytes;
}

/* Adds the text behind what `out` has. */
static void say(const char *text, size_t len, char out[SMTP_TEXT_BYTES], size_t at)
{
    size_t took = 1;
    for (size_t i = 0; i < len && took > 0; i += took)
        took = say_one(text + i, len - i, out, &at);
    while (at > 0 && out[at - 1] == ' ')
        at--;
    out[at] = '\0';
}

void smtp_say(enum smtp_phase phase, const char *text, size_t len, char out[SMTP_TEXT_BYTES])
{
    say(text, len, out, (size_t)snprintf(out, SMTP_TEXT_BYTES, "%s: ", phase_words[phase]));
}

void smtp_clean(const char *text, size_t len, char out[SMTP_TEXT_BYTES])
{
    say(text, len, out, 0);
}
