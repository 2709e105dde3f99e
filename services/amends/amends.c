/* SPDX-License-Identifier: Apache-2.0 */

/*
 * amends serve     all three services in one process
 * amends migrate   brings the database to this release's schema; --tenant NAME makes a tenant
 * amends erasures  writes the journal of erasures
 * amends restore   erases in a restored database what was erased since it was copied
 * amends rewrap    wraps the keys of customers under the present master key
 * amends check     looks for rows that must not be in the database
 * amends key       makes API keys without a server
 * amends mail      sends a mail, to see whether the mail server takes it
 */

#include <stdio.h>
#include <string.h>

#include "amends/key.h"
#include "amends/mail.h"
#include "amends/maintenance.h"
#include "amends/restore.h"
#include "base/options.h"
#include "program/program.h"

static int serve(int argc, char **argv)
{
    static const struct program_spec spec = {
        .name = "amends",
        .doc = "Amends: service recovery, all three services in one process.\v"
               "Other commands: amends migrate, amends check, amends key, amends mail, amends "
               "rewrap, amends erasures, amends restore (see their --help).",
        .parts = PART_ALL,
        .listen = "127.0.0.1:7400",
        .admin = "127.0.0.1:7410",
    };
    return program_main(&spec, argc, argv);
}

static const char usage[] =
    "usage: amends COMMAND [OPTION...]\n\n"
    "  serve    all three services in one process\n"
    "  migrate  bring the database to this release's schema; --tenant NAME makes a tenant\n"
    "  check    look for rows that must not be in the database\n"
    "  key      make an API key without a server\n"
    "  mail     send a mail, to see whether the mail server takes it\n"
    "  rewrap   wrap the keys of customers under the present master key\n"
    "  erasures write the journal of erasures, to be kept apart from backups\n"
    "  restore  erase in a restored database what was erased since it was copied\n\n"
    "amends COMMAND --help lists the options; amends --version prints the version.\n";

/* What is no command: a server is started only by its name. */
static int no_command(const char *word)
{
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0)
        return fputs(usage, stdout) == EOF || fflush(stdout) == EOF;
    if (strcmp(word, "--version") == 0)
        return puts(options_version()) == EOF || fflush(stdout) == EOF;
    if (*word)
        (void)fprintf(
            stderr,
            "amends: \"%s\" is not one of serve, migrate, check, key, mail, rewrap, erasures, "
            "restore\n",
            word);
    else
        (void)fputs(usage, stderr);
    return 2;
}

int main(int argc, char **argv)
{
    static struct {
        const char *word;
        int (*run)(int argc, char **argv);
        char program[20]; /* the name that --help shows */
    } words[] = {{"serve", serve, "amends serve"},
                 {"migrate", maintenance_migrate, "amends migrate"},
                 {"check", maintenance_check, "amends check"},
                 {"key", key_main, "amends key"},
                 {"mail", mail_main, "amends mail"},
                 {"rewrap", maintenance_rewrap, "amends rewrap"},
                 {"erasures", erasures_main, "amends erasures"},
                 {"restore", restore_main, "amends restore"}};

    for (size_t i = 0; argc > 1 && i < sizeof words / sizeof *words; i++) {
        if (strcmp(argv[1], words[i].word) != 0)
            continue;
        argv[1] = words[i].program;
        return words[i].run(argc - 1, argv + 1);
    }
    return no_command(argc > 1 ? argv[1] : "");
}
