/* SPDX-License-Identifier: Apache-2.0 */

/*
 * amends [serve]   all three services in one process
 * amends migrate   brings the database to this release's schema; --tenant NAME makes a tenant
 * amends check     looks for what must not be in the database
 */

#include <stdio.h>
#include <string.h>

#include "amends/maintenance.h"
#include "program/program.h"

static int serve(int argc, char **argv)
{
    static const struct program_spec spec = {
        .name = "amends",
        .doc = "Amends: service recovery, all three services in one process.\v"
               "Other words: amends migrate, amends check (see their --help).",
        .parts = PART_ALL,
        .listen = "127.0.0.1:7400",
        .admin = "127.0.0.1:7410",
    };
    return program_main(&spec, argc, argv);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *word;
        int (*run)(int argc, char **argv);
    } words[] = {{"serve", serve}, {"migrate", maintenance_migrate}, {"check", maintenance_check}};

    for (size_t i = 0; argc > 1 && i < sizeof words / sizeof *words; i++) {
        if (strcmp(argv[1], words[i].word) == 0)
            return words[i].run(argc - 1, argv + 1);
    }
    if (argc > 1 && argv[1][0] != '-') {
        (void)fprintf(stderr, "amends: \"%s\" is not one of serve, migrate, check\n", argv[1]);
        return 2;
    }
    return serve(argc, argv);
}
