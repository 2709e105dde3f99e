/* SPDX-License-Identifier: Apache-2.0 */

/* What answers of SMTP servers mean, and what is shown of them. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "outbound/smtp_reply.h"

static void only_the_recipient_and_the_content_are_refused_for_good(void **state)
{
    (void)state;
    assert_int_equal(smtp_outcome_of(SMTP_RECIPIENT, 550), SMTP_REFUSED);
    assert_int_equal(smtp_outcome_of(SMTP_CONTENT, 554), SMTP_REFUSED);
    assert_int_equal(smtp_outcome_of(SMTP_RECIPIENT, 450), SMTP_LATER);
    assert_int_equal(smtp_outcome_of(SMTP_CONTENT, 452), SMTP_LATER);
    assert_int_equal(smtp_outcome_of(SMTP_CONTENT, 0), SMTP_LATER);
    assert_int_equal(smtp_outcome_of(SMTP_CONNECT, 554), SMTP_LATER);
    assert_int_equal(smtp_outcome_of(SMTP_LOGIN, 535), SMTP_LATER);
    assert_int_equal(smtp_outcome_of(SMTP_SENDER, 553), SMTP_LATER);
    assert_int_equal(smtp_outcome_of(SMTP_RECIPIENT, 530), SMTP_LATER);
}

static enum smtp_phase phase(const char *line)
{
    return smtp_phase_of(line, strlen(line), SMTP_CONNECT);
}

static void commands_tell_the_phase(void **state)
{
    (void)state;
    assert_int_equal(phase("EHLO client.example\r\n"), SMTP_HELLO);
    assert_int_equal(phase("STARTTLS\r\n"), SMTP_STARTTLS);
    assert_int_equal(phase("AUTH PLAIN AGFubg==\r\n"), SMTP_LOGIN);
    assert_int_equal(phase("mail FROM:<a@b.example>\r\n"), SMTP_SENDER);
    assert_int_equal(phase("RCPT TO:<a@b.example>\r\n"), SMTP_RECIPIENT);
    assert_int_equal(phase("DATA\r\n"), SMTP_CONTENT);
    assert_int_equal(phase("DATAbase64==\r\n"), SMTP_CONNECT); /* part of a login */
    assert_int_equal(phase("QUIT\r\n"), SMTP_CONNECT);
    assert_int_equal(smtp_phase_of("DATA", 2, SMTP_LOGIN), SMTP_LOGIN);
}

static void codes_are_three_digits(void **state)
{
    (void)state;
    assert_int_equal(smtp_code_of("550 no", 6), 550);
    assert_int_equal(smtp_code_of("250-more", 8), 250);
    assert_int_equal(smtp_code_of("25", 2), 0);
    assert_int_equal(smtp_code_of("HTTP/1.1 400", 12), 0);
}

static const char *said(const char *text)
{
    static char out[SMTP_TEXT_BYTES];
    smtp_say(SMTP_RECIPIENT, text, strlen(text), out);
    assert_true(utf8_valid(out, strlen(out)));
    return out;
}

static void nothing_but_text_is_shown(void **state)
{
    (void)state;
    assert_string_equal(said("550 no such user\r\n"), "recipient: 550 no such user");
    assert_string_equal(said("550-first\r\n550 second\r\n"), "recipient: 550-first 550 second");
    assert_string_equal(said("550 \x1b[2Jred\a"), "recipient: 550 [2Jred");
    assert_string_equal(said("550 caf\xc3\xa9"), "recipient: 550 caf\xc3\xa9");
    assert_string_equal(said("550 \xff\xfe latin\xe9"), "recipient: 550 latin");
    assert_string_equal(said("550 \xc2\x85"
                             "C1 \xe2\x80\xae"
                             "turned"),
                        "recipient: 550 C1 turned");
    assert_string_equal(said(""), "recipient:");
}

static void what_is_shown_is_bounded(void **state)
{
    (void)state;
    char text[3 * SMTP_TEXT_BYTES + 1];
    for (size_t i = 0; i + 2 < sizeof text; i += 2)
        memcpy(text + i, "\xc3\xa9", 2);
    text[sizeof text - 1] = '\0';
    const size_t len = strlen(said(text));
    assert_true(len < SMTP_TEXT_BYTES && len > SMTP_TEXT_BYTES - 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_recipient_and_the_content_are_refused_for_good),
        cmocka_unit_test(commands_tell_the_phase),
        cmocka_unit_test(codes_are_three_digits),
        cmocka_unit_test(nothing_but_text_is_shown),
        cmocka_unit_test(what_is_shown_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
