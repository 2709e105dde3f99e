/* SPDX-License-Identifier: Apache-2.0 */

#include "amendsctl/line.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "amendsctl/contexts.h"
#include "amendsctl/help.h"
#include "amendsctl/suggest.h"
#include "base/assert.h"
#include "base/time.h"
#include "base/uuid.h"

#define FILE_BYTES_MAX (1u << 20)
#define ONE_PROCESS_PORT "7400"
#define TIMEOUT_MOST_MS 86400000LL

struct parser {
    struct line *line;
    struct arena *arena;
    char **words; /* what is left of argv */
    int n;
    struct global_values values;
    char **given; /* arguments that are no flags */
    int n_given;
    bool help;
};

/* -- global options ---------------------------------------------------------------------------- */

/* Where a service is: what was said about it, else about all, in the options, then in the
 * environment, then in the context. */
static const char *address_given(const struct global_values *v, enum global_id service)
{
    const char *const ways[] = {v->flag[service],    v->flag[GLOBAL_SERVER],
                                v->env[service],     v->env[GLOBAL_SERVER],
                                v->context[service], v->context[GLOBAL_SERVER]};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        if (ways[i])
            return ways[i];
    }
    return NULL;
}

/* By default the service's own port, and when nobody listens there, that of `amends serve`. */
static void set_address(struct parser *p, enum command_server server, enum global_id service,
                        const char *port)
{
    const char *given = address_given(&p->values, service);
    struct line *line = p->line;
    line->address[server] =
        given ? given
              : arena_printf(p->arena, "127.0.0.1:%s and 127.0.0.1:" ONE_PROCESS_PORT, port);
    line->target[server] =
        given ? given
              : arena_printf(p->arena, "ipv4:127.0.0.1:%s,127.0.0.1:" ONE_PROCESS_PORT, port);
    AM_ASSERT(line->address[server] != NULL && line->target[server] != NULL);
}

static const char *text_or(const struct parser *p, enum global_id id, const char *otherwise)
{
    const char *given = globals_get(&p->values, id);
    return given ? given : otherwise;
}

/* How the option was given: "--timeout-ms", "AMENDS_TIMEOUT_MS" or "timeout-ms of the context". */
static const char *given_as(const struct parser *p, enum global_id id)
{
    const char *name = p->values.flag[id] ? arena_printf(p->arena, "--%s", globals[id].name)
                       : p->values.env[id]
                           ? globals_env_name(id, p->arena)
                           : arena_printf(p->arena, "%s of the context", globals[id].name);
    AM_ASSERT(name != NULL);
    return name;
}

static enum line_result set_switch(struct parser *p, enum global_id id, bool *on)
{
    const char *text = globals_get(&p->values, id);
    if (!text || globals_switch(text, on))
        return LINE_RUN;
    out_error("amendsctl: %s: \"%s\" is neither true nor false", given_as(p, id), text);
    return LINE_WRONG;
}

static enum line_result set_timeout(struct parser *p)
{
    const char *text = globals_get(&p->values, GLOBAL_TIMEOUT);
    char *end = NULL;
    if (!text)
        return LINE_RUN;
    errno = 0;
    p->line->timeout_ms = strtoll(text, &end, 10);
    if (!errno && end != text && !*end && p->line->timeout_ms >= 0 &&
        p->line->timeout_ms <= TIMEOUT_MOST_MS)
        return LINE_RUN;
    out_error("amendsctl: %s: \"%s\" is not a number of milliseconds from 0 to %lld",
              given_as(p, GLOBAL_TIMEOUT), text, TIMEOUT_MOST_MS);
    return LINE_WRONG;
}

/* A file of CAs says that TLS is meant, unless --tls=false says otherwise. */
static enum line_result set_tls(struct parser *p)
{
    struct secure *s = &p->line->secure;
    s->ca = globals_get(&p->values, GLOBAL_TLS_CA);
    s->cert = globals_get(&p->values, GLOBAL_TLS_CERT);
    s->key = globals_get(&p->values, GLOBAL_TLS_KEY);
    s->server_name = globals_get(&p->values, GLOBAL_TLS_SERVER_NAME);
    s->on = s->ca != NULL;
    enum line_result r = set_switch(p, GLOBAL_TLS, &s->on);
    if (r != LINE_RUN || s->on || !(s->cert || s->key || s->server_name) ||
        globals_get(&p->values, GLOBAL_TLS))
        return r;
    out_error("amendsctl: %s is for TLS: give --tls or --tls-ca too",
              given_as(p, s->cert  ? GLOBAL_TLS_CERT
                          : s->key ? GLOBAL_TLS_KEY
                                   : GLOBAL_TLS_SERVER_NAME));
    return LINE_WRONG;
}

static enum line_result apply_globals(struct parser *p)
{
    struct line *line = p->line;
    if (!line->command->offline && contexts_apply(&p->values, p->arena))
        return LINE_WRONG;
    set_address(p, SERVER_INTAKE, GLOBAL_INTAKE, "7401");
    set_address(p, SERVER_ASSIGNMENT, GLOBAL_ASSIGNMENT, "7402");
    set_address(p, SERVER_RESOLUTION, GLOBAL_RESOLUTION, "7403");
    line->address[SERVER_WORK] = line->address[SERVER_ASSIGNMENT];
    line->target[SERVER_WORK] = line->target[SERVER_ASSIGNMENT];
    for (size_t part = SERVER_POLICY; part < SERVERS; part++) {
        const size_t whole = part < SERVER_NOTIFICATION ? SERVER_INTAKE : SERVER_RESOLUTION;
        line->address[part] = line->address[whole];
        line->target[part] = line->target[whole];
    }
    line->tenant = text_or(p, GLOBAL_TENANT, "demo");
    line->as = text_or(p, GLOBAL_AS, "amendsctl");
    enum line_result r = set_timeout(p);
    if (r == LINE_RUN)
        r = set_tls(p);
    if (r == LINE_RUN)
        r = set_switch(p, GLOBAL_JSON, &line->json);
    if (r == LINE_RUN)
        r = set_switch(p, GLOBAL_WIDE, &line->wide);
    line->view = out_view(line->wide);
    line->values = p->values;
    return r;
}

/* -- options and flags ------------------------------------------------------------------------- */

static enum line_result unknown_flag(struct parser *p, const char *name)
{
    const struct line *line = p->line;
    struct suggest s;
    suggest_init(&s, name);
    for (size_t i = 0; line->flags && i < line->flags->n; i++)
        suggest_add(&s, line->flags->items[i].name);
    for (int i = 0; i < GLOBALS; i++)
        suggest_add(&s, globals[i].name);
    out_error("amendsctl: --%s is no %s%s (see --help)", name,
              line->command ? "flag of this command" : "global option",
              suggest_text(&s, "--", p->arena));
    return LINE_WRONG;
}

static enum line_result set_flag(struct parser *p, struct flag *flag, const char *shown,
                                 const char *text)
{
    const char *why = "does not fit";
    if (flag_set(flag, p->line->request, text, p->arena, &why) == AM_OK)
        return LINE_RUN;
    out_error("amendsctl: %s: \"%s\" %s", shown, text, why);
    return LINE_WRONG;
}

/* The option's value: behind "=", or the next word. NULL with the mistake told. */
static const char *take_value(struct parser *p, const char *name, const char *value)
{
    if (value)
        return value;
    if (p->n > 0) {
        p->n--;
        return *p->words++;
    }
    out_error("amendsctl: --%s needs a value", name);
    return NULL;
}

static enum line_result no_value(const char *name, const char *value)
{
    out_error("amendsctl: --%s takes no value, but \"%s\" was given", name, value);
    return LINE_WRONG;
}

static enum line_result take_global(struct parser *p, int id, const char *value)
{
    if (!globals[id].value && !value)
        value = "true";
    p->values.flag[id] = take_value(p, globals[id].name, value);
    return p->values.flag[id] ? LINE_RUN : LINE_WRONG;
}

static enum line_result take_flag(struct parser *p, struct flag *flag, const char *value)
{
    const char *shown = arena_printf(p->arena, "--%s", flag->name);
    AM_ASSERT(shown != NULL);
    if (!flag_is_switch(flag))
        value = take_value(p, flag->name, value);
    else if (value)
        return no_value(flag->name, value);
    else
        value = "";
    return value ? set_flag(p, flag, shown, value) : LINE_WRONG;
}

/* The local option of the command, or -1. */
static int find_local(const struct line *line, const char *name)
{
    for (int i = 0; line->command && i < LOCALS; i++)
        if ((line->command->locals & LOCAL_BIT(i)) != 0 && strcmp(local_names[i], name) == 0)
            return i;
    return -1;
}

static enum line_result take_local(struct parser *p, int id, const char *value)
{
    p->line->local[id] = take_value(p, local_names[id], value);
    return p->line->local[id] ? LINE_RUN : LINE_WRONG;
}

static bool takes_all(const struct ctl_command *command)
{
    return command && (command->list || command->takes_all);
}

/* "--name" or "--name=value". */
static enum line_result take_option(struct parser *p, const char *word)
{
    struct line *line = p->line;
    const char *equals = strchr(word, '=');
    const char *value = equals ? equals + 1 : NULL;
    char *name =
        arena_strndup(p->arena, word + 2, equals ? (size_t)(equals - word - 2) : strlen(word + 2));
    AM_ASSERT(name != NULL);
    const int global = globals_find(name);
    struct flag *flag = line->flags ? flags_named(line->flags, name) : NULL;
    if (strcmp(name, "help") == 0) {
        p->help = true;
        return LINE_RUN;
    }
    const int local = find_local(line, name);
    if (local >= 0)
        return take_local(p, local, value);
    if (strcmp(name, "all") == 0 && takes_all(line->command)) {
        line->all = true;
        return value ? no_value(name, value) : LINE_RUN;
    }
    if (global >= 0)
        return take_global(p, global, value);
    return flag ? take_flag(p, flag, value) : unknown_flag(p, name);
}

static bool is_option(const char *word)
{
    return word[0] == '-' && word[1] != '\0';
}

/* One word of the line. After "--" there are no options. */
static enum line_result take_word(struct parser *p, bool *options_end)
{
    char *word = *p->words++;
    p->n--;
    if (*options_end || !is_option(word)) {
        p->given[p->n_given++] = word;
        return LINE_RUN;
    }
    if (strcmp(word, "--") == 0) {
        *options_end = true;
        return LINE_RUN;
    }
    if (strcmp(word, "-h") == 0) {
        p->help = true;
        return LINE_RUN;
    }
    if (word[1] == '-')
        return take_option(p, word);
    out_error("amendsctl: %s: options are written with two hyphens (see --help)", word);
    return LINE_WRONG;
}

/* -- the command ------------------------------------------------------------------------------- */

void line_use(struct line *line, const struct ctl_command *command, struct arena *arena)
{
    line->command = command;
    line->flags = ARENA_NEW(arena, struct flags);
    line->flags->n = 0;
    if (!command->method)
        return;
    const ProtobufCMessageDescriptor *d =
        ctl_service(command->server)
            ->methods[ctl_method_index(command->server, command->method)]
            .input;
    line->request = arena_must(arena, d->sizeof_message);
    protobuf_c_message_init(d, line->request);
    flags_of(line->flags, d, command->inner, command->hidden ? command->hidden : "");
    if (command->renamed)
        flags_rename(line->flags, command->renamed);
}

static enum line_result unknown_noun(const struct parser *p, const char *noun)
{
    struct suggest s;
    suggest_init(&s, noun);
    for (size_t i = 0; i < ctl_n_commands; i++)
        suggest_add(&s, ctl_commands[i].noun);
    suggest_add(&s, "help");
    out_error("amendsctl: there is no command \"%s\"%s (see --help)", noun,
              suggest_text(&s, "", p->arena));
    return LINE_WRONG;
}

static enum line_result unknown_verb(const struct parser *p, const char *noun, const char *verb)
{
    struct suggest s;
    const char *all = "";
    suggest_init(&s, verb ? verb : "");
    for (size_t i = 0; i < ctl_n_commands && all; i++) {
        if (strcmp(ctl_commands[i].noun, noun) != 0)
            continue;
        suggest_add(&s, ctl_commands[i].verb);
        all = arena_printf(p->arena, "%s%s%s", all, *all ? ", " : "", ctl_commands[i].verb);
    }
    AM_ASSERT(all != NULL);
    if (verb)
        out_error("amendsctl: %s %s is no command; %s has the verbs %s%s", noun, verb, noun, all,
                  suggest_text(&s, "", p->arena));
    else
        out_error("amendsctl: %s needs a verb: %s", noun, all);
    return LINE_WRONG;
}

/* Takes the verb, when there is one. */
static enum line_result take_command(struct parser *p, const char *noun)
{
    const char *verb = p->n > 0 && !is_option(p->words[0]) ? p->words[0] : NULL;
    const struct ctl_command *command = ctl_find(noun, verb);
    if (command) {
        p->words += *command->verb != '\0';
        p->n -= *command->verb != '\0';
        line_use(p->line, command, p->arena);
        return LINE_RUN;
    }
    if (!ctl_has_noun(noun))
        return unknown_noun(p, noun);
    const char *next = p->n > 0 ? p->words[0] : "";
    if (strcmp(next, "--help") != 0 && strcmp(next, "-h") != 0 && strcmp(next, "help") != 0)
        return unknown_verb(p, noun, verb);
    help_noun(noun);
    return LINE_HELP;
}

/* "help", "help NOUN", "help NOUN VERB" */
static enum line_result run_help(struct parser *p)
{
    if (p->n == 0) {
        help_all(p->arena);
        return LINE_HELP;
    }
    char *noun = *p->words++;
    p->n--;
    if (p->n == 0 && ctl_has_noun(noun) && !ctl_find(noun, NULL)) {
        help_noun(noun);
        return LINE_HELP;
    }
    enum line_result r = take_command(p, noun);
    if (r == LINE_RUN)
        help_command(p->line, p->arena);
    return r == LINE_RUN ? LINE_HELP : r;
}

/* Global options may stand before the noun. */
static enum line_result parse_leading(struct parser *p)
{
    bool options_end = false;
    while (p->n_given == 0 && p->n > 0 && !p->help) {
        if (strcmp(p->words[0], "--version") == 0)
            p->words[0] = (char *)(uintptr_t) "version";
        enum line_result r = take_word(p, &options_end);
        if (r != LINE_RUN)
            return r;
    }
    if (p->help || p->n_given == 0) {
        help_all(p->arena);
        return LINE_HELP;
    }
    p->n_given = 0;
    if (strcmp(p->given[0], "help") == 0)
        return run_help(p);
    return take_command(p, p->given[0]);
}

/* -- arguments --------------------------------------------------------------------------------- */

static enum line_result bad_file(const char *name, const char *why)
{
    out_error("amendsctl: %s %s", name, why);
    return LINE_WRONG;
}

/* Sets a field to the content of a file. */
static enum line_result set_from_file(struct parser *p, struct flag *flag, const char *name)
{
    FILE *f = strcmp(name, "-") == 0 ? stdin : fopen(name, "r");
    if (!f)
        return bad_file(name, strerror(errno));
    char *text = ARENA_ARRAY(p->arena, char, FILE_BYTES_MAX + 2);
    errno = 0;
    const size_t len = fread(text, 1, FILE_BYTES_MAX + 1, f);
    const int failed = ferror(f) ? errno : 0;
    if (f != stdin)
        (void)fclose(f);
    if (failed)
        return bad_file(name, strerror(failed));
    if (len > FILE_BYTES_MAX || strlen(text) != len)
        return bad_file(name, "is too large or is not text");
    p->line->file = name;
    return set_flag(p, flag, name, text);
}

static enum line_result set_word(struct parser *p, const char *field, const char *word)
{
    if (*field == '@') {
        p->line->file = word;
        return LINE_RUN;
    }
    if (!p->line->command->method) {
        p->line->word = word;
        return LINE_RUN;
    }
    const bool is_file = *field == '<';
    struct flag *flag = flags_find(p->line->flags, field + is_file);
    return is_file ? set_from_file(p, flag, word) : set_flag(p, flag, field, word);
}

/* A field that has its flag needs no word. */
static bool has_flag(const struct parser *p, const char *field)
{
    const struct flag *flag = flags_find(p->line->flags, field);
    return flag && flag->given;
}

/* The words that are no flags, in the order of the command's fields. */
static enum line_result parse_positional(struct parser *p)
{
    int at = 0;
    char *rest = arena_strdup(p->arena, p->line->command->positional);
    for (char *field = strsep(&rest, ","); field && *field; field = strsep(&rest, ",")) {
        char *optional = strchr(field, '?');
        if (optional)
            *optional = '\0';
        if (at == p->n_given && optional)
            break;
        if (at == p->n_given && !strchr("<@", *field) && has_flag(p, field))
            continue;
        if (at == p->n_given) {
            out_error("amendsctl: %s is missing", strchr("<@", *field) ? "FILE" : field);
            return LINE_WRONG;
        }
        enum line_result r = set_word(p, field, p->given[at++]);
        if (r != LINE_RUN)
            return r;
    }
    if (at == p->n_given)
        return LINE_RUN;
    out_error("amendsctl: %s is one word too many", p->given[at]);
    return LINE_WRONG;
}

/* Gives the call a request id of its own, which makes a single call safe. A caller who wants to
 * repeat a call gives --request-id. */
static void fill_request_id(struct parser *p)
{
    char text[UUID_TEXT_LEN + 1];
    const struct flag *flag = flags_find(p->line->flags, "request_id");
    if (!flag)
        return;
    char **at = (char **)(void *)((char *)p->line->request + flag->path[0]->offset);
    struct uuid id = uuid_new((int64_t)time(NULL) * US_PER_S);
    if (!*at || !**at)
        *at = arena_strdup(p->arena, uuid_format(&id, text));
    p->line->request_id = *at;
}

static enum line_result parse_command(struct parser *p)
{
    bool options_end = false;
    while (p->n > 0) {
        enum line_result r = take_word(p, &options_end);
        if (r != LINE_RUN)
            return r;
    }
    if (p->help) {
        help_command(p->line, p->arena);
        return LINE_HELP;
    }
    enum line_result r = parse_positional(p);
    if (r == LINE_RUN)
        fill_request_id(p);
    return r == LINE_RUN ? apply_globals(p) : r;
}

enum line_result line_parse(struct line *line, int argc, char **argv, struct arena *arena)
{
    struct parser p = {.line = line, .arena = arena, .words = argv + 1, .n = argc - 1};
    AM_ASSERT(argc > 0);
    line->timeout_ms = -1;
    p.given = ARENA_ARRAY(arena, char *, (size_t)argc + 1);
    globals_read_environment(&p.values, arena);
    enum line_result r = parse_leading(&p);
    return r == LINE_RUN ? parse_command(&p) : r;
}
