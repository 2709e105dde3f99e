/* SPDX-License-Identifier: Apache-2.0 */

/* Who is told how: the section `notify`. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "base/time.h"
#include "contract/check.h"
#include "contract/words.h"
#include "policy/compile/bundle.h"
#include "policy/describe/describe.h"
#include "policy/notify.h"

#define PULL BIT_OF(NOTIFICATION_CHANNEL_PULL)
#define EMAIL BIT_OF(NOTIFICATION_CHANNEL_EMAIL)
#define WEBHOOK BIT_OF(NOTIFICATION_CHANNEL_WEBHOOK)
#define HOUR_US (3600 * US_PER_S)
/* 2026-06-01T00:00:00Z, a Monday. */
#define MONDAY_US 1780272000000000LL

/* Two levels; a calendar of office hours in Berlin, two hours ahead in summer. */
#define DESK(name, more)                                                                           \
    "  - {name: " name ", steward: {id: " name ", name: N, contact: c" more "}, action: inform,"
#define LADDER(first, second)                                                                      \
    "time_zone: Europe/Berlin\ncalendars:\n  office:\n    weekly: {mon-fri: 09:00-17:00}\n"        \
    "ladder:\n" DESK("desk", first) " authority: {all: 100, apology: unlimited, explanation: "     \
                                    "unlimited}}\n" DESK("board",                                  \
                                                         second) " authority: {all: unlimited}, "  \
                                                                 "clock: {target: 8h}}\n"
#define WITH_MAIL LADDER(", email: desk@example.com", ", email: board@example.com, webhook: b-1")

static struct arena arena;

static struct policy *compile(const char *sections)
{
    struct bundle_problems problems;
    char source[8192];
    bundle_problems_init(&problems, &arena);
    (void)snprintf(source, sizeof source, "amends: 2\n%s", sections);
    struct policy *p = bundle_compile(1, source, &problems);
    if (!p)
        fail_msg("%s: %s", problems.items[0].path, problems.items[0].text);
    return p;
}

static void assert_problem(const char *head, const char *sections, const char *path,
                           const char *text, bool warning)
{
    struct bundle_problems problems;
    char source[8192];
    bundle_problems_init(&problems, &arena);
    (void)snprintf(source, sizeof source, "%s%s", head, sections);
    policy_free(bundle_compile(1, source, &problems));
    for (size_t i = 0; i < problems.n; i++)
        if (strcmp(problems.items[i].path, path) == 0 && strstr(problems.items[i].text, text) &&
            problems.items[i].warning == warning)
            return;
    for (size_t i = 0; i < problems.n; i++)
        print_error("%s: %s\n", problems.items[i].path, problems.items[i].text);
    fail_msg("no problem at %s: %s", path, text);
}

#define assert_error(sections, path, text)                                                         \
    assert_problem("amends: 2\n", sections, path, text, false)

static uint32_t channels(const struct policy *p, const char *who, int level, int kind, int percent,
                         bool urgent)
{
    const struct policy_notice notice = {who, level, kind, percent, urgent};
    return policy_channels(p, &notice);
}

static void without_the_section_everything_is_only_read(void **state)
{
    (void)state;
    struct policy *p = policy_default(1);
    bool digest = true;
    assert_int_equal(channels(p, "steward", 1, NOTIFICATION_KIND_ESCALATION, 100, true), PULL);
    assert_int_equal(policy_send_at(p, NOTIFICATION_CHANNEL_EMAIL, false, 5, &digest), 5);
    assert_false(digest);
    policy_free(p);
}

static void the_first_rule_that_fits_holds(void **state)
{
    (void)state;
    struct policy *p =
        compile(WITH_MAIL "notify:\n  webhook: w-1\n  channels:\n"
                          "    - {urgent: yes, to: steward, by: [email, webhook]}\n"
                          "    - {level: 2+, kind: [customer_wrote, reopened], by: email}\n"
                          "    - {at: 75%, to: agent, by: webhook}\n"
                          "    - {urgent: no, kind: retargeted, by: pull}\n"
                          "    - {urgent: no, to: agent, by: email}\n");
    assert_int_equal(channels(p, "board", 2, NOTIFICATION_KIND_ESCALATION, 100, true),
                     EMAIL | WEBHOOK);
    assert_int_equal(channels(p, "ann", 2, NOTIFICATION_KIND_CUSTOMER_WROTE, 0, false), EMAIL);
    assert_int_equal(channels(p, "ann", 1, NOTIFICATION_KIND_CUSTOMER_WROTE, 0, false), EMAIL);
    assert_int_equal(channels(p, "desk", 1, NOTIFICATION_KIND_CUSTOMER_WROTE, 0, false), PULL);
    assert_int_equal(channels(p, "ann", 1, NOTIFICATION_KIND_THRESHOLD, 75, false), WEBHOOK);
    assert_int_equal(channels(p, "ann", 1, NOTIFICATION_KIND_THRESHOLD, 50, false), EMAIL);
    assert_int_equal(channels(p, "ann", 1, NOTIFICATION_KIND_RETARGETED, 0, false), PULL);
    assert_string_equal(policy_webhook(p, "board"), "b-1");
    assert_string_equal(policy_webhook(p, "desk"), "w-1");
    assert_string_equal(policy_webhook(p, "ann"), "w-1");
    assert_int_equal(policy_steward_level(p, "board"), 2);
    assert_int_equal(policy_steward_level(p, "ann"), 0);
    policy_free(p);
}

static int64_t sent(const struct policy *p, int channel, bool urgent, int64_t at_us)
{
    bool digest;
    int64_t when_us = policy_send_at(p, channel, urgent, at_us, &digest);
    assert_int_equal(digest,
                     !urgent && channel == NOTIFICATION_CHANNEL_EMAIL && p->notify.n_digests > 0);
    return when_us;
}

static void what_is_not_urgent_waits_for_the_hours(void **state)
{
    (void)state;
    struct policy *p = compile(WITH_MAIL "notify: {hours: office}\n");
    const int64_t opens_us = MONDAY_US + 7 * HOUR_US, closes_us = MONDAY_US + 15 * HOUR_US;
    const int mail = NOTIFICATION_CHANNEL_EMAIL, hook = NOTIFICATION_CHANNEL_WEBHOOK;
    assert_int_equal(sent(p, mail, false, MONDAY_US), opens_us);
    assert_int_equal(sent(p, hook, false, MONDAY_US), opens_us);
    assert_int_equal(sent(p, mail, true, MONDAY_US), MONDAY_US);
    assert_int_equal(sent(p, mail, false, opens_us), opens_us);
    assert_int_equal(sent(p, mail, false, closes_us - 1), closes_us - 1);
    assert_int_equal(sent(p, mail, false, closes_us), opens_us + 24 * HOUR_US);
    assert_int_equal(sent(p, mail, false, closes_us + 4 * 24 * HOUR_US),
                     opens_us + 7 * 24 * HOUR_US); /* over the weekend */
    policy_free(p);
}

static void mails_wait_for_the_digest(void **state)
{
    (void)state;
    struct policy *p = compile(WITH_MAIL "notify: {digest: [08:00, 13:00]}\n");
    const int64_t eight_us = MONDAY_US + 6 * HOUR_US, one_us = MONDAY_US + 11 * HOUR_US;
    const int mail = NOTIFICATION_CHANNEL_EMAIL, hook = NOTIFICATION_CHANNEL_WEBHOOK;
    assert_int_equal(sent(p, mail, false, MONDAY_US), eight_us);
    assert_int_equal(sent(p, mail, false, eight_us), eight_us);
    assert_int_equal(sent(p, mail, false, eight_us + 1), one_us);
    assert_int_equal(sent(p, mail, false, one_us + 1), eight_us + 24 * HOUR_US);
    assert_int_equal(sent(p, mail, true, one_us + 1), one_us + 1);
    assert_int_equal(sent(p, hook, false, one_us + 1), one_us + 1);
    policy_free(p);
    p = compile(WITH_MAIL "notify: {hours: office, digest: 08:00}\n");
    assert_int_equal(sent(p, mail, false, MONDAY_US),
                     eight_us + HOUR_US); /* not before the hours */
    policy_free(p);
}

/* At two in the night of 2026-03-29 clocks in Berlin are put forward to three. */
static void a_digest_that_the_clock_skips_is_sent_all_the_same(void **state)
{
    (void)state;
    struct policy *p = compile(WITH_MAIL "notify: {digest: 02:30}\n");
    const int64_t night_us = 1774735200000000LL; /* 2026-03-28T22:00:00Z */
    const int64_t at_us = sent(p, NOTIFICATION_CHANNEL_EMAIL, false, night_us);
    assert_true(at_us > night_us && at_us <= night_us + 4 * HOUR_US);
    policy_free(p);
}

static void channels_that_lead_nowhere_are_refused(void **state)
{
    (void)state;
    const char *rule = LADDER("", ", email: b@example.com") "notify: {channels: [{by: email}]}\n";
    assert_error(rule, "notify.channels[0].by", "`desk`, the steward of level 1, has no address");
    assert_error(WITH_MAIL "notify: {channels: [{by: webhook}]}\n", "notify.channels[0].by",
                 "webhook: none is named for level 1");
    assert_error(WITH_MAIL "notify: {channels: [{to: agent, by: webhook}]}\n",
                 "notify.channels[0].by", "none is named for agents");
    assert_error(WITH_MAIL "notify: {channels: [{level: 5+, by: email}]}\n",
                 "notify.channels[0].level", "above the top of the ladder, level 2");
    policy_free(compile(LADDER("", "") "notify: {channels: [{to: agent, by: email}]}\n"));
    assert_problem(
        "amends: 2\n",
        LADDER("", ", email: b@example.com") "notify: {channels: [{level: 2, by: email}]}\n",
        "notify.channels", "nobody writes to level 1", true);
}

static void what_is_written_wrongly_is_told(void **state)
{
    (void)state;
    assert_error(WITH_MAIL "notify: {channels: [{by: fax}]}\n", "notify.channels[0].by", "fax");
    assert_error(WITH_MAIL "notify: {channels: [{to: agent}]}\n", "notify.channels[0].by", "how");
    assert_error(WITH_MAIL "notify: {channels: [{to: boss, by: email}]}\n", "notify.channels[0].to",
                 "`boss` is none of: agent, steward");
    assert_error(WITH_MAIL "notify: {channels: [{at: x, by: email}]}\n", "notify.channels[0].at",
                 "x");
    assert_error(WITH_MAIL "notify: {digest: [8:00]}\n", "notify.digest[0]", "no time of day");
    assert_error(WITH_MAIL "notify: {digest: [13:00, 08:00]}\n", "notify.digest[1]",
                 "not later than the one before");
    assert_error(WITH_MAIL "notify: {hours: night}\n", "notify.hours", "night");
    assert_error(WITH_MAIL "notify: {ours: office}\n", "notify.ours", "is it `hours`?");
    assert_error(LADDER(", email: desk", ""), "ladder[0].steward.email", "no address for mail");
    assert_error(LADDER(", language: d_e", ""), "ladder[0].steward.language", "BCP 47");
    assert_error(LADDER(", webhook: \"a b\"", ""), "ladder[0].steward.webhook", "no id");
    assert_error("calendars:\n  fair:\n    weekly: {}\n    dates: {2026-06-01: 09:00-17:00}\n"
                 "notify: {hours: fair}\n",
                 "calendars.fair", "");
    assert_problem("amends: 1\n", "notify: {hours: always}\n", "notify", "amends: 2", false);
    assert_problem("amends: 1\n", WITH_MAIL, "ladder[0].steward", "amends: 2", false);
}

static void a_link_names_the_case_and_nothing_else(void **state)
{
    (void)state;
#define LINK(text) "notify:\n  link: \"" text "\"\n"
    struct policy *p =
        compile(LINK("https://crm.example.com/{tenant}/case/{case_id}?r={reference}"));
    assert_string_equal(p->notify.link,
                        "https://crm.example.com/{tenant}/case/{case_id}?r={reference}");
    policy_free(p);
    assert_error(LINK("https://crm.example.com/"), "notify.link", "names no case");
    assert_error(LINK("crm.example.com/{case_id}"), "notify.link", "https://");
    assert_error(LINK("https://c.example/{case_id}/{customer_name}"), "notify.link",
                 "none of {case_id}, {reference}, {tenant}");
    assert_error(LINK("https://c.example/{case_id"), "notify.link", "placeholder");
    assert_error(LINK("https://c.example/{case_id}}"), "notify.link", "placeholder");
    assert_error(LINK("https://c.example/{case_id}\\r\\nBcc: x"), "notify.link", "character");
    assert_error(LINK("https://c.example/{case_id} x"), "notify.link", "character");
#undef LINK
}

static const char *line_of(const struct description *d, const char *path)
{
    for (size_t i = 0; i < d->n; i++)
        if (strcmp(d->lines[i].path, path) == 0)
            return d->lines[i].value;
    return "";
}

static void it_is_described(void **state)
{
    (void)state;
    struct policy *p = compile(WITH_MAIL "notify:\n  hours: office\n  digest: [08:00, 13:30]\n"
                                         "  channels:\n"
                                         "    - {level: 2, kind: escalation, at: 50%, urgent: yes,"
                                         " to: agent, by: [pull, email]}\n");
    struct description d = {.arena = &arena};
    policy_describe(p, &d);
    assert_string_equal(line_of(&d, "notify.hours"), "office");
    assert_string_equal(line_of(&d, "notify.digest[1]"), "13:30");
    assert_string_equal(line_of(&d, "notify.channels[0].level"), "2");
    assert_string_equal(line_of(&d, "notify.channels[0].kind"), "escalation");
    assert_string_equal(line_of(&d, "notify.channels[0].at"), "50%");
    assert_string_equal(line_of(&d, "notify.channels[0].urgent"), "yes");
    assert_string_equal(line_of(&d, "notify.channels[0].to"), "agent");
    assert_string_equal(line_of(&d, "notify.channels[0].by"), "pull, email");
    assert_string_equal(line_of(&d, "ladder[1].steward.email"), "board@example.com");
    policy_free(p);
    p = policy_default(1);
    d = (struct description){.arena = &arena};
    policy_describe(p, &d);
    assert_string_equal(line_of(&d, "notify.hours"), "");
    policy_free(p);
}

static void addresses_for_mail(void **state)
{
    (void)state;
    static const char *const good[] = {"a@b", "ann.lee+x@mail.example.com", "o'neil@example.com"};
    static const char *const bad[] = {
        "",      "ann",   "@b",      "a@",   "a@b@c", "a b@c",  "a@b\r\nBcc: c@d",
        "<a@b>", "a,b@c", "\"a\"@b", "a@.b", "a@b.",  "a@b..c", "\xc3\xa4@b"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!check_is_email(good[i]))
            fail_msg("%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (check_is_email(bad[i]))
            fail_msg("%s", bad[i]);
}

static int begin(void **state)
{
    (void)state;
    arena_init(&arena, 64u << 20);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_the_section_everything_is_only_read),
        cmocka_unit_test(the_first_rule_that_fits_holds),
        cmocka_unit_test(what_is_not_urgent_waits_for_the_hours),
        cmocka_unit_test(mails_wait_for_the_digest),
        cmocka_unit_test(a_digest_that_the_clock_skips_is_sent_all_the_same),
        cmocka_unit_test(channels_that_lead_nowhere_are_refused),
        cmocka_unit_test(what_is_written_wrongly_is_told),
        cmocka_unit_test(a_link_names_the_case_and_nothing_else),
        cmocka_unit_test(it_is_described),
        cmocka_unit_test(addresses_for_mail),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
