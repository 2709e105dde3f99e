/* SPDX-License-Identifier: Apache-2.0 */

/* What mails say, when there is a reason to send them, and their ids. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "contract/words.h"
#include "policy/compile/bundle.h"
#include "resolution/mail/compose.h"

static struct arena arena;
static struct policy *policy;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 4u << 20);
    policy = policy_default(1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    policy_free(policy);
    arena_free(&arena);
    return 0;
}

static struct mail_facts breach(void)
{
    struct mail_facts f = {.kind = NOTIFICATION_KIND_THRESHOLD,
                           .cause = NOTIFICATION_CAUSE_BREACH,
                           .ask = NOTIFICATION_ASK_ACT_NOW,
                           .urgent = true,
                           .created_at = 1796035153LL * 1000000,
                           .tenant = "acme",
                           .reference = "7KQ2M4TX",
                           .case_status = CASE_STATUS_OPEN,
                           .case_level = 2,
                           .severity = 4,
                           .failure_code = "billing.double_charge",
                           .clock = "first_response",
                           .clock_state = CLOCK_STATE_BREACHED,
                           .due_at = 1796035153LL * 1000000};
    assert_int_equal(uuid_parse("0195b2c4-0000-7000-8000-000000000001", &f.case_id), AM_OK);
    assert_int_equal(uuid_parse("0195b2c4-0000-7000-8000-000000000002", &f.notification_id), AM_OK);
    return f;
}

static struct mail composed(const struct mail_recipient *to, const struct mail_facts *f, size_t n)
{
    struct mail m = {0};
    assert_int_equal(
        mail_compose(policy, "https://care.example/c/{reference}", to, f, n, &arena, &m), AM_OK);
    return m;
}

static const struct mail_recipient ann = {"ann@company.example", "en", "Europe/Berlin"};

static void a_breach_says_all_that_is_needed(void **state)
{
    (void)state;
    const struct mail_facts f = breach();
    const struct mail m = composed(&ann, &f, 1);
    assert_string_equal(m.subject, "A deadline was missed: case 7KQ2M4TX");
    assert_string_equal(m.text, "A deadline was missed\n"
                                "\n"
                                "Case:         7KQ2M4TX\n"
                                "What failed:  Charged twice\n"
                                "Level:        lead\n"
                                "Clock:        first response\n"
                                "Due:          2026-11-30 11:39 Europe/Berlin\n"
                                "Please:       act now, it is late\n"
                                "\n"
                                "https://care.example/c/7KQ2M4TX\n");
    assert_string_equal(m.to, "ann@company.example");
    assert_string_equal(m.from_name, "Amends");
    assert_string_equal(m.kind, "threshold");
    assert_true(m.urgent);
    assert_true(uuid_eq(&m.id, &f.notification_id));
    assert_true(uuid_eq(&m.about, &f.case_id));
}

static void in_the_recipient_s_language_and_zone(void **state)
{
    (void)state;
    const struct mail_facts f = breach();
    const struct mail_recipient to = {"max@company.example", "de-AT", ""};
    const struct mail m = composed(&to, &f, 1);
    assert_string_equal(m.subject, "Eine Frist wurde versäumt: Fall 7KQ2M4TX");
    assert_non_null(strstr(m.text, "2026-11-30 10:39 UTC\n"));
    assert_string_equal(m.language, "de");
    const struct mail_recipient unknown = {"x@company.example", "tlh", "Moon/Sea"};
    assert_string_equal(composed(&unknown, &f, 1).subject, "A deadline was missed: case 7KQ2M4TX");
}

static void what_is_not_known_is_not_said(void **state)
{
    (void)state;
    struct mail_facts f = breach();
    f.clock = "";
    f.due_at = 0;
    f.cause = f.ask = 0; /* as release 1 wrote it */
    f.reference = "";
    struct mail m = {0};
    assert_int_equal(mail_compose(policy, "", &ann, &f, 1, &arena, &m), AM_OK);
    assert_string_equal(m.subject, "threshold: case 0195b2c4-0000-7000-8000-000000000001");
    assert_null(strstr(m.text, "Due"));
    assert_null(strstr(m.text, "Clock"));
    assert_null(strstr(m.text, "Please"));
    assert_null(strstr(m.text, "http"));
}

static void several_are_one_mail(void **state)
{
    (void)state;
    struct mail_facts f[3] = {breach(), breach(), breach()};
    f[1].notification_id.b[15] = 3;
    f[1].reference = "AAAA2222";
    f[2].notification_id.b[15] = 4;
    f[2].due_at = 0;
    const struct mail m = composed(&ann, f, 3);
    assert_string_equal(m.subject, "3 notifications wait for you");
    assert_string_equal(m.text,
                        "3 notifications wait for you:\n\n"
                        "7KQ2M4TX: A deadline was missed 2026-11-30 11:39 Europe/Berlin "
                        "https://care.example/c/7KQ2M4TX\n"
                        "AAAA2222: A deadline was missed 2026-11-30 11:39 Europe/Berlin "
                        "https://care.example/c/AAAA2222\n"
                        "7KQ2M4TX: A deadline was missed  https://care.example/c/7KQ2M4TX\n");
    assert_string_equal(m.kind, "digest");
    assert_true(uuid_is_zero(&m.about));
}

static void ids_follow_from_what_is_told(void **state)
{
    (void)state;
    struct mail_facts f[3] = {breach(), breach(), breach()};
    f[1].notification_id.b[15] = 3;
    f[1].created_at++;
    f[2].notification_id.b[15] = 4;
    const struct mail_facts turned[2] = {f[1], f[0]};
    const struct uuid two = mail_id_of(f, 2), back = mail_id_of(turned, 2),
                      three = mail_id_of(f, 3);
    assert_true(uuid_eq(&two, &back));
    assert_false(uuid_eq(&two, &three));
}

static void links_are_patterns(void **state)
{
    (void)state;
    const struct mail_facts f = breach();
    struct mail m = {0};
    assert_int_equal(
        mail_compose(policy, "https://x/{tenant}/{case_id}?r={reference}", &ann, &f, 1, &arena, &m),
        AM_OK);
    assert_non_null(
        strstr(m.text, "https://x/acme/0195b2c4-0000-7000-8000-000000000001?r=7KQ2M4TX\n"));
}

static void needed_until_somebody_knows_or_nobody_can_act(void **state)
{
    (void)state;
    struct mail_facts f = breach();
    assert_true(mail_is_needed(&f));
    f.acknowledged = true;
    assert_false(mail_is_needed(&f));
    f = breach();
    f.case_status = CASE_STATUS_RESOLVED;
    assert_true(mail_is_needed(&f));
    f.case_status = CASE_STATUS_CLOSED;
    assert_false(mail_is_needed(&f));
    f.kind = NOTIFICATION_KIND_WORD;
    f.cause = NOTIFICATION_CAUSE_LATE_WORD;
    f.ask = NOTIFICATION_ASK_ANSWER;
    assert_true(mail_is_needed(&f));
    f = breach();
    f.cause = NOTIFICATION_CAUSE_WARNING;
    f.ask = NOTIFICATION_ASK_MEET_DEADLINE;
    f.clock_state = CLOCK_STATE_RUNNING;
    assert_true(mail_is_needed(&f));
    f.clock_state = CLOCK_STATE_PAUSED;
    assert_true(mail_is_needed(&f));
    f.clock_state = CLOCK_STATE_MET;
    assert_false(mail_is_needed(&f));
}

static void it_says_whose_address_fails(void **state)
{
    (void)state;
    struct mail_facts f = breach();
    f.kind = NOTIFICATION_KIND_ADDRESS_FAILS;
    f.cause = NOTIFICATION_CAUSE_BOUNCED;
    f.ask = NOTIFICATION_ASK_CORRECT_ADDRESS;
    f.about = "ben";
    const struct mail m = composed(&ann, &f, 1);
    assert_string_equal(m.subject, "Mails to somebody come back: case 7KQ2M4TX");
    assert_non_null(strstr(m.text, "Whose mail:   ben\n"
                                   "Please:       correct the address"));
    f.case_status = CASE_STATUS_CLOSED;
    assert_true(mail_is_needed(&f));
}

static void a_full_arena_is_told(void **state)
{
    (void)state;
    struct mail_facts f[2] = {breach(), breach()};
    struct mail m = {0};
    for (size_t quota = 16; quota < 60000; quota += 997) {
        struct arena small;
        arena_init(&small, quota);
        for (size_t n = 1; n <= 2; n++) {
            int err = mail_compose(policy, "https://x/{case_id}", &ann, f, n, &small, &m);
            assert_true(err == AM_OK || err == AM_ENOMEM);
        }
        arena_free(&small);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_breach_says_all_that_is_needed),
        cmocka_unit_test(in_the_recipient_s_language_and_zone),
        cmocka_unit_test(what_is_not_known_is_not_said),
        cmocka_unit_test(several_are_one_mail),
        cmocka_unit_test(ids_follow_from_what_is_told),
        cmocka_unit_test(links_are_patterns),
        cmocka_unit_test(needed_until_somebody_knows_or_nobody_can_act),
        cmocka_unit_test(it_says_whose_address_fails),
        cmocka_unit_test(a_full_arena_is_told),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
