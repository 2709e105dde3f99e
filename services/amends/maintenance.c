/* SPDX-License-Identifier: Apache-2.0 */

#include "amends/maintenance.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "auth/key_file.h"
#include "base/log.h"
#include "base/options.h"
#include "contract/check.h"
#include "store/migrate/migrate.h"
#ifdef AMENDS_TEST_CLOCK
#include "store/migrate/migrate_folder.h"
#endif
#include "store/sealing/rewrap.h"
#include "pg/password.h"

#define MISTAKE 2

#define PATIENCE_MAX_S 86400
#define COMMON_OPTIONS 3

struct maintenance {
    const char *pg, *keys_pg, *password_file, *tenant, *first_key_file, *log_level;
    const char *test_migrations;
    int64_t patience_s;
    struct api_key_mark first_key;
};

/* What the first-key file says, which makes sense for a tenant only. */
static int read_first_key(struct maintenance *m)
{
    char why[KEY_FILE_WHY];
    if (!*m->first_key_file)
        return 0;
    if (!*m->tenant) {
        (void)fputs("--first-key-file: whose key it is, is said by --tenant\n", stderr);
        return MISTAKE;
    }
    if (key_file_read_mark(m->first_key_file, &m->first_key, why) == AM_OK)
        return 0;
    (void)fprintf(stderr, "--first-key-file: %s\n", why);
    return MISTAKE;
}

/* The options of both commands, then those of `migrate` alone. */
static int parse(struct maintenance *m, int argc, char **argv, bool migrates)
{
    *m = (struct maintenance){.pg = "",
                              .keys_pg = "",
                              .password_file = "",
                              .tenant = "",
                              .first_key_file = "",
                              .log_level = "info",
                              .test_migrations = "",
                              .patience_s = 300};
    const struct option_spec table[] = {
        {"pg", OPTION_STRING, &m->pg, 0, 0, "CONNINFO",
         "connection string of PostgreSQL, as for libpq; empty = PGHOST and so on"},
        {"pg-password-file", OPTION_STRING, &m->password_file, 0, 0, "FILE",
         "file that holds PostgreSQL's password"},
        {"log-level", OPTION_STRING, &m->log_level, 0, 0, "LEVEL",
         "what to log: debug, info, warn or error"},
        {"tenant", OPTION_STRING, &m->tenant, 0, 0, "NAME",
         "tenant to create, with the default policy as version 1, unless it exists"},
        {"first-key-file", OPTION_STRING, &m->first_key_file, 0, 0, "FILE",
         "file with an API key, or its hash line: the tenant's first key, unless it has any"},
        {"keys-pg", OPTION_STRING, &m->keys_pg, 0, 0, "CONNINFO",
         "also make the table of customers' keys in that database, unless it is there"},
        {"lock-patience-s", OPTION_INT, &m->patience_s, 1, PATIENCE_MAX_S, "SECONDS",
         "how long a step tries to get its lock, 100 ms at a time, before it gives up"},
#ifdef AMENDS_TEST_CLOCK
        {"test-migrations", OPTION_STRING, &m->test_migrations, 0, 0, "FOLDER",
         "further migrations, of tests"},
#endif
    };
    const size_t n = migrates ? sizeof table / sizeof *table : COMMON_OPTIONS;
    const char *doc =
        migrates
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
    const int mistake = read_first_key(m);
    if (mistake)
        return mistake;
    log_setup((enum log_level)level, "amends");
    return *m->password_file && pg_password_file(m->password_file) ? MISTAKE : 0;
}

static int migrate_as_told(const struct maintenance *m, const struct migration *extra, size_t n)
{
    const struct migrate_options options = {.tenant = *m->tenant ? m->tenant : NULL,
                                            .first_key = *m->first_key_file ? &m->first_key : NULL,
                                            .patience_ms = m->patience_s * 1000,
                                            .extra = extra,
                                            .n_extra = n};
    int rc = migrate_with(m->pg, &options, stdout);
    if (!rc && *m->keys_pg)
        rc = rewrap_make_table(m->keys_pg, stdout);
    return rc ? 1 : 0;
}

#ifdef AMENDS_TEST_CLOCK
static int migrate_with_folder(const struct maintenance *m)
{
    struct migrate_folder folder;
    if (migrate_folder_read(m->test_migrations, &folder))
        return MISTAKE;
    int code = migrate_as_told(m, folder.files, folder.n);
    migrate_folder_free(&folder);
    return code;
}
#endif

int maintenance_migrate(int argc, char **argv)
{
    struct maintenance m;
    int mistake = parse(&m, argc, argv, true);
    if (mistake)
        return mistake;
#ifdef AMENDS_TEST_CLOCK
    if (*m.test_migrations)
        return migrate_with_folder(&m);
#endif
    return migrate_as_told(&m, NULL, 0);
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

/* -- master keys ------------------------------------------------------------------------------- */

int maintenance_rewrap(int argc, char **argv)
{
    const char *pg = "", *password_file = "", *path = "";
    const struct option_spec table[] = {
        {"pg", OPTION_STRING, &pg, 0, 0, "CONNINFO",
         "database with the customers' keys, or with webhooks, as for libpq; empty = PGHOST and so "
         "on"},
        {"pg-password-file", OPTION_STRING, &password_file, 0, 0, "FILE",
         "file that holds PostgreSQL's password"},
        {"master-keys", OPTION_STRING, &path, 0, 0, "FILE",
         "file of master keys; the first one wraps"},
    };
    struct masters masters;
    char why[MASTER_WHY_BYTES];
    size_t words = 0;
    if (options_parse(table, sizeof table / sizeof *table, argc, argv,
                      "Wraps the keys of customers under the first master key of the file.", NULL,
                      0, &words))
        return MISTAKE;
    if (masters_read(path, &masters, why)) {
        (void)fprintf(stderr, "--master-keys: %s: %s\n", path, why);
        return MISTAKE;
    }
    log_setup(LOG_INFO, "amends");
    if (*password_file && pg_password_file(password_file))
        return MISTAKE;
    const int rc = rewrap_keys(pg, &masters, stdout);
    masters_forget(&masters);
    return rc ? 1 : 0;
}
