/* SPDX-License-Identifier: Apache-2.0 */

#include "amends/key.h"

#include <stdio.h>
#include <string.h>

#include "auth/key_file.h"
#include "auth/reserved.h"
#include "auth/role_set.h"
#include "base/log.h"
#include "base/options.h"
#include "contract/check.h"
#include "contract/words.h"
#include "pg/password.h"
#include "store/migrate/migrate.h"

#define MISTAKE 2

struct key_options {
    const char *out, *pg, *password_file, *tenant, *principal, *roles, *description;
    uint32_t role_set;
};

static const char usage[] =
    "usage: amends key COMMAND [OPTION...]\n\n"
    "  generate  make an API key; nothing is stored: see amends migrate --first-key-file\n"
    "  create    make an API key and store it in the database, when all others are lost\n\n"
    "amends key COMMAND --help lists the options.\n";

/* -- options ----------------------------------------------------------------------------------- */

static int wrong(const char *option, const char *text, const char *what)
{
    (void)fprintf(stderr, "--%s: \"%s\" %s\n", option, text, what);
    return MISTAKE;
}

/* Words with commas between. */
static int parse_roles(struct key_options *o)
{
    static const char known[] =
        "is not of observer, agent, supervisor, client, gateway, admin and operator, with commas "
        "between";
    for (const char *at = o->roles; *at;) {
        const size_t len = strcspn(at, ",");
        if (role_set_add(&o->role_set, at, len) || (o->role_set & ROLE_BIT(ROLE_INTERNAL)))
            return wrong("roles", o->roles, known);
        at += len + (at[len] == ',' && at[len + 1]);
    }
    return 0;
}

static int check_create(struct key_options *o)
{
    if (!check_name(o->tenant, strlen(o->tenant), CHECK_TENANT_BYTES_MAX))
        return wrong("tenant", o->tenant, "names no tenant; it is required");
    if (!check_name(o->principal, strlen(o->principal), CHECK_PRINCIPAL_BYTES_MAX))
        return wrong("principal", o->principal,
                     "cannot name a caller: a name has 1 to 128 characters, only A-Z, a-z, 0-9 and "
                     ". _ @ : -");
    if (principal_is_reserved(o->principal))
        return wrong("principal", o->principal, "is reserved for the system or for customers");
    return parse_roles(o);
}

static int parse(struct key_options *o, int argc, char **argv, bool creates)
{
    *o = (struct key_options){.out = "",
                              .pg = "",
                              .password_file = "",
                              .tenant = "",
                              .principal = "admin",
                              .roles = "admin",
                              .description = "made when the others were lost"};
    const struct option_spec table[] = {
        {"out", OPTION_STRING, &o->out, 0, 0, "FILE",
         "new file for the key, which you alone can read; else it is shown on the terminal"},
        {"pg", OPTION_STRING, &o->pg, 0, 0, "CONNINFO",
         "connection string of PostgreSQL, as for libpq; empty = PGHOST and so on"},
        {"pg-password-file", OPTION_STRING, &o->password_file, 0, 0, "FILE",
         "file that holds PostgreSQL's password"},
        {"tenant", OPTION_STRING, &o->tenant, 0, 0, "NAME", "whose key it is"},
        {"principal", OPTION_STRING, &o->principal, 0, 0, "NAME", "who calls with the key"},
        {"roles", OPTION_STRING, &o->roles, 0, 0, "ROLE,...", "what the caller may do"},
        {"description", OPTION_STRING, &o->description, 0, 0, "TEXT", "what the key is for"},
    };
    const size_t n = creates ? sizeof table / sizeof *table : 1;
    size_t words = 0;
    if (options_parse(table, n, argc, argv,
                      creates ? "Makes an API key and stores it in the database."
                              : "Makes an API key; nothing is stored.",
                      NULL, 0, &words))
        return MISTAKE;
    const int mistake = creates ? check_create(o) : 0;
    if (mistake)
        return mistake;
    log_setup(LOG_INFO, "amends");
    return *o->password_file && pg_password_file(o->password_file) ? MISTAKE : 0;
}

/* -- commands ---------------------------------------------------------------------------------- */

/* The hash line tells nothing to whoever reads it, so it goes wherever standard output goes. */
static void tell(const struct key_options *o, const struct api_key *key)
{
    char line[API_KEY_HASH_LINE_CHARS + 1];
    api_key_hash_line(&key->mark, line);
    if (*o->out)
        (void)printf("the API key %s is in %s\n", key->mark.id.text, o->out);
    (void)printf("%s\n", line);
}

static int store(const struct key_options *o, const struct api_key *key)
{
    const struct migrate_key stored = {.tenant = o->tenant,
                                       .principal = o->principal,
                                       .description = o->description,
                                       .roles = o->role_set,
                                       .mark = &key->mark};
    return migrate_store_key(o->pg, &stored, stderr) ? 1 : 0;
}

/* The key is stored before it is shown: one that was shown works. */
static int make(const struct key_options *o, bool creates)
{
    char why[KEY_FILE_WHY];
    struct api_key_id id;
    struct api_key key;
    struct key_out out;
    if (key_out_open(&out, o->out, why)) {
        (void)fprintf(stderr, "amends key: %s\n", why);
        return MISTAKE;
    }
    api_key_draw_id(&id);
    api_key_make(&id, &key);
    int code = creates ? store(o, &key) : 0;
    if (code == 0 && key_out_write(&out, &key, why)) {
        (void)fprintf(stderr, "amends key: %s\n", why);
        code = 1;
    }
    key_out_close(&out);
    if (code == 0)
        tell(o, &key);
    api_key_forget(&key);
    return code;
}

static int run(int argc, char **argv, bool creates)
{
    struct key_options o;
    const int mistake = parse(&o, argc, argv, creates);
    return mistake ? mistake : make(&o, creates);
}

int key_main(int argc, char **argv)
{
    static char generate[] = "amends key generate", create[] = "amends key create";
    const char *word = argc > 1 ? argv[1] : "";
    if (strcmp(word, "generate") == 0 || strcmp(word, "create") == 0) {
        const bool creates = *word == 'c';
        argv[1] = creates ? create : generate;
        return run(argc - 1, argv + 1, creates);
    }
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        return fputs(usage, stdout) == EOF || fflush(stdout) == EOF;
    if (*word)
        (void)fprintf(stderr, "amends key: \"%s\" is not one of generate, create\n", word);
    else
        (void)fputs(usage, stderr);
    return MISTAKE;
}
