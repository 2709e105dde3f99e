/* SPDX-License-Identifier: Apache-2.0 */

/* Who a certificate is by its names, and what a file says that is wrong. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "auth/role_set.h"
#include "auth/san_file.h"
#include "base/time.h"
#include "contract/words.h"
#include "io/loop.h"

#define ARENA_BYTES 65536
#define TOLD_BYTES 4096

static const char example[] = "# who is who\n"
                              "uri:spiffe://example.com/crm       acme  crm   CLIENT,GATEWAY\n"
                              "\n"
                              "uri:spiffe://example.com/agents/*\tacme\t*\tAGENT   # by name\n"
                              "uri:spiffe://example.com/teams/*   acme  team  OBSERVER\r\n"
                              "dns:Mail.Example.com               acme  mail  gateway\n"
                              "email:ann@example.com              acme  ann   AGENT,SUPERVISOR\n"
                              "ip:10.0.0.7                        other app   CLIENT\n"
                              "uri:spiffe://example.com/amends    *     amends INTERNAL\n"
                              "uri:spiffe://example.com/a#b       acme  part  OBSERVER";

/* "4: ...\n" for each mistake. */
static void note(void *ctx, int line, const char *what)
{
    char *told = ctx;
    const size_t used = strlen(told);
    (void)snprintf(told + used, TOLD_BYTES - used, "%d: %s\n", line, what);
}

static struct san_map *read_map(const char *text)
{
    char told[TOLD_BYTES] = "";
    struct san_map *map = san_map_read(text, strlen(text), note, told);
    assert_string_equal(told, "");
    assert_non_null(map);
    return map;
}

static void expect_who(const struct san_map *map, enum san_kind kind, const char *name,
                       const char *tenant, const char *principal, uint32_t roles)
{
    struct arena arena;
    struct auth_identity who;
    const char *why = NULL;
    const struct san san = {kind, name};
    arena_init(&arena, ARENA_BYTES);
    assert_int_equal(san_map_find(map, &san, 1, &arena, &who, &why), AM_OK);
    assert_string_equal(who.tenant, tenant);
    assert_string_equal(who.principal, principal);
    assert_int_equal(who.roles, roles);
    assert_true(who.until_us == INT64_MAX);
    assert_true(san_map_alive(map, &who));
    arena_free(&arena);
}

static void expect_nobody(const struct san_map *map, enum san_kind kind, const char *name, int err)
{
    struct arena arena;
    struct auth_identity who;
    const char *why = NULL;
    const struct san san = {kind, name};
    arena_init(&arena, ARENA_BYTES);
    assert_int_equal(san_map_find(map, &san, 1, &arena, &who, &why), err);
    assert_non_null(why);
    arena_free(&arena);
}

static void test_names_are_found(void **state)
{
    (void)state;
    struct san_map *map = read_map(example);
    assert_int_equal(san_map_lines(map), 8);
    expect_who(map, SAN_URI, "spiffe://example.com/crm", "acme", "crm",
               ROLE_BIT(ROLE_CLIENT) | ROLE_BIT(ROLE_GATEWAY));
    expect_who(map, SAN_DNS, "mail.example.com", "acme", "mail", ROLE_BIT(ROLE_GATEWAY));
    expect_who(map, SAN_DNS, "MAIL.example.COM", "acme", "mail", ROLE_BIT(ROLE_GATEWAY));
    expect_who(map, SAN_EMAIL, "ann@example.com", "acme", "ann",
               ROLE_BIT(ROLE_AGENT) | ROLE_BIT(ROLE_SUPERVISOR));
    expect_who(map, SAN_IP, "10.0.0.7", "other", "app", ROLE_BIT(ROLE_CLIENT));
    expect_who(map, SAN_URI, "spiffe://example.com/amends", "", "amends", ROLE_BIT(ROLE_INTERNAL));
    expect_who(map, SAN_URI, "spiffe://example.com/a#b", "acme", "part", ROLE_BIT(ROLE_OBSERVER));
    san_map_free(map);
}

static void test_a_star_stands_for_something(void **state)
{
    (void)state;
    struct san_map *map = read_map(example);
    expect_who(map, SAN_URI, "spiffe://example.com/agents/bob", "acme", "bob",
               ROLE_BIT(ROLE_AGENT));
    expect_who(map, SAN_URI, "spiffe://example.com/teams/a/b", "acme", "team",
               ROLE_BIT(ROLE_OBSERVER));
    expect_nobody(map, SAN_URI, "spiffe://example.com/agents/", AM_ENOENT);
    expect_nobody(map, SAN_URI, "spiffe://example.com/agents/a/b", AM_EINVAL);
    expect_nobody(map, SAN_URI, "spiffe://example.com/agents/amends", AM_EINVAL);
    expect_nobody(map, SAN_URI, "spiffe://example.com/agents/customer:email", AM_EINVAL);
    expect_nobody(map, SAN_URI, "spiffe://example.com/agents/*", AM_EINVAL);
    san_map_free(map);
}

static void test_other_names_are_nobody(void **state)
{
    (void)state;
    struct san_map *map = read_map(example);
    static char longest[SAN_NAME_BYTES_MAX + 2];
    memset(longest, 'a', sizeof longest - 1);
    expect_nobody(map, SAN_URI, "spiffe://example.com/crm2", AM_ENOENT);
    expect_nobody(map, SAN_URI, "spiffe://example.com/cr", AM_ENOENT);
    expect_nobody(map, SAN_URI, "SPIFFE://example.com/crm", AM_ENOENT);
    expect_nobody(map, SAN_DNS, "spiffe://example.com/crm", AM_ENOENT);
    expect_nobody(map, SAN_DNS, "a.mail.example.com", AM_ENOENT);
    expect_nobody(map, SAN_EMAIL, "Ann@example.com", AM_ENOENT);
    expect_nobody(map, SAN_EMAIL, "", AM_ENOENT);
    expect_nobody(map, SAN_URI, longest, AM_ENOENT);
    san_map_free(map);
}

static void test_the_first_line_counts(void **state)
{
    (void)state;
    struct san_map *map = read_map("uri:spiffe://e/agents/boss acme boss ADMIN\n"
                                   "uri:spiffe://e/agents/* acme * AGENT\n"
                                   "dns:b.example.com acme late OBSERVER\n");
    expect_who(map, SAN_URI, "spiffe://e/agents/boss", "acme", "boss", ROLE_BIT(ROLE_ADMIN));
    struct arena arena;
    struct auth_identity who;
    const char *why = NULL;
    const struct san sans[] = {{SAN_DNS, "b.example.com"}, {SAN_URI, "spiffe://e/agents/bob"}};
    arena_init(&arena, ARENA_BYTES);
    assert_int_equal(san_map_find(map, sans, 2, &arena, &who, &why), AM_OK);
    assert_string_equal(who.principal, "bob");
    assert_string_equal(who.credential, "uri:spiffe://e/agents/bob");
    assert_int_equal(san_map_find(map, sans, 0, &arena, &who, &why), AM_ENOENT);
    arena_free(&arena);
    san_map_free(map);
}

struct bad {
    const char *text, *told;
};

static void test_mistakes_are_told_with_their_line(void **state)
{
    (void)state;
    static const struct bad bads[] = {
        {"", "1: \"\" is all there is"},
        {"# nothing\n\n", "1: \"\" is all there is"},
        {"dns:a acme crm", "1: \"dns:a\" begins a line that has not four columns"},
        {"dns:a acme crm CLIENT more", "has not four columns"},
        {"\n\ncn:a acme crm CLIENT", "3: \"cn:a\" is no name"},
        {"uri: acme crm CLIENT", "is no name"},
        {"dns:*.example.com acme crm CLIENT", "has a * that is not at the end of a URI"},
        {"uri:spiffe://e/*/x acme crm CLIENT", "has a * that is not at the end of a URI"},
        {"uri:spiffe://e/a* acme crm CLIENT", "must name a host and end with /"},
        {"uri:spiffe:///* acme crm CLIENT", "must name a host and end with /"},
        {"uri:spiffe://* acme crm CLIENT", "must name a host and end with /"},
        {"uri:* acme crm CLIENT", "must name a host and end with /"},
        {"dns:a ac|me crm CLIENT", "\"ac|me\" is no tenant"},
        {"dns:a acme c|rm CLIENT", "\"c|rm\" is no principal"},
        {"dns:a acme * CLIENT", "stands for the * of a name, which this line has not"},
        {"dns:a acme crm CLIENTS", "\"CLIENTS\" are no roles"},
        {"dns:a acme crm CLIENT,", "are no roles"},
        {"dns:a acme crm INTERNAL", "has INTERNAL, which goes with"},
        {"dns:a * amends INTERNAL,ADMIN", "has INTERNAL beside other roles"},
        {"uri:spiffe://e/* * amends INTERNAL", "has INTERNAL, which goes with a whole name"},
        {"dns:a * crm CLIENT", "has the tenant *"},
        {"dns:a acme amends ADMIN", "has the principal amends"},
        {"dns:a acme customer:email CLIENT", "has the principal of a customer"},
        {"dns:a acme crm CLIENT\ndns:A acme b ADMIN", "2: \"dns:a\" is never reached: line 1"},
        {"uri:s://e/* acme crm CLIENT\nuri:s://e/a/* acme b ADMIN", "2: \"uri:s://e/a/\" is never"},
        {"uri:s://e/* acme crm CLIENT\nuri:s://e/a acme b ADMIN", "line 1 takes in its name"},
        {"x\ny", "1: \"x\" begins a line"},
        {"x\ny", "2: \"y\" begins a line"},
    };
    for (size_t i = 0; i < sizeof bads / sizeof *bads; i++) {
        char told[TOLD_BYTES] = "";
        assert_null(san_map_read(bads[i].text, strlen(bads[i].text), note, told));
        if (!strstr(told, bads[i].told))
            fail_msg("\"%s\" was told as \"%s\"", bads[i].text, told);
    }
}

static void test_sizes_are_bounded(void **state)
{
    (void)state;
    char told[TOLD_BYTES] = "";
    char *text = calloc(1, SAN_BYTES_MAX + 1);
    memset(text, ' ', SAN_BYTES_MAX + 1);
    assert_null(san_map_read(text, SAN_BYTES_MAX + 1, note, told));
    assert_null(san_map_read("dns:a acme\0 crm CLIENT", 22, note, told));
    memset(text, '\n', SAN_LINES_MAX + 1);
    assert_null(san_map_read(text, SAN_LINES_MAX + 1, note, told));
    assert_non_null(strstr(told, "524,288"));
    assert_non_null(strstr(told, "4097: \"\" begins one line too many"));
    free(text);
}

/* -- a file that changes ----------------------------------------------------------------------- */

struct changing {
    struct loop *loop;
    struct loop_timer *timer;
    struct san_file *file;
    char path[64];
    int step, waited;
};

static void write_file(const struct changing *c, const char *text)
{
    char fresh[80];
    (void)snprintf(fresh, sizeof fresh, "%s.new", c->path);
    FILE *f = fopen(fresh, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(rename(fresh, c->path), 0);
}

static bool is_known(struct changing *c, const char *name)
{
    struct arena arena;
    struct auth_identity who;
    const char *why;
    const struct san san = {SAN_DNS, name};
    arena_init(&arena, ARENA_BYTES);
    const bool known = san_file_find(c->file, &san, 1, &arena, &who, &why) == AM_OK &&
                       san_file_alive(c->file, &who);
    arena_free(&arena);
    return known;
}

/* Each step waits for what the one before wrote; a wrong file changes nothing. */
static void step(void *ctx)
{
    struct changing *c = ctx;
    c->waited++;
    if (c->step == 0) {
        write_file(c, "dns:b acme b CLIENT\n");
        c->step = 1;
    } else if (c->step == 1 && is_known(c, "b")) {
        write_file(c, "dns:a acme\n");
        c->step = 2;
        c->waited = 0;
    } else if (c->step == 2 && c->waited == 15) {
        c->step = is_known(c, "b") && !is_known(c, "a") ? 3 : -1;
    }
    if (c->step == 3 || c->step < 0 || c->waited > 300)
        loop_stop(c->loop);
    loop_timer_start(c->timer, 100 * US_PER_MS);
}

static void test_a_file_is_read_again(void **state)
{
    (void)state;
    char told[TOLD_BYTES] = "";
    struct time_source *time = time_source_new();
    struct changing c = {.loop = loop_new(time)};
    (void)snprintf(c.path, sizeof c.path, "/tmp/test_san_map-%ld", (long)getpid());
    assert_int_equal(san_file_new(c.path, c.loop, note, told, &c.file), AM_EINVAL);
    assert_non_null(strstr(told, "0: the file cannot be read"));
    write_file(&c, "dns:a acme a CLIENT\n");
    assert_int_equal(san_file_new(c.path, c.loop, note, told, &c.file), AM_OK);
    assert_true(is_known(&c, "a"));
    c.timer = loop_timer_new(c.loop, step, &c);
    loop_timer_start(c.timer, 0);
    loop_run(c.loop);
    assert_int_equal(c.step, 3);
    san_file_free(c.file);
    loop_timer_free(c.timer);
    loop_free(c.loop);
    time_source_free(time);
    assert_int_equal(unlink(c.path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_are_found),
        cmocka_unit_test(test_a_star_stands_for_something),
        cmocka_unit_test(test_other_names_are_nobody),
        cmocka_unit_test(test_the_first_line_counts),
        cmocka_unit_test(test_mistakes_are_told_with_their_line),
        cmocka_unit_test(test_sizes_are_bounded),
        cmocka_unit_test(test_a_file_is_read_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
