/* SPDX-License-Identifier: Apache-2.0 */

/* Which settings of mail can be used. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "outbound/smtp_session.h"

static char file[] = "/tmp/amends-smtp-XXXXXX";

static int make_file(void **state)
{
    (void)state;
    const int fd = mkstemp(file);
    assert_true(fd >= 0 && write(fd, "secret\n", 7) == 7 && close(fd) == 0);
    return 0;
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(file);
}

static struct smtp_settings good(void)
{
    return (struct smtp_settings){.url = "smtp://mail.company.example:587",
                                  .user = "amends",
                                  .password_file = file,
                                  .ca = "",
                                  .sender = "amends@company.example",
                                  .timeout_ms = 1000};
}

static void refused(struct smtp_settings s, const char *option, const char *part)
{
    const char *name = "";
    char why[SMTP_WHY_BYTES] = "";
    assert_int_equal(smtp_settings_check(&s, &name, why), AM_EINVAL);
    assert_string_equal(name, option);
    if (!strstr(why, part))
        fail_msg("\"%s\" does not say \"%s\"", why, part);
}

static void accepted(struct smtp_settings s)
{
    const char *name = "";
    char why[SMTP_WHY_BYTES] = "";
    if (smtp_settings_check(&s, &name, why))
        fail_msg("--%s: %s", name, why);
}

#define WITH(member, value)                                                                        \
    ({                                                                                             \
        struct smtp_settings w = good();                                                           \
        w.member = (value);                                                                        \
        w;                                                                                         \
    })

static void addresses_of_servers(void **state)
{
    (void)state;
    accepted(good());
    accepted(WITH(url, "smtps://[2001:db8::1]:465"));
    accepted(WITH(url, "SMTP://mail"));
    refused(WITH(url, "mail.company.example:25"), "smtp-url", "neither smtp:// nor smtps://");
    refused(WITH(url, "http://mail"), "smtp-url", "neither smtp:// nor smtps://");
    refused(WITH(url, "smtp://"), "smtp-url", "is no address");
    refused(WITH(url, "smtp://mail:99999"), "smtp-url", "is no address");
    refused(WITH(url, "smtp://ann:secret@mail"), "smtp-url", "give --smtp-user");
    refused(WITH(url, "smtp://mail/box"), "smtp-url", "more than host and port");
    refused(WITH(url, "smtp://mail?a=b"), "smtp-url", "more than host and port");
}

static void half_a_configuration(void **state)
{
    (void)state;
    refused(WITH(sender, ""), "mail-from", "is missing");
    refused(WITH(sender, "company.example"), "mail-from", "is no address");
    refused(WITH(user, ""), "smtp-user", "is missing");
    refused(WITH(password_file, ""), "smtp-password-file", "is missing");
    refused(WITH(password_file, "/nowhere/at/all"), "smtp-password-file", "cannot be used");
    refused(WITH(password_file, "/dev/null"), "smtp-password-file", "is empty");
    refused(WITH(ca, "/nowhere/at/all"), "smtp-ca", "cannot be read");
}

static void passwords_are_not_sent_in_plaintext(void **state)
{
    (void)state;
    struct smtp_settings s = WITH(insecure, true);
    refused(s, "insecure-smtp", "in plaintext");
    s.user = s.password_file = "";
    accepted(s);
    s.url = "smtps://mail.company.example";
    refused(s, "insecure-smtp", "has no effect");
    s = WITH(insecure, true);
    s.url = "smtp://127.0.0.2:25";
    accepted(s);
}

static void addresses_of_people(void **state)
{
    (void)state;
    assert_true(smtp_address_is_good("ann@company.example"));
    assert_true(smtp_address_is_good("o'neil+amends@[company]") == false);
    assert_true(smtp_address_is_good("o'neil+amends@localhost"));
    static const char *const bad[] = {"",
                                      "ann",
                                      "@company.example",
                                      "ann@",
                                      "a@b@c",
                                      "a b@c",
                                      "a@b>\r\nDATA",
                                      "a@b\n",
                                      "<a@b>",
                                      "a@b,c@d",
                                      "a@b;c",
                                      "ann@caf\xc3\xa9",
                                      "\"a\"@b",
                                      "a@-b",
                                      "a@.b",
                                      "a@b.",
                                      "a\\@b",
                                      "a@b\x7f"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (smtp_address_is_good(bad[i]))
            fail_msg("\"%s\" counts as an address", bad[i]);
    char longest[SMTP_ADDRESS_BYTES_MAX + 2];
    memset(longest, 'a', sizeof longest);
    longest[10] = '@';
    longest[SMTP_ADDRESS_BYTES_MAX] = '\0';
    assert_true(smtp_address_is_good(longest));
    longest[SMTP_ADDRESS_BYTES_MAX] = 'a';
    longest[SMTP_ADDRESS_BYTES_MAX + 1] = '\0';
    assert_false(smtp_address_is_good(longest));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_of_servers),
        cmocka_unit_test(half_a_configuration),
        cmocka_unit_test(passwords_are_not_sent_in_plaintext),
        cmocka_unit_test(addresses_of_people),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
