/* SPDX-License-Identifier: Apache-2.0 */

/* The canonical texts of an agent's row: written sorted and without doubles, read back the same. */

#include <string.h>

#include "case/people/agent_text.h"
#include "case/message/message.h"
#include "world.h"

static struct arena arena;

static Amends__V1__Skill *skill(const char *code, int level)
{
    Amends__V1__Skill *s = ARENA_NEW(&arena, Amends__V1__Skill);
    amends__v1__skill__init(s);
    s->code = arena_strdup(&arena, code);
    s->level = level;
    return s;
}

static Amends__V1__Authority *authority(int kind, const char *currency, int64_t units, int nanos)
{
    Amends__V1__Authority *a = ARENA_NEW(&arena, Amends__V1__Authority);
    amends__v1__authority__init(a);
    a->kind = (Amends__V1__RemedyKind)kind;
    a->limit_per_case = ARENA_NEW(&arena, Google__Type__Money);
    google__type__money__init(a->limit_per_case);
    a->limit_per_case->currency_code = arena_strdup(&arena, currency);
    a->limit_per_case->units = units;
    a->limit_per_case->nanos = nanos;
    return a;
}

static void skills_are_sorted_without_doubles(void **state)
{
    (void)state;
    Amends__V1__Skill *skills[] = {skill("delivery", 2), skill("bill", 1), skill("billing", 3),
                                   skill("billing", 5)};
    assert_string_equal(agent_text_skills(skills, 4, &arena), "bill:1 billing:3 delivery:2");
    assert_string_equal(agent_text_skills(NULL, 0, &arena), "");
}

static void languages_are_sorted_without_doubles(void **state)
{
    (void)state;
    char en[] = "en", de[] = "de", at[] = "de-AT";
    char *languages[] = {en, at, de, en};
    assert_string_equal(agent_text_languages(languages, 4, &arena), "de de-AT en");
    assert_string_equal(agent_text_languages(NULL, 0, &arena), "");
}

static void authorities_are_per_kind_and_currency(void **state)
{
    (void)state;
    Amends__V1__Authority *list[] = {authority(6, "USD", 200, 0), authority(6, "EUR", 1, 500000000),
                                     authority(6, "USD", 999, 0)};
    assert_string_equal(agent_text_authorities(list, 3, &arena), "6:EUR:1500000 6:USD:200000000");
}

static void texts_read_back_as_messages(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct agent_row *row = world_agent(w, "ann", 2);
    row->skills = "billing:3 delivery:2";
    row->languages = "de en-GB";
    row->authorities = "6:USD:200500000";
    row->counted_cases = 2;
    row->pending_weight = 1;
    const Amends__V1__Agent *a = message_agent(row, &w->arena);
    assert_int_equal(a->n_skills, 2);
    assert_string_equal(a->skills[1]->code, "delivery");
    assert_int_equal(a->skills[1]->level, 2);
    assert_int_equal(a->n_languages, 2);
    assert_string_equal(a->languages[1], "en-GB");
    assert_int_equal(a->n_authorities, 1);
    assert_int_equal(a->authorities[0]->kind, REMEDY_KIND_REFUND);
    assert_string_equal(a->authorities[0]->limit_per_case->currency_code, "USD");
    assert_int_equal(a->authorities[0]->limit_per_case->units, 200);
    assert_int_equal(a->authorities[0]->limit_per_case->nanos, 500000000);
    assert_int_equal(a->load, 3);
    assert_string_equal(agent_text_skills(a->skills, a->n_skills, &w->arena), row->skills);
    assert_string_equal(agent_text_authorities(a->authorities, a->n_authorities, &w->arena),
                        row->authorities);
    world_free(w);
}

static void broken_texts_end_the_reading(void **state)
{
    (void)state;
    static const char *const skills[] = {
        "", " ", "billing", "billing:", "billing:x", ":", "billing:99999999999999999999999"};
    static const char *const authorities[] = {"", "6", "6:USD", "6:USD:", "x:USD:1", "6:USD:-1"};
    struct agent_skill s;
    struct agent_authority a;
    for (size_t i = 0; i < sizeof(skills) / sizeof(skills[0]); i++) {
        const char *at = skills[i];
        if (agent_text_skill(&at, &s))
            fail_msg("skill '%s'", skills[i]);
    }
    for (size_t i = 0; i < sizeof(authorities) / sizeof(authorities[0]); i++) {
        const char *at = authorities[i];
        if (agent_text_authority(&at, &a))
            fail_msg("authority '%s'", authorities[i]);
    }
}

static void a_full_arena_is_told(void **state)
{
    (void)state;
    struct arena tiny;
    Amends__V1__Skill *skills[] = {skill("delivery", 2)};
    Amends__V1__Authority *list[] = {authority(6, "USD", 200, 0)};
    char en[] = "en";
    char *languages[] = {en};
    for (size_t quota = 0; quota < 128; quota++) {
        arena_init(&tiny, quota);
        const char *text = agent_text_skills(skills, 1, &tiny);
        assert_true(!text || strcmp(text, "delivery:2") == 0);
        arena_reset(&tiny);
        text = agent_text_languages(languages, 1, &tiny);
        assert_true(!text || strcmp(text, "en") == 0);
        arena_reset(&tiny);
        text = agent_text_authorities(list, 1, &tiny);
        assert_true(!text || strcmp(text, "6:USD:200000000") == 0);
        arena_free(&tiny);
    }
}

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(skills_are_sorted_without_doubles),
        cmocka_unit_test(languages_are_sorted_without_doubles),
        cmocka_unit_test(authorities_are_per_kind_and_currency),
        cmocka_unit_test(texts_read_back_as_messages),
        cmocka_unit_test(broken_texts_end_the_reading),
        cmocka_unit_test(a_full_arena_is_told),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
