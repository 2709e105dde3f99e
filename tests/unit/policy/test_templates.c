/* SPDX-License-Identifier: Apache-2.0 */

/* The texts of notifications: what the compiler says of them, which one is meant, rendering. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "policy/compile/bundle.h"
#include "policy/describe/diff.h"
#include "policy/template.h"

static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 16u << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

/* -- the compiler ------------------------------------------------------------------------------ */

static struct policy *compile(const char *templates, struct bundle_problems *problems)
{
    char *source = arena_printf(&arena, "amends: 2\ntemplates:\n%s", templates);
    assert_non_null(source);
    bundle_problems_init(problems, &arena);
    return bundle_compile(1, source, problems);
}

/* The bundle's only error is on that line and says that. */
static void refused(const char *templates, int line, const char *path, const char *part)
{
    struct bundle_problems problems;
    assert_null(compile(templates, &problems));
    for (size_t i = 0; i < problems.n; i++) {
        const struct bundle_problem *p = &problems.items[i];
        if (p->warning)
            continue;
        if (p->line != line || strcmp(p->path, path) != 0 || !strstr(p->text, part))
            fail_msg("line %d, %s: %s", p->line, p->path, p->text);
        assert_int_equal(problems.n_errors, 1);
        return;
    }
    fail_msg("no error is kept");
}

static void mistakes_are_told_with_their_line(void **state)
{
    (void)state;
    refused("  en:\n    other: {subject: \"{refrence}\", text: x}\n", 4,
            "templates.en.other.subject", "`{refrence}` is no variable; is it `{reference}`?");
    refused("  en:\n    other:\n      subject: x\n      text: |\n        one\n        {reference\n",
            8, "templates.en.other.text", "`{reference` is not closed by `}`");
    refused("  en:\n    other: {subject: \"a } b\", text: x}\n", 4, "templates.en.other.subject",
            "closes nothing");
    refused("  en:\n    other: {subject: \"{qqqqqqqq}\", text: x}\n", 4,
            "templates.en.other.subject", "known are reference, level, failure");
    refused("  en:\n    other: {subject: \"{lines}\", text: x}\n", 4, "templates.en.other.subject",
            "has no value here");
    refused("  en:\n    asks: {answer: \"answer {reference}\"}\n", 4, "templates.en.asks.answer",
            "have none");
    refused("  en:\n    other: {subject: \"a\\nBcc: b\", text: x}\n", 4,
            "templates.en.other.subject", "is followed by a control character");
    refused("  from: \"a\\r\\nb\"\n", 3, "templates.from", "is followed by a control character");
    refused("  en:\n    other: {subject: x, text: \"a\\eb\"}\n", 4, "templates.en.other.text",
            "is followed by a control character");
    refused("  en:\n    other: {subject: x}\n", 4, "templates.en.other.text",
            "the text of the mail");
    refused("  en:\n    thresold: {subject: x, text: y}\n", 4, "templates.en.thresold",
            "is it `threshold`?");
    refused("  en:\n    causes: {braech: x}\n", 4, "templates.en.causes.braech", "is it `breach`?");
    refused("  en:\n    digest: {subject: x, text: y, line: z}\n", 4, "templates.en.digest.text",
            "has no {lines}");
    refused("  English:\n    other: {subject: x, text: y}\n", 3, "templates.English",
            "is no language");
    refused("  en:\n    other: {subject: x, text: y, body: z}\n", 4, "templates.en.other.body",
            "is no key here");
}

static void texts_are_bounded(void **state)
{
    (void)state;
    char text[TEMPLATE_TEXT_BYTES_MAX + 2];
    memset(text, 'a', sizeof text);
    text[TEMPLATE_SUBJECT_BYTES_MAX + 1] = '\0';
    refused(arena_printf(&arena, "  en:\n    other: {subject: %s, text: x}\n", text), 4,
            "templates.en.other.subject", "has 201 bytes; at most 200");
    text[TEMPLATE_SUBJECT_BYTES_MAX + 1] = 'a';
    text[TEMPLATE_TEXT_BYTES_MAX + 1] = '\0';
    refused(arena_printf(&arena, "  en:\n    other: {subject: x, text: %s}\n", text), 4,
            "templates.en.other.text", "has 4001 bytes; at most 4000");
    char *many = arena_strdup(&arena, "");
    for (int c = 'a'; c < 'a' + TEMPLATE_LANGUAGES_MAX + 1; c++)
        many = arena_printf(&arena,
                            "%s  x%c: {other: {subject: x, text: y}, digest: {subject: x, text: "
                            "'{lines}', line: y}}\n",
                            many, c);
    refused(many, 19, "templates.xq", "is one language too many: at most 16");
}

static void a_new_language_needs_its_kinds(void **state)
{
    (void)state;
    refused("  it:\n    digest: {subject: x, text: '{lines}', line: y}\n", 3, "templates.it.other",
            "have none of their own");
    refused("  it:\n    other: {subject: x, text: y}\n", 3, "templates.it.digest",
            "several notifications");
    struct bundle_problems problems;
    struct policy *p = compile("  it:\n    other: {subject: x, text: y}\n"
                               "    digest: {subject: x, text: '{lines}', line: y}\n"
                               "    asks: {answer: rispondere al cliente}\n",
                               &problems);
    assert_non_null(p);
    assert_int_equal(problems.n, 1);
    assert_true(problems.items[0].warning);
    assert_non_null(strstr(problems.items[0].text, "has no words for nothing, meet_deadline"));
    policy_free(p);
}

static void the_first_format_has_none(void **state)
{
    (void)state;
    struct bundle_problems problems;
    bundle_problems_init(&problems, &arena);
    assert_null(bundle_compile(1, "amends: 1\ntemplates:\n  from: ACME\n", &problems));
    assert_int_equal(problems.items[0].line, 2);
    assert_string_equal(problems.items[0].text, "needs a bundle of `amends: 2`");
}

/* -- which text -------------------------------------------------------------------------------- */

static const char *subject(const struct policy *p, const char *language, int kind)
{
    const struct policy_text *t = policy_text_find(p, language, POLICY_TEXT_MAIL, kind);
    return t ? t->subject : NULL;
}

static void languages_fall_back(void **state)
{
    (void)state;
    struct bundle_problems problems;
    struct policy *p = compile("  from: ACME\n"
                               "  en:\n    threshold: {subject: near, text: x}\n"
                               "  pt-BR:\n    other: {subject: brasil, text: x}\n"
                               "    digest: {subject: x, text: '{lines}', line: y}\n"
                               "  pt:\n    other: {subject: portugal, text: x}\n"
                               "    digest: {subject: x, text: '{lines}', line: y}\n",
                               &problems);
    assert_non_null(p);
    assert_string_equal(p->mail_from, "ACME");
    assert_string_equal(subject(p, "en", NOTIFICATION_KIND_THRESHOLD), "near");
    assert_string_equal(subject(p, "en", NOTIFICATION_KIND_WORD), "{cause}: case {reference}");
    assert_string_equal(subject(p, "pt-br", NOTIFICATION_KIND_THRESHOLD), "brasil");
    assert_string_equal(subject(p, "pt-AO", NOTIFICATION_KIND_THRESHOLD), "portugal");
    assert_string_equal(subject(p, "de-AT-1996", 0), "{cause}: Fall {reference}");
    assert_string_equal(subject(p, "ja", NOTIFICATION_KIND_THRESHOLD), "near");
    assert_string_equal(subject(p, "", 0), "{cause}: case {reference}");
    assert_string_equal(
        policy_text_find(p, "pt", POLICY_TEXT_CAUSE, NOTIFICATION_CAUSE_BREACH)->text,
        "A deadline was missed");
    policy_free(p);
}

static void every_policy_has_all_words_in_what_ships(void **state)
{
    (void)state;
    static const char *const languages[] = {"en", "de", "fr", "es"};
    struct policy *p = policy_default(1);
    assert_string_equal(p->mail_from, "Amends");
    for (size_t i = 0; i < 4; i++) {
        for (int n = 0; n < NOTIFICATION_KIND_COUNT; n++)
            assert_string_equal(policy_text_find(p, languages[i], POLICY_TEXT_MAIL, n)->language,
                                languages[i]);
        for (int n = 1; n < NOTIFICATION_CAUSE_COUNT; n++)
            assert_string_equal(policy_text_find(p, languages[i], POLICY_TEXT_CAUSE, n)->language,
                                languages[i]);
        for (int n = 1; n < NOTIFICATION_ASK_COUNT; n++)
            assert_string_equal(policy_text_find(p, languages[i], POLICY_TEXT_ASK, n)->language,
                                languages[i]);
    }
    policy_free(p);
}

static void a_difference_is_shown(void **state)
{
    (void)state;
    struct bundle_problems problems;
    struct policy *from = policy_default(1);
    struct policy *to = compile("  en:\n    causes: {breach: Too late}\n", &problems);
    const char **lines;
    size_t n;
    assert_non_null(to);
    bundle_diff(from, to, &arena, &lines, &n);
    assert_int_equal(n, 2);
    assert_string_equal(lines[1], "templates.en.causes.breach: none -> Too late");
    policy_free(from);
    policy_free(to);
}

/* -- rendering --------------------------------------------------------------------------------- */

static const char *values[VARIABLES];

static const char *rendered(const char *text, enum template_use use)
{
    const struct template_mistake m = template_check(text, use);
    assert_null(m.text);
    const char *out = template_render(text, use, values, &arena);
    assert_non_null(out);
    assert_true(utf8_valid(out, strlen(out)));
    return out;
}

static void variables_get_their_values(void **state)
{
    (void)state;
    memset(values, 0, sizeof values);
    values[VARIABLE_REFERENCE] = "7KQ2";
    values[VARIABLE_CAUSE] = "Late";
    assert_string_equal(rendered("{cause}: case {reference}!", TEMPLATE_SUBJECT),
                        "Late: case 7KQ2!");
    assert_string_equal(rendered("{{x}} {{{reference}}}", TEMPLATE_SUBJECT), "{x} {7KQ2}");
    assert_string_equal(rendered("", TEMPLATE_SUBJECT), "");
}

static void lines_without_a_value_are_left_out(void **state)
{
    (void)state;
    memset(values, 0, sizeof values);
    values[VARIABLE_REFERENCE] = "7KQ2";
    assert_string_equal(
        rendered("Case {reference}\nDue: {due}\n\nLevel {level}, {reference}\nend", TEMPLATE_TEXT),
        "Case 7KQ2\n\nend");
    assert_string_equal(rendered("{reference} {due}.", TEMPLATE_SUBJECT), "7KQ2 .");
    assert_string_equal(rendered("{reference} {due}.", TEMPLATE_DIGEST_LINE), "7KQ2 .");
}

static void values_are_only_values(void **state)
{
    (void)state;
    memset(values, 0, sizeof values);
    values[VARIABLE_LEVEL] = "lead\r\nBcc: all@company.example\x1b[2J{cause}\xff\xc2\x85";
    assert_string_equal(rendered("{level}", TEMPLATE_SUBJECT),
                        "lead  Bcc: all@company.example [2J{cause}  ");
    values[VARIABLE_LINES] = "one\ntwo\r";
    assert_string_equal(rendered("{lines}", TEMPLATE_DIGEST_TEXT), "one\ntwo ");
}

static void what_comes_out_is_bounded(void **state)
{
    (void)state;
    static char large[TEMPLATE_TEXT_RENDERED_MAX + 100];
    for (size_t i = 0; i + 2 < sizeof large; i += 2)
        memset(large + i, 0xc3, 1), memset(large + i + 1, 0xa9, 1);
    memset(values, 0, sizeof values);
    values[VARIABLE_LEVEL] = large;
    values[VARIABLE_LINES] = large;
    assert_int_equal(strlen(rendered("a{level}{level}", TEMPLATE_SUBJECT)),
                     TEMPLATE_SUBJECT_RENDERED_MAX - 1);
    assert_true(strlen(rendered("{lines}", TEMPLATE_DIGEST_TEXT)) <= TEMPLATE_TEXT_RENDERED_MAX);
}

static void languages_have_tags(void **state)
{
    (void)state;
    assert_true(template_is_language("de"));
    assert_true(template_is_language("pt-BR"));
    assert_true(template_is_language("zh-Hant-TW"));
    assert_true(template_is_language("gsw"));
    static const char *const bad[] = {"",    "d",      "german", "DE",  "de-",
                                      "-de", "de--AT", "de_AT",  "d e", "de-toolongpart",
                                      "1a",  "de-AT\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (template_is_language(bad[i]))
            fail_msg("\"%s\" counts as a language", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistakes_are_told_with_their_line),
        cmocka_unit_test(texts_are_bounded),
        cmocka_unit_test(a_new_language_needs_its_kinds),
        cmocka_unit_test(the_first_format_has_none),
        cmocka_unit_test(languages_fall_back),
        cmocka_unit_test(every_policy_has_all_words_in_what_ships),
        cmocka_unit_test(a_difference_is_shown),
        cmocka_unit_test(variables_get_their_values),
        cmocka_unit_test(lines_without_a_value_are_left_out),
        cmocka_unit_test(values_are_only_values),
        cmocka_unit_test(what_comes_out_is_bounded),
        cmocka_unit_test(languages_have_tags),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
