/* SPDX-License-Identifier: Apache-2.0 */

#include "amends/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/options.h"
#include "pg/password.h"
#include "store/migrate/restore.h"

#define MISTAKE 2
#define ONLY_OWNER 0600

struct restore_options {
    const char *pg, *keys_pg, *password_file, *file;
};

static int parse(struct restore_options *o, int argc, char **argv, bool restores)
{
    *o = (struct restore_options){.pg = "", .keys_pg = "", .password_file = "", .file = ""};
    const struct option_spec table[] = {
        {"pg", OPTION_STRING, &o->pg, 0, 0, "CONNINFO",
         "connection string of PostgreSQL, as for libpq; empty = PGHOST and so on"},
        {"pg-password-file", OPTION_STRING, &o->password_file, 0, 0, "FILE",
         "file that holds PostgreSQL's password"},
        {restores ? "erasures" : "out", OPTION_STRING, &o->file, 0, 0, "FILE",
         restores ? "the journal that amends erasures wrote" : "the journal; it is replaced whole"},
        {"keys-pg", OPTION_STRING, &o->keys_pg, 0, 0, "CONNINFO",
         "database with the customers' keys; empty = the same one"},
    };
    const size_t n = sizeof table / sizeof *table - !restores;
    const char *doc = restores
                          ? "Erases in a restored database what was erased since it was copied. "
                            "Start the services afterwards."
                          : "Writes the journal of all erasures, to be kept apart from backups.";
    size_t words = 0;
    if (options_parse(table, n, argc, argv, doc, NULL, 0, &words))
        return MISTAKE;
    if (!*o->file) {
        (void)fprintf(stderr, "--%s: is missing\n", table[2].name);
        return MISTAKE;
    }
    log_setup(LOG_INFO, "amends");
    return *o->password_file && pg_password_file(o->password_file) ? MISTAKE : 0;
}

static int cannot(const char *path)
{
    (void)fprintf(stderr, "%s: %s\n", path, strerror(errno));
    return 1;
}

/* A journal that was begun and not finished must not take the place of a whole one. */
static int write_journal(const struct restore_options *o, const char *fresh)
{
    int64_t n = 0;
    const int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, ONLY_OWNER);
    FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
    if (!out)
        return cannot(fresh);
    const int rc = journal_write(o->pg, out, &n);
    const bool whole = rc == AM_OK && fsync(fd) == 0;
    if (fclose(out) != 0 || !whole || rename(fresh, o->file) != 0) {
        (void)unlink(fresh);
        return rc == AM_OK ? cannot(o->file) : 1;
    }
    (void)printf("wrote %" PRId64 " erasures\n", n);
    return 0;
}

int erasures_main(int argc, char **argv)
{
    struct restore_options o;
    char fresh[4096];
    const int mistake = parse(&o, argc, argv, false);
    if (mistake)
        return mistake;
    if (snprintf(fresh, sizeof fresh, "%s.new", o.file) >= (int)sizeof fresh) {
        (void)fprintf(stderr, "--out: is too long\n");
        return MISTAKE;
    }
    return write_journal(&o, fresh);
}

int restore_main(int argc, char **argv)
{
    struct restore_options o;
    struct restore_counts counts;
    const int mistake = parse(&o, argc, argv, true);
    if (mistake)
        return mistake;
    FILE *journal = fopen(o.file, "re");
    if (!journal)
        return cannot(o.file);
    const int rc = restore_apply(o.pg, o.keys_pg, journal, &counts);
    (void)fclose(journal);
    (void)printf("%" PRId64 " erasures read, %" PRId64 " done again, %" PRId64
                 " of tenants that are not here%s\n",
                 counts.lines, counts.erased, counts.unknown,
                 rc == AM_OK ? "; start the services now" : "; it is not finished");
    return rc == AM_OK ? 0 : 1;
}
