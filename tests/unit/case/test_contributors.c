/* SPDX-License-Identifier: Apache-2.0 */

/* Who joined: one entry a level, by level, a stronger action in place of a weaker one. */

#include "case/people/contributors.h"
#include "world.h"

static const char *add(struct world *w, const char *text, int level, int action, const char *who)
{
    const struct contributor c = {
        .level = (int16_t)level, .action = (int16_t)action, .principal = who};
    return contributors_add(text, &c, &w->arena);
}

static void entries_are_kept_by_level(void **state)
{
    (void)state;
    struct world *w = world_new();
    const char *text = add(w, "", 3, LADDER_ACTION_CO_OWN, "steward-manager");
    assert_string_equal(text, "3:2:steward-manager");
    text = add(w, text, 2, LADDER_ACTION_CO_OWN, "a:b@c");
    text = add(w, text, 4, LADDER_ACTION_TAKE_OVER, "steward-executive");
    assert_string_equal(text, "2:2:a:b@c 3:2:steward-manager 4:3:steward-executive");
    struct contributor all[POLICY_LEVELS_MAX];
    size_t n = 0;
    assert_int_equal(contributors_parse(text, all, &n, &w->arena), AM_OK);
    assert_int_equal(n, 3);
    assert_int_equal(all[0].level, 2);
    assert_string_equal(all[0].principal, "a:b@c");
    assert_int_equal(all[2].action, LADDER_ACTION_TAKE_OVER);
    world_free(w);
}

static void only_a_stronger_action_replaces(void **state)
{
    (void)state;
    struct world *w = world_new();
    const char *text = add(w, "3:2:m", 3, LADDER_ACTION_TAKE_OVER, "m");
    assert_string_equal(text, "3:3:m");
    assert_string_equal(add(w, text, 3, LADDER_ACTION_CO_OWN, "m"), "3:3:m");
    world_free(w);
}

static void all_levels_have_room(void **state)
{
    (void)state;
    struct world *w = world_new();
    const char *text = "";
    for (int level = POLICY_LEVELS_MAX; level >= 1; level--)
        text = add(w, text, level, LADDER_ACTION_CO_OWN, "x");
    assert_string_equal(text, "1:2:x 2:2:x 3:2:x 4:2:x 5:2:x 6:2:x 7:2:x 8:2:x");
    assert_string_equal(add(w, text, 8, LADDER_ACTION_CO_OWN, "x"), text);
    world_free(w);
}

static void who_took_over_is_known_by_the_whole_name(void **state)
{
    (void)state;
    assert_true(contributors_take_over("2:2:lea 4:3:exec", "exec"));
    assert_false(contributors_take_over("2:2:lea 4:3:exec", "lea"));
    assert_false(contributors_take_over("2:2:lea 4:3:exec", "exe"));
    assert_false(contributors_take_over("2:2:lea 4:3:exec", "executive"));
    assert_false(contributors_take_over("", ""));
}

static void other_texts_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "x",       "1",
        "1:",      "1:2",
        "1:2:",    "9:2:x",
        "0:2:x",   "1:1:x",
        "1:4:x",   "1:2:x  ",
        " 1:2:x",  "12:2:x",
        "1:2:x 2", "1:2:x 1:2:x 1:2:x 1:2:x 1:2:x 1:2:x 1:2:x 1:2:x 1:2:x"};
    struct world *w = world_new();
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct contributor all[POLICY_LEVELS_MAX];
        size_t n = 0;
        if (contributors_parse(bad[i], all, &n, &w->arena) != AM_EINVAL)
            fail_msg("'%s'", bad[i]);
    }
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_are_kept_by_level),
        cmocka_unit_test(only_a_stronger_action_replaces),
        cmocka_unit_test(all_levels_have_room),
        cmocka_unit_test(who_took_over_is_known_by_the_whole_name),
        cmocka_unit_test(other_texts_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
