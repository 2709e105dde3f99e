/* SPDX-License-Identifier: Apache-2.0 */

#include "amends/maintenance.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/options.h"
#include "contract/check.h"
#include "store/migrate.h"
#include "pg/password.h"

#define MISTAKE 2

struct maintenance {
    const char *pg, *password_file, *tenant, *log_level;
};

/* The options of both commands; `migrate` has one more. */
static int parse(struct maintenance *m, int argc, char **argv, bool with_tenant)
{
    *m = (struct maintenance){.pg = "", .password_file = "", .tenant = "", .log_level = "info"};
    const struct option_spec table[] = {
        {"pg", OPTION_STRING, &m->pg, 0, 0, "CONNINFO",
         "connection string of PostgreSQL, as for libpq; empty = PGHOST and so on"},
        {"pg-password-file", OPTION_STRING, &m->password_file, 0, 0, "FILE",
         "file that holds PostgreSQL's password"},
        {"log-level", OPTION_STRING, &m->log_level, 0, 0, "LEVEL",
         "what to log: debug, info, warn or error"},
        {"tenant", OPTION_STRING, &m->tenant, 0, 0, "NAME",
         "tenant to create, with the default policy as version 1, unless it exists"},
    };
    const size_t n = sizeof table / sizeof *table - (with_tenant ? 0 : 1);
    const char *doc =
        with_tenant
            ? "Brings the database schema up to date with this release."
            : "Looks for rows that must not be in the database; exit code 1 when there are any.";
    size_t words = 0;
    if (options_parse(table, n, argc, argv, doc, NULL, 0, &words))
        return MISTAKE;
    const int level = log_level_parse(m->log_level);
    if (level < 0) {
        (void)fprintf(stderr, "--log-level: \"%s\" is not one of debug, info, warn, error\n",
                      m->log_level);
        return MISTAKE;
    }
    if (*m->tenant && !check_name(m->tenant, strlen(m->tenant), CHECK_TENANT_BYTES_MAX)) {
        (void)fprintf(stderr,
                      "--tenant: \"%s\" cannot name a tenant: a name has 1 to %d characters, only "
                      "A-Z, a-z, 0-9 and . _ @ : -\n",
                      m->tenant, CHECK_TENANT_BYTES_MAX);
        return MISTAKE;
    }
    log_setup((enum log_level)level, "amends");
    return *m->password_file && pg_password_file(m->password_file) ? MISTAKE : 0;
}

int maintenance_migrate(int argc, char **argv)
{
    struct maintenance m;
    int mistake = parse(&m, argc, argv, true);
    if (mistake)
        return mistake;
    return migrate(m.pg, *m.tenant ? m.tenant : NULL, stdout) ? 1 : 0;
}

int maintenance_check(int argc, char **argv)
{
    struct maintenance m;
    int64_t broken = 0;
    int mistake = parse(&m, argc, argv, false);
    if (mistake)
        return mistake;
    if (migrate_check(m.pg, stdout, &broken))
        return 1;
    (void)printf("%" PRId64 " broken\n", broken);
    return broken ? 1 : 0;
}
