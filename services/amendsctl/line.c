/* SPDX-License-Identifier: Apache-2.0 */

#include "amendsctl/line.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "amendsctl/flags.h"
#include "base/assert.h"
#include "base/time.h"
#include "base/uuid.h"

#define FILE_BYTES_MAX (1u << 20)

enum global {
    GLOBAL_SERVER = 1000,
    GLOBAL_INTAKE,
    GLOBAL_ASSIGNMENT,
    GLOBAL_RESOLUTION,
    GLOBAL_TENANT,
    GLOBAL_AS,
    GLOBAL_TIMEOUT,
    GLOBAL_JSON,
    GLOBAL_HELP
};

static const struct option globals[] = {
    {"server", required_argument, NULL, GLOBAL_SERVER},
    {"intake", required_argument, NULL, GLOBAL_INTAKE},
    {"assignment", required_argument, NULL, GLOBAL_ASSIGNMENT},
    {"resolution", required_argument, NULL, GLOBAL_RESOLUTION},
    {"tenant", required_argument, NULL, GLOBAL_TENANT},
    {"as", required_argument, NULL, GLOBAL_AS},
    {"timeout-ms", required_argument, NULL, GLOBAL_TIMEOUT},
    {"json", no_argument, NULL, GLOBAL_JSON},
    {"help", no_argument, NULL, GLOBAL_HELP},
    {0},
};
#define N_GLOBALS (sizeof globals / sizeof *globals - 1)

/* -- help -------------------------------------------------------------------------------------- */

static void help_all(void)
{
    (void)printf("usage: amendsctl [global options] NOUN VERB [arguments and flags]\n\n"
                 "Commands (amendsctl NOUN VERB --help lists the flags):\n");
    for (size_t i = 0; i < ctl_n_commands; i++) {
        char words[64];
        (void)snprintf(words, sizeof words, "%s %s", ctl_commands[i].noun, ctl_commands[i].verb);
        (void)printf("  %-24s %s\n", words, ctl_commands[i].help);
    }
    (void)printf(
        "\nGlobal options (each is also an environment variable: AMENDS_SERVER, AMENDS_TENANT, "
        "...):\n"
        "  --server ADDR      all three services at one address (the one-process form)\n"
        "  --intake ADDR      default 127.0.0.1:7401\n"
        "  --assignment ADDR  default 127.0.0.1:7402\n"
        "  --resolution ADDR  default 127.0.0.1:7403\n"
        "  --tenant NAME      default demo\n"
        "  --as PRINCIPAL     the caller: an agent or a client application; default amendsctl\n"
        "  --timeout-ms MS    default 10000; for streams 0: until interrupted\n"
        "  --json             print canonical JSON, one document for each message\n\n"
        "Exit codes: 0 done; 1 the command line or a field is wrong; 2 the server failed; 3 not "
        "found;\n"
        "4 refused in the present state (precondition, version, request id); 5 not allowed; 6 "
        "overloaded;\n"
        "7 no connection, or too late.\n");
}

static void print_positional(char *word)
{
    char *optional = strchr(word, '?');
    if (optional)
        *optional = '\0';
    if (*word == '<')
        (void)printf(" FILE");
    else
        (void)printf(optional ? " [%s]" : " %s", word);
}

static void help_command(const struct ctl_command *c, const struct flags *flags,
                         struct arena *arena)
{
    (void)printf("usage: amendsctl %s%s%s", c->noun, *c->verb ? " " : "", c->verb);
    char *rest = arena_strdup(arena, c->positional);
    for (char *word = strsep(&rest, ","); word && *word; word = strsep(&rest, ","))
        print_positional(word);
    (void)printf(" [flags]\n\n%s.\n\n", c->help);
    for (size_t i = 0; i < flags->n; i++) {
        const struct flag *f = &flags->items[i];
        (void)printf("  --%-28s %s\n", f->name, flag_is_switch(f) ? "" : flag_value_help(f, arena));
    }
}

/* -- parsing ----------------------------------------------------------------------------------- */

static enum line_result mistake(const char *what, const char *word, const char *why)
{
    (void)fprintf(stderr, "amendsctl: %s%s %s\n", what, word, why);
    return LINE_WRONG;
}

static const char *env_or(const char *name, const char *otherwise)
{
    const char *value = getenv(name);
    return value && *value ? value : otherwise;
}

static void defaults(struct line *line)
{
    const char *server = getenv("AMENDS_SERVER");
    line->address[SERVER_INTAKE] =
        env_or("AMENDS_INTAKE", env_or("AMENDS_SERVER", "127.0.0.1:7401"));
    line->address[SERVER_ASSIGNMENT] =
        env_or("AMENDS_ASSIGNMENT", server && *server ? server : "127.0.0.1:7402");
    line->address[SERVER_RESOLUTION] =
        env_or("AMENDS_RESOLUTION", server && *server ? server : "127.0.0.1:7403");
    line->tenant = env_or("AMENDS_TENANT", "demo");
    line->as = env_or("AMENDS_AS", "amendsctl");
    line->timeout_ms = -1;
}

/* PolicyService is part of intake, so it has the same address. */
static void share_addresses(struct line *line)
{
    line->address[SERVER_POLICY] = line->address[SERVER_INTAKE];
}

static enum line_result set_global(struct line *line, int which, const char *value)
{
    char *end = NULL;
    switch (which) {
    case GLOBAL_SERVER:
        line->address[SERVER_INTAKE] = line->address[SERVER_ASSIGNMENT] =
            line->address[SERVER_RESOLUTION] = value;
        return LINE_RUN;
    case GLOBAL_INTAKE:
    case GLOBAL_ASSIGNMENT:
    case GLOBAL_RESOLUTION:
        line->address[which - GLOBAL_INTAKE] = value;
        return LINE_RUN;
    case GLOBAL_TENANT:
        line->tenant = value;
        return LINE_RUN;
    case GLOBAL_AS:
        line->as = value;
        return LINE_RUN;
    case GLOBAL_JSON:
        line->json = true;
        return LINE_RUN;
    default:
        AM_ASSERT(value); /* getopt refuses it without one */
        line->timeout_ms = strtoll(value, &end, 10);
        if (end == value || *end || line->timeout_ms < 0)
            return mistake("--", "timeout-ms", "needs a number of milliseconds");
        return LINE_RUN;
    }
}

static enum line_result set_flag(struct line *line, const struct flag *flag, const char *text,
                                 struct arena *arena)
{
    const char *why = "does not fit";
    if (flag_set(flag, line->request, text, arena, &why))
        return mistake("--", flag->name, why);
    return LINE_RUN;
}

static void add_options(struct option *out, const struct flags *flags)
{
    memcpy(out, globals, sizeof globals);
    for (size_t i = 0; i < flags->n; i++) {
        const struct flag *f = &flags->items[i];
        out[N_GLOBALS + i] = (struct option){
            f->name, flag_is_switch(f) ? no_argument : required_argument, NULL, (int)i};
    }
}

static enum line_result parse_flags(struct line *line, const struct flags *flags, int argc,
                                    char **argv, struct arena *arena)
{
    struct option *options = ARENA_ARRAY(arena, struct option, N_GLOBALS + FLAGS_MAX + 1);
    add_options(options, flags);
    optind = 0; /* starts over, with permutation: flags may stand anywhere */
    for (;;) {
        int which = getopt_long(argc, argv, "", options, NULL);
        if (which == -1)
            return LINE_RUN;
        if (which == '?')
            return LINE_WRONG; /* getopt has already told what is wrong */
        if (which == GLOBAL_HELP) {
            help_command(line->command, flags, arena);
            return LINE_HELP;
        }
        enum line_result r = which >= GLOBAL_SERVER ? set_global(line, which, optarg)
                                                    : set_flag(line, &flags->items[which],
                                                               optarg ? optarg : "", arena);
        if (r != LINE_RUN)
            return r;
    }
}

/* Sets a field to the content of a file. */
static enum line_result set_from_file(struct line *line, const struct flag *flag, const char *name,
                                      struct arena *arena)
{
    FILE *f = strcmp(name, "-") == 0 ? stdin : fopen(name, "r");
    if (!f)
        return mistake("", name, strerror(errno));
    char *text = ARENA_ARRAY(arena, char, FILE_BYTES_MAX + 2);
    const size_t len = fread(text, 1, FILE_BYTES_MAX + 1, f);
    const bool failed = ferror(f) != 0;
    if (f != stdin)
        (void)fclose(f);
    if (failed || len > FILE_BYTES_MAX || strlen(text) != len)
        return mistake("", name, failed ? strerror(errno) : "is too large or is not text");
    line->file = name;
    return set_flag(line, flag, text, arena);
}

static enum line_result parse_word(struct line *line, const struct flags *flags, const char *field,
                                   char *word, struct arena *arena)
{
    const bool is_file = *field == '<';
    const struct flag *flag = flags_find(flags, field + is_file);
    return is_file ? set_from_file(line, flag, word, arena) : set_flag(line, flag, word, arena);
}

static enum line_result parse_positional(struct line *line, const struct flags *flags, int argc,
                                         char **argv, struct arena *arena)
{
    char *rest = arena_strdup(arena, line->command->positional);
    for (char *field = strsep(&rest, ","); field && *field; field = strsep(&rest, ",")) {
        char *optional = strchr(field, '?');
        if (optional)
            *optional = '\0';
        if (optind >= argc && optional)
            return LINE_RUN;
        if (optind >= argc)
            return mistake("", *field == '<' ? "FILE" : field, "is missing");
        enum line_result r = parse_word(line, flags, field, argv[optind++], arena);
        if (r != LINE_RUN)
            return r;
    }
    return optind < argc ? mistake("", argv[optind], "is one word too many") : LINE_RUN;
}

/* Global options may stand before the noun. */
static enum line_result parse_leading(struct line *line, int argc, char **argv)
{
    optind = 0;
    for (;;) {
        int which = getopt_long(argc, argv, "+", globals, NULL);
        if (which == -1)
            return LINE_RUN;
        if (which == '?')
            return LINE_WRONG;
        if (which == GLOBAL_HELP) {
            help_all();
            return LINE_HELP;
        }
        enum line_result r = set_global(line, which, optarg);
        if (r != LINE_RUN)
            return r;
    }
}

/* Gives the call a request id of its own, which makes a single call safe. A caller who wants to
 * repeat a call gives --request-id. */
static void fill_request_id(struct line *line, const struct flags *flags, struct arena *arena)
{
    char text[UUID_TEXT_LEN + 1];
    const struct flag *flag = flags_find(flags, "request_id");
    if (!flag)
        return;
    char **at = (char **)(void *)((char *)line->request + flag->path[0]->offset);
    struct uuid id = uuid_new((int64_t)time(NULL) * US_PER_S);
    if (!*at || !**at)
        *at = arena_strdup(arena, uuid_format(&id, text));
}

enum line_result line_parse(struct line *line, int argc, char **argv, struct arena *arena)
{
    defaults(line);
    enum line_result r = parse_leading(line, argc, argv);
    if (r != LINE_RUN)
        return r;
    if (argc == optind) {
        help_all();
        return LINE_HELP;
    }
    line->command = ctl_find(argv[optind], argc - optind < 2 ? NULL : argv[optind + 1]);
    if (!line->command)
        return mistake("", argv[optind],
                       argc - optind < 2 ? "needs a verb (see --help)"
                                         : "is not a noun, or has no such verb (see --help)");
    const ProtobufCMessageDescriptor *d =
        ctl_service(line->command->server)
            ->methods[ctl_method_index(line->command->server, line->command->method)]
            .input;
    line->request = arena_must(arena, d->sizeof_message);
    protobuf_c_message_init(d, line->request);
    struct flags *flags = ARENA_NEW(arena, struct flags);
    flags_of(flags, d, line->command->inner, line->command->hidden ? line->command->hidden : "");
    /* The verb stands where the name of a program would; for a noun without verbs it is the
     * noun. */
    int skip = optind + (*line->command->verb ? 1 : 0);
    r = parse_flags(line, flags, argc - skip, argv + skip, arena);
    if (r == LINE_RUN)
        r = parse_positional(line, flags, argc - skip, argv + skip, arena);
    if (r == LINE_RUN)
        fill_request_id(line, flags, arena);
    share_addresses(line);
    return r;
}
