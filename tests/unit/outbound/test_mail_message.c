/* SPDX-License-Identifier: Apache-2.0 */

/* Mails as they are written: headers that nothing breaks out of, encodings, ids. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "outbound/mail.h"

static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 4u << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static struct mail usual(void)
{
    struct mail m = {.from = "amends@company.example",
                     .to = "ann@company.example",
                     .from_name = "Recovery desk",
                     .subject = "Case 7KQ2 waits for you",
                     .text = "It is due at 10:00.\n",
                     .language = "en",
                     .kind = "threshold",
                     .at_us = 1796035153LL * 1000000};
    assert_int_equal(uuid_parse("0195b2c4-0000-7000-8000-000000000001", &m.id), AM_OK);
    return m;
}

static const char *written(const struct mail *m)
{
    struct slice out;
    assert_int_equal(mail_write(m, &arena, &out), AM_OK);
    return arena_strndup(&arena, (const char *)out.data, out.len);
}

static void a_whole_mail(void **state)
{
    (void)state;
    struct mail m = usual();
    m.urgent = true;
    m.about = m.id;
    m.about.b[15] = 2;
    assert_string_equal(written(&m),
                        "Date: Mon, 30 Nov 2026 10:39:13 +0000\r\n"
                        "From: Recovery desk\r\n <amends@company.example>\r\n"
                        "To: <ann@company.example>\r\n"
                        "Subject: Case 7KQ2 waits for you\r\n"
                        "Message-ID: <0195b2c4-0000-7000-8000-000000000001@company.example>\r\n"
                        "In-Reply-To: <0195b2c4-0000-7000-8000-000000000002@company.example>\r\n"
                        "References: <0195b2c4-0000-7000-8000-000000000002@company.example>\r\n"
                        "List-Id: <amends-notifications.company.example>\r\n"
                        "Auto-Submitted: auto-generated\r\n"
                        "X-Auto-Response-Suppress: All\r\n"
                        "Amends-Kind: threshold\r\n"
                        "Importance: high\r\n"
                        "Content-Language: en\r\n"
                        "MIME-Version: 1.0\r\n"
                        "Content-Type: text/plain; charset=utf-8\r\n"
                        "Content-Transfer-Encoding: quoted-printable\r\n"
                        "\r\n"
                        "It is due at 10:00.\r\n");
}

/* The lines of the header `name` and those that go on with it. */
static const char *header(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    assert_non_null(at);
    const char *end = strstr(at, "\r\n");
    while (end[2] == ' ')
        end = strstr(end + 2, "\r\n");
    return arena_strndup(&arena, at, (size_t)(end - at));
}

static void what_is_not_ascii_is_encoded(void **state)
{
    (void)state;
    struct mail m = usual();
    m.subject = "F\xc3\xa4llig: Fall 7KQ2";
    m.from_name = "B\xc3\xbcro";
    const char *text = written(&m);
    assert_string_equal(header(text, "Subject:"), "Subject: =?utf-8?B?RsOkbGxpZzogRmFsbCA3S1Ey?=");
    assert_string_equal(header(text, "From:"),
                        "From: =?utf-8?B?QsO8cm8=?=\r\n <amends@company.example>");
}

static void what_has_a_meaning_in_headers_is_encoded(void **state)
{
    (void)state;
    static const char *const names[] = {
        "a, b", "<x@y>", "a (b)", "\"a\"", "=?utf-8?B?YQ==?=", " a", "a ", "a: b", "a.b", "a\\b"};
    struct mail m = usual();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        m.from_name = names[i];
        const char *line = header(written(&m), "From:");
        if (!strstr(line, "=?utf-8?B?") || strstr(line, m.from_name))
            fail_msg("\"%s\" became %s", m.from_name, line);
    }
    m.subject = "7KQ2: \"late\", <10:00>";
    assert_string_equal(header(written(&m), "Subject:"), "Subject: 7KQ2: \"late\", <10:00>");
    m.subject = "a =?utf-8?B?YQ==?=";
    assert_null(strstr(written(&m), m.subject));
}

static void nothing_breaks_out_of_a_header(void **state)
{
    (void)state;
    static const char *const bad[] = {"a\r\nBcc: all@company.example",
                                      "a\nb",
                                      "a\rb",
                                      "a\tb",
                                      "a\x1b[2J",
                                      "a\x7f",
                                      "\xff",
                                      "a\xc2\x85z",
                                      "\xe2\x80\xa8",
                                      "\xed\xa0\x80"};
    struct slice out;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct mail m = usual();
        m.subject = bad[i];
        assert_int_equal(mail_write(&m, &arena, &out), AM_EINVAL);
        m = usual();
        m.from_name = bad[i];
        assert_int_equal(mail_write(&m, &arena, &out), AM_EINVAL);
        m = usual();
        m.to = bad[i];
        assert_int_equal(mail_write(&m, &arena, &out), AM_EINVAL);
        m = usual();
        m.language = bad[i];
        assert_int_equal(mail_write(&m, &arena, &out), AM_EINVAL);
        m = usual();
        m.kind = bad[i];
        assert_int_equal(mail_write(&m, &arena, &out), AM_EINVAL);
    }
}

static const char *body(const char *text)
{
    return strstr(text, "\r\n\r\n") + 4;
}

static void bodies_are_quoted(void **state)
{
    (void)state;
    struct mail m = usual();
    m.text = "F\xc3\xa4llig = jetzt \nzwei\r\n\n.\nFrom here\tx\t\nohne Ende";
    assert_string_equal(body(written(&m)), "F=C3=A4llig =3D jetzt=20\r\nzwei\r\n\r\n.\r\n"
                                           "From here\tx=09\r\nohne Ende\r\n");
    m.text = "\x1b[2J";
    assert_string_equal(body(written(&m)), "=1B[2J\r\n");
}

/* Every byte is printable ASCII, every line ends with CR LF and is short. */
static void check_lines(const char *text)
{
    for (const char *line = text; *line;) {
        const char *end = strstr(line, "\r\n");
        assert_non_null(end);
        assert_true(end - line <= 76 || strncmp(line, "Message-ID", 10) == 0);
        for (const char *c = line; c < end; c++)
            assert_true((*c >= ' ' && *c < 0x7f) || *c == '\t');
        line = end + 2;
    }
}

static void add(char *text, const char *more)
{
    memcpy(text + strlen(text), more, strlen(more) + 1);
}

static void add_character(char *text, unsigned n)
{
    static const char *const some[] = {
        "a", " ", "=", "?", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x93\xa8", ".", "<", "Z"};
    add(text, some[n % (sizeof some / sizeof *some)]);
}

static void lines_are_short_whatever_the_text(void **state)
{
    (void)state;
    unsigned seed = 7;
    for (int round = 0; round < 300; round++) {
        char subject[MAIL_SUBJECT_BYTES_MAX + 1] = "", text[2100] = "";
        for (int i = 0; i < round % 120; i++)
            add_character(subject, seed = seed * 1103515245u + 12345u);
        for (int i = 0; i < round; i++) {
            add_character(text, (seed = seed * 1103515245u + 12345u) >> 8);
            if (seed % 53 == 0)
                add(text, "\n");
        }
        struct mail m = usual();
        m.subject = subject;
        m.text = text;
        check_lines(written(&m));
        arena_reset(&arena);
    }
}

static void texts_are_bounded(void **state)
{
    (void)state;
    struct slice out;
    struct mail m = usual();
    char *subject = arena_must(&arena, MAIL_SUBJECT_BYTES_MAX + 2);
    memset(subject, 'a', MAIL_SUBJECT_BYTES_MAX);
    m.subject = subject;
    assert_int_equal(mail_write(&m, &arena, &out), AM_OK);
    subject[MAIL_SUBJECT_BYTES_MAX] = 'a';
    assert_int_equal(mail_write(&m, &arena, &out), AM_EINVAL);
    m = usual();
    char *text = arena_must(&arena, MAIL_BODY_BYTES_MAX + 2);
    memset(text, '=', MAIL_BODY_BYTES_MAX);
    m.text = text;
    assert_int_equal(mail_write(&m, &arena, &out), AM_OK);
    text[MAIL_BODY_BYTES_MAX] = '=';
    assert_int_equal(mail_write(&m, &arena, &out), AM_EINVAL);
    struct arena small;
    arena_init(&small, 900);
    m = usual();
    assert_int_equal(mail_write(&m, &small, &out), AM_ENOMEM);
    arena_free(&small);
}

static void ids_come_back(void **state)
{
    (void)state;
    const struct mail m = usual();
    struct uuid id;
    assert_true(mail_id_parse("<0195b2c4-0000-7000-8000-000000000001@company.example>", &id));
    assert_true(uuid_eq(&id, &m.id));
    assert_true(mail_id_parse("0195B2C4-0000-7000-8000-000000000001@company.example", &id));
    assert_true(uuid_eq(&id, &m.id));
    assert_false(mail_id_parse("", &id));
    assert_false(mail_id_parse("<CAF1@mail.example>", &id));
    assert_false(mail_id_parse("0195b2c4-0000-7000-8000-000000000001", &id));
    assert_false(mail_id_parse("<<0195b2c4-0000-7000-8000-00000000000@x", &id));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_mail),
        cmocka_unit_test(what_is_not_ascii_is_encoded),
        cmocka_unit_test(what_has_a_meaning_in_headers_is_encoded),
        cmocka_unit_test(nothing_breaks_out_of_a_header),
        cmocka_unit_test(bodies_are_quoted),
        cmocka_unit_test(lines_are_short_whatever_the_text),
        cmocka_unit_test(texts_are_bounded),
        cmocka_unit_test(ids_come_back),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
