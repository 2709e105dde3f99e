/* SPDX-License-Identifier: Apache-2.0 */
#include "outbound/mail.h"

#include <string.h>
#include <time.h>

#include "base/time.h"
#include "outbound/mail_text.h"

static void put_date(struct mail_out *o, int64_t at_us)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const time_t seconds = (time_t)(at_us / US_PER_S);
    struct tm t = {0};
    (void)gmtime_r(&seconds, &t);
    const char *line =
        arena_printf(o->arena, "Date: %s, %d %s %d %02d:%02d:%02d +0000\r\n", days[t.tm_wday],
                     t.tm_mday, months[t.tm_mon], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
    o->full |= line == NULL;
    mail_puts(o, line ? line : "");
}

/* An id as RFC 5322 wants it: at the domain of the sender. */
static void put_id(struct mail_out *o, const char *header, const struct uuid *id, const char *from)
{
    char text[UUID_TEXT_LEN + 1];
    mail_puts(o, header);
    mail_puts(o, uuid_format(id, text));
    mail_puts(o, strchr(from, '@'));
    mail_puts(o, ">\r\n");
}

static void put_line(struct mail_out *o, const char *header, const char *text)
{
    mail_puts(o, header);
    mail_puts(o, text);
    mail_puts(o, "\r\n");
}

/* The address is on a line of its own: it may be long. */
static void put_sender(struct mail_out *o, const struct mail *m)
{
    if (*m->from_name)
        mail_put_header(o, "From", m->from_name, true);
    else
        mail_puts(o, "From:");
    mail_puts(o, *m->from_name ? "\r\n <" : " <");
    mail_puts(o, m->from);
    mail_puts(o, ">\r\n");
}

static void put_headers(struct mail_out *o, const struct mail *m)
{
    put_date(o, m->at_us);
    put_sender(o, m);
    mail_puts(o, "To: <");
    put_line(o, m->to, ">");
    mail_put_header(o, "Subject", m->subject, false);
    mail_puts(o, "\r\n");
    put_id(o, "Message-ID: <", &m->id, m->from);
    if (!uuid_is_zero(&m->about)) {
        put_id(o, "In-Reply-To: <", &m->about, m->from);
        put_id(o, "References: <", &m->about, m->from);
    }
    mail_puts(o, "List-Id: <amends-notifications.");
    mail_puts(o, strchr(m->from, '@') + 1);
    mail_puts(o, ">\r\nAuto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: All\r\n");
    if (*m->kind)
        put_line(o, "Amends-Kind: ", m->kind);
    if (m->urgent)
        mail_puts(o, "Importance: high\r\n");
    if (*m->language)
        put_line(o, "Content-Language: ", m->language);
    mail_puts(o, "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                 "Content-Transfer-Encoding: quoted-printable\r\n\r\n");
}

static bool is_sound(const struct mail *m)
{
    return mail_is_header_text(m->subject) && strlen(m->subject) <= MAIL_SUBJECT_BYTES_MAX &&
           mail_is_header_text(m->from_name) && strlen(m->from_name) <= MAIL_SUBJECT_BYTES_MAX &&
           mail_is_header_text(m->from) && mail_is_header_text(m->to) && strchr(m->from, '@') &&
           mail_is_header_text(m->kind) && mail_is_header_text(m->language) &&
           strlen(m->text) <= MAIL_BODY_BYTES_MAX;
}

int mail_write(const struct mail *m, struct arena *arena, struct slice *out)
{
    struct mail_out o;
    if (!is_sound(m))
        return AM_EINVAL;
    mail_out_init(&o, arena);
    put_headers(&o, m);
    mail_put_body(&o, m->text);
    *out = slice_of(o.text, o.len);
    return o.full ? AM_ENOMEM : AM_OK;
}

bool mail_id_parse(const char *message_id, struct uuid *out)
{
    const char *id = message_id + (*message_id == '<');
    char text[UUID_TEXT_LEN + 1] = "";
    if (strcspn(id, "@") != UUID_TEXT_LEN || id[UUID_TEXT_LEN] != '@')
        return false;
    memcpy(text, id, UUID_TEXT_LEN);
    return uuid_parse(text, out) == AM_OK;
}
