/* SPDX-License-Identifier: Apache-2.0 */

/* Old names of zones on systems that leave out their files: they are found by the tz database's
 * table of links where there is one, and are no zones where there is none. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "calendar/zone.h"

#define JULY_S 1782864000 /* 2026-07-01T00:00:00Z */

/* -- in a process of its own: zones are kept for as long as a process lives ------------------- */

static int with_table(void)
{
    static const struct {
        const char *name;
        int32_t offset_s;
    } old[] = {{"Asia/Calcutta", 19800},
               {"US/Eastern", -14400},
               {"US/Older", -14400}, /* a link to a link */
               {"UTC", 0},
               {"GMT0", 0}};
    for (size_t i = 0; i < sizeof(old) / sizeof(old[0]); i++) {
        const struct zone *z = zone_get(old[i].name);
        if (!z || strcmp(zone_name(z), old[i].name) != 0 ||
            zone_offset_s(z, JULY_S) != old[i].offset_s)
            return (int)i + 1;
    }
    return zone_get("Asia/Atlantis") || zone_get("tzdata.zi") ? 100 : 0;
}

static int without_table(void)
{
    return zone_get("Asia/Calcutta") || zone_get("US/Eastern") || !zone_get("Asia/Kolkata");
}

static int in_zones(const char *folder, int (*ask)(void))
{
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        (void)setenv("TZDIR", folder, 1);
        _exit(ask());
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void old_names_are_found_by_the_table_of_links(void **state)
{
    (void)state;
    assert_int_equal(in_zones(ZONES_NEW, with_table), 0);
}

static void without_the_table_they_are_no_zones(void **state)
{
    (void)state;
    assert_int_equal(in_zones(ZONES_BARE, without_table), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(old_names_are_found_by_the_table_of_links),
        cmocka_unit_test(without_the_table_they_are_no_zones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
